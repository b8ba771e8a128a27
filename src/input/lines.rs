//! Splits bytes into lines.

use std::io::{self, Read};

use super::encoding::{self, Beginning, Utf16};

/// The longest valid line in bytes, without its line ending. A longer line becomes a failed task (`invalid_url`).
///
/// Browsers and servers have much lower limits. The limit also keeps a file without newlines from filling the memory.
pub const MAX_LINE: usize = 64 * 1024;

/// Maximum number of bytes in one read.
const BUFFER: usize = 64 * 1024;

/// Maximum number of UTF-16 bytes that are decoded at once. The resulting UTF-8 may be longer.
const UTF16_PIECE: usize = BUFFER / 4;

/// Splits the bytes of a reader into lines. `take` never reads from the source; `refill` reads once.
///
/// A line ends with LF, CR LF, or CR. CR LF gives an additional empty line, which does no harm, because blank lines are
/// not tasks.
pub(super) struct Lines<R> {
    reader: R,
    /// Converts the list to UTF-8 if it is in UTF-16.
    decoder: Option<Utf16>,
    buffer: Box<[u8]>,
    /// Start and end of the bytes in `buffer` that have been read and not taken yet.
    start: usize,
    end: usize,
    /// The beginning of a line whose end has not been read yet: at most `MAX_LINE` bytes, without leading white space.
    partial: Vec<u8>,
    /// Whether that line is longer than `partial`.
    too_long: bool,
    /// Whether `take` has returned `partial`, so that it must be cleared.
    taken: bool,
    /// Whether nothing has been read yet. A source may begin with a byte-order mark.
    at_beginning: bool,
}

/// One line without its line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The line, or its first `MAX_LINE` bytes.
    pub(super) bytes: &'a [u8],
    /// Whether the line is longer than `bytes`.
    pub(super) too_long: bool,
}

/// Why the list cannot be read further.
#[derive(Debug)]
pub(super) enum Unreadable {
    Io(io::Error),
    /// The list is in this unsupported encoding. None of its lines were returned.
    Encoding(&'static str),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            decoder: None,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            partial: Vec::new(),
            too_long: false,
            taken: false,
            at_beginning: true,
        }
    }

    /// Returns the next line if its end has been read already.
    pub(super) fn take(&mut self) -> Option<Line<'_>> {
        self.forget_taken();
        let unread = self.start..self.end;
        let Some(length) = memchr::memchr2(b'\n', b'\r', &self.buffer[unread.clone()]) else {
            self.start = self.end;
            self.keep(unread);
            return None;
        };
        self.start += length + 1;
        let line = unread.start..unread.start + length;
        if self.partial.is_empty() {
            return Some(Line { bytes: &self.buffer[line], too_long: false });
        }
        self.keep(line);
        Some(self.give_partial())
    }

    /// Returns the text after the last line ending. Call it after `refill` has returned 0.
    pub(super) fn take_rest(&mut self) -> Option<Line<'_>> {
        self.forget_taken();
        if self.partial.is_empty() { None } else { Some(self.give_partial()) }
    }

    /// Reads once, and waits as long as the source needs. Returns the number of bytes read, 0 at the end. Call it when
    /// `take` returns `None`.
    pub(super) fn refill(&mut self) -> Result<usize, Unreadable> {
        (self.start, self.end) = (0, 0);
        if self.at_beginning {
            self.at_beginning = false;
            return self.begin();
        }
        if self.decoder.is_some() {
            let mut piece = [0; UTF16_PIECE];
            let length = read(&mut self.reader, &mut piece)?;
            self.decode(&piece[..length], length == 0);
            return Ok(length);
        }
        self.end = read(&mut self.reader, &mut self.buffer)?;
        Ok(self.end)
    }

    /// Reads the beginning of the list and detects its encoding.
    fn begin(&mut self) -> Result<usize, Unreadable> {
        let mut piece = [0; UTF16_PIECE];
        let mut length = 0;
        loop {
            let count = read(&mut self.reader, &mut piece[length..])?;
            length += count;
            let bytes = &piece[..length];
            match encoding::beginning(bytes, count == 0) {
                Beginning::Unknown => {}
                Beginning::Refused(encoding) => return Err(Unreadable::Encoding(encoding)),
                Beginning::Utf8(mark) => {
                    self.buffer[..length].copy_from_slice(bytes);
                    (self.start, self.end) = (mark, length);
                    return Ok(length);
                }
                Beginning::Utf16(mark, decoder) => {
                    self.decoder = Some(decoder);
                    self.decode(&bytes[mark..], false);
                    return Ok(length);
                }
            }
        }
    }

    /// Decodes UTF-16 into the buffer. At the end of the list, the remaining text is added to the last line.
    fn decode(&mut self, bytes: &[u8], at_end: bool) {
        let Some(decoder) = &mut self.decoder else { return };
        self.end = decoder.decode(bytes, &mut self.buffer, at_end);
        if at_end {
            self.keep(0..self.end);
            self.start = self.end;
        }
    }

    fn forget_taken(&mut self) {
        if self.taken {
            self.partial.clear();
            self.too_long = false;
            self.taken = false;
        }
    }

    fn keep(&mut self, range: std::ops::Range<usize>) {
        let mut bytes = &self.buffer[range];
        if self.partial.is_empty() {
            bytes = bytes.trim_ascii_start();
        }
        let room = MAX_LINE - self.partial.len();
        self.too_long |= bytes.len() > room;
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn give_partial(&mut self) -> Line<'_> {
        self.taken = true;
        Line { bytes: &self.partial, too_long: self.too_long }
    }
}

fn read(reader: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that returns at most this many bytes in each read.
    struct InPieces<'a>(&'a [u8], usize);

    impl Read for InPieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(into.len());
            let (now, later) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn lines(text: &[u8], piece: usize) -> Vec<(String, bool)> {
        let mut lines = Lines::new(InPieces(text, piece));
        let mut all = Vec::new();
        let show = |line: Line<'_>| (String::from_utf8_lossy(line.bytes).trim().to_owned(), line.too_long);
        loop {
            while let Some(line) = lines.take() {
                all.push(show(line));
            }
            if lines.refill().expect("a slice can be read") == 0 {
                all.extend(lines.take_rest().map(show));
                return all;
            }
        }
    }

    #[test]
    fn lines_do_not_depend_on_the_lengths_of_the_reads() {
        let table: [(&[u8], &[&str]); 20] = [
            (b"\xEF\xBB", &["\u{fffd}"]),
            (b"", &[]),
            (b"\n", &[""]),
            (b"a", &["a"]),
            (b"a\n", &["a"]),
            (b"a\r\nb\r\n", &["a", "", "b", ""]),
            (b"a\rb\rc", &["a", "b", "c"]),
            (b"a\r\r\nb\r", &["a", "", "", "b"]),
            (b"\r", &[""]),
            (b"\xFF\xFEa\0\r\0\xe9\0\n\0c\0", &["a", "é", "c"]),
            (b"\xFE\xFF\0a\0\r\0\n\0b", &["a", "", "b"]),
            (b"\xFF\xFE", &[]),
            (b"\xFF\xFEa\0b", &["a\u{fffd}"]),
            (b"\xFE\xFF\xd8\0\0\n\0a", &["\u{fffd}", "a"]),
            (b"a\n\n b \nc", &["a", "", "b", "c"]),
            (b"\xEF\xBB\xBFa\nb", &["a", "b"]),
            (b"\xEF\xBB\xBF", &[]),
            (b"\xEF\xBB\xBF\r\na", &["", "", "a"]),
            (b"a\n\xEF\xBB\xBFb", &["a", "\u{feff}b"]),
            (b"\xEF\xBB\xBF\xEF\xBB\xBFa\n", &["\u{feff}a"]),
        ];
        for (text, expected) in table {
            for piece in [1, 2, 3, 5, 64] {
                let got: Vec<String> = lines(text, piece).into_iter().map(|(line, _)| line).collect();
                assert_eq!(got, expected, "{text:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_line_over_the_limit_is_shortened_and_the_next_one_is_complete() {
        for piece in [1000, BUFFER] {
            for extra in [0, 1, 3 * MAX_LINE] {
                let mut text = vec![b'x'; MAX_LINE + extra];
                text.extend_from_slice(b"\nnext\n");
                let got = lines(&text, piece);
                assert_eq!(got.len(), 2, "{extra}");
                assert_eq!((got[0].0.len(), got[0].1), (MAX_LINE, extra > 0), "{extra} in pieces of {piece}");
                assert_eq!(got[1], ("next".to_owned(), false));
            }
        }
    }

    #[test]
    fn leading_white_space_does_not_count_for_the_limit() {
        let mut text = vec![b' '; 3 * MAX_LINE];
        text.extend_from_slice(b"first\n");
        text.extend_from_within(..3 * MAX_LINE);
        text.extend_from_slice(b"a\n");
        assert_eq!(lines(&text, BUFFER), [("first".to_owned(), false), ("a".to_owned(), false)]);
    }
}
