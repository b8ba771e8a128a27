//! The formats of lists. A format turns the bytes of a source into entries. Each format has a file.
//!
//! A format only splits and parses. For all formats, the reader numbers the tasks, batches them, and compares the list
//! with that of an earlier run.
//!
//! - `text`: lines of text

mod text;

use std::io::Read;

use url::Url;

use super::lines::Unreadable;
use crate::model::Task;

/// Splits a list into entries while it is read. `take` never reads, and `refill` reads once. They are separate, because
/// a read may take long.
pub(super) trait Entries {
    /// Returns the next entry if it was read completely. `seq` is the number of its task.
    fn take(&mut self, seq: u64) -> Option<Entry<'_>>;

    /// Reads once, and waits as long as the source needs. Returns the number of bytes, which is 0 at the end of the
    /// list. Must be called when `take` returns nothing.
    fn refill(&mut self) -> Result<usize, Unreadable>;

    /// Returns the last entry if the list ends without the end of an entry. Must be called when `refill` returns 0.
    fn take_rest(&mut self, seq: u64) -> Option<Entry<'_>>;
}

/// One entry of a list.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The bytes that a later run compares to find out whether the list is the same.
    pub(super) bytes: &'a [u8],
    /// The task, or `None` if the entry is not a task, such as a comment.
    pub(super) task: Option<Task>,
    /// Whether the entry is longer than allowed. `bytes` is then only its beginning.
    pub(super) too_long: bool,
}

/// Returns the entries of a list. Only this function decides which format a list has. Today, all lists are lines of
/// text. With a `base`, lines without a scheme are paths on it.
pub(super) fn entries<'a>(list: impl Read + 'a, base: Option<&'a Url>) -> Box<dyn Entries + 'a> {
    Box::new(text::Text::new(list, base))
}
