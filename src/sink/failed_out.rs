//! A list of the tasks that failed, written while the run goes on (`--failed-out`). It is a list for the next run.
//!
//! Each task takes one line (in a list of text, two), which begins with the number of the task. So a resumed run can find
//! the tasks that have a record already. The lines are written before the checkpoint that confirms the records.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Error, destination};
use crate::model::{Dialect, Done, Failure, Record, Seqs, escape_controls, printable};
use crate::own_files;

/// The size at which the buffer is written.
const BUFFER: usize = 256 * 1024;

/// The columns of a table.
const COLUMNS: [&str; 5] = ["task", "url", "kind", "http_status", "message"];

/// The form of the list, by the extension of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A comment, and the URL on the next line.
    Text,
    Table(Dialect),
    Jsonl,
}

/// The open list.
#[derive(Debug)]
pub(super) struct FailedOut {
    file: File,
    path: PathBuf,
    form: Form,
    buffer: Vec<u8>,
    /// The length of the file, if it is a regular one: without what a write that failed has left.
    length: Option<u64>,
    is_synced: bool,
}

/// Whether a list of failed tasks can have this name. It is written line by line, so it cannot be an array or compressed.
pub fn can_list_failed(path: &Path) -> bool {
    !matches!(extension(path).as_str(), "json" | "gz" | "zst" | "parquet" | "db" | "sqlite" | "sqlite3" | "warc")
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

impl Form {
    fn of(path: &Path) -> Self {
        match extension(path).as_str() {
            "csv" => Self::Table(Dialect::default()),
            "tsv" => Self::Table(Dialect { delimiter: b'\t', ..Dialect::default() }),
            "jsonl" | "ndjson" | "jl" => Self::Jsonl,
            _ => Self::Text,
        }
    }

    fn header(self) -> Vec<u8> {
        let Self::Table(dialect) = self else { return Vec::new() };
        let mut header = COLUMNS.join(&char::from(dialect.delimiter).to_string()).into_bytes();
        header.push(b'\n');
        header
    }

    fn write(self, record: &Record, failure: &Failure, into: &mut Vec<u8>) {
        let kind = failure.kind.as_str();
        // Parsers of URLs ignore line breaks, and here a task is one line.
        let url: String = record.url.chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
        let message = printable(&failure.message).replace(['\n', '\r'], " ");
        match self {
            Self::Text => {
                let text = format!("# {} {kind}: {message}\n{url}\n", record.seq);
                into.extend_from_slice(text.as_bytes());
            }
            Self::Table(dialect) => {
                let status = failure.status.map_or_else(String::new, |status| status.to_string());
                for (nth, cell) in [&record.seq.to_string(), &url, kind, &status, &message].into_iter().enumerate() {
                    if nth > 0 {
                        into.push(dialect.delimiter);
                    }
                    dialect.text(cell, into);
                }
                into.push(b'\n');
            }
            Self::Jsonl => {
                #[derive(Serialize)]
                struct Line<'a> {
                    task: u64,
                    url: &'a str,
                    kind: &'a str,
                    http_status: Option<u16>,
                    message: &'a str,
                }
                let line = Line { task: record.seq, url: &url, kind, http_status: failure.status, message: &message };
                let start = into.len();
                serde_json::to_writer(&mut *into, &line).expect("strings and numbers are always JSON");
                escape_controls(into, start);
                into.push(b'\n');
            }
        }
    }

    /// The number of the task of a line; `None` for a header or a URL.
    fn task_of(self, line: &[u8]) -> Option<u64> {
        let (before, after): (&[u8], u8) = match self {
            Self::Text => (b"# ", b' '),
            Self::Table(dialect) => (b"", dialect.delimiter),
            Self::Jsonl => (b"{\"task\":", b','),
        };
        let rest = line.strip_prefix(before)?;
        let end = rest.iter().position(|byte| *byte == after)?;
        str::from_utf8(&rest[..end]).ok()?.parse().ok()
    }
}

impl FailedOut {
    /// Starts the list, or continues that of an earlier run: lines of tasks without a record are removed, because these
    /// tasks are fetched again.
    pub(super) fn open(path: &Path, done: &Done) -> Result<Self, Error> {
        let refuse = |error| {
            let shown = path.display();
            let folder = destination::folder_of(path);
            if !folder.is_dir() {
                let folder = folder.display();
                return Error::unusable(format!(
                    "write the failed tasks to `{shown}`: there is no folder `{folder}`, create it (mkdir -p {folder}) or \
                     choose another"
                ));
            }
            Error::unusable(format!("write the failed tasks to `{shown}`: choose another file with --failed-out"))
                .because(error)
        };
        Self::open_file(path, done).map_err(refuse)
    }

    fn open_file(path: &Path, done: &Done) -> io::Result<Self> {
        let form = Form::of(path);
        let target = own_files::follow_links(path)?;
        let is_regular = fs::metadata(&target).is_ok_and(|metadata| metadata.is_file());
        let is_resumed = done.seqs.count() > 0;
        if is_resumed && is_regular {
            confirm(form, &target, done)?;
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(&target)?;
        let is_regular = file.metadata()?.is_file();
        if is_regular && !is_resumed {
            file.set_len(0)?;
        }
        let is_empty = !is_regular || file.metadata()?.len() == 0;
        let buffer = if is_empty { form.header() } else { Vec::new() };
        let length = if is_regular { Some(file.metadata()?.len()) } else { None };
        let mut list = Self { file, path: path.to_owned(), form, buffer, length, is_synced: false };
        list.write()?;
        Ok(list)
    }

    /// Appends a task that failed.
    pub(super) fn failed(&mut self, record: &Record, failure: &Failure) -> Result<(), Error> {
        self.form.write(record, failure, &mut self.buffer);
        if self.buffer.len() < BUFFER { Ok(()) } else { self.flush() }
    }

    /// Writes what is waiting in memory. After an error, a regular file ends after a whole task, and the tasks still
    /// wait.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.write().map_err(|error| self.error(error))
    }

    fn write(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.file.write_all(&self.buffer) {
            if let Some(length) = self.length {
                self.file.set_len(length)?;
            }
            return Err(error);
        }
        if let Some(length) = &mut self.length {
            *length += self.buffer.len() as u64;
        }
        self.buffer.clear();
        self.is_synced = false;
        Ok(())
    }

    /// Makes the list survive a power cut.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        if self.length.is_some() && !self.is_synced {
            self.file.sync_data().map_err(|error| self.error(error))?;
            self.is_synced = true;
        }
        Ok(())
    }

    fn error(&self, error: io::Error) -> Error {
        let way_out = super::output::way_out(&error);
        Error::io(format!("write the failed tasks to `{}`{way_out}", self.path.display())).because(error)
    }
}

/// Replaces the list by one that has only the tasks that have a record, each once.
fn confirm(form: Form, path: &Path, done: &Done) -> io::Result<()> {
    let mut old = BufReader::new(File::open(path)?);
    let mut new = own_files::temporary_beside(path)?;
    new.as_file().set_permissions(old.get_ref().metadata()?.permissions())?;
    new.write_all(&form.header())?;
    let (mut line, mut is_kept) = (Vec::new(), false);
    let mut seen = Seqs::default();
    let mut write = io::BufWriter::new(new.as_file_mut());
    while old.read_until(b'\n', &mut line)? > 0 {
        let is_whole = line.ends_with(b"\n");
        match form.task_of(&line) {
            Some(task) => is_kept = is_whole && done.seqs.contains(task) && seen.insert(task..task + 1),
            // The URL of a list of text belongs to the comment before it.
            None => is_kept &= form == Form::Text && is_whole,
        }
        if is_kept {
            write.write_all(&line)?;
        }
        line.clear();
    }
    write.flush()?;
    drop(write);
    new.as_file().sync_all()?;
    new.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Carried, FailureKind, Outcome, Stage};

    fn record(seq: u64, url: &str) -> (Record, Failure) {
        let mut failure = Failure::new(FailureKind::HttpStatus, Stage::Fetch, "get \"a\",\nb\u{1b}");
        failure.status = Some(503);
        let record = Record {
            seq,
            url: url.to_owned(),
            input: Carried::default(),
            outcome: Outcome::Failure(failure.clone()),
            attempts: 1,
            elapsed: Duration::ZERO,
            worker: None,
            cached: None,
            fetched_at: None,
        };
        (record, failure)
    }

    fn push(list: &mut FailedOut, seq: u64, url: &str) {
        let (record, failure) = record(seq, url);
        list.failed(&record, &failure).expect("written");
    }

    #[test]
    fn each_form_is_a_list_and_a_resumed_list_has_each_confirmed_task_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = [
            (
                "a.txt",
                "",
                ["# 3 http_status: get \"a\", b\u{fffd}\nu\n", "# 5 http_status: get \"a\", b\u{fffd}\nv,w\n"],
            ),
            (
                "a.csv",
                "task,url,kind,http_status,message\n",
                [
                    "3,u,http_status,503,\"get \"\"a\"\", b\u{fffd}\"\n",
                    "5,\"v,w\",http_status,503,\"get \"\"a\"\", b\u{fffd}\"\n",
                ],
            ),
            (
                "a.jsonl",
                "",
                [
                    "{\"task\":3,\"url\":\"u\",\"kind\":\"http_status\",\"http_status\":503,\"message\":\"get \\\"a\\\", b\u{fffd}\"}\n",
                    "{\"task\":5,\"url\":\"v,w\",\"kind\":\"http_status\",\"http_status\":503,\"message\":\"get \\\"a\\\", b\u{fffd}\"}\n",
                ],
            ),
        ];
        for (name, header, [three, five]) in table {
            let path = folder.path().join(name);
            fs::write(&path, "of another run").expect("written");
            let mut list = FailedOut::open(&path, &Done::default()).expect("a file");
            push(&mut list, 3, "\nu");
            push(&mut list, 5, "v,w");
            list.flush().expect("written");
            drop(list);
            let text = fs::read_to_string(&path).expect("written");
            assert_eq!(text, format!("{header}{three}{five}"));
            // The run that wrote task 5 was killed before the checkpoint, and in the middle of another task.
            fs::write(&path, format!("{text}{three}{}", &five[..9])).expect("written");
            let done = Done { seqs: [1, 3].into_iter().collect(), ..Done::default() };
            let mut list = FailedOut::open(&path, &done).expect("a file");
            push(&mut list, 5, "v,w");
            list.flush().expect("written");
            list.sync().expect("synced");
            assert_eq!(fs::read_to_string(&path).expect("written"), format!("{header}{three}{five}"), "{name}");
        }
    }
}
