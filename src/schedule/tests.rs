//! One host without limits: hops, tries, and the order of the list. `simulation_tests` tests the gates.

use std::time::{Duration, Instant};

use url::Url;

use super::*;
use crate::model::{
    Answer, Carried, Connection, Failure, FailureKind, Fit, KEEP_ALIVE, Outcome, Page, Reach, Retry, Stage, Task,
};

/// Options without any limit.
pub(super) fn free() -> Options {
    Options {
        max_redirects: 2,
        max_retries: 2,
        max_retry_after: Duration::from_secs(300),
        max_host_retries: 100,
        politeness: Politeness { max_crawl_delay: Duration::from_secs(30), ..Politeness::none() },
        ..Options::default()
    }
}

/// Requests have no cookies.
pub(super) fn no_cookies(_: &Url) -> u64 {
    0
}

fn order(schedule: &mut Schedule, now: Instant) -> Option<Dispatch> {
    match schedule.next(now) {
        Some(Step::Fetch(dispatch)) => {
            schedule.hand_out(dispatch.id, now);
            Some(dispatch)
        }
        Some(Step::Settled(settled)) => panic!("{settled:?}"),
        None => None,
    }
}

fn schedule() -> Schedule {
    Schedule::new(free())
}

fn task(seq: u64) -> Task {
    let line = format!("http://h/{seq}");
    Task { seq, url: Ok(Url::parse(&line).expect("a URL")), line, input: Carried::default(), stored: None }
}

fn page() -> Answer {
    let page =
        Page { final_url: "http://h/".to_owned(), status: 200, bytes: 1, data: "{}".into(), fit: Fit::default() };
    Answer::Page(page)
}

fn unavailable(retry: Retry) -> Answer {
    let failure = Failure::new(FailureKind::HttpStatus, Stage::Fetch, "status 503");
    Answer::Failure(Failure { retry, ..failure })
}

#[test]
fn tasks_leave_in_the_order_of_the_list() {
    let (mut schedule, now) = (schedule(), Instant::now());
    (0..3).for_each(|seq| assert!(schedule.admit(task(seq), now).is_none()));
    let order: Vec<RequestId> = std::iter::from_fn(|| order(&mut schedule, now)).map(|order| order.id).collect();
    assert_eq!(order, [0, 1, 2].map(RequestId::Page));
}

#[test]
fn a_line_that_is_not_a_url_is_settled_without_an_attempt() {
    let failure = Failure::new(FailureKind::InvalidUrl, Stage::List, "no scheme");
    let task = Task {
        seq: 4,
        line: "nonsense".to_owned(),
        url: Err(failure.clone()),
        input: Carried::default(),
        stored: None,
    };
    let settled = schedule().admit(task, Instant::now()).expect("settled");
    assert_eq!((settled.seq, settled.attempts), (4, 0));
    assert_eq!(settled.outcome, Outcome::Failure(failure));
}

#[test]
fn redirects_are_followed_up_to_the_limit_and_do_not_count_as_attempts() {
    let (mut schedule, now) = (schedule(), Instant::now());
    schedule.admit(task(0), now);
    for hop in ["http://h/a", "http://other/b"] {
        order(&mut schedule, now).expect("an order");
        let redirect = Answer::Redirect { status: 302, to: hop.parse().expect("a URL"), bytes: 0 };
        assert_eq!(schedule.answered(0, redirect, no_cookies, Duration::ZERO, now), None);
    }
    assert_eq!(order(&mut schedule, now).expect("an order").visit.url.as_str(), "http://other/b");
    let redirect = Answer::Redirect { status: 302, to: "http://h/c".parse().expect("a URL"), bytes: 9 };
    let settled = schedule.answered(0, redirect, no_cookies, Duration::ZERO, now).expect("settled");
    let Outcome::Failure(failure) = settled.outcome else { panic!("a failure") };
    assert_eq!((failure.kind, failure.status, settled.attempts), (FailureKind::TooManyRedirects, Some(302), 1));
}

/// The number of attempts of a task whose requests are answered with these redirects and then with a page. The number
/// in a redirect stands for the cookies of the next request.
fn follow(first: &str, redirects: &[(&str, u64)]) -> Result<u32, (usize, Failure)> {
    let mut schedule = Schedule::new(Options { max_redirects: 10, ..free() });
    let now = Instant::now();
    let line = first.to_owned();
    schedule.admit(
        Task { seq: 0, url: Ok(Url::parse(first).expect("a URL")), line, input: Carried::default(), stored: None },
        now,
    );
    let mut cookies = 0;
    for (nth, (to, more)) in redirects.iter().enumerate() {
        order(&mut schedule, now).expect("an order");
        schedule.goes_with(0, cookies);
        cookies = *more;
        let redirect = Answer::Redirect { status: 302, to: to.parse().expect("a URL"), bytes: 3 };
        if let Some(settled) = schedule.answered(0, redirect, |_| cookies, Duration::ZERO, now) {
            let Outcome::Failure(failure) = settled.outcome else { panic!("a redirect is not a page") };
            return Err((nth + 1, failure));
        }
    }
    order(&mut schedule, now).expect("an order");
    Ok(schedule.answered(0, page(), no_cookies, Duration::ZERO, now).expect("settled").attempts)
}

#[test]
fn endless_redirects_fail_at_the_first_request_that_repeats() {
    type Redirects = &'static [(&'static str, u64)];
    const A: &str = "http://h/a";
    let (itself, circle) = ("it redirects to itself", "its redirects go in a circle");
    // (the redirects of A, the number of requests until the failure, a part of its message)
    let table: [(Redirects, usize, &str); 9] = [
        (&[(A, 0)], 1, itself),
        (&[("http://h/a#part", 0)], 1, itself),
        (&[("http://H:80/a", 0)], 1, itself),
        (&[("http://h/b", 0), ("http://h/b", 0)], 2, itself),
        (&[("http://h/b", 0), (A, 0)], 2, circle),
        (&[("http://h/b", 0), ("http://i/c", 0), ("http://h/b#2", 0)], 3, circle),
        // The first answer sets a cookie; the later requests are all the same.
        (&[(A, 1), (A, 1)], 2, itself),
        (&[("http://h/b", 1), (A, 1), ("http://h/b", 1)], 3, circle),
        // A cookie that is set and removed again.
        (&[(A, 1), (A, 2), (A, 1)], 3, circle),
    ];
    for (redirects, requests, says) in table {
        let (asked, failure) = follow(A, redirects).expect_err("the redirects never end");
        assert_eq!((asked, failure.kind), (requests, FailureKind::TooManyRedirects), "{redirects:?}");
        assert_eq!((failure.status, failure.bytes, failure.retry), (Some(302), 3, Retry::No));
        assert!(failure.message.contains(says), "{redirects:?}: {}", failure.message);
        assert!(failure.message.contains("cookies.enabled"), "{}", failure.message);
        assert!(failure.final_url.is_some_and(|url| failure.message.contains(&url)));
    }
}

#[test]
fn redirects_that_end_are_followed_to_their_end() {
    let a = "http://h/a";
    let table: [&[(&str, u64)]; 7] = [
        &[(a, 1)],
        &[(a, 1), (a, 2), (a, 3)],
        &[("http://h/login", 0), (a, 1)],
        &[("http://h/login", 1), (a, 1)],
        &[("https://h/a", 0), ("https://h/a/", 0)],
        &[("http://h/a?", 0), ("http://h/a?b", 0)],
        &[("http://u:p@h/a", 0)],
    ];
    for redirects in table {
        assert_eq!(follow(a, redirects).expect("the redirects end"), 1, "{redirects:?}");
    }
}

#[test]
fn a_retry_of_a_hop_does_not_count_as_a_circle() {
    let (mut schedule, now) = (schedule(), Instant::now());
    schedule.admit(task(0), now);
    order(&mut schedule, now).expect("an order");
    let redirect = Answer::Redirect { status: 302, to: "http://h/a".parse().expect("a URL"), bytes: 0 };
    assert_eq!(schedule.answered(0, redirect, no_cookies, Duration::ZERO, now), None);
    for _ in 0..2 {
        order(&mut schedule, now).expect("an order");
        assert_eq!(
            schedule.answered(0, unavailable(Retry::After(Duration::ZERO)), no_cookies, Duration::ZERO, now),
            None
        );
    }
    order(&mut schedule, now).expect("an order");
    let redirect = Answer::Redirect { status: 302, to: "http://h/b".parse().expect("a URL"), bytes: 0 };
    assert_eq!(schedule.answered(0, redirect, no_cookies, Duration::ZERO, now), None);
    assert_eq!(order(&mut schedule, now).expect("an order").visit.url.as_str(), "http://h/b");
}

#[test]
fn every_hop_knows_the_origin_of_the_listed_url() {
    let (mut schedule, now) = (schedule(), Instant::now());
    schedule.admit(
        Task {
            seq: 0,
            line: String::new(),
            url: Url::parse("http://u:p@H:80/x").map_err(|_| unreachable!()),
            input: Carried::default(),
            stored: None,
        },
        now,
    );
    assert_eq!(order(&mut schedule, now).expect("an order").visit.reach, Reach::Listed);
    for hop in ["https://other:8443/a", "http://third/b"] {
        let redirect = Answer::Redirect { status: 302, to: hop.parse().expect("a URL"), bytes: 0 };
        assert_eq!(schedule.answered(0, redirect, no_cookies, Duration::ZERO, now), None);
        assert_eq!(
            order(&mut schedule, now).expect("an order").visit.reach,
            Reach::Redirected { own: "http://h".to_owned() }
        );
    }
    // A retry of a hop still counts as redirected.
    schedule.answered(0, unavailable(Retry::After(Duration::ZERO)), no_cookies, Duration::ZERO, now);
    assert_ne!(order(&mut schedule, now).expect("an order").visit.reach, Reach::Listed);
}

/// A schedule with this delay at every host.
fn with_delay(delay: Duration) -> Schedule {
    Schedule::new(Options { politeness: Politeness { delay, ..free().politeness }, ..free() })
}

#[test]
fn a_lost_request_is_sent_again_once_before_all_others_and_does_not_count_as_an_attempt() {
    let (mut schedule, now) = (schedule(), Instant::now());
    (0..2).for_each(|seq| assert!(schedule.admit(task(seq), now).is_none()));
    let second = Duration::from_secs(1);
    assert_eq!(order(&mut schedule, now).expect("an order").visit.connection, Connection::Kept);
    assert_eq!(schedule.answered(0, unavailable(Retry::Again), no_cookies, second, now), None);
    let again = order(&mut schedule, now).expect("it is due at once");
    assert_eq!((again.id, again.visit.connection), (RequestId::Page(0), Connection::Again));
    // A hop is a new request, so it may be lost once as well.
    let redirect = Answer::Redirect { status: 302, to: "http://h/hop".parse().expect("a URL"), bytes: 0 };
    assert_eq!(schedule.answered(0, redirect, no_cookies, second, now), None);
    assert_eq!(order(&mut schedule, now).expect("the hop").visit.connection, Connection::Kept);
    assert_eq!(schedule.answered(0, unavailable(Retry::Again), no_cookies, second, now), None);
    assert_eq!(order(&mut schedule, now).expect("the hop again").visit.connection, Connection::Again);
    // The second loss is a failure like any other.
    assert_eq!(schedule.answered(0, unavailable(Retry::Again), no_cookies, second, now), None);
    assert_eq!(schedule.retries(), 1);
    assert_eq!(order(&mut schedule, now).expect("the next one").id, RequestId::Page(1));
    let later = now + Duration::from_secs(60);
    let retry = order(&mut schedule, later).expect("after a pause");
    assert_eq!((retry.id, retry.visit.connection), (RequestId::Page(0), Connection::Kept));
    let settled = schedule.answered(0, page(), no_cookies, second, later).expect("settled");
    assert_eq!((settled.attempts, settled.elapsed), (2, 5 * second + Duration::ZERO));
}

#[test]
fn a_lost_request_waits_until_the_delay_after_it_was_sent_is_over() {
    let delay = Duration::from_millis(500);
    let (mut schedule, now) = (with_delay(delay), Instant::now());
    schedule.admit(task(0), now);
    order(&mut schedule, now).expect("an order");
    let sent = now + Duration::from_millis(100);
    schedule.sent(RequestId::Page(0), sent);
    assert_eq!(schedule.answered(0, unavailable(Retry::Again), no_cookies, Duration::ZERO, sent), None);
    assert_eq!(order(&mut schedule, sent + delay.mul_f64(0.9)), None);
    let again = order(&mut schedule, sent + delay).expect("it is due");
    assert_eq!((again.visit.connection, again.visit.tell_when_sent), (Connection::Again, true));
}

#[test]
fn a_delay_longer_than_the_keep_alive_time_uses_a_connection_of_its_own() {
    let millisecond = Duration::from_millis(1);
    for (delay, expected) in [
        (Duration::ZERO, Connection::Kept),
        (KEEP_ALIVE, Connection::Kept),
        (KEEP_ALIVE + millisecond, Connection::Own),
        (Duration::from_secs(60), Connection::Own),
    ] {
        let (mut schedule, now) = (with_delay(delay), Instant::now());
        schedule.admit(task(0), now);
        assert_eq!(order(&mut schedule, now).expect("an order").visit.connection, expected, "{delay:?}");
    }
}

#[test]
fn a_lost_request_for_a_robots_txt_is_sent_again_once() {
    let options = Options { politeness: Politeness { robots: true, ..free().politeness }, ..free() };
    let (mut schedule, now) = (Schedule::new(options), Instant::now());
    schedule.admit(task(0), now);
    let lost = || {
        let failure = Failure { retry: Retry::Again, ..Failure::new(FailureKind::Connect, Stage::Robots, "lost") };
        crate::robots::Answer::Failed(failure)
    };
    for expected in [Connection::Kept, Connection::Again] {
        let dispatch = order(&mut schedule, now).expect("the robots.txt");
        let RequestId::Robots(id) = dispatch.id else { panic!("{dispatch:?}") };
        assert_eq!(dispatch.visit.connection, expected);
        schedule.robots_answered(id, lost(), Duration::ZERO, now);
    }
    assert_eq!(order(&mut schedule, now), None, "the next try is a retry after a pause");
    assert_eq!(schedule.retries(), 1);
}

#[test]
fn time_without_an_answer_counts_as_elapsed_time() {
    let (mut schedule, now) = (schedule(), Instant::now());
    let after = |seconds| now + Duration::from_secs(seconds);
    schedule.admit(task(0), now);
    order(&mut schedule, now).expect("an order");
    // A task that shared the worker with a suspect is not charged, and may later be charged as a suspect.
    schedule.rerun(RequestId::Page(0), false, false, after(1));
    order(&mut schedule, after(1)).expect("an order");
    schedule.rerun(RequestId::Page(0), true, true, after(3));
    order(&mut schedule, after(3)).expect("an order");
    let failure = Failure::new(FailureKind::WorkerTimeout, Stage::Parse, "too long");
    let settled = schedule.fail(RequestId::Page(0), failure, after(7)).expect("settled");
    assert_eq!((settled.attempts, settled.elapsed), (2, Duration::from_secs(6)));
}

#[test]
fn a_failure_that_may_pass_is_retried_after_a_pause() {
    let (mut schedule, now) = (schedule(), Instant::now());
    schedule.admit(task(0), now);
    order(&mut schedule, now).expect("an order");
    let pause = Retry::After(Duration::from_secs(7));
    assert_eq!(schedule.answered(0, unavailable(pause), no_cookies, Duration::ZERO, now), None);
    assert_eq!(order(&mut schedule, now + Duration::from_millis(6999)), None);
    let later = now + Duration::from_secs(7);
    assert_eq!(schedule.next_wake_up(), Some(later));
    assert_eq!(order(&mut schedule, later).expect("an order").id, RequestId::Page(0));
    let settled = schedule.answered(0, page(), no_cookies, Duration::from_secs(1), later).expect("settled");
    assert_eq!((settled.attempts, settled.elapsed, schedule.retries()), (2, Duration::from_secs(1), 1));
    assert!(schedule.is_empty());
}

#[test]
fn the_number_of_tries_is_limited() {
    for (retry, attempts) in [(Retry::Yes, 3), (Retry::No, 1), (Retry::After(Duration::from_secs(301)), 1)] {
        let (mut schedule, mut now) = (schedule(), Instant::now());
        schedule.admit(task(0), now);
        let settled = loop {
            now = schedule.next_wake_up().unwrap_or(now);
            order(&mut schedule, now).expect("an order");
            if let Some(settled) = schedule.answered(0, unavailable(retry), no_cookies, Duration::ZERO, now) {
                break settled;
            }
        };
        assert_eq!(settled.attempts, attempts, "{retry:?}");
    }
}

#[test]
fn a_task_whose_worker_was_lost_goes_before_all_others() {
    let (mut schedule, now) = (schedule(), Instant::now());
    (0..3).for_each(|seq| assert!(schedule.admit(task(seq), now).is_none()));
    order(&mut schedule, now).expect("an order");
    schedule.rerun(RequestId::Page(0), true, false, now);
    let next = order(&mut schedule, now).expect("an order");
    assert_eq!((next.id, next.alone), (RequestId::Page(0), true));
    assert_eq!(schedule.answered(0, page(), no_cookies, Duration::ZERO, now).expect("settled").attempts, 1);
}

#[test]
fn a_hop_goes_before_tasks_that_have_not_begun_wherever_it_leads() {
    let (mut schedule, now) = (schedule(), Instant::now());
    (0..3).for_each(|seq| assert!(schedule.admit(task(seq), now).is_none()));
    order(&mut schedule, now).expect("an order");
    let redirect = Answer::Redirect { status: 302, to: "http://elsewhere/".parse().expect("a URL"), bytes: 0 };
    assert_eq!(schedule.answered(0, redirect, no_cookies, Duration::ZERO, now), None);
    let orders: Vec<RequestId> = std::iter::from_fn(|| order(&mut schedule, now)).map(|next| next.id).collect();
    assert_eq!(orders, [0, 1, 2].map(RequestId::Page));
}

#[test]
fn a_task_under_way_is_small_because_there_may_be_a_hundred_thousand() {
    assert!(size_of::<super::task::UnderWay>() <= 256, "{}", size_of::<super::task::UnderWay>());
}
