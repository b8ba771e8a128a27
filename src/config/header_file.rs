//! Request headers from a file (`-H @FILE`), as curl reads them: one on each line. Other users of the machine can see the
//! arguments of a process, so this is the way for headers with secrets.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::bounded;
use super::error::{Problem, ProblemKind};
use super::place::{Origin, Place, Text};
use super::sources;
use super::written::{Key, Node};

/// The largest file that is read, in MiB. Servers accept far less.
const LARGEST: u64 = 1;

/// Reads the headers of the file `name`, which stands after the `@` of the flag `flag`. Blank lines and lines that begin
/// with `#` are skipped.
///
/// # Errors
/// If the file cannot be read, has a line that is not a header, or has no header. No error shows a value: it may be secret.
pub(super) fn read(folder: &Path, flag: &str, name: &str) -> Result<Vec<(Vec<Key>, Node)>, Vec<Problem>> {
    let refused = |message: String, help: &str| {
        let text = Text::new(Origin::Flag(flag.to_owned()), format!("{flag} @{name}"));
        let place = Place::new(&text, flag.len() + 1..text.content().len());
        Err(vec![Problem::new(ProblemKind::Unreadable, message, place).with_help(help)])
    };
    if matches!(name, "" | "-") {
        let message = if name.is_empty() { "`@` without a file" } else { "headers are not read from standard input" };
        return refused(message.to_owned(), "name a file with a header on each line: @FILE");
    }
    let content = match content(&folder.join(name)) {
        Ok(content) => content,
        Err(error) => {
            return refused(format!("cannot read the headers in `{name}`: {error}"), "name a readable text file");
        }
    };
    let text = Text::new(Origin::File(PathBuf::from(name)), content);
    let (mut headers, mut problems, mut hidden, mut start) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for whole in text.content().split_inclusive('\n') {
        let line = whole.trim_end();
        let at = start..start + line.len();
        start += whole.len();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(colon) = line.find(':') {
            hidden.push(at.start + colon + 1..at.end);
            headers.push(sources::header(&text, at.start, line)?);
        } else {
            hidden.push(at.clone());
            let problem = Problem::new(ProblemKind::Syntax, "this line is not a header", Place::new(&text, at));
            problems.push(problem.with_help("write \"Name: Value\", or begin the line with # for a comment"));
        }
    }
    text.hide(hidden);
    match (problems.is_empty(), headers.is_empty()) {
        (true, false) => Ok(headers),
        (true, true) => refused(format!("there is no header in `{name}`"), "write \"Name: Value\" on a line of it"),
        (false, _) => Err(problems),
    }
}

/// Reads the text of a file, without a byte-order mark.
fn content(path: &Path) -> io::Result<String> {
    let bytes = bounded::read(File::open(path)?, LARGEST)?;
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not valid UTF-8");
    let content = String::from_utf8(bytes).map_err(invalid)?;
    Ok(content.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(content))
}
