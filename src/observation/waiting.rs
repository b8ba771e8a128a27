//! What a run waits for in which nothing happens.

use std::time::Duration;

use super::{Glance, HostWait, PageGlance, RunState};
use crate::model::WaitReason;

/// A run waits if nothing was settled for this long.
const QUIET: Duration = Duration::from_secs(2);

/// What a run waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// A host that may not be asked now.
    Host(&'a HostWait),
    /// The pages that workers have. This is the oldest of them, if it is known.
    Pages(Option<&'a PageGlance>),
    /// The next try of a request that failed, after this time.
    Retry(Duration),
    /// The disk, or the reader of the output.
    Output,
    /// The list.
    List,
    /// The first workers.
    Workers,
}

impl Glance {
    /// Whether a run that goes on has not settled anything for a while.
    pub fn is_quiet(&self) -> bool {
        self.state == RunState::Running && self.quiet >= QUIET
    }

    /// What the run waits for. `None` if it does not wait, or if nobody knows for what. A host that asked for a pause
    /// explains more than a slow page.
    pub fn waiting(&self) -> Option<Waiting<'_>> {
        if !self.is_quiet() {
            return None;
        }
        let pause = self.waits.iter().find(|wait| wait.why != WaitReason::Delay);
        if let Some(wait) = pause.or_else(|| self.waits.first().filter(|_| self.in_flight == 0)) {
            return Some(Waiting::Host(wait));
        }
        if self.in_flight > 0 {
            return Some(Waiting::Pages(self.oldest.first()));
        }
        if let Some(next) = self.next_retry {
            return Some(Waiting::Retry(next));
        }
        if self.backlog > 0 {
            return Some(Waiting::Output);
        }
        if self.under_way == 0 {
            return Some(Waiting::List);
        }
        self.workers.iter().all(|worker| worker.state == "starting").then_some(Waiting::Workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::WorkerGlance;

    #[test]
    fn a_quiet_run_waits_for_what_explains_the_most() {
        let wait = |why| HostWait { host: "h".to_owned(), why, left: Duration::from_secs(9), waiting: 1 };
        let (delay, pause) = (wait(WaitReason::Delay), wait(WaitReason::RetryAfter));
        let page = PageGlance { url: String::new(), host: String::new(), worker: None, since: Duration::from_secs(3) };
        let worker = |state: &'static str| WorkerGlance { state: state.into(), ..WorkerGlance::default() };
        let quiet = || Glance { quiet: QUIET, under_way: 7, ..Glance::default() };
        let second = Duration::from_secs(1);
        let both = vec![delay.clone(), pause.clone()];
        let table = [
            (Glance { quiet: QUIET.saturating_sub(Duration::from_nanos(1)), waits: both.clone(), ..quiet() }, None),
            (Glance { state: RunState::Paused, waits: both.clone(), ..quiet() }, None),
            (Glance { waits: both, in_flight: 1, ..quiet() }, Some(Waiting::Host(&pause))),
            (Glance { waits: vec![delay.clone()], next_retry: Some(second), ..quiet() }, Some(Waiting::Host(&delay))),
            (
                Glance { waits: vec![delay.clone()], in_flight: 1, oldest: vec![page.clone()], ..quiet() },
                Some(Waiting::Pages(Some(&page))),
            ),
            (Glance { in_flight: 1, backlog: 1, ..quiet() }, Some(Waiting::Pages(None))),
            (Glance { next_retry: Some(second), backlog: 1, ..quiet() }, Some(Waiting::Retry(second))),
            (Glance { backlog: 1, under_way: 0, ..quiet() }, Some(Waiting::Output)),
            (Glance { under_way: 0, ..quiet() }, Some(Waiting::List)),
            (Glance { workers: vec![worker("starting")], ..quiet() }, Some(Waiting::Workers)),
            (Glance { workers: vec![worker("starting"), worker("ready")], ..quiet() }, None),
        ];
        for (glance, expected) in table {
            assert_eq!(glance.waiting(), expected, "{glance:?}");
        }
    }
}
