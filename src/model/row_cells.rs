//! Finds the rows and cells of a table of text (RFC 4180), without decoding them.

use std::borrow::Cow;
use std::ops::Range;

/// Finds the ends of rows. It is given one byte after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowScan {
    delimiter: u8,
    place: Place,
}

/// Where in a row the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the beginning of a cell.
    Start,
    /// In a cell without quotes, or after the quotes of a cell.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote that ends the cell, unless another quote follows.
    AfterQuote,
}

impl RowScan {
    /// At the beginning of a row.
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter, place: Place::Start }
    }

    /// Takes the next byte. Returns whether it ends the row.
    pub fn ends_with(&mut self, byte: u8) -> bool {
        let (ends, next) = match (self.place, byte) {
            (Place::Quoted, b'"') => (false, Place::AfterQuote),
            (Place::Quoted, _) | (Place::Start | Place::AfterQuote, b'"') => (false, Place::Quoted),
            (_, b'\n') => (true, Place::Start),
            (_, byte) if byte == self.delimiter => (false, Place::Start),
            _ => (false, Place::Plain),
        };
        self.place = next;
        ends
    }

    /// Whether the next byte is between quotes.
    pub fn is_quoted(&self) -> bool {
        self.place == Place::Quoted
    }

    fn is_at_cell(self) -> bool {
        self.place == Place::Start
    }
}

/// The places of the cells of a row, with their quotes. The row has no end of line.
pub fn cells(row: &[u8], delimiter: u8) -> impl Iterator<Item = Range<usize>> {
    let (mut scan, mut start, mut is_over) = (RowScan::new(delimiter), 0, false);
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        for (at, byte) in row.iter().enumerate().skip(start) {
            scan.ends_with(*byte);
            if scan.is_at_cell() && *byte == delimiter {
                return Some(std::mem::replace(&mut start, at + 1)..at);
            }
        }
        is_over = true;
        Some(start..row.len())
    })
}

/// The text of a cell, without quotes. Bytes that are not UTF-8 become U+FFFD.
pub fn cell_text(cell: &[u8]) -> Cow<'_, str> {
    match cell {
        [b'"', inner @ .., b'"'] => Cow::Owned(String::from_utf8_lossy(inner).replace("\"\"", "\"")),
        _ => String::from_utf8_lossy(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dialect;
    use proptest::prelude::*;

    fn texts(row: &str) -> Vec<String> {
        cells(row.as_bytes(), b',').map(|cell| cell_text(&row.as_bytes()[cell]).into_owned()).collect()
    }

    #[test]
    fn a_row_is_split_at_delimiters_outside_of_quotes() {
        let table: [(&str, &[&str]); 10] = [
            ("", &[""]),
            ("a,b", &["a", "b"]),
            (",", &["", ""]),
            ("a,,c,", &["a", "", "c", ""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\",\"\"", &["a\"b", ""]),
            ("\"two\nlines\",x", &["two\nlines", "x"]),
            ("5\" pipe,x", &["5\" pipe", "x"]),
            ("é,日本", &["é", "日本"]),
            ("\"\"\"\",z", &["\"", "z"]),
        ];
        for (row, expected) in table {
            assert_eq!(texts(row), expected, "{row:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_as_rows_is_read_again(
            rows in prop::collection::vec(prop::collection::vec("[a,\"\n\r\té=]{0,6}", 1..5), 1..5)
        ) {
            let dialect = Dialect::default();
            let mut text = Vec::new();
            for row in &rows {
                for (nth, cell) in row.iter().enumerate() {
                    if nth > 0 {
                        text.push(b',');
                    }
                    dialect.text(cell, &mut text);
                }
                text.push(b'\n');
            }
            let (mut scan, mut begin, mut read) = (RowScan::new(b','), 0, Vec::new());
            for (at, byte) in text.iter().enumerate() {
                if scan.ends_with(*byte) {
                    let row = &text[begin..at];
                    read.push(cells(row, b',').map(|cell| cell_text(&row[cell]).into_owned()).collect::<Vec<_>>());
                    begin = at + 1;
                }
            }
            prop_assert!(!scan.is_quoted());
            prop_assert_eq!(read, rows);
        }
    }
}
