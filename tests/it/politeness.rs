//! Politeness as servers see it: requests in flight, delays between requests, and forbidden requests. The rules hold
//! for all workers together, because the coordinator applies them.

use std::time::{Duration, Instant};

use crate::support::{ClosedPort, Finished, Server, records, scrape_list};

const WORKERS: [&str; 3] = ["1", "2", "7"];

/// How much closer than allowed two requests may arrive on a busy machine.
const TOLERANCE: Duration = Duration::from_millis(20);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run(list: &[String], workers: &str, settings: &[String]) -> Finished {
    let mut arguments = vec!["-w".to_owned(), workers.to_owned()];
    for setting in settings {
        arguments.extend(["--set".to_owned(), setting.clone()]);
    }
    scrape_list(list, arguments).finish()
}

fn pages(server: &Server, path: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| server.url(&format!("{path}/{n}"))).collect()
}

/// A setting for the host of one server.
fn of(server: &Server, rule: &str) -> String {
    format!("hosts.\"{}\".{rule}", server.addr)
}

/// The shortest time between two successive requests.
fn closest(server: &Server) -> Duration {
    let arrivals: Vec<Instant> = server.log().iter().map(|access| access.at).collect();
    arrivals.windows(2).map(|two| two[1].duration_since(two[0])).min().expect("two requests")
}

/// Interleaves two lists: `one, other, one, other, ...`
fn alternating(one: Vec<String>, other: Vec<String>) -> Vec<String> {
    one.into_iter().zip(other).flat_map(|(one, other)| [one, other]).collect()
}

#[test]
fn a_host_gets_exactly_its_number_of_parallel_requests() {
    for workers in WORKERS {
        let (three, eight) = (Server::start(), Server::start());
        let list = alternating(pages(&three, "/sleep/50", 30), pages(&eight, "/sleep/50", 30));
        let run = run(&list, workers, &[of(&three, "concurrency=3")]).exited(0);
        assert_eq!((three.most_in_flight(), eight.most_in_flight()), (3, 8), "{workers} workers");
        assert_eq!((three.robots_hits(), eight.robots_hits()), (1, 1), "{workers} workers");
        // Ten rounds of three pages, plus the start of the run.
        assert!(run.elapsed < ms(500).mul_f64(1.5) + ms(1000), "{workers} workers: {:?}", run.elapsed);
    }
}

#[test]
fn requests_to_a_host_keep_its_delay_and_are_hardly_slower() {
    for workers in WORKERS {
        let (delayed, crawled) = (Server::start(), Server::with_robots("User-agent: *\nCrawl-delay: 0.1\n"));
        // Answers take longer than the delay, but the next request does not wait for them.
        let list = alternating(pages(&delayed, "/sleep/250", 16), pages(&crawled, "/ok", 16));
        let settings = [of(&delayed, "delay=100ms")];
        let run = run(&list, workers, &settings).exited(0);
        for (server, robots) in [(&delayed, 1), (&crawled, 1)] {
            assert!(closest(server) >= ms(100).saturating_sub(TOLERANCE), "{workers} workers: {:?}", closest(server));
            assert_eq!(server.robots_hits(), robots, "{workers} workers");
        }
        assert!(run.elapsed < ms(15 * 100 + 250).mul_f64(1.5) + ms(1000), "{workers} workers: {:?}", run.elapsed);
    }
}

#[test]
fn retry_after_of_a_host_applies_to_all_workers() {
    for workers in WORKERS {
        let server = Server::start();
        let mut list = vec![server.url("/flaky/1/0?retry-after=1")];
        list.extend(pages(&server, "/sleep/20", 40));
        let run = run(&list, workers, &["politeness.per_host_concurrency=2".to_owned()]).exited(0);
        let log = server.log();
        let refused = log.iter().find(|access| access.path == "/flaky/1/0").expect("the page was requested").at;
        // Requests that were already sent when the answer arrived do not count.
        let disturbed: Vec<Duration> = log
            .iter()
            .map(|access| access.at.saturating_duration_since(refused))
            .filter(|after| *after > ms(150) && *after + TOLERANCE < ms(1000))
            .collect();
        assert!(disturbed.is_empty(), "{workers} workers: {disturbed:?}");
        assert_eq!(records(&run.stdout)[0].attempts, 2);
        assert!(run.elapsed < ms(1000 + 20 * 20).mul_f64(1.5) + ms(1000), "{workers} workers: {:?}", run.elapsed);
    }
}

#[test]
fn robots_txt_is_obeyed_and_the_record_names_it() {
    let server = Server::with_robots("User-agent: other\nDisallow: /\n\nUser-agent: gleaner\nDisallow: /sleep/\n");
    let list = [server.url("/ok/0"), server.url("/sleep/0/1"), server.url("/moved/302/2"), server.url("/ok/3")];
    let records = records(&run(&list, "2", &[]).exited(3).stdout);
    let failure = records[1].failure.as_ref().expect("it is denied");
    assert_eq!((failure.kind.as_str(), failure.stage.as_str()), ("robots_denied", "robots"));
    assert!(failure.message.contains("politeness.robots"), "{failure:?}");
    assert_eq!((records[1].attempts, records[1].worker), (0, None));
    assert_eq!(server.hits("/sleep/0/1"), 0);
    for switch in [vec!["--no-robots"], vec!["--set", "politeness.robots=false"]] {
        scrape_list(&list, switch).finish().exited(0);
    }
    assert_eq!(server.robots_hits(), 1, "a run that ignores robots.txt does not request it");
}

#[test]
fn tasks_of_a_host_without_an_answer_fail_like_its_robots_txt() {
    let dead = ClosedPort::new();
    let list: Vec<String> = (0..40).map(|n| format!("http://{dead}/{n}")).collect();
    let run = run(&list, "2", &["fetch.max_retries=0".to_owned()]).exited(3);
    for record in records(&run.stdout) {
        let failure = record.failure.as_ref().expect("a failure");
        assert_eq!((failure.kind.as_str(), failure.stage.as_str(), record.attempts), ("connect", "robots", 0));
    }
}

#[test]
fn neither_failing_pages_nor_a_dead_host_delay_other_pages() {
    let server = Server::start();
    let dead = ClosedPort::new();
    let bad = (0..4).map(|n| server.url(&format!("/status/503?{n}")));
    let list: Vec<String> = pages(&server, "/ok", 500).into_iter().chain(bad).collect();
    let four = run(&list, "2", &[]).exited(3);
    let failed = |run: &Finished| records(&run.stdout).iter().filter(|record| record.failure.is_some()).count();
    assert_eq!(failed(&four), 4);
    assert!(four.elapsed < ms(10_000), "{:?}", four.elapsed);
    let list: Vec<String> = (0..1000).map(|n| format!("http://{dead}/{n}")).chain(list).collect();
    let all = run(&list, "2", &["politeness.robots=false".to_owned()]).exited(3);
    assert_eq!(failed(&all), 1004);
    assert!(all.elapsed < ms(15_000), "{:?}", all.elapsed);
}

#[test]
fn a_page_with_a_retry_after_over_the_limit_fails_alone() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 100);
    list.insert(50, server.url("/status/503?retry-after=3600"));
    let run = run(&list, "1", &[]).exited(3);
    let records = records(&run.stdout);
    assert!(records.iter().all(|record| record.failure.is_none() == (record.seq != 50)), "{}", run.stdout);
    assert_eq!((records[50].kind(), records[50].attempts), ("http_status", 1));
}

#[test]
fn each_of_many_hosts_is_asked_by_its_own_rules() {
    let servers: Vec<Server> = (0..12)
        .map(|n| if n % 3 == 0 { Server::with_robots("User-agent: *\nCrawl-delay: 0.05\n") } else { Server::start() })
        .collect();
    let dead = ClosedPort::new();
    let mut list = Vec::new();
    for (n, server) in servers.iter().enumerate() {
        list.extend(pages(server, &format!("/sleep/{}", n * 7), 20));
        list.push(format!("http://{dead}/{n}"));
    }
    let settings = ["politeness.per_host_concurrency=2", "fetch.max_retries=0"].map(str::to_owned);
    let run = run(&list, "2", &settings).exited(3);
    let records = records(&run.stdout);
    assert_eq!(records.len(), list.len());
    for (record, line) in records.iter().zip(&list) {
        assert_eq!(record.url, *line);
        assert_eq!(record.failure.is_none(), !line.contains(&dead.to_string()), "{record:?}");
    }
    for (n, server) in servers.iter().enumerate() {
        assert!(server.most_in_flight() <= 2, "{n}: {}", server.most_in_flight());
        assert_eq!((server.robots_hits(), server.log().len()), (1, 20), "{n}");
        assert!(n % 3 > 0 || closest(server) >= ms(50).saturating_sub(TOLERANCE), "{n}: {:?}", closest(server));
    }
    // The slowest host needs ten rounds of 77 ms; those with a delay need nineteen times 50 ms.
    assert!(run.elapsed < ms(950).mul_f64(1.5) + ms(1000), "{:?}", run.elapsed);
}

#[test]
fn the_rate_of_a_run_applies_to_all_hosts_and_workers_together() {
    let (one, other) = (Server::start(), Server::start());
    let list = alternating(pages(&one, "/sleep/100", 10), pages(&other, "/sleep/100", 10));
    let run = run(&list, "7", &["politeness.rate=50".to_owned(), "politeness.robots=false".to_owned()]).exited(0);
    let mut arrivals: Vec<Instant> = one.log().iter().chain(&other.log()).map(|access| access.at).collect();
    arrivals.sort();
    let took = arrivals[19].duration_since(arrivals[0]);
    assert!(took >= ms(19 * 20).saturating_sub(TOLERANCE), "{took:?}");
    assert!(run.elapsed < ms(19 * 20 + 100).mul_f64(1.5) + ms(1000), "{:?}", run.elapsed);
}

#[test]
fn a_run_that_stops_while_nothing_is_in_flight_waits_for_nothing() {
    let server = Server::start();
    let run = scrape_list(&["ftp://h/".to_owned(), server.url("/ok/1")], ["--fail-fast"]).finish().exited(4);
    assert!(run.stderr.contains("1 task was done when there were too many failures"), "{}", run.stderr);
    assert!(!run.stderr.contains("waiting"), "{}", run.stderr);
}

#[test]
fn a_run_stops_at_its_limit_of_failures_or_time_and_can_be_resumed() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl");
    let mut list = pages(&server, "/status/404", 5);
    list.truncate(0);
    for n in 0..200 {
        list.push(server.url(&if n % 2 == 0 { format!("/ok/{n}") } else { "/status/404".to_owned() }));
    }
    let go = |flags: &[&str]| {
        let output = output.to_str().expect("UTF-8");
        let flags = [&["-o", output, "-w", "1", "--concurrency", "2"], flags].concat();
        scrape_list(&list, flags).finish()
    };
    for limit in ["5", "30%"] {
        let stopped = go(&["--max-failures", limit, "--restart"]).exited(4);
        assert!(
            stopped.stderr.contains("limits.max_failures") && stopped.stderr.contains("--resume"),
            "{}",
            stopped.stderr
        );
        assert!(!output.exists());
    }
    let before = server.connections();
    let stopped = go(&["--max-failures", "5", "--resume"]).exited(4);
    assert_eq!(server.connections(), before, "the limit of failures is already exceeded: {}", stopped.stderr);
    go(&["--resume"]).exited(3);
    assert_eq!(std::fs::read_to_string(&output).expect("the output exists").lines().count(), 200);

    let slow = pages(&server, "/sleep/100", 200);
    let flags =
        ["-o", output.to_str().expect("UTF-8"), "-w", "1", "--concurrency", "2", "--deadline", "1s", "--restart"];
    let stopped = scrape_list(&slow, flags).finish().exited(4);
    assert!(stopped.stderr.contains("limits.deadline"), "{}", stopped.stderr);
    assert!(stopped.elapsed < ms(3000), "{:?}", stopped.elapsed);
}

#[test]
fn the_pause_of_a_host_and_its_end_are_reported_unless_quiet() {
    for (flags, is_said) in [(&["-w", "1"][..], true), (&["-w", "1", "-q"], false)] {
        let server = Server::start();
        // After the pause, the host is tried with the last page of its queue, which succeeds.
        let mut list: Vec<String> = (0..5).map(|number| server.url(&format!("/hang?{number}"))).collect();
        list.push(server.url("/ok/0"));
        let run = scrape_list(&list, [flags, &["--concurrency", "1", "--max-retries", "0", "-t", "200ms"]].concat())
            .finish()
            .exited(3);
        for part in ["did not answer for 5 different pages in a row: no requests to it for 1s", " answers again"] {
            assert_eq!(run.stderr.contains(part), is_said, "{part}: {}", run.stderr);
        }
    }
}

#[test]
fn an_absurd_retry_after_is_shown_as_more_than_a_year() {
    for seconds in ["99999999", "18446744073709551615", "18446744073709551616", "99999999999999999999999999"] {
        let server = Server::start();
        // The message appears only after three different pages asked for the pause.
        let list = [500, 502, 503].map(|status| server.url(&format!("/status/{status}?retry-after={seconds}")));
        let run = scrape_list(&list, ["-v"]).finish().exited(3);
        let part = "asks for a pause of more than a year, which is longer than fetch.max_retry_after";
        assert!(run.stderr.contains(part), "{seconds}: {}", run.stderr);
    }
}
