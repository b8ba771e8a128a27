//! The signals that ask a run to stop.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Where signals come from: gives the number of the next one.
type Source = dyn FnMut(&mut Context<'_>) -> Poll<i32>;

/// The signals that have come and those that will.
pub(super) struct Interrupts {
    poll: Box<Source>,
    /// The first one that came.
    first: Option<i32>,
    /// Whether another one came after it.
    again: bool,
}

impl Interrupts {
    /// SIGINT, SIGTERM and SIGHUP, except those that were ignored when the process began. Whoever starts a run with
    /// `nohup`, or in the background of a script, does not want them to stop it. Listens from now on.
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

    /// Those whose numbers `poll` gives.
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

    /// The first one, if any has come.
    pub(super) fn first(&self) -> Option<i32> {
        self.first
    }

    /// Whether another one came after the first.
    pub(super) fn again(&self) -> bool {
        self.again
    }
}

/// The signals that a process ignores, as its `/proc/<pid>/status` gives them: a bit for each (`proc_pid_status(5)`). No bits if
/// the system does not tell.
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
    fn the_ignored_signals_are_read_from_a_status_and_are_none_where_there_is_none() {
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
