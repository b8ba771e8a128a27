//! Connections that are kept between requests and may end at any time. No page is lost with them.

use crate::raw_server::settings::patient;
use crate::raw_server::{RawServer, Reply, Then};
use crate::support::{Authority, records, scrape_list};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gleaner::model::{Answer, Connection, Failure, FailureKind, KEEP_ALIVE, Reach, Retry, Visit};
use gleaner::robots;
use gleaner::scrape::{Scraper, Settings};

/// How much closer than allowed two requests may arrive on a busy machine.
const TOLERANCE: Duration = Duration::from_millis(20);

const PAGE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 16\r\n\r\n<title>T</title>";

fn scraper() -> Scraper {
    Scraper::new(Settings { fetch: patient(64 * 1024), ..Settings::default() }).expect("valid settings")
}

fn listed(url: &str) -> Visit {
    Visit::new(url.parse().expect("a URL"), Reach::Listed)
}

async fn visit(scraper: &Scraper, visit: &Visit) -> Result<Answer, Failure> {
    match scraper.visit(visit, || {}).await.answer {
        Answer::Failure(failure) => Err(failure),
        answer => Ok(answer),
    }
}

fn page() -> Reply {
    Reply::new(PAGE)
}

fn nothing(then: Then) -> Reply {
    Reply::new("").then(then)
}

#[tokio::test]
async fn a_request_lost_with_a_kept_connection_is_sent_again_once_on_a_new_one() {
    let redirect = || Reply::new("HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n");
    for (name, first, then) in [
        ("close", page(), Then::Close),
        ("reset", page(), Then::Reset),
        ("half a close", page(), Then::HalfClose),
        ("close after a redirect", redirect(), Then::Close),
        ("reset after a redirect", redirect(), Then::Reset),
    ] {
        let server = RawServer::start(vec![first, nothing(then), page()]).await;
        let scraper = scraper();
        visit(&scraper, &listed(&server.url("first"))).await.expect(name);
        visit(&scraper, &listed(&server.url("next"))).await.expect(name);
        assert_eq!((server.requests().len(), server.connections()), (3, 2), "{name}");
        assert_eq!(server.requests()[1], server.requests()[2], "{name}: the same request");
    }
    let server = RawServer::start(vec![page(), nothing(Then::Close), Reply::new(PAGE)]).await;
    let scraper = scraper();
    visit(&scraper, &listed(&server.url(""))).await.expect("a page");
    let answer = scraper.robots(&listed(&server.url("robots.txt")), || {}).await;
    assert!(matches!(answer, robots::Answer::Rules(_)), "{answer:?}");
}

#[tokio::test]
async fn a_request_lost_with_a_kept_tls_connection_is_sent_again() {
    let config = Arc::new(Authority::new().server.clone());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://localhost:{}/", listener.local_addr().expect("bound").port());
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, seen) = (Arc::clone(&config), Arc::clone(&seen));
            std::thread::spawn(move || {
                let session = rustls::ServerConnection::new(config).expect("a session");
                let mut stream = rustls::StreamOwned::new(session, stream.expect("a client"));
                for answer in [PAGE, ""] {
                    if head(&mut stream).is_some() {
                        seen.fetch_add(1, Ordering::Relaxed);
                        let _ = stream.write_all(answer.as_bytes());
                    }
                }
            });
        }
    });
    let mut fetch = patient(64 * 1024);
    fetch.tls.insecure = true;
    let scraper = Scraper::new(Settings { fetch, ..Settings::default() }).expect("valid settings");
    for _ in 0..2 {
        visit(&scraper, &listed(&url)).await.expect("a page");
    }
    assert_eq!(requests.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_request_is_sent_at_most_twice_and_only_once_if_the_server_answered() {
    let cut = || Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n<title>").then(Then::Close);
    let table = [
        ("twice", vec![page(), nothing(Then::Close), nothing(Then::Close), page()], FailureKind::Connect, 3),
        (
            "twice, by a reset",
            vec![page(), nothing(Then::Reset), nothing(Then::Reset), page()],
            FailureKind::Connect,
            3,
        ),
        ("half an answer", vec![page(), cut(), page()], FailureKind::Truncated, 2),
        ("not HTTP", vec![page(), Reply::new("what?\r\n\r\n").then(Then::Close), page()], FailureKind::Protocol, 2),
    ];
    for (name, replies, kind, requests) in table {
        let server = RawServer::start(replies).await;
        let scraper = scraper();
        visit(&scraper, &listed(&server.url(""))).await.expect(name);
        let failure = visit(&scraper, &listed(&server.url(""))).await.expect_err(name);
        assert_eq!((failure.kind, server.requests().len()), (kind, requests), "{name}: {failure:?}");
        assert_ne!(failure.retry, Retry::Again, "{name}");
    }
}

#[tokio::test]
async fn other_idle_connections_are_not_used_for_a_lost_request() {
    // Three requests at once leave three idle connections. The next request on any of them is lost.
    let mut replies: Vec<Reply> = (0..3).map(|_| page()).collect();
    replies.extend([nothing(Then::Close), page()]);
    let server = RawServer::start(replies).await;
    let (scraper, one) = (scraper(), listed(&server.url("")));
    let (a, b, c) = tokio::join!(visit(&scraper, &one), visit(&scraper, &one), visit(&scraper, &one));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let before = server.connections();
    visit(&scraper, &one).await.expect("a page");
    assert_eq!((server.requests().len(), server.connections()), (5, before + 1));
}

#[tokio::test]
async fn with_a_delay_the_caller_resends_a_lost_request_and_is_told_of_each_sending() {
    let server = RawServer::start(vec![page(), nothing(Then::Close), page(), page()]).await;
    let (scraper, sent) = (scraper(), Arc::new(AtomicUsize::new(0)));
    let ask = async |connection| {
        let sent = Arc::clone(&sent);
        let visit = Visit { tell_when_sent: true, connection, ..listed(&server.url("")) };
        scraper.visit(&visit, move || _ = sent.fetch_add(1, Ordering::Relaxed)).await.answer
    };
    let is_page = |answer: &Answer| matches!(answer, Answer::Page(_));
    assert!(is_page(&ask(Connection::Kept).await));
    let lost = ask(Connection::Kept).await;
    let Answer::Failure(failure) = lost else { panic!("{lost:?}") };
    assert_eq!((failure.kind, failure.retry), (FailureKind::Connect, Retry::Again));
    assert_eq!((server.requests().len(), sent.load(Ordering::Relaxed)), (2, 2));
    assert!(is_page(&ask(Connection::Again).await));
    assert_eq!((server.connections(), sent.load(Ordering::Relaxed)), (2, 3));
    assert!(is_page(&ask(Connection::Own).await));
    assert_eq!((server.connections(), sent.load(Ordering::Relaxed)), (3, 4), "the last one was not kept");
}

#[tokio::test]
async fn an_idle_connection_is_closed_before_common_servers_close_it() {
    // gunicorn has the shortest default.
    assert!(KEEP_ALIVE < Duration::from_secs(2));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let server = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.expect("the client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a request"));
        }
        stream.write_all(PAGE.as_bytes()).await.expect("a client that reads");
        // Returns when the client closes.
        stream.read(&mut [0]).await.expect("an end without a reset")
    });
    let scraper = scraper();
    visit(&scraper, &listed(&url)).await.expect("a page");
    let end = tokio::time::timeout(Duration::from_secs(30), server).await.expect("it is given up").expect("no panic");
    assert_eq!(end, 0);
}

/// The head of the next request; `None` at the end of the connection.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// A server that answers only the first request of each connection. It reads the second one and closes the connection.
struct ClosingServer {
    addr: SocketAddr,
    seen: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl ClosingServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("bound");
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&shared);
                std::thread::spawn(move || Self::serve(stream.expect("a client"), &seen));
            }
        });
        Self { addr, seen }
    }

    fn serve(mut stream: TcpStream, seen: &Mutex<Vec<(String, Instant)>>) {
        for number in 0..2 {
            let Some(head) = head(&mut stream) else { return };
            let path = head.split(' ').nth(1).expect("a path").to_owned();
            seen.lock().expect("no panic").push((path.clone(), Instant::now()));
            if number == 0 {
                let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {path}/end\r\ncontent-length: 0\r\n\r\n");
                let answer = if path.starts_with("/hop") && !path.ends_with("/end") { &redirect } else { PAGE };
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    }
}

#[test]
fn pages_of_a_server_that_closes_connections_need_one_attempt_and_its_host_is_not_paused() {
    for delay in [None, Some(Duration::from_millis(60))] {
        let server = ClosingServer::start();
        let list: Vec<String> = (0..12)
            .flat_map(|n| [format!("http://{}/page/{n}", server.addr), format!("http://{}/hop/{n}", server.addr)])
            .collect();
        let mut arguments = vec!["-w".to_owned(), "2".to_owned()];
        if let Some(delay) = delay {
            arguments.extend(["--set".to_owned(), format!("politeness.delay={}ms", delay.as_millis())]);
        }
        let run = scrape_list(&list, arguments).finish().exited(0);
        assert!(!run.stderr.contains("in a row"), "{delay:?}: {}", run.stderr);
        for record in records(&run.stdout) {
            assert_eq!((record.attempts, record.failure.is_none()), (1, true), "{delay:?}: {record:?}");
        }
        let seen = server.seen.lock().expect("no panic").clone();
        let mut times = BTreeMap::<&str, usize>::new();
        seen.iter().for_each(|(path, _)| *times.entry(path).or_default() += 1);
        assert!(times.values().any(|times| *times == 2), "{delay:?}: at least one request was lost");
        assert!(times.values().all(|times| *times <= 2), "{delay:?}: no request is sent a third time: {times:?}");
        if let Some(delay) = delay {
            let closest = seen.windows(2).map(|two| two[1].1 - two[0].1).min().expect("two requests");
            assert!(closest + TOLERANCE >= delay, "{closest:?} between two requests");
        }
    }
}
