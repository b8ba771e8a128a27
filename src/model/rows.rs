//! The rows of a table, in the form in which a worker sends them: a head, then the rows with a NUL between two of them. No
//! cell contains NUL, so nobody must read the cells to find the rows. JSON never begins with NUL.

/// The beginning of rows: NUL, the delimiter and the number of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsHead {
    /// The byte between two cells.
    pub delimiter: u8,
    /// The number of cells in each row.
    pub columns: u32,
}

/// The length of a head, in bytes.
const HEAD: usize = 6;

impl RowsHead {
    /// The head of rows with this many columns.
    pub fn new(delimiter: u8, columns: usize) -> Self {
        Self { delimiter, columns: u32::try_from(columns).unwrap_or(u32::MAX) }
    }

    /// The head as bytes.
    pub fn to_bytes(self) -> [u8; HEAD] {
        let [a, b, c, d] = self.columns.to_le_bytes();
        [0, self.delimiter, a, b, c, d]
    }

    /// Reads the head of the data of a page. `None` if the data is not rows.
    pub fn of(data: &[u8]) -> Option<Self> {
        let (&[0, delimiter, a, b, c, d], _) = data.split_first_chunk::<HEAD>()? else { return None };
        Some(Self { delimiter, columns: u32::from_le_bytes([a, b, c, d]) })
    }
}

/// The rows in the data of a page. There is at least one.
pub fn rows_of(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.get(HEAD..).unwrap_or_default().split(|byte| *byte == 0)
}

/// The number of rows in the data of a page.
pub fn count_rows(data: &[u8]) -> usize {
    rows_of(data).count()
}

#[cfg(test)]
mod tests {
    use super::{RowsHead, count_rows, rows_of};

    #[test]
    fn rows_are_found_without_reading_their_cells() {
        let head = RowsHead::new(b',', 1900);
        for rows in [&["a,b"][..], &["", ""], &["\"a\nb\",c", "d,e", ""]] {
            let data = [&head.to_bytes()[..], rows.join("\0").as_bytes()].concat();
            assert_eq!(RowsHead::of(&data), Some(head));
            assert!(rows_of(&data).eq(rows.iter().map(|row| row.as_bytes())), "{rows:?}");
            assert_eq!(count_rows(&data), rows.len());
        }
    }

    #[test]
    fn json_and_torn_heads_are_not_rows() {
        for data in [&b""[..], b"{}", b"{\"a\":1234567}", b"\0,\x01\0\0"] {
            assert_eq!(RowsHead::of(data), None, "{data:?}");
        }
    }
}
