//! The exit codes of the process. Scripts depend on these numbers; README lists them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every task has data.
    Success,
    /// The run could not continue. Its finished records are kept.
    CannotGoOn,
    /// The error was found before the first request. Nothing was fetched.
    Usage,
    /// The run is complete, and some records are failures.
    SomeFailed,
    /// The run reached a limit from the settings. Its finished records are kept.
    LimitReached,
    /// A signal asked the run to stop.
    Signal(i32),
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::CannotGoOn => 1,
            Self::Usage => 2,
            Self::SomeFailed => 3,
            Self::LimitReached => 4,
            Self::Signal(number) => 128_u8.saturating_add(u8::try_from(number).unwrap_or(u8::MAX)),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_documented_numbers() {
        let table = [
            (Exit::Success, 0),
            (Exit::CannotGoOn, 1),
            (Exit::Usage, 2),
            (Exit::SomeFailed, 3),
            (Exit::LimitReached, 4),
            (Exit::Signal(1), 129),
            (Exit::Signal(2), 130),
            (Exit::Signal(15), 143),
        ];
        for (exit, code) in table {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }
}
