//! When a run stops by itself, before the end of its list.

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
