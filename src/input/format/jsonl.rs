//! A value of JSON on each line (JSON Lines). Blank lines are not values. A line that is not JSON is a task that fails,
//! and the next line is read.

use std::io::Read;

use url::Url;

use super::value::Values;
use super::{Entries, Entry, MAX_ENTRY, Unreadable, not_utf8};
use crate::input::lines::{Line, Lines};
use crate::input::options::Options;
use crate::input::utf8::Utf8;

pub(super) struct Jsonl<'a, R> {
    lines: Lines<R>,
    values: Values<'a>,
}

impl<'a, R: Read> Jsonl<'a, R> {
    pub(super) fn new(list: Utf8<R>, options: &'a Options, base: Option<&'a Url>) -> Self {
        Self { lines: Lines::new(list, MAX_ENTRY), values: Values::new(options, base) }
    }
}

impl<R: Read> Entries for Jsonl<'_, R> {
    fn take(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        loop {
            if let Some(entry) = self.values.take(seq) {
                return Ok(Some(entry));
            }
            let Some(line) = self.lines.take() else { return Ok(None) };
            read_line(line, &mut self.values)?;
        }
    }

    fn refill(&mut self) -> Result<usize, Unreadable> {
        self.lines.refill()
    }

    fn take_rest(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        if let Some(line) = self.lines.take_rest() {
            read_line(line, &mut self.values)?;
        }
        match self.values.take(seq) {
            Some(entry) => Ok(Some(entry)),
            None => self.values.end().map(|()| None),
        }
    }
}

fn read_line(line: Line<'_>, values: &mut Values<'_>) -> Result<(), Unreadable> {
    let (bytes, number) = (line.bytes.trim_ascii(), line.number);
    if bytes.is_empty() {
        return Ok(());
    }
    if line.too_long {
        let why = format!("longer than {} KiB", MAX_ENTRY / 1024);
        values.refuse(&String::from_utf8_lossy(bytes), &why, number);
        return Ok(());
    }
    let Ok(text) = str::from_utf8(bytes) else { return Err(not_utf8(&format!("line {number}"), bytes)) };
    if let Err(error) = values.read(text, number) {
        values.refuse(text, &format!("not valid JSON ({})", super::json::reason(&error)), number);
    }
    Ok(())
}
