//! Security of requests: redirects to private addresses, who receives secrets, and control characters on a terminal.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use crate::raw_server::{RawServer, Reply, Then};
use crate::support::{Finished, PROMPTLY, Record, Run, Server, gleaner, records, scrape, scrape_list, wait_until};

const PAGE: &str = "<title>inside</title>";

fn page() -> Reply {
    Reply::new(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len()))
}

fn redirect(to: &str) -> Reply {
    Reply::new(format!("HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: {to}\r\n\r\n"))
}

/// A server that answers every request with the same page.
async fn inside() -> RawServer {
    RawServer::start((0..100).map(|_| page()).collect()).await
}

/// Runs Gleaner without robots.txt, so that the servers get only the listed requests.
fn run(list: &[String], arguments: &[&str]) -> Finished {
    run_with_robots(list, &[&["--no-robots"], arguments].concat())
}

fn run_with_robots(list: &[String], arguments: &[&str]) -> Finished {
    // `block_in_place` lets the test servers continue on other threads.
    tokio::task::block_in_place(|| {
        let defaults = ["-w", "1", "--concurrency", "1", "--max-retries", "0", "--set", "extract.t=title::text"];
        scrape_list(list, [&defaults, arguments].concat()).finish()
    })
}

fn outcome(record: &Record) -> &str {
    if record.data.is_some() { record.raw() } else { record.kind() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_does_not_reach_a_private_address_in_any_notation() {
    let secret = inside().await;
    let port = secret.address().port();
    let targets = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://LOCALHOST.:{port}/"),
        format!("http://x.localhost:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[::127.0.0.1]:{port}/"),
        format!("http://[64:ff9b::127.0.0.1]:{port}/"),
        format!("http://[2002:7f00:1::]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://[::]:{port}/"),
        format!("http://u:p@127.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/latest/meta-data/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "http://100.64.0.1/".to_owned(),
        "http://224.0.0.1/".to_owned(),
        "http://255.255.255.255/".to_owned(),
    ];
    let server = RawServer::start(targets.iter().map(|to| redirect(to)).collect()).await;
    let list: Vec<String> = (0..targets.len()).map(|n| server.url(&n.to_string())).collect();
    let run = run(&list, &[]).exited(3);
    for (record, target) in records(&run.stdout).iter().zip(&targets) {
        let failure = record.failure.as_ref().expect(target);
        assert_eq!((&*failure.kind, &*failure.stage), ("blocked_address", "fetch"), "{target}");
        assert!(failure.message.contains("connect to host `"), "{target}: {}", failure.message);
        assert!(failure.message.contains("network.private_addresses"), "{target}: {}", failure.message);
    }
    assert_eq!(secret.connections(), 0);
    assert_eq!(server.requests().len(), targets.len(), "a blocked address is final");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn robots_txt_does_not_lead_to_a_private_address() {
    let secret = inside().await;
    let to = secret.url("");
    // The robots.txt of the first server redirects there. So does a page of the second one; the robots.txt of that
    // address would be requested next.
    let (first, second) = (
        RawServer::start(vec![redirect(&secret.url("robots.txt"))]).await,
        RawServer::start(vec![Reply::new("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"), redirect(&to)]).await,
    );
    let run = run_with_robots(&[first.url(""), second.url("")], &[]).exited(3);
    for record in records(&run.stdout) {
        let failure = record.failure.as_ref().expect("it is blocked");
        assert_eq!((&*failure.kind, &*failure.stage), ("blocked_address", "robots"), "{failure:?}");
    }
    assert_eq!(secret.connections(), 0);
    // A listed address may be fetched, although a redirect to it was refused before.
    let second =
        RawServer::start(vec![Reply::new("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"), redirect(&to)]).await;
    let run = run_with_robots(&[second.url(""), to], &[]).exited(3);
    let found: Vec<String> = records(&run.stdout).iter().map(|record| outcome(record).to_owned()).collect();
    assert_eq!(found, ["blocked_address", r#"{"t":"inside"}"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setting_decides_which_requests_may_reach_private_addresses() {
    let secret = inside().await;
    let (to, inside_page) = (secret.url(""), r#"{"t":"inside"}"#);
    // Listed, redirected from its own origin, redirected from another origin.
    for (setting, expected) in [
        ("direct", [inside_page, inside_page, "blocked_address"]),
        ("allow", [inside_page; 3]),
        ("deny", ["blocked_address"; 3]),
    ] {
        let server = RawServer::start(vec![redirect("/home"), page(), redirect(&to)]).await;
        // The first page leaves an idle connection that the last redirect must not use.
        let list = [to.clone(), server.url("own"), server.url("other")];
        let run = run(&list, &["--set", &format!("network.private_addresses={setting}")]);
        let records = records(&run.stdout);
        let found: Vec<&str> = records.iter().map(outcome).collect();
        assert_eq!(found, expected, "{setting}: {}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_redirects_to_http_and_https_are_followed() {
    let targets =
        ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/x", "data:text/html,x", "javascript:1"];
    let server = RawServer::start(targets.iter().map(|to| redirect(to)).collect()).await;
    let list: Vec<String> = (0..targets.len()).map(|n| server.url(&n.to_string())).collect();
    let run = run(&list, &["--set", "network.private_addresses=allow"]).exited(3);
    for (record, target) in records(&run.stdout).iter().zip(targets) {
        assert_eq!(record.kind(), "protocol", "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_have_a_maximum_number() {
    let server = RawServer::start((0..50).map(|n| redirect(&format!("/{n}"))).collect()).await;
    let run = run(&[server.url("")], &["--set", "fetch.max_redirects=10"]).exited(3);
    assert_eq!(records(&run.stdout)[0].kind(), "too_many_redirects");
    assert_eq!(server.requests().len(), 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_site_of_the_run_is_reachable_from_its_own_pages_and_not_by_redirects_from_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("sub")).expect("a folder");
    for page in ["index.html", "sub/index.html"] {
        fs::write(folder.path().join(page), PAGE).expect("a file");
    }
    let site = folder.path().to_str().expect("UTF-8");
    for (setting, outside) in [("direct", "blocked_address"), ("allow", "blocked_address"), ("deny", "blocked_address")]
    {
        let server = RawServer::start(vec![redirect("http://site.localhost/")]).await;
        // A folder without a slash is redirected to the same path with one.
        let list = ["index.html".to_owned(), "sub".to_owned(), server.url("")];
        let set = format!("network.private_addresses={setting}");
        let run = run(&list, &["--site", site, "--set", &set]).exited(3);
        let records = records(&run.stdout);
        let found: Vec<&str> = records.iter().map(outcome).collect();
        assert_eq!(found, [r#"{"t":"inside"}"#, r#"{"t":"inside"}"#, outside], "{setting}: {}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_may_have_any_address_but_addresses_in_urls_are_checked() {
    let targets = ["http://other.example/", "http://10.0.0.1/", "http://localhost/"];
    let mut replies = Vec::new();
    for to in targets {
        replies.push(redirect(to));
        if to.contains("example") {
            replies.push(page());
        }
    }
    let proxy = RawServer::start(replies).await;
    let list = targets.map(|_| "http://listed.example/".to_owned());
    let run = tokio::task::block_in_place(|| {
        let mut command = scrape(list);
        command.args(["--format", "jsonl", "-w", "1", "--concurrency", "1", "--max-retries", "0"]);
        command.args(["--set", "extract.t=title::text", "--no-robots"]);
        command.env("http_proxy", format!("http://pu:proxysecret@{}", proxy.address()));
        Run::to_end(command).exited(3)
    });
    let records = records(&run.stdout);
    let found: Vec<&str> = records.iter().map(outcome).collect();
    assert_eq!(found, [r#"{"t":"inside"}"#, "blocked_address", "blocked_address"], "{}", run.stdout);
    assert!(proxy.requests().iter().all(|request| request.contains("GET http://")), "{:?}", proxy.requests());
    assert!(!format!("{run:?}").contains("proxysecret"), "{run:?}");
}

const SECRETS: [&str; 5] = ["urlsecret", "bearersecret", "cookiesecret", "keysecret", "proxysecret"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_reach_only_the_hosts_of_the_list() {
    let stranger = RawServer::start(vec![
        page(),
        Reply::new("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n"),
        Reply::new("nonsense\r\n\r\n").then(Then::Close),
    ])
    .await;
    let away = |n: u32| redirect(&stranger.url(&format!("s{n}")));
    let server = RawServer::start(vec![
        away(1),
        away(2),
        away(3),
        redirect("/own"),
        page(),
        redirect("http://x:locationsecret@["),
        Reply::new("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"),
        Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").then(Then::Close),
        Reply::new("nonsense\r\n\r\n").then(Then::Close),
        Reply::new("").then(Then::Reset),
    ])
    .await;
    let with_password = |n: u32| server.url(&format!("p{n}")).replace("http://", "http://user:urlsecret@");
    let mut list: Vec<String> = vec![with_password(0), server.url("plain")];
    list.extend((2..9).map(with_password));
    list.push("http://user:urlsecret@[".to_owned());
    list.push("http://user:urlsecret@127.0.0.1:1/".to_owned());
    list.push("ftp://user:urlsecret@h/".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary.json");
    let run = run(
        &list,
        &[
            "-vv",
            "--summary",
            summary.to_str().expect("UTF-8"),
            "--set",
            "network.private_addresses=allow",
            "-H",
            "Authorization: Bearer bearersecret",
            "-H",
            "Cookie: sid=cookiesecret",
            "-H",
            "X-Api-Key: keysecret",
            "-H",
            "Proxy-Authorization: Basic proxysecret",
            "-H",
            "Accept-Language: en",
        ],
    )
    .exited(3);
    let (own, strange) = (server.requests(), stranger.requests());
    assert_eq!((own.len(), strange.len()), (10, 3), "{own:?}");
    let basic = "Basic dXNlcjp1cmxzZWNyZXQ=";
    for request in &own {
        assert!(request.contains("cookiesecret") && request.contains("keysecret"), "{request}");
        assert!(
            request.contains(basic) != request.contains("bearersecret"),
            "the URL's own credentials have priority: {request}"
        );
        assert!(!request.contains("proxysecret"), "without a proxy, its password is not sent: {request}");
    }
    assert!(own[4].contains("/own"), "{}", own[4]);
    assert!(own[1].contains("bearersecret") && own[4].contains(basic), "{own:?}");
    for request in &strange {
        assert!(!SECRETS.iter().any(|secret| request.contains(secret)) && !request.contains(basic), "{request}");
        assert!(request.contains("accept-language: en"), "{request}");
    }
    let summary = fs::read_to_string(summary).expect("a summary");
    for (place, text) in [("records", &run.stdout), ("log", &run.stderr), ("summary", &summary)] {
        for secret in SECRETS.iter().chain(&["locationsecret", basic, "dXNlcjp1"]) {
            assert!(!text.contains(secret), "{secret} in the {place}: {text}");
        }
    }
    let records = records(&run.stdout);
    assert_eq!(records.len(), list.len());
    assert_eq!(records[0].final_url.as_deref(), Some(&*stranger.url("s1")));
}

/// The first character that controls a terminal.
fn terminal_control(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

const EVIL: &str = "\u{1b}[31m\u{9b}32m\u{202e}\u{7}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_from_pages_servers_lists_or_settings_controls_the_terminal() {
    let body = format!("<title>{EVIL}</title>");
    let answer = |status: &str, headers: &str| {
        Reply::new(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()))
    };
    let server = RawServer::start(vec![
        answer("200 \u{1b}[31m", ""),
        answer("404 \u{9b}31m", ""),
        answer("200 OK", "content-type: \u{9b}31m/\u{9b}31m\r\n"),
        answer("200 OK", "content-encoding: \u{9b}31m\r\n"),
        answer("302 Found", "location: http://[\u{9b}31m\r\n"),
        answer("302 Found", "location: x\u{9b}31m:y\r\n"),
        answer("302 Found", "location: /\u{9b}31m\r\n"),
        answer("200 OK", ""),
        answer("200 OK", "x: \u{1b}[31m\r\n"),
    ])
    .await;
    let mut list: Vec<String> = (0..9).map(|n| server.url(&format!("{n}{EVIL}"))).collect();
    list.push(EVIL.to_owned());
    list.push(format!("http://{EVIL}/"));
    list.push(format!("x{EVIL}:y"));
    list.push(format!("http://u:{EVIL}@h:99999/"));
    let ended = run(&list, &["-vv"]).exited(3);
    assert_eq!(records(&ended.stdout).len(), list.len());
    assert!(ended.stderr.lines().count() >= list.len(), "there is a line for each task: {}", ended.stderr);
    assert_eq!(terminal_control(&ended.stderr), None, "{:?}", ended.stderr);
    let control = ended.stdout.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(control, None, "{:?}", ended.stdout);

    let folder = tempfile::tempdir().expect("a folder");
    let named = |name: &str| folder.path().join(format!("{name}{EVIL}")).to_str().expect("UTF-8").to_owned();
    fs::write(named("settings"), format!("[pool]\nx = \"{}\"\n\"\\u001b[31m\" = 1\n", "\u{9b}31m")).expect("a file");
    let bad: [&[&str]; 6] = [
        &["-", "-c", &named("missing")],
        &["-", "-c", &named("settings")],
        &[&named("missing")],
        &["-", "-o", &named("no/such/folder")],
        &["-", "--site", &named("missing")],
        &["-", "--set", &format!("pool.workers={EVIL}")],
    ];
    for arguments in bad {
        let ended = tokio::task::block_in_place(|| Run::to_end(scrape(arguments)));
        assert_ne!(ended.code, Some(0), "{arguments:?}");
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
        assert_eq!(terminal_control(&ended.stderr), None, "{arguments:?}: {:?}", ended.stderr);
    }
}

#[test]
fn wrong_arguments_are_shown_without_terminal_controls() {
    let evil = |before: &str| OsString::from(format!("{before}{EVIL}"));
    let not_text = OsStr::from_bytes(b"--\xff\x1b[31m\x07").to_owned();
    let table = [
        (vec![evil("")], "unrecognized subcommand '\u{fffd}32m\u{fffd}'"),
        (vec!["run".into(), evil("--")], "unexpected argument '--\u{fffd}32m\u{fffd}'"),
        (vec!["run".into(), evil("--progress=")], "invalid value '\u{fffd}32m\u{fffd}'"),
        (vec!["run".into(), evil("--limit=")], "invalid value '\u{fffd}32m\u{fffd}'"),
        (vec!["run".into(), not_text], "unexpected argument '--\u{fffd}'"),
    ];
    for (arguments, expected) in table {
        // If standard error is not a terminal, sequences are removed anyway. `1` makes it count as one that shows
        // colours.
        for colours in ["0", "1"] {
            let mut command = gleaner();
            command.args(&arguments).env("CLICOLOR_FORCE", colours);
            let run = Run::to_end(command).exited(2);
            assert!(run.stderr.contains(expected), "{arguments:?}: {:?}", run.stderr);
            assert_eq!(terminal_control(&run.stderr), None, "{arguments:?}: {:?}", run.stderr);
            assert_eq!(run.stdout, "");
        }
    }
}

#[test]
fn the_standard_error_of_a_worker_is_made_printable() {
    let server = Server::start();
    let run = scrape_list(&[server.url("/sleep/1500/0")], ["-w", "1", "-v"]);
    wait_until("the page", PROMPTLY, || server.hits("/sleep/1500/0") == 1);
    let worker = run.workers()[0];
    let mut stderr = OpenOptions::new().write(true).open(format!("/proc/{}/fd/2", worker.pid)).expect("a pipe");
    writeln!(stderr, "the worker says {EVIL}").expect("the coordinator reads it");
    drop(stderr);
    let run = run.finish().exited(0);
    assert!(run.stderr.contains("the worker says"), "{}", run.stderr);
    assert_eq!(terminal_control(&run.stderr), None, "{:?}", run.stderr);
}
