//! Requests through proxies: which proxy is used, what it learns, and the error if it fails.

use std::process::Command;

use crate::raw_server::proxy::Proxy;
use crate::raw_server::{RawServer, Reply};
use crate::support::{ClosedPort, Finished, Record, Run, records, scrape};

const PAGE: &str = "<title>T</title>";
const SCHEMES: [&str; 3] = ["http", "socks5", "socks5h"];

async fn server() -> RawServer {
    let page = || Reply::new(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len()));
    RawServer::start((0..20).map(|_| page()).collect()).await
}

fn run(list: &[&str], arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    // `block_in_place` lets the test servers continue on other threads.
    let run = tokio::task::block_in_place(|| {
        let mut command = scrape(["-w", "1", "--concurrency", "1", "--max-retries", "0", "-f", "jsonl", "--no-robots"]);
        command.args(arguments).args(list).envs(variables.iter().copied());
        Run::to_end(command)
    });
    assert!(!format!("{run:?}").contains("proxysecret"), "{run:?}");
    run
}

fn failure(record: &Record) -> (&str, &str) {
    let failure = record.failure.as_ref().expect("a failure");
    (&failure.kind, &failure.message)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_has_neither_the_address_nor_the_password_of_a_proxy() {
    let server = server().await;
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.warc.gz");
    for scheme in ["http", "socks5h"] {
        let proxy = Proxy::start(server.address(), true).await;
        let archive = archive.to_str().expect("a path");
        run(&["http://nowhere.example/a"], &["--proxy", &proxy.unlocked(scheme), "--archive", archive], &[]).exited(0);
        let all = crate::archives::read_file(archive.as_ref());
        let [_, response, request] = &all[..] else { panic!("{all:?}") };
        assert_eq!(response.fields["WARC-Target-URI"], "http://nowhere.example/a");
        assert!(request.head.starts_with("GET /a HTTP/1.1\r\nhost: nowhere.example\r\n"), "{request:?}");
        for record in &all {
            assert!(!record.fields.contains_key("WARC-IP-Address"), "{record:?}");
        }
        let text = format!("{all:?}");
        assert!(!text.contains("proxysecret") && !text.contains("cHU6"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_and_socks_proxies_work_with_and_without_a_password() {
    let server = server().await;
    for scheme in SCHEMES {
        for lock in [false, true] {
            let proxy = Proxy::start(server.address(), lock).await;
            let url = if lock { proxy.unlocked(scheme) } else { proxy.url(scheme) };
            let page = if scheme == "socks5" { "http://127.0.0.1:9/" } else { "http://nowhere.example/" };
            run(&[page], &["-vv", "--proxy", &url], &[]).exited(0);
            let expected = match scheme {
                "http" => "GET http://nowhere.example/",
                "socks5" => "SOCKS 127.0.0.1:9",
                _ => "SOCKS nowhere.example:80",
            };
            assert_eq!(proxy.asked(), [expected]);
            let request = server.requests().pop().expect("a request");
            assert!(!request.contains("Proxy-Authorization") || scheme == "http", "{request}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_proxies_alternate_and_passwords_come_from_the_environment() {
    let server = server().await;
    let (one, two) = (Proxy::start(server.address(), true).await, Proxy::start(server.address(), false).await);
    let first = one.unlocked("http").replace("proxysecret", "${PASSWORD}");
    let list: Vec<String> = (0..4).map(|n| format!("http://h{n}.example/")).collect();
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    run(&list, &["-x", &first, "-x", &two.url("socks5h")], &[("PASSWORD", "proxysecret")]).exited(0);
    assert_eq!((one.asked().len(), two.asked().len()), (2, 2), "{:?} {:?}", one.asked(), two.asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_may_have_its_own_proxy_or_none() {
    let server = server().await;
    let (all, own) = (Proxy::start(server.address(), false).await, Proxy::start(server.address(), false).await);
    let direct = server.url("direct");
    let list = ["http://a.example/", "http://own.example/", &direct];
    let sets = [
        format!("network.proxies=[\"{}\"]", all.url("http")),
        format!("hosts.\"own.example\".proxy={}", own.url("http")),
        format!("hosts.\"{}\".proxy=none", server.address()),
    ];
    run(&list, &["--set", &sets[0], "--set", &sets[1], "--set", &sets[2]], &[]).exited(0);
    assert_eq!(all.asked(), ["GET http://a.example/"]);
    assert_eq!(own.asked(), ["GET http://own.example/"]);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_robots_txt_of_a_host_is_requested_through_the_proxy_of_the_host() {
    let server = server().await;
    let own = Proxy::start(server.address(), true).await;
    let set = format!("hosts.\"own.example\".proxy={}", own.unlocked("http"));
    tokio::task::block_in_place(|| {
        let mut command = scrape(["-w", "1", "-f", "jsonl", "--set", &set]);
        command.arg("http://own.example/page");
        Run::to_end(command).exited(0)
    });
    assert_eq!(own.asked(), ["GET http://own.example/robots.txt"]);
    // The second request uses the same connection to the proxy.
    let asked: Vec<String> = server.requests().iter().filter_map(|it| Some(it.lines().next()?.to_owned())).collect();
    assert_eq!(asked, ["GET http://own.example/robots.txt HTTP/1.1", "GET http://own.example/page HTTP/1.1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_of_the_environment_are_used_without_proxies_in_the_settings_and_never_for_the_site() {
    let server = server().await;
    let proxy = Proxy::start(server.address(), true).await;
    let url = proxy.unlocked("socks5h");
    let variables = [("ALL_PROXY", &*url), ("NO_PROXY", "127.0.0.1")];
    let direct = server.url("direct");
    run(&["http://a.example/", &direct], &[], &variables).exited(0);
    assert_eq!(proxy.asked(), ["SOCKS a.example:80"]);

    let other = Proxy::start(server.address(), false).await;
    run(&["http://b.example/", &direct], &["-x", &other.url("http")], &variables).exited(0);
    run(&[&direct], &["-x", "none"], &[("ALL_PROXY", &url)]).exited(0);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.html"), PAGE).expect("written");
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "a.html\n").expect("written");
    let path = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    run(&[&path(&list)], &["--site", &path(folder.path())], &[("ALL_PROXY", &url)]).exited(0);
    assert_eq!((proxy.asked().len(), other.asked().len()), (1, 2), "the settings have priority");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_names_the_failing_proxy_without_its_password() {
    let refusing = ClosedPort::new();
    let closed = refusing.addr;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = silent.local_addr().map(|address| (address, silent)).expect("bound");
    let server = server().await;
    let locked = Proxy::start(server.address(), true).await;
    let tls = crate::raw_server::tls::self_signed();
    let tunnel = Proxy::start(tls, false).await;
    for scheme in SCHEMES {
        for page in ["http://127.0.0.1:9/", "https://127.0.0.1:9/"] {
            // Connection refused; password missing; password wrong; no answer.
            let cases = [
                (format!("{scheme}://pu:proxysecret@{closed}"), "reach the proxy", "connect"),
                (locked.url(scheme), "no user name and password", "connect"),
                (locked.unlocked(scheme).replace("pu:", "wrong:"), "no user name and password", "connect"),
                (format!("{scheme}://pu:proxysecret@{}", silent.0), "within", "timeout"),
            ];
            for (proxy, expected, kind) in cases {
                let limits = ["--set", "fetch.connect_timeout=300ms", "--set", "fetch.timeout=300ms"];
                let run = run(&[page], &[&["-x", &proxy], &limits[..]].concat(), &[]).exited(3);
                let records = records(&run.stdout);
                let (found, message) = failure(&records[0]);
                assert!(
                    found == kind && message.contains(expected),
                    "{proxy} {page}: {found}: {message} {:?}",
                    records[0]
                );
                let address = proxy.rsplit(['/', '@']).next().expect("an address");
                let is_named = message.contains(address) || kind == "timeout";
                assert!(is_named && message.contains("127.0.0.1"), "{message}");
            }
        }
        // The proxy works, and the server behind it fails.
        let run = run(&["https://127.0.0.1:9/"], &["-x", &tunnel.url(scheme)], &[]).exited(3);
        assert_eq!(records(&run.stdout)[0].kind(), "tls", "{}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_in_urls_are_checked_with_any_proxy() {
    let server = RawServer::start(vec![Reply::new(
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: http://10.0.0.1/\r\n\r\n",
    )])
    .await;
    let proxy = Proxy::start(server.address(), false).await;
    let run = run(&["http://a.example/"], &["-x", &proxy.url("socks5h")], &[]).exited(3);
    assert_eq!(records(&run.stdout)[0].kind(), "blocked_address", "{}", run.stdout);
    assert_eq!(proxy.asked().len(), 1);
}

#[expect(clippy::print_stderr, reason = "a skipped test must be visible")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

/// `command` with the file `hosts` in place of `/etc/hosts`. The mount is visible only to the command.
fn with_hosts(hosts: &std::path::Path, command: &Command) -> Command {
    let mut inside = Command::new("unshare");
    let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    inside.args(["-rm", "sh", "-c", script]).arg(hosts).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    inside
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_looked_up_locally_for_a_socks_proxy_are_checked() {
    if !Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|tried| tried.status.success()) {
        return skipped("this system does not allow private mounts (unshare -rm)");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 localhost inside.test proxy.test\n").expect("the folder is ours");
    // Whether the settings name the proxy, its URL, the setting for private addresses, the listed URL, the redirect
    // target, the outcome.
    let (listed, blocked, page) = ("http://127.0.0.1:9/", "blocked_address", "page");
    let table = [
        (true, "socks5://127.0.0.1", "direct", listed, "http://inside.test/", blocked),
        (true, "socks5://127.0.0.1", "allow", listed, "http://inside.test/", page),
        (true, "socks5://127.0.0.1", "direct", "http://inside.test/", "/own", page),
        (true, "socks5://127.0.0.1", "deny", "http://inside.test/", "/own", blocked),
        (false, "socks5://127.0.0.1", "direct", listed, "http://inside.test/", blocked),
        (true, "socks5h://127.0.0.1", "direct", listed, "http://inside.test/", page),
        // The proxy itself may have any address, but a redirect must not lead to it.
        (true, "socks5://proxy.test", "direct", listed, "http://8.8.8.8/", page),
        (true, "socks5://proxy.test", "direct", listed, "http://proxy.test/", blocked),
        (true, "http://proxy.test", "direct", listed, "http://PROXY.test/", blocked),
    ];
    for (of_settings, proxy, setting, first, to, expected) in table {
        let redirect = format!("HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: {to}\r\n\r\n");
        let html = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len());
        let server = RawServer::start(vec![Reply::new(redirect), Reply::new(html)]).await;
        let open = Proxy::start(server.address(), false).await;
        let port = open.url("http").rsplit(':').next().expect("a port").to_owned();
        let url = format!("{proxy}:{port}");
        let mut command = scrape([first, "-w", "1", "--max-retries", "0", "-f", "jsonl", "--no-robots"]);
        command.args(["--set", &format!("network.private_addresses={setting}")]);
        if of_settings {
            command.args(["--proxy", &url])
        } else {
            command.env("ALL_PROXY", &url)
        };
        let run = tokio::task::block_in_place(|| Run::to_end(with_hosts(&hosts, &command)));
        let records = records(&run.stdout);
        let outcome = records[0].failure.as_ref().map_or(page, |failure| &failure.kind);
        assert_eq!(outcome, expected, "{url} {setting} {first} {to}: {run:?}");
        let asked = usize::from(first == listed || setting != "deny") + usize::from(expected == page);
        assert_eq!(server.requests().len(), asked, "{url} {setting} {first} {to}: {:?}", open.asked());
    }
}
