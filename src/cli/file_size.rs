//! A limit on the size of files (`ulimit -f`), met as an error.

use rustix::process::Signal;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Makes a write past the limit fail ("File too large"). Otherwise SIGXFSZ would kill the process. The error names the
/// file, and what is done is kept. A signal that somebody listens to does not kill, and the runtime goes on listening
/// when its listener is gone (see `tokio::signal::unix::signal`). If the runtime cannot be made, nothing changes.
pub(super) fn is_an_error() {
    let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
}
