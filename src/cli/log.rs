//! The log on standard error.

use std::borrow::Cow;
use std::io;

use indicatif::ProgressBar;
use tracing::Level;

use super::colour::{Label, painted};
use super::messages;
use crate::model::printable;

/// Starts the log. Verbosity 0 shows warnings, 1 also a line for each task, 2 also debug messages. Lines do not disturb
/// the bar.
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
        // If a message cannot be written, it does not cause another one.
        .log_internal_errors(false)
        .finish();
    // `gleaner demo` starts several runs. The subscriber is then set already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// A writer that sends log lines to `messages`.
struct Line;

/// A line with its level in colour, if that is a warning or an error.
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
        // Each write is a complete line. Foreign text in it (a URL, a worker's message) is made harmless for the
        // terminal.
        let text = String::from_utf8_lossy(bytes);
        messages::say(coloured(&printable(&text)).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
