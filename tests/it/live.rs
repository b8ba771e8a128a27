//! The live page (`--ui`) and the metrics (`--metrics`), over HTTP as a browser or a scrape asks. `tests/browser/` looks at
//! the page in a real browser.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::support::{PROMPTLY, Run, Server, records, scrape, wait_until};

/// A list of pages of the server, each of which takes this long.
fn list(server: &Server, count: usize, millis: u64) -> Vec<u8> {
    (0..count).map(|n| server.url(&format!("/sleep/{millis}/{n}")) + "\n").collect::<String>().into_bytes()
}

/// What the program printed after these words, once it has.
fn printed(run: &Run, words: &str) -> String {
    let mut found = None;
    wait_until(words, PROMPTLY, || {
        let stderr = run.stderr_so_far();
        let whole_lines = stderr.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        found = whole_lines.map(str::trim_end).find_map(|line| line.strip_prefix(words)).map(str::to_owned);
        found.is_some()
    });
    found.expect("it was found")
}

/// The live page of a run.
struct Page {
    at: SocketAddr,
    token: String,
}

impl Page {
    fn of(run: &Run) -> Self {
        let url = printed(run, "live page: http://");
        let (at, token) = url.split_once("/?token=").expect("the URL has a token");
        Self { at: at.parse().expect("an address"), token: token.to_owned() }
    }

    /// The headers of a browser that has opened the page.
    fn known(&self) -> String {
        let Self { at, token } = self;
        format!("host: {at}\r\ncookie: gleaner-{}={token}\r\nsec-fetch-site: same-origin\r\n", at.port())
    }

    fn wish(&self, wish: &str) {
        let answer = ask(self.at, &format!("POST /{wish}"), &self.known());
        assert_eq!(answer.status, 204, "{wish}: {answer:?}");
    }

    /// The events from now on.
    fn events(&self) -> Events {
        Events::of(self.connect(TcpStream::connect(self.at).expect("the page is served")))
    }

    /// Asks for events, and reads none.
    fn connect(&self, mut stream: TcpStream) -> TcpStream {
        write!(stream, "GET /events HTTP/1.0\r\n{}\r\n", self.known()).expect("the page is served");
        stream
    }
}

/// The answer to a request.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

fn ask(at: SocketAddr, request: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(at).expect("it is served");
    stream.set_read_timeout(Some(PROMPTLY)).expect("a fresh socket takes every option");
    write!(stream, "{request} HTTP/1.1\r\n{headers}\r\n").expect("it is served");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer comes to its end");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

/// Server-sent events: the name and the data of each.
struct Events(Receiver<(String, String)>);

impl Events {
    fn of(stream: TcpStream) -> Self {
        let (sender, events) = channel();
        thread::spawn(move || {
            let (mut name, mut data) = (String::new(), String::new());
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if let Some(event) = line.strip_prefix("event: ") {
                    event.clone_into(&mut name);
                } else if let Some(more) = line.strip_prefix("data: ") {
                    data += more;
                    data.push('\n');
                } else if line.is_empty() && !name.is_empty() {
                    let _ = sender.send((std::mem::take(&mut name), std::mem::take(&mut data)));
                }
            }
        });
        Self(events)
    }

    /// Waits for an event with this name and these words.
    #[track_caller]
    fn wait_for(&self, wanted: &str, words: &str) -> String {
        loop {
            let Ok((name, data)) = self.0.recv_timeout(PROMPTLY) else { panic!("no {wanted} has {words:?}") };
            if name == wanted && data.contains(words) {
                return data;
            }
        }
    }

    /// All events until the connection ends.
    fn rest(self) -> Vec<(String, String)> {
        self.0.iter().collect()
    }
}

#[test]
fn only_who_has_the_token_sees_the_page_and_no_other_host_or_origin_does() {
    let server = Server::start();
    let run = Run::fed(scrape(["-", "--ui", "-o", "/dev/null"]), server.url("/hang\n").into_bytes());
    let page = Page::of(&run);
    let (at, token) = (page.at, &page.token);
    let host = format!("host: {at}\r\n");
    let cookie = format!("cookie: gleaner-{}={token}\r\n", at.port());
    let known = format!("{host}{cookie}");
    let ours = format!("{known}origin: http://{at}\r\n");

    let entered = ask(at, &format!("GET /?token={token}"), &host);
    assert_eq!((entered.status, entered.headers["location"].as_str()), (303, "/"), "{entered:?}");
    let set = format!("gleaner-{}={token}; Path=/; HttpOnly; SameSite=Strict", at.port());
    assert_eq!(entered.headers["set-cookie"], set);

    let rebound = format!("host: rebound.example:{}\r\n{cookie}", at.port());
    let other_origin = format!("{known}origin: http://other.example\r\n");
    let cross_site = format!("{known}sec-fetch-site: cross-site\r\n");
    let wrong_cookie = format!("{host}cookie: gleaner-{}=wrong\r\n", at.port());
    let table = [
        ("GET /", &known, 200),
        ("GET /", &host, 403),
        ("GET /", &wrong_cookie, 403),
        ("GET /?token=wrong", &known, 403),
        ("GET /", &rebound, 421),
        ("GET /", &cookie, 421),
        ("GET /", &other_origin, 403),
        ("GET /events", &host, 403),
        ("GET /events", &rebound, 421),
        ("GET /events", &cross_site, 403),
        ("POST /pause", &known, 403),
        ("POST /pause", &other_origin, 403),
        ("POST /pause", &cross_site, 403),
        ("POST /drain", &rebound, 421),
        ("POST /resume", &ours, 204),
        ("POST /", &ours, 405),
        ("GET /pause", &ours, 405),
        ("GET /metrics", &ours, 404),
        ("GET /../etc/passwd", &ours, 404),
    ];
    for (request, headers, status) in table {
        let answer = ask(at, request, headers);
        assert_eq!(answer.status, status, "{request} {headers} {answer:?}");
        for (name, value) in
            [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")]
        {
            assert_eq!(answer.headers.get(name).map(String::as_str), Some(value), "{request}: {name}");
        }
        let policy = &answer.headers["content-security-policy"];
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
            assert!(policy.contains(part), "{request}: {policy}");
        }
        assert!(!answer.body.contains(token.as_str()), "{request}: the token is in the answer");
    }
    run.signal(rustix::process::Signal::KILL);
}

#[test]
fn each_page_has_a_nonce_of_its_own_and_its_policy_allows_nothing_else() {
    let server = Server::start();
    let run = Run::fed(scrape(["-", "--ui", "-o", "/dev/null"]), server.url("/hang\n").into_bytes());
    let page = Page::of(&run);
    let nonces = [(); 2].map(|()| {
        let answer = ask(page.at, "GET /", &page.known());
        let policy = answer.headers["content-security-policy"].clone();
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
        let expected = format!(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'nonce-{nonce}'; \
             style-src 'nonce-{nonce}'; connect-src 'self'"
        );
        assert_eq!(policy, expected);
        for tag in ["<script", "<style"] {
            let tags = answer.body.matches(tag).count();
            assert_eq!((tags, answer.body.matches(&format!("{tag} nonce=\"{nonce}\"")).count()), (1, 1), "{tag}");
        }
        nonce
    });
    assert_ne!(nonces[0], nonces[1]);
    run.signal(rustix::process::Signal::KILL);
}

#[test]
fn a_paused_run_sends_nothing_and_a_resumed_one_goes_on_and_a_drained_one_can_be_resumed() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("pages.txt");
    fs::write(&pages, list(&server, 200, 20)).expect("the folder is ours");
    let output = folder.path().join("out.jsonl");
    let arguments = [
        pages.as_os_str(),
        "-o".as_ref(),
        output.as_os_str(),
        "--no-robots".as_ref(),
        "-w2".as_ref(),
        "--per-host=4".as_ref(),
    ];
    let mut command = scrape(arguments);
    command.arg("--ui");
    let run = Run::start(command);
    let page = Page::of(&run);
    let events = page.events();
    wait_until("some pages", PROMPTLY, || server.log().len() > 10);
    page.wish("pause");
    events.wait_for("now", "none is in flight");
    let before = server.log().len();
    // Each state comes a quarter of a second after the one before.
    for _ in 0..4 {
        let state = events.wait_for("now", "class=\"paused\"");
        let button =
            |wish: &str| state.split("<button").find(|it| it.contains(&format!("\"{wish}\""))).expect("a button");
        assert!(button("pause").contains("disabled") && !button("resume").contains("disabled"), "{state}");
    }
    assert_eq!(server.log().len(), before, "requests of a paused run");
    run.signal(rustix::process::Signal::USR1);
    wait_until("the state in the log", PROMPTLY, || run.stderr_so_far().contains("; the run is paused\n"));
    page.wish("resume");
    events.wait_for("now", "class=\"running\"");
    wait_until("more pages", PROMPTLY, || server.log().len() > before + 10);
    page.wish("drain");
    events.wait_for("now", "The run is over: it was stopped from this page.");
    assert!(events.rest().iter().any(|(name, _)| name == "over"));
    let ended = run.finish().exited(4);
    assert!(ended.stderr.contains("--resume"), "{}", ended.stderr);
    assert_eq!(server.in_flight(), 0, "a drained run waits for its requests");
    assert!(server.log().len() < 200, "it was stopped on the way");

    let mut resumed = scrape(arguments);
    resumed.arg("--resume");
    Run::to_end(resumed).exited(0);
    let lines = fs::read_to_string(&output).expect("the output is complete");
    assert_eq!(records(&lines).len(), 200);
    assert_eq!(server.log().len(), 200, "no page was fetched twice");
}

#[test]
fn a_browser_that_does_not_read_skips_states_and_delays_nothing() {
    let server = Server::start();
    // The longer what is shown, the sooner the buffers of a connection are full. In HTML, each of these takes five bytes.
    let tail = "&".repeat(250);
    let pages: String = (0..60).map(|n| server.url(&format!("/hang?{n}{tail}\n"))).collect();
    let mut command =
        scrape(["-", "--ui", "--no-robots", "-o", "/dev/null", "-w1", "--concurrency=60", "--per-host=0"]);
    command.args(["--timeout", "50s"]);
    let run = Run::fed(command, pages.into_bytes());
    let page = Page::of(&run);
    let reads = page.events();
    let stream = TcpStream::connect(page.at).expect("the page is served");
    // Not too small: the kernel sends what waits in pieces of this size, at 40 ms each.
    rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 32 << 10).expect("a socket takes this option");
    let sleeps = page.connect(stream);
    let never_reads = page.connect(TcpStream::connect(page.at).expect("the page is served"));
    reads.wait_for("now", "<dd>60</dd>");
    for _ in 0..6 {
        reads.wait_for("now", "running");
    }
    // The second signal ends the run at once.
    run.signal(rustix::process::Signal::TERM);
    reads.wait_for("now", "stopping");
    run.signal(rustix::process::Signal::TERM);
    run.finish().exited(143);
    drop(never_reads);
    let late = Events::of(sleeps).rest();
    let states = late.iter().filter(|(name, _)| name == "now").count();

    assert!(states < 5, "{states} states of at least 7 waited in a queue");
    assert!(reads.rest().iter().any(|(name, _)| name == "over"), "the other browser saw the end");
}

#[test]
fn a_browser_sees_how_the_run_ended() {
    let server = Server::start();
    let run = Run::fed(scrape(["-", "--ui", "--no-robots", "-o", "/dev/null", "-w1"]), list(&server, 20, 500));
    let events = Page::of(&run).events();
    let all = {
        run.finish().exited(0);
        events.rest()
    };
    let (last, _) = all.last().expect("events");
    assert_eq!(last, "over");
    let newest = |wanted: &str| &all.iter().rfind(|(name, _)| name == wanted).expect("it was sent").1;
    let now = newest("now");
    assert!(now.contains("The run is over: it is complete.") && now.contains("20 of 20"), "{now}");
    assert_eq!(now.matches("disabled").count(), 3, "{now}");
    assert!(newest("report").contains("complete, started"), "{}", newest("report"));
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_before_anything_is_fetched() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl");
    let holder = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let taken = holder.local_addr().expect("a bound socket has an address").to_string();
    // No other test uses this address.
    let free = TcpListener::bind("127.0.0.9:0").and_then(|guard| guard.local_addr()).expect("a free port").port();
    let table = [
        (format!("--ui={taken}"), format!("serve the live page at `{taken}`: another program has this port")),
        (format!("--metrics={taken}"), format!("serve the metrics at `{taken}`: another program has this port")),
        (
            format!("--ui=127.0.0.9:{free} --metrics=127.0.0.9:{free}"),
            format!("serve the metrics at `127.0.0.9:{free}`: the live page (--ui) has this port"),
        ),
        (
            format!("--ui=127.0.0.9:{free} --metrics=0.0.0.0:{free}"),
            format!("serve the metrics at `0.0.0.0:{free}`: the live page (--ui) has this port"),
        ),
        ("--ui=8080".to_owned(), "serve the live page at `8080`: write the address as HOST:PORT".to_owned()),
        (
            "--metrics=localhost".to_owned(),
            "serve the metrics at `localhost`: write the address as HOST:PORT".to_owned(),
        ),
        ("--ui=".to_owned(), "serve the live page at ``: write the address as HOST:PORT".to_owned()),
    ];
    for (option, words) in table {
        let mut command = scrape([server.url("/ok/1")]);
        command.args(option.split(' ')).arg("-o").arg(&output);
        let ended = Run::to_end(command).exited(2);
        assert!(ended.stderr.contains(&words), "{option}: {}", ended.stderr);
    }
    assert_eq!(server.log().len(), 0);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder is ours").count(), 0, "nothing was written");
}

#[test]
fn the_address_of_the_page_comes_only_after_an_equals_sign_and_a_quiet_run_prints_it_too() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("pages.txt");
    fs::write(&pages, server.url("/ok/1\n")).expect("the folder is ours");
    let mut command = scrape(["--quiet", "--ui"]);
    command.arg(&pages).args(["-o", "/dev/null"]);
    let ended = Run::to_end(command).exited(0);
    assert!(ended.stderr.starts_with("live page: http://127.0.0.1:"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert_eq!(server.hits("/ok/1"), 1);
    let mut command = scrape([&pages]);
    command.args(["--ui", "127.0.0.1:8080", "-o", "/dev/null"]);
    let said = Run::to_end(command).exited(2).stderr;
    let advice = "for the live page at 127.0.0.1:8080, write --ui=127.0.0.1:8080: a word after a space is a list\n";
    assert!(said.starts_with("error: read the list `127.0.0.1:8080` ") && said.ends_with(advice), "{said}");
}

#[test]
fn another_address_than_loopback_is_warned_of() {
    let server = Server::start();
    for (option, words) in
        [("--ui=0.0.0.0:0", "can reach the live page"), ("--metrics=0.0.0.0:0", "can reach the metrics")]
    {
        let ended = Run::to_end(scrape([&server.url("/ok/1"), option, "-o", "/dev/null"])).exited(0);
        assert!(ended.stderr.contains("WARN") && ended.stderr.contains(words), "{option}: {}", ended.stderr);
        assert!(ended.stderr.contains(": http://127.0.0.1:"), "an address to open: {}", ended.stderr);
        let quiet = option.replace("0.0.0.0", "127.0.0.1");
        let ended = Run::to_end(scrape([&server.url("/ok/1"), &quiet, "-o", "/dev/null"])).exited(0);
        assert!(!ended.stderr.contains("WARN"), "{quiet}: {}", ended.stderr);
    }
}

/// The samples of a scrape, by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').expect("a value"))
        .map(|(name, value)| (name.to_owned(), number(value)))
        .collect()
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

#[test]
fn metrics_count_what_the_run_does() {
    let server = Server::start();
    let mut pages: Vec<String> = (0..30).map(|n| server.url(&format!("/ok/{n}"))).collect();
    pages.extend([server.url("/status/404"), server.url("/flaky/1/x?retry-after=0"), "not a url".to_owned()]);
    pages.push(server.url("/hang"));
    let mut command = scrape(["-", "-o", "/dev/null", "--metrics=127.0.0.1:0", "--no-robots", "-w2", "--force-list"]);
    command.args(["--timeout", "50s"]);
    let run = Run::fed(command, pages.join("\n").into_bytes());
    let at: SocketAddr = printed(&run, "metrics: http://").trim_end_matches("/metrics").parse().expect("an address");
    let host = format!("host: {at}\r\n");
    let mut scraped = String::new();
    let mut found = BTreeMap::new();
    wait_until("all pages but one", PROMPTLY, || {
        let answer = ask(at, "GET /metrics", &host);
        if answer.status == 200 {
            assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
            found = samples(&answer.body);
            scraped = answer.body;
        }
        found.get("gleaner_tasks_total{result=\"failed\"}") == Some(&2.0)
            && found.get("gleaner_tasks_total{result=\"ok\"}") == Some(&31.0)
    });
    let table = [
        ("gleaner_failures_total{kind=\"http_status\"}", 1.0),
        ("gleaner_failures_total{kind=\"invalid_url\"}", 1.0),
        ("gleaner_failures_total{kind=\"timeout\"}", 0.0),
        ("gleaner_retries_total", 1.0),
        ("gleaner_requests_total{kind=\"page\"}", 33.0),
        ("gleaner_requests_total{kind=\"robots\"}", 0.0),
        ("gleaner_answer_seconds_count", 33.0),
        ("gleaner_answer_seconds_bucket{le=\"+Inf\"}", 33.0),
        ("gleaner_requests_in_flight", 1.0),
        ("gleaner_tasks_under_way", 1.0),
        ("gleaner_paused", 0.0),
    ];
    for (name, value) in table {
        assert!((found[name] - value).abs() < 0.1, "{name}: {} {scraped}", found[name]);
    }
    assert!(found["gleaner_body_bytes_total"] > 1_000.0, "{scraped}");
    assert!(found["gleaner_workers{state=\"ready\"}"] >= 1.0, "{scraped}");
    assert_eq!(families(&scraped), documented(), "docs/watching.md lists the metrics (name, type, labels)");

    let rebound = format!("host: rebound.example:{}\r\n", at.port());
    for (request, headers, status) in [
        ("GET /", &host, 404),
        ("GET /metrics", &rebound, 421),
        ("POST /metrics", &host, 405),
        ("GET /metrics?x=y", &host, 200),
    ] {
        assert_eq!(ask(at, request, headers).status, status, "{request} {headers}");
    }
    run.signal(rustix::process::Signal::KILL);
}

/// The families of a scrape: name, type and labels, in order.
fn families(scraped: &str) -> Vec<[String; 3]> {
    let types = scraped.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .map(|(name, kind)| {
            let is_labelled = |line: &&str| line.starts_with(&format!("{name}{{"));
            let label = scraped.lines().find(is_labelled).map(|line| line[name.len() + 1..].split('=').next());
            [name, kind, label.flatten().unwrap_or_default()].map(str::to_owned)
        })
        .collect()
}

/// Those that the document lists.
fn documented() -> Vec<[String; 3]> {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/watching.md")).expect("it exists");
    let rows = document.lines().filter(|line| line.starts_with("| `gleaner_"));
    rows.map(|row| {
        let cells: Vec<String> = row.split('|').skip(1).map(|cell| cell.trim().replace('`', "")).collect();
        [cells[0].clone(), cells[1].clone(), cells[2].clone()]
    })
    .collect()
}
