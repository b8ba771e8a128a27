//! Answers that deviate from HTTP/1. What the head says about the body is applied, or the answer fails. Encoded bytes
//! never become a page.

use crate::raw_server::compressed::{brotli, deflate, gzip, zlib, zstd};
use crate::raw_server::settings::patient;
use crate::raw_server::{RawServer, Reply, Then};
use gleaner::model::{Answer, FailureKind, Reach, Visit};
use gleaner::robots;
use gleaner::scrape::extract::{Arity, Rule, ValueRule};
use gleaner::scrape::{Scraper, Settings};

const MAX_BODY: u64 = 256 * 1024;
const PAGE: &[u8] = b"<title>T</title><p>text";
const DATA: &str = r#"{"t":"T"}"#;
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n";

fn scraper() -> Scraper {
    let rules = vec![("t".to_owned(), Rule::Value(ValueRule::new("title::text", Arity::One)))];
    Scraper::new(Settings { fetch: patient(MAX_BODY), extract: rules.into(), ..Settings::default() })
        .expect("valid settings")
}

/// The data of a page, the target of a redirect, or the kind of failure.
async fn outcome(scraper: &Scraper, url: &str) -> Result<String, FailureKind> {
    match scraper.visit(&Visit::new(url.parse().expect("a URL"), Reach::Listed), || {}).await.answer {
        Answer::Page(page) => Ok(String::from_utf8(page.data.to_vec()).expect("JSON")),
        Answer::Failure(failure) => Err(failure.kind),
        Answer::Redirect { to, .. } => Ok(to.into()),
        other @ Answer::NotModified { .. } => panic!("{other:?}"),
    }
}

/// One answer that ends with its connection.
fn reply(lines: &str, body: &[u8]) -> Reply {
    Reply::new([format!("{HEAD}{lines}\r\n").as_bytes(), body].concat()).then(Then::Close)
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let (one, two) = body.split_at(body.len() / 2);
    let mut bytes = Vec::new();
    for chunk in [one, two, b""] {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

async fn check(cases: Vec<(&str, Reply, Result<&str, FailureKind>)>) {
    let (scraper, mut wrong) = (scraper(), Vec::new());
    for (name, reply, expected) in cases {
        let server = RawServer::start(vec![reply]).await;
        let found = outcome(&scraper, &server.url("")).await;
        if found.as_deref() != expected.as_ref().map(|data| *data) {
            wrong.push(format!("{name}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn headers_with_white_space_before_the_colon_are_understood() {
    let to = |location: &str| {
        Reply::new(format!("HTTP/1.1 302 Found\r\n{location}\r\ncontent-length: 0\r\n\r\n")).then(Then::Close)
    };
    check(vec![
        ("coding", reply("Transfer-Encoding : chunked\r\n", &chunked(PAGE)), Ok(DATA)),
        ("a tab", reply("Transfer-Encoding\t: chunked\r\n", &chunked(PAGE)), Ok(DATA)),
        ("both", reply("Transfer-Encoding \t  :\tchunked\r\n", &chunked(PAGE)), Ok(DATA)),
        ("content", reply("Content-Encoding : gzip\r\n", &gzip(PAGE).await), Ok(DATA)),
        ("length", reply(&format!("Content-Length : {}\r\n", PAGE.len()), PAGE).then(Then::Hang), Ok(DATA)),
        ("location", to("Location : http://else.example/"), Ok("http://else.example/")),
        ("a folded line", reply("Transfer-Encoding:\r\n chunked\r\n", &chunked(PAGE)), Ok(DATA)),
        ("an invalid length", reply("Content-Length\t: x\r\n", PAGE), Err(FailureKind::Protocol)),
        (
            "type",
            Reply::new("HTTP/1.1 200 OK\r\nContent-Type : image/png\r\ncontent-length: 3\r\n\r\nabc"),
            Err(FailureKind::ContentType),
        ),
    ])
    .await;
}

#[tokio::test]
async fn chunks_never_become_text() {
    use FailureKind::Protocol;
    let twice = chunked(&chunked(PAGE));
    let extended = [b"17;name=value\r\n", PAGE, b"\r\n0;last\r\nDigest: x\r\n\r\n"].concat();
    check(vec![
        ("upper case", reply("transfer-encoding: CHUNKED\r\n", &chunked(PAGE)), Ok(DATA)),
        ("extensions and a trailer", reply("transfer-encoding: chunked\r\n", &extended), Ok(DATA)),
        ("with a length", reply("transfer-encoding: chunked\r\ncontent-length: 3\r\n", &chunked(PAGE)), Ok(DATA)),
        ("announced twice", reply("transfer-encoding: chunked, chunked\r\n", &chunked(PAGE)), Ok(DATA)),
        ("two lines", reply("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", &chunked(PAGE)), Ok(DATA)),
        ("done twice", reply("transfer-encoding: chunked, chunked\r\n", &twice), Err(Protocol)),
        ("not announced", reply("", &chunked(PAGE)), Err(Protocol)),
        (
            "without the last line",
            reply(
                "transfer-encoding: chunked\r\n",
                chunked(PAGE).strip_suffix(b"\r\n").expect("the body ends with CR LF"),
            ),
            Err(FailureKind::Truncated),
        ),
        ("lines that end with LF", reply("transfer-encoding: chunked\r\n", b"1\na\n0\n\n"), Err(Protocol)),
        (
            "a name cut by a control character",
            reply("transfer-encoding\x0b: chunked\r\n", &chunked(PAGE)),
            Err(Protocol),
        ),
        ("a value with one", reply("transfer-encoding: \x01chunked\r\n", &chunked(PAGE)), Err(Protocol)),
        ("a name with a space inside", reply("transfer encoding: chunked\r\n", &chunked(PAGE)), Err(Protocol)),
        ("not the last", reply("transfer-encoding: chunked, identity\r\n", &chunked(PAGE)), Err(Protocol)),
        (
            "in HTTP/1.0",
            Reply::new([b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunked(PAGE)[..]].concat())
                .then(Then::Close),
            Err(Protocol),
        ),
        ("text that begins like a chunk", reply("", b"17\r\n<title>T</title>"), Ok(DATA)),
    ])
    .await;
}

#[tokio::test]
async fn transfer_codings_are_decoded_or_the_answer_fails() {
    use FailureKind::{Decode, Protocol, Truncated};
    let gzipped = gzip(PAGE).await;
    let length = |n: usize| format!("transfer-encoding: identity\r\ncontent-length: {n}\r\n");
    let cut = &gzipped[..gzipped.len() - 12];
    check(vec![
        ("gzip, chunked", reply("transfer-encoding: gzip, chunked\r\n", &chunked(&gzipped)), Ok(DATA)),
        ("x-gzip", reply("transfer-encoding: X-Gzip\r\ntransfer-encoding: chunked\r\n", &chunked(&gzipped)), Ok(DATA)),
        ("deflate, chunked", reply("transfer-encoding: deflate,chunked\r\n", &chunked(&zlib(PAGE).await)), Ok(DATA)),
        ("gzip up to the end", reply("transfer-encoding: gzip\r\ncontent-length: 3\r\n", &gzipped), Ok(DATA)),
        ("gzip cut off", reply("transfer-encoding: gzip\r\n", cut), Err(Truncated)),
        (
            "below a content encoding",
            reply(
                "content-encoding: br\r\ntransfer-encoding: gzip, chunked\r\n",
                &chunked(&gzip(&brotli(PAGE).await).await),
            ),
            Ok(DATA),
        ),
        ("identity with a length", reply(&length(PAGE.len()), PAGE).then(Then::Hang), Ok(DATA)),
        ("identity with more than that", reply(&length(16), b"<title>T</title><title>U</title>"), Ok(DATA)),
        ("identity with less than that", reply(&length(99), PAGE), Err(Truncated)),
        ("identity alone", reply("transfer-encoding: identity\r\n", PAGE), Ok(DATA)),
        ("compress", reply("transfer-encoding: compress, chunked\r\n", &chunked(PAGE)), Err(Protocol)),
        ("an unknown one", reply("transfer-encoding: cow\r\n", PAGE), Err(Protocol)),
        ("not gzip", reply("transfer-encoding: gzip, chunked\r\n", &chunked(PAGE)), Err(Decode)),
    ])
    .await;
}

#[tokio::test]
async fn lengths_that_agree_are_accepted() {
    use FailureKind::{Protocol, Truncated};
    const BODY: &[u8] = b"<title>T</title><title>U";
    let of = |lines: &str| reply(lines, BODY).then(Then::Hang);
    let lengths = |one: &str, other: &str| of(&format!("content-length: {one}\r\nContent-Length\t: {other}\r\n"));
    check(vec![
        ("twice the same", lengths("16", "16"), Ok(DATA)),
        ("in a list", of("content-length: 16, 16\r\n"), Ok(DATA)),
        ("in a line that goes on", of("content-length:\r\n  16\r\n"), Ok(DATA)),
        ("two that differ", lengths("16", "17"), Err(Protocol)),
        ("in a list", of("content-length: 16, 17\r\n"), Err(Protocol)),
        ("a sign", of("content-length: +16\r\n"), Err(Protocol)),
        ("none", of("content-length:\r\n"), Err(Protocol)),
        ("too long", reply("content-length: 99\r\n", BODY), Err(Truncated)),
    ])
    .await;
}

#[tokio::test]
async fn content_codings_are_decoded_as_often_as_they_were_applied() {
    use FailureKind::Decode;
    let once = |coding: &str, body: &[u8]| reply(&format!("content-encoding: {coding}\r\n"), body);
    check(vec![
        ("two lines, gzip once", once("gzip\r\ncontent-encoding: gzip", &gzip(PAGE).await), Ok(DATA)),
        ("a list, gzip once", once("gzip, x-gzip", &gzip(PAGE).await), Ok(DATA)),
        ("gzip twice", once("gzip, gzip", &gzip(&gzip(PAGE).await).await), Ok(DATA)),
        ("only the outer one", once("br, gzip", &gzip(PAGE).await), Ok(DATA)),
        ("only the inner one", once("gzip, br", &gzip(PAGE).await), Ok(DATA)),
        ("only Brotli, outside", once("gzip, br", &brotli(PAGE).await), Ok(DATA)),
        ("only Brotli, inside", once("br, gzip", &brotli(PAGE).await), Ok(DATA)),
        ("only raw deflate", once("gzip, deflate", &deflate(PAGE).await), Ok(DATA)),
        ("only zlib", once("deflate, deflate", &zlib(PAGE).await), Ok(DATA)),
        ("only zstd", once("zstd, gzip", &zstd(PAGE).await), Ok(DATA)),
        ("both", once("deflate, br", &brotli(&zlib(PAGE).await).await), Ok(DATA)),
        ("none of two", once("gzip, zstd", PAGE), Err(Decode)),
        ("another one", once("gzip, gzip", &zstd(PAGE).await), Err(Decode)),
        ("another one inside", once("br, gzip", &gzip(&zstd(PAGE).await).await), Err(Decode)),
    ])
    .await;
}

#[tokio::test]
async fn gzip_without_its_trailer_is_accepted_if_the_answer_is_complete() {
    use FailureKind::{Decode, Truncated};
    const GZIP: &str = "content-encoding: gzip\r\n";
    let gzipped = gzip(PAGE).await;
    let without = |trailer: usize| &gzipped[..gzipped.len() - trailer];
    let long = format!("{GZIP}content-length: {}\r\n", gzipped.len());
    let lies = [without(8), b"12345678"].concat();
    check(vec![
        ("without", reply(GZIP, without(8)), Ok(DATA)),
        ("in part", reply(GZIP, without(3)), Ok(DATA)),
        ("in chunks", reply(&format!("{GZIP}transfer-encoding: chunked\r\n"), &chunked(without(8))), Ok(DATA)),
        ("as a transfer coding", reply("transfer-encoding: gzip, chunked\r\n", &chunked(without(8))), Ok(DATA)),
        ("one byte of the data, too", reply(GZIP, without(9)), Err(Truncated)),
        ("of an answer that breaks off", reply(&long, without(8)), Err(Truncated)),
        ("of something else", reply(GZIP, &lies), Err(Decode)),
        ("garbage behind it", reply(GZIP, &[&gzipped[..], b"<p>more"].concat()), Ok(DATA)),
    ])
    .await;
}

#[tokio::test]
async fn unknown_content_codings_are_ignored_and_unsupported_ones_fail() {
    let mut cases = Vec::new();
    for name in ["utf-8", "UTF-8", "none", "binary", "8bit", "text/html", "identity", "", "utf-8, identity"] {
        cases.push((name, reply(&format!("content-encoding: {name}\r\n"), PAGE), Ok(DATA)));
    }
    for name in ["compress", "x-compress", "AES128GCM", "exi", "pack200-gzip", "dcb", "gzip, dcz", "compress;q=1"] {
        cases.push((name, reply(&format!("content-encoding: {name}\r\n"), PAGE), Err(FailureKind::Decode)));
    }
    let gzipped = gzip(PAGE).await;
    cases.push(("both", reply("content-encoding: utf-8, gzip\r\n", &gzipped), Ok(DATA)));
    cases.push(("a parameter", reply("content-encoding: gzip;q=1.0\r\n", &gzipped), Ok(DATA)));
    cases.push(("a quoted name", reply("content-encoding: \"gzip\"\r\n", &gzipped), Err(FailureKind::Decode)));
    cases.push((
        "an empty body",
        reply("content-encoding: compress\r\ncontent-length: 0\r\n", b""),
        Ok(r#"{"t":null}"#),
    ));
    let empty = |status: &str| Reply::new(format!("HTTP/1.1 {status}\r\ncontent-encoding: dcb\r\n\r\n"));
    cases.push(("204", empty("204 No Content"), Ok(r#"{"t":null}"#)));
    check(cases).await;
}

#[tokio::test]
async fn an_invalid_head_is_a_failure_that_says_what_is_wrong() {
    let begins = "its first line does not begin with `HTTP/1.1` or `HTTP/1.0`";
    let status = "its first line does not have a three-digit status one space after `HTTP/1.1`";
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(1 << 20));
    for (head, expected) in [
        ("HTTP/1.2 200 OK\r\n\r\n", begins),
        ("http/1.1 200 OK\r\n\r\n", begins),
        ("ICY 200 OK\r\n\r\n", begins),
        ("<!doctype html>\r\n\r\n", begins),
        ("HTTP/1.1  200 OK\r\n\r\n", status),
        ("HTTP/1.1 20 OK\r\n\r\n", status),
        (&long, "its headers have more than 408 KiB"),
    ] {
        let reply = Reply::new(head).then(Then::Close);
        let server = RawServer::start(vec![reply.clone(), reply]).await;
        let answer =
            scraper().visit(&Visit::new(server.url("").parse().expect("a URL"), Reach::Listed), || {}).await.answer;
        let Answer::Failure(failure) = answer else { panic!("{answer:?}") };
        assert_eq!(failure.kind, FailureKind::Protocol, "{head:.20}");
        assert!(failure.message.contains(expected), "{head:.20}: {failure:?}");
    }
    // Other deviations of the status line are accepted.
    check(vec![
        ("a phrase", Reply::new("HTTP/1.1 200\r\ncontent-length: 16\r\n\r\n<title>T</title>"), Ok(DATA)),
        ("LF alone", Reply::new("HTTP/1.0 200 OK\ncontent-length: 16\n\n<title>T</title>"), Ok(DATA)),
        (
            "an empty line first",
            Reply::new("\r\nHTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n<title>T</title>"),
            Ok(DATA),
        ),
    ])
    .await;
}

#[tokio::test]
async fn robots_txt_follows_the_same_rules() {
    const FILE: &[u8] = b"User-agent: *\nDisallow: /no\n";
    enum Expected {
        Rules,
        Fails,
        Redirects,
    }
    let scraper = scraper();
    let table = [
        (reply("Transfer-Encoding : chunked\r\n", &chunked(FILE)), Expected::Rules),
        (reply("transfer-encoding: gzip, chunked\r\n", &chunked(&gzip(FILE).await)), Expected::Rules),
        (reply("content-encoding: gzip\r\ncontent-encoding: gzip\r\n", &gzip(FILE).await), Expected::Rules),
        (reply("content-encoding: none\r\n", FILE), Expected::Rules),
        (reply("transfer-encoding: identity\r\ncontent-length: 28\r\n", FILE).then(Then::Hang), Expected::Rules),
        (reply("content-encoding: compress\r\n", FILE), Expected::Fails),
        (reply("transfer-encoding: cow\r\n", FILE), Expected::Fails),
        (reply("", &chunked(FILE)), Expected::Fails),
        (Reply::new("HTTP/1.1 302 Found\r\nLocation\t: /r\r\ncontent-length: 0\r\n\r\n"), Expected::Redirects),
    ];
    for (number, (reply, expected)) in table.into_iter().enumerate() {
        let server = RawServer::start(vec![reply]).await;
        let answer =
            scraper.robots(&Visit::new(server.url("robots.txt").parse().expect("a URL"), Reach::Listed), || {}).await;
        match (expected, answer) {
            (Expected::Rules, robots::Answer::Rules(rules)) => {
                let allows = |path: &str| rules.allows(&server.url(path).parse().expect("a URL"));
                assert!(!allows("no") && allows("yes"), "{number}");
            }
            (Expected::Fails, robots::Answer::Failed(_)) | (Expected::Redirects, robots::Answer::Redirect { .. }) => {}
            (_, answer) => panic!("{number}: {answer:?}"),
        }
    }
}

/// A page with `count` additional header lines of `size` bytes each.
fn with_lines(count: usize, size: usize) -> Reply {
    let line = |n: usize| {
        let name = format!("x{n}: ");
        let value = "-".repeat(size - name.len() - 2);
        format!("{name}{value}\r\n")
    };
    let lines: String = (0..count).map(line).collect();
    reply(&format!("{lines}content-length: {}\r\n", PAGE.len()), PAGE).then(Then::Keep)
}

#[tokio::test]
async fn a_head_is_limited_in_bytes_and_not_in_lines() {
    check(vec![("90 lines", with_lines(90, 30), Ok(DATA))]).await;
    let table = [
        ("101 lines", with_lines(101, 30), with_lines(101, 30), Ok(DATA)),
        ("1000 lines", with_lines(1000, 30), with_lines(1000, 30), Ok(DATA)),
        ("20000 short lines", with_lines(20_000, 16), with_lines(20_000, 16), Ok(DATA)),
        ("more than 408 KiB in 100 lines", with_lines(90, 5000), with_lines(90, 5000), Err(FailureKind::Protocol)),
        ("and in 2000", with_lines(2000, 250), with_lines(2000, 250), Err(FailureKind::Protocol)),
    ];
    for (name, first, second, expected) in table {
        let server = RawServer::start(vec![first, second]).await;
        assert_eq!(
            outcome(&scraper(), &server.url("")).await.as_deref(),
            expected.as_ref().map(|data| *data),
            "{name}"
        );
        assert_eq!(server.requests().len(), 2, "{name}: the usual connection reads 100 lines");
    }
    // A few long lines need no second request.
    let server = RawServer::start(vec![with_lines(2, 200_000)]).await;
    assert_eq!(outcome(&scraper(), &server.url("")).await.as_deref(), Ok(DATA));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_origin_with_long_heads_is_asked_twice_only_the_first_time_and_keeps_its_connection() {
    let server = RawServer::start((0..4).map(|_| with_lines(150, 30)).collect()).await;
    let scraper = scraper();
    for page in 0..3 {
        assert_eq!(outcome(&scraper, &server.url("")).await.as_deref(), Ok(DATA), "page {page}");
    }
    assert_eq!((server.requests().len(), server.connections()), (4, 2));
}
