//! Tests the program with real servers from Debian packages: nginx, squid, microsocks, Prometheus.
//!
//! A test is skipped, with a message, if its servers are not installed. If `GLEANER_REQUIRE_SERVERS` is set in the
//! environment, as in `.ci/run`, it fails instead.

mod certificates;
mod nginx;
mod prometheus;
mod proxies;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use certificates::Authority;
use nginx::{Nginx, PAGES, get, paths};
use prometheus::{Prometheus, objections};
use proxies::{Microsocks, PASSWORD, Squid};
use server::is_missing;
use support::{Finished, PROMPTLY, Record, Server, records, scrape_list, wait_until};

/// Requests in flight in each worker.
const CONCURRENCY: usize = 8;

/// Rules that extract all text of a page.
const RULES: [&str; 4] = ["--set", "extract.t=title::text", "--set", "extract.p=[\"p::text\"]"];

/// Runs Gleaner over a list without politeness limits and without retries.
fn run(list: &[String], arguments: &[&str]) -> Finished {
    let polite = ["--no-robots", "--set", "politeness.per_host_concurrency=0", "--max-retries", "0"];
    scrape_list(list, [&polite[..], &RULES, arguments].concat()).finish()
}

fn list(origin: &str, folder: &str, count: usize) -> Vec<String> {
    paths(folder, count).map(|path| format!("{origin}{path}")).collect()
}

fn data(run: &Finished) -> Vec<String> {
    records(&run.stdout).iter().map(|record| record.raw().to_owned()).collect()
}

fn failure(record: &Record) -> (&str, &str) {
    let failure = record.failure.as_ref().expect("a failure");
    (&failure.kind, &failure.message)
}

/// The number of connections that a run makes, including those without a request.
fn connections(nginx: &Nginx, list: &[String], workers: usize, concurrency: usize, arguments: &[&str]) -> usize {
    let (accepted, logged) = (nginx.accepted(), nginx.logged());
    let (workers, concurrency) = (workers.to_string(), concurrency.to_string());
    run(list, &[&["-w", &workers, "--concurrency", &concurrency], arguments].concat()).exited(0);
    let log = nginx.log(logged, list.len());
    assert_eq!(log.len(), list.len());
    assert!(log.iter().all(|access| access.status == 200 && access.is_http2 == list[0].starts_with("https")));
    // Without the connection that asks for the count.
    nginx.accepted() - accepted - 1
}

#[test]
fn several_workers_make_no_more_connections_than_one_worker_with_as_many_requests_in_flight() {
    if is_missing(&["nginx"]) {
        return;
    }
    let nginx = Nginx::start(&[]);
    let list = list(&nginx.url(), "plain", PAGES);
    for workers in [1, 2, 7] {
        let one = connections(&nginx, &list, 1, workers * CONCURRENCY, &[]);
        let many = connections(&nginx, &list, workers, CONCURRENCY, &[]);
        let most = workers * CONCURRENCY;
        assert!(5 * one <= 6 * most, "{one} connections for {most} requests in flight");
        assert!(5 * many <= 6 * one, "{workers} workers made {many} connections, one makes {one}");
    }
}

#[test]
fn http2_uses_one_connection_per_worker() {
    if is_missing(&["nginx"]) {
        return;
    }
    let authority = Authority::new("one");
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = trust(&authority, &folder);
    let nginx = Nginx::start(&[authority.valid()]);
    let list = list(&nginx.tls_url(0), "plain", PAGES);
    for workers in [1, 2, 7] {
        let made = connections(&nginx, &list, workers, CONCURRENCY, &["--set", &trusted]);
        assert!(made <= workers, "{workers} workers made {made} connections");
    }
}

#[test]
fn http2_connections_closed_by_the_server_lose_no_page_and_are_replaced_one_at_a_time() {
    const NEEDED: usize = 10;
    if is_missing(&["nginx"]) {
        return;
    }
    let authority = Authority::new("one");
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = trust(&authority, &folder);
    let nginx = Nginx::with(&format!("keepalive_requests {};", PAGES / NEEDED), &[authority.valid()]);
    let list = list(&nginx.tls_url(0), "plain", PAGES);
    // `run` allows no retry, so a request lost with its connection must not count as a failure.
    let made = connections(&nginx, &list, 1, 3 * CONCURRENCY, &["--set", &trusted]);
    assert!((NEEDED..=NEEDED + 2).contains(&made), "{made} connections");
}

/// The setting that trusts an authority, whose file is written to the folder.
fn trust(authority: &Authority, folder: &tempfile::TempDir) -> String {
    let file = folder.path().join("authority.pem");
    fs::write(&file, &authority.certificate).expect("written");
    format!("tls.ca_file={}", file.display())
}

#[test]
fn a_private_authority_is_trusted_and_every_invalid_certificate_is_refused_with_the_reason() {
    if is_missing(&["nginx"]) {
        return;
    }
    let (authority, other) = (Authority::new("one"), Authority::new("two"));
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = trust(&authority, &folder);
    let table = [
        (authority.valid(), None),
        (authority.expired(), Some("its certificate has expired")),
        (authority.of_another_host(), Some("its certificate is for another name")),
        (other.valid(), Some("its certificate has an issuer that is not trusted")),
        (certificates::self_signed(), Some("its certificate has an issuer that is not trusted")),
    ];
    let (signed, reasons): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    let nginx = Nginx::start(&signed);
    let list: Vec<String> = (0..reasons.len()).map(|number| nginx.tls_url(number) + "/plain/1.html").collect();
    let run = run(&list, &["-w", "1", "--set", &trusted]).exited(3);
    for (record, reason) in records(&run.stdout).iter().zip(reasons) {
        match reason {
            None => assert_eq!(record.status, Some(200), "{record:?}"),
            Some(reason) => {
                let (kind, message) = failure(record);
                assert!(kind == "tls" && message.contains(reason), "{kind}: {message}");
                assert!(message.contains("`localhost`"), "{message}");
            }
        }
    }
}

#[test]
fn a_caching_server_gives_the_same_pages_and_does_not_resend_unchanged_ones() {
    const COUNT: usize = 20;
    if is_missing(&["nginx", "squid"]) {
        return;
    }
    let nginx = Nginx::start(&[]);
    let squid = Squid::in_front_of(&nginx);
    let origin = format!("http://127.0.0.1:{}", squid.port());
    // squid now has each page in the variant without gzip, in addition to the variant that Gleaner asks for.
    for path in paths("fresh", COUNT) {
        let answer = get(squid.port(), &path, "").to_lowercase();
        assert!(answer.contains("\r\nvary: accept-encoding\r\n") && answer.contains("<title>"), "{answer}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let cache = format!("cache.path={}", folder.path().join("pages").display());
    // The folder; squid's log entry for a run without a cache, for the first run with one, and for the second run with
    // it (`None`: it does not ask).
    let table = [
        ("plain", ["TCP_MISS/200", "TCP_MEM_HIT/200"], Some("TCP_INM_HIT/304")),
        ("fresh", ["TCP_MISS/200", "TCP_MEM_HIT/200"], None),
        ("aged", ["TCP_MISS/200", "TCP_REFRESH_UNMODIFIED/200"], Some("TCP_REFRESH_UNMODIFIED/304")),
        ("asks", ["TCP_MISS/200", "TCP_REFRESH_UNMODIFIED/200"], Some("TCP_REFRESH_UNMODIFIED/304")),
    ];
    for (folder, [without, first], second) in table {
        let direct = data(&run(&list(&nginx.url(), folder, COUNT), &[]).exited(0));
        let list = list(&origin, folder, COUNT);
        let with = ["--set", &cache];
        for (arguments, result) in [(&[][..], Some(without)), (&with, Some(first)), (&with, second)] {
            let before = squid.log(0).len();
            let run = run(&list, arguments).exited(0);
            assert_eq!(data(&run), direct, "{folder} {result:?}");
            let log = squid.log(if result.is_some() { before + COUNT } else { before });
            let expected: Vec<_> = result.into_iter().flat_map(|result| [result; COUNT]).collect();
            assert_eq!(
                log[before..].iter().map(|line| line.split(' ').next().unwrap_or_default()).collect::<Vec<_>>(),
                expected,
                "{folder}"
            );
        }
    }
}

#[test]
fn a_proxy_gives_the_same_data_and_refuses_a_wrong_password() {
    const COUNT: usize = 40;
    if is_missing(&["nginx", "squid", "microsocks"]) {
        return;
    }
    let authority = Authority::new("one");
    let folder = tempfile::tempdir().expect("a folder");
    let trusted = trust(&authority, &folder);
    let nginx = Nginx::start(&[authority.valid()]);
    let (squid, socks) = (Squid::locked(), Microsocks::locked());
    let origins = [nginx.url(), nginx.tls_url(0)];
    for (scheme, port) in [("http", squid.port()), ("socks5h", socks.port())] {
        for origin in &origins {
            let list = list(origin, "plain", COUNT);
            let direct = run(&list, &["--set", &trusted]).exited(0);
            let proxy = |password: &str| format!("{scheme}://reader:{password}@127.0.0.1:{port}");
            let through = run(&list, &["--set", &trusted, "--proxy", &proxy(PASSWORD)]).exited(0);
            assert_eq!(data(&through), data(&direct), "{scheme} {origin}");
            let refused = run(&list[..2], &["--set", &trusted, "--proxy", &proxy("wrong")]).exited(3);
            for record in records(&refused.stdout) {
                let (kind, message) = failure(&record);
                let names = message.contains(&format!("the proxy {scheme}://127.0.0.1:{port}"));
                assert!(kind == "connect" && names && message.contains("wrong or no user name"), "{kind}: {message}");
            }
            assert!(!format!("{refused:?}").contains("reader"), "{refused:?}");
        }
    }
    // All requests went through the proxies.
    let (asked, connected) = (squid.log(0).join("\n"), socks.log());
    assert_eq!(asked.matches("TCP_MISS/200 GET http://127.0.0.1:").count(), COUNT, "{asked}");
    assert!(asked.contains("TCP_TUNNEL/200 CONNECT localhost:") && asked.contains("TCP_DENIED/407 CONNECT"), "{asked}");
    for origin in origins {
        let host = origin.rsplit('/').next().expect("a host");
        assert!(connected.contains(&format!("connected to {host}")), "{connected}");
    }
}

#[test]
fn prometheus_scrapes_a_run_and_its_checks_have_nothing_to_object_to() {
    if is_missing(&["prometheus", "promtool"]) {
        return;
    }
    let server = Server::start();
    let mut list: Vec<String> = (0..30).map(|n| server.url(&format!("/ok/{n}"))).collect();
    list.extend([server.url("/status/404"), server.url("/hang")]);
    let run = scrape_list(&list, ["--metrics=127.0.0.1:0", "--no-robots", "-w2", "--timeout=50s"]);
    let mut target = String::new();
    wait_until("the address of the metrics", PROMPTLY, || {
        let stderr = run.stderr_so_far();
        let address = stderr.split_once("metrics: http://").and_then(|(_, rest)| rest.split_once("/metrics\n"));
        target = address.map(|(address, _)| address.to_owned()).unwrap_or_default();
        !target.is_empty()
    });
    let prometheus = Prometheus::scraping(&target);
    let table = [
        ("sum(gleaner_tasks_total)", 31.0),
        ("gleaner_tasks_total%7Bresult%3D%22ok%22%7D", 30.0),
        ("gleaner_failures_total%7Bkind%3D%22http_status%22%7D", 1.0),
        ("gleaner_requests_in_flight", 1.0),
        ("gleaner_answer_seconds_count", 31.0),
        ("up", 1.0),
    ];
    for (expression, value) in table {
        wait_until(expression, PROMPTLY, || {
            prometheus.value(expression).is_some_and(|found| (found - value).abs() < 0.1)
        });
    }
    let median = prometheus.value("histogram_quantile(0.5,gleaner_answer_seconds_bucket)").expect("a median");
    assert!((0.0..10.0).contains(&median), "{median}");

    let port = target.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let answer = get(port, "/metrics", "");
    let (head, metrics) = answer.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    assert_eq!(objections(metrics), "");
    assert_ne!(objections("gleaner_x 1\n"), "", "promtool checks");
}
