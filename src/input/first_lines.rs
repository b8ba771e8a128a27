//! Checks the first lines of a file, to see whether it is a list of URLs. If a user names a table or a settings file by
//! mistake, this gives one error instead of a failure for each line.

use std::io::Read;

use url::Url;

use super::format::{Unreadable, entries};
use super::looks_like::{is_header, looks_like};
use super::{Error, ErrorKind, Format, Options, Source};
use crate::model::Task;

/// Number of tasks that are checked.
const TASKS: usize = 20;

/// Maximum number of bytes that are read for this check.
const MOST: usize = 1024 * 1024;

/// Fails if none of the first tasks of a regular file has a URL, if a list of lines begins with the header of a table, or
/// if the file cannot be read so far. Other sources are not checked.
pub(super) fn check(source: &Source, options: &Options, base: Option<&Url>) -> Result<(), Error> {
    let Some(Beginning { tasks, .. }) = beginning_of(source, options, base)? else { return Ok(()) };
    let format = options.format_of(source);
    if format == Format::Warc {
        // An archive is known by its records, and any of its answers may be missing.
        return Ok(());
    }
    let Some(Task { url, line: first, .. }) = tasks.first() else { return Ok(()) };
    // With a site, a header is a path too.
    let is_table = format == Format::Text && is_header(first) && (url.is_err() || !first.contains("://"));
    if tasks.iter().any(|task| task.url.is_ok()) && !is_table {
        return Ok(());
    }
    let (one, all) = if format == Format::Text { ("line", "lines") } else { ("task", "tasks") };
    let none = match tasks.len() {
        _ if is_table => "its first line has names of columns".to_owned(),
        1 => format!("its only {one} is not a URL"),
        count if count < TASKS => format!("none of its {count} {all} is a URL"),
        count => format!("none of its first {count} {all} is a URL"),
    };
    let lines: Vec<&str> = tasks.iter().map(|task| task.line.as_str()).collect();
    let guess = Some(lines).filter(|_| format == Format::Text).and_then(|lines| looks_like(&lines));
    let why = match (guess, url) {
        (Some(guess), _) => format!("it looks like {guess}"),
        (None, Err(failure)) => format!("the first one: {}", failure.message),
        (None, Ok(_)) => "it looks like a table".to_owned(),
    };
    let way_out = match format {
        Format::Text | Format::Sitemap => {
            "give a list with one URL on each line, or use --force-list to make a task of every line anyway"
        }
        Format::Csv | Format::Tsv => "choose the column of the URLs with --url-column, or use --force-list",
        Format::Jsonl | Format::Json | Format::Warc => {
            "choose the key of the URLs with --url-field, or use --force-list"
        }
    };
    Err(Error::new(ErrorKind::Unusable, format!("read {source}: {none}, {why}; {way_out}")))
}

/// The names of the columns that the tasks of a regular file carry. `None` for other sources, and if its beginning does
/// not tell them.
pub(super) fn carried_columns(source: &Source, options: &Options) -> Result<Option<Vec<String>>, Error> {
    Ok(beginning_of(source, options, None)?.and_then(|beginning| beginning.carried_columns))
}

/// The beginning of a list.
struct Beginning {
    /// The first tasks.
    tasks: Vec<Task>,
    carried_columns: Option<Vec<String>>,
}

/// The beginning of a regular file. `None` for other sources, because they can be read only once.
fn beginning_of(source: &Source, options: &Options, base: Option<&Url>) -> Result<Option<Beginning>, Error> {
    let unusable = |error| Error::new(ErrorKind::Unusable, format!("read {source}")).because(error);
    let Some(file) = source.open_regular().map_err(unusable)? else { return Ok(None) };
    match beginning(file, options.format_of(source), options, base) {
        Ok(beginning) => Ok(Some(beginning)),
        Err(Unreadable::Io(error)) => Err(unusable(error)),
        Err(Unreadable::Encoding(encoding)) => Err(source.is_in(encoding, ErrorKind::Unusable)),
        Err(Unreadable::Broken(why)) => Err(Error::new(ErrorKind::Unusable, format!("read {source}: {why}"))),
    }
}

/// Reads only the beginning of a list.
fn beginning(list: impl Read, format: Format, options: &Options, base: Option<&Url>) -> Result<Beginning, Unreadable> {
    let mut entries = entries(list, format, options, base);
    let mut tasks: Vec<Task> = Vec::new();
    let (mut read, mut is_at_end) = (0, false);
    while tasks.len() < TASKS {
        let seq = tasks.len() as u64;
        match if is_at_end { entries.take_rest(seq)? } else { entries.take(seq)? } {
            Some(entry) => tasks.extend(entry.task),
            None if is_at_end => break,
            // The last entry may be incomplete, so it is not judged, unless it is a line that is too long in any case.
            None if read >= MOST => {
                let rest = if format == Format::Text { entries.take_rest(seq)? } else { None };
                tasks.extend(rest.filter(|entry| entry.too_long).and_then(|entry| entry.task));
                break;
            }
            None => {
                let count = entries.refill()?;
                read += count;
                is_at_end = count == 0;
            }
        }
    }
    let carried_columns = entries.carried_columns();
    Ok(Beginning { tasks, carried_columns })
}
