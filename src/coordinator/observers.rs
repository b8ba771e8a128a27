//! Publishes what a run looks like to whoever watches it, and takes their wishes.
//!
//! Nobody who watches can delay the run: the loop publishes the newest state, and each watcher looks at it when it can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, watch};

use super::executor::WorkerNow;
use super::state::State;
use crate::observation::{Glance, Summary};

/// How often a glance is published while somebody watches.
const GLANCE: Duration = Duration::from_millis(100);

/// How often a summary is published while somebody watches, and how often the levels of the history are noted.
const SUMMARY: Duration = Duration::from_millis(500);

/// What somebody who watches a run wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Send no request until `Resume`. Those in flight go on.
    Pause,
    /// Go on after `Pause`.
    Resume,
    /// Send no request any more, wait for those in flight, and stop. The run can be resumed later.
    Drain,
}

/// The side of those who watch a run. It may be copied, and used on any thread.
#[derive(Debug, Clone)]
pub struct Watch {
    shared: Arc<Shared>,
    wishes: mpsc::UnboundedSender<Wish>,
}

#[derive(Debug)]
struct Shared {
    /// Told when somebody begins to watch. The loop may be asleep for a long time.
    came: Notify,
    glance: watch::Sender<Arc<Glance>>,
    summary: watch::Sender<Arc<Summary>>,
}

/// The side of the run.
#[derive(Debug)]
pub struct Observers {
    shared: Arc<Shared>,
    wishes: mpsc::UnboundedReceiver<Wish>,
    /// Whether hosts and latencies are counted from the start.
    counts_details: bool,
    next_glance: Instant,
    next_summary: Instant,
}

/// Makes both sides. With `counts_details`, hosts and latencies are counted, which costs a little time on each page.
pub fn observed(counts_details: bool) -> (Observers, Watch) {
    let (glance, _) = watch::channel(Arc::default());
    let (summary, _) = watch::channel(Arc::default());
    let shared = Arc::new(Shared { came: Notify::new(), glance, summary });
    let (sender, wishes) = mpsc::unbounded_channel();
    let now = Instant::now();
    let observers =
        Observers { shared: Arc::clone(&shared), wishes, counts_details, next_glance: now, next_summary: now };
    (observers, Watch { shared, wishes: sender })
}

impl Watch {
    /// The newest glance, ten times a second. While nobody holds a receiver, none is made.
    pub fn glances(&self) -> watch::Receiver<Arc<Glance>> {
        let receiver = self.shared.glance.subscribe();
        self.shared.came.notify_one();
        receiver
    }

    /// The newest summary, twice a second. While nobody holds a receiver, none is made.
    pub fn summaries(&self) -> watch::Receiver<Arc<Summary>> {
        let receiver = self.shared.summary.subscribe();
        self.shared.came.notify_one();
        receiver
    }

    /// Tells the run a wish. Nothing happens if the run is over.
    pub fn wish(&self, wish: Wish) {
        let _ = self.wishes.send(wish);
    }
}

impl Observers {
    pub(super) fn counts_details(&self) -> bool {
        self.counts_details
    }

    /// Waits for the next wish; `None` if somebody has begun to watch. Waits for ever if nobody can watch any more. Cancel
    /// safe.
    pub(super) async fn next_wish(&mut self) -> Option<Wish> {
        let Self { shared, wishes, .. } = self;
        tokio::select! {
            Some(wish) = wishes.recv() => Some(wish),
            () = shared.came.notified() => None,
        }
    }

    /// When the next publication is due.
    pub(super) fn next_wake_up(&self) -> Option<Instant> {
        let glance = (self.shared.glance.receiver_count() > 0).then_some(self.next_glance);
        let summary = self.wants_summary().then_some(self.next_summary);
        glance.into_iter().chain(summary).min()
    }

    fn wants_summary(&self) -> bool {
        self.counts_details || self.shared.summary.receiver_count() > 0
    }

    /// Whether something is due.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next_wake_up().is_some_and(|at| at <= now)
    }

    /// Publishes what the run looks like after its last task, also for those who begin to watch later.
    pub(super) fn publish_last(&self, glance: Glance, summary: Summary) {
        self.shared.glance.send_replace(Arc::new(glance));
        self.shared.summary.send_replace(Arc::new(summary));
    }

    /// Publishes what is due. `glance` and `state` are what the run looks like now.
    pub(super) fn publish(&mut self, glance: Glance, workers: &[WorkerNow], state: &mut State, now: Instant) {
        if self.wants_summary() && self.next_summary <= now {
            self.next_summary = now + SUMMARY;
            state.note_levels(&glance, now);
            if self.shared.summary.receiver_count() > 0 {
                self.shared.summary.send_replace(Arc::new(state.summary(workers, now)));
            }
        }
        if self.shared.glance.receiver_count() > 0 && self.next_glance <= now {
            self.next_glance = now + GLANCE;
            self.shared.glance.send_replace(Arc::new(glance));
        }
    }
}
