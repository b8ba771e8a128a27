//! Splits bytes into lines.

use std::io::Read;

use super::format::Unreadable;
use super::utf8::Utf8;

/// The longest valid line in bytes, without its line ending. A longer line becomes a failed task (`invalid_url`).
///
/// Browsers and servers have much lower limits. The limit also keeps a file without newlines from filling the memory.
pub const MAX_LINE: usize = 64 * 1024;

/// Maximum number of bytes in one read.
const BUFFER: usize = 64 * 1024;

/// Splits the text of a reader into lines. `take` never reads from the source; `refill` reads once.
///
/// A line ends with LF, CR LF, or CR. CR LF gives an additional empty line, which does no harm, because blank lines are
/// not tasks.
pub(super) struct Lines<R> {
    reader: Utf8<R>,
    /// The longest line that is kept, in bytes.
    most: usize,
    buffer: Box<[u8]>,
    /// Start and end of the bytes in `buffer` that have been read and not taken yet.
    start: usize,
    end: usize,
    /// The beginning of a line whose end has not been read yet: at most `most` bytes, without leading white space.
    partial: Vec<u8>,
    /// Whether that line is longer than `partial`.
    too_long: bool,
    /// Whether `take` has returned `partial`, so that it must be cleared.
    taken: bool,
    /// The number of the line that `take` returned last, from 1, and the character that ended it. An LF after CR ends
    /// no line of its own.
    number: u64,
    end_of_line: u8,
}

/// One line without its line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The line, or its first bytes.
    pub(super) bytes: &'a [u8],
    /// Whether the line is longer than `bytes`.
    pub(super) too_long: bool,
    /// The number of the line, from 1.
    pub(super) number: u64,
}

impl<R: Read> Lines<R> {
    /// Lines of at most `most` bytes. The rest of a longer line is dropped.
    pub(super) fn new(reader: Utf8<R>, most: usize) -> Self {
        Self {
            reader,
            most,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            partial: Vec::new(),
            too_long: false,
            taken: false,
            number: 0,
            end_of_line: b'\n',
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
        let end_of_line = self.buffer[unread.start + length];
        let is_second_half = (self.end_of_line, end_of_line) == (b'\r', b'\n') && length == 0;
        self.number += u64::from(!(is_second_half && self.partial.is_empty()));
        self.end_of_line = end_of_line;
        let line = unread.start..unread.start + length;
        if self.partial.is_empty() {
            return Some(Line { bytes: &self.buffer[line], too_long: false, number: self.number });
        }
        self.keep(line);
        Some(self.give_partial())
    }

    /// Returns the text after the last line ending. Call it after `refill` has returned 0.
    pub(super) fn take_rest(&mut self) -> Option<Line<'_>> {
        self.forget_taken();
        if self.partial.is_empty() {
            return None;
        }
        self.number += 1;
        Some(self.give_partial())
    }

    /// Reads once, and waits as long as the source needs. Returns the number of bytes read, 0 at the end. Call it when
    /// `take` returns `None`.
    pub(super) fn refill(&mut self) -> Result<usize, Unreadable> {
        self.start = 0;
        self.end = self.reader.read(&mut self.buffer)?;
        Ok(self.end)
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
        let room = self.most - self.partial.len();
        self.too_long |= bytes.len() > room;
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn give_partial(&mut self) -> Line<'_> {
        self.taken = true;
        Line { bytes: &self.partial, too_long: self.too_long, number: self.number }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

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
        let mut lines = Lines::new(Utf8::new(InPieces(text, piece)), MAX_LINE);
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
    fn lines_are_numbered_as_editors_do_it() {
        let text = b"a\r\nb\n\nc\rd\r\r\ne";
        for piece in [1, 2, 64] {
            let mut lines = Lines::new(Utf8::new(InPieces(text, piece)), MAX_LINE);
            let numbered = |line: Line<'_>| (String::from_utf8_lossy(line.bytes).into_owned(), line.number);
            let mut numbers = Vec::new();
            loop {
                while let Some(line) = lines.take() {
                    numbers.push(numbered(line));
                }
                if lines.refill().expect("a slice can be read") == 0 {
                    break;
                }
            }
            numbers.extend(lines.take_rest().map(numbered));
            numbers.retain(|(line, _)| !line.is_empty());
            let expected = [("a", 1), ("b", 2), ("c", 4), ("d", 5), ("e", 7)];
            assert_eq!(numbers, expected.map(|(line, number)| (line.to_owned(), number)), "in pieces of {piece}");
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
