//! Hostile and faulty servers: every answer becomes a page or a typed failure within the limits, and the next page is
//! not affected.

use crate::raw_server::settings::{LONG, patient};
use crate::raw_server::{RawServer, Reply, Then};
use std::time::{Duration, Instant};

use gleaner::model::{Answer, Failure, FailureKind, Page, Reach, Stage, Visit};
use gleaner::scrape::extract::{Arity, Rule, ValueRule};
use gleaner::scrape::{FetchSettings, Scraper, Settings};

/// A time limit that a test waits for.
const SHORT_TIMEOUT: Duration = Duration::from_millis(400);
/// Maximum time until a limit takes effect on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(15);

const MAX_BODY: u64 = 64 * 1024;
const PAGE: &str = "<title>T</title>";

fn with(change: impl FnOnce(&mut FetchSettings)) -> Scraper {
    let rules = vec![("t".to_owned(), Rule::Value(ValueRule::new("title::text", Arity::One)))];
    let mut fetch = patient(MAX_BODY);
    change(&mut fetch);
    Scraper::new(Settings { fetch, extract: rules.into(), ..Settings::default() }).expect("valid settings")
}

async fn visit(scraper: &Scraper, url: &str) -> Answer {
    scraper.visit(&Visit::new(url.parse().expect("a URL"), Reach::Listed), || {}).await.answer
}

fn failed(answer: Answer, what: &str) -> Failure {
    match answer {
        Answer::Failure(failure) => failure,
        other => panic!("{what}: {other:?}"),
    }
}

fn page(answer: Answer, what: &str) -> Page {
    match answer {
        Answer::Page(page) => page,
        other => panic!("{what}: {other:?}"),
    }
}

fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn leads_to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n")
}

/// The peak memory of this process in bytes (Linux).
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Checks that the next page is not affected. The server has two faulty replies and then a page. An answer with a long
/// head was requested twice; all others were requested once, so this requests them again.
async fn next_page_is_unaffected(server: &RawServer, scraper: &Scraper, name: &str) {
    if server.requests().len() < 2 {
        visit(scraper, &server.url("")).await;
    }
    assert_eq!(server.requests().len(), 2, "{name}");
    let next = page(visit(scraper, &server.url("")).await, name);
    assert_eq!(next.data, r#"{"t":"T"}"#, "{name}: the next page is not affected");
}

#[tokio::test]
async fn every_faulty_answer_is_a_typed_failure() {
    use FailureKind::{Connect, Protocol, Timeout, TooLarge, Truncated};
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n";
    let long_line = |n: usize| format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(n));
    let cases: Vec<(&str, Reply, &[FailureKind])> = vec![
        ("an endless body", Reply::new(head).then(Then::Repeat(b"<p>more")), &[TooLarge]),
        ("an endless body in chunks", Reply::new(CHUNKED).then(Then::Repeat(b"4\r\n<p>a\r\n")), &[TooLarge]),
        ("an endless chunk extension", Reply::new(format!("{CHUNKED}4;")).then(Then::Repeat(b"x")), &[Protocol]),
        ("an endless chunk size", Reply::new(CHUNKED).then(Then::Repeat(b"0")), &[Protocol, Timeout]),
        ("endless trailers", Reply::new(format!("{CHUNKED}0\r\n")).then(Then::Repeat(b"a: b\r\n")), &[Protocol]),
        ("endless headers", Reply::new("HTTP/1.1 200 OK\r\n").then(Then::Repeat(b"a: b\r\n")), &[Protocol]),
        ("a header without end", Reply::new("HTTP/1.1 200 OK\r\na: ").then(Then::Repeat(b"b")), &[Protocol]),
        ("a header of a megabyte", Reply::new(long_line(1 << 20)).then(Then::Hang), &[Protocol]),
        ("a status line without end", Reply::new("HTTP/1.1 200 ").then(Then::Repeat(b"O")), &[Protocol]),
        ("interim answers without end", Reply::new("").then(Then::Repeat(b"HTTP/1.1 103 Hints\r\n\r\n")), &[Timeout]),
        ("a redirect to a URL of 70 KB", Reply::new(leads_to(&format!("/{}", "x".repeat(70_000)))), &[Protocol]),
        ("a redirect to a URL of 90 KB, encoded", Reply::new(leads_to(&"\u{e9}".repeat(15_000))), &[Protocol]),
        (
            "a redirect to a host of 300 bytes",
            Reply::new(leads_to(&format!("http://{}/", "a.".repeat(150)))),
            &[Protocol],
        ),
        ("empty lines without end", Reply::new("").then(Then::Repeat(b"\r\n")), &[Protocol, Timeout]),
        ("a switch of protocols", Reply::new("HTTP/1.1 101 Go\r\nupgrade: x\r\n\r\nx").then(Then::Hang), &[Protocol]),
        ("HTTP/0.9", Reply::new("<title>T</title>").then(Then::Close), &[Protocol]),
        ("HTTP/3 on a socket", Reply::new("HTTP/3 200 OK\r\n\r\n").then(Then::Close), &[Protocol]),
        ("a status of two digits", Reply::new("HTTP/1.1 20 OK\r\n\r\n").then(Then::Close), &[Protocol]),
        (
            "two lengths",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"),
            &[Protocol],
        ),
        (
            "a negative length",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n").then(Then::Hang),
            &[Protocol],
        ),
        (
            "a length that overflows",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n"),
            &[Protocol],
        ),
        (
            "a huge length",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551000\r\n\r\na").then(Then::Hang),
            &[TooLarge],
        ),
        (
            "a length that is too long",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").then(Then::Close),
            &[Truncated],
        ),
        (
            "half a body, and half a close",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").then(Then::HalfClose),
            &[Truncated],
        ),
        (
            "half a body, and a reset",
            Reply::new("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").then(Then::Reset),
            &[Truncated],
        ),
        ("half the chunks", Reply::new(format!("{CHUNKED}4\r\nabcd\r\n")).then(Then::HalfClose), &[Truncated]),
        ("half a chunk", Reply::new(format!("{CHUNKED}4\r\nab")).then(Then::Reset), &[Truncated]),
        ("a chunk without a valid size", Reply::new(format!("{CHUNKED}zz\r\nab")).then(Then::Hang), &[Protocol]),
        (
            "a chunk with an excessive size",
            Reply::new(format!("{CHUNKED}ffffffffffffffffff\r\nab")).then(Then::Hang),
            &[Protocol],
        ),
        (
            "a chunk longer than its size",
            Reply::new(format!("{CHUNKED}2\r\nabcd\r\n0\r\n\r\n")).then(Then::Hang),
            &[Protocol],
        ),
        ("a negative chunk", Reply::new(format!("{CHUNKED}-1\r\nab")).then(Then::Hang), &[Protocol]),
        ("an end before the answer", Reply::new("").then(Then::HalfClose), &[Connect]),
        ("half a head", Reply::new("HTTP/1.1 200 OK\r\na: ").then(Then::HalfClose), &[Connect, Protocol]),
    ];
    let before = peak_memory();
    let mut wrong = Vec::new();
    for (name, reply, kinds) in cases {
        let server = RawServer::start(vec![reply.clone(), reply, Reply::new(ok("", PAGE.as_bytes()))]).await;
        let scraper = with(|it| it.timeout = if kinds.contains(&Timeout) { SHORT_TIMEOUT } else { LONG });
        let begun = Instant::now();
        let answer = visit(&scraper, &server.url("")).await;
        let took = begun.elapsed();
        let found = match &answer {
            Answer::Failure(failure) => kinds.contains(&failure.kind),
            _ => false,
        };
        if !found || took > TIME_LIMIT {
            wrong.push(format!("{name} in {took:?}: {answer:?}"));
            continue;
        }
        next_page_is_unaffected(&server, &scraper, name).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let taken = peak_memory() - before;
    assert!(taken < 64 << 20, "all cases together took {taken} bytes");
}

#[tokio::test]
async fn bytes_after_an_answer_are_not_the_answer_to_the_next_request() {
    let smuggled = ok("", b"<title>smuggled</title>");
    let with_more = |head: &str| Reply::new([head.as_bytes(), &smuggled].concat());
    let cases = [
        ("a length that is too short", with_more("HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n<title>T</title>"), 200),
        ("a 204 with a body", with_more("HTTP/1.1 204 No Content\r\n\r\n"), 204),
        ("a 304 with a body", with_more("HTTP/1.1 304 Not Modified\r\n\r\n"), 304),
        ("a 204 with a length", with_more("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"), 204),
        ("more after the last chunk", with_more("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 200),
        (
            "a length beside chunks",
            with_more("HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            200,
        ),
    ];
    for (name, reply, status) in cases {
        let server = RawServer::start(vec![reply, Reply::new(ok("", b"<title>own</title>"))]).await;
        let scraper = with(|_| {});
        assert_eq!(page(visit(&scraper, &server.url("")).await, name).status, status, "{name}");
        let next = page(visit(&scraper, &server.url("")).await, name);
        assert_eq!(next.data, r#"{"t":"own"}"#, "{name}");
    }
}

#[tokio::test]
async fn bodies_that_are_not_html_are_parsed_as_browsers_parse_them() {
    let binary: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", b"", r#"{"t":null}"#),
        ("binary", &binary, r#"{"t":null}"#),
        ("null bytes", b"\0<title>a\0b</title>\0", "{\"t\":\"a\u{fffd}b\"}"),
        ("nothing but null bytes", &[0; 4096], r#"{"t":null}"#),
        ("an unfinished tag", b"<title>T</title><a href='", r#"{"t":"T"}"#),
        ("a lone byte-order mark", b"\xef\xbb\xbf", r#"{"t":null}"#),
    ];
    for (name, body, data) in cases {
        let server = RawServer::start(vec![Reply::new(ok("content-type: text/html\r\n", body))]).await;
        let page = page(visit(&with(|_| {}), &server.url("")).await, name);
        assert_eq!(String::from_utf8_lossy(&page.data), data, "{name}");
    }
}

#[tokio::test]
async fn a_slow_body_hits_the_total_timeout_and_a_stalled_one_the_idle_timeout() {
    let drip = |pause| async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        tokio::spawn(crate::raw_server::drip(listener, pause));
        url
    };
    let url = drip(Duration::from_secs(1)).await;
    let failure = failed(visit(&with(|it| it.idle_timeout = SHORT_TIMEOUT), &url).await, "idle");
    assert_eq!((failure.kind, failure.stage), (FailureKind::Timeout, Stage::Fetch));
    assert!(failure.message.contains("nothing came"), "{failure:?}");
    let url = drip(SHORT_TIMEOUT / 8).await;
    let scraper = with(|it| (it.idle_timeout, it.timeout) = (SHORT_TIMEOUT, 2 * SHORT_TIMEOUT));
    let failure = failed(visit(&scraper, &url).await, "total");
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(failure.message.contains("read all"), "{failure:?}");
}

#[tokio::test]
async fn a_body_without_a_pause_hits_the_total_timeout() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let chunk = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let empty_block = [0, 0, 0, 0xff, 0xff];
    let cases = [
        ("chunks of one byte", "identity", vec![], b"1\r\na\r\n".to_vec()),
        ("empty frames", "zstd", vec![], [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0].repeat(20_000)),
        ("skippable frames", "zstd", vec![], [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0].repeat(20_000)),
        ("empty blocks", "gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], empty_block.repeat(20_000)),
        ("empty blocks of zlib", "deflate", vec![0x78, 0x9c], empty_block.repeat(20_000)),
        ("empty metablocks", "br", vec![0x0c], vec![0x06; 100_000]),
    ];
    for (name, coding, first, again) in cases {
        let (first, again) = match coding {
            "identity" => (first, again.repeat(10_000)),
            _ if first.is_empty() => (first, chunk(&again)),
            _ => (chunk(&first), chunk(&again)),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        // A thread of its own, so that the next chunk is always there when it is requested.
        let server = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = listener.into_std().and_then(tokio::net::TcpListener::from_std);
                let (mut client, _) = listener.expect("a listener").accept().await.expect("the client");
                assert!(client.read(&mut [0; 4096]).await.expect("a request") > 0);
                let head = "content-type: text/html\r\ntransfer-encoding: chunked";
                let head = format!("HTTP/1.1 200 OK\r\n{head}\r\ncontent-encoding: {coding}\r\n\r\n");
                let _ = client.write_all(&[head.as_bytes(), &first].concat()).await;
                while client.write_all(&again).await.is_ok() {}
            });
        });
        let scraper = with(|it| (it.timeout, it.max_body) = (2 * SHORT_TIMEOUT, 1 << 40));
        let answer = tokio::time::timeout(TIME_LIMIT, visit(&scraper, &url)).await.expect("it ends in time");
        let failure = failed(answer, name);
        assert_eq!(failure.kind, FailureKind::Timeout, "{name}: {failure:?}");
        drop(scraper);
        // The connection closes in a task of this thread, so this thread must not block.
        let ended = tokio::task::spawn_blocking(|| server.join()).await.expect("it runs");
        ended.expect("the server sees the end of the connection");
    }
}

#[tokio::test]
async fn decompression_bombs_cost_no_more_than_the_body_limit() {
    use crate::raw_server::compressed::{brotli, deflate, gzip, zlib, zstd};
    let zeros = vec![b'a'; 32 << 20];
    let (small, tiny) = (gzip(&zeros).await, gzip(&gzip(&zeros).await).await);
    // Members of 20 bytes that are all empty.
    let members = gzip(b"").await.repeat(200_000);
    // Endless empty deflate blocks: input without output.
    let blocks = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0, 0, 0, 0xff, 0xff].repeat(4 << 20)].concat();
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("gzip", "gzip", small.clone()),
        ("gzip that no header announces", "identity", small.clone()),
        ("gzip in gzip that no header announces", "identity", tiny.clone()),
        ("gzip in gzip", "gzip, gzip", tiny),
        ("zlib", "deflate", zlib(&zeros).await),
        ("deflate", "deflate", deflate(&zeros).await),
        ("brotli", "br", brotli(&zeros).await),
        ("zstd", "zstd", zstd(&zeros).await),
        ("four layers", "gzip, zstd, br, gzip", gzip(&brotli(&zstd(&small).await).await).await),
        ("empty members", "gzip", members.clone()),
        ("empty members, compressed", "gzip, gzip", gzip(&members).await),
        ("empty blocks", "gzip", blocks.clone()),
        ("empty blocks, compressed", "gzip, gzip", gzip(&blocks).await),
        ("empty blocks, compressed twice", "gzip, gzip, gzip", gzip(&gzip(&blocks).await).await),
    ];
    drop(zeros);
    for (name, coding, body) in cases {
        let headers = format!("content-type: text/html\r\ncontent-encoding: {coding}\r\n");
        let server = RawServer::start(vec![Reply::new(ok(&headers, &body))]).await;
        drop(body);
        let (before, begun) = (peak_memory(), Instant::now());
        let failure = failed(visit(&with(|_| {}), &server.url("")).await, name);
        let (took, taken) = (begun.elapsed(), peak_memory() - before);
        let kind = if name.contains("members") { FailureKind::Decode } else { FailureKind::TooLarge };
        assert_eq!(failure.kind, kind, "{name}: {failure:?}");
        assert!(took < TIME_LIMIT, "{name} took {took:?}");
        assert!(taken < 40 << 20, "{name} took {taken} bytes");
    }
}
