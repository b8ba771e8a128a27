//! Parses URLs. All URLs are parsed here, so that the list, links, `<base>`, `Location`, `Refresh` and redirects of a
//! robots.txt read the same text in the same way.
//!
//! The `url` crate does the parsing. This module corrects four differences between it and the WHATWG URL Standard (the
//! first two are known to the crate: servo/rust-url#1136 and #1140):
//!
//! - The crate finds no host in a reference such as `///host/path`; the standard reads `host` ("special authority
//!   ignore slashes state").
//! - The crate leaves `^` in a path unchanged; the standard percent-encodes it ("path percent-encode set").
//! - If a query is in an encoding other than UTF-8, a character that the encoding lacks becomes `&#N;`. Only the
//!   standard percent-encodes its `&` and `;` ("percent-encode after encoding").
//! - In all URLs, the crate takes a segment such as `c:` for a Windows drive, which `..` does not leave. In the
//!   standard, only `file` URLs have drives ("shorten a url's path").
//!
//! One difference remains, because the crate cannot represent such a URL: since June 2026 the standard accepts an ASCII
//! domain with a label that begins with `xn--` and is not valid Punycode (servo/rust-url#1135).

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{EncoderResult, Encoding, UTF_8};
use serde::Deserializer;
use serde::de::{self, Visitor};
use url::{ParseError, Position, Url};

use super::LONGEST_URL;

/// Parses a URL, or a reference that is relative to `base`.
///
/// # Errors
/// If the text is not a valid URL by the standard.
pub fn parse_url(text: &str, base: Option<&Url>) -> Result<Url, ParseError> {
    parse_url_in(text, base, UTF_8)
}

/// As [`parse_url`], for a link of a page in `encoding`. The query is sent in that encoding.
///
/// # Errors
/// The errors of `parse_url`.
pub fn parse_url_in(text: &str, base: Option<&Url>, encoding: &'static Encoding) -> Result<Url, ParseError> {
    let text = match base {
        Some(base) if has_authority_after_slashes(base) => with_two_slashes(text),
        _ => Cow::Borrowed(text),
    };
    let mut url = parse_by_crate(&text, base, encoding)?;
    if stays_in_drive(&text, &url) {
        let base = base.map(|base| with_path(base, &mark_drives(base.path()))).transpose()?;
        let marked = parse_by_crate(&mark_drives(&text), base.as_ref(), encoding)?;
        url = with_path(&marked, &marked.path().replace(MARK_IN_PATH, ""))?;
    }
    if url.cannot_be_a_base() || !url.path().contains('^') {
        return Ok(url);
    }
    with_path(&url, &url.path().replace('^', "%5E"))
}

/// Reads a URL that another process has sent as text. Whatever that process says, it is an http(s) URL, and no longer than
/// the URLs that are sent.
///
/// # Errors
/// Where the text is not such a URL.
pub fn deserialize_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    deserializer.deserialize_str(Text { expected: "an http(s) URL", is_allowed: is_web })
}

/// Reads the URL of a visit. As [`deserialize_url`], but `file` URLs are allowed, too: the answer of a visit may be a
/// file.
///
/// # Errors
/// Where the text is not such a URL.
pub fn deserialize_visited_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let is_allowed = |url: &Url| is_web(url) || url.scheme() == "file";
    deserializer.deserialize_str(Text { expected: "an http(s) or file URL", is_allowed })
}

struct Text {
    expected: &'static str,
    is_allowed: fn(&Url) -> bool,
}

impl Visitor<'_> for Text {
    type Value = Url;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Url, E> {
        if text.len() > LONGEST_URL {
            return Err(E::custom("a URL that is longer than any that is sent"));
        }
        let url = parse_url(text, None).map_err(E::custom)?;
        let is_allowed = (self.is_allowed)(&url);
        if is_allowed { Ok(url) } else { Err(E::custom(format!("a URL that is not {}", self.expected))) }
    }
}

/// Whether the scheme is `http` or `https`.
fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn parse_by_crate(text: &str, base: Option<&Url>, encoding: &'static Encoding) -> Result<Url, ParseError> {
    let in_encoding: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| Cow::Owned(encode_query(query, encoding));
    let in_encoding = (encoding != UTF_8).then_some(in_encoding);
    Url::options().base_url(base).encoding_override(in_encoding).parse(text)
}

/// The same URL with another path. `path` must be percent-encoded and have no dot segments.
fn with_path(url: &Url, path: &str) -> Result<Url, ParseError> {
    Url::parse(&[&url[..Position::BeforePath], path, &url[Position::AfterPath..]].concat())
}

/// A mark that is added to a segment so that it does not look like a drive; and the same mark in a path. It is a
/// private-use character, so normal texts do not contain it. If a text does, the crate's result is used.
const MARK: char = '\u{f8ff}';
const MARK_IN_PATH: &str = "%EF%A3%BF";

/// Whether the crate may have kept a drive in the path of an http(s) URL although `..` leads out of it. URLs with a
/// one-letter host are left alone, because such a host looks like a drive itself.
fn stays_in_drive(text: &str, url: &Url) -> bool {
    let has_dots = || text.contains("..") || text.to_ascii_lowercase().contains("%2e");
    let is_marked = || text.contains(MARK) || url.path().contains(MARK_IN_PATH);
    matches!(url.scheme(), "http" | "https")
        && url.path().contains([':', '|'])
        && url.path().split('/').any(is_drive)
        && has_dots()
        && !is_marked()
        && url.host_str().is_some_and(|host| host.len() > 1)
}

fn is_drive(segment: &str) -> bool {
    matches!(segment.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z', b':' | b'|'])
}

/// Marks all segments of a reference or a path that look like a drive.
fn mark_drives(text: &str) -> String {
    // The standard removes these characters too. Without them each segment is complete.
    let text = text.trim_matches(|c| c <= ' ').replace(['\t', '\n', '\r'], "");
    let (path, rest) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
    let is_scheme = |scheme: &&str| path.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let scheme = ["http:", "https:"].into_iter().find(is_scheme).unwrap_or_default();
    let (scheme, path) = path.split_at(scheme.len());
    let mut marked = scheme.to_owned();
    for piece in path.split_inclusive(['/', '\\']) {
        let segment = piece.trim_end_matches(['/', '\\']);
        marked.push_str(segment);
        marked.extend(is_drive(segment).then_some(MARK));
        marked.push_str(&piece[segment.len()..]);
    }
    marked + rest
}

/// Whether a reference that begins with any number of slashes names a host: true for the "special" schemes except
/// `file`.
fn has_authority_after_slashes(base: &Url) -> bool {
    matches!(base.scheme(), "http" | "https" | "ws" | "wss" | "ftp")
}

/// Replaces more than two slashes or backslashes at the start of a reference with two slashes.
fn with_two_slashes(text: &str) -> Cow<'_, str> {
    // The standard ignores these characters at the start, and tabs and line breaks anywhere.
    let start = text.trim_start_matches(|c| c <= ' ');
    if !start.starts_with(['/', '\\']) {
        return Cow::Borrowed(text);
    }
    let rest = start.trim_start_matches(['/', '\\', '\t', '\n', '\r']);
    let slashes = start[..start.len() - rest.len()].bytes().filter(|byte| matches!(byte, b'/' | b'\\')).count();
    if slashes > 2 { Cow::Owned(format!("//{rest}")) } else { Cow::Borrowed(text) }
}

/// "Percent-encode after encoding": returns the bytes of a query; the parser percent-encodes them where needed. A
/// character that the encoding lacks becomes a character reference that is percent-encoded already; the parser leaves
/// `%` unchanged.
fn encode_query(query: &str, encoding: &'static Encoding) -> Vec<u8> {
    let mut encoder = encoding.new_encoder();
    let mut out = Vec::with_capacity(query.len() + 16);
    let mut rest = query;
    loop {
        // Room for the rest, and for the mode switches of ISO-2022-JP.
        let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        out.reserve(room.unwrap_or(4 * rest.len()));
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut out, true);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return out,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(c) => out.extend_from_slice(format!("%26%23{}%3B", u32::from(c)).as_bytes()),
        }
    }
}

/// The http(s) cases of the standard's own test data (`fixtures/whatwg/NOTICE.md`), and cases that were added later.
#[cfg(test)]
pub(crate) mod whatwg {
    /// An input, its base, and the resulting URL; `None` if the input is not valid.
    pub(crate) type Case = (String, Option<String>, Option<String>);

    /// Cases that are newer than the copy of the data.
    const LATER: &[(&str, &str, &str)] = &[
        ("///test", "http://example.org/", "http://test/"),
        ("///\\//\\//test", "http://example.org/", "http://test/"),
        ("///example.org/path", "http://example.org/", "http://example.org/path"),
        ("///example.org/../path", "http://example.org/", "http://example.org/path"),
        ("///example.org/../../", "http://example.org/", "http://example.org/"),
        ("///example.org/../path/../../", "http://example.org/", "http://example.org/"),
        ("///example.org/../path/../../path", "http://example.org/", "http://example.org/path"),
        ("/\\/\\//example.org/../path", "http://example.org/", "http://example.org/path"),
        ("/^", "http://example.org/", "http://example.org/%5E"),
        ("?^#^", "http://example.org/", "http://example.org/?^#^"),
    ];

    /// A base URL with the other scheme, so that an absolute URL is not relative to it: on an http page the standard
    /// reads `http:b` as `b`.
    pub(crate) fn other_scheme(text: &str) -> &'static str {
        let is_https = text.trim_start_matches(|c| c <= ' ').to_ascii_lowercase().starts_with("https");
        if is_https { "http://page.example/" } else { "https://page.example/" }
    }

    pub(crate) fn cases() -> Vec<Case> {
        let lines = include_str!("../../fixtures/whatwg/urls.jsonl").lines();
        let cases = lines.map(|line| serde_json::from_str(line).expect("a case"));
        let later = LATER
            .iter()
            .map(|(text, base, url)| ((*text).to_owned(), Some((*base).to_owned()), Some((*url).to_owned())));
        cases.chain(later).collect()
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16LE, WINDOWS_1252};
    use url::Url;

    use super::{LONGEST_URL, parse_url, parse_url_in, whatwg};
    use crate::model::{Answer, Reach, Visit};

    #[test]
    fn urls_match_the_test_data_of_the_standard() {
        let cases = whatwg::cases();
        assert!(cases.len() > 400, "some cases are missing: {}", cases.len());
        for (text, base, expected) in cases {
            let base = base.and_then(|base| parse_url(&base, None).ok());
            let url = parse_url(&text, base.as_ref()).ok().map(String::from);
            assert_eq!(url, expected, "{text:?} on {base:?}");
        }
    }

    #[test]
    fn three_or_more_slashes_name_a_host_where_two_do() {
        let table = [
            ("http://e/a", "///h/b", Some("http://h/b")),
            ("https://e/a", "////h/b", Some("https://h/b")),
            ("http://e/a", "\\\\\\h\\b", Some("http://h/b")),
            ("http://e/a", " \t/\n/\t/\r/h/b", Some("http://h/b")),
            ("http://e/a", "///u:p@h:80//b", Some("http://u:p@h//b")),
            ("http://e/a", "http:///h/b", Some("http://h/b")),
            ("http://e/a", "https:h/b", Some("https://h/b")),
            ("http://e/a/c", "http:b", Some("http://e/a/b")),
            ("http://e/a", "http:/b", Some("http://e/b")),
            ("http://e/a", "//h//b", Some("http://h//b")),
            ("http://e/a", "/b//c", Some("http://e/b//c")),
            ("http://e/a", "?///h", Some("http://e/a?///h")),
            ("http://e/a", "///", None),
            ("http://e/a", "///?q", None),
            ("file:///a", "///h/b", Some("file:///h/b")),
            ("x://e/a", "///h/b", Some("x:///h/b")),
        ];
        for (base, text, expected) in table {
            let base = Url::parse(base).expect(base);
            let url = parse_url(text, Some(&base)).ok();
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{text:?} on {base}");
        }
    }

    #[test]
    fn each_part_of_a_url_percent_encodes_its_own_set_of_characters() {
        const ALL: &str = "!\"$%&'()*+,-.;<=>_`{|}~ ^";
        let parse = |text: &str| parse_url(text, None).expect(text);
        assert_eq!(parse(&format!("http://h/{ALL}x")).path(), "/!%22$%&'()*+,-.;%3C=%3E_%60%7B|%7D~%20%5Ex");
        assert_eq!(parse(&format!("http://h/?{ALL}x")).query(), Some("!%22$%&%27()*+,-.;%3C=%3E_`{|}~%20^x"));
        assert_eq!(parse(&format!("http://h/#{ALL}x")).fragment(), Some("!%22$%&'()*+,-.;%3C=%3E_%60{|}~%20^x"));
        let user = "!%22$%&'()*+,-.%3B%3C%3D%3E_%60%7B%7C%7D~%20%5E";
        assert_eq!(parse(&format!("http://{ALL}@h/")).username(), user);
        assert_eq!(parse("http://u:p@h:8080/^?^#^").as_str(), "http://u:p@h:8080/%5E?^#^");
        assert_eq!(parse("mailto:^").as_str(), "mailto:^");
    }

    #[test]
    fn a_query_uses_the_encoding_of_its_page() {
        let table = [
            (UTF_8, "?\u{2020}", "%E2%80%A0"),
            (WINDOWS_1252, "?\u{2020}", "%86"),
            // A character that the encoding lacks becomes a character reference. The next two are the standard's
            // examples.
            (SHIFT_JIS, "?≡‽", "%81%DF%26%238253%3B"),
            (ISO_2022_JP, "?¥", "%1B(J\\%1B(B"),
            (ISO_2022_JP, "?\u{e}A", "%26%2365533%3BA"),
            (ISO_2022_JP, "?日é本x", "%1B$BF|%1B(B%26%23233%3B%1B$BK\\%1B(Bx"),
            (GBK, "?&é;'价", "&%A8%A6;%27%BC%DB"),
            (EUC_KR, "?é&#233;", "%26%23233%3B&"),
            (UTF_16LE, "?é", "%C3%A9"),
            (WINDOWS_1252, "?", ""),
        ];
        let base = Url::parse("http://h/").expect("a URL");
        for (encoding, text, expected) in table {
            let url = parse_url_in(text, Some(&base), encoding).expect(text);
            assert_eq!(url.query(), Some(expected), "{text} in {}", encoding.name());
        }
        let url = parse_url_in("/é#é", Some(&base), WINDOWS_1252).expect("a URL");
        assert_eq!(url.as_str(), "http://h/%C3%A9#%C3%A9", "only the query uses the page's encoding");
    }

    #[test]
    fn dots_leave_a_segment_that_only_looks_like_a_drive() {
        let table = [
            ("http://e.org/a", "/c:/../b", "http://e.org/b"),
            ("http://e.org/a", "/C|/..", "http://e.org/"),
            ("http://e.org/x:/y/", "../../b?q=..#x:/..", "http://e.org/b?q=..#x:/.."),
            ("http://e.org/x:/y", "..", "http://e.org/"),
            ("http://e.org/x:/y", "./%2E%2e/b", "http://e.org/b"),
            ("http://e.org/d/a", " C\t|\\../b", "http://e.org/d/b"),
            ("http://e.org/a", "//u:p@h.org:80//c:/../c:/^/../x:", "http://u:p@h.org//c:/x:"),
            ("http://e.org/d/a", "HTTP:c:/../b", "http://e.org/d/b"),
            ("http://e.org/d/a", "https:/h.org/c:/../b", "https://h.org/b"),
            ("http://e.org/a", "/c:/.", "http://e.org/c:/"),
            ("http://e.org/a", "/cc:/../b", "http://e.org/b"),
            ("http://e.org/x:/y/", "b", "http://e.org/x:/y/b"),
            ("http://e.org/x:/y/", "//c:/../b", "http://c/b"),
            ("file:///c:/a", "/../b", "file:///c:/b"),
            ("file:///c:/a", "../../b", "file:///c:/b"),
        ];
        for (base, text, expected) in table {
            let base = Url::parse(base).expect(base);
            let url = parse_url(text, Some(&base)).expect(text);
            assert_eq!(url.as_str(), expected, "{text:?} on {base}");
        }
    }

    #[test]
    fn a_parsed_url_parses_to_itself() {
        for (text, base, _) in whatwg::cases() {
            let base = base.and_then(|base| parse_url(&base, None).ok());
            let Ok(url) = parse_url(&text, base.as_ref()) else { continue };
            assert_eq!(parse_url(url.as_str(), None).as_ref(), Ok(&url), "{text:?}");
        }
    }

    #[test]
    fn a_url_travels_as_its_text_and_is_the_same_one_afterwards() {
        let mut sent = 0;
        for (text, base, _) in whatwg::cases() {
            let base = base.and_then(|base| parse_url(&base, None).ok());
            let Some(url) = parse_url(&text, base.as_ref()).ok().filter(super::is_web) else { continue };
            let visit = Visit::new(url, Reach::Listed);
            let bytes = postcard::to_stdvec(&visit).expect("bytes");
            // As a text travels: its length, which takes one or two bytes here, and the bytes of it.
            let as_text = postcard::to_stdvec(visit.url.as_str()).expect("bytes");
            assert!(bytes.starts_with(&as_text), "{text:?}");
            assert_eq!(postcard::from_bytes::<Visit>(&bytes).as_ref(), Ok(&visit), "{text:?}");
            sent += 1;
        }
        assert!(sent > 200, "these are not all cases: {sent}");
    }

    #[test]
    fn only_an_http_url_can_be_read_as_that_of_a_visit_or_a_redirect_and_a_file_url_as_that_of_a_visit() {
        let long = format!("http://h/{}", "x".repeat(LONGEST_URL));
        let cases = ["", "/x", "http://", "ftp://h/", "mailto:a@b", "data:,x", &long, "file:///a", "http://h/b"];
        let http = || Url::parse("http://h/").expect("a URL");
        for text in cases {
            let shown: String = text.chars().take(20).collect();
            let mut bytes = postcard::to_stdvec(text).expect("bytes");
            let rest = postcard::to_stdvec(&Visit::new(http(), Reach::Listed));
            // What follows the URL is that of an ordinary visit.
            bytes.extend_from_slice(&rest.expect("bytes")[1 + "http://h/".len()..]);
            let is_allowed = text == "file:///a" || text == "http://h/b";
            assert_eq!(postcard::from_bytes::<Visit>(&bytes).is_ok(), is_allowed, "{shown}");

            let redirect = postcard::to_stdvec(&Answer::Redirect { status: 1, to: http(), bytes: 0 }).expect("bytes");
            let text_bytes = postcard::to_stdvec(text).expect("bytes");
            // The variant, the status, the URL, the length of the body.
            let redirect = [&redirect[..2], &text_bytes, &redirect[redirect.len() - 1..]].concat();
            let is_read = postcard::from_bytes::<Answer>(&redirect).is_ok();
            assert_eq!(is_read, text == "http://h/b", "{shown}");
        }
    }
}
