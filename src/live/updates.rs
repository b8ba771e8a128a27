//! What the page shows, kept up to date while a browser looks.
//!
//! The newest state is made once for all browsers. A browser that is slow skips states: it gets the newest one when it
//! can take one, and never a queue of old ones.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::response::sse::Event;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::now;
use crate::coordinator::Watch;
use crate::observation::{CommandLine, Glance, Summary};
use crate::report;

/// The most browsers at once, fewer than connections, so that there is one left for a click.
const BROWSERS: usize = 16;

/// The shortest time between two states of what is going on now, and of the report.
const NOW: Duration = Duration::from_millis(250);
const REPORT: Duration = Duration::from_secs(1);

/// A report of a megabyte is sent every five seconds.
const PER_BYTE: Duration = Duration::from_micros(5);

/// After making a state, this many times the time that it took is left to the run.
const REST: u32 = 10;

/// How long to wait for a newer state than the last one. A run that is busy shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// When a browser tries again after its connection was lost.
const RETRY: Duration = Duration::from_secs(2);

/// A state, as HTML.
#[derive(Debug, Clone, Default)]
struct Frame {
    now: Option<Arc<str>>,
    report: Option<Arc<str>>,
    is_over: bool,
}

/// Makes the states of a run.
#[derive(Debug)]
pub(super) struct Updates {
    watch: Watch,
    command: CommandLine,
    frames: watch::Sender<Frame>,
    arrived: Notify,
}

impl Updates {
    pub(super) fn new(watch: Watch, command: CommandLine) -> Self {
        Self { watch, command, frames: watch::Sender::default(), arrived: Notify::new() }
    }

    /// The events for a browser; `None` if there are too many browsers.
    pub(super) fn events(&self) -> Option<impl Stream<Item = Result<Event, Infallible>> + Send + 'static> {
        if self.frames.receiver_count() >= BROWSERS {
            return None;
        }
        let frames = self.frames.subscribe();
        self.arrived.notify_one();
        Some(unfold((frames, Sent::default()), |(mut frames, mut sent)| async move {
            loop {
                let next = sent.next(&frames.borrow_and_update());
                match next {
                    Next::Event(event) => return Some((Ok(event), (frames, sent))),
                    Next::End => return None,
                    Next::Wait => frames.changed().await.ok()?,
                }
            }
        }))
    }

    /// Makes new states while a browser looks. Never ends.
    pub(super) async fn follow(&self) {
        let mut report_due = Instant::now();
        loop {
            if self.frames.receiver_count() == 0 {
                self.arrived.notified().await;
                continue;
            }
            let glance = newest(self.watch.glances()).await;
            let is_due = report_due <= Instant::now();
            let summary = if is_due { Some(newest(self.watch.summaries()).await) } else { None };
            let begun = Instant::now();
            self.show(now::fragment(&glance, None), summary.map(|summary| Summary::clone(&summary)), false);
            let rest = begun.elapsed() * REST;
            if is_due {
                let length = self.frames.borrow().report.as_ref().map_or(0, |report| report.len());
                report_due = begun + REPORT.max(rest).max(PER_BYTE * u32::try_from(length).unwrap_or(u32::MAX));
            }
            sleep(NOW.max(rest)).await;
        }
    }

    /// Shows that the run is over. `summary` is what it did, unless it ended with an error.
    pub(super) fn end(&self, summary: Option<Summary>) {
        let last = Arc::clone(&self.watch.glances().borrow());
        let (done, failed, elapsed) = match &summary {
            Some(summary) => (summary.tasks, summary.failed, Duration::from_secs_f64(summary.elapsed_s.max(0.0))),
            None => (last.done, last.failed, last.elapsed),
        };
        let glance = Glance { done, failed, elapsed, total: last.total, ..Glance::default() };
        let ending = summary.as_ref().map_or("error", |summary| &*summary.ending);
        self.show(now::fragment(&glance, Some(ending)), summary, true);
    }

    /// Shows a state. Templates cannot fail; if one did, the page would keep the state before.
    fn show(&self, now: Result<String, askama::Error>, summary: Option<Summary>, is_over: bool) {
        // A run that has not begun has no version.
        let summary = summary.filter(|summary| summary.version > 0);
        let report = summary.and_then(|summary| report::fragment(&summary.of(self.command.clone())).ok());
        self.frames.send_modify(|frame| {
            if let Ok(now) = now {
                frame.now = Some(now.into());
            }
            if let Some(report) = report.filter(|report| frame.report.as_deref() != Some(report)) {
                frame.report = Some(report.into());
            }
            frame.is_over |= is_over;
        });
    }
}

/// The next state after now; the last one if a newer one does not come soon.
pub(super) async fn newest<T>(mut states: watch::Receiver<Arc<T>>) -> Arc<T> {
    let _ = timeout(PATIENCE, states.changed()).await;
    let newest = states.borrow();
    Arc::clone(&newest)
}

/// What a browser has got.
#[derive(Debug, Default)]
struct Sent {
    now: Option<Arc<str>>,
    report: Option<Arc<str>>,
    is_over: bool,
}

enum Next {
    Event(Event),
    Wait,
    End,
}

impl Sent {
    fn next(&mut self, frame: &Frame) -> Next {
        let parts = [("now", &frame.now, &mut self.now), ("report", &frame.report, &mut self.report)];
        for (name, newest, sent) in parts {
            if let Some(newest) = newest
                && !sent.as_ref().is_some_and(|sent| Arc::ptr_eq(sent, newest))
            {
                *sent = Some(Arc::clone(newest));
                return Next::Event(Event::default().event(name).retry(RETRY).data(&**newest));
            }
        }
        match (frame.is_over, self.is_over) {
            (false, _) => Next::Wait,
            (true, false) => {
                self.is_over = true;
                Next::Event(Event::default().event("over").data("-"))
            }
            (true, true) => Next::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use futures_util::StreamExt as _;

    use super::*;
    use crate::coordinator::observed;
    use crate::observation::VERSION;

    fn show(updates: &Updates, now: &str, tasks: u64) {
        let summary = Summary { version: VERSION, tasks, ..Summary::default() };
        updates.show(Ok(now.to_owned()), Some(summary), false);
    }

    #[tokio::test]
    async fn a_browser_gets_the_newest_state_once_and_no_older_one() {
        let (_observers, watch) = observed(true);
        let updates = Updates::new(watch, CommandLine::default());
        let mut events = Box::pin(updates.events().expect("the first browser"));
        for number in 1..=3 {
            show(&updates, &format!("state {number}"), number);
        }
        let mut text = String::new();
        for _ in 0..2 {
            let _ = write!(text, "{:?}", events.next().await.expect("an event"));
        }
        assert!(text.contains("state 3") && !text.contains("state 1") && !text.contains("state 2"), "{text}");
        updates.end(None);
        let rest: Vec<String> = events.map(|event| format!("{event:?}")).collect().await;
        assert_eq!(rest.len(), 2, "the state at the end, and that nothing follows: {rest:?}");
        assert!(rest[0].contains("ended with an error"), "{rest:?}");
    }

    #[tokio::test]
    async fn a_report_that_has_not_changed_is_not_sent_again() {
        let (_observers, watch) = observed(true);
        let updates = Updates::new(watch, CommandLine::default());
        let mut events = Box::pin(updates.events().expect("the first browser"));
        show(&updates, "state 1", 1);
        let (_now, _report) = (events.next().await, events.next().await);
        show(&updates, "state 2", 1);
        assert!(format!("{:?}", events.next().await).contains("state 2"));
        let is_waiting = tokio::time::timeout(Duration::from_millis(10), events.next()).await.is_err();
        assert!(is_waiting, "nothing else is new");
    }

    #[tokio::test]
    async fn there_are_only_so_many_browsers() {
        let (_observers, watch) = observed(true);
        let updates = Updates::new(watch, CommandLine::default());
        let mut all: Vec<_> = (0..BROWSERS).map(|_| updates.events().expect("not too many")).collect();
        assert!(updates.events().is_none());
        all.pop();
        assert!(updates.events().is_some(), "one has left");
    }

    #[tokio::test]
    async fn a_run_that_is_busy_shows_its_last_state() {
        let (_busy, watch) = observed(true);
        assert_eq!(*newest(watch.glances()).await, Glance::default());
    }
}
