//! Tests the list reader with arbitrary bytes in reads of arbitrary lengths.

use std::io::{self, Read};
use std::iter::Cycle;
use std::slice::Iter;

use super::MAX_LINE;
use super::format::{Unreadable, entries};
use super::{Format, Options};
use crate::model::Task;

/// Reads `bytes` as a list and checks the result. `cuts` are the lengths of the reads, repeated until the end.
pub(crate) fn check(cuts: &[u8], bytes: &[u8]) {
    let cuts = if cuts.is_empty() { &[0] } else { cuts };
    for format in [Format::Csv, Format::Tsv, Format::Jsonl, Format::Json, Format::Warc] {
        let (whole, in_pieces) = (tasks(bytes, format), tasks(Cut { cuts: cuts.iter().cycle(), rest: bytes }, format));
        assert_eq!(format!("{in_pieces:?}"), format!("{whole:?}"), "{format:?}: tasks do not depend on the reads");
    }
    let whole = tasks(bytes, Format::Text);
    let in_pieces = tasks(Cut { cuts: cuts.iter().cycle(), rest: bytes }, Format::Text);
    assert_eq!(format!("{in_pieces:?}"), format!("{whole:?}"), "tasks do not depend on the reads");
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return;
    }
    let whole = match whole {
        Ok(tasks) => tasks,
        Err(Unreadable::Encoding(_)) => {
            let has_nul = bytes.iter().take(4).any(|byte| *byte == 0);
            assert!(has_nul, "a list is refused as a whole only if it begins like UTF-16 or UTF-32");
            return;
        }
        Err(error) => panic!("a slice can be read as text: {error:?}"),
    };
    assert_eq!(whole.len(), expected(bytes), "every line that is neither blank nor a comment is one task");
    for (seq, task) in whole.iter().enumerate() {
        assert_eq!(task.seq, seq as u64);
        assert!(!task.line.contains(['\n', '\r']));
        // A byte that is not valid in UTF-8 is shown as a character of three bytes.
        assert!(!task.line.is_empty() && task.line.len() <= 3 * MAX_LINE, "{:?}", task.line);
        match &task.url {
            Ok(url) => {
                assert!(matches!(url.scheme(), "http" | "https"), "{url}");
                assert!(!task.line.contains('\t'), "columns are not joined into one URL: {:?}", task.line);
            }
            Err(failure) => assert!(!failure.message.is_empty()),
        }
    }
}

fn tasks(reader: impl Read, format: Format) -> Result<Vec<Task>, Unreadable> {
    let options = Options::default();
    let mut entries = entries(reader, format, &options, None);
    let mut tasks = Vec::new();
    loop {
        while let Some(entry) = entries.take(tasks.len() as u64)? {
            tasks.extend(entry.task);
        }
        if entries.refill()? == 0 {
            break;
        }
    }
    while let Some(entry) = entries.take_rest(tasks.len() as u64)? {
        tasks.extend(entry.task);
    }
    Ok(tasks)
}

/// Counts the tasks in a second, independent way.
fn expected(bytes: &[u8]) -> usize {
    let bytes = match bytes {
        [0xFF, 0xFE, rest @ ..] => from_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => from_utf16(rest, u16::from_be_bytes),
        utf8 => utf8.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(utf8).to_vec(),
    };
    // Unicode has more white space than ASCII. The reader looks for it only in valid UTF-8 of at most `MAX_LINE` bytes.
    // White space at the end of a line counts for its length.
    let is_task = |line: &&[u8]| {
        let line = line.trim_ascii_start();
        let text = std::str::from_utf8(line).ok().filter(|_| line.len() <= MAX_LINE);
        let begins = text.map_or(line, |text| text.trim().as_bytes());
        !begins.is_empty() && !begins.starts_with(b"#")
    };
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).filter(is_task).count()
}

/// Decodes UTF-16 to UTF-8, with an invalid byte (0xFF) in place of each invalid character.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (units, rest) = bytes.as_chunks::<2>();
    let chars = char::decode_utf16(units.iter().map(|bytes| unit(*bytes)));
    let mut text: Vec<u8> = chars.flat_map(|c| c.map_or_else(|_| vec![0xFF], |c| c.to_string().into_bytes())).collect();
    text.extend(rest.iter().map(|_| 0xFF));
    text
}

struct Cut<'a> {
    cuts: Cycle<Iter<'a, u8>>,
    rest: &'a [u8],
}

impl Read for Cut<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let cut = self.cuts.next().map_or(1, |cut| 1 + usize::from(*cut));
        let length = cut.min(into.len()).min(self.rest.len());
        self.rest.read(&mut into[..length])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::check;

    /// Parts of valid lists, and parts that do not belong into one.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\xEF\xBB\xBF".to_vec()),
            Just(b"\xFF\xFE".to_vec()),
            Just(b"\xFE\xFF".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"h\0t\0\n\0".to_vec()),
            Just("\u{a0}\u{2003}".as_bytes().to_vec()),
            Just(b"http://u:p@h/a".to_vec()),
            Just(b"\t # ".to_vec()),
            Just(b"url\n".to_vec()),
            Just(b"[\"http://h/\", {\"url\": \"".to_vec()),
            Just(b"\",\"".to_vec()),
            Just(b"}]".to_vec()),
            Just(b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://h/\r\n".to_vec()),
            "Content-Length: [0-9]{1,2}(\r\n|\n){1,2}".prop_map(String::into_bytes),
            "(https?|ftp|x)?[:/@?#. \t\\[\\]a-z0-9é%-]{0,12}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 0..6),
            (any::<u8>(), 65_500..65_600_usize).prop_map(|(byte, count)| vec![byte; count]),
        ]
    }

    #[test]
    fn white_space_at_the_end_of_a_line_counts_for_its_length() {
        for begin in ["\u{a0}", "#", "", "http://h/"] {
            check(&[], &[begin.as_bytes(), &vec![b'\t'; crate::input::MAX_LINE]].concat());
        }
    }

    #[test]
    fn a_second_byte_order_mark_is_read_alike_in_all_reads() {
        for cut in 0..8 {
            check(&[cut], "\u{feff}\u{feff}url,a\nhttp://h/,1\n".as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_list_gives_one_task_per_line_whatever_the_lengths_of_the_reads(
            cuts in proptest::collection::vec(any::<u8>(), 0..6),
            pieces in proptest::collection::vec(piece(), 0..24),
        ) {
            check(&cuts, &pieces.concat());
        }
    }
}
