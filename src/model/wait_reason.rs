/// Why a host may not be asked now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WaitReason {
    /// The time between two requests is not over.
    #[default]
    Delay,
    /// It answered with `Retry-After`.
    RetryAfter,
    /// It failed several times in a row.
    Failures,
}

impl WaitReason {
    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::RetryAfter => "Retry-After",
            Self::Failures => "pause after failures",
        }
    }
}
