//! Decodes gzip, member after member.
//!
//! A gzip body may consist of several members (RFC 1952, section 2.2), and all of them belong to the page. Data after
//! the last member (padding, a stray line of a script) is ignored, as in browsers. The library's decoder would fail on
//! it if it expected several members.
//!
//! A trailer follows the data of a member: a checksum and a length. A complete trailer must be right. If the body ends
//! before or inside the trailer, the data is complete all the same, because the data marks its own end. Curl and
//! browsers accept such a body too. The library's decoder rejects such a member without telling that only the trailer
//! is missing, so header and trailer are read here.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::DeflateDecoder;
use crc32fast::Hasher;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio::task::coop;

/// The first byte of every member.
const MAGIC: u8 = 0x1f;

/// A body may have this many members without any data. An empty member has only 20 bytes, but needs a new decoder, which
/// takes as long as decoding thousands of bytes.
const MEMBERS: u64 = 1000;

/// For each such number of bytes of data, a body may have one member more.
const DATA_OF_A_MEMBER: u64 = 1024;

pub(super) struct Members<R> {
    state: State<R>,
    count: u64,
    /// Bytes of data in all members so far.
    data: u64,
}

enum State<R> {
    Header(R, Header),
    Data(DeflateDecoder<R>, Sum),
    Trailer(R, Sum, Vec<u8>),
    /// Between two members, or after the last one.
    Between(R),
    Over,
}

impl<R: AsyncBufRead> Members<R> {
    pub(super) fn new(source: R) -> Self {
        // The first member is mandatory, so its first byte is not checked here.
        Self { state: State::Header(source, Header::default()), count: 1, data: 0 }
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Members<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { state, count, data: total } = &mut *self;
        loop {
            match state {
                State::Header(source, header) => {
                    let is_whole = ready!(take(source, context, |byte| header.take(byte)))?;
                    if !is_whole {
                        return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                    }
                }
                State::Data(decoder, sum) => {
                    let before = out.filled().len();
                    ready!(Pin::new(decoder).poll_read(context, out))?;
                    let data = &out.filled()[before..];
                    sum.add(data);
                    *total += data.len() as u64;
                    if !data.is_empty() || out.remaining() == 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                State::Trailer(source, sum, trailer) => {
                    let is_whole = ready!(take(source, context, |byte| {
                        trailer.push(byte);
                        Ok(trailer.len() == Sum::LENGTH)
                    }))?;
                    if is_whole && *trailer != sum.trailer() {
                        return Poll::Ready(Err(invalid("the checksum or length of its data is wrong")));
                    }
                }
                State::Between(source) => {
                    // An empty member costs time and memory too, so this lets other tasks run in between.
                    let turn = ready!(coop::poll_proceed(context));
                    let is_member = ready!(Pin::new(source).poll_fill_buf(context))?.first() == Some(&MAGIC);
                    turn.made_progress();
                    if !is_member {
                        *state = State::Over;
                    }
                    *count += 1;
                    if is_member && *count > MEMBERS + *total / DATA_OF_A_MEMBER {
                        return Poll::Ready(Err(invalid("it has too many members for its data")));
                    }
                }
                State::Over => return Poll::Ready(Ok(())),
            }
            *state = std::mem::replace(state, State::Over).next();
        }
    }
}

impl<R: AsyncBufRead> State<R> {
    fn next(self) -> Self {
        match self {
            Self::Header(source, _) => Self::Data(DeflateDecoder::new(source), Sum::default()),
            Self::Data(decoder, sum) => Self::Trailer(decoder.into_inner(), sum, Vec::with_capacity(Sum::LENGTH)),
            Self::Trailer(source, ..) => Self::Between(source),
            Self::Between(source) => Self::Header(source, Header::default()),
            Self::Over => Self::Over,
        }
    }
}

/// Takes bytes from `source` until `each` returns true. Returns false if the source ends first.
fn take<R: AsyncBufRead + Unpin>(
    source: &mut R,
    context: &mut Context<'_>,
    mut each: impl FnMut(u8) -> io::Result<bool>,
) -> Poll<io::Result<bool>> {
    loop {
        let bytes = ready!(Pin::new(&mut *source).poll_fill_buf(context))?;
        if bytes.is_empty() {
            return Poll::Ready(Ok(false));
        }
        let (mut taken, mut is_enough) = (0, false);
        while taken < bytes.len() && !is_enough {
            is_enough = each(bytes[taken])?;
            taken += 1;
        }
        Pin::new(&mut *source).consume(taken);
        if is_enough {
            return Poll::Ready(Ok(true));
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The header of a member, read byte by byte (RFC 1952, section 2.3): ten bytes, and the parts that its flags announce.
#[derive(Debug, Default)]
struct Header {
    part: Part,
    /// Bytes of this part read so far.
    taken: usize,
    /// Which parts are present.
    flags: u8,
    /// The length of the extra field.
    extra: usize,
}

#[derive(Debug, Default, Clone, Copy)]
enum Part {
    #[default]
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    Checksum,
}

impl Header {
    const CHECKSUM: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    /// A decoder must fail if it does not know these flags.
    const RESERVED: u8 = 0b1110_0000;

    /// Takes one byte. Returns whether it ends the header.
    fn take(&mut self, byte: u8) -> io::Result<bool> {
        let place = self.taken;
        self.taken += 1;
        let is_over = match self.part {
            Part::Fixed => {
                let is_good = match place {
                    0 => byte == MAGIC,
                    1 => byte == 0x8b,
                    // Deflate is the only method.
                    2 => byte == 8,
                    3 => byte & Self::RESERVED == 0,
                    _ => true,
                };
                if !is_good {
                    return Err(invalid("it does not have a valid gzip header"));
                }
                if place == 3 {
                    self.flags = byte;
                }
                place == 9
            }
            Part::ExtraLength => {
                self.extra |= usize::from(byte) << (8 * place);
                place == 1
            }
            Part::Extra => self.taken == self.extra,
            Part::Name | Part::Comment => byte == 0,
            Part::Checksum => place == 1,
        };
        Ok(is_over && !self.starts_next_part())
    }

    /// Moves on to the next part, if there is one.
    fn starts_next_part(&mut self) -> bool {
        self.taken = 0;
        let after = match self.part {
            Part::Fixed => 0,
            Part::ExtraLength if self.extra > 0 => {
                self.part = Part::Extra;
                return true;
            }
            Part::ExtraLength | Part::Extra => 1,
            Part::Name => 2,
            Part::Comment => 3,
            Part::Checksum => 4,
        };
        let parts = [
            (Self::EXTRA, Part::ExtraLength),
            (Self::NAME, Part::Name),
            (Self::COMMENT, Part::Comment),
            (Self::CHECKSUM, Part::Checksum),
        ];
        let next = parts.into_iter().skip(after).find(|(flag, _)| self.flags & flag != 0);
        next.is_some_and(|(_, part)| {
            self.part = part;
            true
        })
    }
}

/// Computes the trailer of a member from its data.
#[derive(Default)]
struct Sum {
    crc: Hasher,
    /// The number of all bytes, modulo 2^32.
    length: u32,
}

impl Sum {
    /// The length of a trailer.
    const LENGTH: usize = 8;

    fn add(&mut self, data: &[u8]) {
        self.crc.update(data);
        #[expect(clippy::cast_possible_truncation, reason = "the format counts modulo 2^32")]
        let length = data.len() as u32;
        self.length = self.length.wrapping_add(length);
    }

    fn trailer(&self) -> [u8; Self::LENGTH] {
        let [crc, length] = [self.crc.clone().finalize(), self.length].map(u32::to_le_bytes);
        std::array::from_fn(|place| if place < 4 { crc[place] } else { length[place - 4] })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use async_compression::tokio::bufread::GzipEncoder;
    use tokio::io::{AsyncReadExt, BufReader};

    use super::{DATA_OF_A_MEMBER, MEMBERS, Members};

    const TEXT: &[u8] = b"some text, some text";

    async fn gzip() -> Vec<u8> {
        let mut bytes = Vec::new();
        GzipEncoder::new(TEXT).read_to_end(&mut bytes).await.expect("memory takes all");
        bytes
    }

    /// Decodes the bytes in pieces of one byte and as one piece, and checks that the results are equal.
    async fn undone(bytes: &[u8]) -> Result<Vec<u8>, io::ErrorKind> {
        let mut results = Vec::new();
        for capacity in [1, 4096] {
            let mut out = Vec::new();
            let source = BufReader::with_capacity(capacity, bytes);
            let read = Members::new(source).read_to_end(&mut out).await;
            results.push(read.map(|_| out).map_err(|error| error.kind()));
        }
        assert_eq!(results[0], results[1], "{}", bytes.escape_ascii());
        results.swap_remove(0)
    }

    #[tokio::test]
    async fn every_part_of_a_header_is_optional() {
        let member = gzip().await;
        let parts: [(u8, &[u8]); 8] = [
            (0, b""),
            (1, b""),
            (2, b"cc"),
            (4, b"\x03\0abc"),
            (4, b"\0\0"),
            (8, b"name\0"),
            (16, b"\0"),
            (0b1_1111, b"\x01\0anames\0comment\0cc"),
        ];
        for (flags, part) in parts {
            let mut bytes = member[..10].to_vec();
            bytes[3] = flags;
            bytes.extend_from_slice(part);
            let header = bytes.len();
            bytes.extend_from_slice(&member[10..]);
            assert_eq!(undone(&bytes).await.as_deref(), Ok(TEXT), "{flags:#b}");
            for cut in 0..header {
                assert_eq!(undone(&bytes[..cut]).await, Err(io::ErrorKind::UnexpectedEof), "{flags:#b}, {cut} bytes");
            }
        }
        for (place, byte) in [(0, 0x1e), (1, 0x8a), (2, 7), (3, 0x20), (3, 0x80)] {
            let mut bytes = member.clone();
            bytes[place] = byte;
            assert_eq!(undone(&bytes).await, Err(io::ErrorKind::InvalidData), "{byte:#x} at {place}");
        }
    }

    #[tokio::test]
    async fn a_trailer_may_be_missing_but_not_wrong() {
        let member = gzip().await;
        let data = member.len() - 8;
        for cut in 10..member.len() {
            let found = undone(&member[..cut]).await.ok();
            assert_eq!(found.as_deref(), (cut >= data).then_some(TEXT), "{cut} bytes");
        }
        for place in data..member.len() {
            let mut bytes = member.clone();
            bytes[place] ^= 1;
            assert_eq!(undone(&bytes).await, Err(io::ErrorKind::InvalidData), "byte {place}");
        }
        let last_without = [&member[..], &member[..data]].concat();
        assert_eq!(undone(&last_without).await, Ok([TEXT, TEXT].concat()));
        let first_without = [&member[..data], &member[..]].concat();
        assert_eq!(undone(&first_without).await, Err(io::ErrorKind::InvalidData), "other bytes are in its place");
    }

    #[tokio::test]
    async fn the_number_of_members_is_limited_by_their_data() {
        let (member, mut empty) = (gzip().await, Vec::new());
        GzipEncoder::new(&b""[..]).read_to_end(&mut empty).await.expect("memory takes everything");
        let most = usize::try_from(MEMBERS).expect("a small number");
        let mut large = Vec::new();
        let data = vec![b'x'; 100 * usize::try_from(DATA_OF_A_MEMBER).expect("a small number")];
        GzipEncoder::new(&data[..]).read_to_end(&mut large).await.expect("memory takes everything");
        for (first, empty, count, is_good) in [
            (&member, &empty, most, true),
            (&member, &empty, most + 1, false),
            (&member, &member, most, true),
            (&member, &member, 2 * most, false),
            (&large, &empty, most + 100, true),
            (&large, &empty, most + 101, false),
        ] {
            let body = [&first[..], &empty.repeat(count - 1)].concat();
            let found = undone(&body).await;
            assert_eq!(found.is_ok(), is_good, "{count} members of {} bytes: {:?}", first.len(), found.err());
        }
    }

    #[tokio::test]
    async fn members_are_joined_and_data_after_them_is_ignored() {
        let member = gzip().await;
        let twice = [TEXT, TEXT].concat();
        let table: [(&[u8], _); 5] = [
            (b"", Ok(TEXT)),
            (b"\0\0\n<!-- stray -->", Ok(TEXT)),
            (&member, Ok(&twice[..])),
            (b"\x1f", Err(io::ErrorKind::UnexpectedEof)),
            (b"\x1f\x00", Err(io::ErrorKind::InvalidData)),
        ];
        for (rest, expected) in table {
            let bytes = [&member[..], rest].concat();
            assert_eq!(undone(&bytes).await.as_deref(), expected.as_ref().map(|text| *text), "{}", rest.escape_ascii());
        }
    }
}
