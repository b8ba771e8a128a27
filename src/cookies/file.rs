//! `cookies.txt`: one cookie a line, in seven fields separated by tabs. This is Netscape's format, which curl, wget,
//! browser extensions and Python's `http.cookiejar` read and write.
//!
//! ```text
//! #HttpOnly_.h.example  TRUE  /path  TRUE  1767225600  name  value
//! ```
//!
//! The fields are: the host (with a leading dot if the cookie is also for its subdomains), whether it is for
//! subdomains, the path, whether it is for https only, the expiry time (seconds since 1970; 0 for the end of the
//! session), the name and the value. A `#` starts a comment, except `#HttpOnly_`, which is a prefix of the host.
//!
//! There is no specification of the format, so everything that is unambiguous is accepted: lines that end in CR, LF or
//! both; tabs at the end of a line; a missing path or value; a missing name (the cookie has no name); and times with a
//! fraction, before 1970, or missing. Some extensions write -1 or nothing for the end of the session.

use std::io::{self, BufRead, Read as _, Write};
use std::time::SystemTime;

use encoding_rs::mem::{decode_latin1, encode_latin1_lossy};

use super::cookie::Cookie;
use super::scope::Scope;
use super::{Error, Jar, seconds};

/// The prefix of the host for a cookie that scripts must not see.
const HTTP_ONLY: &str = "#HttpOnly_";

/// The number of fields of a line.
const FIELDS: usize = 7;

/// The longest line in bytes: four times the longest name and value.
const LONGEST_LINE: u64 = 16 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Jar {
    /// Reads a cookie file. Skips expired cookies, comments and blank lines. If there are more cookies than the jar
    /// holds, the last ones stay. A cookie for a public suffix is only for the host of that name.
    ///
    /// # Errors
    /// If the file cannot be read, or at the first line that is not a valid cookie.
    pub fn load(mut reader: impl BufRead, now: SystemTime) -> Result<Self, Error> {
        let now = seconds(now);
        let mut jar = Self::new();
        let (mut bytes, mut number) = (Vec::new(), 0);
        loop {
            bytes.clear();
            number += 1;
            let piece = reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
            if piece.map_err(|error| Error::unreadable(number, error))? == 0 {
                break;
            }
            if bytes.len() as u64 > LONGEST_LINE {
                return Err(Error::malformed(number, &format!("it has more than {LONGEST_LINE} bytes")));
            }
            let line = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1).unwrap_or(&bytes);
            let line = decode_latin1(line);
            let line = line.strip_suffix('\n').unwrap_or(&line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            // Any other CR also ends a line.
            for (nth, line) in line.split('\r').enumerate() {
                number += usize::from(nth > 0);
                if let Some((domain, cookie)) = cookie(line).map_err(|reason| Error::malformed(number, &reason))? {
                    jar.put(&domain, cookie, now);
                }
            }
        }
        Ok(jar)
    }

    /// Writes a cookie file with all cookies that have not expired, in the order in which they were set. Leaves out
    /// cookies that contain a tab, because the format cannot hold them.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, mut writer: impl Write, now: SystemTime) -> io::Result<()> {
        writer.write_all(b"# Netscape HTTP Cookie File\n# Written by gleaner; 0 is the end of the session.\n\n")?;
        for (domain, cookie) in self.cookies(seconds(now)).into_iter().filter(|(_, cookie)| cookie.fits_in_file()) {
            writer.write_all(&encode_latin1_lossy(&line(domain, cookie)))?;
        }
        writer.flush()
    }
}

fn line(domain: &str, cookie: &Cookie) -> String {
    let truth = |it: bool| if it { "TRUE" } else { "FALSE" };
    format!(
        "{}{}{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
        if cookie.http_only { HTTP_ONLY } else { "" },
        if cookie.host_only { "" } else { "." },
        domain.trim_start_matches('[').trim_end_matches(']'),
        truth(!cookie.host_only),
        cookie.path,
        truth(cookie.secure),
        cookie.expires.unwrap_or(0),
        cookie.name,
        cookie.value
    )
}

/// Parses a line; `None` for a comment or a blank line. The error contains no part of the cookie.
fn cookie(line: &str) -> Result<Option<(String, Cookie)>, String> {
    let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
        Some(rest) => (rest, true),
        None if line.starts_with('#') || line.trim().is_empty() => return Ok(None),
        None => (line, false),
    };
    let mut fields: Vec<&str> = line.split('\t').collect();
    while fields.len() > FIELDS && fields.last().is_some_and(|last| last.trim().is_empty()) {
        fields.pop();
    }
    // Some editors remove the tab before an empty value.
    if fields.len() == FIELDS - 1 {
        fields.push("");
    }
    let [host, with_those_below, path, secure, expires, name, value] = fields[..] else {
        let count = fields.len();
        return Err(format!("a cookie has seven fields separated by tabs, but this line has {count}"));
    };
    let Scope { domain, host_only } = Scope::parse_host(host.trim(), truth(with_those_below, "second")?)
        .ok_or("the first field must be a host, such as `example.com`")?;
    let time = time(expires)
        .ok_or("the fifth field must be seconds since 1970, or 0 or nothing for the end of the session")?;
    let cookie = Cookie {
        name: name.into(),
        value: value.into(),
        path: if path.is_empty() { "/" } else { path }.into(),
        host_only,
        secure: truth(secure, "fourth")?,
        http_only,
        expires: Some(time).filter(|time| *time > 0),
    };
    cookie.check()?;
    Ok(Some((domain, cookie)))
}

/// The expiry time in seconds since 1970; 0 for the end of the session. `None` if the text is not a valid time.
fn time(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.is_empty() {
        return Some(0);
    }
    let (is_past, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (seconds, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) {
        return None;
    }
    // A number that does not fit is later than the end of any run.
    Some(if is_past { 0 } else { seconds.parse().unwrap_or(u64::MAX) })
}

fn truth(text: &str, which: &str) -> Result<bool, String> {
    match text {
        _ if text.trim().eq_ignore_ascii_case("true") => Ok(true),
        _ if text.trim().eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!("the {which} field must be TRUE or FALSE")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use url::Url;

    use super::*;
    use crate::cookies::ErrorKind;

    const HEAD: &str = "# Netscape HTTP Cookie File\n# Written by gleaner; 0 is the end of the session.\n\n";

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn saved(jar: &Jar) -> Vec<u8> {
        let mut file = Vec::new();
        jar.save(&mut file, now()).expect("memory takes it");
        file
    }

    fn round_trip(file: impl AsRef<[u8]>) -> String {
        let jar = Jar::load(file.as_ref(), now()).expect("it is well formed");
        String::from_utf8_lossy(&saved(&jar)).strip_prefix(HEAD).expect("the head").to_owned()
    }

    #[test]
    fn files_of_curl_and_wget_are_read_and_written_in_curls_format() {
        let table = [
            ("# a comment\n\n  \nh.example\tFALSE\t/\tFALSE\t0\ta\tb\n", "h.example\tFALSE\t/\tFALSE\t0\ta\tb\n"),
            (
                "#HttpOnly_.h.example\tTRUE\t/p\tTRUE\t1800000000\ta\tb c\n",
                "#HttpOnly_.h.example\tTRUE\t/p\tTRUE\t1800000000\ta\tb c\n",
            ),
            ("#HttpOnly_h.example\tFALSE\t/\tFALSE\t0\ta\tb", "#HttpOnly_h.example\tFALSE\t/\tFALSE\t0\ta\tb\n"),
            ("\u{feff}H.example\ttrue\t/\tfalse\t0\ta\tb\r\n", ".h.example\tTRUE\t/\tFALSE\t0\ta\tb\n"),
            ("h.example:8080\tFALSE\t/\tFALSE\t0\ta\t\n", "h.example\tFALSE\t/\tFALSE\t0\ta\t\n"),
            ("h.example\tFALSE\t/\tFALSE\t0\ta\n", "h.example\tFALSE\t/\tFALSE\t0\ta\t\n"),
            ("::1\tFALSE\t/\tFALSE\t0\ta\tb\n", "::1\tFALSE\t/\tFALSE\t0\ta\tb\n"),
            (".co.uk\tTRUE\t/\tFALSE\t0\ta\tb\n", "co.uk\tFALSE\t/\tFALSE\t0\ta\tb\n"),
            // Missing fields and extra fields.
            ("h.example\tFALSE\t\tFALSE\t0\ta\tb\n", "h.example\tFALSE\t/\tFALSE\t0\ta\tb\n"),
            ("h.example\tFALSE\t/\tFALSE\t0\t\tb\n", "h.example\tFALSE\t/\tFALSE\t0\t\tb\n"),
            ("h.example\tFALSE\t/\tFALSE\t0\ta\tb\t\t \n", "h.example\tFALSE\t/\tFALSE\t0\ta\tb\n"),
            ("h.example\tFALSE\t/\tFALSE\t0\ta\t\t\n", "h.example\tFALSE\t/\tFALSE\t0\ta\t\n"),
            (" h.example \tFALSE \t/\t TRUE\t 0 \ta\tb\n", "h.example\tFALSE\t/\tTRUE\t0\ta\tb\n"),
            // Lines with all kinds of line ends.
            (
                "# head\r\rh.example\tFALSE\t/\tFALSE\t0\ta\t1\rh.example\tFALSE\t/\tFALSE\t0\tb\t2\r\n\r\n",
                "h.example\tFALSE\t/\tFALSE\t0\ta\t1\nh.example\tFALSE\t/\tFALSE\t0\tb\t2\n",
            ),
            // Expired cookies, and cookies that are set twice.
            ("h\tFALSE\t/\tFALSE\t1699999999\ta\tb\n", ""),
            (
                "h\tFALSE\t/\tFALSE\t0\ta\t1\nh\tFALSE\t/\tFALSE\t0\tb\t1\nh\tFALSE\t/\tFALSE\t0\ta\t2\n",
                "h\tFALSE\t/\tFALSE\t0\ta\t2\nh\tFALSE\t/\tFALSE\t0\tb\t1\n",
            ),
            ("", ""),
        ];
        for (file, expected) in table {
            assert_eq!(round_trip(file), expected, "{file:?}");
            assert_eq!(round_trip(expected), expected, "{file:?}, once more");
        }
    }

    #[test]
    fn times_are_read_in_all_formats_that_extensions_write() {
        let table = [
            ("4102444800", "4102444800"),
            ("4102444800.123456", "4102444800"),
            ("4102444800.0", "4102444800"),
            (" 4102444800 ", "4102444800"),
            ("004102444800", "4102444800"),
            // Milliseconds, and times that do not fit.
            ("4102444800000", "4102444800000"),
            ("99999999999999999999999999", "18446744073709551615"),
            ("0", "0"),
            ("0.0", "0"),
            ("0.5", "0"),
            ("", "0"),
            (" ", "0"),
            ("-1", "0"),
            ("-1.0", "0"),
            ("-11644473600", "0"),
        ];
        for (time, expected) in table {
            let line = |time: &str| format!("h.example\tFALSE\t/\tFALSE\t{time}\ta\tb\n");
            assert_eq!(round_trip(line(time)), line(expected), "{time:?}");
        }
    }

    #[test]
    fn an_error_has_the_right_line_number_for_all_kinds_of_line_ends() {
        for file in ["# a\n\nsecret\n", "# a\r\n\r\nsecret\r\n", "# a\r\rsecret\r", "\u{feff}# a\r\n\rsecret"] {
            let error = Jar::load(file.as_bytes(), now()).expect_err(file);
            assert!(error.to_string().starts_with("line 3: "), "{file:?}: {error}");
        }
    }

    #[test]
    fn a_cookie_that_the_format_cannot_hold_is_not_saved() {
        let url = Url::parse("http://h.example/").expect("a URL");
        let mut jar = Jar::new();
        jar.store(&url, ["a=b\tc", "d=e", "f"], now());
        assert_eq!(jar.header_for(&url, now()).as_deref(), Some("a=b\tc; d=e; f"));
        let file = String::from_utf8(saved(&jar)).expect("ASCII");
        assert_eq!(
            file.strip_prefix(HEAD),
            Some("h.example\tFALSE\t/\tFALSE\t0\td\te\nh.example\tFALSE\t/\tFALSE\t0\t\tf\n")
        );
    }

    #[test]
    fn bytes_come_back_as_they_were_set() {
        let url = Url::parse("http://h.example/").expect("a URL");
        let mut jar = Jar::new();
        // This is how a worker represents the UTF-8 bytes of an "à".
        jar.store(&url, ["a=\u{c3}\u{a0}"], now());
        let file = saved(&jar);
        assert!(file.ends_with("\ta\tà\n".as_bytes()), "{}", String::from_utf8_lossy(&file));
        let again = Jar::load(&file[..], now()).expect("it is well formed");
        assert_eq!(again.header_for(&url, now()).as_deref(), Some("a=\u{c3}\u{a0}"));
    }

    #[test]
    fn an_error_names_the_line_and_shows_no_part_of_the_cookie() {
        let longest = "x".repeat(4096);
        let no_time = "the fifth field must be seconds since 1970, or 0 or nothing for the end of the session";
        let table = [
            ("secret", "a cookie has seven fields separated by tabs, but this line has 1"),
            ("h FALSE / FALSE 0 a secret", "a cookie has seven fields separated by tabs, but this line has 1"),
            ("h\tFALSE\t/\tFALSE\t0", "a cookie has seven fields separated by tabs, but this line has 5"),
            ("h\tFALSE\t/\tFALSE\t0\ta\tsecret\tb", "a cookie has seven fields separated by tabs, but this line has 8"),
            ("a b\tFALSE\t/\tFALSE\t0\ta\tsecret", "the first field must be a host, such as `example.com`"),
            ("h\tNO\t/\tFALSE\t0\ta\tsecret", "the second field must be TRUE or FALSE"),
            ("h\tFALSE\t/\t\t0\ta\tsecret", "the fourth field must be TRUE or FALSE"),
            ("h\tFALSE\t/\tFALSE\tnever\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\t1e9\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\tNaN\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\tinf\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\t1.2.3\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\t.5\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\t5.\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\t--1\ta\tsecret", no_time),
            ("h\tFALSE\t/\tFALSE\t2030-01-01T00:00:00Z\ta\tsecret", no_time),
            ("h\tFALSE\tsecret\tFALSE\t0\ta\tb", "the path does not begin with a slash"),
            ("h\tFALSE\t/\tFALSE\t0\t\t", "the name and the value are empty"),
            (
                "h\tFALSE\t/\tTRUE\t0\t\t__host-a=secret",
                "the cookie has no name, but its value begins with `__Secure-` or `__Host-`",
            ),
            (
                "h\tFALSE\t/\tFALSE\t0\ta\tsecret; b=c",
                "the name, the value or the path has a character that is not allowed",
            ),
            (
                "h\tFALSE\t/\tFALSE\t0\ta=b\tsecret",
                "the name, the value or the path has a character that is not allowed",
            ),
            (
                "h\tFALSE\t/\tFALSE\t0\ta\tse\u{1}cret",
                "the name, the value or the path has a character that is not allowed",
            ),
            (&format!("h\tFALSE\t/\tFALSE\t0\ta\t{longest}"), "the name and the value have more than 4096 bytes"),
            (&longest.repeat(5), "it has more than 16384 bytes"),
            (
                "h\tFALSE\t/\tFALSE\t0\t__secure-a\tsecret",
                "the name begins with `__Secure-`, which requires a cookie for https only",
            ),
            (
                ".h.example\tTRUE\t/\tTRUE\t0\t__Host-a\tsecret",
                "the name begins with `__Host-`, which requires a cookie for https only, one host and the path `/`",
            ),
        ];
        for (line, reason) in table {
            let error = Jar::load(format!("# secret\n\n{line}\n").as_bytes(), now()).expect_err(line);
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::Malformed, format!("line 3: {reason}")));
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let folder = std::fs::File::open(".").expect("there is a current folder");
        let error = Jar::load(io::BufReader::new(folder), now()).expect_err("a folder has no lines");
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unreadable, "read line 1"));
    }
}
