//! Makes a response of an answer that is stored somewhere, so that everything behind it reads it as if a server had just
//! sent it. The HTTP client does the same with the bytes of a connection: it parses the head, and undoes the chunks.
//!
//! Archives differ in what they keep of a body (WARC 1.1, annex C; Common Crawl; pywb): as sent, without chunks, or
//! decoded. The headers often stay as they were, so the bytes decide:
//!
//! - A body that is not in chunks is taken as it is, whatever `Transfer-Encoding` says.
//! - A body that does not begin like its codings is decoded already. `Content-Encoding` and `Content-Length` then say
//!   nothing about it.
//! - Otherwise a body that is shorter than its `Content-Length` is cut off. A longer one is kept whole: the archive says
//!   where its record ends.

use bytes::Bytes;
use http::response::Parts;
use httparse::{EMPTY_HEADER, ParserConfig, Status};
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use reqwest::{Body, Response, StatusCode, Version};
use url::Url;

use super::chunks::{self, Chunks};
use super::clients::MOST_LINES;
use super::framing::{Framing, length, tokens};
use crate::model::{Failure, FailureKind, Stage, Stored, StoredForm, shown_url};

/// The longest head in bytes: the limit of the HTTP client.
const MOST_HEAD: usize = 408 * 1024;

/// Most heads have fewer lines.
const FEW_LINES: usize = 64;

/// Makes a response of a stored answer. `shown` is its URL without user name and password.
///
/// # Errors
/// Fails with `protocol` if it is not an HTTP answer, and with `truncated` if its end is missing.
pub(super) fn response(stored: &Stored, shown: &Url) -> Result<Response, Failure> {
    let about = |failure: Failure| {
        let message = format!("read {}: {}", shown_url(shown), failure.message);
        failure.reworded(message)
    };
    let (head, body) = match &stored.form {
        StoredForm::Message => message(&stored.bytes).map_err(about)?,
        StoredForm::File { media_type } => (head_of_file(media_type), stored.bytes.clone()),
    };
    let status = head.status.as_u16();
    let read =
        |failure: Failure| Failure { status: Some(status), final_url: Some(shown.to_string()), ..about(failure) };
    let (head, body) = with_true_headers(head, body).map_err(read)?;
    Ok(http::Response::from_parts(head, Body::from(body)).into())
}

fn head_of_file(media_type: &str) -> Parts {
    let mut headers = HeaderMap::new();
    if let Ok(media_type) = HeaderValue::from_str(media_type)
        && !media_type.is_empty()
    {
        headers.insert(CONTENT_TYPE, media_type);
    }
    head_of(StatusCode::OK, headers)
}

fn head_of(status: StatusCode, headers: HeaderMap) -> Parts {
    let (mut head, ()) = http::Response::new(()).into_parts();
    // The body is here as a whole, as with HTTP/1.1, whatever the version was.
    (head.status, head.headers, head.version) = (status, headers, Version::HTTP_11);
    head
}

/// Splits an HTTP answer into its head and body. Interim answers (1xx) before it are left out, as by the client.
fn message(bytes: &Bytes) -> Result<(Parts, Bytes), Failure> {
    let mut rest = bytes.clone();
    loop {
        let (head, length) = parse_head(&rest)?;
        rest = rest.slice(length..);
        if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok((head, rest));
        }
    }
}

/// Parses the head at the beginning. Returns its length, too.
fn parse_head(bytes: &[u8]) -> Result<(Parts, usize), Failure> {
    // HTTP/2 and HTTP/3 have no text form. Archivers write one all the same, which no parser of HTTP/1.1 takes.
    let version = [b"HTTP/2.0 ".as_slice(), b"HTTP/2 ", b"HTTP/3.0 ", b"HTTP/3 "];
    let Some(version) = version.into_iter().find(|version| bytes.starts_with(version)) else {
        return parse_head_1(bytes);
    };
    let end = memchr::memmem::find(bytes, b"\n\n").map(|at| at + 2);
    let end = end.into_iter().chain(memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4)).min();
    let end = end.unwrap_or(bytes.len()).min(MOST_HEAD);
    let as_1 = [b"HTTP/1.1 ", &bytes[version.len()..end]].concat();
    let (mut head, length) = parse_head_1(&as_1)?;
    head.headers.remove(TRANSFER_ENCODING);
    Ok((head, length - b"HTTP/1.1 ".len() + version.len()))
}

fn parse_head_1(bytes: &[u8]) -> Result<(Parts, usize), Failure> {
    let window = &bytes[..bytes.len().min(MOST_HEAD)];
    let mut few = [EMPTY_HEADER; FEW_LINES];
    match parse_into(window, &mut few) {
        Err(httparse::Error::TooManyHeaders) => {
            let mut many = vec![EMPTY_HEADER; MOST_LINES];
            parse_into(window, &mut many)
        }
        result => result,
    }
    .map_err(|error| Failure::new(FailureKind::Protocol, Stage::Fetch, not_http(error)))?
    .ok_or_else(|| match bytes.len() {
        0 => Failure::new(FailureKind::Truncated, Stage::Fetch, "its stored answer is empty"),
        length if length > window.len() => {
            Failure::new(FailureKind::Protocol, Stage::Fetch, not_http(httparse::Error::TooManyHeaders))
        }
        _ => Failure::new(FailureKind::Truncated, Stage::Fetch, "its stored answer ends in the headers"),
    })
}

/// Parses with the same leniency as the client. Returns `None` if the end of the head is missing.
fn parse_into<'b>(
    bytes: &'b [u8],
    lines: &mut [httparse::Header<'b>],
) -> Result<Option<(Parts, usize)>, httparse::Error> {
    let mut response = httparse::Response::new(lines);
    let parsed = ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .parse_response(&mut response, bytes)?;
    let Status::Complete(length) = parsed else { return Ok(None) };
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(httparse::Error::Status)?;
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for line in response.headers {
        // A value on several lines is one with spaces (RFC 9112, 5.2).
        let value = if line.value.contains(&b'\n') {
            let unfolded = line.value.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte });
            HeaderValue::from_maybe_shared(unfolded.collect::<Bytes>())
        } else {
            HeaderValue::from_bytes(line.value)
        };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(line.name.as_bytes()), value) {
            let _ = headers.try_append(name, value);
        }
    }
    Ok(Some((head_of(status, headers), length)))
}

fn not_http(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::Version => {
            "its stored answer is not HTTP: the first line does not begin with a version such as `HTTP/1.1`"
        }
        httparse::Error::Status => {
            "its stored answer is not HTTP: the first line does not have a three-digit status one space after the version"
        }
        httparse::Error::TooManyHeaders => {
            "the headers of its stored answer have more than 408 KiB, or more than 24,576 lines"
        }
        _ => "its stored answer is not HTTP: the head is malformed",
    }
}

/// Undoes the chunks, and removes the headers that are not true of the body.
fn with_true_headers(mut head: Parts, body: Bytes) -> Result<(Parts, Bytes), Failure> {
    let is_chunked = tokens(&head.headers, &TRANSFER_ENCODING).last().is_some_and(|last| last == "chunked");
    let body = match if is_chunked { chunks::undo(&body) } else { Chunks::Not } {
        Chunks::Not => body,
        Chunks::Whole(body) => body.into(),
        Chunks::CutOff(read) => return Err(cut_off("its chunked body ends too early", read)),
    };
    // Codings that cannot be decoded fail later, when the body is read.
    let codings = Framing::of(head.version, &head.headers).map_or_else(|_| Vec::new(), |framing| framing.codings);
    let is_decoded = !codings.is_empty() && !body.is_empty() && !codings.iter().any(|coding| coding.may_begin(&body));
    if is_decoded {
        for name in [CONTENT_ENCODING, TRANSFER_ENCODING, CONTENT_LENGTH] {
            head.headers.remove(name);
        }
        return Ok((head, body));
    }
    // Such answers have no body, but may have the length of the one that they stand for (RFC 9110, 8.6).
    let has_no_body = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let announced = if head.headers.contains_key(TRANSFER_ENCODING) { None } else { length(&head.headers) };
    match announced {
        Some(length) if length > body.len() as u64 && !has_no_body => {
            Err(cut_off("its body is shorter than its `Content-Length`", body.len()))
        }
        _ => Ok((head, body)),
    }
}

fn cut_off(message: &str, read: usize) -> Failure {
    Failure { bytes: read as u64, ..Failure::new(FailureKind::Truncated, Stage::Fetch, message) }
}

#[cfg(test)]
#[path = "stored_tests.rs"]
mod tests;
