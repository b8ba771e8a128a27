use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use url::Url;

use super::backoff;
use crate::model::{Answer, Failure, FailureKind, Outcome, Page, Reach, Stage, Task};

/// What the schedule goes by.
#[derive(Debug, Clone)]
pub struct Options {
    /// Redirects that one try of a task may follow.
    pub max_redirects: u32,
    /// Tries after the first one.
    pub max_retries: u32,
    /// The longest `Retry-After` that is waited for; a longer one fails the task at once.
    pub max_retry_after: Duration,
}

/// Something to be fetched now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// The task. It has one order under way at a time.
    pub seq: u64,
    /// The URL of this hop.
    pub url: String,
    /// Whether the list or a redirect leads there.
    pub reach: Reach,
    /// The same for all orders to one host, so that its connections can be used again.
    pub affinity: u64,
    /// Nothing else may share its worker: it is suspected to have killed one.
    pub alone: bool,
}

/// A task that has come to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The task's number.
    pub seq: u64,
    /// Its line, as the record shows it.
    pub line: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Fetches that were charged to it; 0 if it was never sent.
    pub attempts: u32,
    /// Time that workers spent on it.
    pub elapsed: Duration,
}

/// The tasks that are under way, between the list and the records.
#[derive(Debug)]
pub struct Schedule {
    options: Options,
    /// Everything under way, by seq: bounded by what is admitted and not settled.
    tasks: HashMap<u64, UnderWay>,
    /// To be sent as soon as there is room. Reruns and further hops stand in front: records behind them wait.
    ready: VecDeque<u64>,
    /// To be sent again later.
    pausing: BinaryHeap<Reverse<(Instant, u64)>>,
    retries: u64,
}

#[derive(Debug)]
struct UnderWay {
    line: String,
    url: Url,
    reach: Reach,
    hops: u32,
    /// Fetches that were answered, redirects apart, or that cost a worker its life.
    charged: u32,
    alone: bool,
    elapsed: Duration,
}

impl Schedule {
    /// A schedule without tasks.
    pub fn new(options: Options) -> Self {
        Self { options, tasks: HashMap::new(), ready: VecDeque::new(), pausing: BinaryHeap::new(), retries: 0 }
    }

    /// Takes a task in. One that names no place to go to is settled at once.
    pub fn admit(&mut self, task: Task) -> Option<Settled> {
        let Task { seq, line, url } = task;
        match url {
            Ok(url) => {
                let under_way = UnderWay {
                    line,
                    url,
                    reach: Reach::Listed,
                    hops: 0,
                    charged: 0,
                    alone: false,
                    elapsed: Duration::ZERO,
                };
                self.tasks.insert(seq, under_way);
                self.ready.push_back(seq);
                None
            }
            Err(failure) => {
                let outcome = Outcome::Failure(failure);
                Some(Settled { seq, line, outcome, attempts: 0, elapsed: Duration::ZERO })
            }
        }
    }

    /// Tasks that could be sent now.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Tries after the first ones, of all tasks.
    pub fn retries(&self) -> u64 {
        self.retries
    }

    /// When a task that pauses has paused long enough.
    pub fn next_wake_up(&self) -> Option<Instant> {
        self.pausing.peek().map(|Reverse((at, _))| *at)
    }

    /// What to fetch next. `None` when everything is under way or pausing.
    pub fn next(&mut self, now: Instant) -> Option<Dispatch> {
        while self.next_wake_up().is_some_and(|at| at <= now) {
            if let Some(Reverse((_, seq))) = self.pausing.pop() {
                self.ready.push_front(seq);
            }
        }
        let seq = self.ready.pop_front()?;
        let task = self.tasks.get(&seq)?;
        let url = task.url.to_string();
        Some(Dispatch { seq, affinity: affinity(&task.url), url, reach: task.reach.clone(), alone: task.alone })
    }

    /// Judges an answer: the task is settled, or goes on to another hop or another try.
    pub fn answered(&mut self, seq: u64, answer: Answer, elapsed: Duration, now: Instant) -> Option<Settled> {
        let task = self.tasks.get_mut(&seq)?;
        task.elapsed += elapsed;
        let outcome = match answer {
            Answer::Redirect { status, to, bytes } => match next_hop(task, &self.options, status, &to, bytes) {
                Ok(url) => {
                    if task.reach == Reach::Listed {
                        task.reach = Reach::Redirected { own: task.url.origin().ascii_serialization() };
                    }
                    task.url = url;
                    task.hops += 1;
                    self.ready.push_front(seq);
                    return None;
                }
                Err(failure) => Outcome::Failure(failure),
            },
            Answer::Outcome(outcome) => outcome,
            // Whoever asks with validators puts what they speak of in this answer's place.
            Answer::NotModified { bytes } => {
                let message = "the server said that a page has not changed which nobody has";
                Outcome::Failure(Failure { bytes, ..Failure::new(FailureKind::Protocol, Stage::Fetch, message) })
            }
        };
        task.charged += 1;
        if let Outcome::Failure(failure) = &outcome
            && task.charged <= self.options.max_retries
            && let Some(pause) = backoff::pause(task.charged, seq, failure.retry, self.options.max_retry_after)
        {
            self.retries += 1;
            self.pausing.push(Reverse((now + pause, seq)));
            return None;
        }
        self.settle(seq, outcome)
    }

    /// Sends a task again whose worker was lost, before all others. `charged`: the death is held against it.
    pub fn rerun(&mut self, seq: u64, alone: bool, charged: bool) {
        if let Some(task) = self.tasks.get_mut(&seq) {
            task.alone |= alone;
            task.charged += u32::from(charged);
            self.ready.push_front(seq);
        }
    }

    /// Ends a task which the executor could not bring to an answer.
    pub fn fail(&mut self, seq: u64, failure: Failure) -> Option<Settled> {
        self.tasks.get_mut(&seq)?.charged += 1;
        self.settle(seq, Outcome::Failure(failure))
    }

    /// Ends a task with what was there already: it is not charged.
    pub fn found(&mut self, seq: u64, page: Page) -> Option<Settled> {
        self.settle(seq, Outcome::Page(page))
    }

    fn settle(&mut self, seq: u64, outcome: Outcome) -> Option<Settled> {
        let task = self.tasks.remove(&seq)?;
        Some(Settled { seq, line: task.line, outcome, attempts: task.charged, elapsed: task.elapsed })
    }
}

fn next_hop(task: &UnderWay, options: &Options, status: u16, to: &str, bytes: u64) -> Result<Url, Failure> {
    let failure = |kind, message| Failure {
        status: Some(status),
        final_url: Some(without_credentials(&task.url)),
        bytes,
        ..Failure::new(kind, Stage::Fetch, message)
    };
    if task.hops >= options.max_redirects {
        let message = format!("more than {} redirects", options.max_redirects);
        return Err(failure(FailureKind::TooManyRedirects, message));
    }
    Url::parse(to).map_err(|error| failure(FailureKind::Protocol, format!("a redirect to no URL ({error})")))
}

/// The host's name, and its port where it is not the scheme's default: http and https of one server are one host.
fn affinity(url: &Url) -> u64 {
    let mut hasher = DefaultHasher::new();
    (url.host_str(), url.port()).hash(&mut hasher);
    hasher.finish()
}

fn without_credentials(url: &Url) -> String {
    let mut url = url.clone();
    // Only URLs that cannot have credentials refuse to be without them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Retry;

    fn schedule() -> Schedule {
        let max_retry_after = Duration::from_secs(300);
        Schedule::new(Options { max_redirects: 2, max_retries: 2, max_retry_after })
    }

    fn task(seq: u64) -> Task {
        let line = format!("http://h/{seq}");
        Task { seq, url: Ok(Url::parse(&line).expect("a URL")), line }
    }

    fn page() -> Answer {
        let page = Page { final_url: "http://h/".to_owned(), status: 200, bytes: 1, data: "{}".into() };
        Answer::Outcome(Outcome::Page(page))
    }

    fn unavailable(retry: Retry) -> Answer {
        let failure = Failure::new(FailureKind::HttpStatus, Stage::Fetch, "status 503");
        Answer::Outcome(Outcome::Failure(Failure { retry, ..failure }))
    }

    #[test]
    fn tasks_leave_in_the_order_of_the_list() {
        let (mut schedule, now) = (schedule(), Instant::now());
        (0..3).for_each(|seq| assert!(schedule.admit(task(seq)).is_none()));
        let order: Vec<u64> = std::iter::from_fn(|| schedule.next(now)).map(|order| order.seq).collect();
        assert_eq!(order, [0, 1, 2]);
    }

    #[test]
    fn a_line_that_is_no_url_is_settled_without_an_attempt() {
        let failure = Failure::new(FailureKind::InvalidUrl, Stage::List, "no scheme");
        let task = Task { seq: 4, line: "nonsense".to_owned(), url: Err(failure.clone()) };
        let settled = schedule().admit(task).expect("settled");
        assert_eq!((settled.seq, settled.attempts), (4, 0));
        assert_eq!(settled.outcome, Outcome::Failure(failure));
    }

    #[test]
    fn redirects_are_followed_so_far_and_no_farther_and_are_no_attempts() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.admit(task(0));
        for hop in ["http://h/a", "http://other/b"] {
            schedule.next(now).expect("an order");
            let redirect = Answer::Redirect { status: 302, to: hop.to_owned(), bytes: 0 };
            assert_eq!(schedule.answered(0, redirect, Duration::ZERO, now), None);
        }
        assert_eq!(schedule.next(now).expect("an order").url, "http://other/b");
        let redirect = Answer::Redirect { status: 302, to: "http://h/c".to_owned(), bytes: 9 };
        let settled = schedule.answered(0, redirect, Duration::ZERO, now).expect("settled");
        let Outcome::Failure(failure) = settled.outcome else { panic!("a failure") };
        assert_eq!((failure.kind, failure.status, settled.attempts), (FailureKind::TooManyRedirects, Some(302), 1));
    }

    #[test]
    fn every_hop_knows_the_origin_of_the_listed_url() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.admit(Task {
            seq: 0,
            line: String::new(),
            url: Url::parse("http://u:p@H:80/x").map_err(|_| unreachable!()),
        });
        assert_eq!(schedule.next(now).expect("an order").reach, Reach::Listed);
        for hop in ["https://other:8443/a", "http://third/b"] {
            let redirect = Answer::Redirect { status: 302, to: hop.to_owned(), bytes: 0 };
            assert_eq!(schedule.answered(0, redirect, Duration::ZERO, now), None);
            assert_eq!(schedule.next(now).expect("an order").reach, Reach::Redirected { own: "http://h".to_owned() });
        }
        // Another try of a hop is still one.
        schedule.answered(0, unavailable(Retry::After(Duration::ZERO)), Duration::ZERO, now);
        assert_ne!(schedule.next(now).expect("an order").reach, Reach::Listed);
    }

    #[test]
    fn a_failure_worth_another_try_gets_it_after_a_pause() {
        let (mut schedule, now) = (schedule(), Instant::now());
        schedule.admit(task(0));
        schedule.next(now).expect("an order");
        let pause = Retry::After(Duration::from_secs(7));
        assert_eq!(schedule.answered(0, unavailable(pause), Duration::ZERO, now), None);
        assert_eq!(schedule.next(now + Duration::from_millis(6999)), None);
        let later = now + Duration::from_secs(7);
        assert_eq!(schedule.next_wake_up(), Some(later));
        assert_eq!(schedule.next(later).expect("an order").seq, 0);
        let settled = schedule.answered(0, page(), Duration::from_secs(1), later).expect("settled");
        assert_eq!((settled.attempts, settled.elapsed, schedule.retries()), (2, Duration::from_secs(1), 1));
        assert!(schedule.is_empty());
    }

    #[test]
    fn tries_come_to_an_end() {
        for (retry, attempts) in [(Retry::Yes, 3), (Retry::No, 1), (Retry::After(Duration::from_secs(301)), 1)] {
            let (mut schedule, mut now) = (schedule(), Instant::now());
            schedule.admit(task(0));
            let settled = loop {
                now = schedule.next_wake_up().unwrap_or(now);
                schedule.next(now).expect("an order");
                if let Some(settled) = schedule.answered(0, unavailable(retry), Duration::ZERO, now) {
                    break settled;
                }
            };
            assert_eq!(settled.attempts, attempts, "{retry:?}");
        }
    }

    #[test]
    fn a_task_whose_worker_was_lost_goes_before_all_others() {
        let (mut schedule, now) = (schedule(), Instant::now());
        (0..3).for_each(|seq| assert!(schedule.admit(task(seq)).is_none()));
        schedule.next(now).expect("an order");
        schedule.rerun(0, true, false);
        let order = schedule.next(now).expect("an order");
        assert_eq!((order.seq, order.alone), (0, true));
        assert_eq!(schedule.answered(0, page(), Duration::ZERO, now).expect("settled").attempts, 1);
    }
}
