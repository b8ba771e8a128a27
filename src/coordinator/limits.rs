//! When a run stops by itself, before the end of its list.

use std::time::Duration;

use crate::model::MaxFailures;

/// What a run must not exceed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// How many of its records may be failures.
    pub max_failures: Option<MaxFailures>,
    /// How long the whole run may take.
    pub deadline: Option<Duration>,
}

/// Why a run stopped before the end of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A signal with this number asked it to.
    Signal(i32),
    /// Too many of its records are failures.
    Failures,
    /// It has taken as long as it may.
    Deadline,
}
