//! Decisions, without a process and without a clock.

use url::Url;

use super::*;
use crate::model::{Done, Failure, FailureKind, MaxFailures, Page, Stage, Visited};

const GRACE: Duration = Duration::from_secs(5);

fn state(before: &Before) -> State {
    limited(before, Limits::default())
}

/// Whose hosts are given up after one failure, so that others fail without being sent.
fn limited(before: &Before, limits: Limits) -> State {
    let options = schedule::Options {
        max_redirects: 3,
        max_retries: 0,
        max_retry_after: Duration::from_secs(1),
        max_host_retries: 100,
        max_host_failures: 1,
        politeness: schedule::Politeness::none(),
        hosts: HashMap::new(),
    };
    let bounds = Bounds {
        places: 8,
        read_ahead: 100,
        ahead: 100,
        backlog: 1000,
        deadline: Duration::from_secs(60),
        grace: GRACE,
        limits,
    };
    State::new(options, bounds, before, Instant::now())
}

fn tasks(seqs: std::ops::Range<u64>) -> Event {
    let url = |seq| Url::parse(&format!("http://h/{seq}")).expect("a URL");
    Event::Tasks(seqs.map(|seq| Task { seq, line: url(seq).to_string(), url: Ok(url(seq)) }).collect())
}

fn outside(emitted: u64) -> Outside {
    Outside { room: 2, emitted, backlog: 0 }
}

fn done(seq: u64) -> Event {
    let page = Page { final_url: String::new(), status: 200, bytes: 0, data: Bytes::from_static(b"{}") };
    answer(seq, Outcome::Page(page))
}

fn answer(seq: u64, outcome: Outcome) -> Event {
    let visited = Visited { answer: Answer::Outcome(outcome), headers: Vec::new() };
    let fetched = Fetched { what: Brought::Page(visited), elapsed: Duration::ZERO };
    let output = postcard::to_stdvec(&fetched).expect("bytes").into();
    Event::Executor(PoolEvent::Done { job: seq, worker: WorkerId::default(), output })
}

/// The actions of one turn, in short.
fn turn(state: &mut State, events: Vec<Event>, now: Instant) -> Vec<String> {
    let mut actions = Vec::new();
    for event in events {
        state.handle(event, now, &mut actions);
    }
    state.issue(outside(0), now, &mut actions);
    let short = |action: Action| match action {
        Action::Submit { id, .. } => format!("submit {id}"),
        Action::Record(record) => format!("record {}", record.seq),
        Action::Close => "close".to_owned(),
        Action::Halt => "halt".to_owned(),
    };
    actions.into_iter().map(short).collect()
}

#[test]
fn after_a_signal_nothing_new_begins_and_what_is_in_flight_may_come_to_its_end() {
    let mut state = state(&Before::default());
    let now = Instant::now();
    assert_eq!(turn(&mut state, vec![tasks(0..5)], now), ["submit 0", "submit 1"]);
    assert!(state.wants_tasks(outside(0)));
    assert!(turn(&mut state, vec![Event::Signal(2)], now).is_empty());
    assert!(!state.wants_tasks(outside(0)));
    assert_eq!(state.next_wake_up(outside(0)), Some(now + GRACE));
    assert_eq!(turn(&mut state, vec![done(0)], now), ["record 0"]);
    assert_eq!(state.stopped(), None);
    assert_eq!(turn(&mut state, vec![done(1)], now), ["record 1", "halt"]);
    assert_eq!(state.stopped(), Some(Reason::Signal(2)));
    assert!(turn(&mut state, vec![Event::Moved], now).is_empty(), "it halts once");
}

#[test]
fn the_grace_ends_with_its_time_or_with_a_second_signal() {
    let now = Instant::now();
    for (events, later) in [(vec![Event::Moved], GRACE), (vec![Event::Signal(15)], GRACE / 2)] {
        let mut state = state(&Before::default());
        turn(&mut state, vec![tasks(0..5)], now);
        assert!(turn(&mut state, vec![Event::Signal(1)], now).is_empty());
        assert!(turn(&mut state, vec![Event::Moved], now + GRACE / 2).is_empty());
        assert_eq!(turn(&mut state, events, now + later), ["halt"]);
        assert_eq!(state.stopped(), Some(Reason::Signal(1)), "the first one is what the process ends by");
    }
}

#[test]
fn the_end_of_the_list_is_seen_early_and_then_it_is_known_how_much_is_to_come() {
    let now = Instant::now();
    let mut state = state(&Before::default());
    state.bounds.ahead = 1000;
    state.bounds.read_ahead = 1000;
    assert_eq!(turn(&mut state, vec![tasks(0..FORESIGHT as u64)], now), ["submit 0", "submit 1"]);
    assert!(state.wants_tasks(outside(0)), "two of a batch are gone");
    assert_eq!(state.to_come(), None);
    turn(&mut state, vec![tasks(FORESIGHT as u64..300)], now);
    assert!(!state.wants_tasks(outside(0)), "there is enough");
    turn(&mut state, vec![Event::ListEnded], now);
    assert_eq!((state.in_flight, state.to_come()), (6, Some(294)));
    turn(&mut state, vec![done(0), done(1)], now);
    assert_eq!((state.in_flight, state.to_come()), (6, Some(292)));
}

#[test]
fn a_second_signal_halts_at_once() {
    let now = Instant::now();
    let mut state = state(&Before::default());
    turn(&mut state, vec![tasks(0..5)], now);
    assert!(turn(&mut state, vec![Event::Signal(2)], now).is_empty());
    assert_eq!(turn(&mut state, vec![Event::Signal(2)], now), ["halt"]);
}

#[test]
fn a_run_that_is_complete_when_the_signal_comes_is_complete() {
    let now = Instant::now();
    let mut state = state(&Before::default());
    turn(&mut state, vec![tasks(0..1), Event::ListEnded], now);
    assert!(turn(&mut state, vec![Event::Signal(2)], now).is_empty());
    assert_eq!(turn(&mut state, vec![done(0)], now), ["record 0", "close"]);
    assert_eq!(state.stopped(), None);
}

#[test]
fn what_an_earlier_run_has_done_counts_from_the_beginning() {
    let before =
        Before { done: Done { seqs: (0..90).collect(), points: Vec::new() }, failures: [(FailureKind::Dns, 4)].into() };
    let mut state = state(&before);
    assert_eq!(state.settled(), (90, 4));
    let now = Instant::now();
    turn(&mut state, vec![tasks(90..94), done(90), done(91)], now);
    assert!(state.wants_tasks(outside(0)), "94 of 100");
    turn(&mut state, vec![tasks(94..100)], now);
    assert!(!state.wants_tasks(outside(0)));
    assert!(state.wants_tasks(outside(50)));
    let summary = state.into_summary(now);
    assert_eq!((summary.tasks, summary.ok, summary.failed, summary.resumed), (92, 88, 4, 90));
    assert_eq!(summary.failures, [("dns", 4)].into());
}

#[test]
fn a_row_of_failures_ends_with_the_first_that_is_too_many_and_halts_the_run_at_once() {
    let now = Instant::now();
    let limits = Limits { max_failures: Some(MaxFailures::Count(2)), deadline: None };
    let mut state = limited(&Before::default(), limits);
    assert_eq!(turn(&mut state, vec![tasks(0..50)], now), ["submit 0", "submit 1"]);
    let not_found = Failure { status: Some(404), ..Failure::new(FailureKind::HttpStatus, Stage::Fetch, "not found") };
    // Two more fail with their host, which makes three; the next one is not touched.
    let failed = answer(0, Outcome::Failure(not_found));
    assert_eq!(turn(&mut state, vec![failed], now), ["record 0", "record 2", "record 3"]);
    assert_eq!(turn(&mut state, vec![done(1)], now), ["record 1", "halt"]);
    assert_eq!(state.stopped(), Some(Reason::Failures));
}

#[test]
fn of_workers_in_a_row_that_held_nothing_and_came_to_the_same_end_one_is_news() {
    let mut state = state(&Before::default());
    let unready = |reason: &str| Cause::Unready(reason.to_owned());
    let cases = [
        (0, unready("no room"), true),
        (0, unready("no room"), false),
        (0, unready("no rights"), true),
        (0, unready("no room"), true),
        (0, Cause::Exited(1), true),
        (0, Cause::Exited(1), false),
        (1, Cause::Exited(1), true),
        (1, Cause::Exited(1), true),
        (0, Cause::Exited(1), false),
    ];
    for (nth, (tasks, cause, news)) in cases.into_iter().enumerate() {
        // Their last words may tell their pids.
        let death = Death { cause, last_words: vec![format!("worker {nth}")] };
        assert_eq!(state.is_news(tasks, &death), news, "case {nth}: {death}");
    }
}
