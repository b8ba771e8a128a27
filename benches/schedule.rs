//! Measures the CPU time that the schedule needs per task, with few and with many hosts.
//!
//! `cargo bench --bench schedule`. For each task, the schedule checks the gate of its host, looks up its robots.txt,
//! and gets an answer. As in a run, tasks are read in batches of 1,000, and up to 32 are in flight.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use gleaner::model::{Answer, Carried, Fit, Page, Reach, Task};
use gleaner::robots::{self, Rules};
use gleaner::schedule::{Options, Politeness, RequestId, Schedule, Step};
use rustix::time::{ClockId, clock_gettime};
use url::Url;

const TASKS: u64 = 1_000_000;
const BATCH: u64 = 1_000;
const PLACES: usize = 32;

fn main() {
    println!(
        "{TASKS} tasks; CPU per task, best of five\n\n| hosts | plain | robots, 8 at once | and a delay of 1 ms |\n| --- | --- | --- | --- |"
    );
    for hosts in [10, 1_000, 100_000] {
        let costs = [Politeness::none(), robots(), delayed()].map(|politeness| {
            let best = (0..5).map(|_| cost(hosts, politeness.clone())).min().unwrap_or_default();
            format!("{:.2} us", best.as_secs_f64() * 1e6 / f64::from(u32::try_from(TASKS).unwrap_or(u32::MAX)))
        });
        println!("| {hosts} | {} |", costs.join(" | "));
    }
}

fn robots() -> Politeness {
    Politeness { robots: true, concurrency: 8, ..Politeness::none() }
}

fn delayed() -> Politeness {
    Politeness { delay: Duration::from_millis(1), ..robots() }
}

/// Measures the CPU time of a million tasks. The clock is simulated: it jumps to the next time at which the schedule
/// has something to do.
fn cost(hosts: u64, politeness: Politeness) -> Duration {
    let options = Options {
        max_redirects: 10,
        max_retries: 2,
        max_retry_after: Duration::from_secs(300),
        max_host_retries: 100,
        politeness,
        ..Options::default()
    };
    let rules = Rules::parse(b"User-agent: *\nDisallow: /private/\nDisallow: /*.pdf$\n", "gleaner");
    let (mut schedule, mut now, mut spent) = (Schedule::new(options), Instant::now(), Duration::ZERO);
    let mut in_flight: VecDeque<RequestId> = VecDeque::new();
    let (mut read, mut settled) = (0, 0);
    while settled < TASKS {
        let mut batch = Vec::new();
        if schedule.ready() < PLACES && read < TASKS && schedule.under_way() < 100_000 {
            batch.extend((read..read + BATCH).map(|seq| task(seq, hosts)));
            read += BATCH;
        }
        let begun = cpu();
        for task in batch {
            settled += u64::from(schedule.admit(task, now).is_some());
        }
        while in_flight.len() < PLACES {
            match schedule.next(now) {
                Some(Step::Fetch(dispatch)) => {
                    schedule.hand_out(dispatch.id, now);
                    if dispatch.visit.tell_when_sent {
                        schedule.sent(dispatch.id, now);
                    }
                    in_flight.push_back(dispatch.id);
                }
                Some(Step::Settled(_)) => settled += 1,
                None => break,
            }
        }
        match in_flight.pop_front() {
            Some(RequestId::Page(seq)) => {
                let page =
                    Page { final_url: String::new(), status: 200, bytes: 1, data: "{}".into(), fit: Fit::default() };
                let answer = Answer::Page(page);
                settled += u64::from(schedule.answered(seq, answer, |_| 0, Duration::from_millis(1), now).is_some());
            }
            Some(RequestId::Robots(id)) => {
                schedule.robots_answered(id, robots::Answer::Rules(rules.clone()), Duration::from_millis(1), now);
            }
            None => now = schedule.next_wake_up().unwrap_or(now).max(now),
        }
        spent += cpu().saturating_sub(begun);
    }
    spent
}

fn task(seq: u64, hosts: u64) -> Task {
    let line = format!("http://host{}.example/catalogue/page-{seq}.html", seq % hosts);
    Task {
        seq,
        url: Url::parse(&line).map_err(|_| unreachable!("a URL")),
        line,
        input: Carried::default(),
        stored: None,
        reach: Reach::Listed,
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
