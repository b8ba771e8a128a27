//! The cache: which requests a second run saves, and that a run killed at any moment stores nothing wrong.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::{Finished, PROMPTLY, Record, Run, records, scrape, wait_until};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    SET_COOKIE, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rustix::process::Signal;
use serde_json::Value;

const CHANGED: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

/// A server of pages with validators. The first part of a path chooses the kind of page.
struct Pages {
    url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Part of each page's text.
    version: AtomicU32,
    /// Path and status of each answer, and whether the request was conditional.
    log: Mutex<Vec<(String, u16, bool)>>,
}

impl Pages {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a fresh socket takes every option");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
                let _ = axum::serve(listener, Router::new().fallback(answer).with_state(state)).await;
            });
        });
        Self { url, shared }
    }

    fn list(&self, paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| format!("{}{path}", self.url)).collect()
    }

    /// The answers since the last call, sorted.
    fn answered(&self) -> Vec<(String, u16, bool)> {
        let mut log = std::mem::take(&mut *self.shared.log.lock().expect("no panic"));
        log.sort();
        log
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let headers = request.headers();
    let is_conditional = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
    if path.starts_with("/hang") {
        std::future::pending::<()>().await;
    }
    let response = page(&path, headers, shared.version.load(SeqCst));
    shared.log.lock().expect("no panic").push((path, response.status().as_u16(), is_conditional));
    response
}

fn page(path: &str, request: &HeaderMap, version: u32) -> Response {
    let value = |name: HeaderName| request.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = path.split('/').nth(1).unwrap_or_default();
    let language = value(ACCEPT_LANGUAGE);
    let tag = format!("\"{version}{language}\"");
    let who = value(AUTHORIZATION);
    let text = "It is read often. ".repeat(path.len() % 7 * 10);
    let html = Html(format!("<title>{path} {version} {language} {who}</title><p>{text}</p>")).into_response();
    let is_confirmed = value(IF_NONE_MATCH) == tag;
    let (mut response, headers): (Response, Vec<(HeaderName, String)>) = match kind {
        // Confirms a version that no client has.
        "liar" if !value(IF_NONE_MATCH).is_empty() => {
            (StatusCode::NOT_MODIFIED.into_response(), vec![(ETAG, "\"other\"".to_owned())])
        }
        "tag" if is_confirmed => (StatusCode::NOT_MODIFIED.into_response(), vec![(ETAG, tag)]),
        "tag" | "liar" => (html, vec![(ETAG, tag)]),
        "date" if value(IF_MODIFIED_SINCE) == CHANGED => (StatusCode::NOT_MODIFIED.into_response(), vec![]),
        "date" => (html, vec![(LAST_MODIFIED, CHANGED.to_owned())]),
        "fresh" => (html, vec![(CACHE_CONTROL, "private, max-age=3600".to_owned())]),
        "never" => (html, vec![(CACHE_CONTROL, "no-store".to_owned()), (ETAG, tag)]),
        "cookie" => {
            (html, vec![(CACHE_CONTROL, "max-age=3600".to_owned()), (ETAG, tag), (SET_COOKIE, "a=b".to_owned())])
        }
        "vary" if is_confirmed => {
            (StatusCode::NOT_MODIFIED.into_response(), vec![(VARY, "Accept-Language".to_owned())])
        }
        "vary" => (html, vec![(ETAG, tag), (VARY, "Accept-Language".to_owned())]),
        "to" => (StatusCode::FOUND.into_response(), vec![(LOCATION, path[3..].to_owned())]),
        "missing" => (StatusCode::NOT_FOUND.into_response(), vec![(CACHE_CONTROL, "max-age=3600".to_owned())]),
        _ => (html, vec![]),
    };
    for (name, value) in headers {
        response.headers_mut().append(name, value.parse().expect("a header"));
    }
    response
}

/// A folder with a cache, and the runs that use it.
struct Job {
    folder: tempfile::TempDir,
}

impl Job {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn command(&self, list: &[String], more: &[&str]) -> Command {
        let mut command = scrape(list);
        command.arg("--no-robots");
        command.args([
            "--set",
            &format!("cache.path={}", self.cache().display()),
            "--format",
            "jsonl",
            "--set",
            "pool.workers=2",
        ]);
        command.arg("--summary").arg(self.folder.path().join("summary")).args(more);
        command
    }

    #[track_caller]
    fn run(&self, list: &[String], more: &[&str], code: i32) -> (Vec<Record>, Finished) {
        let run = Run::to_end(self.command(list, more)).exited(code);
        (records(&run.stdout), run)
    }

    fn summary(&self) -> Value {
        let summary = fs::read(self.folder.path().join("summary")).expect("the summary exists");
        serde_json::from_slice(&summary).expect("JSON")
    }
}

fn data(records: &[Record]) -> Vec<&str> {
    records.iter().map(Record::raw).collect()
}

fn cached(records: &[Record]) -> Vec<bool> {
    records.iter().map(|record| record.cached.expect("the run has a cache")).collect()
}

fn log<const N: usize>(expected: [(&str, u16, bool); N]) -> Vec<(String, u16, bool)> {
    expected.map(|(path, status, is_conditional)| (path.to_owned(), status, is_conditional)).to_vec()
}

#[test]
fn a_second_run_revalidates_pages_and_does_not_request_fresh_ones() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&[
        "/tag/1",
        "/date/2",
        "/fresh/3#part",
        "/never/4",
        "/plain/5",
        "/to/tag/6",
        "/to/fresh/7",
        "/missing/8",
        "/cookie/9",
        "/vary/10",
    ]);
    let (first, _) = job.run(&list, &[], 3);
    assert_eq!(cached(&first), [false; 10]);
    assert_eq!(job.summary()["cached"], 0);
    assert!(pages.answered().iter().all(|(_, _, is_conditional)| !is_conditional));

    let (second, _) = job.run(&list, &[], 3);
    let expected = log([
        ("/cookie/9", 200, true),
        ("/date/2", 304, true),
        ("/missing/8", 404, false),
        ("/never/4", 200, false),
        ("/plain/5", 200, false),
        ("/tag/1", 304, true),
        ("/tag/6", 304, true),
        ("/to/fresh/7", 302, false),
        ("/to/tag/6", 302, false),
        ("/vary/10", 304, true),
    ]);
    assert_eq!(pages.answered(), expected);
    assert_eq!(cached(&second), [true, true, true, false, false, true, true, false, false, true]);
    assert_eq!(job.summary()["cached"], 6);
    assert_eq!(data(&second), data(&first), "byte for byte");
    for (first, second) in first.iter().zip(&second) {
        let answer = |record: &Record| (record.final_url.clone(), record.status, record.bytes);
        assert_eq!(answer(second), answer(first), "{}", first.url);
        let is_fresh = second.url.contains("fresh");
        assert_eq!((second.attempts, second.worker.is_none()), (u32::from(!is_fresh), is_fresh), "{}", second.url);
    }
}

#[test]
fn a_cache_keeps_rows_and_json_apart() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/tag/1", "/fresh/2"]);
    let cache = format!("cache.path={}", job.cache().display());
    let output = |flags: &[&str]| {
        let mut command = scrape(&list);
        command.args(["--no-robots", "--set", "extract.title=title::text", "--set", "output.record=data"]);
        command.args(["--set", &cache]).args(flags);
        Run::to_end(command).exited(0).stdout
    };
    let (json, csv, tsv) = (["-f", "jsonl"], ["-f", "csv"], ["-f", "tsv"]);
    let excel = ["-f", "csv", "--set", "output.dialect=excel"];
    for _ in 0..2 {
        assert_eq!(output(&json), "{\"title\":\"/tag/1 0\"}\n{\"title\":\"/fresh/2 0\"}\n");
        assert_eq!(output(&csv), "title\n/tag/1 0\n/fresh/2 0\n");
        assert_eq!(output(&tsv), "title\n/tag/1 0\n/fresh/2 0\n");
        assert_eq!(output(&excel), "\u{FEFF}title\r\n/tag/1 0\r\n/fresh/2 0\r\n");
    }
    let answered = pages.answered();
    let count =
        |path: &str, wanted: u16| answered.iter().filter(|(at, status, _)| at == path && *status == wanted).count();
    let counts = (count("/tag/1", 200), count("/tag/1", 304), count("/fresh/2", 200));
    assert_eq!(counts, (4, 4, 4), "each form is fetched once and then kept");
}

#[test]
fn a_page_that_is_not_asked_for_keeps_the_time_at_which_it_was_fetched() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/fresh/1", "/tag/2", "/missing/3"]);
    let times = || -> Vec<jiff::Timestamp> {
        let (records, _) = job.run(&list, &[], 3);
        let times = records.iter().map(|record| record.fetched_at.as_deref().expect("it was fetched"));
        times.map(|time| time.parse().expect("RFC 3339")).collect()
    };
    let begun = jiff::Timestamp::now();
    let first = times();
    let between = jiff::Timestamp::now();
    // The cache stores whole seconds, so a second must pass.
    wait_until("the next second", PROMPTLY, || jiff::Timestamp::now().as_second() > between.as_second());
    let second = times();
    let milliseconds = |time: &jiff::Timestamp| time.as_millisecond();
    let is_within = |time| (milliseconds(&begun)..=milliseconds(&between)).contains(&milliseconds(time));
    assert!(first.iter().all(is_within), "{begun} {first:?} {between}");
    assert_eq!(second[0].as_second(), first[0].as_second(), "it was not requested again");
    assert!(second[1] > between && second[2] > between, "these were: {second:?}");
}

#[test]
fn a_run_over_unchanged_pages_receives_no_bodies() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/tag/1", "/tag/2", "/date/3", "/tag/1"]);
    let (first, _) = job.run(&list, &[], 0);
    assert!(job.summary()["bytes"].as_u64() > Some(0));
    for _ in 0..2 {
        let (again, run) = job.run(&list, &[], 0);
        assert_eq!((data(&again), cached(&again)), (data(&first), vec![true; 4]));
        assert_eq!(job.summary()["bytes"], 0, "no body was received");
        assert!(run.stderr.contains("(4 of them from the cache)"), "{}", run.stderr);
    }
}

#[test]
fn a_changed_page_replaces_the_stored_one() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/tag/1"]);
    for version in [1, 2, 3] {
        pages.shared.version.store(version, SeqCst);
        let (changed, _) = job.run(&list, &[], 0);
        assert!(changed[0].raw().contains(&format!("/tag/1 {version}")), "{}", changed[0].raw());
        let (again, _) = job.run(&list, &[], 0);
        assert_eq!((data(&again), cached(&again)), (data(&changed), vec![true]));
    }
}

#[test]
fn settings_that_shape_the_data_are_part_of_the_cache_key() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/fresh/1", "/tag/2", "/vary/3"]);
    let variants: [&[&str]; 6] = [
        &[],
        &["--set", "extract.title=title::text"],
        &["--set", "fetch.max_body=1MiB"],
        &["-H", "Accept-Language: de"],
        &["-H", "Authorization: Bearer me"],
        &["-H", "Authorization: Bearer you"],
    ];
    let mut first = Vec::new();
    for variant in variants {
        let (fetched, _) = job.run(&list, variant, 0);
        assert_eq!(cached(&fetched), [false; 3], "{variant:?}");
        first.push(data(&fetched).join("\n"));
    }
    pages.answered();
    for (variant, first) in variants.iter().zip(&first) {
        let (again, _) = job.run(&list, variant, 0);
        assert_eq!((data(&again).join("\n"), cached(&again)), (first.clone(), vec![true; 3]), "{variant:?}");
        assert_eq!(pages.answered(), log([("/tag/2", 304, true), ("/vary/3", 304, true)]), "{variant:?}");
    }
    let file = String::from_utf8_lossy(&fs::read(job.cache()).expect("the file")).into_owned();
    assert!(!file.contains("Authorization") && !file.contains("authorization"), "no request header is stored");
    // Workers, time limits and retries do not affect the data.
    let (again, _) = job.run(&list, &["-w", "1", "-t", "20s", "--max-retries", "0"], 0);
    assert_eq!(cached(&again), [true; 3]);
}

#[test]
fn a_run_can_request_every_page_again() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/fresh/1", "/tag/2"]);
    job.run(&list, &[], 0);
    pages.answered();
    let (asked, _) = job.run(&list, &["-H", "Cache-Control: no-cache"], 0);
    assert_eq!(cached(&asked), [false, true]);
    assert_eq!(pages.answered(), log([("/fresh/1", 200, false), ("/tag/2", 304, true)]));
    let (again, _) = job.run(&list, &[], 0);
    assert_eq!(cached(&again), [true, true], "the answers of that run were stored");
}

#[test]
fn a_server_that_confirms_an_unknown_version_is_asked_again() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/liar/1", "/tag/2"]);
    let (first, _) = job.run(&list, &[], 0);
    pages.answered();
    let (second, _) = job.run(&list, &[], 0);
    assert_eq!((data(&second), cached(&second)), (data(&first), vec![false, true]));
    assert_eq!(second[0].attempts, 1);
    assert_eq!(pages.answered(), log([("/liar/1", 200, false), ("/liar/1", 304, true), ("/tag/2", 304, true)]));
}

#[test]
fn without_a_cache_records_and_summaries_do_not_mention_it() {
    let (pages, job) = (Pages::start(), Job::new());
    let mut command = scrape(pages.list(&["/fresh/1", "/fresh/1"]));
    command.arg("--no-robots");
    command.args(["--format", "jsonl", "--summary"]).arg(job.folder.path().join("summary"));
    let run = Run::to_end(command).exited(0);
    assert!(!run.stdout.contains("cached") && job.summary().get("cached").is_none(), "{}", run.stdout);
    assert_eq!(pages.answered().len(), 2);
    assert!(!job.cache().exists());
}

#[test]
fn an_unusable_cache_file_is_an_error_before_the_first_request() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/fresh/1"]);
    let path = job.cache();
    let refused = |why: &str| {
        let (_, run) = job.run(&list, &[], 2);
        let expected = format!("error: open the cache {}: {why}", path.display());
        assert!(run.stderr.contains(&expected), "{}", run.stderr);
        assert_eq!(pages.answered(), []);
    };
    fs::create_dir(&path).expect("a folder");
    refused("it is a folder; name a file in it (cache.path)");
    fs::remove_dir(&path).expect("empty");
    fs::write(&path, "notes of the user").expect("a file");
    let set_mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the file is ours");
    set_mode(0o644);
    refused("other users may read or write it (its mode is 644); a cache belongs to one user alone (chmod 600)");
    set_mode(0o600);
    refused("it is not a cache of Gleaner, or it is damaged");
    assert_eq!(fs::read(&path).expect("the file exists"), b"notes of the user");
    let elsewhere = job.folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).expect("the folder is ours");
    std::os::unix::fs::symlink(&elsewhere, &path).expect("the folder is ours");
    refused("it is a symbolic link");
}

#[test]
fn a_cache_of_an_older_version_is_used_without_its_answers_and_that_is_said_once() {
    let (pages, job) = (Pages::start(), Job::new());
    let database = redb::Database::create(job.cache()).expect("a database");
    let transaction = database.begin_write().expect("it can be written");
    let heads: redb::TableDefinition<'_, &[u8], &[u8]> = redb::TableDefinition::new("gleaner-cache-heads-1");
    transaction.open_table(heads).expect("a table");
    transaction.commit().expect("written");
    drop(database);
    fs::set_permissions(job.cache(), fs::Permissions::from_mode(0o600)).expect("the file is ours");
    let list = pages.list(&["/fresh/1"]);
    for (cached_before, is_said) in [(false, true), (true, false)] {
        let (records, run) = job.run(&list, &[], 0);
        assert_eq!(cached(&records), [cached_before]);
        let says = run.stderr.contains("has answers of another version of gleaner, which are not used; delete it");
        assert_eq!(says, is_said, "{}", run.stderr);
    }
}

#[test]
fn two_runs_cannot_use_a_cache_at_the_same_time() {
    let (pages, job) = (Pages::start(), Job::new());
    let first = Run::start(job.command(&pages.list(&["/tag/1", "/hang"]), &[]));
    wait_until("the first page", PROMPTLY, || !pages.shared.log.lock().expect("no panic").is_empty());
    let list = pages.list(&["/tag/1"]);
    let (_, second) = job.run(&list, &[], 2);
    let expected = format!(
        "error: open the cache {}: another run uses it; wait for its end, or name another file (cache.path)",
        job.cache().display()
    );
    assert!(second.stderr.contains(&expected), "{}", second.stderr);
    assert_eq!(pages.answered().len(), 1, "the second run makes no request");
    first.signal(Signal::KILL);
    first.finish();
    job.run(&list, &[], 0);
}

#[test]
fn runs_killed_at_any_moment_leave_a_correct_cache_and_can_be_resumed_with_it() {
    const KILLS: u32 = 6;
    let (pages, job) = (Pages::start(), Job::new());
    let paths: Vec<String> = (0..3000).map(|n| format!("/{}/{n}", ["tag", "fresh", "date"][n % 3])).collect();
    let list_file = job.folder.path().join("list");
    fs::write(&list_file, pages.list(&paths.iter().map(String::as_str).collect::<Vec<_>>()).join("\n"))
        .expect("a list");
    let list = [list_file.display().to_string()];
    let output = job.folder.path().join("out.jsonl");
    let to_output = ["--output", output.to_str().expect("a path"), "--resume"];
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let mut kept = 0;
    for kill in 1..=KILLS {
        let (asked, log) =
            (usize::try_from(kill).expect("small") * 150, || pages.shared.log.lock().expect("no panic").len());
        pages.answered();
        let run = Run::start(job.command(&list, &to_output));
        // Kills the run a little later each time, or at its end if the cache makes further requests unnecessary.
        wait_until("so many requests", PROMPTLY, || log() >= asked || output.exists());
        run.signal(Signal::KILL);
        run.finish();
        kept = kept.max(fs::metadata(job.cache()).map_or(0, |file| file.len()));
    }
    assert!(kept > 0);
    Run::to_end(job.command(&list, &to_output)).exited(0);
    let resumed = records(&text(&output));
    let expected: BTreeMap<u64, String> = (0..).zip(&paths).map(|(seq, path)| (seq, format!("{path} 0  "))).collect();
    assert_eq!(resumed.len(), expected.len());
    for record in &resumed {
        assert!(record.raw().contains(expected[&record.seq].trim_end()), "{record:?}");
    }
    // The killed runs stored the same data as a complete run.
    let (again, _) = job.run(&list, &[], 0);
    assert_eq!(data(&again), data(&resumed));
    let (undisturbed, _) = job.run(&list, &[], 0);
    assert_eq!((data(&undisturbed), cached(&undisturbed)), (data(&resumed), vec![true; 3000]));
}

#[test]
fn a_cached_answer_is_used_only_with_the_same_cookies_and_proxies() {
    let (pages, job) = (Pages::start(), Job::new());
    let list = pages.list(&["/fresh/1"]);
    let of = |who: &str| {
        let path = job.folder.path().join(who);
        fs::write(&path, format!("127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t{who}\n")).expect("the folder is ours");
        let load = format!("cookies.load={}", path.display());
        let (records, _) = job.run(&list, &["--set", "cookies.enabled=true", "--set", &load], 0);
        cached(&records)[0]
    };
    let is_cached = ["alice", "bob", "alice", "bob"].map(of);
    assert_eq!(is_cached, [false, false, true, true]);
    assert_eq!(pages.answered().len(), 2);

    // Nothing listens at the proxy's address, so only the cache could provide the page.
    let (records, _) = job.run(&list, &["--proxy", "http://127.0.0.1:1", "--max-retries", "0"], 3);
    assert_eq!(records[0].failure.as_ref().expect("a failure").kind, "connect");
}
