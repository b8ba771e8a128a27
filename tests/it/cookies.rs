//! Cookies in complete runs: set, sent, kept from other hosts, loaded and saved.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Access, PROMPTLY, Run, Server, gleaner, records, scrape, scrape_list, wait_until};
use rustix::process::Signal;

/// Pages are fetched one after another.
const SEQUENTIAL: [&str; 4] = ["--workers", "1", "--concurrency", "1"];
const ENABLED: [&str; 2] = ["--set", "cookies.enabled=true"];

/// The titles of all pages. No page may have failed.
#[track_caller]
fn titles(output: &str) -> Vec<String> {
    let title = |raw: &str| serde_json::from_str::<serde_json::Value>(raw).expect("JSON")["title"].to_string();
    records(output).iter().map(|record| title(record.raw()).trim_matches('"').to_owned()).collect()
}

/// The `Cookie` headers of requests for paths that begin with `path`, in order of arrival.
fn sent(server: &Server, path: &str) -> Vec<String> {
    let cookie = |access: &Access| match access.headers.get("cookie") {
        Some(value) => value.to_str().expect("ASCII").to_owned(),
        None => String::new(),
    };
    server.log().iter().filter(|access| access.path.starts_with(path)).map(cookie).collect()
}

/// A cookie of the test server in curl's format.
fn line(path: &str, expires: u64, name: &str, value: &str) -> String {
    format!("127.0.0.1\tFALSE\t{path}\tFALSE\t{expires}\t{name}\t{value}\n")
}

/// The cookies of a saved file, after its header.
#[track_caller]
fn saved(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("cookies were saved");
    let (head, cookies) = text.split_once("\n\n").expect("a head and an empty line");
    assert!(head.starts_with("# Netscape HTTP Cookie File\n"), "{text}");
    cookies.to_owned()
}

fn setting(name: &str, path: &Path) -> [String; 2] {
    ["--set".to_owned(), format!("cookies.{name}={}", path.display())]
}

#[test]
fn cookies_of_a_page_are_sent_with_later_requests_if_enabled() {
    for (flags, expected) in [(&ENABLED[..], ["none", "sid=1", "none", "b=2; sid=3"]), (&[], ["none"; 4])] {
        let server = Server::start();
        let paths = [
            "/cookies",
            "/set-cookie/sid=1;%20Path=%2F",
            "/cookies",
            "/set-cookie/sid=;%20Path=%2F;%20Max-Age=0",
            "/cookies",
            "/set-cookie/b=2;%20Path=%2F",
            "/set-cookie/sid=3;%20Path=%2F",
            "/cookies",
        ];
        let list = paths.map(|path| server.url(path));
        let run = scrape_list(&list, SEQUENTIAL.iter().chain(flags)).finish().exited(0);
        let titles = titles(&run.stdout);
        assert_eq!([0, 2, 4, 7].map(|at| titles[at].as_str()), expected, "{flags:?}");
    }
}

#[test]
fn each_hop_of_a_redirect_sends_the_cookies_of_earlier_hops_from_any_worker() {
    let server = Server::start();
    let chain = |n: u32| server.url(&format!("/set-cookie/c={n};%20Path=%2Fcookies%2F{n}?/cookies/{n}"));
    let list: Vec<String> = (0..60).map(chain).collect();
    let flags = ["--workers", "7", "--concurrency", "2", "--max-tasks-per-worker", "5"];
    let run = scrape_list(&list, flags.iter().chain(&ENABLED)).finish().exited(0);
    let expected: Vec<String> = (0..60).map(|n| format!("c={n}")).collect();
    assert_eq!(titles(&run.stdout), expected);
    assert!(sent(&server, "/set-cookie").iter().all(String::is_empty), "the cookies are for another path");
}

#[test]
fn a_retry_sends_the_cookies_of_the_failure() {
    let server = Server::start();
    let run = scrape_list(&[server.url("/turnstile")], ENABLED).finish().exited(0);
    assert_eq!(titles(&run.stdout), ["passed=yes"]);
    assert_eq!(records(&run.stdout)[0].attempts, 2);
    let without = scrape_list(&[server.url("/turnstile")], ["--max-retries", "0"]).finish().exited(3);
    assert_eq!(records(&without.stdout)[0].kind(), "http_status");
}

#[test]
fn a_redirect_to_itself_is_followed_as_long_as_it_sets_a_new_cookie() {
    let server = Server::start();
    let list = ["/gate"; 2].map(|path| server.url(path));
    let run = scrape_list(&list, ENABLED).finish().exited(0);
    assert_eq!(titles(&run.stdout), ["passed=yes"; 2]);
    let without = scrape_list(&list[..1], SEQUENTIAL).finish().exited(3);
    let record = &records(&without.stdout)[0];
    assert_eq!((record.kind(), record.status, record.attempts), ("too_many_redirects", Some(302), 1));
    let message = &record.failure.as_ref().expect("a failure").message;
    assert!(message.contains("redirects to itself") && message.contains("cookies.enabled"), "{message}");
}

#[test]
fn cookies_stay_with_their_host_and_are_added_to_those_of_the_settings() {
    let server = Server::start();
    // One server under two host names.
    let elsewhere = server.url("/cookies").replace("127.0.0.1", "localhost");
    let list = [server.url("/set-cookie/sid=1;%20Path=%2F"), elsewhere, server.url("/cookies")];
    let flags = SEQUENTIAL.iter().chain(&ENABLED).chain(&["--header", "Cookie: seen=1"]);
    let run = scrape_list(&list, flags).finish().exited(0);
    assert_eq!(titles(&run.stdout)[1..], ["seen=1", "seen=1; sid=1"]);
}

#[test]
fn a_cookie_file_of_curl_is_loaded_and_the_final_cookies_are_saved() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from.txt"), folder.path().join("to.txt"));
    let head = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\
                # This file was generated by libcurl! Edit at your own risk.\n\n";
    let lines = [
        "#HttpOnly_".to_owned() + &line("/", 4_102_444_800, "login", "loginsecret"),
        line("/elsewhere", 0, "path", "1"),
        line("/", 1, "old", "1"),
        line("/", 0, "session", "1"),
        ".other.example\tTRUE\t/\tTRUE\t0\tother\t1\n".to_owned(),
    ];
    fs::write(&from, head.to_owned() + &lines.concat()).expect("written");
    fs::write(&to, "an old file").expect("written");
    fs::set_permissions(&to, fs::Permissions::from_mode(0o644)).expect("the file is ours");

    let list = [server.url("/ok/1"), server.url("/set-cookie/session=setsecret;%20Path=%2F"), server.url("/ok/2")];
    let summary = folder.path().join("summary.json");
    let (load, save) = (setting("load", &from), setting("save", &to));
    let mut flags: Vec<&str> = SEQUENTIAL.iter().chain(&ENABLED).copied().collect();
    flags.extend(load.iter().chain(&save).map(String::as_str));
    flags.extend(["-vv", "--summary", summary.to_str().expect("UTF-8")]);
    let run = scrape_list(&list, flags).finish().exited(0);

    assert_eq!(sent(&server, "/ok/1"), ["login=loginsecret; session=1"]);
    assert_eq!(sent(&server, "/ok/2"), ["login=loginsecret; session=setsecret"]);
    let [login, path, _, _, other] = &lines;
    assert_eq!(saved(&to), [login, path, &line("/", 0, "session", "setsecret"), other].map(String::as_str).concat());
    assert_eq!(fs::metadata(&to).expect("the file exists").permissions().mode() & 0o777, 0o600);
    let summary = fs::read_to_string(&summary).expect("the summary exists");
    for (place, text) in [("records", &run.stdout), ("log", &run.stderr), ("summary", &summary)] {
        let text = text.replace("/set-cookie/session=setsecret", "");
        assert!(!text.contains("loginsecret") && !text.contains("setsecret"), "{place}: {text}");
    }

    // The next run loads the saved cookies.
    let flags: Vec<String> = ENABLED.map(str::to_owned).into_iter().chain(setting("load", &to)).collect();
    let run = scrape_list(&[server.url("/cookies")], flags).finish().exited(0);
    assert_eq!(titles(&run.stdout), ["login=loginsecret; session=setsecret"]);
}

#[test]
fn an_interrupted_run_saves_its_cookies_and_the_resumed_run_loads_them() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (list, output, jar) =
        (folder.path().join("list"), folder.path().join("out.jsonl"), folder.path().join("cookies.txt"));
    // The second page asks for a pause that is longer than the first run.
    let paths = ["/set-cookie/sid=1;%20Path=%2F", "/flaky/1/2?retry-after=3600"];
    fs::write(&list, paths.map(|path| server.url(path)).join("\n")).expect("written");
    let command = |resume: &[&str]| {
        let mut command = scrape([&list]);
        command.arg("--output").arg(&output).args(SEQUENTIAL).args(ENABLED).args(resume);
        command.args(["--set", "fetch.max_retry_after=2h"]);
        // The file to load may be missing if it is also the file to save to.
        command.args(setting("load", &jar)).args(setting("save", &jar));
        command
    };
    let run = Run::start(command(&[]));
    wait_until("the request for the second page", PROMPTLY, || {
        server.hits("/flaky/1/2") == 1 && server.in_flight() == 0
    });
    run.signal(Signal::INT);
    run.finish().exited(130);
    assert_eq!(saved(&jar), line("/", 0, "sid", "1"));

    // A run with other settings for cookies must not be resumed.
    let mut without = scrape([&list]);
    without.arg("--output").arg(&output).arg("--resume");
    let refused = Run::to_end(without).exited(2);
    assert!(refused.stderr.contains("cookies.enabled"), "{}", refused.stderr);

    Run::to_end(command(&["--resume"])).exited(0);
    assert_eq!(sent(&server, "/flaky"), ["sid=1", "sid=1"]);
    assert_eq!(server.hits("/set-cookie/sid=1;%20Path=%2F"), 1);
    assert_eq!(saved(&jar), line("/", 0, "sid", "1"));
}

#[test]
fn a_run_that_is_resumed_after_a_kill_saves_its_cookies() {
    // The first page waits for its own host.
    let (server, slow) = (Server::start(), Server::start());
    let folder = tempfile::tempdir().expect("a folder");
    let (list, output, jar) =
        (folder.path().join("list"), folder.path().join("out.jsonl"), folder.path().join("cookies.txt"));
    let paths = ["/set-cookie/sid=1;%20Path=%2F", "/ok/1"].map(|path| server.url(path));
    let lines = [&[slow.url("/flaky/1/2?retry-after=3600")][..], &paths].concat();
    fs::write(&list, lines.join("\n")).expect("written");
    let command = |resume: &[&str]| {
        let mut command = scrape([&list]);
        command.arg("--output").arg(&output).args(SEQUENTIAL).args(ENABLED).args(resume);
        command.args(["--set", "fetch.max_retry_after=2h"]).args(setting("save", &jar));
        command
    };
    let run = Run::start(command(&[]));
    wait_until("the request for the last page", PROMPTLY, || server.hits("/ok/1") == 1);
    run.signal(Signal::KILL);
    assert_eq!(run.finish().signal, Some(9));
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("the folder exists").flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".tmp")), "{left:?}");

    Run::to_end(command(&["--resume"])).exited(0);
    assert!(fs::read_to_string(&jar).expect("cookies were saved").starts_with("# Netscape HTTP Cookie File\n"));
}

#[test]
fn errors_in_cookie_files_are_found_before_the_first_request() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("bad.txt"), line("/", 0, "a", "b") + "127.0.0.1\tFALSE\t/\tFALSE\tsoon\ta\tvaluesecret\n")
        .expect("written");
    let (missing, bad, here) = (path("missing.txt"), path("bad.txt"), folder.path().display().to_string());
    let no_folder = path("no/cookies.txt");
    let table = [
        (
            format!("cookies.load={missing}"),
            format!("load cookies from {missing}: name a file that is there, or leave out cookies.load"),
        ),
        (
            format!("cookies.load={bad}"),
            format!(
                "load cookies from {bad}: line 2: the fifth field must be seconds since 1970, or 0 or nothing for the end of the session"
            ),
        ),
        (format!("cookies.load={here}"), format!("load cookies from {here}: read line 1: ")),
        (format!("cookies.save={here}"), format!("save cookies to {here}: it is not a regular file, name one")),
        (
            "cookies.save=/dev/null".to_owned(),
            "save cookies to /dev/null: it is not a regular file, name one".to_owned(),
        ),
        (
            format!("cookies.save={no_folder}"),
            format!("save cookies to {no_folder}: create its folder, or make it writable: "),
        ),
    ];
    for (setting, expected) in table {
        let mut check = gleaner();
        check.args(["check", "--set", &setting]).args(ENABLED);
        let mut run = scrape([server.url("/ok/1")]);
        run.args(["--set", &setting]).args(ENABLED);
        for command in [run, check] {
            let refused = Run::to_end(command).exited(2);
            assert!(refused.stderr.contains(&expected), "{}", refused.stderr);
            assert!(!refused.stderr.contains("valuesecret"), "{}", refused.stderr);
        }
    }
    assert!(server.log().is_empty());
}
