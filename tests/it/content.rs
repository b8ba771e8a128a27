//! How headers and bytes of an answer decide whether it is a page, how it is compressed if no header tells, and where a
//! `Refresh` header leads.

use crate::raw_server::compressed::{brotli, gzip, zlib, zstd};
use crate::raw_server::settings::patient;
use crate::raw_server::{RawServer, Reply};
use gleaner::model::{Answer, Reach, Visit};
use gleaner::scrape::extract::{Arity, Rule, ValueRule};
use gleaner::scrape::{FetchSettings, Scraper, Settings};

const MAX_BODY: u64 = 64 * 1024;
const PAGE: &[u8] = b"<!doctype html><title>T</title>";

fn with(change: impl FnOnce(&mut FetchSettings)) -> Scraper {
    let rules = vec![("t".to_owned(), Rule::Value(ValueRule::new("title::text", Arity::One)))];
    let mut fetch = patient(MAX_BODY);
    change(&mut fetch);
    Scraper::new(Settings { fetch, extract: rules.into(), ..Settings::default() }).expect("valid settings")
}

fn answer(headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    Reply::new([head.as_bytes(), body].concat())
}

/// The title of the page, the URL that a redirect leads to, or the kind of the failure.
async fn outcome(scraper: &Scraper, reply: Reply) -> String {
    let server = RawServer::start(vec![reply]).await;
    let visited =
        scraper.visit(&Visit::new(server.url("dir/page").parse().expect("a URL"), Reach::Listed), || {}).await;
    match visited.answer {
        Answer::Page(page) => {
            let data: serde_json::Value = serde_json::from_slice(&page.data).expect("JSON");
            data["t"].as_str().unwrap_or("nothing").to_owned()
        }
        Answer::Failure(failure) => failure.kind.as_str().to_owned(),
        Answer::Redirect { status: 200, to, .. } => to.as_str().replace(&server.url(""), "/"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_valid_content_type_the_bytes_decide() {
    let silent = [
        "",
        "content-type:\r\n",
        "content-type: html\r\n",
        "content-type: text\r\n",
        "content-type: charset=utf-8\r\n",
        "content-type: utf-8\r\n",
        "content-type: \"text/html; charset=utf-8\"\r\n",
        "content-type: */*\r\n",
        "content-type: unknown/unknown\r\n",
        "content-type: Application/Unknown; x=y\r\n",
        "content-type: html, */*\r\ncontent-type: text html\r\n",
    ];
    let bodies: [(&[u8], &str); 9] = [
        (PAGE, "T"),
        (b"<title>T</title>", "T"),
        (b"just text", "nothing"),
        (b"", "nothing"),
        (b"<?xml version='1.0'?><x><title>T</title></x>", "T"),
        (b"\x89PNG\r\n\x1a\n<title>T</title>", "content_type"),
        (b"%PDF-1.7 <title>T</title>", "content_type"),
        (b"PK\x03\x04<title>T</title>", "content_type"),
        (b"\0\x01\x02<title>T</title>", "content_type"),
    ];
    let scraper = with(|_| {});
    for headers in silent {
        for (body, expected) in bodies {
            let shown = body.escape_ascii();
            assert_eq!(outcome(&scraper, answer(headers, body)).await, expected, "{headers} {shown}");
        }
    }
    let listed = with(|fetch| fetch.content_types = vec!["application/octet-stream".to_owned()]);
    assert_eq!(outcome(&listed, answer("", b"\0\x01\x02<title>T</title>")).await, "T");
}

#[tokio::test]
async fn a_valid_content_type_decides() {
    let table = [
        ("content-type: image/png\r\n", "content_type"),
        ("content-type: image/png, text/html\r\n", "T"),
        ("content-type: text/html, image/png\r\n", "content_type"),
        ("content-type: text/html\r\ncontent-type: image/png\r\n", "content_type"),
        ("content-type: image/png\r\ncontent-type: html\r\n", "content_type"),
        ("content-type: text/html, */*\r\n", "T"),
        ("content-type: text/html; x=\", image/png\"\r\n", "T"),
        ("content-type: application/octet-stream\r\n", "content_type"),
        ("content-type: application/json\r\n", "content_type"),
        ("content-type: application/gzip\r\n", "content_type"),
    ];
    let scraper = with(|_| {});
    for (headers, expected) in table {
        assert_eq!(outcome(&scraper, answer(headers, PAGE)).await, expected, "{headers}");
    }
    // The charset is kept for later values with the same type. An invalid label is ignored.
    let in_koi8_r = b"<meta charset=koi8-r><title>\xc4\xc1</title>";
    let in_1251 = b"<meta charset=koi8-r><title>\xe4\xe0</title>";
    let table: [(&str, &[u8]); 6] = [
        ("content-type: text/html; charset=\"windows-1251\"\r\n", in_1251),
        ("content-type: text/html; charset=windows-1251, text/html\r\n", in_1251),
        ("content-type: text/html; charset=windows-1251; charset=utf-8\r\n", in_1251),
        ("content-type: text/plain; charset=windows-1251, text/html\r\n", in_koi8_r),
        ("content-type: text/html; charset=windows-9999\r\n", in_koi8_r),
        ("content-type: text/html; charset='windows-1251'\r\n", in_koi8_r),
    ];
    for (headers, body) in table {
        assert_eq!(outcome(&scraper, answer(headers, body)).await, "да", "{headers}");
    }
}

#[tokio::test]
async fn compression_that_no_header_announces_is_decoded() {
    let packed = gzip(PAGE).await;
    let large = [PAGE, &b" ".repeat(64 * 1024)].concat();
    let members = [gzip(&PAGE[..20]).await, gzip(&PAGE[20..]).await].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("content-type: text/html\r\n", packed.clone(), "T"),
        ("content-type: application/xml\r\n", packed.clone(), "T"),
        ("", packed.clone(), "T"),
        ("content-type: text/html\r\n", members, "T"),
        ("content-type: text/html\r\n", [&packed[..], b"\0\0\0"].concat(), "T"),
        ("content-type: text/html\r\n", zstd(PAGE).await, "T"),
        ("content-type: text/html\r\n", zstd(&packed).await, "T"),
        ("content-type: text/html\r\ncontent-encoding: gzip\r\n", gzip(&packed).await, "T"),
        ("content-type: text/html\r\ncontent-encoding: br\r\n", brotli(&packed).await, "T"),
        ("content-type: application/gzip\r\n", packed.clone(), "content_type"),
        ("content-type: application/octet-stream\r\n", packed.clone(), "content_type"),
        // Without a content type, the decompressed bytes decide.
        ("", gzip(b"\x89PNG\r\n\x1a\n").await, "content_type"),
        ("content-type: text/html\r\n", gzip(&large).await, "too_large"),
        ("content-type: text/html\r\n", gzip(&gzip(&large).await).await, "too_large"),
        ("content-type: text/html\r\n", zstd(&large).await, "too_large"),
        ("content-type: text/html\r\n", packed[..packed.len() / 2].to_vec(), "decode"),
        ("content-type: text/html\r\n", b"\x1f\x8b\x08<title>T</title>".to_vec(), "decode"),
        // Neither of these two is recognized by its first bytes.
        ("content-type: text/html\r\n", zlib(PAGE).await, "nothing"),
        ("content-type: text/html\r\n", b"\x1f\x8b<title>T</title>".to_vec(), "T"),
    ];
    let scraper = with(|_| {});
    for (headers, body, expected) in cases {
        let shown = format!("{headers:?} {}", body[..4].escape_ascii());
        assert_eq!(outcome(&scraper, answer(headers, &body)).await, expected, "{shown}");
    }
    let listed = with(|fetch| fetch.content_types = vec!["application/x-gzip".to_owned()]);
    assert_eq!(outcome(&listed, answer("content-type: application/x-gzip\r\n", &packed)).await, "T");
}

#[tokio::test]
async fn a_refresh_header_acts_like_a_meta_element() {
    const META: &[u8] = b"<title>T</title><meta http-equiv=refresh content='0; url=/meta'>";
    const BASE: &[u8] = b"<title>T</title><base href='/base/'>";
    let table: [(&str, &[u8], &str); 18] = [
        ("refresh: 0; url=/new\r\n", PAGE, "/new"),
        ("Refresh: 5;URL='new'\r\n", PAGE, "/dir/new"),
        ("refresh: 3, /new\r\n", PAGE, "/new"),
        ("refresh: 0; url=///h.example/^\r\n", PAGE, "http://h.example/%5E"),
        ("refresh: 0; url=/\u{e9}\r\n", PAGE, "/%C3%A9"),
        ("refresh: 0; url=/new\r\n", b"", "/new"),
        ("refresh: 0; url=/new\r\ncontent-type: image/png\r\n", PAGE, "/new"),
        ("refresh: 0; url=new\r\n", BASE, "/dir/new"),
        ("refresh: 0; url=/new\r\n", META, "/new"),
        ("refresh: soon\r\nrefresh: 0; url=/new\r\n", PAGE, "/new"),
        // The header is valid, and the page stays where it is.
        ("refresh: 6; url=/new\r\n", META, "T"),
        ("refresh: 6; url=/new\r\nrefresh: 0; url=/new\r\n", PAGE, "T"),
        ("refresh: 0\r\n", META, "T"),
        ("refresh: 0; url=page#part\r\n", META, "T"),
        ("refresh: 0; url=javascript:1\r\n", META, "T"),
        // The header is not valid or empty, so it is ignored.
        ("refresh: soon\r\n", META, "/meta"),
        ("refresh:\r\n", META, "/meta"),
        ("", META, "/meta"),
    ];
    let follows = with(|fetch| fetch.meta_refresh = true);
    for (headers, body, expected) in table {
        assert_eq!(outcome(&follows, answer(headers, body)).await, expected, "{headers}");
    }
    assert_eq!(outcome(&with(|_| {}), answer("refresh: 0; url=/new\r\n", META)).await, "T");
    let missing = Reply::new("HTTP/1.1 404 Not Found\r\nrefresh: 0; url=/new\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(outcome(&follows, missing).await, "http_status");
}
