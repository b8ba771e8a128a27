//! HTTP/2 with a real server over TLS that negotiates it by ALPN (RFC 9113).

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::{Authority, Finished, PROMPTLY, Record, Run, records, scrape, wait_until};
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

/// The server answers requests for `/together` only when this many are in flight.
const TOGETHER: usize = 24;

/// A page that is larger than a client's flow-control window.
const LARGE: usize = 3 << 20;

struct Server {
    port: u16,
    authority: Authority,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// All connections so far.
    made: AtomicUsize,
    /// Connections with at least one request.
    used: AtomicUsize,
    /// Connections that are open now.
    open: AtomicUsize,
    requests: AtomicUsize,
    /// Number of requests for `/gone`. The first one closes its connection.
    gone: AtomicUsize,
}

impl Server {
    /// Starts a server with its own thread and runtime, which end with the test process.
    fn start() -> Self {
        let authority = Authority::new();
        let mut config = authority.server.clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a fresh socket takes every option");
        let port = listener.local_addr().expect("bound").port();
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be built").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("it is non-blocking");
                let together = Arc::new(Barrier::new(TOGETHER));
                while let Ok((stream, _)) = listener.accept().await {
                    let together = Arc::clone(&together);
                    tokio::spawn(connection(acceptor.clone(), stream, together, Arc::clone(&shared)));
                }
            });
        });
        Self { port, authority, counts }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    fn run(&self, list: &[String], arguments: &[&str]) -> Finished {
        let mut command = scrape(["-f", "jsonl", "--set", "extract.t=title::text"]);
        command.args(["--no-robots", "--set", "politeness.per_host_concurrency=0"]);
        command.args(arguments).args(list).env("SSL_CERT_FILE", self.authority.trusted());
        Run::to_end(command)
    }
}

async fn connection(acceptor: TlsAcceptor, stream: TcpStream, together: Arc<Barrier>, counts: Arc<Counts>) {
    counts.made.fetch_add(1, Ordering::SeqCst);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    counts.open.fetch_add(1, Ordering::SeqCst);
    let mut is_used = false;
    while let Some(Ok((request, respond))) = connection.accept().await {
        counts.requests.fetch_add(1, Ordering::SeqCst);
        if !std::mem::replace(&mut is_used, true) {
            counts.used.fetch_add(1, Ordering::SeqCst);
        }
        if request.uri().path() == "/last" {
            // GOAWAY: this request is still answered, but later ones need another connection.
            connection.graceful_shutdown();
        }
        if request.uri().path() == "/gone" && counts.gone.fetch_add(1, Ordering::SeqCst) == 0 {
            // Closes the connection without GOAWAY and without an answer.
            break;
        }
        tokio::spawn(answer(request, respond, Arc::clone(&together)));
    }
    counts.open.fetch_sub(1, Ordering::SeqCst);
}

/// Answers a request. Errors are ignored, because the client may close the stream.
async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, together: Arc<Barrier>) {
    let path = request.uri().path().to_owned();
    let page = format!("<title>{path}</title>");
    let head = |status: StatusCode| Response::builder().status(status).header("content-type", "text/html");
    let ok = |head: axum::http::response::Builder| head.body(()).expect("valid headers");
    match path.as_str() {
        "/together" => {
            together.wait().await;
        }
        "/refused" => return respond.send_reset(Reason::REFUSED_STREAM),
        "/moved" => {
            let _ = respond.send_response(ok(head(StatusCode::FOUND).header("location", "/ok")), true);
            return;
        }
        "/many-headers" => {
            let many = (0..3000).fold(head(StatusCode::OK), |head, n| head.header(format!("x-{n}"), "x".repeat(100)));
            let _ = respond.send_response(ok(many), true);
            return;
        }
        _ => {}
    }
    let length = match path.as_str() {
        "/short" => Some(page.len() + 10),
        "/long" => Some(page.len() - 10),
        _ => None,
    };
    let sized = length.into_iter().fold(head(StatusCode::OK), |head, length| head.header("content-length", length));
    let Ok(mut body) = respond.send_response(ok(sized), false) else { return };
    let (first, second) = page.split_at(10);
    let _ = body.send_data(Bytes::from(first.to_owned()), false);
    tokio::task::yield_now().await;
    if path == "/broken" {
        return body.send_reset(Reason::INTERNAL_ERROR);
    }
    let more = if path == "/large" { "<p>".repeat(LARGE / 3) } else { String::new() };
    let _ = body.send_data(Bytes::from(second.to_owned() + &more), false);
    let trailers = [("x-trailer".parse().expect("a name"), "1".parse().expect("a value"))];
    let _ = body.send_trailers(trailers.into_iter().collect());
}

fn outcome(record: &Record) -> String {
    if record.data.is_some() { record.raw().to_owned() } else { record.kind().to_owned() }
}

#[test]
fn each_worker_fetches_pages_of_a_host_in_parallel_over_one_connection() {
    let server = Server::start();
    let list = vec![server.url("/together"); 2 * TOGETHER];
    for workers in [1, 2] {
        let made = || server.counts.made.load(Ordering::SeqCst);
        let (before, made_before) = (server.counts.used.load(Ordering::SeqCst), made());
        let concurrency = (TOGETHER / workers).to_string();
        let run = server.run(&list, &["-w", &workers.to_string(), "--concurrency", &concurrency]).exited(0);
        assert!(records(&run.stdout).iter().all(|record| outcome(record) == r#"{"t":"/together"}"#), "{}", run.stdout);
        let used = server.counts.used.load(Ordering::SeqCst) - before;
        assert!(used <= workers, "requests came over {used} connections of {workers} workers");
        let made = made() - made_before;
        assert!(made <= workers, "{made} connections were made by {workers} workers");
    }
    wait_until("the end of the connections", PROMPTLY, || server.counts.open.load(Ordering::SeqCst) == 0);
}

#[test]
fn every_answer_gives_a_page_or_a_typed_failure_and_the_next_page_succeeds() {
    let server = Server::start();
    // The path, its outcome, and the number of requests.
    let table = [
        ("/ok", r#"{"t":"/ok"}"#, 1),
        ("/large", r#"{"t":"/large"}"#, 1),
        ("/moved", r#"{"t":"/ok"}"#, 2),
        ("/broken", "truncated", 2),
        ("/short", "truncated", 2),
        ("/long", "truncated", 2),
        ("/refused", "protocol", 2),
        ("/many-headers", "protocol", 2),
        ("/last", r#"{"t":"/last"}"#, 1),
    ];
    for (path, expected, requests) in table {
        let before = server.counts.requests.load(Ordering::SeqCst);
        let list = [path, "/ok?after"].map(|path| server.url(path));
        let run = server.run(&list, &["-w", "1", "--concurrency", "1", "--max-retries", "1"]);
        let records = records(&run.stdout);
        assert_eq!(outcome(&records[0]), expected, "{path}: {}", run.stdout);
        assert_eq!(outcome(&records[1]), r#"{"t":"/ok"}"#, "{path}: {}", run.stdout);
        assert_eq!(server.counts.requests.load(Ordering::SeqCst) - before, requests + 1, "{path}: {}", run.stdout);
    }
}

#[test]
fn a_request_lost_with_its_connection_is_sent_again_and_counts_as_one_attempt() {
    let server = Server::start();
    let list = ["/ok", "/gone", "/ok?after"].map(|path| server.url(path));
    let run = server.run(&list, &["-w", "1", "--concurrency", "1"]).exited(0);
    assert!(records(&run.stdout).iter().all(|record| record.attempts == 1), "{}", run.stdout);
    let counts = [&server.counts.requests, &server.counts.used].map(|count| count.load(Ordering::SeqCst));
    assert_eq!(counts, [4, 2], "one additional request and one additional connection");
}

#[test]
fn an_archive_says_which_responses_came_over_http_2() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("a.warc.gz");
    server.run(&[server.url("/ok")], &["--archive", archive.to_str().expect("a path")]).exited(0);
    let [_, response, request] = &crate::archives::read_file(&archive)[..] else { panic!("three records") };
    assert!(response.head.starts_with("HTTP/1.1 200 OK\r\n"), "{response:?}");
    assert!(request.head.starts_with("GET /ok HTTP/1.1\r\nhost: localhost:"), "{request:?}");
    for record in [response, request] {
        assert_eq!(record.fields["WARC-Protocol"], "h2");
        assert_eq!(record.fields["WARC-Target-URI"], server.url("/ok"));
    }
}

/// How long [`slow_handshake_server`] waits before its TLS handshake.
const HANDSHAKE: Duration = Duration::from_millis(500);

/// Starts a server that supports only HTTP/1.1, delays its TLS handshake, and answers one request per connection;
/// returns its URL.
fn slow_handshake_server(authority: &Authority) -> String {
    let acceptor = TlsAcceptor::from(Arc::new(authority.server.clone()));
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.set_nonblocking(true).expect("a fresh socket takes every option");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be built").block_on(async move {
            let listener = TcpListener::from_std(listener).expect("it is non-blocking");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(HANDSHAKE).await;
                    let mut stream = acceptor.accept(stream).await?;
                    if stream.read(&mut [0; 4096]).await? == 0 {
                        return Ok(());
                    }
                    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 16\r\n\r\n";
                    stream.write_all(format!("{head}<title>t</title>").as_bytes()).await?;
                    stream.shutdown().await
                });
            }
        });
    });
    format!("https://localhost:{port}/")
}

#[test]
fn the_timeout_excludes_waiting_for_the_first_connection_of_a_host() {
    let authority = Authority::new();
    let list = vec![slow_handshake_server(&authority); 8];
    let limit = HANDSHAKE.mul_f64(1.8).as_millis();
    let mut command = scrape(["-w", "1", "--concurrency", "8", "--max-retries", "0", "-f", "jsonl", "--no-robots"]);
    command.args(["--set", "politeness.per_host_concurrency=0", "--set", &format!("fetch.timeout={limit}ms")]);
    command.args(&list).env("SSL_CERT_FILE", authority.trusted());
    let run = Run::to_end(command).exited(0);
    // The first page comes first, then all others in parallel.
    assert!((2 * HANDSHAKE..4 * HANDSHAKE).contains(&run.elapsed), "{:?}", run.elapsed);
}
