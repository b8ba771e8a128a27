//! The formats of lists: the bytes of a source -> entries. Each format is a file of its own.
//!
//! A format only cuts and reads. The reader numbers the tasks, batches them, and compares the list with that of an earlier
//! run, whatever the format.
//!
//! Files:
//!
//! - `text`: lines of text

mod text;

use std::io::Read;

use url::Url;

use super::lines::Unreadable;
use crate::model::Task;

/// Cuts a list into entries while it is read. It says when it would have to read, since that may take long: `take` never
/// reads, and `refill` reads once.
pub(super) trait Entries {
    /// The next entry, if all of it has been read. `seq`: the number of its task.
    fn take(&mut self, seq: u64) -> Option<Entry<'_>>;

    /// Reads once, for as long as the source takes. Gives how many bytes came, 0 at the end of the list. To be called when
    /// `take` has nothing more.
    fn refill(&mut self) -> Result<usize, Unreadable>;

    /// The last entry, if the list ends without an end of the entry. To be called when `refill` has come to the end.
    fn take_rest(&mut self, seq: u64) -> Option<Entry<'_>>;
}

/// A piece of a list.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// What a later run compares to find out whether the list is the same.
    pub(super) bytes: &'a [u8],
    /// `None` for what is not a task, such as a comment.
    pub(super) task: Option<Task>,
    /// Whether it is longer than an entry may be, so that `bytes` is only its beginning.
    pub(super) too_long: bool,
}

/// The entries of a list. This is the one place that decides which format a list has: all lists are lines of text. With a
/// `base`, lines without a scheme are paths on it.
pub(super) fn entries<'a>(list: impl Read + 'a, base: Option<&'a Url>) -> Box<dyn Entries + 'a> {
    Box::new(text::Text::new(list, base))
}
