//! The progress bar: how many are done, how fast, how many failed, how long it will take.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::When;
use crate::coordinator::Progress;
use crate::input;

/// Ten times a second is as often as a person can follow.
const INTERVAL: Duration = Duration::from_millis(100);

/// How long the end of a run waits for the bar to go. A terminal that was halted takes nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// The thread that moves a bar. When this is dropped the bar goes, and leaves the terminal clean.
pub(super) struct Bar {
    stop: Option<Sender<()>>,
    /// Closed when the bar is gone.
    gone: Receiver<()>,
}

/// A bar, where one is wanted.
pub(super) fn wanted(when: When, quiet: bool) -> Option<ProgressBar> {
    let target = match when {
        When::Never => return None,
        When::Auto if quiet || !std::io::stderr().is_terminal() => return None,
        When::Auto => ProgressDrawTarget::stderr(),
        // The other target draws on nothing but a terminal, and "always" is for those who watch through something else.
        When::Always => ProgressDrawTarget::term_like(Box::new(Term::buffered_stderr())),
    };
    let template = "{bar:30} {pos}/{len} ({per_sec}) {msg} {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    Some(ProgressBar::with_draw_target(Some(0), target).with_style(style))
}

impl Bar {
    /// Moves `bar` along until it is dropped.
    pub(super) fn follow(bar: ProgressBar, progress: Arc<Progress>, list: input::Progress) -> Self {
        let (stop, stopped) = channel::<()>();
        let (here, gone) = channel::<()>();
        // Where no thread can be had, there is no bar.
        let _ = std::thread::Builder::new().name("bar".to_owned()).spawn(move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                bar.set_length(total(&list).max(progress.done()));
                bar.set_position(progress.done());
                bar.set_message(format!("{} failed,", progress.failed()));
            }
            bar.finish_and_clear();
            drop(here);
        });
        Self { stop: Some(stop), gone }
    }
}

/// How many tasks the list has: known at its end, an estimate until then.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn total(list: &input::Progress) -> u64 {
    match list.fraction() {
        Some(fraction) if fraction > 0.0 && !list.is_complete() => (list.tasks() as f64 / fraction) as u64,
        _ => list.tasks(),
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop = None;
        let _ = self.gone.recv_timeout(PATIENCE);
    }
}
