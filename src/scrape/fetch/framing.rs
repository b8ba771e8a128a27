//! What the head of an answer says about its body: where it ends, and which codings must be decoded.
//!
//! The client handles `Content-Length` and a final `chunked`, and silently ignores every other transfer coding. What it
//! ignores is decoded here, or the answer fails: encoded bytes never count as a page. `docs/http.md` lists the choice
//! for each irregular case, and the standard behind it.

use reqwest::Version;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, TRANSFER_ENCODING};

use super::coding::{self, Coding};
use super::head::excerpt;
use crate::model::{Failure, FailureKind, Stage};

/// How to turn the bytes from the client into a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Framing {
    /// The codings in the order in which they were applied: content codings, then transfer codings.
    pub(super) codings: Vec<Coding>,
    /// Where the body ends, if the head gives a length but the client reads until the connection ends.
    pub(super) length: Option<u64>,
    /// The body may still contain chunks that the client did not decode: only the end of the connection ends the body,
    /// or the head lists `chunked` twice.
    pub(super) may_have_chunks: bool,
    /// There is an unknown content coding.
    pub(super) may_be_encoded: bool,
}

impl Framing {
    /// Checks the whole `body`, after all codings were decoded.
    ///
    /// # Errors
    /// Fails with `protocol` if the body is still chunked, and with `decode` if it begins like compressed data.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), Failure> {
        if self.may_have_chunks && is_chunked(body) {
            let message = "its body is in chunks that its head does not announce correctly";
            return Err(Failure::new(FailureKind::Protocol, Stage::Fetch, message));
        }
        if self.may_be_encoded && coding::has_signature(body) {
            let message = "its body is compressed, but its content encoding is unknown";
            return Err(Failure::new(FailureKind::Decode, Stage::Decode, message));
        }
        Ok(())
    }

    /// # Errors
    /// Fails with `decode` for a content coding, and with `protocol` for a transfer coding, that cannot be decoded.
    pub(super) fn of(version: Version, headers: &HeaderMap) -> Result<Self, Failure> {
        let mut framing = Self::default();
        for name in tokens(headers, &CONTENT_ENCODING) {
            let coding = coding::content_coding(&name)?;
            framing.may_be_encoded |= coding.is_none() && !matches!(name.as_str(), "" | "identity");
            framing.codings.extend(coding);
        }
        // HTTP/2 uses frames instead of transfer codings. They mark the end of each body.
        if version <= Version::HTTP_11 {
            if headers.contains_key(TRANSFER_ENCODING) {
                framing.transfer(headers)?;
            } else {
                framing.may_have_chunks = !headers.contains_key(CONTENT_LENGTH);
            }
        }
        coding::check_layers(framing.codings.len())?;
        Ok(framing)
    }

    fn transfer(&mut self, headers: &HeaderMap) -> Result<(), Failure> {
        let mut codings: Vec<String> = tokens(headers, &TRANSFER_ENCODING).collect();
        // The client decodes `chunked` exactly if it is the last word of the last line.
        let is_chunked = codings.pop_if(|last| last == "chunked").is_some();
        codings.retain(|name| !matches!(name.as_str(), "" | "identity"));
        if is_chunked {
            let before = codings.len();
            while codings.pop_if(|last| last == "chunked").is_some() {}
            self.may_have_chunks = codings.len() < before;
        } else if codings.is_empty() {
            // No coding is left, so the length counts (as in browsers; RFC 2616 had `identity`).
            self.length = length(headers);
            self.may_have_chunks = self.length.is_none();
        }
        for name in codings {
            let coding = if name == "chunked" {
                // `chunked` must be the last coding, and must be applied only once (RFC 9112, 6.1).
                Err("`chunked` is not its last transfer coding".to_owned())
            } else {
                Coding::of(&name).ok_or_else(|| format!("its transfer coding `{}` is unknown", excerpt(&name)))
            };
            self.codings.push(coding.map_err(|message| Failure::new(FailureKind::Protocol, Stage::Fetch, message))?);
        }
        Ok(())
    }
}

/// Returns the words of a list header from all its lines (RFC 9110, 5.3), in lower case. Decodes bytes above 0x7F as
/// Latin-1.
pub(super) fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> + use<'h> {
    headers.get_all(name).iter().flat_map(|line| {
        let line = encoding_rs::mem::decode_latin1(line.as_bytes()).to_ascii_lowercase();
        line.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>()
    })
}

/// Returns `Content-Length` if all its lines agree.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = tokens(headers, &CONTENT_LENGTH).map(|text| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().ok()).flatten()
    });
    let first = lengths.next()??;
    lengths.all(|other| other == Some(first)).then_some(first)
}

/// Whether the whole of `body` is a chunked body (RFC 9112, 7.1), from its first size to the end of its trailers.
pub(super) fn is_chunked(body: &[u8]) -> bool {
    let mut rest = body;
    loop {
        // Almost no page begins with a hexadecimal digit, so the search for the end of a line is rare.
        if !rest.first().is_some_and(u8::is_ascii_hexdigit) {
            return false;
        }
        let Some((line, after)) = split_line(rest) else { return false };
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let is_size_line = matches!(line.get(digits), None | Some(b';' | b' ' | b'\t'));
        let size = std::str::from_utf8(&line[..digits]).ok().and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let Some(size) = size.filter(|_| is_size_line) else { return false };
        if size == 0 {
            return is_trailer(after);
        }
        let Some((_, after)) = after.split_at_checked(size) else { return false };
        let Some(after) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")) else { return false };
        rest = after;
    }
}

/// Whether the rest is a list of fields up to an empty line with nothing after it. An empty rest also counts: the last
/// line is missing then.
fn is_trailer(mut rest: &[u8]) -> bool {
    while let Some((line, after)) = split_line(rest) {
        if line.is_empty() {
            return after.is_empty();
        }
        if !line.contains(&b':') {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let line = &bytes[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use reqwest::Version;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::super::coding::Coding::{Brotli, Deflate, Gzip, Zstd};
    use super::{Framing, is_chunked};
    use crate::model::FailureKind;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn of(lines: &[(&'static str, &'static str)]) -> Result<Framing, FailureKind> {
        Framing::of(Version::HTTP_11, &headers(lines)).map_err(|failure| failure.kind)
    }

    #[test]
    fn content_codings_are_decoded_or_fail_and_other_words_are_ignored() {
        let table: [(&[&'static str], _); 20] = [
            (&[""], Ok(vec![])),
            (&["identity"], Ok(vec![])),
            (&["GZIP"], Ok(vec![Gzip])),
            (&["x-gzip"], Ok(vec![Gzip])),
            (&["gzip;q=1"], Ok(vec![Gzip])),
            (&["deflate, br"], Ok(vec![Deflate, Brotli])),
            (&["gzip", "br"], Ok(vec![Gzip, Brotli])),
            (&["gzip,identity,,zstd"], Ok(vec![Gzip, Zstd])),
            (&["gzip,gzip,gzip,gzip"], Ok(vec![Gzip; 4])),
            (&["gzip,gzip,gzip", "gzip,gzip"], Err(FailureKind::Decode)),
            (&["utf-8"], Ok(vec![])),
            (&["none"], Ok(vec![])),
            (&["text/html; charset=utf-8"], Ok(vec![])),
            (&["utf-8, gzip"], Ok(vec![Gzip])),
            (&["Compress"], Err(FailureKind::Decode)),
            (&["x-compress"], Err(FailureKind::Decode)),
            (&["gzip", "aes128gcm"], Err(FailureKind::Decode)),
            (&["exi"], Err(FailureKind::Decode)),
            (&["pack200-gzip"], Err(FailureKind::Decode)),
            (&["br, dcb", "dcz"], Err(FailureKind::Decode)),
        ];
        for (values, expected) in table {
            let lines: Vec<_> = values.iter().map(|value| ("content-encoding", *value)).collect();
            assert_eq!(of(&lines).map(|framing| framing.codings), expected, "{values:?}");
        }
    }

    #[test]
    fn transfer_codings_are_decoded_or_fail() {
        const TE: &str = "transfer-encoding";
        let framing =
            |codings, length, may_have_chunks| Ok(Framing { codings, length, may_have_chunks, may_be_encoded: false });
        let table = [
            (vec![("content-length", "3")], framing(vec![], None, false)),
            (vec![], framing(vec![], None, true)),
            (vec![(TE, "chunked")], framing(vec![], None, false)),
            (vec![(TE, "Chunked"), ("content-length", "3")], framing(vec![], None, false)),
            (vec![(TE, "chunked, chunked")], framing(vec![], None, true)),
            (vec![(TE, "chunked"), (TE, "chunked")], framing(vec![], None, true)),
            (vec![(TE, "gzip, chunked")], framing(vec![Gzip], None, false)),
            (vec![(TE, "X-GZIP"), (TE, "chunked")], framing(vec![Gzip], None, false)),
            (vec![("content-encoding", "br"), (TE, "deflate, chunked")], framing(vec![Brotli, Deflate], None, false)),
            (vec![(TE, "gzip"), ("content-length", "3")], framing(vec![Gzip], None, false)),
            (vec![(TE, "identity, chunked")], framing(vec![], None, false)),
            (vec![(TE, "identity"), ("content-length", "3")], framing(vec![], Some(3), false)),
            (vec![(TE, ""), ("content-length", "3, 3")], framing(vec![], Some(3), false)),
            (vec![(TE, "identity"), ("content-length", "3"), ("content-length", "4")], framing(vec![], None, true)),
            (vec![(TE, "identity"), ("content-length", "+3")], framing(vec![], None, true)),
            (vec![(TE, "identity")], framing(vec![], None, true)),
            (vec![(TE, "chunked, gzip")], Err(FailureKind::Protocol)),
            (vec![(TE, "chunked, gzip, chunked")], Err(FailureKind::Protocol)),
            (vec![(TE, "chunked, identity")], Err(FailureKind::Protocol)),
            (vec![(TE, "chunked,")], Err(FailureKind::Protocol)),
            (vec![(TE, "chunked;q=1")], Err(FailureKind::Protocol)),
            (vec![(TE, "compress, chunked")], Err(FailureKind::Protocol)),
            (vec![(TE, "cow, chunked")], Err(FailureKind::Protocol)),
            (vec![(TE, "trailers")], Err(FailureKind::Protocol)),
        ];
        for (lines, expected) in table {
            assert_eq!(of(&lines), expected, "{lines:?}");
        }
        let over_2 = Framing::of(Version::HTTP_2, &headers(&[(TE, "cow")]));
        assert_eq!(over_2.expect("frames"), Framing::default());
    }

    #[test]
    fn a_body_is_chunked_only_if_all_of_it_is() {
        let table: [(&[u8], bool); 16] = [
            (b"0\r\n\r\n", true),
            (b"3\r\nabc\r\n0\r\n\r\n", true),
            (b"3\nabc\n0\n\n", true),
            (b"03 \r\nabc\r\n00\r\n\r\n", true),
            (b"3;a=b\r\nabc\r\n1\r\n\n\r\n0;c\r\nd: e\r\n\r\n", true),
            (b"3\r\nabc\r\n0\r\n", true),
            (b"", false),
            (b"<title>T</title>", false),
            (b"3\r\nabc\r\n", false),
            (b"3\r\nabcd\r\n0\r\n\r\n", false),
            (b"3\r\nabc\r\n0\r\n\r\nmore", false),
            (b"3\r\nabc\r\n0\r\nno field\r\n\r\n", false),
            (b"face\r\nis a word", false),
            (b"\r\n0\r\n\r\n", false),
            (b"3g\r\nabc\r\n0\r\n\r\n", false),
            (b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n", false),
        ];
        for (body, expected) in table {
            assert_eq!(is_chunked(body), expected, "{}", body.escape_ascii());
        }
    }
}
