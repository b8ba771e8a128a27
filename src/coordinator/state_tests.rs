//! Tests of the decisions, without processes and without a clock.

use url::Url;

use super::*;
use crate::coordinator::archived::Archived;
use crate::coordinator::executor::{Death, JobError};
use crate::coordinator::job::{JobOutput, SentOutput};
use crate::model::{
    Answer, Carried, Done, Failure, FailureKind, FieldCount, Fit, MaxFailures, Page, Phases, Proxies, ProxyUrl, Reach,
    Retry, RowsHead, Stage, Visited, parse_url,
};
use crate::observation::RunState;
use crate::warc::write::MEMBER_START;

const GRACE: Duration = Duration::from_secs(5);

fn state(before: &Before) -> State {
    limited(before, RunLimits::default())
}

/// A state that gives up a host after one failure. The other tasks of the host then fail without a request.
fn limited(before: &Before, limits: RunLimits) -> State {
    with(schedule::Politeness::none(), before, limits)
}

fn with(politeness: schedule::Politeness, before: &Before, limits: RunLimits) -> State {
    let options = schedule::Options {
        max_redirects: 3,
        max_retries: 0,
        max_retry_after: Duration::from_secs(1),
        max_host_retries: 100,
        max_host_failures: 1,
        politeness,
        ..schedule::Options::default()
    };
    let bounds = Bounds {
        places: 8,
        read_ahead: 100,
        ahead: 100,
        backlog: 1000,
        task_timeout: Duration::from_secs(60),
        grace: GRACE,
        plausible: plausible(),
        hosts: std::collections::BTreeMap::new(),
        reads_task: false,
        limits,
    };
    State::new(options, bounds, before, Instant::now())
}

fn plausible() -> Plausible {
    Plausible::new(
        &crate::scrape::FetchSettings { kept_headers: vec!["etag".to_owned()], ..crate::scrape::sample() },
        0,
        None,
    )
}

fn tasks(seqs: std::ops::Range<u64>) -> Event {
    let url = |seq| Url::parse(&format!("http://h/{seq}")).expect("a URL");
    Event::Tasks(
        seqs.map(|seq| Task {
            seq,
            line: url(seq).to_string(),
            url: Ok(url(seq)),
            input: Carried::default(),
            stored: None,
            reach: Reach::Listed,
        })
        .collect(),
    )
}

fn outside(emitted: u64) -> Outside {
    Outside { room: 2, emitted, backlog: 0, window: 0 }
}

fn done(seq: u64) -> Event {
    let page = Page {
        final_url: format!("http://h/{seq}"),
        status: 200,
        bytes: 0,
        data: Bytes::from_static(b"{}"),
        fit: Fit::default(),
    };
    answer(seq, Answer::Page(page))
}

fn answer(seq: u64, answer: Answer) -> Event {
    let output = of_answer(answer).into();
    Event::Executor(ExecutorEvent::Done { job: seq, worker: WorkerId::default(), output })
}

/// Does one turn and returns its actions as short texts.
fn turn(state: &mut State, events: Vec<Event>, now: Instant) -> Vec<String> {
    let mut actions = Vec::new();
    for event in events {
        state.handle(event, now, &mut actions);
    }
    state.issue(outside(0), now, &mut actions);
    let short = |action: Action| match action {
        Action::Submit { id, .. } => format!("submit {id}"),
        Action::Archive(members) => format!("archive {}", members.len()),
        Action::Record(record) => format!("record {}", record.seq),
        Action::Refuse { worker, job, reason } => format!("refuse {worker} {job:?}: {reason}"),
        Action::Close => "close".to_owned(),
        Action::Halt => "halt".to_owned(),
    };
    actions.into_iter().map(short).collect()
}

#[test]
fn after_a_signal_no_new_request_begins_and_requests_in_flight_may_end() {
    let mut state = state(&Before::default());
    let now = Instant::now();
    assert_eq!(turn(&mut state, vec![tasks(0..5)], now), ["submit 0", "submit 1"]);
    assert!(state.wants_tasks(outside(0)));
    assert!(turn(&mut state, vec![Event::Signal(2)], now).is_empty());
    assert!(!state.wants_tasks(outside(0)));
    assert_eq!(state.next_wake_up(outside(0)), Some(now + GRACE));
    assert_eq!(turn(&mut state, vec![done(0)], now), ["record 0"]);
    assert_eq!(state.stopped(), None);
    assert_eq!(turn(&mut state, vec![done(1)], now), ["record 1", "close"]);
    assert_eq!(state.stopped(), Some(Reason::Signal(2)));
    assert!(turn(&mut state, vec![Event::Moved], now).is_empty(), "the executor is closed only once");
    // Its workers may hang.
    assert_eq!(turn(&mut state, vec![Event::Moved], now + GRACE), ["halt"]);
    assert!(turn(&mut state, vec![Event::Moved], now + GRACE).is_empty(), "the state halts only once");
}

#[test]
fn the_grace_time_ends_by_itself_or_with_a_second_signal() {
    let now = Instant::now();
    for (events, later) in [(vec![Event::Moved], GRACE), (vec![Event::Signal(15)], GRACE / 2)] {
        let mut state = state(&Before::default());
        turn(&mut state, vec![tasks(0..5)], now);
        assert!(turn(&mut state, vec![Event::Signal(1)], now).is_empty());
        assert!(turn(&mut state, vec![Event::Moved], now + GRACE / 2).is_empty());
        assert_eq!(turn(&mut state, events, now + later), ["halt"]);
        assert_eq!(state.stopped(), Some(Reason::Signal(1)), "the process ends by the first signal");
    }
}

#[test]
fn the_end_of_the_list_is_seen_early_and_then_the_number_of_remaining_jobs_is_known() {
    let now = Instant::now();
    let mut state = state(&Before::default());
    state.bounds.ahead = 1000;
    state.bounds.read_ahead = 1000;
    assert_eq!(turn(&mut state, vec![tasks(0..FORESIGHT as u64)], now), ["submit 0", "submit 1"]);
    assert!(state.wants_tasks(outside(0)), "two tasks of a batch are submitted");
    assert_eq!(state.to_come(), None);
    turn(&mut state, vec![tasks(FORESIGHT as u64..300)], now);
    assert!(!state.wants_tasks(outside(0)), "enough tasks are ready");
    turn(&mut state, vec![Event::ListEnded], now);
    assert_eq!((state.out.len(), state.to_come()), (6, Some(294)));
    turn(&mut state, vec![done(0), done(1)], now);
    assert_eq!((state.out.len(), state.to_come()), (6, Some(292)));
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
fn a_run_whose_last_requests_end_in_the_grace_time_is_complete() {
    let now = Instant::now();
    let mut state = state(&Before::default());
    turn(&mut state, vec![tasks(0..1), Event::ListEnded], now);
    assert!(turn(&mut state, vec![Event::Signal(2)], now).is_empty());
    assert_eq!(turn(&mut state, vec![done(0)], now), ["record 0", "close"]);
    assert_eq!(state.stopped(), None);
}

#[test]
fn the_work_of_an_earlier_run_counts_from_the_start() {
    let before =
        Before { done: Done { seqs: (0..90).collect(), ..Done::default() }, failures: [(FailureKind::Dns, 4)].into() };
    let mut state = state(&before);
    assert_eq!(state.tally.settled(), (90, 4));
    let now = Instant::now();
    turn(&mut state, vec![tasks(90..94)], now);
    turn(&mut state, vec![done(90), done(91)], now);
    assert!(state.wants_tasks(outside(0)), "94 of 100");
    turn(&mut state, vec![tasks(94..100)], now);
    assert!(!state.wants_tasks(outside(0)));
    assert!(state.wants_tasks(outside(50)));
    let summary = state.summary(&[], now);
    assert_eq!((summary.tasks, summary.ok, summary.failed, summary.resumed), (92, 88, 4, 90));
    assert_eq!(summary.failures, [("dns".into(), 4)].into());
}

#[test]
fn a_series_of_failures_ends_at_the_first_one_over_the_limit_and_stops_the_run() {
    let now = Instant::now();
    let limits = RunLimits { max_failures: Some(MaxFailures::Count(2)), deadline: None };
    let mut state = limited(&Before::default(), limits);
    assert_eq!(turn(&mut state, vec![tasks(0..50)], now), ["submit 0", "submit 1"]);
    let not_found = Failure { status: Some(404), ..Failure::new(FailureKind::HttpStatus, Stage::Fetch, "not found") };
    // Two more tasks fail with their host, so three have failed. The next task is not touched.
    let failed = answer(0, Answer::Failure(not_found));
    assert_eq!(turn(&mut state, vec![failed], now), ["record 0", "record 2", "record 3"]);
    assert_eq!(turn(&mut state, vec![done(1)], now), ["record 1", "close"]);
    assert_eq!(state.stopped(), Some(Reason::Failures));
}

#[test]
fn only_the_first_of_several_idle_workers_that_end_in_the_same_way_is_news() {
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
        // The last words of each worker may contain its pid, so they differ.
        let death = Death { cause, last_words: vec![format!("worker {nth}")] };
        assert_eq!(state.is_news(tasks, &death), news, "case {nth}: {death}");
    }
}

/// A state whose jobs 0 and 1 are submitted.
fn at_work(now: Instant) -> State {
    let mut state = state(&Before::default());
    assert_eq!(turn(&mut state, vec![tasks(0..2)], now), ["submit 0", "submit 1"]);
    state
}

fn page(seq: u64) -> Page {
    Page {
        final_url: format!("http://h/{seq}"),
        status: 200,
        bytes: 5,
        data: Bytes::from_static(b"{}"),
        fit: Fit::default(),
    }
}

/// The data of a page as rows of a table.
fn rows(columns: usize, rows: &str) -> Bytes {
    [&RowsHead::new(b',', columns).to_bytes()[..], rows.as_bytes()].concat().into()
}

fn bytes(output: JobOutput) -> Vec<u8> {
    postcard::to_stdvec(&SentOutput::new(output, Bytes::new())).expect("bytes")
}

fn of_robots(answer: crate::robots::Answer) -> Vec<u8> {
    bytes(JobOutput::Robots(answer, Duration::ZERO))
}

fn of_page(page: Page) -> Vec<u8> {
    of_answer(Answer::Page(page))
}

fn of_failure(failure: Failure) -> Vec<u8> {
    of_answer(Answer::Failure(failure))
}

fn of_answer(answer: Answer) -> Vec<u8> {
    bytes(JobOutput::Page(
        Visited { answer, headers: Vec::new(), by_reference: false, phases: Phases::default() },
        Duration::ZERO,
    ))
}

/// A redirect to any text, which a worker could send even if the text is not a valid URL.
fn of_redirect(status: u16, to: &str) -> Vec<u8> {
    let place = "http://place.example/";
    let url = parse_url(place, None).expect("a URL");
    let sent = of_answer(Answer::Redirect { status, to: url, bytes: 0 });
    let in_bytes = |text: &str| postcard::to_stdvec(text).expect("bytes");
    let (begin, length) = (sent.windows(place.len()).position(|part| part == place.as_bytes()), place.len());
    let begin = begin.expect("it is there") - 1;
    [&sent[..begin], &in_bytes(to), &sent[begin + 1 + length..]].concat()
}

fn done_with(job: JobId, output: Vec<u8>) -> Event {
    Event::Executor(ExecutorEvent::Done { job, worker: 3, output: output.into() })
}

/// Outputs that cannot be the answer to a request for the page 0.
fn impossible_answers() -> Vec<(&'static str, Vec<u8>)> {
    let failure = |kind, stage| Failure::new(kind, stage, "why");
    let http = || Failure { status: Some(503), ..failure(FailureKind::HttpStatus, Stage::Fetch) };
    let headers = |headers: Vec<(String, String)>| {
        let answer = Answer::Page(page(0));
        bytes(JobOutput::Page(
            Visited { answer, headers, by_reference: false, phases: Phases::default() },
            Duration::ZERO,
        ))
    };
    let etag = |length| ("etag".to_owned(), "x".repeat(length));
    let robots = crate::robots::Answer::Rules(crate::robots::Rules::allow_all());
    let mut trailing = of_page(page(0));
    trailing.push(0);
    let after = |elapsed| {
        let visited =
            Visited { answer: Answer::Page(page(0)), headers: vec![], by_reference: false, phases: Phases::default() };
        bytes(JobOutput::Page(visited, elapsed))
    };
    vec![
        ("no bytes", Vec::new()),
        ("junk", b"\xff\xff\xff".to_vec()),
        ("more than an answer", trailing),
        ("another page", of_page(page(1))),
        ("a final URL that is not a URL", of_page(Page { final_url: "x".to_owned(), ..page(0) })),
        ("the status of a failure", of_page(Page { status: 404, ..page(0) })),
        ("status 0", of_page(Page { status: 0, ..page(0) })),
        ("a status that is not valid", of_page(Page { status: u16::MAX, ..page(0) })),
        ("2^64 - 1 bytes", of_page(Page { bytes: u64::MAX, ..page(0) })),
        ("more bytes than max_body", of_page(Page { bytes: 4 << 20, ..page(0) })),
        ("rows of a table that was not asked for", of_page(Page { data: rows(1, ""), ..page(0) })),
        ("a robots.txt", of_robots(robots)),
        ("more time than has passed", after(Duration::from_secs(1))),
        ("the longest time", after(Duration::MAX)),
        ("a header that was not asked for", headers(vec![("set-cookie".to_owned(), "a=1".to_owned())])),
        ("a header that is too long", headers(vec![etag(3 << 20)])),
        ("too many headers", headers(vec![etag(0); 10_001])),
        ("a redirect to a text that is not a URL", of_redirect(302, "x")),
        ("a redirect to a file", of_redirect(302, "file:///etc/passwd")),
        ("a redirect to a script", of_redirect(302, "javascript:1")),
        ("a redirect to a very long URL", of_redirect(302, &format!("http://h/{}", "x".repeat(128 << 10)))),
        ("a redirect with the status of a page", of_redirect(200, "http://h/x")),
        ("a redirect with a status that is not valid", of_redirect(65_000, "http://h/x")),
        ("not modified, but the request had no validators", of_answer(Answer::NotModified { bytes: 0 })),
        (
            "a redirect of 2^64 - 1 bytes",
            of_answer(Answer::Redirect { status: 302, to: "http://h/x".parse().expect("a URL"), bytes: u64::MAX }),
        ),
        ("a failure of another page", of_failure(Failure { final_url: Some("http://h/1".to_owned()), ..http() })),
        ("a failure of 2^64 - 1 bytes", of_failure(Failure { bytes: u64::MAX, ..http() })),
        ("a failure without its status", of_failure(Failure { status: None, ..http() })),
        ("a failure with a status that is not valid", of_failure(Failure { status: Some(7), ..http() })),
        ("a failure with the status of a page", of_failure(Failure { status: Some(200), ..http() })),
        ("too many causes", of_failure(Failure { causes: vec![String::new(); Failure::MOST_CAUSES + 1], ..http() })),
        ("a message that is too long", of_failure(Failure { message: "x".repeat(Failure::LONGEST + 1), ..http() })),
        ("a cause that is too long", of_failure(Failure { causes: vec!["x".repeat(Failure::LONGEST + 1)], ..http() })),
        ("a crash of a worker", of_failure(failure(FailureKind::WorkerCrashed, Stage::Parse))),
        ("a refusal by robots.txt", of_failure(failure(FailureKind::RobotsDenied, Stage::Robots))),
        ("a failure of a robots.txt", of_failure(failure(FailureKind::Dns, Stage::Robots))),
        ("a URL that is not valid", of_failure(failure(FailureKind::InvalidUrl, Stage::Fetch))),
        ("a failure of the list", of_failure(failure(FailureKind::InvalidUrl, Stage::List))),
        (
            "a retry time without an answer",
            of_failure(Failure {
                retry: Retry::After(Duration::from_secs(9)),
                ..failure(FailureKind::Dns, Stage::Fetch)
            }),
        ),
    ]
}

#[test]
fn an_impossible_answer_is_refused_and_its_task_is_submitted_again() {
    let now = Instant::now();
    for (what, output) in impossible_answers() {
        let mut state = at_work(now);
        let actions = turn(&mut state, vec![done_with(0, output)], now);
        let [refusal] = &actions[..] else { panic!("{what}: {actions:?}") };
        assert!(refusal.starts_with("refuse 3 Some(0): "), "{what}: {refusal}");
        // The pool reports the loss in this way.
        let death = Death { cause: Cause::Corrupt(what.to_owned()), last_words: Vec::new() };
        let lost = Event::Executor(ExecutorEvent::Lost { worker: 3, jobs: vec![0], death });
        assert_eq!(turn(&mut state, vec![lost], now), ["submit 0"], "{what}");
        assert_eq!(turn(&mut state, vec![done(0), done(1)], now), ["record 0", "record 1"], "{what}");
        assert_eq!(state.summary(&[], now).bytes, 0, "{what}: the answer is not counted");
    }
}

#[test]
fn possible_answers_are_accepted() {
    let http = |status| Failure { status: Some(status), ..Failure::new(FailureKind::HttpStatus, Stage::Fetch, "no") };
    let table = [
        of_page(page(0)),
        of_page(Page { status: 399, bytes: 1 << 20, data: Bytes::from_static(b"[1, \"\xc3\xa9\"]"), ..page(0) }),
        of_failure(Failure { final_url: Some("http://h/0".to_owned()), bytes: 17, ..http(400) }),
        of_failure(http(999)),
        of_failure(Failure { retry: Retry::After(Duration::MAX), ..http(429) }),
        of_failure(Failure {
            causes: vec!["x".repeat(Failure::LONGEST); Failure::MOST_CAUSES],
            ..Failure::new(FailureKind::Tls, Stage::Fetch, "no")
        }),
        of_failure(Failure::new(FailureKind::MissingField, Stage::Extract, "x".repeat(1 << 20))),
    ];
    let now = Instant::now();
    for output in table {
        let mut state = at_work(now);
        assert_eq!(turn(&mut state, vec![done_with(0, output)], now)[0], "record 0");
    }
    for (status, to) in [(301, "http://h/a"), (302, "https://u:p@other.example/?q#f"), (308, "http://[::1]:8080/")] {
        let mut state = at_work(now);
        let redirect = Answer::Redirect { status, to: to.parse().expect(to), bytes: 65_536 };
        assert_eq!(turn(&mut state, vec![done_with(0, of_answer(redirect))], now), ["submit 0"], "{to}");
    }
    let mut state = at_work(now);
    let later = now + Duration::from_secs(3);
    let headers = vec![("etag".to_owned(), "1".to_owned())];
    let slow = bytes(JobOutput::Page(
        Visited { answer: Answer::Page(page(0)), headers, by_reference: false, phases: Phases::default() },
        Duration::from_secs(3),
    ));
    assert_eq!(turn(&mut state, vec![done_with(0, slow)], later), ["record 0"]);
}

#[test]
fn records_for_the_archive_come_before_the_record_of_their_page_and_only_if_they_were_asked_for() {
    let now = Instant::now();
    let most = usize::try_from(crate::scrape::sample().longest_archived()).expect("a size of memory");
    let long = |length: usize| [&MEMBER_START[..], &vec![0; length - 3]].concat();
    let failure = Answer::Failure(Failure::new(FailureKind::Dns, Stage::Fetch, "why"));
    let moved = Answer::Redirect { status: 302, to: "http://h/a".parse().expect("a URL"), bytes: 0 };
    let refused = |why: &str| vec![format!("refuse 3 Some(0): {why}")];
    let taken = |more: &str, length: usize| vec![format!("archive {length}"), more.to_owned()];
    let table = [
        (true, Answer::Page(page(0)), long(9), taken("record 0", 9)),
        (true, moved.clone(), long(9), taken("submit 0", 9)),
        (true, Answer::Page(page(0)), long(most), taken("record 0", most)),
        (true, failure.clone(), long(9), taken("record 0", 9)),
        (true, failure, Vec::new(), vec!["record 0".to_owned()]),
        (true, Answer::Page(page(0)), Vec::new(), refused("an answer without its records for the archive")),
        (true, moved, Vec::new(), refused("an answer without its records for the archive")),
        (true, Answer::Page(page(0)), b"WARC/1.1".to_vec(), refused("records for the archive that are not compressed")),
        (true, Answer::Page(page(0)), long(most + 1), refused("more records for the archive than a response can have")),
        (false, Answer::Page(page(0)), long(9), refused("records for the archive that nobody asked for")),
    ];
    for (is_asked_for, answer, archived, expected) in table {
        let mut state = state(&Before::default());
        state.archived = is_asked_for.then(|| Archived::new(7));
        turn(&mut state, vec![tasks(0..1)], now);
        let visited = Visited { answer, headers: Vec::new(), by_reference: false, phases: Phases::default() };
        let output = SentOutput::new(JobOutput::Page(visited, Duration::ZERO), archived.into());
        let output = postcard::to_stdvec(&output).expect("bytes");
        assert_eq!(turn(&mut state, vec![done_with(0, output)], now), expected);
    }
}

#[test]
fn events_for_jobs_that_are_not_submitted_are_ignored() {
    let now = Instant::now();
    let mut state = at_work(now);
    let death = || Death { cause: Cause::Signal(11), last_words: Vec::new() };
    let failed = ExecutorEvent::Failed { job: 9, worker: Some(3), error: JobError::Stopped("x".to_owned()) };
    let events = vec![
        done_with(7, of_page(page(7))),
        done_with(1 << 63, Vec::new()),
        Event::Executor(failed),
        Event::Executor(ExecutorEvent::Lost { worker: 3, jobs: vec![5, 1 << 63], death: death() }),
        Event::Executor(ExecutorEvent::Noted { job: 8, worker: 3, note: Bytes::new() }),
    ];
    assert!(turn(&mut state, events, now).is_empty());
    assert_eq!(turn(&mut state, vec![done(0), done(0)], now), ["record 0"], "the second answer is ignored");
}

#[test]
fn a_note_that_nobody_asked_for_ends_its_worker() {
    let now = Instant::now();
    let mut state = at_work(now);
    let note = |note: &'static [u8]| {
        Event::Executor(ExecutorEvent::Noted { job: 0, worker: 3, note: Bytes::from_static(note) })
    };
    for bytes in [&b""[..], b"x"] {
        let actions = turn(&mut state, vec![note(bytes)], now);
        assert!(matches!(&actions[..], [refusal] if refusal.starts_with("refuse 3 None: ")), "{actions:?}");
    }
    // If the note is asked for, it is accepted once.
    let out = state.out.get_mut(&0).expect("job 0 is submitted");
    out.to_tell = true;
    assert!(turn(&mut state, vec![note(b"")], now).is_empty());
    assert!(turn(&mut state, vec![note(b"")], now)[0].starts_with("refuse 3 None: "));
}

#[test]
fn an_impossible_answer_for_a_robots_txt_is_refused() {
    use crate::robots::{Answer as Robots, Rules};
    let now = Instant::now();
    // Rules in the form in which they are sent: the lines, then an optional delay in seconds.
    let rules = |lines: &str, delay: Option<u64>| {
        let delay = delay.map(Duration::from_secs);
        let rules: Rules = postcard::from_bytes(&postcard::to_stdvec(&(lines, delay)).expect("bytes")).expect("rules");
        of_robots(Robots::Rules(rules))
    };
    let failed = |failure| of_robots(Robots::Failed(failure));
    let redirect = |status, to: &str| of_robots(Robots::Redirect { status, to: to.parse().expect(to) });
    let refused = [
        rules(&format!("-/x{}", "y".repeat(64 << 20)), None),
        rules(&"-/*a\n".repeat(1001), None),
        rules("-/x", Some(u64::MAX)),
        redirect(302, "data:x"),
        redirect(404, "http://h/"),
        failed(Failure::new(FailureKind::Dns, Stage::Fetch, "why")),
        failed(Failure::new(FailureKind::RobotsDenied, Stage::Robots, "why")),
        of_page(page(0)),
    ];
    let believed = [
        rules("-/x", Some(3600)),
        rules(&"-/*a\n".repeat(1000), None),
        rules(&format!("-/x{}", "y".repeat(1 << 20)), None),
        redirect(301, "http://h/robots"),
        failed(Failure { status: Some(503), ..Failure::new(FailureKind::HttpStatus, Stage::Robots, "why") }),
    ];
    let cases = refused.into_iter().map(|it| (it, true)).chain(believed.into_iter().map(|it| (it, false)));
    for (nth, (output, is_refused)) in cases.enumerate() {
        let mut state = state(&Before::default());
        // The state submits it like any other job.
        state
            .out
            .insert(ROBOTS, Out::new(&Visit::new("http://h/robots.txt".parse().expect("a URL"), Reach::Listed), now));
        let actions = turn(&mut state, vec![done_with(ROBOTS, output)], now);
        assert_eq!(!actions.is_empty(), is_refused, "case {nth}: {actions:?}");
    }
}

#[test]
fn only_requests_to_a_host_carry_the_settings_of_this_host() {
    let own = |value: &str| {
        let proxy = ProxyUrl::parse(&format!("http://u:{value}@proxy")).expect("a proxy");
        let headers = vec![("authorization".to_owned(), value.to_owned())];
        HostSettings { headers, proxy: Some(Proxies::These(vec![proxy])) }
    };
    let host = |name: &str| name.parse::<HostKey>().expect("a host");
    let hosts = [(host("h"), own("secret1")), (host("other:8080"), own("secret2"))];
    let nothing = HostSettings::default;
    let table = [
        ("http://h/", own("secret1")),
        ("https://h/x", own("secret1")),
        ("http://h:8080/", nothing()),
        ("http://www.h/", nothing()),
        ("http://other/", nothing()),
        ("http://other:8080/", own("secret2")),
        ("http://h@stranger/", nothing()),
    ];
    let now = Instant::now();
    for (url, expected) in table {
        for robots in [false, true] {
            let politeness = schedule::Politeness { robots, ..schedule::Politeness::none() };
            let mut state = with(politeness, &Before::default(), RunLimits::default());
            state.bounds.hosts = hosts.clone().into();
            let task = Task {
                seq: 0,
                line: url.to_owned(),
                url: Ok(Url::parse(url).expect(url)),
                input: Carried::default(),
                stored: None,
                reach: Reach::Listed,
            };
            let mut actions = Vec::new();
            state.handle(Event::Tasks(vec![task]), now, &mut actions);
            state.issue(outside(0), now, &mut actions);
            let [Action::Submit { payload, .. }] = &actions[..] else { panic!("{url}: {actions:?}") };
            let visit = match postcard::from_bytes(payload).expect("a job") {
                JobInput::Page(visit) if !robots => visit,
                JobInput::Robots(visit) if robots => visit,
                other => panic!("{url}: {other:?}"),
            };
            assert_eq!(visit.host, expected, "{url}");
        }
    }
}

#[test]
fn a_run_with_a_table_takes_only_rows_of_its_table_and_fails_a_page_with_too_many() {
    let head = RowsHead::new(b',', 2);
    let now = Instant::now();
    let after = |data: Bytes| {
        let mut state = at_work(now);
        state.bounds.plausible = Plausible::new(&crate::scrape::sample(), 0, Some(head));
        let mut actions = Vec::new();
        state.handle(done_with(0, of_page(Page { data, ..page(0) })), now, &mut actions);
        match actions.pop() {
            Some(Action::Record(record)) => Ok(record.outcome),
            Some(Action::Refuse { reason, .. }) => Err(reason),
            other => panic!("{other:?}"),
        }
    };
    let two = rows(2, "a,b\0c,d");
    assert!(matches!(after(two.clone()), Ok(Outcome::Page(page)) if page.data == two));
    for data in [Bytes::from_static(b"{}"), rows(1, "a"), rows(3, "a,b,c"), Bytes::new()] {
        assert_eq!(after(data).expect_err("refused"), "data of another output format");
    }
    let many = rows(2, &vec![","; 200_000].join("\0"));
    let Ok(Outcome::Failure(failure)) = after(many) else { panic!("too many rows") };
    assert_eq!((failure.kind, failure.status, failure.bytes), (FailureKind::TooLarge, Some(200), 5));
}

#[test]
fn a_record_has_the_time_of_its_answer_if_a_request_was_sent() {
    let now = Instant::now();
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
    let mut state = at_work(now);
    state.wall = wall;
    let (mut actions, mut times) = (Vec::new(), Vec::new());
    let failure = Failure::new(FailureKind::InvalidUrl, Stage::List, "why");
    let invalid = Task {
        seq: 2,
        line: "nonsense".to_owned(),
        url: Err(failure),
        input: Carried::default(),
        stored: None,
        reach: Reach::Listed,
    };
    state.handle(done_with(0, of_page(page(0))), now, &mut actions);
    state.handle(Event::Tasks(vec![invalid]), now, &mut actions);
    for action in actions {
        if let Action::Record(record) = action {
            times.push((record.seq, record.fetched_at));
        }
    }
    assert_eq!(times, [(0, Some(wall)), (2, None)]);
}

#[test]
fn a_sitemap_that_the_reader_asks_for_is_submitted_and_its_answer_goes_to_the_reader() {
    use crate::input::{Ask, Found};
    use crate::model::{Listed, ListingFile, ListingWriter, Lists};
    use tokio::sync::oneshot::error::TryRecvError;

    let now = Instant::now();
    let mut listing = ListingWriter::new(Lists::Pages);
    listing.push(Listed { loc: "http://h/0", ..Listed::default() });
    let data = listing.into_bytes();
    let of = |answer| {
        bytes(JobOutput::Listing(
            Visited { answer, headers: vec![], by_reference: false, phases: Phases::default() },
            Duration::ZERO,
        ))
    };
    let good = || Page { final_url: "http://h/s".to_owned(), data: data.clone(), bytes: 50 << 20, ..page(0) };
    let counts = vec![FieldCount::default()];
    let impossible = [
        ("a page", of_page(Page { final_url: "http://h/s".to_owned(), ..page(0) })),
        ("a robots.txt", of_robots(crate::robots::Answer::Rules(crate::robots::Rules::allow_all()))),
        ("another URL", of(Answer::Page(Page { final_url: "http://h/".to_owned(), ..good() }))),
        ("too many bytes", of(Answer::Page(Page { bytes: 60 << 20, ..good() }))),
        ("counts of fields", of(Answer::Page(Page { fit: Fit { counts, ..Fit::default() }, ..good() }))),
        ("a failure of the list", of(Answer::Failure(Failure::new(FailureKind::InvalidUrl, Stage::List, "why")))),
    ];
    let asked = || {
        let mut state = state(&Before::default());
        let url = "http://h/s".parse().expect("a URL");
        let (ask, answer) = Ask::new(url, ListingFile::Sitemap, None, Reach::Listed);
        // It goes before the pages of its host.
        let submitted = turn(&mut state, vec![tasks(0..1), Event::Asked(ask)], now);
        let job: JobId = 1 << 62;
        assert_eq!(submitted, [format!("submit {job}"), "submit 0".to_owned()]);
        (state, job, answer)
    };
    for (what, output) in impossible {
        let (mut state, job, mut answer) = asked();
        let actions = turn(&mut state, vec![done_with(job, output)], now);
        assert!(actions[0].starts_with(&format!("refuse 3 Some({job}): ")), "{what}: {actions:?}");
        assert_eq!(answer.try_recv(), Err(TryRecvError::Empty), "{what}");
    }
    let (mut state, job, mut answer) = asked();
    assert_eq!(turn(&mut state, vec![done_with(job, of(Answer::Page(good())))], now), [""; 0]);
    assert_eq!(answer.try_recv(), Ok(Ok(Found { url: "http://h/s".to_owned(), data })));
    let listing_as_page = of(Answer::Page(Page { data: Bytes::from_static(b"{}"), ..page(0) }));
    assert!(turn(&mut state, vec![done_with(0, listing_as_page)], now)[0].starts_with("refuse"), "task 0 is a page");
    assert_eq!(state.tally.settled(), (0, 0), "a sitemap is not a task");
    let summary = state.summary(&[], now);
    assert_eq!((summary.listing_requests, summary.requests, summary.bytes), (1, 0, 50 << 20));

    // If the run ends, the reader hears of it.
    let (state, _, mut answer) = asked();
    drop(state);
    assert_eq!(answer.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_pause_changes_neither_the_time_left_nor_what_the_run_waits_for() {
    let mut state = state(&Before::default());
    let begun = Instant::now();
    let after = |seconds| begun + Duration::from_secs(seconds);
    turn(&mut state, vec![tasks(0..4)], begun);
    turn(&mut state, vec![done(0), done(1), Event::Wish(Wish::Pause)], after(2));
    turn(&mut state, vec![Event::Wish(Wish::Pause)], after(3_000));
    let list = input::Progress::of_read(4);
    let seen = |state: &State, now| {
        let glance = state.glance(&[], &list, outside(2), now);
        (glance.state, glance.left.map(|left| left.as_secs()))
    };
    assert_eq!(seen(&state, after(3_602)), (RunState::Paused, Some(2)));
    turn(&mut state, vec![Event::Wish(Wish::Resume), Event::Wish(Wish::Resume)], after(3_602));
    assert_eq!(seen(&state, after(3_602)), (RunState::Running, Some(2)));
    assert_eq!(state.glance(&[], &list, outside(2), after(3_603)).quiet, Duration::from_secs(1));
}

#[test]
fn no_phase_that_a_worker_claims_counts_for_more_than_its_request() {
    let begun = Instant::now();
    let mut state = state(&Before::default());
    state.tally.count_details();
    turn(&mut state, vec![tasks(0..2)], begun);
    let longest = Some(Duration::MAX);
    let phases = Phases { connect: longest, first_byte: longest, body: longest, parse: longest, extract: longest };
    let now = begun + Duration::from_secs(3);
    for seq in 0..2 {
        let visited = Visited { answer: Answer::Page(page(seq)), headers: Vec::new(), by_reference: false, phases };
        let output = bytes(JobOutput::Page(visited, Duration::from_secs(3)));
        assert_eq!(turn(&mut state, vec![done_with(seq, output)], now)[0], format!("record {seq}"));
    }
    let latency = state.summary(&[], now).latency;
    let sums = [&latency.connect, &latency.first_byte, &latency.body, &latency.parse, &latency.extract];
    assert!(sums.iter().all(|phase| (phase.mean_s - 3.0).abs() < 1e-9), "{sums:?}");
}

#[test]
fn a_run_of_months_knows_how_long_it_takes() {
    let state = state(&Before::default());
    let months = Duration::from_secs(100 * 86_400);
    assert!(state.summary(&[], Instant::now() + months).elapsed_s >= months.as_secs_f64());
}
