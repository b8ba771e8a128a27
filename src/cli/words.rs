//! Errors and the closing words of a run, on standard error.

use std::path::Path;
use std::time::Duration;

use super::colour::{Label, painted};
use super::{coverage_words, messages};
use crate::coordinator::{Ending, Reason};
use crate::model::{how_long, printable};
use crate::observation::Summary;

/// Reports why a command stopped: the error and its chain of causes.
pub(super) fn error(error: &anyhow::Error) {
    let label = painted(Label::Error, "error:");
    messages::say(format!("{label} {}\n", printable(&format!("{error:#}"))));
}

/// Reports the result of a run.
pub(super) fn closing(ending: Ending, summary: &Summary, kept: Option<&Path>) {
    let were = if summary.tasks == 1 { "was" } else { "were" };
    let interrupted = match ending {
        Ending::Complete | Ending::ReaderGone => String::new(),
        Ending::Stopped(Reason::Signal(_)) => format!(" {were} done when the run was interrupted"),
        Ending::Stopped(Reason::Failures) => {
            format!(" {were} done when there were too many failures (limits.max_failures)")
        }
        Ending::Stopped(Reason::Drained) => format!(" {were} done when the run was asked to stop"),
        Ending::Stopped(Reason::Deadline) => {
            format!(" {were} done when the run reached its deadline (limits.deadline)")
        }
    };
    let earlier = match (summary.resumed, interrupted.as_str()) {
        (0, _) => String::new(),
        (resumed, "") => format!(", {resumed} of them done by an earlier run"),
        (resumed, _) => format!(", {resumed} of them done by an earlier run,"),
    };
    let tasks = counted(summary.tasks, "task");
    let cached = summary.cached.filter(|cached| *cached > 0);
    let cached = cached.map_or_else(String::new, |cached| format!(" ({cached} of them from the cache)"));
    let mut parts = vec![format!("{tasks}{earlier}{interrupted}: {} with data{cached}", summary.ok)];
    if summary.failed > 0 {
        let kinds: Vec<String> = summary.failures.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        parts.push(format!("{} failed ({})", summary.failed, kinds.join(", ")));
    }
    match summary.retries {
        0 => {}
        1 => parts.push("1 retry".to_owned()),
        retries => parts.push(format!("{retries} retries")),
    }
    parts.push(counted(summary.workers_by_end.values().sum(), "worker"));
    parts.push(elapsed(summary.elapsed_s));
    let advice = kept.map(|part| format!("; {}", to_go_on(part))).unwrap_or_default();
    say(&format!("{}{advice}", parts.join(", ")));
    coverage_words::lines(summary).iter().for_each(|line| say(line));
}

/// Formats the duration of a run.
fn elapsed(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.2} s");
    }
    Duration::try_from_secs_f64(seconds).map_or_else(|_| format!("{seconds} s"), how_long)
}

/// How to continue a run that did not come to its end.
pub(super) fn to_go_on(part: &Path) -> String {
    format!("finished records are kept beside `{}`: run the same command with --resume to continue", part.display())
}

/// Formats a count: "1 worker", "2 workers".
pub(super) fn counted(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Writes a line to standard error, without characters that control a terminal.
pub(super) fn say(line: &str) {
    messages::say(format!("{}\n", printable(line)));
}
