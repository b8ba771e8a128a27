use std::io::Write as _;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use url::Url;

use super::{MOST_HEAD, MOST_LINES};
use crate::model::{Failure, FailureKind, Reach, Stage, Stored, StoredForm, Visit};
use crate::scrape::FetchSettings;
use crate::scrape::fetch::{Fetched, FetchedPage, Fetcher, PageNeeds};
use crate::scrape::settings::sample;

const PAGE: &str = "<title>T</title>";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let (first, rest) = body.split_at(body.len() / 2);
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    [chunk(first), chunk(rest), b"0\r\n\r\n".to_vec()].concat()
}

/// Reads a stored answer as a worker does.
fn read(form: StoredForm, bytes: impl Into<bytes::Bytes>) -> Result<FetchedPage, Failure> {
    let settings =
        FetchSettings { max_body: 1000, meta_refresh: true, kept_headers: vec!["set-cookie".to_owned()], ..sample() };
    let needs = PageNeeds { headers: true, json: false };
    let fetcher = Fetcher::new(settings, needs).expect("good settings");
    let at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7));
    let stored = Some(Stored { form, bytes: bytes.into(), at });
    let url = Url::parse("http://u:p@h/a").expect("a URL");
    let visit = Visit { stored, ..Visit::new(url, Reach::Listed) };
    let mut kept = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let result = runtime.block_on(fetcher.fetch(&visit, || panic!("nothing is sent"), &mut kept, &mut None));
    assert!(kept.is_empty(), "cookies of stored answers are not kept: {kept:?}");
    match result? {
        Fetched::Page(page) => {
            assert_eq!((page.fetched_at, page.url.as_str(), page.follows_meta), (at, "http://h/a", false));
            Ok(*page)
        }
        other => panic!("{other:?}"),
    }
}

fn message(bytes: impl Into<bytes::Bytes>) -> Result<FetchedPage, Failure> {
    read(StoredForm::Message, bytes)
}

#[test]
fn the_forms_in_which_archives_keep_a_page_give_the_same_page() {
    let length = PAGE.len();
    let html = "Content-Type: text/html\r\n";
    let table: Vec<(&str, String, Vec<u8>)> = vec![
        ("plain", format!("HTTP/1.1 200 OK\r\n{html}Content-Length: {length}\r\n\r\n"), PAGE.into()),
        ("without a length", format!("HTTP/1.1 200 OK\r\n{html}\r\n"), PAGE.into()),
        ("without a type", "HTTP/1.1 200 OK\r\n\r\n".to_owned(), PAGE.into()),
        ("only line feeds", format!("HTTP/1.1 200 OK\n{}\n", html.replace('\r', "")), PAGE.into()),
        ("HTTP/1.0 without a reason", format!("HTTP/1.0 200\r\n{html}\r\n"), PAGE.into()),
        ("HTTP/2", format!("HTTP/2 200\r\n{html}\r\n"), PAGE.into()),
        ("HTTP/2 as curl writes it", format!("HTTP/2 200 \n{html}\n"), PAGE.into()),
        ("HTTP/3", format!("HTTP/3.0 200 OK\r\n{html}Transfer-Encoding: chunked\r\n\r\n"), PAGE.into()),
        ("empty lines before", format!("\r\n\nHTTP/1.1 200 OK\r\n{html}\r\n"), PAGE.into()),
        (
            "an interim answer before",
            format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n{html}\r\n"),
            PAGE.into(),
        ),
        ("chunked", format!("HTTP/1.1 200 OK\r\n{html}Transfer-Encoding: chunked\r\n\r\n"), chunked(PAGE.as_bytes())),
        ("chunks undone", format!("HTTP/1.1 200 OK\r\n{html}Transfer-Encoding: chunked\r\n\r\n"), PAGE.into()),
        (
            "chunks undone, and a wrong length",
            format!("HTTP/1.1 200 OK\r\n{html}Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n"),
            PAGE.into(),
        ),
        (
            "gzip",
            format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip(PAGE).len()),
            gzip(PAGE),
        ),
        (
            "gzip in chunks",
            format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"),
            chunked(&gzip(PAGE)),
        ),
        (
            "gzip as transfer coding",
            format!("HTTP/1.1 200 OK\r\n{html}Transfer-Encoding: gzip, chunked\r\n\r\n"),
            chunked(&gzip(PAGE)),
        ),
        (
            "gzip undone, and a longer length",
            format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n"),
            PAGE.into(),
        ),
        (
            "gzip undone, and a shorter length",
            format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n"),
            PAGE.into(),
        ),
        ("Brotli undone", format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: br\r\n\r\n"), PAGE.into()),
        ("deflate undone", format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: deflate\r\n\r\n"), PAGE.into()),
        ("two codings undone", format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: gzip, br\r\n\r\n"), PAGE.into()),
        (
            "chunks and gzip undone",
            format!("HTTP/1.1 200 OK\r\n{html}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"),
            PAGE.into(),
        ),
        (
            "Common Crawl",
            format!(
                "HTTP/1.1 200 OK\r\n{html}X-Crawl-Content-Encoding: gzip\r\nX-Crawl-Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n"
            ),
            PAGE.into(),
        ),
        ("a length that is too short", format!("HTTP/1.1 200 OK\r\n{html}Content-Length: 2\r\n\r\n"), PAGE.into()),
        ("a length that is not a number", format!("HTTP/1.1 200 OK\r\n{html}Content-Length: -2\r\n\r\n"), PAGE.into()),
        ("headers that are not valid", format!("HTTP/1.1 200 OK\r\n: x\r\n{html}a b: c\r\n\r\n"), PAGE.into()),
        ("a header on two lines", format!("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n{html}\r\n"), PAGE.into()),
        ("many headers", format!("HTTP/1.1 200 OK\r\n{html}{}\r\n", "A: b\r\n".repeat(5000)), PAGE.into()),
        (
            "a cookie and a refresh",
            format!("HTTP/1.1 200 OK\r\n{html}Set-Cookie: a=b\r\nRefresh: 0; url=/b\r\n\r\n"),
            PAGE.into(),
        ),
    ];
    for (what, head, body) in table {
        let page = message([head.as_bytes(), &body].concat()).unwrap_or_else(|failure| panic!("{what}: {failure:?}"));
        assert_eq!((page.status, &page.body[..]), (200, PAGE.as_bytes()), "{what}");
    }
    let folded = message(format!("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n{PAGE}")).expect("a page");
    assert_eq!(folded.headers["a"].as_bytes().trim_ascii(), b"b   c");
}

#[test]
fn an_answer_that_is_not_a_whole_page_fails_with_its_reason() {
    /// What it is, the answer, and the kind, the status and a part of the message of its failure.
    type Row = (&'static str, Vec<u8>, FailureKind, Option<u16>, &'static str);
    use FailureKind::{ContentType, Decode, HttpStatus, Protocol, TooLarge, Truncated};
    let ok = |rest: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{rest}").into_bytes();
    let gz = gzip(&format!("{PAGE}{}", "x".repeat(100)));
    let torn_gzip = [ok("Content-Encoding: gzip\r\n\r\n"), gz[..gz.len() - 9].to_vec()].concat();
    let torn_chunks = [ok("Transfer-Encoding: chunked\r\n\r\n"), chunked(PAGE.as_bytes())[..12].to_vec()].concat();
    let bomb = [ok("Content-Encoding: gzip\r\n\r\n"), gzip(&"x".repeat(100_000))].concat();
    let table: Vec<Row> = vec![
        ("nothing", Vec::new(), Truncated, None, "its stored answer is empty"),
        ("no end of the head", b"HTTP/1.1 200 OK\r\nA: b\r\n".to_vec(), Truncated, None, "ends in the headers"),
        ("no end of the first line", b"HTTP/1.1 2".to_vec(), Truncated, None, "ends in the headers"),
        ("only an interim answer", b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Truncated, None, "is empty"),
        ("no head", PAGE.into(), Protocol, None, "does not begin with a version"),
        ("another protocol", b"ICY 200 OK\r\n\r\n".to_vec(), Protocol, None, "does not begin with a version"),
        ("a version of the future", b"HTTP/4 200 OK\r\n\r\n".to_vec(), Protocol, None, "does not begin with a version"),
        ("no status", b"HTTP/1.1 OK\r\n\r\n".to_vec(), Protocol, None, "three-digit status"),
        ("a long status", b"HTTP/1.1 2000 OK\r\n\r\n".to_vec(), Protocol, None, "three-digit status"),
        ("a status below 100", b"HTTP/1.1 099 OK\r\n\r\n".to_vec(), Protocol, None, "three-digit status"),
        ("a long head", ok(&format!("A: {}\r\n\r\n", "x".repeat(MOST_HEAD))), Protocol, None, "more than 408 KiB"),
        ("very many lines", ok(&("A:\r\n".repeat(MOST_LINES) + "\r\n")), Protocol, None, "more than 24,576 lines"),
        ("a short body", ok("Content-Length: 9\r\n\r\nabc"), Truncated, Some(200), "shorter than its `Content-Length`"),
        ("torn chunks", torn_chunks, Truncated, Some(200), "chunked body ends too early"),
        ("torn gzip", torn_gzip, Truncated, Some(200), "compressed body ends too early"),
        ("a long body", ok(&format!("\r\n{}", "x".repeat(1001))), TooLarge, Some(200), "larger than 1000 bytes"),
        ("a bomb", bomb, TooLarge, Some(200), "larger than 1000 bytes"),
        ("an unknown coding", ok("Content-Encoding: compress\r\n\r\nabc"), Decode, Some(200), "`compress`"),
        (
            "a picture",
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nx".to_vec(),
            ContentType,
            Some(200),
            "`image/png`",
        ),
        (
            "bytes of a picture",
            b"HTTP/1.1 200 OK\r\n\r\n\x89PNG\r\n\x1a\n".to_vec(),
            ContentType,
            Some(200),
            "`image/png`",
        ),
        (
            "a missing page",
            b"HTTP/1.1 404 Not Found\r\n\r\nno".to_vec(),
            HttpStatus,
            Some(404),
            "answered 404 Not Found",
        ),
        ("an unavailable page", b"HTTP/1.1 503\r\nRetry-After: 9\r\n\r\n".to_vec(), HttpStatus, Some(503), "503"),
        ("a switch", b"HTTP/1.1 101 Switching\r\n\r\n".to_vec(), Protocol, Some(101), "another protocol"),
        (
            "a redirect",
            b"HTTP/1.1 301 Moved\r\nLocation: /b\r\n\r\n".to_vec(),
            HttpStatus,
            Some(301),
            "a redirect (301) to http://h/b, which is not followed",
        ),
        (
            "a redirect to nowhere",
            b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n".to_vec(),
            Protocol,
            Some(302),
            "not a valid URL",
        ),
    ];
    for (what, bytes, kind, status, part) in table {
        let failure = message(bytes).expect_err(what);
        assert_eq!((failure.kind, failure.status), (kind, status), "{what}: {failure:?}");
        assert!(failure.message.contains(part) && failure.message.contains("http://h/"), "{what}: {}", failure.message);
        assert!(!failure.message.contains("u:p@"), "{what}: {}", failure.message);
        assert_eq!(failure.final_url.is_some(), status.is_some(), "{what}");
        assert!(matches!(failure.stage, Stage::Fetch | Stage::Decode), "{what}: {:?}", failure.stage);
    }
}

#[test]
fn answers_that_have_no_body_are_not_cut_off() {
    for status in [204, 304] {
        let page = message(format!("HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"));
        let page = page.expect("a page");
        assert_eq!((page.status, page.body.len()), (status, 0));
    }
}

#[test]
fn the_type_of_a_file_is_that_of_its_name_or_of_its_bytes() {
    type Row = (&'static str, &'static [u8], Result<&'static [u8], FailureKind>);
    let table: [Row; 8] = [
        ("text/html", b"text", Ok(b"text")),
        ("", PAGE.as_bytes(), Ok(PAGE.as_bytes())),
        ("", b"", Ok(b"")),
        ("", b"<?xml version='1.0'?><a/>", Ok(b"<?xml version='1.0'?><a/>")),
        ("", b"\x89PNG\r\n\x1a\n", Err(FailureKind::ContentType)),
        ("application/json", b"{}", Err(FailureKind::ContentType)),
        ("text/html", &[b'x'; 1001], Err(FailureKind::TooLarge)),
        ("text/html", b"3\r\nabc\r\n0\r\n\r\n", Err(FailureKind::Protocol)),
    ];
    for (media_type, bytes, expected) in table {
        let page = read(StoredForm::File { media_type: media_type.to_owned() }, bytes.to_vec());
        let found = page.as_ref().map(|page| &page.body[..]).map_err(|failure| failure.kind);
        assert_eq!(found, expected, "{media_type} {}", bytes[..bytes.len().min(30)].escape_ascii());
    }
    let unpacked = read(StoredForm::File { media_type: String::new() }, gzip(PAGE)).expect("a page");
    assert_eq!(&unpacked.body[..], PAGE.as_bytes());
}

/// Parts of answers, and parts that do not belong into one.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
        "HTTP/[0-4](\\.[01])? [0-9]{1,4}".prop_map(String::into_bytes),
        Just(b"\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"Transfer-Encoding: chunked\r\n".to_vec()),
        Just(b"Content-Encoding: gzip\r\n".to_vec()),
        Just(b"Content-Encoding: br, deflate\r\n".to_vec()),
        "Content-Length: [0-9]{1,20}\r\n".prop_map(String::into_bytes),
        "[0-9a-f]{1,2}\r\n".prop_map(String::into_bytes),
        Just(gzip(PAGE)),
        Just(chunked(PAGE.as_bytes())),
        proptest::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_stored_answer_is_a_page_or_a_failure_about_its_url(
        is_message in any::<bool>(),
        pieces in proptest::collection::vec(piece(), 0..12),
    ) {
        let media_type = String::new();
        let form = if is_message { StoredForm::Message } else { StoredForm::File { media_type } };
        if let Err(failure) = read(form, pieces.concat()) {
            prop_assert!(failure.message.contains("http://h/a"), "{}", failure.message);
            prop_assert!(!failure.message.contains("u:p@"), "{}", failure.message);
        }
    }
}
