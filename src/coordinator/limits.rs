//! Why a run stops before the end of its list.

use rustix::process::Signal;

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

/// What ends a run at once that stops for this reason. A key sends SIGINT, so whoever pressed it can press it again.
pub(super) fn to_stop_now(reason: Reason) -> &'static str {
    match reason {
        Reason::Signal(signal) if signal == Signal::INT.as_raw() => "press again to stop now",
        Reason::Signal(_) => "another signal stops it now",
        Reason::Failures | Reason::Deadline | Reason::Drained => "a signal stops it now",
    }
}
