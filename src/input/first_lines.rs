//! Checks the first lines of a file, to see whether it is a list of URLs. If a user names a table or a settings file by
//! mistake, this gives one error instead of a failure for each line.

use std::io::Read;

use url::Url;

use super::format::entries;
use super::lines::Unreadable;
use super::looks_like::looks_like;
use super::{Error, ErrorKind, Source};
use crate::model::Task;

/// Number of tasks that are checked.
const TASKS: usize = 20;

/// Maximum number of bytes that are read for this check.
const MOST: u64 = 1024 * 1024;

/// Fails if none of the first tasks of a regular file has a URL. Other sources are not checked, because they can be
/// read only once.
pub(super) fn check(source: &Source, base: Option<&Url>) -> Result<(), Error> {
    let unusable = |error| Error::new(ErrorKind::Unusable, format!("read {source}")).because(error);
    let Some(file) = source.open_regular().map_err(unusable)? else { return Ok(()) };
    let tasks = match first_tasks(file.take(MOST), base) {
        Ok(tasks) => tasks,
        Err(Unreadable::Io(error)) => return Err(unusable(error)),
        Err(Unreadable::Encoding(encoding)) => return Err(source.is_in(encoding, ErrorKind::Unusable)),
    };
    if tasks.iter().any(|task| task.url.is_ok()) {
        return Ok(());
    }
    let Some(Task { url: Err(failure), .. }) = tasks.first() else { return Ok(()) };
    let lines: Vec<&str> = tasks.iter().map(|task| task.line.as_str()).collect();
    let none = match tasks.len() {
        1 => "its only line is not a URL".to_owned(),
        count if count < TASKS => format!("none of its {count} lines is a URL"),
        count => format!("none of its first {count} lines is a URL"),
    };
    let why = match looks_like(&lines) {
        Some(format) => format!("it looks like {format}"),
        None => format!("the first one: {}", failure.message),
    };
    let way_out = "give a list with one URL on each line, or use --force-list to make a task of every line anyway";
    Err(Error::new(ErrorKind::Unusable, format!("read {source}: {none}, {why}; {way_out}")))
}

/// The first tasks of a list, of which only the beginning may be known.
fn first_tasks(list: impl Read, base: Option<&Url>) -> Result<Vec<Task>, Unreadable> {
    let mut entries = entries(list, base);
    let mut tasks: Vec<Task> = Vec::new();
    let mut read = 0;
    loop {
        while let Some(entry) = entries.take(tasks.len() as u64) {
            tasks.extend(entry.task);
            if tasks.len() == TASKS {
                return Ok(tasks);
            }
        }
        match entries.refill()? as u64 {
            0 => break,
            count => read += count,
        }
    }
    // The last line may be incomplete, so it is not judged, unless it is too long in any case.
    let rest = entries.take_rest(tasks.len() as u64).filter(|entry| read < MOST || entry.too_long);
    tasks.extend(rest.and_then(|entry| entry.task));
    Ok(tasks)
}
