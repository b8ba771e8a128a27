//! Why a run stops before the end of its list.

/// Why a run stopped before the end of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A signal with this number asked the run to stop.
    Signal(i32),
    /// Too many records are failures.
    Failures,
    /// The run has reached its deadline.
    Deadline,
    /// Somebody who watches the run asked it to stop.
    Drained,
}
