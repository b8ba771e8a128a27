//! Turns the limit on the size of files (`ulimit -f`) into an error.

use rustix::process::Signal;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Makes a write beyond the limit fail ("File too large"). Otherwise SIGXFSZ would kill the process. The error names
/// the file, and finished records are kept. A signal with a handler does not kill the process, and the runtime keeps
/// its handler after the listener is dropped (see `tokio::signal::unix::signal`). If the runtime cannot be created,
/// nothing changes.
pub(super) fn is_an_error() {
    let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
}
