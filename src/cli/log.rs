//! The log on standard error.

use std::borrow::Cow;
use std::io;

use indicatif::ProgressBar;
use tracing::Level;

use super::colour::{Label, painted};
use super::messages;
use crate::model::printable;

/// Turns the log on: warnings always, a line a task at 1, everything of ours at 2. Lines go around the bar.
pub(super) fn start(verbosity: u8, quiet: bool, bar: Option<&ProgressBar>) {
    messages::start(bar.cloned());
    let level = match verbosity {
        _ if quiet => Level::ERROR,
        0 => Level::WARN,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .without_time()
        .with_ansi(false)
        .with_writer(|| Line)
        // A message that cannot be written is no reason for another one.
        .log_internal_errors(false)
        .finish();
    // It is set already where a demo runs several times.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Writes lines as messages.
struct Line;

/// A line with its level in colour, where it is more than news.
fn coloured(line: &str) -> Cow<'_, str> {
    for (level, label) in [("ERROR", Label::Error), (" WARN", Label::Warning)] {
        if let Some(rest) = line.strip_prefix(level) {
            return Cow::Owned(painted(label, level) + rest);
        }
    }
    Cow::Borrowed(line)
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Lines come whole. Whatever is in them (a URL, what a worker said) does not get to the terminal as it is.
        let text = String::from_utf8_lossy(bytes);
        messages::say(coloured(&printable(&text)).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
