//! Lines of text: one URL on each line. Blank lines and lines that begin with `#` are not tasks.

use std::borrow::Cow;
use std::io::Read;

use url::Url;

use super::{Entries, Entry, Unreadable};
use crate::input::lines::{Line, Lines, MAX_LINE};
use crate::input::task;
use crate::input::utf8::Utf8;

pub(super) struct Text<'a, R> {
    lines: Lines<R>,
    base: Option<&'a Url>,
}

impl<'a, R: Read> Text<'a, R> {
    pub(super) fn new(list: Utf8<R>, base: Option<&'a Url>) -> Self {
        Self { lines: Lines::new(list, MAX_LINE), base }
    }
}

impl<R: Read> Entries for Text<'_, R> {
    fn take(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        Ok(self.lines.take().map(|line| entry(line, seq, self.base)))
    }

    fn refill(&mut self) -> Result<usize, Unreadable> {
        self.lines.refill()
    }

    fn take_rest(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        Ok(self.lines.take_rest().map(|line| entry(line, seq, self.base)))
    }
}

fn entry<'l>(line: Line<'l>, seq: u64, base: Option<&Url>) -> Entry<'l> {
    let task = task::from_line(line, seq, base);
    Entry { bytes: Cow::Borrowed(line.bytes), task, too_long: line.too_long }
}
