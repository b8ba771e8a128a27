//! The columns of a table that records are recognized by.

use crate::model::{cell_text, cells};

/// The columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Their names, in order.
    pub names: Vec<String>,
    /// The byte between two cells.
    pub delimiter: u8,
}

impl Columns {
    /// Those of a header, which may begin with a byte-order mark.
    pub(super) fn of_header(header: &[u8], delimiter: u8) -> Self {
        let text = header.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(header);
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let names = cells(text, delimiter).map(|cell| cell_text(&text[cell]).into_owned()).collect();
        Self { names, delimiter }
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn a_header_has_names_with_and_without_the_marks_of_excel() {
        for header in ["a,\"b,c\",d\n", "\u{FEFF}a,\"b,c\",d\r\n", "a,\"b,c\",d"] {
            let columns = Columns::of_header(header.as_bytes(), b',');
            assert_eq!(columns.names, ["a", "b,c", "d"], "{header:?}");
            assert_eq!((columns.place("b,c"), columns.place("x")), (Some(1), None));
        }
    }
}
