//! The progress bar: finished tasks, speed, failures, and the estimated time left.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::When;
use crate::coordinator::Watch;
use crate::input;

/// Time between two updates of the bar.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long the end of a run waits for the bar to disappear. A stopped terminal accepts no output.
const CLEAR_TIMEOUT: Duration = Duration::from_secs(2);

/// The thread that updates a bar. On drop, it clears the bar from the terminal.
pub(super) struct Bar {
    stop: Option<Sender<()>>,
    /// Disconnected when the bar has been cleared.
    cleared: Receiver<()>,
}

/// Creates a bar if the options ask for one.
pub(super) fn create(when: When, quiet: bool) -> Option<ProgressBar> {
    let target = match when {
        When::Never => return None,
        When::Auto if quiet || !std::io::stderr().is_terminal() => return None,
        When::Auto => ProgressDrawTarget::stderr(),
        // `ProgressDrawTarget::stderr` draws only on a terminal. "always" must draw without a terminal too.
        When::Always => ProgressDrawTarget::term_like(Box::new(Term::buffered_stderr())),
    };
    let template = "{bar:30} {pos}/{len} ({per_sec}) {msg} {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    Some(ProgressBar::with_draw_target(Some(0), target).with_style(style))
}

impl Bar {
    /// Updates `bar` until this is dropped.
    pub(super) fn follow(bar: ProgressBar, watch: &Watch, list: input::Progress) -> Self {
        let (stop, stopped) = channel::<()>();
        let (running, cleared) = channel::<()>();
        let glances = watch.glances();
        // If the thread cannot be started, there is no bar.
        let _ = std::thread::Builder::new().name("bar".to_owned()).spawn(move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let glance = Arc::clone(&glances.borrow());
                bar.set_length(list.estimate().unwrap_or(list.tasks()).max(glance.done));
                bar.set_position(glance.done);
                bar.set_message(format!("{} failed,", glance.failed));
            }
            bar.finish_and_clear();
            drop(running);
        });
        Self { stop: Some(stop), cleared }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop = None;
        let _ = self.cleared.recv_timeout(CLEAR_TIMEOUT);
    }
}
