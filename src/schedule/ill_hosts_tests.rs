//! Hosts that fail for all or some pages, on the simulated web of `simulation_tests`. A working host is not punished, a
//! dead host delays no other host, and no host makes another one fail.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use url::Url;

use super::simulation_tests::{Ran, Said, Serve, answered, in_time, list, ms, refused, run, serve_all, status};
use super::tests::free;
use super::*;
use crate::model::{Carried, Failure, FailureKind, Outcome, Retry, Stage, Task};

const HOUR: Retry = Retry::After(Duration::from_secs(3600));

/// The default limits.
fn polite(robots: bool) -> Options {
    let mut options = free();
    options.politeness.robots = robots;
    options.politeness.concurrency = 8;
    options
}

fn number(url: &Url) -> u64 {
    url.path()[1..].parse().expect("a number")
}

/// Runs pages of one host. The pages in `bad` fail each time.
fn run_with_bad_pages(count: u64, bad: Vec<u64>, failure: Failure) -> Ran {
    let serve: Serve = Box::new(move |url, _| match number(url) {
        page if bad.contains(&page) => in_time(10, Said::Failure(failure.clone())),
        _ => in_time(10, Said::Page),
    });
    run(polite(false), &list(1, count, false), 32, 1000, &serve)
}

#[test]
fn four_bad_pages_cost_little_time_anywhere_in_the_list() {
    let places: [Vec<u64>; 5] = [
        vec![0, 1, 2, 3],
        vec![250, 251, 252, 253],
        vec![500, 501, 502, 503],
        vec![7, 99, 300, 502],
        vec![0, 1, 502, 503],
    ];
    let good = run(polite(false), &list(1, 504, false), 32, 1000, &serve_all(10)).took;
    let failures = [
        status(500, Retry::Yes),
        status(502, Retry::Yes),
        status(503, Retry::Yes),
        status(429, Retry::Yes),
        status(503, HOUR),
        refused(),
        Failure::new(FailureKind::Timeout, Stage::Fetch, "late").retryable(),
    ];
    for failure in failures {
        for bad in &places {
            let ran = run_with_bad_pages(504, bad.clone(), failure.clone());
            let lost = ran.failures().values().sum::<usize>();
            assert_eq!(lost, 4, "{failure:?} at {bad:?}");
            assert!(ran.took <= good + Duration::from_secs(10), "{failure:?} at {bad:?}: {:?}", ran.took);
        }
    }
}

#[test]
fn a_bad_page_that_repeats_counts_as_one_bad_page() {
    let list: Vec<String> = (0..300).map(|n| format!("http://h0/{}#{n}", n % 3)).collect();
    let serve: Serve = Box::new(|url, _| match number(url) {
        0 => in_time(10, Said::Page),
        _ => in_time(10, Said::Failure(status(503, Retry::Yes))),
    });
    let ran = run(polite(false), &list, 32, 1000, &serve);
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::HttpStatus, 200)]));
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
}

#[test]
fn a_section_of_bad_pages_does_not_fail_the_pages_after_it() {
    for failure in [status(500, Retry::Yes), status(503, Retry::Yes), refused()] {
        let ran = run_with_bad_pages(1000, (300..360).collect(), failure.clone());
        let lost = ran.failures().values().sum::<usize>();
        assert_eq!(lost, 60, "{failure:?}");
        assert!(ran.took < Duration::from_secs(30), "{failure:?}: {:?}", ran.took);
    }
}

/// Runs 9,000 pages of good hosts, and before them `each` pages of each of the dead hosts.
fn run_with_a_dead_host(robots: bool, silence: u64, dead_hosts: u64, each: u64) -> Ran {
    let is_dead = |url: &Url| url.host_str().is_some_and(|host| host.starts_with("dead"));
    let serve: Serve = Box::new(move |url, _| match (is_dead(url), url.path()) {
        (true, "/robots.txt") => in_time(silence, Said::NoRobots(refused())),
        (true, _) => in_time(silence, Said::Failure(refused())),
        (false, "/robots.txt") => in_time(10, Said::Robots("")),
        (false, _) => in_time(10, Said::Page),
    });
    let dead = (0..each).flat_map(|page| (0..dead_hosts).map(move |host| format!("http://dead{host}/{page}")));
    let good = (0..1000).flat_map(|page| (0..9).map(move |host| format!("http://h{host}/{page}")));
    let list: Vec<String> = dead.chain(good).collect();
    run(polite(robots), &list, 32, 100_000, &serve)
}

#[test]
fn a_dead_host_costs_a_run_only_seconds_regardless_of_its_pages() {
    for (robots, silence) in [(false, 5), (true, 5), (false, 1000), (true, 1000)] {
        let good = run_with_a_dead_host(robots, silence, 0, 0).took;
        // (hosts, pages of each)
        for (hosts, each) in [(1, 1000), (10, 1), (1, 5), (1, 8), (1, 20), (10, 100)] {
            let ran = run_with_a_dead_host(robots, silence, hosts, each);
            let lost = ran.failures();
            assert_eq!(lost, BTreeMap::from([(FailureKind::Connect, usize::try_from(hosts * each).expect("few"))]));
            let case = format!("{hosts} hosts, {each} pages, robots {robots}, answer after {silence} ms");
            assert!(ran.took <= good + Duration::from_secs(15), "{case}: {:?}, and {good:?} without", ran.took);
        }
    }
}

#[test]
fn a_dead_proxy_for_all_hosts_ends_the_run_in_seconds() {
    for (hosts, each) in [(1, 1000), (10, 100), (100, 10), (300, 1)] {
        for (robots, silence) in [(false, 5), (true, 5), (false, 1000), (true, 1000)] {
            let serve: Serve = Box::new(move |url, _| match url.path() {
                "/robots.txt" => in_time(silence, Said::NoRobots(refused())),
                _ => in_time(silence, Said::Failure(refused())),
            });
            let ran = run(polite(robots), &list(hosts, each, false), 32, 100_000, &serve);
            assert_eq!(ran.failures()[&FailureKind::Connect], usize::try_from(hosts * each).expect("few"));
            // If each of many hosts takes a second to fail, the number of places limits the run.
            let most = Duration::from_secs(if silence < 1000 || hosts <= 10 { 15 } else { 60 });
            assert!(ran.took <= most, "{hosts} hosts, robots {robots}, {silence} ms: {:?}", ran.took);
        }
    }
}

#[test]
fn a_dead_host_gets_few_requests() {
    let dead: Serve = Box::new(|_, _| in_time(10, Said::Failure(refused())));
    let ran = run(polite(false), &list(1, 1000, false), 32, 1000, &dead);
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::Connect, 1000)]));
    assert!(ran.requests() <= 8 + 3, "{}", ran.requests());
}

#[test]
fn a_host_that_has_answered_before_is_given_up_later() {
    // Two bursts of eight requests, and then the single tries.
    let away: Serve = Box::new(|_, n| match n {
        20..35 => in_time(10, Said::Failure(refused())),
        _ => in_time(10, Said::Page),
    });
    let ran = run(polite(false), &list(1, 1000, false), 32, 1000, &away);
    assert_eq!(ran.failures(), BTreeMap::new());
    assert!(ran.took > Duration::from_secs(5), "{:?}", ran.took);
    // A robots.txt is an answer as well.
    let gone: Serve = Box::new(|url, _| match url.path() {
        "/robots.txt" => in_time(10, Said::Robots("")),
        _ => in_time(10, Said::Failure(refused())),
    });
    let ran = run(polite(true), &list(1, 1000, false), 32, 1000, &gone);
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::Connect, 1000)]));
    assert!(ran.took > Duration::from_secs(100) && ran.took < Duration::from_secs(200), "{:?}", ran.took);
}

#[test]
fn a_host_that_serves_no_page_is_slowed_down_and_finally_given_up() {
    for failed in [500, 503] {
        let broken: Serve = Box::new(move |_, _| in_time(10, Said::Failure(status(failed, Retry::Yes))));
        let ran = run(polite(false), &list(1, 1000, false), 32, 1000, &broken);
        assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::HttpStatus, 1000)]));
        assert!(ran.requests() <= 100, "{failed}: {}", ran.requests());
        assert!(ran.took < Duration::from_secs(200), "{failed}: {:?}", ran.took);
    }
    // Nineteen pages are not enough to pause the host, however often each is tried.
    let broken: Serve = Box::new(|_, _| in_time(10, Said::Failure(status(503, Retry::Yes))));
    let ran = run(polite(false), &list(1, 19, false), 32, 1000, &broken);
    assert!(ran.took < Duration::from_secs(5) && ran.requests() == 19 * 3, "{:?}", ran.took);
}

#[test]
fn the_first_page_that_is_served_ends_the_slow_down() {
    let serve: Serve = Box::new(|_, n| match n {
        0..27 => in_time(10, Said::Failure(status(503, Retry::Yes))),
        _ => in_time(10, Said::Page),
    });
    let ran = run(polite(false), &list(1, 1000, false), 32, 1000, &serve);
    assert_eq!(ran.failures(), BTreeMap::new());
    // Only the pauses of 1, 2, 4 and 8 seconds.
    assert!(ran.took > Duration::from_secs(15) && ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

#[test]
fn a_retry_after_that_is_too_long_fails_its_page_and_after_three_pages_the_host() {
    type Says = fn(u64) -> bool;
    // Which of the 2,000 pages ask for a long pause, and how many pages fail.
    let table: [(Says, usize); 7] = [
        (|page| page == 7, 1),
        (|page| page == 0, 1),
        (|page| page % 500 == 3, 4),
        (|page| page == 100 || page == 101, 2),
        // The host is not given up while other requests to it are under way.
        (|page| page < 3, 3),
        (|page| page >= 4, 1996),
        (|_| true, 2000),
    ];
    for (case, (says, lost)) in table.into_iter().enumerate() {
        let serve: Serve = Box::new(move |url, _| {
            let failure = says(number(url)).then(|| status(503, HOUR));
            in_time(100, failure.map_or(Said::Page, Said::Failure))
        });
        let mut options = polite(false);
        options.politeness.concurrency = 4;
        let ran = run(options, &list(1, 2000, false), 16, 1000, &serve);
        assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::HttpStatus, lost)]), "case {case}");
        if lost < 10 {
            assert_eq!(ran.requests(), 2000, "case {case}");
            continue;
        }
        assert!(ran.requests() <= 4 + 8, "case {case}: {}", ran.requests());
        let unsent = ran.settled.iter().filter(|settled| settled.attempts == 0);
        let messages: Vec<_> = unsent.map(|settled| format!("{:?}", settled.outcome)).collect();
        assert!(messages.len() > 1980);
        assert!(messages.iter().all(|text| text.contains("host h0") && text.contains("fetch.max_retry_after")));
    }
}

#[test]
fn one_page_that_repeats_a_long_retry_after_does_not_count_for_its_host() {
    let list: Vec<String> = (0..100).map(|n| format!("http://h0/{}", if n % 2 == 0 { 0 } else { n })).collect();
    let serve: Serve = Box::new(|url, _| match number(url) {
        0 => in_time(10, Said::Failure(status(429, HOUR))),
        _ => in_time(10, Said::Page),
    });
    let ran = run(polite(false), &list, 1, 1000, &serve);
    assert_eq!((ran.failures(), ran.requests()), (BTreeMap::from([(FailureKind::HttpStatus, 50)]), 100));
}

#[test]
fn an_endless_retry_after_ends_requests_to_the_host() {
    let serve: Serve = Box::new(|_, _| in_time(10, Said::Failure(status(503, Retry::After(Duration::MAX)))));
    let ran = run(free(), &list(1, 100, false), 1, 1000, &serve);
    assert_eq!((ran.failures(), ran.requests()), (BTreeMap::from([(FailureKind::HttpStatus, 100)]), 3));
}

#[test]
fn a_later_and_shorter_retry_after_does_not_shorten_a_longer_one() {
    let mut schedule = Schedule::new(free());
    let mut now = Instant::now();
    let task = |seq: u64| {
        let line = format!("http://h/{seq}");
        Task { seq, url: Ok(Url::parse(&line).expect("a URL")), line, input: Carried::default(), stored: None }
    };
    for seq in 0..4 {
        schedule.admit(task(seq), now);
        assert!(schedule.next(now).is_some());
        schedule.hand_out(RequestId::Page(seq), now);
    }
    for (seq, patience) in [(0, 301), (1, 301), (2, 86_400), (3, 301)] {
        let failure = status(503, Retry::After(Duration::from_secs(patience)));
        assert!(answered(&mut schedule, RequestId::Page(seq), Said::Failure(failure), ms(1), now).is_some());
    }
    now += Duration::from_secs(400);
    schedule.admit(task(4), now);
    assert!(matches!(schedule.next(now), Some(Step::Settled(_))), "the pause of a day is not over");
}

#[test]
fn only_a_host_with_too_many_failures_is_given_up() {
    let serve: Serve = Box::new(|url, _| match url.host_str() {
        Some("h0") => in_time(10, Said::Failure(status(404, Retry::No))),
        _ => in_time(10, Said::Page),
    });
    let mut options = free();
    options.max_host_failures = 5;
    options.politeness.concurrency = 1;
    let ran = run(options, &list(2, 100, false), 8, 1000, &serve);
    assert_eq!((ran.host("h0").len(), ran.host("h1").len(), ran.failures()[&FailureKind::HttpStatus]), (5, 100, 100));
}

#[test]
fn only_requests_that_were_sent_count_as_failures_of_a_host() {
    for (kind, lost) in [(FailureKind::InvalidUrl, 20), (FailureKind::BlockedAddress, 20), (FailureKind::Tls, 100)] {
        let serve: Serve = Box::new(move |url, _| match number(url) % 5 {
            0 => in_time(10, Said::Failure(Failure::new(kind, Stage::Fetch, "no"))),
            _ => in_time(10, Said::Page),
        });
        let mut options = free();
        options.max_host_failures = 1;
        let ran = run(options, &list(1, 100, false), 1, 1000, &serve);
        assert_eq!(ran.failures(), BTreeMap::from([(kind, lost)]));
    }
}

#[test]
fn no_host_makes_another_one_fail_through_redirects() {
    // The answers of the pages that the hostile host redirects to.
    let answers: [fn() -> Failure; 5] = [
        refused,
        || status(503, Retry::Yes),
        || status(429, Retry::Yes),
        || status(503, HOUR),
        || status(404, Retry::No),
    ];
    for answer in answers {
        let serve: Serve = Box::new(move |url, _| match (url.host_str(), url.query()) {
            (Some("hostile"), _) => in_time(1, Said::Redirect(format!("http://victim/?{}", url.path()).leak())),
            (_, Some(_)) => in_time(1, Said::Failure(answer())),
            (_, None) => in_time(50, Said::Page),
        });
        let line =
            |n: u64| if n.is_multiple_of(2) { format!("http://hostile/{n}") } else { format!("http://victim/{n}") };
        let list: Vec<String> = (0..600).map(line).collect();
        let mut options = polite(false);
        options.max_host_failures = 50;
        let ran = run(options, &list, 32, 1000, &serve);
        let of = |host: &str, failed: bool| {
            let is_lost = |settled: &&Settled| matches!(settled.outcome, Outcome::Failure(_)) == failed;
            ran.settled.iter().filter(|settled| settled.line.contains(host)).filter(is_lost).count()
        };
        assert_eq!((of("hostile", true), of("victim", false)), (300, 300), "{:?}", answer());
        assert!(ran.took < Duration::from_secs(30), "{:?}: {:?}", answer(), ran.took);
    }
}

#[test]
fn a_failure_after_a_redirect_counts_for_the_host_of_the_line() {
    let serve: Serve = Box::new(|url, _| match url.host_str() {
        Some("h0") => in_time(1, Said::Redirect(format!("http://elsewhere{}", url.path()).leak())),
        _ => in_time(1, Said::Failure(status(404, Retry::No))),
    });
    let mut options = free();
    options.max_host_failures = 5;
    let ran = run(options, &list(1, 100, false), 1, 1000, &serve);
    assert_eq!((ran.host("h0").len(), ran.host("elsewhere").len()), (5, 5));
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::HttpStatus, 100)]));
}

#[test]
fn a_robots_txt_counts_as_a_page_unless_a_redirect_caused_its_request() {
    // The robots.txt of a dead host and four of its pages are five different pages.
    let serve: Serve = Box::new(|url, _| match (url.host_str(), url.path()) {
        (Some("hostile"), "/robots.txt") => in_time(1, Said::Robots("")),
        (Some("hostile"), _) => in_time(1, Said::Redirect(format!("https://victim{}", url.path()).leak())),
        // No server listens there for https.
        (_, "/robots.txt") if url.scheme() == "https" => in_time(1, Said::NoRobots(refused())),
        (_, "/robots.txt") => in_time(1, Said::Robots("")),
        _ => in_time(50, Said::Page),
    });
    let list: Vec<String> =
        (0..40).flat_map(|n| [format!("http://hostile/{n}"), format!("http://victim/{n}")]).collect();
    let ran = run(polite(true), &list, 32, 1000, &serve);
    assert_eq!(ran.failures(), BTreeMap::from([(FailureKind::Connect, 40)]));
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
}

#[test]
fn a_host_cannot_use_the_retry_budget_of_another_host() {
    let asked = RefCell::new(HashSet::new());
    let serve: Serve = Box::new(move |url, _| match (url.host_str(), url.query()) {
        (Some("hostile"), _) => in_time(1, Said::Redirect(format!("http://victim/?{}", url.path()).leak())),
        (_, Some(_)) => in_time(1, Said::Failure(status(503, Retry::Yes))),
        // Each of its own pages needs a second try.
        (_, None) if asked.borrow_mut().insert(url.clone()) => in_time(50, Said::Failure(status(503, Retry::Yes))),
        (_, None) => in_time(50, Said::Page),
    });
    let hostile = (0..100).map(|n| format!("http://hostile/{n}"));
    let list: Vec<String> = hostile.chain((0..15).map(|n| format!("http://victim/{n}"))).collect();
    let mut options = polite(false);
    options.max_host_retries = 20;
    let ran = run(options, &list, 32, 1000, &serve);
    let failed = ran.settled.iter().filter(|settled| matches!(settled.outcome, Outcome::Failure(_)));
    assert_eq!(failed.filter(|settled| settled.line.contains("victim")).count(), 0);
}

#[test]
fn what_this_machine_lacks_counts_against_no_host() {
    let lacks = || Failure { retry: Retry::Local, ..Failure::new(FailureKind::Connect, Stage::Fetch, "ulimit -n") };
    // While something lacks, either no request for one of the first twenty pages can be sent, or none for a robots.txt.
    for (has_robots, lacks_for_robots) in [(false, false), (true, false), (true, true)] {
        let serve: Serve = Box::new(move |url, count| match url.path() {
            "/robots.txt" if lacks_for_robots && count < 3 => in_time(1, Said::NoRobots(lacks())),
            "/robots.txt" => in_time(1, Said::Robots("")),
            _ if !lacks_for_robots && number(url) < 20 => in_time(1, Said::Failure(lacks())),
            _ => in_time(10, Said::Page),
        });
        let mut options = polite(has_robots);
        (options.max_host_failures, options.max_host_retries, options.max_retries) = (1, 0, 2);
        let ran = run(options, &list(1, 100, false), 8, 20, &serve);
        let lost: Vec<&Settled> =
            ran.settled.iter().filter(|settled| matches!(settled.outcome, Outcome::Failure(_))).collect();
        // Tasks that have waited for the robots.txt fail with it; those that come later ask for it again.
        let (number, attempts) = if lacks_for_robots { (20..=28, 0) } else { (20..=20, 3) };
        assert!(number.contains(&lost.len()), "{} lost, {lacks_for_robots}", lost.len());
        assert!(lost.iter().all(|settled| settled.attempts == attempts), "{lost:?}");
        assert!(ran.failures().contains_key(&FailureKind::Connect), "{:?}", ran.failures());
    }
}
