//! The text of a list as UTF-8, without a byte-order mark, whatever its encoding is.

use std::io::{self, Read};

use super::encoding::{self, Beginning, Utf16};

/// Bytes that are read from the source at once, if they have to be decoded. The resulting UTF-8 may be longer.
const PIECE: usize = 16 * 1024;

/// Reads a list and gives it as UTF-8. A list in an encoding that is not supported is refused with the first read, by an
/// error that holds a [`Refused`].
pub(super) struct Utf8<R> {
    reader: R,
    state: State,
    /// Text that was read and not taken yet.
    text: Vec<u8>,
    taken: usize,
}

enum State {
    Beginning,
    Utf8,
    Utf16(Utf16),
    AtEnd,
}

/// The encoding of a list that is not supported, as `iconv` names it.
#[derive(Debug, thiserror::Error)]
#[error("the list is in {0}")]
pub(super) struct Refused(pub(super) &'static str);

impl<R: Read> Utf8<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, state: State::Beginning, text: Vec::new(), taken: 0 }
    }

    /// Reads the beginning of the list and detects its encoding.
    fn begin(&mut self) -> io::Result<State> {
        let mut piece = vec![0; PIECE];
        let mut length = 0;
        loop {
            let count = self.reader.read(&mut piece[length..])?;
            length += count;
            match encoding::beginning(&piece[..length], count == 0) {
                Beginning::Unknown => {}
                Beginning::Refused(encoding) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, Refused(encoding)));
                }
                Beginning::Utf8(mark) => {
                    self.text = piece[mark..length].to_vec();
                    return Ok(State::Utf8);
                }
                Beginning::Utf16(mark, mut decoder) => {
                    self.text = decoded(&mut decoder, &piece[mark..length], false);
                    return Ok(State::Utf16(decoder));
                }
            }
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let waiting = &self.text[self.taken..];
            if !waiting.is_empty() || into.is_empty() {
                let length = waiting.len().min(into.len());
                into[..length].copy_from_slice(&waiting[..length]);
                self.taken += length;
                return Ok(length);
            }
            (self.text, self.taken) = (Vec::new(), 0);
            match &mut self.state {
                State::Beginning => self.state = self.begin()?,
                State::Utf8 => return self.reader.read(into),
                State::Utf16(decoder) => {
                    let mut piece = vec![0; PIECE];
                    let length = self.reader.read(&mut piece)?;
                    self.text = decoded(decoder, &piece[..length], length == 0);
                    if length == 0 {
                        self.state = State::AtEnd;
                    }
                }
                State::AtEnd => return Ok(0),
            }
        }
    }
}

fn decoded(decoder: &mut Utf16, bytes: &[u8], last: bool) -> Vec<u8> {
    // `decode` asks for this much room.
    let mut text = vec![0; 2 * bytes.len() + 16];
    let length = decoder.decode(bytes, &mut text, last);
    text.truncate(length);
    text
}
