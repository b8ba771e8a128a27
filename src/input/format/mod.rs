//! The formats of lists. A format turns the text of a source into entries. Each format has a file.
//!
//! A format only splits and parses. For all formats, the reader numbers the tasks, batches them, and compares the list
//! with that of an earlier run.
//!
//! - `text`: lines of text
//! - `table`: rows of a table (CSV and TSV); `columns` chooses its columns by its header
//! - `jsonl`: a value of JSON on each line
//! - `json`: an array of JSON
//! - `warc`: the answers of an archive; `warc_tests`: its tests
//! - `value`: finds the URLs in a value of JSON, for both

mod columns;
mod json;
mod jsonl;
mod table;
mod text;
mod value;
pub(super) mod warc;

use std::borrow::Cow;
use std::io::{self, Read};

use url::Url;

use super::options::{Format, Options};
use super::unpacked::Unpacked;
use super::utf8::{Refused, Utf8};
use crate::model::{Task, nearest};

/// The longest row or value in bytes. It keeps an unclosed quote from reading the rest of a list into memory.
const MAX_ENTRY: usize = 1024 * 1024;

/// The most bytes in one read.
const BUFFER: usize = 64 * 1024;

/// Splits a list into entries while it is read. `take` never reads, and `refill` reads once. They are separate, because
/// a read may take long.
pub(super) trait Entries {
    /// Returns the next entry if it was read completely. `seq` is the number of its task.
    fn take(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable>;

    /// Reads once, and waits as long as the source needs. Returns the number of bytes, which is 0 at the end of the
    /// list. Must be called when `take` returns nothing.
    fn refill(&mut self) -> Result<usize, Unreadable>;

    /// Returns the next of the entries that only the end of the list completes. Must be called, until it returns
    /// nothing, when `refill` returns 0.
    fn take_rest(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable>;

    /// The names of the columns that all tasks carry, if what was read so far tells them.
    fn carried_columns(&self) -> Option<Vec<String>> {
        None
    }
}

/// One entry of a list.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The bytes that a later run compares to find out whether the list is the same.
    pub(super) bytes: Cow<'a, [u8]>,
    /// The task, or `None` if the entry is not a task, such as a comment.
    pub(super) task: Option<Task>,
    /// Whether it is a line that is longer than allowed. `bytes` is then only its beginning.
    pub(super) too_long: bool,
}

impl Entry<'_> {
    /// The entry of a task that carries something. `written` is the URL as the list has it, with its credentials.
    pub(super) fn of(task: Task, written: &str) -> Self {
        let carried = task.input.json().unwrap_or_default().as_bytes();
        let bytes = Cow::Owned([written.as_bytes(), b"\0", carried].concat());
        Self { bytes, task: Some(task), too_long: false }
    }
}

/// Why a list cannot be read further.
#[derive(Debug)]
pub(super) enum Unreadable {
    Io(io::Error),
    /// The list is in this unsupported encoding. None of its entries were returned.
    Encoding(&'static str),
    /// The list is not what its format says, at the place that the text names.
    Broken(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
            Some(Refused(encoding)) => Self::Encoding(encoding),
            None => Self::Io(error),
        }
    }
}

/// Returns the entries of a list. Only this function decides how a list of a format is read. With a `base`, URLs without
/// a scheme are paths on it.
pub(super) fn entries<'a>(
    list: impl Read + 'a,
    format: Format,
    options: &'a Options,
    base: Option<&'a Url>,
) -> Box<dyn Entries + 'a> {
    let list = Unpacked::new(list);
    match format {
        // The reader does not call this for sitemaps, which have no entries before a worker has read them.
        Format::Text | Format::Sitemap => Box::new(text::Text::new(Utf8::new(list), base)),
        Format::Csv => Box::new(table::Table::new(Utf8::new(list), b',', options, base)),
        Format::Tsv => Box::new(table::Table::new(Utf8::new(list), b'\t', options, base)),
        Format::Jsonl => Box::new(jsonl::Jsonl::new(Utf8::new(list), options, base)),
        Format::Json => Box::new(json::Json::new(Utf8::new(list), options, base)),
        // Its parts have encodings of their own.
        Format::Warc => Box::new(warc::Warc::new(list, options)),
    }
}

/// A place in the text of a list. A byte-order mark does not count, and neither does compression.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The line, from 1.
    line: u64,
    /// The byte, from 0.
    byte: u64,
    is_after_cr: bool,
}

impl Place {
    const BEGINNING: Self = Self { line: 1, byte: 0, is_after_cr: false };

    fn advance(&mut self, text: &[u8]) {
        self.byte += text.len() as u64;
        for byte in text {
            let ends_line = *byte == b'\r' || (*byte == b'\n' && !self.is_after_cr);
            self.line += u64::from(ends_line);
            self.is_after_cr = *byte == b'\r';
        }
    }
}

/// The error for text that is not UTF-8, with the encoding that it probably has.
fn not_utf8(place: &str, bytes: &[u8]) -> Unreadable {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny).name();
    Unreadable::Broken(format!(
        "{place} is not UTF-8 but probably {encoding}, save the list as UTF-8 (iconv -f {encoding} -t UTF-8 converts it)"
    ))
}

/// The one of `known` that somebody may have meant by `name`, as the end of a message.
fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = nearest(name, known, 0.6);
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a list gives.
    pub(super) struct Read {
        pub(super) tasks: Vec<Task>,
        /// What is compared with an earlier run.
        pub(super) bytes: Vec<u8>,
        pub(super) error: Option<String>,
    }

    impl Read {
        /// Checks the tasks. Each is `URL = LINE INPUT`, or a part of the failure's message instead of the URL.
        #[track_caller]
        pub(super) fn is(&self, expected: &[&str], what: &str) {
            assert_eq!(self.error, None, "{what:.200}");
            assert_eq!(self.tasks.len(), expected.len(), "{what:.200}: {:.500}", format!("{:?}", self.tasks));
            for (task, expected) in self.tasks.iter().zip(expected) {
                let (url, shown) = expected.split_once(" = ").expect("two parts");
                match &task.url {
                    Ok(own) => assert_eq!(own.as_str(), url, "{what:.200}"),
                    Err(failure) => assert!(failure.message.contains(url), "{what:.200}: {}", failure.message),
                }
                let space = if task.input.json().is_some() { " " } else { "" };
                let own = format!("{}{space}{}", task.line, task.input.json().unwrap_or_default());
                assert_eq!(own, shown, "{what:.200}");
            }
        }
    }

    /// Gives at most this many bytes in each read.
    struct InPieces<'a>(&'a [u8], usize);

    impl io::Read for InPieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(into.len());
            self.0.read(&mut into[..length])
        }
    }

    /// Reads a list at once and in pieces, which must give the same.
    pub(super) fn read(text: &[u8], format: Format, options: &Options) -> Read {
        let whole = read_in_pieces(text, usize::MAX, format, options);
        let pieces: &[usize] = if text.len() < 10_000 { &[1, 2, 3, 64] } else { &[1000] };
        for piece in pieces {
            let other = read_in_pieces(text, *piece, format, options);
            assert_eq!(format!("{:?}", other.tasks), format!("{:?}", whole.tasks), "in pieces of {piece}");
            assert_eq!((other.error, other.bytes), (whole.error.clone(), whole.bytes.clone()), "in pieces of {piece}");
        }
        whole
    }

    fn read_in_pieces(text: &[u8], piece: usize, format: Format, options: &Options) -> Read {
        let mut entries = entries(InPieces(text, piece), format, options, None);
        let mut read = Read { tasks: Vec::new(), bytes: Vec::new(), error: None };
        let mut is_at_end = false;
        loop {
            let seq = read.tasks.len() as u64;
            let entry = if is_at_end { entries.take_rest(seq) } else { entries.take(seq) };
            let error = match entry {
                Ok(Some(entry)) => {
                    read.bytes.extend_from_slice(&entry.bytes);
                    read.bytes.push(b'\n');
                    read.tasks.extend(entry.task);
                    continue;
                }
                Ok(None) if is_at_end => return read,
                Ok(None) => match entries.refill() {
                    Ok(count) => {
                        is_at_end = count == 0;
                        continue;
                    }
                    Err(error) => error,
                },
                Err(error) => error,
            };
            read.error = Some(match error {
                Unreadable::Broken(why) => why,
                other => format!("{other:?}"),
            });
            return read;
        }
    }
}
