//! Splits a stream into records. A block that nobody wants is never in memory.

use std::io::{self, Read};

use super::Head;

/// The longest head of a record in bytes.
const MOST_HEAD: usize = 64 * 1024;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// How a record begins.
const BEGINNING: &[u8] = b"WARC/";

/// Bytes that tell what something is that is not a record.
const ENOUGH: usize = 8;

/// Reads records. [`take`](Self::take) never reads, and [`refill`](Self::refill) reads once: a read may take long.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    buffer: Box<[u8]>,
    /// Start and end of the bytes in `buffer` that are read and not used.
    start: usize,
    end: usize,
    /// Bytes before `start`, from the beginning of the archive.
    at: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// A head comes next. This many bytes after `start` do not contain its end.
    Head {
        searched: usize,
    },
    Block(Unfinished),
}

/// A record whose block is not complete.
#[derive(Debug)]
struct Unfinished {
    head: Head,
    at: u64,
    length: u64,
    /// Bytes that are still to come.
    left: u64,
    /// The bytes so far. `None` if the block is longer than wanted.
    block: Option<Vec<u8>>,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Its named fields.
    pub head: Head,
    /// Its content.
    pub block: Block,
    /// Where its head begins: bytes from the beginning of the archive, unpacked.
    pub at: u64,
}

/// The content of a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// All of it.
    Whole(Vec<u8>),
    /// It has this many bytes, which is more than wanted. They are skipped.
    TooLong(u64),
    /// The archive ends before the end of the block, which has this many bytes here.
    CutOff(u64),
}

/// Why an archive cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is not an archive, or not from here on.
    #[error("byte {at} of the unpacked archive: {why}")]
    Broken {
        /// The place of the record: bytes from the beginning of the archive, unpacked.
        at: u64,
        /// What is wrong, and the way out.
        why: String,
    },
}

impl<R: Read> Reader<R> {
    /// Reads the archive from its beginning. `source` is unpacked already.
    pub fn new(source: R) -> Self {
        let buffer = vec![0; MOST_HEAD + PIECE].into_boxed_slice();
        Self { source, buffer, start: 0, end: 0, at: 0, state: State::Head { searched: 0 } }
    }

    /// Returns the next record if it was read completely. `most` says how many bytes of a block are wanted at most; a
    /// longer block is skipped while it is read.
    ///
    /// # Errors
    /// If no record begins where one must begin, or its head does not tell its length.
    pub fn take(&mut self, most: impl Fn(&Head) -> u64) -> Result<Option<Record>, Error> {
        loop {
            match &mut self.state {
                State::Head { .. } => match self.take_head()? {
                    Some(head) => self.begin_block(head, &most)?,
                    None => return Ok(None),
                },
                State::Block(unfinished) => {
                    let here = &self.buffer[self.start..self.end];
                    let length = here.len().min(usize::try_from(unfinished.left).unwrap_or(usize::MAX));
                    if let Some(block) = &mut unfinished.block {
                        block.extend_from_slice(&here[..length]);
                    }
                    unfinished.left -= length as u64;
                    let is_complete = unfinished.left == 0;
                    self.advance(length);
                    return Ok(if is_complete { self.end_block() } else { None });
                }
            }
        }
    }

    /// Reads once, and waits as long as the source needs. Returns 0 at the end of the archive. An archive that was
    /// compressed and is cut off ends where its last bytes can be unpacked.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub fn refill(&mut self) -> Result<usize, Error> {
        let read = match &mut self.state {
            // The buffer is empty, so the bytes go directly to their place.
            State::Block(Unfinished { block: Some(block), left, .. }) if self.start == self.end => {
                let before = block.len();
                let result = self.source.by_ref().take(*left).read_to_end(block);
                let length = block.len() - before;
                *left -= length as u64;
                self.at += length as u64;
                match result {
                    Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
                    _ => Ok(length),
                }
            }
            _ => {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
                loop {
                    match self.source.read(&mut self.buffer[self.end..]) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        result => break result,
                    }
                }
                .inspect(|length| self.end += length)
            }
        };
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => Ok(read?),
        }
    }

    /// Returns the record that the end of the archive cuts off, if there is one. Must be called when `refill` returns 0.
    ///
    /// # Errors
    /// If the archive ends in the head of a record.
    pub fn take_rest(&mut self) -> Result<Option<Record>, Error> {
        match std::mem::replace(&mut self.state, State::Head { searched: 0 }) {
            State::Block(Unfinished { head, at, length, left, .. }) => {
                Ok(Some(Record { head, block: Block::CutOff(length - left), at }))
            }
            State::Head { .. } if self.start < self.end => {
                let (here, at) = (&self.buffer[self.start..self.end], self.at);
                let torn = "the archive ends in the head of a record: is it complete?";
                let why = if may_be_record(here) { torn } else { not_a_record(here, at) };
                self.advance(self.end - self.start);
                Err(Error::Broken { at, why: why.to_owned() })
            }
            State::Head { .. } => Ok(None),
        }
    }

    fn advance(&mut self, length: usize) {
        self.start += length;
        self.at += length as u64;
    }

    /// Takes the head of the next record, from `WARC/` to its empty line, if it was read completely.
    fn take_head(&mut self) -> Result<Option<Head>, Error> {
        let blank = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let State::Head { searched } = self.state else { return Ok(None) };
        if searched == 0 {
            // Two empty lines end a record. Some tools write none, or more of them.
            let blanks = self.buffer[self.start..self.end].iter().take_while(|byte| blank(byte)).count();
            self.advance(blanks);
        }
        let here = &self.buffer[self.start..self.end];
        if !may_be_record(here) {
            // A few bytes tell what it is instead.
            return if here.len() < ENOUGH { Ok(None) } else { Err(self.broken(not_a_record(here, self.at))) };
        }
        let Some(end) = end_of_head(here, searched) else {
            if here.len() >= MOST_HEAD {
                return Err(self.broken(format!("the head of a record is longer than {} KiB", MOST_HEAD / 1024)));
            }
            self.state = State::Head { searched: here.len() };
            return Ok(None);
        };
        let lines = memchr::memchr(b'\n', &here[..end]).map_or(end, |at| at + 1);
        let head = Head::parse(&here[lines..end]);
        self.state = State::Head { searched: end };
        Ok(Some(head))
    }

    fn begin_block(&mut self, head: Head, most: impl Fn(&Head) -> u64) -> Result<(), Error> {
        let State::Head { searched } = self.state else { return Ok(()) };
        let at = self.at;
        let length = length_of(&head).map_err(|why| self.broken(why))?;
        self.advance(searched);
        let is_wanted = length <= most(&head);
        let block = is_wanted.then(|| Vec::with_capacity(usize::try_from(length).unwrap_or_default()));
        self.state = State::Block(Unfinished { head, at, length, left: length, block });
        Ok(())
    }

    fn end_block(&mut self) -> Option<Record> {
        let state = std::mem::replace(&mut self.state, State::Head { searched: 0 });
        let State::Block(Unfinished { head, at, length, block, .. }) = state else { return None };
        Some(Record { head, block: block.map_or(Block::TooLong(length), Block::Whole), at })
    }

    fn broken(&self, why: impl Into<String>) -> Error {
        Error::Broken { at: self.at, why: why.into() }
    }
}

/// Where the head ends: after its empty line. The first `searched` bytes do not contain this place.
fn end_of_head(here: &[u8], searched: usize) -> Option<usize> {
    // An empty line has at most three bytes together with the end of the line before.
    let from = searched.saturating_sub(3);
    memchr::memchr_iter(b'\n', &here[from..]).find_map(|at| match &here[from + at + 1..] {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

fn length_of(head: &Head) -> Result<u64, String> {
    let mut lengths = head.all("content-length");
    let Some(length) = lengths.next() else { return Err("a record has no `Content-Length`".to_owned()) };
    if lengths.any(|other| other != length) {
        return Err("a record has two different values of `Content-Length`".to_owned());
    }
    let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    let number = length.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| {
        let shown: String = length.chars().take(40).collect();
        format!("the `Content-Length` of a record is not a valid number of bytes: `{shown}`")
    })
}

/// Whether bytes are the beginning of a record, as far as they go.
fn may_be_record(here: &[u8]) -> bool {
    let begun = here.len().min(BEGINNING.len());
    here[..begun] == BEGINNING[..begun]
}

/// Says what is there instead of a record.
fn not_a_record(here: &[u8], at: u64) -> &'static str {
    if at > 0 {
        return "no record begins here, where the record before ends: its `Content-Length` is wrong, or the archive is damaged";
    }
    match here {
        [b'f', b'i', b'l', b'e', b'd', ..] => {
            "it is an archive in the older ARC format: convert it (`warcio recompress` does that)"
        }
        [0x5d, 0x2a, 0x4d, 0x18, ..] => {
            "it is compressed with a zstd dictionary, which is not supported: pack it without one"
        }
        _ => "it is not a WARC archive: it does not begin with `WARC/`",
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
