//! `cookies.txt`: a cookie a line, in seven fields with tabs between them. Netscape's format, which curl, wget, browsers'
//! extensions and Python's `http.cookiejar` read and write.
//!
//! ```text
//! #HttpOnly_.h.example  TRUE  /path  TRUE  1767225600  name  value
//! ```
//!
//! The host (with a dot where the cookie is for those below it, too), whether it is for those, path, whether for https
//! alone, when it runs out (seconds since 1970, 0 for the end of the session), name, value. A `#` makes a comment, but for
//! `#HttpOnly_`, which is part of a host.

use std::io::{self, BufRead, Read as _, Write};
use std::time::SystemTime;

use encoding_rs::mem::{decode_latin1, encode_latin1_lossy};

use super::cookie::Cookie;
use super::scope::Scope;
use super::{Error, Jar, seconds};

/// What stands before a host whose cookie scripts do not get.
const HTTP_ONLY: &str = "#HttpOnly_";

/// The longest line, in bytes: four times what a cookie may have.
const LONGEST_LINE: u64 = 16 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Jar {
    /// Reads a file of cookies. Those that have run out are left out, as are comments and blank lines; of more than the
    /// jar holds, the last ones stay. One for a public suffix counts as one for that host alone.
    ///
    /// # Errors
    /// When it cannot be read, or with the first line that is no cookie.
    pub fn load(mut reader: impl BufRead, now: SystemTime) -> Result<Self, Error> {
        let now = seconds(now);
        let mut jar = Self::new();
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let piece = reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
            if piece.map_err(|error| Error::unreadable(number, error))? == 0 {
                break;
            }
            if bytes.len() as u64 > LONGEST_LINE {
                return Err(Error::malformed(number, &format!("it has more than {LONGEST_LINE} bytes")));
            }
            let line = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1).unwrap_or(&bytes);
            let line = decode_latin1(line);
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some((domain, cookie)) = cookie(line).map_err(|reason| Error::malformed(number, &reason))? {
                jar.put(&domain, cookie, now);
            }
        }
        Ok(jar)
    }

    /// Writes a file of cookies: those that have not run out, in the order in which they were set.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, mut writer: impl Write, now: SystemTime) -> io::Result<()> {
        writer.write_all(b"# Netscape HTTP Cookie File\n# Written by gleaner; 0 is the end of the session.\n\n")?;
        for (domain, cookie) in self.cookies(seconds(now)) {
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

/// What a line holds; `None` for a comment and for nothing. The reason why it is neither names no part of the cookie.
fn cookie(line: &str) -> Result<Option<(String, Cookie)>, String> {
    let (line, http_only) = match line.strip_prefix(HTTP_ONLY) {
        Some(rest) => (rest, true),
        None if line.starts_with('#') || line.trim().is_empty() => return Ok(None),
        None => (line, false),
    };
    let fields: Vec<&str> = line.split('\t').collect();
    let [host, with_those_below, path, secure, expires, name, ref value @ ..] = fields[..] else {
        return Err(wrong_count(fields.len()));
    };
    // Editors take the tab of an empty value away.
    let value = match value {
        [] => "",
        [value] => value,
        _ => return Err(wrong_count(fields.len())),
    };
    let Scope { domain, host_only } = Scope::written(host, truth(with_those_below, "second")?)
        .ok_or("the first field must be a host, such as `example.com`")?;
    let expires = match expires.parse() {
        Ok(0) => None,
        Ok(seconds) => Some(seconds),
        Err(_) => return Err("the fifth field must be seconds since 1970, or 0 for the end of the session".to_owned()),
    };
    let cookie = Cookie {
        name: name.into(),
        value: value.into(),
        path: path.into(),
        host_only,
        secure: truth(secure, "fourth")?,
        http_only,
        expires,
    };
    cookie.check()?;
    Ok(Some((domain, cookie)))
}

fn wrong_count(count: usize) -> String {
    format!("a cookie has seven fields with tabs between them, and this line has {count}")
}

fn truth(text: &str, which: &str) -> Result<bool, String> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
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
    fn files_of_curl_and_wget_are_read_and_written_in_the_form_of_curl() {
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
            // Run out, and set twice.
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
    fn bytes_come_back_as_they_were_set() {
        let url = Url::parse("http://h.example/").expect("a URL");
        let mut jar = Jar::new();
        // What a worker makes of the bytes of an "à" in UTF-8.
        jar.store(&url, ["a=\u{c3}\u{a0}"], now());
        let file = saved(&jar);
        assert!(file.ends_with("\ta\tà\n".as_bytes()), "{}", String::from_utf8_lossy(&file));
        let again = Jar::load(&file[..], now()).expect("it is well formed");
        assert_eq!(again.header_for(&url, now()).as_deref(), Some("a=\u{c3}\u{a0}"));
    }

    #[test]
    fn what_is_no_cookie_is_named_by_its_line_and_shown_to_nobody() {
        let longest = "x".repeat(4096);
        let table = [
            ("secret", "a cookie has seven fields with tabs between them, and this line has 1"),
            ("h FALSE / FALSE 0 a secret", "a cookie has seven fields with tabs between them, and this line has 1"),
            ("h\tFALSE\t/\tFALSE\t0", "a cookie has seven fields with tabs between them, and this line has 5"),
            (
                "h\tFALSE\t/\tFALSE\t0\ta\tsecret\tb",
                "a cookie has seven fields with tabs between them, and this line has 8",
            ),
            ("a b\tFALSE\t/\tFALSE\t0\ta\tsecret", "the first field must be a host, such as `example.com`"),
            ("h\tNO\t/\tFALSE\t0\ta\tsecret", "the second field must be TRUE or FALSE"),
            ("h\tFALSE\t/\t\t0\ta\tsecret", "the fourth field must be TRUE or FALSE"),
            (
                "h\tFALSE\t/\tFALSE\tnever\ta\tsecret",
                "the fifth field must be seconds since 1970, or 0 for the end of the session",
            ),
            (
                "h\tFALSE\t/\tFALSE\t-1\ta\tsecret",
                "the fifth field must be seconds since 1970, or 0 for the end of the session",
            ),
            ("h\tFALSE\tsecret\tFALSE\t0\ta\tb", "the path does not begin with a slash"),
            ("h\tFALSE\t/\tFALSE\t0\t\tsecret", "the name is empty"),
            ("h\tFALSE\t/\tFALSE\t0\ta\tsecret; b=c", "name, value or path has a character that it cannot have"),
            ("h\tFALSE\t/\tFALSE\t0\ta=b\tsecret", "name, value or path has a character that it cannot have"),
            ("h\tFALSE\t/\tFALSE\t0\ta\tse\u{1}cret", "name, value or path has a character that it cannot have"),
            (&format!("h\tFALSE\t/\tFALSE\t0\ta\t{longest}"), "name and value have more than 4096 bytes"),
            (&longest.repeat(5), "it has more than 16384 bytes"),
            (
                "h\tFALSE\t/\tFALSE\t0\t__secure-a\tsecret",
                "the name begins with `__Secure-`, and the cookie is not for https alone",
            ),
            (
                ".h.example\tTRUE\t/\tTRUE\t0\t__Host-a\tsecret",
                "the name begins with `__Host-`, and the cookie is not for https, one host and all of its paths",
            ),
        ];
        for (line, reason) in table {
            let error = Jar::load(format!("# secret\n\n{line}\n").as_bytes(), now()).expect_err(line);
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::Malformed, format!("line 3: {reason}")));
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_says_so() {
        let folder = std::fs::File::open(".").expect("there is a current folder");
        let error = Jar::load(io::BufReader::new(folder), now()).expect_err("a folder has no lines");
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unreadable, "read line 1"));
    }
}
