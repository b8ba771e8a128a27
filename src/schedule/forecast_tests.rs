//! How well the time left is foretold.

use std::time::Duration;

use url::Url;

use super::simulation_tests::{Said, Serve, in_time, ms, run_watched, status};
use super::tests::free;
use super::*;
use crate::model::{Retry, WaitReason};

/// How many requests can be in flight.
const PLACES: usize = 64;

/// A list of 20,000 pages on 50 hosts in a mixed order that is always the same.
fn mixed() -> Vec<String> {
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..20_000).map(|page| format!("http://h{}/{page}", next() % 50)).collect()
}

fn host_number(url: &Url) -> u64 {
    url.host_str().expect("a host").trim_start_matches('h').parse().expect("a number")
}

/// Foretells the time left at each third of a run. Returns each as a share of the time that really remains.
fn foretold(options: Options, list: &[String], read_ahead: usize, serve: &Serve) -> Vec<f64> {
    let mut course: Vec<(Duration, Option<Duration>)> = Vec::new();
    let mut first = None;
    let ran = run_watched(options, list, PLACES, read_ahead, serve, |schedule, read, ran, now| {
        let elapsed = now.saturating_duration_since(*first.get_or_insert(now));
        if course.last().is_none_or(|(at, _)| elapsed > *at + ms(100)) {
            let done = ran.settled.len() as u64;
            let total = list.len() as u64;
            let left = schedule
                .time_left(Course { total, read: read as u64, done, settled: done, elapsed, places: PLACES }, now);
            course.push((elapsed, left));
        }
    });
    let share = |part: u32| {
        let at = ran.took * part / 3;
        let (elapsed, left) = course.iter().rfind(|(elapsed, _)| *elapsed <= at).expect("a moment before");
        left.expect("something is settled").as_secs_f64() / ran.took.saturating_sub(*elapsed).as_secs_f64()
    };
    vec![share(1), share(2)]
}

/// A name, the options, the list, how far it is read ahead, the servers, and how wrong the foretold time may be.
type Row = (&'static str, Options, Vec<String>, usize, Serve, f64);

#[test]
fn the_time_left_is_foretold_with_slow_hosts_and_a_pause() {
    let polite = || Options { politeness: Politeness { concurrency: 4, ..free().politeness }, ..free() };
    let slow_hosts: fn(u64) -> u64 = |host| if host < 5 { 600 } else { 50 };
    let two_slow_hosts: fn(u64) -> u64 = |host| if host < 2 { 900 } else { 50 };
    // `pauses`: the requests to one host that it answers by asking for a pause.
    let serve = |times: fn(u64) -> u64, pauses: &'static [usize]| -> Serve {
        Box::new(move |url, n| {
            let host = host_number(url);
            let is_asked_to_wait = host == 17 && pauses.contains(&n);
            let pause = Retry::After(Duration::from_secs(20));
            let answer = if is_asked_to_wait { Said::Failure(status(429, pause)) } else { Said::Page };
            in_time(times(host), answer)
        })
    };
    let by_host = || -> Vec<String> {
        let mut list = mixed();
        list.sort_by_key(|line| host_number(&Url::parse(line).expect("a URL")));
        list
    };
    let table: [Row; 9] = [
        ("equal hosts", polite(), mixed(), 10_000, serve(|_| 100, &[]), 0.1),
        ("slow hosts", polite(), mixed(), 10_000, serve(slow_hosts, &[]), 0.3),
        ("slow hosts and a pause", polite(), mixed(), 10_000, serve(slow_hosts, &[100]), 0.3),
        ("slow hosts, little read ahead", polite(), mixed(), 500, serve(slow_hosts, &[100]), 0.3),
        ("few places", free(), mixed(), 10_000, serve(slow_hosts, &[100]), 0.3),
        ("sorted by host", polite(), by_host(), 100_000, serve(slow_hosts, &[100]), 0.3),
        ("two slow hosts", polite(), mixed(), 10_000, serve(two_slow_hosts, &[]), 0.3),
        ("two slow hosts and two pauses", polite(), mixed(), 10_000, serve(two_slow_hosts, &[50, 150]), 0.3),
        ("a pause of a fast run", polite(), mixed(), 10_000, serve(|_| 100, &[10]), 0.3),
    ];
    for (what, options, list, read_ahead, serve, tolerance) in table {
        for share in foretold(options, &list, read_ahead, &serve) {
            assert!((share - 1.0).abs() <= tolerance, "{what}: {share:.2} of the time that remains");
        }
    }
}

#[test]
fn a_pause_counts_even_if_no_page_of_its_host_is_settled() {
    let serve: Serve = Box::new(|url, n| {
        let pause = Retry::After(Duration::from_secs(60));
        let is_paused = host_number(url) == 1 && n < 4;
        in_time(10, if is_paused { Said::Failure(status(429, pause)) } else { Said::Page })
    });
    let list: Vec<String> = (0..200).map(|page| format!("http://h{}/{page}", page % 2)).collect();
    let mut foretold = None;
    run_watched(free(), &list, 4, 1_000, &serve, |schedule, read, ran, now| {
        let course = Course {
            total: 200,
            read: read as u64,
            done: ran.settled.len() as u64,
            settled: ran.settled.len() as u64,
            elapsed: ms(100),
            places: 4,
        };
        if ran.settled.len() >= 100 {
            foretold = foretold.or(schedule.time_left(course, now));
        }
    });
    let foretold = foretold.expect("something is settled");
    assert!((ms(55_000)..ms(65_000)).contains(&foretold), "{foretold:?}");
}

#[test]
fn hosts_that_wait_are_named_with_the_reason() {
    let serve: Serve = Box::new(|_, _| in_time(0, Said::Failure(status(503, Retry::After(Duration::from_secs(7))))));
    let list = vec!["http://h/1".to_owned(), "http://h/2".to_owned()];
    // With two places, both requests are made, and then wait to be tried again.
    for places in [1, 2] {
        let mut seen = Vec::new();
        run_watched(free(), &list, places, 100, &serve, |schedule, _, _, now| {
            for Wait { host, why, until, waiting } in schedule.waits(10, now).1 {
                seen.push((host, why, until.saturating_duration_since(now) <= Duration::from_secs(7), waiting));
            }
        });
        assert!(seen.contains(&("h".to_owned(), WaitReason::RetryAfter, true, 2)), "{places}: {seen:?}");
    }
}
