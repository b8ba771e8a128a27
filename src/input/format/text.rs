//! Lines of text: one URL on each line. Blank lines and lines that begin with `#` are not tasks.

use std::io::Read;

use url::Url;

use super::{Entries, Entry};
use crate::input::lines::{Line, Lines, Unreadable};
use crate::input::task;

pub(super) struct Text<'a, R> {
    lines: Lines<R>,
    base: Option<&'a Url>,
}

impl<'a, R: Read> Text<'a, R> {
    pub(super) fn new(list: R, base: Option<&'a Url>) -> Self {
        Self { lines: Lines::new(list), base }
    }
}

impl<R: Read> Entries for Text<'_, R> {
    fn take(&mut self, seq: u64) -> Option<Entry<'_>> {
        self.lines.take().map(|line| entry(line, seq, self.base))
    }

    fn refill(&mut self) -> Result<usize, Unreadable> {
        self.lines.refill()
    }

    fn take_rest(&mut self, seq: u64) -> Option<Entry<'_>> {
        self.lines.take_rest().map(|line| entry(line, seq, self.base))
    }
}

fn entry<'l>(line: Line<'l>, seq: u64, base: Option<&Url>) -> Entry<'l> {
    Entry { bytes: line.bytes, task: task::from_line(line, seq, base), too_long: line.too_long }
}
