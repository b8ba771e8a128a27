//! Unpacks gzip and zstd. The first bytes tell, whatever the name of the list is. A list may have several members, one
//! after another (RFC 1952, section 2.2; RFC 8878, section 3).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

/// The first bytes of a member.
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Bytes that are read from the source at once.
const BUFFER: usize = 64 * 1024;

/// The bytes of a list, unpacked.
///
/// A member that ends too early is an error of the kind `UnexpectedEof`, because the list has lost its end. Zeros after
/// the last member are padding of some tapes and tools: they give a warning. Anything else there is an error.
pub struct Unpacked<R: Read>(State<R>);

enum State<R: Read> {
    Beginning(Raw<R>),
    Plain(Raw<R>),
    Gzip(GzDecoder<Raw<R>>),
    Zstd(ZstdDecoder<'static, Raw<R>>),
    AtEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl<R: Read> Unpacked<R> {
    /// The bytes of `source`, unpacked if they are packed.
    pub fn new(source: R) -> Self {
        Self(State::Beginning(Raw { source, buffer: vec![0; BUFFER].into_boxed_slice(), start: 0, end: 0 }))
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = match &mut self.0 {
                State::Beginning(_) => 0,
                State::Plain(raw) => return raw.read(into),
                State::Gzip(member) => member.read(into).map_err(|error| broken("gzip", &error))?,
                State::Zstd(member) => member.read(into).map_err(|error| broken("zstd", &error))?,
                State::AtEnd => return Ok(0),
            };
            if length > 0 || into.is_empty() {
                return Ok(length);
            }
            self.0 = match std::mem::replace(&mut self.0, State::AtEnd) {
                State::Beginning(mut raw) => member(raw.packing()?, raw)?,
                State::Gzip(member) => next_member("gzip", member.into_inner())?,
                State::Zstd(member) => next_member("zstd", member.finish())?,
                state @ (State::Plain(_) | State::AtEnd) => state,
            };
        }
    }
}

fn member<R: Read>(packing: Packing, raw: Raw<R>) -> io::Result<State<R>> {
    Ok(match packing {
        Packing::Plain => State::Plain(raw),
        Packing::Gzip => State::Gzip(GzDecoder::new(raw)),
        Packing::Zstd => State::Zstd(ZstdDecoder::with_buffer(raw)?.single_frame()),
    })
}

/// What follows a member of this packing.
fn next_member<R: Read>(name: &str, mut raw: Raw<R>) -> io::Result<State<R>> {
    let packing = raw.packing()?;
    if packing != Packing::Plain {
        return member(packing, raw);
    }
    let mut has_padding = false;
    loop {
        let bytes = raw.fill_buf()?;
        if bytes.iter().any(|byte| *byte != 0) {
            let message = format!("the {name} data is followed by bytes that are not {name}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        if bytes.is_empty() {
            if has_padding {
                tracing::warn!("a list has zeros after the end of its {name} data; they are ignored");
            }
            return Ok(State::AtEnd);
        }
        has_padding = true;
        let length = bytes.len();
        raw.consume(length);
    }
}

/// The bytes of the source. Some of them can be looked at before they are taken.
struct Raw<R> {
    source: R,
    buffer: Box<[u8]>,
    /// Start and end of the bytes in `buffer` that have been read and not taken yet.
    start: usize,
    end: usize,
}

impl<R: Read> Raw<R> {
    /// Recognizes the packing of what follows. A line from a slow pipe does not have to wait: more bytes are read only
    /// while they may be the beginning of a member.
    fn packing(&mut self) -> io::Result<Packing> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let mut whole = false;
        loop {
            if let Some(packing) = packing(&self.buffer[..self.end], whole) {
                return Ok(packing);
            }
            whole = self.read_more()? == 0;
        }
    }

    fn read_more(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    self.end += count;
                    return Ok(count);
                }
            }
        }
    }
}

impl<R: Read> BufRead for Raw<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.read_more()?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(into)?;
        self.consume(length);
        Ok(length)
    }
}

/// The packing of bytes that begin like this; `None` if more bytes are needed. `whole` means that there are no more.
fn packing(head: &[u8], whole: bool) -> Option<Packing> {
    if head.starts_with(GZIP) {
        return Some(Packing::Gzip);
    }
    if head.starts_with(ZSTD) {
        return Some(Packing::Zstd);
    }
    let may_become = |magic: &[u8]| head.len() < magic.len() && magic.starts_with(head);
    (whole || !(may_become(GZIP) || may_become(ZSTD))).then_some(Packing::Plain)
}

fn broken(name: &str, error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            let message = format!("the {name} data ends in the middle: is the file complete?");
            io::Error::new(io::ErrorKind::UnexpectedEof, message)
        }
        kind => io::Error::new(kind, format!("the {name} data is broken: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// Gives at most this many bytes in each read.
    struct InPieces<'a>(&'a [u8], usize);

    impl Read for InPieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(into.len());
            self.0.read(&mut into[..length])
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 3).expect("memory takes it")
    }

    #[test]
    fn members_are_unpacked_and_everything_that_follows_them_has_an_outcome() {
        let (gz, zst) = (gzip(b"one\n"), zstd(b"one\n"));
        let cut = |bytes: &[u8], by: usize| bytes[..bytes.len() - by].to_vec();
        let table: Vec<(&str, Vec<u8>, Result<&str, &str>)> = vec![
            ("empty", vec![], Ok("")),
            ("plain", b"one".to_vec(), Ok("one")),
            ("plain, one byte", b"(".to_vec(), Ok("(")),
            ("plain, like zstd", b"(\xb5/x".to_vec(), Ok("(\u{fffd}/x")),
            ("gzip", gz.clone(), Ok("one\n")),
            ("zstd", zst.clone(), Ok("one\n")),
            ("gzip members", [gz.clone(), gzip(b""), gzip(b"two")].concat(), Ok("one\ntwo")),
            ("zstd frames", [zst.clone(), zstd(b""), zstd(b"two")].concat(), Ok("one\ntwo")),
            ("both", [gz.clone(), zstd(b"two")].concat(), Ok("one\ntwo")),
            ("gzip, one zero", [gz.clone(), vec![0]].concat(), Ok("one\n")),
            ("gzip, zeros", [gz.clone(), vec![0; 200_000]].concat(), Ok("one\n")),
            ("zstd, zeros", [zst.clone(), vec![0; 512]].concat(), Ok("one\n")),
            ("gzip, bytes", [gz.clone(), b"tail".to_vec()].concat(), Err("followed by bytes that are not gzip")),
            (
                "gzip, zeros, bytes",
                [gz.clone(), vec![0; 9], b"x".to_vec()].concat(),
                Err("followed by bytes that are not gzip"),
            ),
            ("gzip cut", [gz.clone(), cut(&gz, 3)].concat(), Err("the gzip data ends in the middle")),
            ("gzip cut in its head", [gz.clone(), gz[..2].to_vec()].concat(), Err("the gzip data ends in the middle")),
            ("zstd cut", [zst.clone(), cut(&zst, 2)].concat(), Err("the zstd data ends in the middle")),
            ("gzip checksum", [cut(&gz, 8), vec![1; 8]].concat(), Err("the gzip data is broken")),
        ];
        for (what, bytes, expected) in table {
            for piece in [1, 2, 3, 7, BUFFER] {
                let mut text = Vec::new();
                let result = Unpacked::new(InPieces(&bytes, piece)).read_to_end(&mut text);
                match (result, expected) {
                    (Ok(_), Ok(expected)) => assert_eq!(String::from_utf8_lossy(&text), expected, "{what} by {piece}"),
                    (Err(error), Err(part)) => {
                        assert!(error.to_string().contains(part), "{what} by {piece}: {error}");
                        assert!(!what.contains("cut") || text.starts_with(b"one\n"), "{what}: nothing before is lost");
                    }
                    (result, _) => panic!("{what} by {piece}: {result:?}"),
                }
            }
        }
    }
}
