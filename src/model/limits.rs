use std::time::Duration;

/// How many tasks must be finished before a percentage of them means something.
const ENOUGH: u64 = 100;

/// What a run must not exceed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RunLimits {
    /// How many of its records may be failures; `None` is no limit.
    pub max_failures: Option<MaxFailures>,
    /// How long it may take; `None` is no limit.
    pub deadline: Option<Duration>,
}

/// How many failures are too many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxFailures {
    /// More than this number.
    Count(u64),
    /// More than this percentage of the finished tasks, once there are a hundred.
    Percent(f64),
}

impl MaxFailures {
    /// Whether `failed` failures among `tasks` finished tasks exceed the limit.
    #[expect(clippy::cast_precision_loss, reason = "fifty-two bits of tasks are enough")]
    pub fn is_exceeded(self, tasks: u64, failed: u64) -> bool {
        match self {
            Self::Count(most) => failed > most,
            Self::Percent(most) => tasks >= ENOUGH && failed as f64 > tasks as f64 * most / 100.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MaxFailures::{Count, Percent};

    #[test]
    fn the_limit_is_exceeded_above_it_and_not_at_it() {
        let table = [
            (Count(0), 50, 0, false),
            (Count(0), 50, 1, true),
            (Count(3), 3, 3, false),
            (Count(3), 4, 4, true),
            (Percent(10.0), 99, 99, false),
            (Percent(10.0), 100, 10, false),
            (Percent(10.0), 100, 11, true),
            (Percent(0.5), 1000, 5, false),
            (Percent(0.5), 1000, 6, true),
            (Percent(0.0), 100, 1, true),
            (Percent(100.0), 100, 100, false),
        ];
        for (limit, tasks, failed, expected) in table {
            assert_eq!(limit.is_exceeded(tasks, failed), expected, "{limit:?}: {failed} of {tasks}");
        }
    }
}
