//! Checks the rows of a table that a worker sends, and limits their number.
//!
//! The coordinator writes rows to the output after its own cells, so each row must be one row with all its cells.

use crate::model::{Carried, Failure, FailureKind, Page, RowsHead, Stage, count_rows, rows_of};

/// The most bytes that one record may have as rows. Each row repeats the coordinator's own cells, so a page with many
/// rows and a long URL could fill the memory.
const MOST_BYTES: usize = 64 << 20;

/// The bytes of the coordinator's own cells in a row, apart from the URLs: a failure has no rows to repeat, and warnings
/// are counted apart.
const OWN_CELLS: usize = 512;

/// Whether these bytes are rows of the size that their head names, in UTF-8, with quotes around each cell that needs
/// them.
pub(super) fn are_rows(data: &[u8]) -> bool {
    let Some(head) = RowsHead::of(data) else { return false };
    let mut rows = rows_of(data);
    head.columns > 0 && rows.all(|row| str::from_utf8(row).is_ok() && cells(row, head.delimiter) == Some(head.columns))
}

/// The number of cells in a row. `None` if these bytes are not exactly one row.
fn cells(row: &[u8], delimiter: u8) -> Option<u32> {
    let (mut rest, mut count) = (row, 1);
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = after_quotes(quoted)?;
        } else {
            let end = rest.iter().position(|byte| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r'));
            rest = &rest[end.unwrap_or(rest.len())..];
        }
        match rest.split_first() {
            None => return Some(count),
            Some((byte, after)) if *byte == delimiter => rest = after,
            Some(_) => return None,
        }
        count += 1;
    }
}

/// What follows the quote that ends a cell.
fn after_quotes(mut quoted: &[u8]) -> Option<&[u8]> {
    loop {
        let end = memchr::memchr(b'"', quoted)?;
        quoted = &quoted[end + 1..];
        match quoted.strip_prefix(b"\"") {
            Some(more) => quoted = more,
            None => return Some(quoted),
        }
    }
}

/// Fails a page whose rows would be too long together with the coordinator's own cells. `line` is the task's line, and
/// `input` what the list says about the task: each row repeats both.
pub(super) fn too_long(line: &str, input: &Carried, page: &Page) -> Option<Failure> {
    RowsHead::of(&page.data)?;
    // A quote takes two bytes in a cell.
    let own = 2 * (line.len() + input.weight() + page.final_url.len() + page.fit.warnings.len()) + OWN_CELLS;
    let bytes = |rows: usize| page.data.len().saturating_add(rows.saturating_mul(own));
    // Counting reads all data, so it is done only if it can matter.
    if bytes(page.data.len()) <= MOST_BYTES || bytes(count_rows(&page.data)) <= MOST_BYTES {
        return None;
    }
    let message = format!(
        "write the page as rows: they have more than {MOST_BYTES} bytes with the columns that each row repeats; leave \
         out output.rows, name fewer columns in output.columns, or carry fewer columns of the list with --keep"
    );
    let failure = Failure::new(FailureKind::TooLarge, Stage::Extract, message);
    Some(Failure { final_url: Some(page.final_url.clone()), status: Some(page.status), bytes: page.bytes, ..failure })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Dialect, Fit};

    fn data(columns: usize, rows: &[u8]) -> Vec<u8> {
        [&RowsHead::new(b',', columns).to_bytes()[..], rows].concat()
    }

    #[test]
    fn only_rows_with_all_their_cells_are_accepted() {
        let table: [(usize, &[u8], bool); 25] = [
            (1, b"", true),
            (1, b"a", true),
            (1, b"\"\"", true),
            (2, b",", true),
            (2, b"a,b\0c,d", true),
            (2, b"\"a,b\",\"c\nd\"", true),
            (2, b"\"say \"\"a\"\"\",\r", false),
            (2, b"\"say \"\"a\"\"\",\"\r\"", true),
            (3, b"\"\"\"\",,\"\"", true),
            (1, b"\xc3\xa9", true),
            (0, b"", false),
            (2, b"a", false),
            (2, b"a,b,c", false),
            (2, b"a,b\0c", false),
            (2, b"a,b\0", false),
            (1, b"\"", false),
            (1, b"\"a", false),
            (1, b"\"a\"b", false),
            (1, b"a\"b", false),
            (1, b"a\nb", false),
            (1, b"\"a\"\n", false),
            (1, b"\"a\0b\"", false),
            (1, b"\xff", false),
            (2, b"\"a\0,\"", false),
            (1, b"\"\"\"", false),
        ];
        for (columns, rows, expected) in table {
            assert_eq!(are_rows(&data(columns, rows)), expected, "{columns} {}", rows.escape_ascii());
        }
        assert!(!are_rows(b"{}"));
    }

    #[test]
    fn rows_that_repeat_long_cells_fail_their_page() {
        let page = |rows: usize, url: usize| Page {
            final_url: "u".repeat(url),
            status: 200,
            bytes: 7,
            data: Bytes::from(data(1, &vec![0; rows - 1])),
            fit: Fit::default(),
        };
        let carried = |length: usize| Carried::of_cells([("note", "x".repeat(length).as_str())]);
        let none = Carried::default();
        assert_eq!(too_long("http://h/", &none, &page(50_000, 100)), None);
        assert_eq!(too_long("http://h/", &none, &page(500, 60_000)), None);
        assert_eq!(too_long("http://h/", &carried(60_000), &page(500, 10)), None);
        let table = [(200_000, 10, 0, 10), (5_000, 10, 0, 60_000), (5_000, 60_000, 0, 10), (5_000, 10, 60_000, 10)];
        for (rows, line, input, url) in table {
            let failure = too_long(&"l".repeat(line), &carried(input), &page(rows, url)).expect("too long");
            assert_eq!((failure.kind, failure.status, failure.bytes), (FailureKind::TooLarge, Some(200), 7));
        }
        let json = Page { data: Bytes::from(vec![b' '; 1 << 20]), ..page(1, 60_000) };
        assert_eq!(too_long(&"l".repeat(60_000), &none, &json), None, "JSON has no rows");
    }

    proptest! {
        #[test]
        fn all_cells_that_are_written_are_accepted_as_one_row(texts in proptest::collection::vec(any::<String>(), 1..6)) {
            for delimiter in [b',', b'\t'] {
                let dialect = Dialect { delimiter, ..Dialect::default() };
                let mut row = RowsHead::new(delimiter, texts.len()).to_bytes().to_vec();
                for (nth, text) in texts.iter().enumerate() {
                    if nth > 0 {
                        row.push(delimiter);
                    }
                    dialect.text(text, &mut row);
                }
                prop_assert!(are_rows(&row), "{}", row.escape_ascii());
            }
        }

        #[test]
        fn arbitrary_bytes_cause_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            are_rows(&bytes);
            are_rows(&data(2, &bytes));
        }
    }
}
