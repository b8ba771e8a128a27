use std::io::{self, Read};

/// The longest line, in bytes and without its end; a longer one is a task that is no URL (`invalid_url`).
///
/// Browsers and servers give up far below that, and a file without a single newline must not be read into memory.
pub const MAX_LINE: usize = 64 * 1024;

/// How much is asked of the source at once.
const BUFFER: usize = 64 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Cuts what a reader gives into lines, and says when it would have to read: `take` never does, `refill` does once.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Box<[u8]>,
    /// What of `buffer` has been read and not yet been taken.
    start: usize,
    end: usize,
    /// The beginning of a line whose end has not been seen, white space before it left out, at most `MAX_LINE` bytes.
    partial: Vec<u8>,
    /// Whether that line has more bytes than `partial` holds.
    too_long: bool,
    /// Whether `partial` was given out as a line and is to be forgotten.
    taken: bool,
    /// Whether nothing has been read yet: the beginning of a source may be a byte-order mark.
    at_beginning: bool,
}

/// One line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The line, or its first `MAX_LINE` bytes.
    pub(super) bytes: &'a [u8],
    /// Whether there was more of it.
    pub(super) too_long: bool,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            partial: Vec::new(),
            too_long: false,
            taken: false,
            at_beginning: true,
        }
    }

    /// The next line, if its end has been read already.
    pub(super) fn take(&mut self) -> Option<Line<'_>> {
        self.forget_taken();
        let unread = self.start..self.end;
        let Some(length) = self.buffer[unread.clone()].iter().position(|&byte| byte == b'\n') else {
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

    /// What stands after the last newline, once `refill` has said that there is no more.
    pub(super) fn take_rest(&mut self) -> Option<Line<'_>> {
        self.forget_taken();
        if self.partial.is_empty() { None } else { Some(self.give_partial()) }
    }

    /// Reads once, for as long as the source takes; gives how many bytes came, 0 at the end. To be called when `take`
    /// has nothing more.
    pub(super) fn refill(&mut self) -> io::Result<usize> {
        self.start = 0;
        self.end = self.read(0)?;
        if self.at_beginning {
            self.at_beginning = false;
            self.skip_byte_order_mark()?;
        }
        Ok(self.end)
    }

    /// A mark may come in pieces; what cannot become one waits for nothing.
    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        while self.end > 0 && self.end < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.buffer[..self.end])
        {
            match self.read(self.end)? {
                0 => return Ok(()),
                count => self.end += count,
            }
        }
        if self.buffer[..self.end].starts_with(BYTE_ORDER_MARK) {
            self.start = BYTE_ORDER_MARK.len();
        }
        Ok(())
    }

    fn read(&mut self, at: usize) -> io::Result<usize> {
        loop {
            match self.reader.read(&mut self.buffer[at..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `pieces` of what it holds, one a read.
    struct InPieces<'a>(&'a [u8], usize);

    impl Read for InPieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len());
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
    fn lines_are_the_same_however_the_source_cuts_them() {
        let table: [(&[u8], &[&str]); 12] = [
            (b"\xEF\xBB", &["\u{fffd}"]),
            (b"", &[]),
            (b"\n", &[""]),
            (b"a", &["a"]),
            (b"a\n", &["a"]),
            (b"a\r\nb\r\n", &["a", "b"]),
            (b"a\n\n b \nc", &["a", "", "b", "c"]),
            (b"\xEF\xBB\xBFa\nb", &["a", "b"]),
            (b"\xEF\xBB\xBF", &[]),
            (b"\xEF\xBB\xBF\r\na", &["", "a"]),
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
    fn a_line_over_the_limit_is_cut_and_the_next_one_is_whole() {
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
    fn white_space_before_a_line_does_not_count_for_the_limit() {
        let mut text = vec![b' '; 3 * MAX_LINE];
        text.extend_from_slice(b"first\n");
        text.extend_from_within(..3 * MAX_LINE);
        text.extend_from_slice(b"a\n");
        assert_eq!(lines(&text, BUFFER), [("first".to_owned(), false), ("a".to_owned(), false)]);
    }
}
