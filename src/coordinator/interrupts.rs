//! The signals that ask a run to stop.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The source of signals: returns the number of the next signal.
type Source = dyn FnMut(&mut Context<'_>) -> Poll<i32>;

/// Receives the signals that ask a run to stop, and remembers the first.
pub(super) struct Interrupts {
    poll: Box<Source>,
    /// The first signal that came.
    first: Option<i32>,
    /// Whether another signal came after the first.
    again: bool,
}

impl Interrupts {
    /// Listens from now on for SIGINT, SIGTERM and SIGHUP, except those that were ignored when the process began. A
    /// user who starts a run with `nohup`, or in the background of a script, does not want these signals to stop it.
    pub(super) fn of_process() -> io::Result<Self> {
        let ignored = ignored(&fs::read_to_string("/proc/self/status").unwrap_or_default());
        let asked = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let heard = asked.into_iter().filter(|kind| ignored & bit(kind.as_raw_value()) == 0);
        let heard = heard.map(|kind| Ok((signal(kind)?, kind.as_raw_value())));
        let mut signals = heard.collect::<io::Result<Vec<(Signal, i32)>>>()?;
        Ok(Self::from(move |context: &mut Context<'_>| {
            let mut signals = signals.iter_mut();
            let came = signals.find_map(|(signal, number)| signal.poll_recv(context).is_ready().then_some(*number));
            came.map_or(Poll::Pending, Poll::Ready)
        }))
    }

    /// Receives the signals whose numbers `poll` returns.
    pub(super) fn from(poll: impl FnMut(&mut Context<'_>) -> Poll<i32> + 'static) -> Self {
        Self { poll: Box::new(poll), first: None, again: false }
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> i32 {
        let signal = poll_fn(&mut self.poll).await;
        self.again = self.first.is_some();
        self.first.get_or_insert(signal);
        signal
    }

    /// The first signal, if one has come.
    pub(super) fn first(&self) -> Option<i32> {
        self.first
    }

    /// Whether another signal came after the first.
    pub(super) fn again(&self) -> bool {
        self.again
    }
}

/// Waits for SIGUSR1, which asks what the run is doing. Waits for ever if the system does not let this process listen.
pub(super) struct Questions(Option<Signal>);

impl Questions {
    /// Listens from now on.
    pub(super) fn of_process() -> Self {
        Self(signal(SignalKind::user_defined1()).ok())
    }

    /// Waits for the next question.
    pub(super) async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// From now on, a question (SIGUSR1) does not end this process, even if there is no run yet that can answer it. Call it
/// first in `main`, also in workers: `pkill -USR1 gleaner` asks all processes of that name.
///
/// The runtime keeps its handler after the listener is dropped (see `tokio::signal::unix::signal`). If the runtime cannot
/// be created, nothing changes.
pub fn outlive_questions() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    let _ = Questions::of_process();
}

/// Reads from the text of a `/proc/<pid>/status` which signals the process ignores: one bit for each signal
/// (`proc_pid_status(5)`). No bit is set if the text does not say it.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_a_status_and_without_a_valid_mask_no_signal_is_ignored() {
        let table = [
            ("Name:\tgleaner\nSigBlk:\t0000000000000004\nSigIgn:\t0000000000001001\nSigCgt:\t0\n", vec![1, 13]),
            ("SigIgn:\t0000000000000006\n", vec![2, 3]),
            ("SigIgn:\tnonsense\n", vec![]),
            ("", vec![]),
        ];
        for (status, expected) in table {
            let found: Vec<i32> = (1..=31).filter(|signal| ignored(status) & bit(*signal) != 0).collect();
            assert_eq!(found, expected, "{status:?}");
        }
    }
}
