//! Tasks whose answers the list itself has. No host is asked, so they pass no gate: neither robots.txt nor limits,
//! delays, pauses and retries apply to them, and what becomes of them says nothing about any host.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use url::Url;

use super::queue::{Dispatch, RequestId, Schedule};
use super::task::{AnsweredBy, Settled};
use crate::model::{Answer, Carried, Failure, FailureKind, Outcome, Reach, Stage, Stored, TaskFacts, Visit, shown_url};

/// The tasks with stored answers that are under way.
#[derive(Debug, Default)]
pub(super) struct StoredTasks {
    tasks: HashMap<u64, Box<StoredTask>>,
    /// Those that are not handed out.
    waiting: VecDeque<u64>,
    /// Bytes of the answers that are handed out.
    out: usize,
    /// How many there may be (`Options::max_stored_out`).
    max_out: usize,
}

#[derive(Debug)]
struct StoredTask {
    line: String,
    input: Carried,
    url: Url,
    answer: Stored,
    /// How many workers it killed while it was alone.
    charged: u32,
    alone: bool,
    elapsed: Duration,
    /// When it was handed out, if it is out.
    handed_out: Option<Instant>,
}

impl StoredTask {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.line.len() + self.input.weight() + self.url.as_str().len() + self.answer.bytes.len()
    }
}

impl StoredTasks {
    pub(super) fn new(max_out: usize) -> Self {
        Self { max_out, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn url(&self, seq: u64) -> Option<&Url> {
        self.tasks.get(&seq).map(|task| &task.url)
    }

    pub(super) fn facts(&self, seq: u64) -> Option<TaskFacts> {
        let task = self.tasks.get(&seq)?;
        Some(TaskFacts { seq, url: task.line.clone(), input: task.input.texts() })
    }

    /// The number of tasks that could be handed out now.
    pub(super) fn available(&self) -> usize {
        if self.has_room() { self.waiting.len() } else { 0 }
    }

    fn has_room(&self) -> bool {
        let next = self.waiting.front().and_then(|seq| self.tasks.get(seq));
        next.is_some_and(|next| self.out == 0 || self.out + next.answer.bytes.len() <= self.max_out)
    }

    /// Takes the next task that can be handed out.
    pub(super) fn next(&mut self) -> Option<Dispatch> {
        if !self.has_room() {
            return None;
        }
        let seq = self.waiting.pop_front()?;
        let task = self.tasks.get(&seq)?;
        let visit = Visit { stored: Some(task.answer.clone()), ..Visit::new(task.url.clone(), Reach::Listed) };
        // No connection makes one worker better than another, so the numbers spread the tasks evenly.
        Some(Dispatch { id: RequestId::Page(seq), visit, affinity: seq, alone: task.alone })
    }

    /// Returns whether this is one of the tasks.
    pub(super) fn hand_out(&mut self, seq: u64, now: Instant) -> bool {
        let Some(task) = self.tasks.get_mut(&seq) else { return false };
        task.handed_out = Some(now);
        self.out += task.answer.bytes.len();
        true
    }

    /// A task is not in a worker any more. Returns when it was handed out.
    fn came_back(&mut self, seq: u64) -> Option<Instant> {
        let task = self.tasks.get_mut(&seq)?;
        let handed_out = task.handed_out.take()?;
        self.out -= task.answer.bytes.len();
        Some(handed_out)
    }

    /// Charges a task for a worker that died of it.
    fn charge(&mut self, seq: u64, now: Instant) {
        let since = self.came_back(seq).unwrap_or(now);
        if let Some(task) = self.tasks.get_mut(&seq) {
            task.charged += 1;
            task.elapsed = task.elapsed.saturating_add(now.saturating_duration_since(since));
        }
    }
}

impl Schedule {
    /// Adds a task whose answer the list has.
    pub(super) fn admit_stored(&mut self, seq: u64, line: String, input: Carried, url: Url, answer: Stored) {
        let (charged, alone, elapsed, handed_out) = (0, false, Duration::ZERO, None);
        let task = StoredTask { line, input, url, answer, charged, alone, elapsed, handed_out };
        self.weight += task.weight();
        self.stored.tasks.insert(seq, Box::new(task));
        self.stored.waiting.push_back(seq);
    }

    /// Handles what a worker made of a stored answer. It is final: another try would give the same.
    pub(super) fn stored_answered(&mut self, seq: u64, answer: Answer, elapsed: Duration) -> Option<Settled> {
        self.stored.came_back(seq);
        let task = self.stored.tasks.get_mut(&seq)?;
        task.elapsed = task.elapsed.saturating_add(elapsed);
        let outcome = match answer {
            Answer::Page(page) => Outcome::Page(page),
            Answer::Failure(failure) => Outcome::Failure(failure),
            // An honest worker gives neither. The coordinator refuses them before.
            Answer::Redirect { bytes, .. } | Answer::NotModified { bytes } => {
                let message = format!("read {}: its stored answer is not a page", shown_url(&task.url));
                let failure = Failure::new(FailureKind::Protocol, Stage::Fetch, message);
                Outcome::Failure(Failure { bytes, ..failure })
            }
        };
        self.settle_stored(seq, outcome)
    }

    /// Hands a task of a lost worker out again, before all others. `charged`: the worker died of it.
    pub(super) fn rerun_stored(&mut self, request: RequestId, alone: bool, charged: bool, now: Instant) {
        let RequestId::Page(seq) = request else { return };
        if charged {
            self.stored.charge(seq, now);
        }
        self.stored.came_back(seq);
        if let Some(task) = self.stored.tasks.get_mut(&seq) {
            task.alone |= alone;
            self.stored.waiting.push_front(seq);
        }
    }

    /// Ends a task that no worker could do.
    pub(super) fn fail_stored(&mut self, seq: u64, failure: Failure, now: Instant) -> Option<Settled> {
        self.stored.charge(seq, now);
        self.settle_stored(seq, Outcome::Failure(failure))
    }

    fn settle_stored(&mut self, seq: u64, outcome: Outcome) -> Option<Settled> {
        let task = *self.stored.tasks.remove(&seq)?;
        self.weight -= task.weight();
        let StoredTask { line, input, answer, charged: attempts, elapsed, .. } = task;
        let answered_by = AnsweredBy::List { at: answer.at };
        Some(Settled { seq, line, input, outcome, attempts, elapsed, answered_by, host: None })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::model::{Fit, Page, Retry, StoredForm, Task};
    use crate::schedule::{Options, Politeness, Step};

    const AT: SystemTime = UNIX_EPOCH;
    const MOST_OUT: usize = 1000;

    /// A schedule that would keep its hosts waiting for an hour, after a robots.txt.
    fn schedule() -> Schedule {
        let politeness = Politeness {
            robots: true,
            delay: Duration::from_secs(3600),
            interval: Duration::from_secs(3600),
            concurrency: 1,
            ..Politeness::default()
        };
        Schedule::new(Options {
            politeness,
            max_retries: 9,
            max_host_failures: 1,
            max_stored_out: MOST_OUT,
            ..Options::default()
        })
    }

    fn task(seq: u64, url: &str, length: usize) -> Task {
        let bytes = vec![b'x'; length].into();
        let stored = Stored { form: StoredForm::Message, bytes, at: Some(AT) };
        let url = Ok(Url::parse(url).expect(url));
        Task {
            seq,
            line: format!("line {seq}"),
            url,
            input: Carried::default(),
            stored: Some(stored),
            reach: Reach::Listed,
        }
    }

    /// Hands out everything that may be handed out.
    fn hand_out(schedule: &mut Schedule, now: Instant) -> Vec<Dispatch> {
        let mut handed_out = Vec::new();
        while let Some(step) = schedule.next(now) {
            let Step::Fetch(dispatch) = step else { panic!("{step:?}") };
            schedule.hand_out(dispatch.id, now);
            handed_out.push(dispatch);
        }
        handed_out
    }

    fn page() -> Answer {
        let (final_url, data) = ("http://h/".to_owned(), "{}".into());
        Answer::Page(Page { final_url, status: 200, bytes: 1, data, fit: Fit::default() })
    }

    fn failure(kind: FailureKind) -> Answer {
        Answer::Failure(Failure::new(kind, Stage::Fetch, "why").retryable())
    }

    #[test]
    fn stored_answers_pass_no_gate_and_hosts_keep_theirs() {
        let (mut schedule, now) = (schedule(), Instant::now());
        for seq in 0..5 {
            let url = if seq == 4 { "file:///a" } else { "http://h/a" };
            assert_eq!(schedule.admit(task(seq, url, 10), now), None);
        }
        let listed = Task { stored: None, ..task(5, "http://h/b", 0) };
        schedule.admit(listed, now);
        assert_eq!((schedule.ready(), schedule.under_way()), (6, 6));
        let handed_out = hand_out(&mut schedule, now);
        let ids: Vec<RequestId> = handed_out.iter().map(|dispatch| dispatch.id).collect();
        let expected: Vec<RequestId> = (0..5).map(RequestId::Page).chain([RequestId::Robots(0)]).collect();
        assert_eq!(ids, expected);
        assert!(handed_out[..5].iter().all(|it| it.visit.stored.is_some() && !it.visit.tell_when_sent));
        assert_eq!(schedule.url(4).map(Url::as_str), Some("file:///a"));
        assert_eq!(schedule.facts(3).map(|facts| facts.url).as_deref(), Some("line 3"));
    }

    #[test]
    fn an_answer_is_final_and_counts_for_no_host() {
        let (mut schedule, now) = (schedule(), Instant::now());
        let redirect = Answer::Redirect { status: 301, to: Url::parse("http://h/x").expect("a URL"), bytes: 3 };
        let table = [
            (page(), None),
            (failure(FailureKind::HttpStatus), Some(FailureKind::HttpStatus)),
            (failure(FailureKind::Truncated), Some(FailureKind::Truncated)),
            (redirect, Some(FailureKind::Protocol)),
            (Answer::NotModified { bytes: 0 }, Some(FailureKind::Protocol)),
            (page(), None),
        ];
        for (seq, (answer, expected)) in (0..).zip(table) {
            schedule.admit(task(seq, "http://h/a", 10), now);
            assert_eq!(hand_out(&mut schedule, now).len(), 1, "{seq}");
            let settled = schedule.answered(seq, answer, |_| 0, Duration::from_secs(1), now).expect("settled");
            let kind = if let Outcome::Failure(failure) = &settled.outcome { Some(failure.kind) } else { None };
            assert_eq!((settled.seq, kind, settled.attempts), (seq, expected, 0));
            assert_eq!(
                (settled.elapsed, settled.answered_by),
                (Duration::from_secs(1), AnsweredBy::List { at: Some(AT) })
            );
            assert_eq!((schedule.weight(), schedule.retries(), schedule.known()), (0, 0, (0, 0)), "{seq}");
        }
        assert!(schedule.is_empty());
    }

    #[test]
    fn a_lost_task_comes_first_again_and_pays_for_the_workers_that_died_of_it() {
        let (mut schedule, now) = (schedule(), Instant::now());
        for seq in 0..3 {
            schedule.admit(task(seq, "http://h/a", 10), now);
        }
        let Some(Step::Fetch(first)) = schedule.next(now) else { panic!("a request") };
        schedule.hand_out(first.id, now);
        schedule.rerun(first.id, false, false, now);
        schedule.next(now);
        schedule.hand_out(first.id, now);
        let later = now + Duration::from_secs(2);
        schedule.rerun(first.id, true, true, later);
        let again = hand_out(&mut schedule, later);
        assert_eq!(again.iter().map(|it| (it.id, it.alone)).next(), Some((RequestId::Page(0), true)));
        let failure = Failure::new(FailureKind::WorkerCrashed, Stage::Parse, "why");
        let settled = schedule.fail(first.id, failure, later + Duration::from_secs(3)).expect("settled");
        assert_eq!((settled.attempts, settled.elapsed), (2, Duration::from_secs(5)));
        assert_eq!(settled.answered_by, AnsweredBy::List { at: Some(AT) });
        for seq in 1..3 {
            let settled = schedule.answered(seq, page(), |_| 0, Duration::ZERO, now).expect("settled");
            assert_eq!(settled.attempts, 0);
        }
        assert_eq!((schedule.weight(), schedule.stored.out), (0, 0));
    }

    #[test]
    fn only_so_many_bytes_are_handed_out_but_a_longer_answer_alone() {
        let (mut schedule, now) = (schedule(), Instant::now());
        let lengths = [MOST_OUT / 2, MOST_OUT / 2, 1, MOST_OUT + 1, 1];
        for (seq, length) in (0..).zip(lengths) {
            schedule.admit(task(seq, "http://h/a", length), now);
        }
        assert!(schedule.weight() > 2 * MOST_OUT);
        let mut rounds = Vec::new();
        while !schedule.is_empty() {
            let round: Vec<RequestId> = hand_out(&mut schedule, now).iter().map(|it| it.id).collect();
            assert_eq!(schedule.ready(), 0);
            for id in &round {
                let RequestId::Page(seq) = id else { panic!("a page") };
                let lost = Answer::Failure(Failure {
                    retry: Retry::Again,
                    ..Failure::new(FailureKind::Decode, Stage::Decode, "")
                });
                schedule.answered(*seq, lost, |_| 0, Duration::ZERO, now).expect("settled");
            }
            rounds.push(round.len());
        }
        assert_eq!(rounds, [2, 1, 1, 1]);
    }
}
