//! Shows how far a run has come, on standard error.
//!
//! In reading order: this file chooses how it is shown, and has the thread that does it. `line` has the parts of the
//! progress line, `waits` the words for what a run waits for, and `workers` the table of `--progress full`.
//! `fitted` fits all of this into the width of the terminal.

mod fitted;
mod line;
mod waits;
mod workers;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::args::ShowProgress;
use super::colour::{Label, painted};
use super::screen::Line;
use super::terminal::{self, Size};
use super::{log, messages, words};
use crate::coordinator::Watch;
use crate::observation::{Glance, RunState};
use fitted::{Ink, Span, cut, fit, width};
use line::parts;

/// Time between two drawings. A terminal that changes its size is drawn anew after this time at the latest.
const INTERVAL: Duration = Duration::from_millis(100);

/// Time between two lines where nothing can be drawn.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// How long a new glance is waited for. There is none while the output is completed.
const PATIENCE: Duration = Duration::from_secs(1);

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const ASCII_SPINNER: [&str; 4] = ["|", "/", "-", "\\"];

/// How the progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A line that is drawn again and again; with the workers above it, if `full`.
    Drawn { full: bool },
    /// A line now and then.
    Plain,
}

/// Chooses how the progress is shown; `None` if it is not. `prints` says whether the records go to a terminal.
pub(super) fn style(show: ShowProgress, quiet: bool, prints: bool) -> Option<Style> {
    if log::is_json() { None } else { choose(show, quiet, prints, terminal::can_draw()) }
}

/// Records that pass over the terminal would overwrite what is drawn there, and be overwritten by it.
fn choose(show: ShowProgress, quiet: bool, prints: bool, can_draw: bool) -> Option<Style> {
    match show {
        ShowProgress::Never => None,
        ShowProgress::Full if can_draw => Some(Style::Drawn { full: !prints }),
        ShowProgress::Auto if prints => None,
        ShowProgress::Auto | ShowProgress::Full if quiet => None,
        ShowProgress::Auto | ShowProgress::Full if !can_draw => Some(Style::Plain),
        ShowProgress::Auto | ShowProgress::Full | ShowProgress::Always => Some(Style::Drawn { full: false }),
    }
}

/// The thread that shows the progress of a run. On drop, it takes everything back that it has drawn.
pub(super) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows the progress until this is dropped.
    pub(super) fn follow(style: Style, watch: &Watch) -> Self {
        let (stop, stopped) = channel::<()>();
        let watch = watch.clone();
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || match style {
            Style::Drawn { full } => draw(&watch, full, &stopped),
            Style::Plain => write_lines(&watch, &stopped),
        });
        // If the thread cannot be started, there is no progress to see.
        Self { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        // The thread only queues messages, so it does not wait for the terminal.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn draw(watch: &Watch, full: bool, stopped: &Receiver<()>) {
    let mut glances = watch.glances();
    let (mut newest, mut since) = (Arc::<Glance>::default(), Instant::now());
    let spinner = if terminal::is_utf_8() { &SPINNER[..] } else { &ASCII_SPINNER };
    let mut frames = spinner.iter().cycle();
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        if glances.has_changed().unwrap_or(false) {
            newest = Arc::clone(&glances.borrow_and_update());
            since = Instant::now();
        }
        // The time goes on even if there is no new glance.
        let glance = Glance { elapsed: newest.elapsed + since.elapsed(), ..Glance::clone(&newest) };
        messages::show(picture(&glance, frames.next().copied().unwrap_or(""), full, terminal::size()));
    }
    messages::show(Vec::new());
}

/// All lines at the bottom of a terminal. One column stays free, because a terminal that has written its last column may
/// begin a new line. One row stays free for the last message.
fn picture(glance: &Glance, spinner: &str, full: bool, size: Size) -> Vec<Line> {
    let columns = size.columns.saturating_sub(1);
    let plain = |text: String| Line { width: width(&text), text };
    let rows = size.rows.saturating_sub(2);
    let workers = if full { workers::lines(&glance.by_slot(), columns, rows) } else { Vec::new() };
    let room = columns.saturating_sub(width(spinner) + 1);
    let rest = fit(&parts(glance), room);
    let last = [Span { text: cut(&format!("{spinner} "), columns), ink: Ink::Plain }].into_iter().chain(rest);
    let (mut text, mut taken) = (String::new(), 0);
    for span in last {
        taken += width(&span.text);
        text.push_str(&paint(&span));
    }
    workers.into_iter().map(plain).chain([Line { text, width: taken }]).collect()
}

fn paint(span: &Span) -> String {
    match span.ink {
        Ink::Plain => span.text.clone(),
        Ink::Bad => painted(Label::Error, &span.text),
        Ink::Wait => painted(Label::Warning, &span.text),
    }
}

/// Writes a line now and then, and at the end of a run that took long enough for one.
fn write_lines(watch: &Watch, stopped: &Receiver<()>) {
    let begun = Instant::now();
    let say = |glance: Glance| {
        let parts = parts(&Glance { elapsed: begun.elapsed(), ..glance });
        let texts: Vec<&str> = parts.iter().filter_map(|part| part.forms.first()).map(String::as_str).collect();
        words::say(&format!("progress: {}", texts.join(", ")));
    };
    while stopped.recv_timeout(PLAIN_INTERVAL) == Err(RecvTimeoutError::Timeout) {
        // Glances cost the run time, so they are made only now.
        let mut glances = watch.glances();
        let asked = Instant::now();
        while !glances.has_changed().unwrap_or(true) && asked.elapsed() < PATIENCE {
            std::thread::sleep(INTERVAL);
        }
        say(Glance::clone(&glances.borrow_and_update()));
    }
    if begun.elapsed() >= PLAIN_INTERVAL {
        let end = Glance::clone(&watch.glances().borrow());
        say(Glance { state: RunState::Running, quiet: Duration::ZERO, left: None, ..end });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Total;

    #[test]
    fn the_style_follows_the_option_and_what_the_terminal_can_do() {
        use ShowProgress::{Always, Auto, Full, Never};
        let drawn = |full| Some(Style::Drawn { full });
        // The option, --quiet, records on a terminal, a terminal to draw on.
        let table = [
            (Auto, false, false, true, drawn(false)),
            (Auto, false, false, false, Some(Style::Plain)),
            (Auto, true, false, true, None),
            (Auto, true, false, false, None),
            (Auto, false, true, true, None),
            (Auto, false, true, false, None),
            (Full, false, false, true, drawn(true)),
            (Full, true, false, true, drawn(true)),
            (Full, false, true, true, drawn(false)),
            (Full, false, false, false, Some(Style::Plain)),
            (Full, true, false, false, None),
            (Always, true, false, false, drawn(false)),
            (Always, false, true, true, drawn(false)),
            (Never, false, false, true, None),
        ];
        for (show, quiet, prints, can_draw, expected) in table {
            assert_eq!(choose(show, quiet, prints, can_draw), expected, "{show:?} {quiet} {prints} {can_draw}");
        }
    }

    #[test]
    fn a_picture_fits_into_any_terminal() {
        let total = Total::Known(200_000);
        let glance =
            Glance { done: 123_456, total, failed: 1_234, elapsed: Duration::from_secs(5), ..Glance::default() };
        for columns in 0..100 {
            for rows in 0..10 {
                let lines = picture(&glance, "⠋", true, Size { columns, rows });
                assert!(lines.len() <= rows.max(1), "{columns} x {rows}");
                let is_narrow = |line: &Line| line.width < columns.max(1) && width(&line.text) == line.width;
                assert!(lines.iter().all(is_narrow), "{columns} x {rows}: {lines:?}");
            }
        }
    }
}
