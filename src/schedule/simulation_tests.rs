//! Runs the schedule against a simulated web with a simulated clock. Limits are never broken, and no run takes longer
//! than the limits require.

#![expect(clippy::unchecked_time_subtraction, reason = "later times are greater, or the test fails")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use url::Url;

use super::tests::{free, no_cookies};
use super::*;
use crate::model::{Answer, Carried, Failure, FailureKind, Fit, Outcome, Page, Reach, Retry, Stage, Task};
use crate::robots::{self, Rules};

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// How a server answers a request, which is the `n`th one to its host.
pub(super) type Serve = Box<dyn Fn(&Url, usize) -> Reply>;

/// The time until the request is sent, the time from then until the answer, and the answer.
pub(super) struct Reply {
    pub(super) sending: Duration,
    pub(super) serving: Duration,
    pub(super) answer: Said,
}

pub(super) enum Said {
    Page,
    Redirect(&'static str),
    Failure(Failure),
    Robots(&'static str),
    NoRobots(Failure),
}

pub(super) fn in_time(serving: u64, answer: Said) -> Reply {
    Reply { sending: Duration::ZERO, serving: ms(serving), answer }
}

pub(super) fn refused() -> Failure {
    Failure::new(FailureKind::Connect, Stage::Fetch, "connection refused").retryable()
}

pub(super) fn status(status: u16, retry: Retry) -> Failure {
    let failure = Failure::new(FailureKind::HttpStatus, Stage::Fetch, format!("status {status}"));
    Failure { status: Some(status), retry, ..failure }
}

/// One request as the server sees it. Times count from the start of the run.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) url: String,
    pub(super) sent: Duration,
    pub(super) ended: Duration,
}

#[derive(Default)]
pub(super) struct Ran {
    /// The requests by host.
    pub(super) seen: BTreeMap<String, Vec<Seen>>,
    pub(super) settled: Vec<Settled>,
    pub(super) took: Duration,
}

impl Ran {
    pub(super) fn requests(&self) -> usize {
        self.seen.values().map(Vec::len).sum()
    }

    pub(super) fn failures(&self) -> BTreeMap<FailureKind, usize> {
        let mut kinds = BTreeMap::new();
        for settled in &self.settled {
            if let Outcome::Failure(failure) = &settled.outcome {
                *kinds.entry(failure.kind).or_default() += 1;
            }
        }
        kinds
    }

    pub(super) fn host(&self, name: &str) -> &[Seen] {
        self.seen.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn closest(&self, name: &str) -> Duration {
        let mut sent: Vec<Duration> = self.host(name).iter().map(|seen| seen.sent).collect();
        sent.sort();
        sent.windows(2).map(|two| two[1] - two[0]).min().unwrap_or(Duration::MAX)
    }

    pub(super) fn most_at_once(&self, name: &str) -> usize {
        let requests = self.host(name);
        let during = |at: Duration| requests.iter().filter(|seen| seen.sent <= at && at < seen.ended).count();
        requests.iter().map(|seen| during(seen.sent)).max().unwrap_or(0)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Sent(RequestId),
    Answered(RequestId),
}

/// Runs a list through the schedule as the coordinator does. `places` is the number of jobs at the same time.
pub(super) fn run(options: Options, list: &[String], places: usize, read_ahead: usize, serve: &Serve) -> Ran {
    run_watched(options, list, places, read_ahead, serve, |_, _, _, _| {})
}

/// As `run`. Calls `watch` in each turn with the schedule, the number of tasks that were read, what has been done, and the
/// time.
pub(super) fn run_watched(
    options: Options,
    list: &[String],
    places: usize,
    read_ahead: usize,
    serve: &Serve,
    mut watch: impl FnMut(&Schedule, usize, &Ran, Instant),
) -> Ran {
    let total = list.len();
    let begun = Instant::now();
    let (mut schedule, mut ran, mut now) = (Schedule::new(options), Ran::default(), begun);
    let mut list = list.iter().enumerate();
    let mut events: BinaryHeap<Reverse<(Instant, usize, Event)>> = BinaryHeap::new();
    let mut replies: HashMap<RequestId, (Said, Duration)> = HashMap::new();
    let (mut free_places, mut count, mut list_ended) = (places, 0, false);
    loop {
        while !list_ended && schedule.ready() < places && schedule.under_way() < read_ahead + places {
            match list.next() {
                Some((seq, line)) => {
                    ran.settled.extend(schedule.admit(task(seq as u64, line), now));
                }
                None => list_ended = true,
            }
        }
        while free_places > 0 {
            let dispatch = match schedule.next(now) {
                Some(Step::Fetch(dispatch)) => {
                    schedule.hand_out(dispatch.id, now);
                    dispatch
                }
                Some(Step::Settled(settled)) => {
                    ran.settled.push(settled);
                    continue;
                }
                None => break,
            };
            free_places -= 1;
            let url = dispatch.visit.url;
            let requests = ran.seen.entry(url.host_str().expect("a host").to_owned()).or_default();
            let Reply { sending, serving, answer } = serve(&url, requests.len());
            let (sent, ended) = (now + sending, now + sending + serving);
            requests.push(Seen { url: url.into(), sent: sent - begun, ended: ended - begun });
            count += 2;
            if dispatch.visit.tell_when_sent {
                events.push(Reverse((sent, count, Event::Sent(dispatch.id))));
            }
            events.push(Reverse((ended, count + 1, Event::Answered(dispatch.id))));
            assert!(replies.insert(dispatch.id, (answer, sending + serving)).is_none(), "one errand at a time");
        }
        watch(&schedule, total - list.len(), &ran, now);
        if list_ended && schedule.is_empty() {
            break;
        }
        if !list_ended && schedule.is_empty() {
            // All tasks that were read are settled, so the list must be read further.
            continue;
        }
        let next = events.peek().map(|Reverse((at, ..))| *at);
        let wake_up = schedule.next_wake_up().filter(|_| free_places > 0);
        now = next.into_iter().chain(wake_up).min().expect("something will happen").max(now);
        while let Some(Reverse((_, _, event))) = events.peek().copied().filter(|Reverse((at, ..))| *at <= now) {
            events.pop();
            match event {
                Event::Sent(order) => schedule.sent(order, now),
                Event::Answered(order) => {
                    free_places += 1;
                    let (said, took) = replies.remove(&order).expect("a request was sent");
                    ran.settled.extend(answered(&mut schedule, order, said, took, now));
                }
            }
        }
    }
    assert_eq!(schedule.ready(), 0, "no order is left");
    ran.took = now - begun;
    ran
}

fn task(seq: u64, line: &str) -> Task {
    let (url, input) = (Ok(Url::parse(line).expect("a URL")), Carried::default());
    Task { seq, line: line.to_owned(), url, input, stored: None, reach: Reach::Listed }
}

pub(super) fn answered(
    schedule: &mut Schedule,
    order: RequestId,
    said: Said,
    took: Duration,
    now: Instant,
) -> Option<Settled> {
    match (order, said) {
        (RequestId::Page(seq), Said::Page) => {
            let page = Page { final_url: String::new(), status: 200, bytes: 1, data: "{}".into(), fit: Fit::default() };
            schedule.answered(seq, Answer::Page(page), no_cookies, took, now)
        }
        (RequestId::Page(seq), Said::Redirect(to)) => schedule.answered(
            seq,
            Answer::Redirect { status: 302, to: to.parse().expect("a URL"), bytes: 0 },
            no_cookies,
            took,
            now,
        ),
        (RequestId::Page(seq), Said::Failure(failure)) => {
            schedule.answered(seq, Answer::Failure(failure), no_cookies, took, now)
        }
        (RequestId::Robots(id), said) => {
            let answer = match said {
                Said::Robots(text) => robots::Answer::Rules(Rules::parse(text.as_bytes(), "gleaner")),
                Said::Redirect(to) => robots::Answer::Redirect { status: 301, to: to.parse().expect("a URL") },
                Said::NoRobots(failure) => robots::Answer::Failed(failure),
                Said::Page | Said::Failure(_) => robots::Answer::Rules(Rules::allow_all()),
            };
            schedule.robots_answered(id, answer, took, now);
            None
        }
        (RequestId::Page(_), Said::Robots(_) | Said::NoRobots(_)) => panic!("a page was asked for"),
    }
}

pub(super) fn list(hosts: u64, each: u64, by_host: bool) -> Vec<String> {
    let url = |host, page| format!("http://h{host}/{page}");
    if by_host {
        (0..hosts).flat_map(|host| (0..each).map(move |page| url(host, page))).collect()
    } else {
        (0..each).flat_map(|page| (0..hosts).map(move |host| url(host, page))).collect()
    }
}

#[test]
fn a_host_gets_exactly_as_many_requests_at_once_as_the_limit_allows() {
    for (concurrency, by_host, most) in [(0, false, 40), (1, false, 1), (8, false, 8), (8, true, 8)] {
        let mut options = free();
        options.politeness.concurrency = concurrency;
        let ran = run(options, &list(4, 100, by_host), 64, 1000, &serve_all(100));
        assert_eq!(ran.settled.len(), 400);
        for host in 0..4 {
            let at_once = ran.most_at_once(&format!("h{host}"));
            assert!(concurrency == 0 || at_once == most, "{concurrency}: {at_once}");
        }
        if concurrency > 0 {
            let bound = ms(100 * 100 / u64::from(concurrency)).max(ms(100 * 400 / 64));
            assert!(ran.took <= bound.mul_f64(1.05) + ms(100), "{concurrency}: {:?} for {bound:?}", ran.took);
        }
    }
}

pub(super) fn serve_all(millis: u64) -> Serve {
    Box::new(move |_, _| in_time(millis, Said::Page))
}

#[test]
fn a_list_sorted_by_host_keeps_all_workers_busy_if_it_is_read_far_enough_ahead() {
    let mut options = free();
    options.politeness.concurrency = 2;
    // Ten hosts with two requests each can fill twenty places, but only if tasks of all hosts have been read.
    let near = run(options.clone(), &list(10, 100, true), 20, 300, &serve_all(100));
    let far = run(options, &list(10, 100, true), 20, 1000, &serve_all(100));
    assert_eq!(far.took, ms(100 * 1000 / 20));
    assert!(near.took > far.took * 3 / 2, "{:?}", near.took);
}

#[test]
fn delays_count_from_when_a_request_is_sent_and_add_no_other_time() {
    let slow_to_send =
        |_: &Url, n: usize| Reply { sending: ms(n as u64 % 3 * 300), serving: ms(2_000), answer: Said::Page };
    let mut options = free();
    options.politeness.delay = ms(500);
    options.politeness.concurrency = 8;
    let ran = run(options.clone(), &list(2, 40, false), 32, 1000, &(Box::new(slow_to_send) as Serve));
    assert!(ran.closest("h0") >= ms(500) && ran.closest("h1") >= ms(500), "{:?}", ran.closest("h0"));
    assert!(ran.most_at_once("h0") > 2, "the next request does not wait for an answer");
    // 39 delays, the time to make the connections, and the last answer.
    assert!(ran.took <= ms(39 * 500 + 40 * 300 + 2_000).mul_f64(1.05), "{:?}", ran.took);

    let ran = run(options.clone(), &list(1, 40, false), 32, 1000, &serve_all(50));
    assert_eq!(ran.took, ms(39 * 500 + 50));

    options.politeness.delay_jitter = ms(500);
    let ran = run(options, &list(1, 40, false), 32, 1000, &serve_all(50));
    assert!(ran.closest("h0") >= ms(500));
    assert!(ran.took > ms(39 * 600) && ran.took < ms(39 * 900), "{:?}", ran.took);
}

#[test]
fn a_rule_for_one_host_applies_to_this_host_only() {
    let mut options = free();
    let rules = HostRules { concurrency: Some(1), delay: Some(ms(1_000)), robots: None };
    options.hosts = HashMap::from([("h1".to_owned(), rules)]);
    let ran = run(options, &list(2, 10, false), 32, 1000, &serve_all(100));
    assert_eq!((ran.closest("h0"), ran.closest("h1"), ran.took), (ms(0), ms(1_000), ms(9_100)));
}

#[test]
fn hosts_of_one_domain_count_as_one_host_if_grouped_by_domain() {
    let list: Vec<String> = (0..30).map(|n| format!("http://s{n}.example.co.uk/")).collect();
    let mut options = free();
    options.politeness.concurrency = 3;
    for (group_by, took) in [(GroupBy::Host, ms(100)), (GroupBy::Domain, ms(1_000))] {
        options.politeness.group_by = group_by;
        assert_eq!(run(options.clone(), &list, 32, 1000, &serve_all(100)).took, took);
    }
}

#[test]
fn the_rate_of_the_run_applies_to_all_hosts_together() {
    let mut options = free();
    options.politeness.interval = ms(20);
    let ran = run(options, &list(10, 10, false), 32, 1000, &serve_all(500));
    assert_eq!(ran.took, ms(99 * 20 + 500));
}

#[test]
fn robots_txt_is_requested_once_for_each_origin_and_obeyed() {
    let serve: Serve = Box::new(|url, _| match (url.host_str(), url.path()) {
        (Some("h0"), "/robots.txt") => in_time(300, Said::Robots("User-agent: *\nDisallow: /1\n")),
        (Some("h1"), "/robots.txt") => in_time(300, Said::Redirect("http://other/robots.txt")),
        (Some("other"), "/robots.txt") => in_time(300, Said::Robots("User-agent: *\nDisallow: /2\n")),
        (Some("h2"), "/robots.txt") => in_time(10, Said::Redirect("http://h2/robots.txt")),
        (_, path) => {
            assert!(!path.ends_with("robots.txt"), "{url}");
            in_time(100, Said::Page)
        }
    });
    let mut options = free();
    options.politeness.robots = true;
    options.politeness.concurrency = 2;
    let ran = run(options.clone(), &list(3, 40, false), 32, 1000, &serve);
    // `h0` forbids 1 and 10 to 19, `h1` forbids 2 and 20 to 29. `h2` has no robots.txt, because its file redirects to
    // itself.
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::RobotsDenied, 22)]));
    for (host, robots) in [("h0", 1), ("h1", 1), ("other", 1), ("h2", 1)] {
        let asked = ran.host(host).iter().filter(|seen| seen.url.ends_with("/robots.txt")).count();
        assert_eq!(asked, robots, "{host}");
        assert!(ran.host(host)[0].url.ends_with("/robots.txt"), "the robots.txt comes first");
    }
    let denied = ran.settled.iter().find(|settled| settled.seq == 3).expect("h0/1");
    assert_eq!((denied.attempts, denied.elapsed), (0, Duration::ZERO));

    options.hosts = HashMap::from([("h0".to_owned(), HostRules { robots: Some(false), ..HostRules::default() })]);
    assert_eq!(run(options, &list(3, 40, false), 32, 1000, &serve).failures().values().sum::<usize>(), 11);
}

#[test]
fn a_crawl_delay_is_obeyed_up_to_the_limit() {
    for (delay, kept) in [("3", ms(3_000)), ("0.5", ms(1_000)), ("86400", ms(30_000))] {
        let robots: &'static str = format!("User-agent: *\nCrawl-delay: {delay}\n").leak();
        let serve: Serve = Box::new(move |url, _| match url.path() {
            "/robots.txt" => in_time(5, Said::Robots(robots)),
            _ => in_time(5, Said::Page),
        });
        let mut options = free();
        options.politeness.robots = true;
        options.politeness.delay = ms(1_000);
        let ran = run(options, &list(1, 5, false), 8, 1000, &serve);
        let mut sent: Vec<Duration> = ran.host("h0").iter().map(|seen| seen.sent).collect();
        sent.sort();
        // The robots.txt request counts as well, from the time of its answer.
        assert!(sent[1] - sent[0] >= kept && sent[1] - sent[0] <= kept + ms(5), "{delay}: {sent:?}");
        assert!(sent[1..].windows(2).all(|two| two[1] - two[0] == kept), "{delay}: {sent:?}");
    }
}

#[test]
fn an_unavailable_robots_txt_is_requested_again_and_then_fails_its_tasks() {
    let cases = [
        (refused(), FailureKind::Connect, 3),
        (status(503, Retry::Yes), FailureKind::RobotsDenied, 3),
        (status(503, Retry::After(Duration::from_secs(20))), FailureKind::RobotsDenied, 3),
        (Failure::new(FailureKind::Dns, Stage::Fetch, "no such host"), FailureKind::Dns, 1),
    ];
    for (failure, kind, tries) in cases {
        let served = failure.clone();
        let serve: Serve = Box::new(move |_, _| in_time(5, Said::NoRobots(served.clone())));
        let mut options = free();
        options.politeness.robots = true;
        let ran = run(options, &list(1, 50, false), 8, 1000, &serve);
        assert_eq!(ran.failures(), BTreeMap::from([(kind, 50)]), "{failure:?}");
        assert_eq!(ran.requests(), tries, "{failure:?}");
        let Outcome::Failure(told) = &ran.settled[0].outcome else { panic!("{failure:?}") };
        assert_eq!(told.stage, Stage::Robots);
        assert!(
            told.message.contains("robots.txt of http://h0") && told.message.contains(&failure.message),
            "{told:?}"
        );
        if let Retry::After(pause) = failure.retry {
            assert!(ran.closest("h0") >= pause);
        }
    }
}

#[test]
fn a_retry_after_pauses_the_whole_host_and_no_other() {
    let serve: Serve = Box::new(|url, n| match (url.host_str(), n) {
        (Some("h0"), 10) => in_time(100, Said::Failure(status(429, Retry::After(Duration::from_secs(60))))),
        _ => in_time(100, Said::Page),
    });
    let mut options = free();
    options.politeness.concurrency = 4;
    let ran = run(options, &list(2, 100, false), 16, 1000, &serve);
    assert!(ran.failures().is_empty(), "{:?}", ran.failures());
    let told = ran.host("h0")[10].ended;
    for seen in ran.host("h0") {
        assert!(seen.sent < told || seen.sent >= told + Duration::from_secs(60), "{seen:?}");
    }
    assert!(ran.host("h1").iter().all(|seen| seen.ended < ms(4_000)));
}

#[test]
fn an_adaptive_delay_follows_the_host() {
    let mut options = free();
    options.politeness.adaptive = Some(Adaptive { target: 2.0, max_delay: Duration::from_secs(60) });
    options.politeness.concurrency = 8;
    let ran = run(
        options,
        &list(2, 60, false),
        32,
        1000,
        &(Box::new(|url: &Url, _| in_time(if url.host_str() == Some("h0") { 100 } else { 1_000 }, Said::Page))
            as Serve),
    );
    // The distance at which two requests are under way on average.
    let apart = |host: &str| {
        let seen = ran.host(host);
        (seen[59].sent - seen[19].sent) / 40
    };
    assert_eq!((apart("h0"), apart("h1")), (ms(50), ms(500)));
}

#[test]
fn redirects_obey_the_gate_and_the_robots_txt_of_the_host_they_lead_to() {
    let serve: Serve = Box::new(|url, _| match (url.host_str(), url.path()) {
        (Some("to"), "/robots.txt") => in_time(10, Said::Robots("User-agent: *\nDisallow: /secret\n")),
        (_, "/robots.txt") => in_time(10, Said::Robots("")),
        (Some("h0"), "/7") => in_time(10, Said::Redirect("http://to/secret")),
        (Some("h0"), _) => in_time(10, Said::Redirect("http://to/page")),
        _ => in_time(10, Said::Page),
    });
    let mut options = free();
    options.politeness.robots = true;
    options.hosts = HashMap::from([("to".to_owned(), HostRules { delay: Some(ms(200)), ..HostRules::default() })]);
    let ran = run(options, &list(1, 20, false), 32, 1000, &serve);
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::RobotsDenied, 1)]));
    assert_eq!((ran.closest("to"), ran.host("to").len()), (ms(200), 20));
    let denied = ran.settled.iter().find(|settled| settled.seq == 7).expect("it is settled");
    assert_eq!(denied.attempts, 1, "its first hop was sent");
}

/// Ten thousand tasks of a thousand hosts with different speeds.
#[test]
fn a_mixed_web_takes_little_longer_than_the_minimum() {
    const PLACES: u32 = 64;
    let speed = |host: u64| 20 + host * 37 % 400;
    let serve: Serve = Box::new(move |url, _| {
        let host: u64 = url.host_str().and_then(|host| host[1..].parse().ok()).expect("a number");
        match (host % 50, url.path()) {
            (_, "/robots.txt") => in_time(speed(host), Said::Robots("")),
            (0, _) => in_time(30, Said::Failure(Failure { retry: Retry::No, ..refused() })),
            _ => in_time(speed(host), Said::Page),
        }
    });
    let mut options = free();
    options.politeness.robots = true;
    options.politeness.concurrency = 2;
    options.politeness.delay = ms(50);
    for by_host in [false, true] {
        let list = list(1000, 10, by_host);
        let ran = run(options.clone(), &list, PLACES as usize, 100_000, &serve);
        assert_eq!(ran.settled.len(), 10_000);
        let work: Duration = ran.seen.values().flatten().map(|seen| seen.ended - seen.sent).sum();
        let alone = |host: &Vec<Seen>| {
            let work: Duration = host.iter().skip(1).map(|seen| seen.ended - seen.sent).sum();
            let robots = host[0].ended - host[0].sent;
            robots + (work / 2).max(ms(50) * u32::try_from(host.len() - 2).expect("few"))
        };
        let bound = (work / PLACES).max(ran.seen.values().map(alone).max().expect("hosts"));
        assert!(ran.took <= bound.mul_f64(1.1), "{:?}, and {bound:?} is the minimum", ran.took);
        for host in ran.seen.keys() {
            assert!(ran.most_at_once(host) <= 2 && ran.closest(host) >= ms(50), "{host}");
        }
    }
}

#[test]
fn hosts_without_tasks_are_forgotten() {
    let mut schedule =
        Schedule::new(Options { politeness: Politeness { robots: true, ..free().politeness }, ..free() });
    let now = Instant::now();
    for seq in 0..30_000 {
        let line = format!("http://h{seq}/");
        let task = Task {
            seq,
            url: Ok(Url::parse(&line).expect("a URL")),
            line,
            input: Carried::default(),
            stored: None,
            reach: Reach::Listed,
        };
        assert!(schedule.admit(task, now).is_none());
        for _ in 0..2 {
            let Some(Step::Fetch(dispatch)) = schedule.next(now) else { panic!("something to fetch") };
            schedule.hand_out(dispatch.id, now);
            let said = if let RequestId::Page(_) = dispatch.id { Said::Page } else { Said::Robots("") };
            answered(&mut schedule, dispatch.id, said, ms(1), now);
        }
    }
    assert!(schedule.is_empty());
    let (hosts, origins) = schedule.known();
    assert!(hosts <= 10_002 && origins <= 10_002, "{hosts} hosts, {origins} origins");
}

#[test]
fn endless_subdomains_are_forgotten_although_their_domain_is_one_host() {
    let politeness = Politeness { robots: true, group_by: GroupBy::Domain, ..free().politeness };
    let mut schedule = Schedule::new(Options { politeness, ..free() });
    let now = Instant::now();
    let mut visit = |seq: u64, keep: bool| {
        let line = format!("http://h{seq}.example.com/");
        let task = Task {
            seq,
            url: Ok(Url::parse(&line).expect("a URL")),
            line,
            input: Carried::default(),
            stored: None,
            reach: Reach::Listed,
        };
        assert!(schedule.admit(task, now).is_none());
        while let Some(Step::Fetch(dispatch)) = schedule.next(now) {
            schedule.hand_out(dispatch.id, now);
            let said = if let RequestId::Page(_) = dispatch.id { Said::Page } else { Said::Robots("") };
            if keep && matches!(dispatch.id, RequestId::Page(_)) {
                break;
            }
            answered(&mut schedule, dispatch.id, said, ms(1), now);
        }
        schedule.known()
    };
    // One task stays, so its host stays as well.
    visit(0, true);
    let known = (1..10_000).map(|seq| visit(seq, false)).last().expect("there are many");
    assert!(known.0 == 1 && known.1 <= 1_001, "{known:?}");
}

#[test]
fn pages_that_robots_txt_forbids_do_not_count_as_failures_of_the_host() {
    let serve: Serve = Box::new(|url, _| match url.path() {
        "/robots.txt" => in_time(5, Said::Robots("User-agent: *\nDisallow: /1\n")),
        _ => in_time(5, Said::Page),
    });
    let mut options = free();
    options.politeness.robots = true;
    options.max_host_failures = 2;
    let ran = run(options, &list(1, 30, false), 4, 100, &serve);
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::RobotsDenied, 11)]));
}

#[test]
fn a_robots_txt_request_that_killed_its_worker_runs_alone() {
    let mut schedule =
        Schedule::new(Options { politeness: Politeness { robots: true, ..free().politeness }, ..free() });
    let now = Instant::now();
    let line = "http://h/".to_owned();
    schedule.admit(
        Task {
            seq: 0,
            url: Ok(Url::parse(&line).expect("a URL")),
            line,
            input: Carried::default(),
            stored: None,
            reach: Reach::Listed,
        },
        now,
    );
    for alone in [false, true] {
        let Some(Step::Fetch(dispatch)) = schedule.next(now) else { panic!("a robots.txt") };
        schedule.hand_out(dispatch.id, now);
        assert_eq!((dispatch.id, dispatch.alone), (RequestId::Robots(0), alone));
        schedule.rerun(dispatch.id, true, true, now);
    }
}

#[test]
fn a_stored_page_does_not_delay_the_next_request() {
    let mut options = free();
    options.politeness.delay = Duration::from_secs(10);
    options.politeness.interval = Duration::from_secs(1);
    let mut schedule = Schedule::new(options);
    let now = Instant::now();
    for seq in 0..3 {
        let line = "http://h/".to_owned();
        schedule.admit(
            Task {
                seq,
                url: Ok(Url::parse(&line).expect("a URL")),
                line,
                input: Carried::default(),
                stored: None,
                reach: Reach::Listed,
            },
            now,
        );
    }
    let page = Page { final_url: String::new(), status: 200, bytes: 1, data: "{}".into(), fit: Fit::default() };
    for seq in 0..3 {
        let Some(Step::Fetch(dispatch)) = schedule.next(now) else { panic!("{seq} may be sent") };
        assert_eq!(dispatch.id, RequestId::Page(seq));
        assert!(schedule.known_page(dispatch.id, page.clone(), now).is_some());
    }
}

#[test]
fn a_request_lost_with_its_worker_counts_as_sent_at_that_moment() {
    let mut options = free();
    options.politeness.delay = Duration::from_secs(1);
    let mut schedule = Schedule::new(options);
    let begun = Instant::now();
    let line = "http://h/".to_owned();
    schedule.admit(
        Task {
            seq: 0,
            url: Ok(Url::parse(&line).expect("a URL")),
            line,
            input: Carried::default(),
            stored: None,
            reach: Reach::Listed,
        },
        begun,
    );
    let _ = schedule.next(begun);
    schedule.hand_out(RequestId::Page(0), begun);
    let lost = begun + Duration::from_secs(3);
    schedule.rerun(RequestId::Page(0), false, false, lost);
    assert_eq!(schedule.next(lost + ms(999)), None);
    assert!(schedule.next(lost + ms(1000)).is_some());
}
