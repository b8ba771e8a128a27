//! The most that the answers of one server can cost the coordinator and the other hosts.

#![expect(clippy::unchecked_time_subtraction, reason = "later times are greater, or the test fails")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use url::Url;

use super::origins::AGAIN_AFTER;
use super::simulation_tests::{Said, Serve, in_time, ms, run};
use super::tests::{free, no_cookies};
use super::*;
use crate::model::{Answer, Carried, Failure, FailureKind, Outcome, Retry, Stage, Task};
use crate::robots;

const MIB: usize = 1 << 20;

fn polite() -> Options {
    Options {
        max_redirects: 10,
        politeness: Politeness { robots: true, concurrency: 2, ..free().politeness },
        ..free()
    }
}

fn admit(schedule: &mut Schedule, seq: u64, line: &str, now: Instant) {
    let url = Url::parse(line).expect("a URL");
    assert_eq!(
        schedule.admit(Task { seq, line: line.to_owned(), url: Ok(url), input: Carried::default(), stored: None }, now),
        None
    );
}

/// Hands out all orders that can be sent. Also returns the tasks that were settled on the way.
fn hand_out(schedule: &mut Schedule, now: Instant) -> (Vec<RequestId>, Vec<Settled>) {
    let (mut orders, mut settled) = (Vec::new(), Vec::new());
    while let Some(step) = schedule.next(now) {
        match step {
            Step::Fetch(dispatch) => {
                schedule.hand_out(dispatch.id, now);
                orders.push(dispatch.id);
            }
            Step::Settled(one) => settled.push(one),
        }
    }
    (orders, settled)
}

fn redirect(schedule: &mut Schedule, seq: u64, to: &str, now: Instant) -> Option<Settled> {
    let answer = Answer::Redirect { status: 302, to: to.parse().expect("a URL"), bytes: 0 };
    schedule.answered(seq, answer, no_cookies, Duration::ZERO, now)
}

fn failure_of(settled: Settled) -> Failure {
    match settled.outcome {
        Outcome::Failure(failure) => failure,
        Outcome::Page(page) => panic!("{page:?}"),
    }
}

/// Answers the request for the robots.txt `id` with a redirect.
fn redirect_robots_txt(schedule: &mut Schedule, id: u64, to: &str, now: Instant) {
    let to = to.parse().expect("a URL");
    schedule.robots_answered(id, robots::Answer::Redirect { status: 302, to }, Duration::ZERO, now);
}

#[test]
fn a_redirect_to_a_url_that_no_request_can_contain_is_a_failure_of_its_line() {
    let table = [
        (format!("http://other/{}", "x".repeat(70_000)), "the URL is 70013 bytes long"),
        (format!("http://other/?{}", "%E9".repeat(390_000)), "the URL is 1170014 bytes long"),
        (format!("http://other/#{}", "x".repeat(70_000)), "the URL is 70014 bytes long"),
        (format!("http://u:{}@other/", "p".repeat(140_000)), "the URL is 140016 bytes long with its user name"),
        (format!("http://{}/", "a.".repeat(150)), "the host is 299 bytes long"),
        (format!("http://{}/", "a".repeat(70)), "a part of the host is 70 bytes long"),
        ("http://a..b/".to_owned(), "the host has nothing between two dots"),
        ("http://{host}/".to_owned(), "the host `{host}` has a character"),
    ];
    for (to, expected) in table {
        let now = Instant::now();
        let mut schedule = Schedule::new(Options { max_host_failures: 1, ..free() });
        (0..2).for_each(|seq| admit(&mut schedule, seq, "http://h/", now));
        assert_eq!(schedule.next(now).map(|_| ()), Some(()), "{expected}");
        schedule.hand_out(RequestId::Page(0), now);
        let failure = failure_of(redirect(&mut schedule, 0, &to, now).expect("it is settled"));
        assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, Retry::No), "{expected}");
        assert!(failure.message.contains(expected), "{expected}: {}", failure.message);
        assert!(failure.message.len() <= Failure::LONGEST && failure.final_url.as_deref() == Some("http://h/"));
        let (orders, settled) = hand_out(&mut schedule, now);
        assert!(
            orders.is_empty() && settled.len() == 1,
            "{expected}: the failure counts for the host of the line: {orders:?}"
        );
        assert_eq!((schedule.weight(), schedule.detours()), (0, 0), "{expected}");
    }
}

#[test]
fn a_robots_txt_redirect_to_a_url_that_no_request_can_contain_counts_as_a_missing_file() {
    let now = Instant::now();
    let mut schedule = Schedule::new(polite());
    admit(&mut schedule, 0, "http://h/", now);
    let (orders, _) = hand_out(&mut schedule, now);
    let [RequestId::Robots(id)] = orders[..] else { panic!("{orders:?}") };
    let to = format!("http://other/{}", "x".repeat(70_000));
    redirect_robots_txt(&mut schedule, id, &to, now);
    assert_eq!(hand_out(&mut schedule, now).0, [RequestId::Page(0)]);
}

#[test]
fn what_the_list_carries_counts_until_the_task_is_settled_and_is_told_to_rules() {
    let now = Instant::now();
    let mut schedule = Schedule::new(free());
    admit(&mut schedule, 0, "http://h/", now);
    let without = schedule.weight();
    let input = Carried::of_cells([("sku", "x".repeat(100_000).as_str())]);
    let (line, url) = ("http://h/".to_owned(), Url::parse("http://h/"));
    let task = Task { seq: 1, line, url: Ok(url.expect("a URL")), input: input.clone(), stored: None };
    assert_eq!(schedule.admit(task, now), None);
    assert_eq!(schedule.weight(), 2 * without + input.weight());
    assert_eq!(schedule.facts(1).map(|facts| facts.input), Some(input.texts()));
    hand_out(&mut schedule, now);
    let failure = Failure::new(FailureKind::Decode, Stage::Decode, "bad");
    let settled = schedule.answered(1, Answer::Failure(failure), no_cookies, Duration::ZERO, now);
    assert_eq!(settled.map(|settled| settled.input), Some(input));
    assert_eq!(schedule.weight(), without);
}

#[test]
fn long_urls_from_redirects_are_counted_and_their_memory_is_bounded() {
    let now = Instant::now();
    let long = |seq: u64| format!("http://other/{seq}?{}", "x".repeat(60_000));
    let (hosts, each) = (8, 1_000);
    let mut schedule = Schedule::new(Options { max_retries: 0, max_redirects: 10, ..free() });
    for seq in 0..hosts * each {
        admit(&mut schedule, seq, &format!("http://h{}/{seq}", seq % hosts), now);
    }
    let before = schedule.weight();
    let (orders, _) = hand_out(&mut schedule, now);
    assert_eq!(orders.len() as u64, hosts * each);
    let mut followed: BTreeMap<u64, usize> = (0..hosts).map(|host| (host, 0)).collect();
    for seq in 0..hosts * each {
        match redirect(&mut schedule, seq, &long(seq), now) {
            None => *followed.entry(seq % hosts).or_default() += 1,
            Some(settled) => {
                let failure = failure_of(settled);
                assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, Retry::Yes));
                assert!(failure.message.contains("use all the memory"), "{}", failure.message);
            }
        }
        assert!(schedule.detours() <= 64 * MIB && schedule.weight() <= 2 * before);
    }
    assert!(schedule.detours() > 63 * MIB, "{}", schedule.detours());
    assert!(followed.values().all(|count| (100..=280).contains(count)), "no host uses all the room: {followed:?}");
    // A task that ends makes room. The next hop takes the place of the hop before.
    let (orders, _) = hand_out(&mut schedule, now);
    for order in orders {
        let RequestId::Page(seq) = order else { panic!("{order:?}") };
        assert_eq!(redirect(&mut schedule, seq, &long(seq).replace("?x", "?y"), now), None, "{seq}");
    }
    let (orders, _) = hand_out(&mut schedule, now);
    for order in orders {
        let RequestId::Page(seq) = order else { panic!("{order:?}") };
        assert_eq!(redirect(&mut schedule, seq, &format!("http://short/{seq}"), now), None);
    }
    assert_eq!(schedule.detours(), 0);
    for order in hand_out(&mut schedule, now).0 {
        let RequestId::Page(seq) = order else { panic!("{order:?}") };
        let gone = Failure::new(FailureKind::HttpStatus, Stage::Fetch, "gone");
        schedule.answered(seq, Answer::Failure(gone), no_cookies, Duration::ZERO, now);
    }
    assert_eq!((schedule.weight(), schedule.detours(), schedule.under_way()), (0, 0, 0));
}

#[test]
fn a_redirect_without_room_is_requested_again_and_followed_when_there_is_room() {
    let mut now = Instant::now();
    let long = |seq: u64| format!("http://other/{seq}?{}", "x".repeat(60_000));
    let mut schedule = Schedule::new(free());
    (0..300).for_each(|seq| admit(&mut schedule, seq, "http://h/", now));
    let (orders, _) = hand_out(&mut schedule, now);
    assert_eq!(orders.len(), 300);
    (0..300).for_each(|seq| assert_eq!(redirect(&mut schedule, seq, &long(seq), now), None));
    let (went, _) = hand_out(&mut schedule, now);
    assert!(went.len() < 300, "some had no room");
    for order in &went {
        let RequestId::Page(seq) = *order else { panic!("{order:?}") };
        assert_eq!(redirect(&mut schedule, seq, "http://short/", now), None);
    }
    now += Duration::from_secs(60);
    let (orders, _) = hand_out(&mut schedule, now);
    let later: Vec<u64> = (0..300).filter(|seq| !went.contains(&RequestId::Page(*seq))).collect();
    for seq in later {
        assert!(orders.contains(&RequestId::Page(seq)), "{seq} is asked for again");
        assert_eq!(schedule.url(seq).map(Url::as_str), Some("http://h/"));
        assert_eq!(redirect(&mut schedule, seq, &long(seq), now), None);
        assert_eq!(schedule.url(seq).map(|url| url.as_str().len()), Some(long(seq).len()), "now there is room");
    }
}

#[test]
fn long_redirects_of_robots_txt_requests_have_the_same_bound() {
    let now = Instant::now();
    let mut schedule = Schedule::new(Options { max_retries: 0, ..polite() });
    let count = 1_500;
    (0..count).for_each(|seq| admit(&mut schedule, seq, &format!("http://h{seq}/"), now));
    let mut orders = hand_out(&mut schedule, now).0;
    assert_eq!(orders.len() as u64, count);
    let mut refused = 0;
    for hop in 0..2 {
        for order in std::mem::take(&mut orders) {
            let RequestId::Robots(id) = order else { panic!("{order:?}") };
            let to = format!("http://other/{id}/{hop}?{}", "x".repeat(60_000));
            redirect_robots_txt(&mut schedule, id, &to, now);
            assert!(schedule.detours() <= 64 * MIB);
        }
        // Each host gets two robots.txt requests at a time; the others wait.
        let (again, settled) = hand_out(&mut schedule, now);
        refused += settled.len();
        settled.into_iter().for_each(|settled| assert_eq!(failure_of(settled).stage, Stage::Robots));
        orders = again;
    }
    assert!(refused > 300 && schedule.detours() > 60 * MIB, "{refused}");
    // In the end all robots.txt requests are over, and nothing is counted any more.
    for _ in 0..count {
        for order in std::mem::take(&mut orders) {
            if let RequestId::Robots(id) = order {
                let allowed = robots::Answer::Rules(robots::Rules::allow_all());
                schedule.robots_answered(id, allowed, Duration::ZERO, now);
            }
        }
        orders = hand_out(&mut schedule, now).0;
    }
    assert_eq!(schedule.detours(), 0);
}

#[test]
fn the_remembered_failure_of_a_host_is_small() {
    let now = Instant::now();
    let answer = |stage| Failure {
        final_url: Some("x".repeat(60_000)),
        causes: vec!["x".repeat(Failure::LONGEST); Failure::MOST_CAUSES],
        retry: Retry::After(Duration::from_secs(86_400)),
        status: Some(503),
        ..Failure::new(FailureKind::HttpStatus, stage, "x".repeat(60_000))
    };
    let weight = |failure: &Failure| {
        let texts = failure.causes.iter().map(String::len).sum::<usize>() + failure.message.len();
        texts + failure.final_url.as_ref().map_or(0, String::len)
    };
    // The failure is the answer for the robots.txt, or for pages. Three pages in a row count for the whole host.
    for (options, most) in [(polite(), 1), (free(), 3)] {
        let mut schedule = Schedule::new(options);
        (0..5).for_each(|seq| admit(&mut schedule, seq, &format!("http://h/{seq}"), now));
        let mut answered = 0;
        let refused = loop {
            let (orders, settled) = hand_out(&mut schedule, now);
            if !settled.is_empty() {
                break settled;
            }
            assert!(answered < most + 4, "the host is not refused");
            for order in orders {
                answered += 1;
                match order {
                    RequestId::Page(seq) => {
                        let answer = Answer::Failure(answer(Stage::Fetch));
                        schedule.answered(seq, answer, no_cookies, Duration::ZERO, now);
                    }
                    RequestId::Robots(id) => {
                        let answer = robots::Answer::Failed(answer(Stage::Robots));
                        schedule.robots_answered(id, answer, Duration::ZERO, now);
                    }
                }
            }
            if schedule.is_empty() {
                admit(&mut schedule, 100, "http://h/100", now);
            }
        };
        for settled in refused {
            let failure = failure_of(settled);
            assert!(weight(&failure) < 1_000, "{}", weight(&failure));
        }
    }
}

/// A file of 500 KB. Each of its non-ASCII bytes becomes three.
fn huge_robots() -> &'static str {
    let lines: Vec<String> = (0..25).map(|n| format!("Disallow: /{}{n}", "é".repeat(9_980))).collect();
    Box::leak(format!("User-agent: *\n{}", lines.join("\n")).into_boxed_str())
}

#[test]
fn a_huge_robots_txt_is_forgotten_before_small_ones_and_requested_again_with_pauses() {
    let huge = huge_robots();
    let (hosts, each) = (60, 40);
    let list: Vec<String> =
        (0..each).flat_map(|page| (0..hosts).map(move |host| format!("http://h{host}/{page}"))).collect();
    let serve: Serve = Box::new(move |url, _| match (url.path(), url.host_str()) {
        ("/robots.txt", Some("h0")) => in_time(5, Said::Robots("User-agent: *\nDisallow: /private")),
        ("/robots.txt", _) => in_time(5, Said::Robots(huge)),
        _ => in_time(20, Said::Page),
    });
    let ran = run(polite(), &list, 64, 100_000, &serve);
    assert_eq!(ran.failures().len(), 0, "{:?}", ran.failures());
    let mut again = 0;
    for (name, seen) in &ran.seen {
        let asked: Vec<Duration> =
            seen.iter().filter(|seen| seen.url.ends_with("/robots.txt")).map(|seen| seen.sent).collect();
        assert!(name != "h0" || asked.len() == 1, "the ordinary host gets one robots.txt request: {asked:?}");
        assert!(asked.windows(2).all(|two| two[1] - two[0] >= AGAIN_AFTER), "{name}: {asked:?}");
        again += asked.len() - 1;
    }
    assert!(again > 0, "the rules of all hosts do not fit");
    assert!(again < 60, "{again}");
    let honest = ran.host("h0").iter().map(|seen| seen.ended).max().expect("pages");
    assert!(honest < ms(20_000), "the ordinary host is not slowed down: {honest:?}");
    assert_eq!(ran.settled.len(), list.len());
}
