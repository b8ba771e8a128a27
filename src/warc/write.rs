//! Makes records as bytes. Each record is a gzip member of its own, so that readers can begin at any record and two
//! archives can be joined (WARC 1.1, annex D).
//!
//! The layout follows warcio and Common Crawl: the response before its request, and SHA-1 digests in base32.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::SystemTime;

use flate2::{Compress, Compression, FlushCompress, Status};
use ring::digest;

/// The first bytes of each member that this module makes: gzip with deflate.
pub const MEMBER_START: [u8; 3] = [0x1f, 0x8b, 8];

/// How hard bodies are compressed. With level 6, a page of 58 KB takes 8 % less room and more than twice the time.
const LEVEL: u32 = 2;

/// What the first record of an archive says about the run.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The number from which the record's id is made.
    pub id: u128,
    /// When the run began.
    pub date: SystemTime,
    /// The name of the archive, without its folder.
    pub file: &'a str,
    /// The name and the version of the program.
    pub software: &'a str,
    /// Whether the run obeys robots.txt.
    pub obeys_robots: bool,
}

/// A request and its response.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// The number from which the ids of both records are made. Its lowest bit has no meaning.
    pub id: u128,
    /// The requested URL, without credentials and fragment.
    pub url: &'a str,
    /// When the head of the response arrived.
    pub date: SystemTime,
    /// The address of the server, if it is known.
    pub address: Option<IpAddr>,
    /// Whether the connection spoke HTTP/2. The heads are written as those of HTTP/1.1 all the same.
    pub is_http2: bool,
    /// The head of the request, with the empty line that ends it.
    pub request: &'a [u8],
    /// The head of the response, with the empty line that ends it.
    pub response: &'a [u8],
    /// The body of the response as it was sent, but without chunks.
    pub body: &'a [u8],
    /// Why `body` is only the beginning, if it is.
    pub truncated: Option<Truncated>,
}

/// Why a body is only the beginning of what the server has (WARC 1.1, 5.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncated {
    /// It is longer than the limit.
    Length,
    /// It took longer than the limit.
    Time,
    /// The connection broke.
    Disconnect,
    /// It was not wanted.
    Unspecified,
}

impl Truncated {
    fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Time => "time",
            Self::Disconnect => "disconnect",
            Self::Unspecified => "unspecified",
        }
    }
}

/// The record that an archive begins with.
pub fn opening(opening: &Opening<'_>) -> Vec<u8> {
    let Opening { id, date, file, software, obeys_robots } = *opening;
    let robots = if obeys_robots { "obey" } else { "ignore" };
    let block = format!(
        "software: {software}\r\nformat: WARC File Format 1.1\r\nconformsTo: \
         http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\nrobots: {robots}\r\n"
    );
    let mut head = Head::new("warcinfo", id, date);
    // A line break in a name would end the field.
    head.field("WARC-Filename", &file.replace(char::is_control, "\u{FFFD}"));
    let mut out = Vec::new();
    head.member(&mut out, "application/warc-fields", &[block.as_bytes()]);
    out
}

/// The records of an exchange: the response, and then its request.
pub fn exchange(exchange: &Exchange<'_>) -> Vec<u8> {
    let &Exchange { id, url, date, address, is_http2, request, response, body, truncated } = exchange;
    let (response_id, request_id) = (id & !1, id | 1);
    let mut out = Vec::new();
    let begin = |kind, id| {
        let mut head = Head::new(kind, id, date);
        head.field("WARC-Target-URI", url);
        if let Some(address) = address {
            head.field("WARC-IP-Address", &address.to_string());
        }
        if is_http2 {
            head.field("WARC-Protocol", "h2");
        }
        head
    };
    let mut head = begin("response", response_id);
    if let Some(truncated) = truncated {
        head.field("WARC-Truncated", truncated.as_str());
    }
    head.field("WARC-Payload-Digest", &sha_1(&[body]));
    head.member(&mut out, "application/http; msgtype=response", &[response, body]);

    let mut head = begin("request", request_id);
    head.field("WARC-Concurrent-To", &urn(response_id));
    head.field("WARC-Payload-Digest", &sha_1(&[]));
    head.member(&mut out, "application/http; msgtype=request", &[request]);
    out
}

/// The most bytes that members of `bytes` bytes in total have. Deflate stores data that it cannot compress, with a few
/// more bytes for every few thousand.
pub fn longest(bytes: u64) -> u64 {
    bytes.saturating_add(bytes / 8).saturating_add(64 << 10)
}

/// The head of a record.
struct Head(String);

impl Head {
    fn new(kind: &str, id: u128, date: SystemTime) -> Self {
        let mut head = Self(format!("WARC/1.1\r\nWARC-Type: {kind}\r\n"));
        head.field("WARC-Record-ID", &urn(id));
        head.field("WARC-Date", &microseconds(date));
        head
    }

    fn field(&mut self, name: &str, value: &str) {
        // A string takes all text.
        let _ = write!(self.0, "{name}: {value}\r\n");
    }

    /// Appends the record as a member. `block` is the content of the record, in pieces.
    fn member(mut self, out: &mut Vec<u8>, content_type: &str, block: &[&[u8]]) {
        let length: usize = block.iter().map(|piece| piece.len()).sum();
        self.field("WARC-Block-Digest", &sha_1(block));
        self.field("Content-Type", content_type);
        self.field("Content-Length", &length.to_string());
        self.0.push_str("\r\n");
        let pieces = [self.0.as_bytes()].into_iter().chain(block.iter().copied()).chain([b"\r\n\r\n".as_slice()]);
        COMPRESSOR.with_borrow_mut(|compressor| member(compressor, pieces, out));
    }
}

thread_local! {
    /// The compressor of this thread. A new one takes longer than compressing a small page.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// Appends a gzip member (RFC 1952) that unpacks to these pieces. It has neither a name nor a time.
fn member<'a>(compressor: &mut Compress, pieces: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    /// How many more bytes the compressor can write at a time.
    const ROOM: usize = 16 * 1024;
    out.extend_from_slice(&MEMBER_START);
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0xff]);
    compressor.reset();
    let mut crc = crc32fast::Hasher::new();
    let mut push = |mut piece: &[u8], flush| loop {
        out.reserve(ROOM);
        let before = compressor.total_in();
        // Only a flush that makes no sense is an error.
        let status = compressor.compress_vec(piece, out, flush);
        let taken = usize::try_from(compressor.total_in() - before).unwrap_or(piece.len());
        piece = &piece[taken..];
        let is_done = match flush {
            FlushCompress::None => piece.is_empty() || status.is_err(),
            _ => !matches!(status, Ok(Status::Ok | Status::BufError)),
        };
        if is_done {
            break;
        }
    };
    for piece in pieces {
        crc.update(piece);
        push(piece, FlushCompress::None);
    }
    push(&[], FlushCompress::Finish);
    // The length counts modulo 2^32.
    let [a, b, c, d, ..] = compressor.total_in().to_le_bytes();
    out.extend_from_slice(&crc.finalize().to_le_bytes());
    out.extend_from_slice(&[a, b, c, d]);
}

/// The name of a record: a UUID of version 8, which is made of any bits (RFC 9562, 5.8).
fn urn(id: u128) -> String {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let id = (id & !VERSION & !VARIANT) | (8 << 76) | (0b10 << 62);
    let hex = format!("{id:032x}");
    format!("<urn:uuid:{}-{}-{}-{}-{}>", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The time in UTC. The epoch stands for a time that no calendar has.
fn microseconds(date: SystemTime) -> String {
    let date = jiff::Timestamp::try_from(date).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{date:.6}")
}

/// The digest of these bytes, as a field has it.
fn sha_1(pieces: &[&[u8]]) -> String {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for piece in pieces {
        context.update(piece);
    }
    let mut text = "sha1:".to_owned();
    base_32(context.finish().as_ref(), &mut text);
    text
}

/// Writes bytes in base32 (RFC 4648, 6). Their number must be a multiple of five: there is no padding.
fn base_32(bytes: &[u8], into: &mut String) {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for five in bytes.chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            into.push(char::from(DIGITS[(bits >> (5 * place) & 31) as usize]));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::{Duration, UNIX_EPOCH};

    use flate2::bufread::GzDecoder;

    use super::*;

    /// The members as text, each read on its own.
    fn members(mut bytes: &[u8]) -> Vec<String> {
        let mut texts = Vec::new();
        while !bytes.is_empty() {
            assert!(bytes.starts_with(&MEMBER_START), "{}", bytes[..3].escape_ascii());
            let mut text = String::new();
            let mut member = GzDecoder::new(bytes);
            member.read_to_string(&mut text).expect("a member");
            bytes = member.into_inner();
            texts.push(text);
        }
        texts
    }

    fn sample() -> Exchange<'static> {
        Exchange {
            id: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
            url: "http://h.example/a?b",
            date: UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_007),
            address: None,
            is_http2: false,
            request: b"GET /a?b HTTP/1.1\r\nhost: h.example\r\n\r\n",
            response: b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n",
            body: b"abc",
            truncated: None,
        }
    }

    #[test]
    fn an_exchange_is_a_response_and_its_request_in_members_of_their_own() {
        // The digests are those of Python's hashlib and base64.
        let expected = [
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:01234567-89ab-8def-8123-456789abcdee>\r\n\
             WARC-Date: 2023-11-14T22:13:20.000007Z\r\nWARC-Target-URI: http://h.example/a?b\r\n\
             WARC-Payload-Digest: sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5\r\n\
             WARC-Block-Digest: sha1:BHH4HEBT2SAWUCKLNCOT4ZICYUYGB4CN\r\nContent-Type: application/http; msgtype=response\r\n\
             Content-Length: 41\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc\r\n\r\n",
            "WARC/1.1\r\nWARC-Type: request\r\nWARC-Record-ID: <urn:uuid:01234567-89ab-8def-8123-456789abcdef>\r\n\
             WARC-Date: 2023-11-14T22:13:20.000007Z\r\nWARC-Target-URI: http://h.example/a?b\r\n\
             WARC-Concurrent-To: <urn:uuid:01234567-89ab-8def-8123-456789abcdee>\r\n\
             WARC-Payload-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\n\
             WARC-Block-Digest: sha1:QVLL4M2FGZU7H34DNT3ZAUDOMHKNJZOC\r\nContent-Type: application/http; msgtype=request\r\n\
             Content-Length: 38\r\n\r\nGET /a?b HTTP/1.1\r\nhost: h.example\r\n\r\n\r\n\r\n",
        ];
        assert_eq!(members(&exchange(&sample())), expected);
    }

    #[test]
    fn what_is_known_of_a_response_stands_in_its_fields() {
        let address = |text: &str| Some(text.parse().expect("an address"));
        let table = [
            (Exchange { address: address("192.0.2.1"), ..sample() }, "WARC-IP-Address: 192.0.2.1", true),
            (Exchange { address: address("2001:db8::1"), ..sample() }, "WARC-IP-Address: 2001:db8::1", true),
            (Exchange { is_http2: true, ..sample() }, "WARC-Protocol: h2", true),
            (Exchange { truncated: Some(Truncated::Length), ..sample() }, "WARC-Truncated: length", false),
            (Exchange { truncated: Some(Truncated::Time), ..sample() }, "WARC-Truncated: time", false),
            (Exchange { truncated: Some(Truncated::Disconnect), ..sample() }, "WARC-Truncated: disconnect", false),
            (Exchange { truncated: Some(Truncated::Unspecified), ..sample() }, "WARC-Truncated: unspecified", false),
        ];
        for (case, field, of_both) in table {
            let [response, request] = &members(&exchange(&case))[..] else { panic!("two records") };
            let has = |text: &str| text.lines().any(|line| line == field);
            assert_eq!((has(response), has(request)), (true, of_both), "{field}");
        }
    }

    /// The body of the first of the records.
    fn split_body(case: &Exchange<'_>) -> Vec<u8> {
        let mut record = Vec::new();
        GzDecoder::new(&exchange(case)[..]).read_to_end(&mut record).expect("a member");
        let end = record.len() - 4;
        record[end - case.body.len()..end].to_vec()
    }

    #[test]
    fn an_archive_begins_with_a_record_about_the_run() {
        let case =
            Opening { id: 7, date: UNIX_EPOCH, file: "a\nb.warc.gz", software: "gleaner/1.0", obeys_robots: true };
        let [text] = &members(&opening(&case))[..] else { panic!("one record") };
        for line in
            ["WARC-Type: warcinfo", "WARC-Filename: a\u{FFFD}b.warc.gz", "software: gleaner/1.0", "robots: obey"]
        {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        let [text] = &members(&opening(&Opening { obeys_robots: false, ..case }))[..] else { panic!("one record") };
        assert!(text.contains("\r\nrobots: ignore\r\n"), "{text}");
    }

    #[test]
    fn digits_of_base_32_are_those_of_the_rfc() {
        // RFC 4648, section 10: the examples without padding.
        for (bytes, expected) in [(&b"fooba"[..], "MZXW6YTB"), (b"", ""), (b"foobafooba", "MZXW6YTBMZXW6YTB")] {
            let mut text = String::new();
            base_32(bytes, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn members_are_never_longer_than_their_bound() {
        // A generator of numbers without a pattern (xorshift), as compressed bodies have none.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = Vec::new();
        for _ in 0..(1 << 17) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            random.extend_from_slice(&state.to_le_bytes());
        }
        for body in [&random[..], &random[..1000], b""] {
            let case = Exchange { body, ..sample() };
            assert!(split_body(&case) == body);
            let bytes = exchange(&case).len() as u64;
            assert!(bytes <= longest(body.len() as u64), "{bytes} bytes for {}", body.len());
        }
    }
}
