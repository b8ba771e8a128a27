//! Turns a line into a task.

use url::{Position, Url};

use super::lines::{Line, MAX_LINE};
use super::redact::{redact, redact_beginning};
use super::{columns, invalid};
use crate::model::{Carried, Failure, Reach, Task, check_sendable, parse_url};

/// Number of characters that the record shows of an entry that is too long, or that has no URL.
const SHOWN: usize = 256;

/// Turns a line of a list into a task; `None` for blank lines and for lines that start with `#`.
pub(super) fn from_line(line: Line<'_>, seq: u64, base: Option<&Url>) -> Option<Task> {
    let bytes = line.bytes.trim_ascii();
    if bytes.first().is_none_or(|&byte| byte == b'#') {
        return None;
    }
    if line.too_long {
        return Some(invalid(&String::from_utf8_lossy(bytes), seq, invalid::too_long()));
    }
    if let Ok(text) = str::from_utf8(bytes) {
        return from_text(text, seq, base);
    }
    let line = redact(&String::from_utf8_lossy(bytes)).into_owned();
    Some(Task {
        seq,
        line,
        url: Err(invalid::not_utf8(bytes)),
        input: Carried::default(),
        stored: None,
        reach: Reach::Listed,
    })
}

/// As [`from_line`], for a line that is valid text, such as an argument.
pub(super) fn from_text(text: &str, seq: u64, base: Option<&Url>) -> Option<Task> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let url = columns::check(text).and_then(|()| to_sendable(text, base));
    Some(Task {
        seq,
        line: shown(text, url.as_ref().ok()),
        url,
        input: Carried::default(),
        stored: None,
        reach: Reach::Listed,
    })
}

/// Turns a cell of a table, or a string of JSON, into a task. Each is a task, also if it is empty.
pub(super) fn from_value(written: &str, input: Carried, seq: u64, base: Option<&Url>) -> Task {
    let text = written.trim();
    let failed = |failure| Task { input: input.clone(), ..invalid(text, seq, failure) };
    if text.is_empty() {
        return failed(invalid::empty());
    }
    if text.len() > MAX_LINE {
        return failed(invalid::too_long());
    }
    let url = columns::check(text).map_err(|_| invalid::white_space()).and_then(|()| to_sendable(text, base));
    Task { seq, line: shown(text, url.as_ref().ok()), url, input, stored: None, reach: Reach::Listed }
}

/// A task of an entry that has no URL. Its record shows the beginning of `text`.
pub(super) fn invalid(text: &str, seq: u64, failure: Failure) -> Task {
    let line = match text.char_indices().nth(SHOWN) {
        None => redact(text).into_owned(),
        Some(_) => redact_beginning(text).chars().take(SHOWN).chain(['…']).collect(),
    };
    Task { seq, line, url: Err(failure), input: Carried::default(), stored: None, reach: Reach::Listed }
}

fn to_sendable(text: &str, base: Option<&Url>) -> Result<Url, Failure> {
    let url = to_url(text, base)?;
    check_sendable(&url).map(|()| url).map_err(|why| invalid::unsendable(&why))
}

/// The line without its user name and password.
fn shown(text: &str, url: Option<&Url>) -> String {
    let line = redact(text).into_owned();
    if line.len() < text.len() {
        return line;
    }
    // The URL standard ignores some characters. In the text, they may hide credentials that the parsed URL has.
    if let Some(url) = url.filter(|url| !url.username().is_empty() || url.password().is_some()) {
        return [&url[..Position::BeforeUsername], &url[Position::BeforeHost..]].concat();
    }
    if text.contains(columns::is_dropped) {
        let dropped = text.replace(columns::is_dropped, "");
        let redacted = redact(&dropped);
        if redacted.len() < dropped.len() {
            return redacted.into_owned();
        }
    }
    line
}

fn to_url(text: &str, base: Option<&Url>) -> Result<Url, Failure> {
    if text.contains('\0') {
        return Err(invalid::nul());
    }
    match parse_url(text, None) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(url) => Err(invalid::scheme(text, &url)),
        Err(url::ParseError::RelativeUrlWithoutBase) => match base {
            Some(base) => on_base(text, base),
            None => Err(invalid::no_scheme(text)),
        },
        Err(error) => Err(invalid::broken(error)),
    }
}

fn on_base(text: &str, base: &Url) -> Result<Url, Failure> {
    let url = parse_url(text, Some(base)).map_err(invalid::broken)?;
    if url.origin() == base.origin() { Ok(url) } else { Err(invalid::leaves_the_site(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FailureKind, Stage, whatwg};

    fn task(text: &[u8], base: Option<&Url>) -> Option<Task> {
        from_line(Line { bytes: text, too_long: false, number: 1 }, 3, base)
    }

    fn site() -> Url {
        Url::parse("http://site.localhost/").expect("a URL")
    }

    #[test]
    fn blank_lines_and_comments_are_not_tasks() {
        for text in ["", " ", "\t\r", "#", "# http://h/", "  # http://h/", "\u{a0}", "#\u{0}"] {
            assert!(task(text.as_bytes(), None).is_none(), "{text:?}");
        }
        for (bytes, too_long) in [(b"# \xff", false), (b"#  ", true), (b"   ", true)] {
            assert!(from_line(Line { bytes, too_long, number: 1 }, 3, None).is_none());
        }
    }

    #[test]
    fn http_urls_are_tasks_that_show_the_line_as_written() {
        let table = [
            ("http://h/a", "http://h/a", "http://h/a"),
            ("  https://H:443/ü?q=ö \r", "https://H:443/ü?q=ö", "https://h/%C3%BC?q=%C3%B6"),
            ("http://u:p@h/a", "http://h/a", "http://u:p@h/a"),
            ("HTTP:h/a", "HTTP:h/a", "http://h/a"),
            ("\u{1}http:u:p@h/a", "\u{1}http:h/a", "http://u:p@h/a"),
            ("http://h/a\u{1}b", "http://h/a\u{1}b", "http://h/a%01b"),
        ];
        for (text, line, url) in table {
            let task = task(text.as_bytes(), None).expect(text);
            assert_eq!((task.seq, task.line.as_str()), (3, line), "{text:?}");
            assert_eq!(task.url.expect(text).as_str(), url, "{text:?}");
        }
    }

    /// A line, the text that its record shows, and the message of its failure.
    const INVALID: [(&[u8], &str, &str); 31] = [
        (b"books/1.html", "books/1.html", "no scheme: write https://books/1.html, or give --site"),
        (b"/books/1.html", "/books/1.html", "no scheme and no host: write https://HOST/books/1.html, or give --site"),
        (
            b"id,link,note",
            "id,link,note",
            "this looks like a row of a table, but a list has one URL on each line \
            (--input-format csv reads a table)",
        ),
        (
            b"1,http://h/,b",
            "1,http://h/,b",
            "this looks like a row of a table, but a list has one URL on each line \
            (--input-format csv reads a table)",
        ),
        (
            b"a;\"http://h/\";b",
            "a;\"http://h/\";b",
            "this looks like a row of a table, but a list has one URL on each line \
            (--input-format csv reads a table)",
        ),
        (b"//u:p@h/x", "//h/x", "no scheme: write https://h/x"),
        (b"two words", "two words", "no scheme: a URL starts with https:// or http://"),
        (b"localhost:8080/x", "localhost:8080/x", "no scheme: write http://localhost:8080/x"),
        (b"h.example:80", "h.example:80", "no scheme: write http://h.example:80"),
        (b"ftp://u:p@h/a", "ftp://h/a", "the scheme is `ftp`: only http and https can be fetched"),
        (b"u:p@h/a", "h/a", "no scheme: write https://h/a, or give --site"),
        (b"mailto:a@h", "mailto:a@h", "the scheme is `mailto`: only http and https can be fetched"),
        (b"https//h/a", "https//h/a", "no `:` after the scheme: write https://h/a"),
        (b"http://", "http://", "no host: a URL looks like https://host/path"),
        (b"http:///?q", "http:///?q", "no host: a URL looks like https://host/path"),
        (b"http://u:p@h:99999/", "http://h:99999/", "the port is not a number from 0 to 65535"),
        (b"http://h:u:p@/", "http:///", "no host: a URL looks like https://host/path"),
        (
            b"http://1.2.3.400/",
            "http://1.2.3.400/",
            "the host ends in a number but is not an IPv4 address such as 192.0.2.1",
        ),
        (b"http://[::g]/", "http://[::g]/", "the host in brackets is not an IPv6 address such as [2001:db8::1]"),
        (
            b"http://a b/",
            "http://a b/",
            "the host is not a valid domain name: it contains a forbidden character or invalid Punycode",
        ),
        (
            b"http://xn--a/",
            "http://xn--a/",
            "the host is not a valid domain name: it contains a forbidden character or invalid Punycode",
        ),
        (
            b"http://h/\xff",
            "http://h/\u{fffd}",
            "not UTF-8: save the list as UTF-8, and percent-encode other bytes (%FF)",
        ),
        (b"http://u:\xff@h/", "http://h/", "not UTF-8: save the list as UTF-8, and percent-encode other bytes (%FF)"),
        (
            b"\xff\xfeh\0t\0t\0p\0",
            "\u{fffd}\u{fffd}h\0t\0t\0p\0",
            "not UTF-8, but probably UTF-16: save the list as UTF-8",
        ),
        (
            b"h\0t\0t\0p\0",
            "h\0t\0t\0p\0",
            "a NUL character inside: the list is probably UTF-16 without a byte-order mark, or not text: save it as UTF-8",
        ),
        (
            b"http://u:p@h/a\thttp://u:p@h/b",
            "http://h/a\thttp://h/b",
            "white space inside: this looks like a row of a table, but a list has one URL on each line (cut -f 1 extracts \
             column 1 of a table)",
        ),
        (
            b"A title\thttp://u:p@h/a",
            "A title\thttp://h/a",
            "white space inside: this looks like a row of a table, but a list has one URL on each line (cut -f 2 extracts \
             column 2 of a table)",
        ),
        (
            b"h\tttp:u:p@h/a",
            "http:h/a",
            "white space inside: this looks like a row of a table, but a list has one URL on each line (cut -f 1 extracts \
             column 1 of a table)",
        ),
        (
            b"http://u:p@h/a http://u:p@h/b",
            "http://h/a http://h/b",
            "white space before another URL: this looks like a row of a table, but a list has one URL on each line (write \
             %20 for white space that belongs to the URL)",
        ),
        (
            b"http://u:p@{host}/",
            "http://{host}/",
            "the host `{host}` has a character that is not allowed in a host name: is it a template to fill in?",
        ),
        (
            b"http://a..h/",
            "http://a..h/",
            "the host has nothing between two dots: a domain name looks like books.example",
        ),
    ];

    #[test]
    fn a_line_that_is_not_a_url_fails_with_a_message_that_suggests_a_correction() {
        for (text, line, message) in INVALID {
            let shown = String::from_utf8_lossy(text);
            let task = task(text, None).expect("a task");
            assert_eq!(task.line, line, "{shown:?}");
            let failure = task.url.expect_err(&shown);
            assert_eq!((failure.kind, failure.stage), (FailureKind::InvalidUrl, Stage::List), "{shown:?}");
            assert_eq!(failure.message, message, "{shown:?}");
        }
    }

    #[test]
    fn lines_are_parsed_as_in_the_test_data_of_the_url_standard() {
        let mut tried = 0;
        for (text, base, url) in whatwg::cases() {
            if base.is_some() || text.trim().is_empty() {
                continue;
            }
            let task = from_text(&text, 0, None).expect(&text);
            // The standard ignores tabs and line ends inside of a URL, and NUL around it. In a list, tabs and line ends
            // separate columns, and a NUL is a sign of an encoding with two bytes for each character.
            let is_refused_as_line = text.trim().contains(['\t', '\n', '\r', '\0']);
            // A URL that no request can name is refused too, although the standard allows it.
            let is_refused =
                |url: &str| is_refused_as_line || check_sendable(&Url::parse(url).expect("a URL")).is_err();
            assert_eq!(task.url.ok().map(String::from), url.filter(|url| !is_refused(url)), "{text:?}");
            tried += 1;
        }
        assert!(tried > 200, "some cases are missing: {tried}");
    }

    #[test]
    fn with_a_base_lines_without_a_scheme_are_paths_on_it() {
        let table = [
            ("books/1.html", "http://site.localhost/books/1.html"),
            ("/books/1.html", "http://site.localhost/books/1.html"),
            ("a b.html?q#f", "http://site.localhost/a%20b.html?q#f"),
            ("../../x", "http://site.localhost/x"),
            ("//site.localhost/x", "http://site.localhost/x"),
            ("https://h/a", "https://h/a"),
        ];
        for (text, url) in table {
            let task = task(text.as_bytes(), Some(&site())).expect(text);
            assert_eq!(task.line, text);
            assert_eq!(task.url.expect(text).as_str(), url);
        }
    }

    #[test]
    fn with_a_base_a_line_cannot_silently_name_another_host() {
        for (text, line) in [
            ("//u:p@other/x", "//other/x"),
            (r"\\other\x", r"\\other\x"),
            ("///other/x", "///other/x"),
            (r"\/\other/x", r"\/\other/x"),
            (r"/\u:p@other/x", r"/\other/x"),
        ] {
            let task = task(text.as_bytes(), Some(&site())).expect(text);
            assert_eq!(task.line, line);
            let message = task.url.expect_err(text).message;
            assert!(message.starts_with("two slashes name another host"), "{message}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_shows_its_beginning_and_no_part_of_a_password() {
        let table = [
            (format!("http://h/{}", "é".repeat(900)), format!("http://h/{}…", "é".repeat(SHOWN - 9))),
            (format!("http://u:{}", "p".repeat(900)), "http://…".to_owned()),
        ];
        for (text, shown) in table {
            let task = from_line(Line { bytes: text.as_bytes(), too_long: true, number: 1 }, 0, None).expect("a task");
            assert_eq!(task.line, shown);
            let failure = task.url.expect_err("too long");
            assert_eq!(failure.message, "the line is longer than 64 KiB: a list has one URL on each line");
        }
    }
}
