//! Times as the progress line shows them.

use std::time::Duration;

use crate::model::two_units;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A time as a stopwatch shows it: `0:05`, `12:34`, `1:02:03`.
pub(in crate::cli) fn stopwatch(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / HOUR, seconds % HOUR / MINUTE, seconds % MINUTE);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// An estimated time, rounded by at most an eighth.
pub(in crate::cli) fn about(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let rounded = |unit: u64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rounded estimate, and a cast does not overflow"
        )]
        let units = (seconds / unit as f64).round() as u64;
        Duration::from_secs(units.saturating_mul(unit))
    };
    two_units(match time.as_secs() {
        0..20 => rounded(1).max(Duration::from_secs(1)),
        20..60 => rounded(5),
        60..120 => rounded(10),
        120..600 => rounded(30),
        600..5_400 => rounded(MINUTE),
        5_400..86_400 => rounded(10 * MINUTE),
        _ => rounded(HOUR),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_precision_that_people_need() {
        // seconds, short, stopwatch, about
        let table = [
            (0.0, "0 s", "0:00", "1 s"),
            (0.9, "0 s", "0:00", "1 s"),
            (9.4, "9 s", "0:09", "9 s"),
            (41.9, "41 s", "0:41", "40 s"),
            (57.6, "57 s", "0:57", "1 min"),
            (60.0, "1 min", "1:00", "1 min"),
            (85.0, "1 min 25 s", "1:25", "1 min 30 s"),
            (170.0, "2 min 50 s", "2:50", "3 min"),
            (185.0, "3 min 5 s", "3:05", "3 min"),
            (3_723.0, "1 h 2 min", "1:02:03", "1 h 2 min"),
            (7_505.0, "2 h 5 min", "2:05:05", "2 h 10 min"),
            (90_000.0, "1 d 1 h", "25:00:00", "1 d 1 h"),
            (900_000.0, "10 d 10 h", "250:00:00", "10 d 10 h"),
        ];
        for (seconds, in_short, watch, estimate) in table {
            let time = Duration::from_secs_f64(seconds);
            assert_eq!((&*two_units(time), &*stopwatch(time), &*about(time)), (in_short, watch, estimate), "{seconds}");
        }
        for format in [two_units, stopwatch, about] {
            assert!(!format(Duration::MAX).is_empty());
        }
    }
}
