//! An archive of answers (WARC). Each `response` record of an http(s) URL is a task whose answer is known already. Other
//! records are not tasks, except that a `revisit` record is one that fails: its answer is in another archive.

use std::borrow::Cow;
use std::io::Read;
use std::time::SystemTime;

use super::{Entries, Entry, Unreadable};
use crate::input::options::{Keep, Options};
use crate::input::redact::redact;
use crate::input::task;
use crate::model::{Carried, Failure, FailureKind, Stage, Stored, StoredForm, excerpt};
use crate::warc::{Block, Error, Head, Reader, Record};

/// The names under which records repeat the date and the identifier of the WARC record.
pub(in crate::input) const CARRIED: [&str; 2] = ["warc_date", "warc_record_id"];

/// The most bytes of a text of the archive that a message shows.
const SHOWN: usize = 200;

pub(super) struct Warc<'a, R> {
    reader: Reader<R>,
    keep: &'a Keep,
    most: u64,
    has_tasks: bool,
    is_over: bool,
}

impl<'a, R: Read> Warc<'a, R> {
    /// `archive` is unpacked already.
    pub(super) fn new(archive: R, options: &'a Options) -> Self {
        let (keep, most) = (&options.keep, options.max_stored);
        Self { reader: Reader::new(archive), keep, most, has_tasks: false, is_over: false }
    }

    fn entry(&mut self, record: Record, seq: u64) -> Option<Entry<'static>> {
        let entry = entry(record, seq, self.keep, self.most);
        self.has_tasks |= entry.is_some();
        entry
    }
}

impl<R: Read> Entries for Warc<'_, R> {
    fn take(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        loop {
            let Some(record) = self.reader.take(|head| wanted(head, self.most)).map_err(unreadable)? else {
                return Ok(None);
            };
            if let Some(entry) = self.entry(record, seq) {
                return Ok(Some(entry));
            }
        }
    }

    fn refill(&mut self) -> Result<usize, Unreadable> {
        self.reader.refill().map_err(unreadable)
    }

    fn take_rest(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        if self.is_over {
            return Ok(None);
        }
        self.is_over = true;
        if let Some(record) = self.reader.take_rest().map_err(unreadable)? {
            let why = format!(
                "the archive ends in the middle of the record at byte {} (unpacked): is it complete?",
                record.at
            );
            // A list must not end early in silence. A task that fails tells it.
            let Some(entry) = self.entry(record, seq) else { return Err(Unreadable::Broken(why)) };
            tracing::warn!("{why}");
            return Ok(Some(entry));
        }
        if !self.has_tasks {
            tracing::warn!("an archive has no `response` records of http(s) URLs, so it gives no tasks");
        }
        Ok(None)
    }
}

fn unreadable(error: Error) -> Unreadable {
    match error {
        Error::Io(error) => error.into(),
        broken @ Error::Broken { .. } => Unreadable::Broken(broken.to_string()),
    }
}

/// The URL of a record that is a task.
fn target(head: &Head) -> Option<&str> {
    let target = head.target().filter(|_| matches!(&*head.kind(), "response" | "revisit"))?;
    let is_web = |scheme: &str| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    (is_web("http://") || is_web("https://")).then_some(target)
}

/// The most bytes of a block that are needed.
fn wanted(head: &Head, most: u64) -> u64 {
    if target(head).is_some() && incomplete(head).is_none() { most } else { 0 }
}

/// Why a record cannot have the whole answer, by its head.
fn incomplete(head: &Head) -> Option<String> {
    if &*head.kind() == "revisit" {
        let of = head.get("warc-refers-to-target-uri").or(head.get("warc-refers-to"));
        let of = of.map(|of| format!(" (that of {})", excerpt(&redact(of), SHOWN))).unwrap_or_default();
        return Some(format!(
            "the archive has no body for it: its record is a `revisit`, which says only that the answer was the same as \
             an earlier one{of}"
        ));
    }
    if let Some(why) = head.get("warc-truncated") {
        return Some(format!("the archive has only its beginning (`WARC-Truncated: {}`)", excerpt(why, SHOWN)));
    }
    head.get("warc-segment-number").map(|_| "the archive has it in several segments, which are not joined".to_owned())
}

/// Turns a record into an entry, unless it is not a task.
fn entry(record: Record, seq: u64, keep: &Keep, most: u64) -> Option<Entry<'static>> {
    let Record { head, block, at: _ } = record;
    let url = target(&head)?;
    let (date, id) = (head.date().unwrap_or_default(), head.id().unwrap_or_default());
    let bytes = [url, date, id].join("\0").into_bytes();
    let carried = CARRIED.into_iter().zip([date, id]).filter(|(name, _)| keep.has(name));
    let mut task = task::from_value(url, Carried::of_cells(carried), seq, None);
    let failed = |kind, message: String| {
        Err(Failure::new(kind, Stage::Fetch, format!("read {}: {message}", excerpt(&task.line, SHOWN))))
    };
    let answer = match (incomplete(&head), block) {
        (Some(why), _) => failed(FailureKind::Truncated, why),
        (None, Block::CutOff(length)) => {
            let why = format!("the archive ends after {length} bytes of its record");
            failed(FailureKind::Truncated, why)
        }
        (None, Block::TooLong(length)) => {
            let why =
                format!("its record has {length} bytes, and at most {most} are read (`fetch.max_body` and its head)");
            failed(FailureKind::TooLarge, why)
        }
        (None, Block::Whole(block)) => Ok(Stored { form: StoredForm::Message, bytes: block.into(), at: time(date) }),
    };
    if task.url.is_ok() {
        match answer {
            Ok(stored) => task.stored = Some(stored),
            Err(failure) => task.url = Err(failure),
        }
    }
    Some(Entry { bytes: Cow::Owned(bytes), task: Some(task), too_long: false })
}

/// Reads a `WARC-Date` (W3C profile of ISO 8601, in UTC), at least with its seconds.
fn time(date: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(date).ok()
}

#[cfg(test)]
#[path = "warc_tests.rs"]
mod tests;
