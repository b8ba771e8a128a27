//! The log on standard error.

use std::borrow::Cow;
use std::io;

use indicatif::ProgressBar;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use super::colour::{Label, painted};
use crate::model::printable;

/// Turns the log on: warnings always, a line a task at 1, everything of ours at 2. Lines go around the bar.
pub(super) fn start(verbosity: u8, quiet: bool, bar: Option<&ProgressBar>) {
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
        .with_writer(Lines { bar: bar.cloned() })
        .finish();
    // It is set already where a demo runs several times.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct Lines {
    bar: Option<ProgressBar>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { bar: self.bar.as_ref() }
    }
}

/// A line with its level in colour, where it is more than news.
fn coloured(line: &str) -> Cow<'_, str> {
    for (level, label) in [("ERROR", Label::Error), (" WARN", Label::Warning)] {
        if let Some(rest) = line.strip_prefix(level) {
            return Cow::Owned(painted(label, level) + rest);
        }
    }
    Cow::Borrowed(line)
}

struct Line<'a> {
    bar: Option<&'a ProgressBar>,
}

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Lines come whole. Whatever is in them (a URL, what a worker said) does not get to the terminal as it is.
        let text = String::from_utf8_lossy(bytes);
        let text = printable(&text);
        let text = coloured(&text);
        match self.bar {
            Some(bar) => bar.suspend(|| io::stderr().write_all(text.as_bytes()))?,
            None => io::stderr().write_all(text.as_bytes())?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
