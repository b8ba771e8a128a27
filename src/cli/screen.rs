//! The lines that stay at the bottom of a terminal while messages pass above them.
//!
//! The cursor rests at the beginning of the last line, so `^C` and other keys that the terminal echoes overwrite its
//! first columns until it is drawn again, and never begin a new line. While lines are drawn, the terminal does not wrap:
//! it may have become narrower a moment ago.

use std::fmt::Write as _;

/// A line with colours, and the columns that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) width: usize,
}

const TO_FIRST_COLUMN: &str = "\r";
const ERASE_REST_OF_LINE: &str = "\x1b[K";
const ERASE_BELOW: &str = "\x1b[J";
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// What the terminal shows at its bottom.
#[derive(Debug, Default)]
pub(super) struct Screen {
    lines: Vec<Line>,
    /// Whether the lines are there now.
    is_drawn: bool,
}

impl Screen {
    /// The bytes that show these lines instead of the ones before. `columns` is the width of the terminal now.
    pub(super) fn show(&mut self, lines: Vec<Line>, columns: usize) -> String {
        let bytes = self.to_top(columns);
        self.lines = lines;
        bytes + &self.draw()
    }

    /// The bytes that write a text above the lines. They are not there afterwards, so that several texts can follow.
    pub(super) fn write_above(&mut self, text: &str, columns: usize) -> String {
        let top = self.to_top(columns);
        let erase = if self.is_drawn { ERASE_BELOW } else { "" };
        self.is_drawn = false;
        format!("{top}{erase}{text}")
    }

    /// The bytes that draw the lines again if they are not there.
    pub(super) fn draw_again(&mut self) -> Option<String> {
        (!self.is_drawn && !self.lines.is_empty()).then(|| self.draw())
    }

    /// The bytes that move the cursor from its rest to the beginning of the first line. A terminal that has become
    /// narrower has broken the lines, so they may take more rows than there are lines.
    fn to_top(&self, columns: usize) -> String {
        let Some((_, above)) = self.lines.split_last().filter(|_| self.is_drawn) else { return String::new() };
        let rows: usize = above.iter().map(|line| line.width.div_ceil(columns.max(1)).max(1)).sum();
        let mut bytes = TO_FIRST_COLUMN.to_owned();
        if rows > 0 {
            // Writing into a string cannot fail.
            let _ = write!(bytes, "\x1b[{rows}A");
        }
        bytes
    }

    fn draw(&mut self) -> String {
        let was_drawn = std::mem::replace(&mut self.is_drawn, !self.lines.is_empty());
        let mut bytes = String::new();
        if !self.lines.is_empty() {
            bytes.push_str(NO_WRAP);
            for (number, Line { text, .. }) in self.lines.iter().enumerate() {
                bytes.push_str(if number == 0 { "" } else { "\r\n" });
                bytes.push_str(text);
                bytes.push_str(ERASE_REST_OF_LINE);
            }
            bytes.push_str(WRAP);
        }
        if was_drawn {
            bytes.push_str(ERASE_BELOW);
        }
        if self.is_drawn {
            bytes.push_str(TO_FIRST_COLUMN);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        texts.iter().map(|text| Line { text: (*text).to_owned(), width: text.len() }).collect()
    }

    /// What a terminal shows that understands these bytes and never scrolls.
    #[derive(Default)]
    struct Terminal {
        rows: Vec<String>,
        row: usize,
        column: usize,
    }

    impl Terminal {
        fn write(&mut self, bytes: &str) {
            let mut rest = bytes;
            while let Some(c) = rest.chars().next() {
                if let Some(after) = rest.strip_prefix("\x1b[") {
                    let end = after.find(|c: char| c.is_ascii_alphabetic()).expect("a whole sequence");
                    self.obey(&after[..end], &after[end..=end]);
                    rest = &after[end + 1..];
                    continue;
                }
                match c {
                    '\r' => self.column = 0,
                    '\n' => (self.row, self.column) = (self.row + 1, 0),
                    c => {
                        self.truncate();
                        self.row_now().push(c);
                        self.column += 1;
                    }
                }
                rest = &rest[c.len_utf8()..];
            }
        }

        fn obey(&mut self, number: &str, what: &str) {
            match what {
                "A" => self.row -= number.parse::<usize>().expect("a number"),
                "K" => self.truncate(),
                "J" => {
                    self.truncate();
                    self.rows.truncate(self.row + 1);
                }
                "h" | "l" => assert_eq!(number, "?7"),
                _ => panic!("{what}"),
            }
        }

        fn truncate(&mut self) {
            let column = self.column;
            self.row_now().truncate(column);
        }

        fn row_now(&mut self) -> &mut String {
            while self.rows.len() <= self.row {
                self.rows.push(String::new());
            }
            &mut self.rows[self.row]
        }

        fn shown(&self) -> Vec<&str> {
            self.rows.iter().map(String::as_str).filter(|row| !row.is_empty()).collect()
        }
    }

    #[test]
    fn messages_pass_above_the_lines_and_nothing_is_left_of_old_ones() {
        let (mut screen, mut terminal) = (Screen::default(), Terminal::default());
        terminal.write(&screen.write_above("before\n", 80));
        assert_eq!(screen.draw_again(), None, "there is nothing to draw");
        terminal.write(&screen.show(lines(&["one", "two", "three"]), 80));
        assert_eq!(terminal.shown(), ["before", "one", "two", "three"]);
        terminal.write(&screen.show(lines(&["first", "2"]), 80));
        assert_eq!(terminal.shown(), ["before", "first", "2"]);
        terminal.write(&screen.write_above("a\n", 80));
        terminal.write(&screen.write_above("b\n", 80));
        assert_eq!(terminal.shown(), ["before", "a", "b"]);
        terminal.write(&screen.draw_again().expect("the lines come back"));
        assert_eq!(screen.draw_again(), None);
        assert_eq!(terminal.shown(), ["before", "a", "b", "first", "2"]);
        terminal.write(&screen.show(Vec::new(), 80));
        terminal.write(&screen.write_above("after\n", 80));
        assert_eq!(terminal.shown(), ["before", "a", "b", "after"]);
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_erased_too() {
        let mut screen = Screen::default();
        screen.show(lines(&["0123456789", "01234", "0123456789"]), 80);
        for (columns, rows) in [(80, 2), (10, 2), (9, 3), (5, 3), (4, 5), (1, 15), (0, 15)] {
            assert_eq!(screen.to_top(columns), format!("\r\x1b[{rows}A"), "{columns}");
        }
        screen.show(lines(&["0123456789"]), 80);
        assert_eq!(screen.to_top(4), "\r", "the cursor rests at the beginning of the last line");
    }
}
