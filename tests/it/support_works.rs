//! Tests the tools of the other tests. A faulty test server would make every other test unreliable.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{PROMPTLY, Process, Run, Server, assert_no_process_left, gleaner, values, wait_until};
use rustix::process::Signal;

/// Long enough to notice an answer that arrives, short enough to wait for one that does not.
const A_MOMENT: Duration = Duration::from_millis(150);

/// A minimal HTTP client with one connection.
struct Client(TcpStream);

impl Client {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr).expect("the server listens");
        stream.set_read_timeout(Some(PROMPTLY)).expect("the duration is not zero");
        Self(stream)
    }

    fn ask(&mut self, path: &str, connection: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: {connection}\r\n\r\n");
        self.0.write_all(request.as_bytes()).expect("the request goes out");
    }

    /// Reads until the connection ends; returns the bytes, and the error if there was one.
    fn rest(&mut self) -> (String, Option<ErrorKind>) {
        let mut answer = Vec::new();
        let error = self.0.read_to_end(&mut answer).err().map(|error| error.kind());
        (String::from_utf8_lossy(&answer).into_owned(), error)
    }

    /// Reads until the answer ends with `end`.
    fn until(&mut self, end: &str) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(end.as_bytes()) {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("more of the answer");
            answer.push(byte[0]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn receives_nothing_more(&mut self) -> bool {
        self.0.set_read_timeout(Some(A_MOMENT)).expect("the duration is not zero");
        let kind = self.0.read(&mut [0]).map_err(|error| error.kind());
        matches!(kind, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

fn get(server: &Server, path: &str) -> String {
    let mut client = Client::connect(server);
    client.ask(path, "close");
    let (answer, error) = client.rest();
    assert_eq!(error, None, "{path}");
    answer
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head ends with an empty line").1
}

#[test]
fn every_path_answers_as_documented() {
    let server = Server::start();
    let rows = [
        ("/ok/3", "200 OK", "<title>3</title>"),
        ("/ok/three", "200 OK", "<title>three</title>"),
        ("/sleep/1/9", "200 OK", "<title>9</title>"),
        ("/big/5000", "200 OK", "<title>5000</title>"),
        ("/status/200", "200 OK", "<title>200</title>"),
        ("/status/404", "404 Not Found", "<title>404</title>"),
        ("/status/503?retry-after=7", "503 Service Unavailable", "retry-after: 7\r\n"),
        ("/status/204", "204 No Content", ""),
        ("/status/1", "400 Bad Request", ""),
        ("/redirect/2", "302 Found", "location: /redirect/1\r\n"),
        ("/redirect/1", "302 Found", "location: /ok/0\r\n"),
        ("/redirect/0", "200 OK", "<title>0</title>"),
        ("/moved/308/7", "308 Permanent Redirect", "location: /ok/7\r\n"),
        ("/loop", "302 Found", "location: /loop\r\n"),
    ];
    for (path, status, part) in rows {
        let answer = get(&server, path);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{path}: {answer}");
        assert!(answer.contains(part), "{path}: {answer}");
        assert_eq!(server.hits(path.split('?').next().expect("a path")), 1, "{path}");
    }
    assert_eq!(server.log().len(), rows.len());
    assert!(get(&server, "/robots.txt").starts_with("HTTP/1.1 404 "));
    assert!(get(&Server::with_robots("User-agent: *"), "/robots.txt").ends_with("User-agent: *"));
    assert_eq!((server.robots_hits(), server.log().len()), (1, rows.len()));
}

#[test]
fn pages_have_their_documented_sizes() {
    let server = Server::start();
    for (path, least, most) in [("/ok/0", 250, 350), ("/big/100", 90, 200), ("/big/3000000", 3_000_000, 3_000_100)] {
        let answer = get(&server, path);
        let page = body(&answer);
        assert!((least..=most).contains(&page.len()), "{path}: {} bytes", page.len());
        assert!(answer.contains(&format!("content-length: {}\r\n", page.len())), "{path}");
        assert!(answer.contains("content-type: text/html; charset=utf-8\r\n"), "{path}");
    }
}

#[test]
fn a_sleeping_page_waits_as_long_as_asked() {
    let server = Server::start();
    let begin = Instant::now();
    get(&server, "/sleep/200/0");
    assert!(begin.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_hanging_page_sends_no_byte() {
    let server = Server::start();
    let mut client = Client::connect(&server);
    client.ask("/hang", "keep-alive");
    wait_until("the request", PROMPTLY, || server.hits("/hang") == 1);
    assert!(client.receives_nothing_more());
}

#[test]
fn a_dripping_page_sends_one_byte_per_second() {
    let server = Server::start();
    let mut client = Client::connect(&server);
    let begin = Instant::now();
    client.ask("/drip", "close");
    client.until("\r\n\r\n");
    // Each chunk has its length and then the byte.
    assert_eq!(client.until("!\r\n"), "1\r\n<\r\n1\r\n!\r\n");
    assert!(begin.elapsed() >= Duration::from_secs(2));
}

#[test]
fn a_reset_page_ends_with_a_reset() {
    let server = Server::start();
    let mut client = Client::connect(&server);
    client.ask("/reset", "keep-alive");
    let (answer, error) = client.rest();
    assert!(answer.ends_with("This sentence will never\r\n"), "{answer}");
    assert_eq!(error, Some(ErrorKind::ConnectionReset));
}

#[test]
fn each_flaky_page_fails_as_often_as_asked() {
    let server = Server::start();
    for path in ["/flaky/2/a", "/flaky/2/b"] {
        let statuses: Vec<_> = (0..4).map(|_| get(&server, path)[9..12].to_owned()).collect();
        assert_eq!(statuses, ["503", "503", "200", "200"], "{path}");
    }
    assert!(get(&server, "/flaky/1/c?retry-after=2").contains("retry-after: 2\r\n"));
}

#[test]
fn requests_and_connections_are_counted_separately() {
    let server = Server::start();
    let mut client = Client::connect(&server);
    for _ in 0..3 {
        client.ask("/ok/0", "keep-alive");
        client.until("</html>\n");
    }
    get(&server, "/ok/1");
    let log = server.log();
    let paths: Vec<_> = log.iter().map(|access| access.path.as_str()).collect();
    assert_eq!(paths, ["/ok/0", "/ok/0", "/ok/0", "/ok/1"]);
    assert_eq!((server.hits("/ok/0"), server.hits("/ok/1"), server.connections()), (3, 1, 2));
    assert!(log[0].peer == log[2].peer && log[2].peer != log[3].peer);
    assert!(log.is_sorted_by_key(|access| access.at));
    assert_eq!(log[0].headers["host"], "test");
}

#[test]
fn requests_in_flight_are_counted_from_arrival_to_the_last_byte() {
    let server = Server::start();
    for n in 0..3 {
        get(&server, &format!("/ok/{n}"));
    }
    assert_eq!(server.most_in_flight(), 1);
    let mut clients: Vec<_> = (0..4).map(|_| Client::connect(&server)).collect();
    for client in &mut clients[..2] {
        client.ask("/hang", "keep-alive");
    }
    for client in &mut clients[2..] {
        client.ask("/drip", "keep-alive");
        client.until("\r\n\r\n");
    }
    wait_until("four requests", PROMPTLY, || server.most_in_flight() == 4);
    drop(clients);
    wait_until("the server notices that the clients are gone", PROMPTLY, || server.in_flight() == 0);
    assert_eq!(server.most_in_flight(), 4);
}

#[test]
fn a_dropped_server_closes_its_connections_and_its_port() {
    let server = Server::start();
    let mut client = Client::connect(&server);
    client.ask("/hang", "keep-alive");
    wait_until("the request", PROMPTLY, || server.hits("/hang") == 1);
    let addr = server.addr;
    drop(server);
    assert!(matches!(client.rest(), (rest, None | Some(ErrorKind::ConnectionReset)) if rest.is_empty()));
    assert_eq!(TcpStream::connect(addr).map(drop).map_err(|error| error.kind()), Err(ErrorKind::ConnectionRefused));
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_finished_run_has_exit_code_output_and_time() {
    let run = Run::fed(shell("cat; echo problem >&2; exit 3"), b"data".to_vec());
    let finished = run.finish().exited(3);
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("data", "problem\n"));
    assert_eq!(finished.signal, None);
    assert!(finished.elapsed < PROMPTLY);
}

#[test]
fn output_larger_than_a_pipe_blocks_neither_side() {
    let script = "yes out | head -c 1000000; yes err | head -c 1000000 >&2";
    let finished = Run::fed(shell(script), vec![b'x'; 1_000_000]).finish().exited(0);
    assert_eq!((finished.stdout.len(), finished.stderr.len()), (1_000_000, 1_000_000));
}

#[test]
fn a_running_program_can_be_observed_and_signalled() {
    let run = Run::start(shell("echo ready >&2; exec sleep 600"));
    wait_until("a line", PROMPTLY, || run.stderr_so_far() == "ready\n" && run.stdout_so_far().is_empty());
    run.signal(Signal::TERM);
    let finished = run.finish();
    assert_eq!((finished.code, finished.signal), (None, Some(15)));
}

#[test]
#[should_panic(expected = "hung, and was killed after 100ms with 1 workers")]
fn a_run_that_hangs_is_killed_with_its_workers_and_fails_the_test() {
    let run = Run::start(shell("sleep 600 & wait")).within(Duration::from_millis(100));
    wait_until("the child", PROMPTLY, || run.workers().len() == 1);
    run.finish();
}

#[test]
#[should_panic(expected = "a process stayed behind that holds its output open")]
fn a_process_that_holds_the_output_open_fails_the_test() {
    Run::start(shell("sleep 3 &")).within(Duration::from_secs(1)).finish();
}

#[test]
fn a_dropped_run_is_killed() {
    let run = Run::start(shell("exec sleep 600"));
    let process = Process::running(run.pid()).expect("it runs");
    drop(run);
    assert_no_process_left(&[process]);
}

#[test]
fn workers_that_outlive_their_parent_are_noticed() {
    let run = Run::start(shell("sleep 600 >/dev/null 2>&1 & sleep 601 >/dev/null 2>&1 & wait"));
    wait_until("two children", PROMPTLY, || run.workers().len() == 2);
    let workers = run.workers();
    run.signal(Signal::KILL);
    assert_eq!(run.finish().signal, Some(9));
    assert!(workers.iter().all(Process::is_running), "children of a shell outlive it");
    for worker in &workers {
        worker.signal(Signal::KILL);
    }
    assert_no_process_left(&workers);
}

#[test]
fn the_program_under_test_starts_in_a_clean_environment() {
    let removed: Vec<_> = gleaner().get_envs().map(|(name, value)| (name.to_owned(), value.is_none())).collect();
    assert!(removed.iter().all(|(_, removed)| *removed), "{removed:?}");
    let rows = [
        ("GLEANER_POOL_WORKERS", true),
        ("http_proxy", true),
        ("HTTPS_PROXY", true),
        ("NO_PROXY", true),
        ("RUST_LOG", true),
        ("NO_COLOR", true),
        ("CLICOLOR_FORCE", true),
        ("all_proxy", true),
        ("COLUMNS", true),
        ("SSL_CERT_FILE", true),
        ("PATH", false),
        ("HOME", false),
        ("TMPDIR", false),
    ];
    for (name, expected) in rows {
        assert_eq!(crate::support::changes_behaviour(name.as_ref()), expected, "{name}");
    }
    Run::to_end(gleaner());
}

#[test]
fn the_program_under_test_starts_in_a_folder_without_settings() {
    for command in [gleaner(), crate::support::shell("exec \"$0\" --version")] {
        let folder = command.get_current_dir().expect("a folder of its own");
        assert!(folder.is_dir() && !folder.join("gleaner.toml").exists(), "{}", folder.display());
    }
    let version = Run::to_end(crate::support::shell("exec \"$0\" --version")).exited(0).stdout;
    assert!(version.starts_with("gleaner "), "the program is $0: {version}");
}

#[test]
fn records_are_parsed_from_an_array_and_from_lines() {
    for output in ["[\n{\"seq\":0},\n{\"seq\":1}\n]\n", "{\"seq\":0}\n{\"seq\":1}\n", "[]", ""] {
        let records = values(output);
        assert!(records.iter().zip(0..).all(|(record, seq)| record["seq"] == seq), "{output}");
        assert_eq!(records.len(), output.matches("seq").count());
    }
}
