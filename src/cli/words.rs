//! What a person reads on standard error: errors, and the closing words of a run.

use std::io::Write;

use crate::coordinator::{Ending, Summary};

/// Says why a command stopped: the error and its chain, once, in full.
pub(super) fn error(error: &anyhow::Error) {
    say(&format!("error: {}", printable(&format!("{error:#}"))));
}

/// Says how a run went.
pub(super) fn closing(ending: Ending, summary: &Summary) {
    let mut text = counted(summary.tasks, "task");
    if let Ending::Interrupted { .. } = ending {
        text.push_str(" were done when the run was interrupted");
    }
    text.push_str(&format!(": {} with data", summary.ok));
    if summary.failed > 0 {
        let kinds: Vec<String> = summary.failures.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        text.push_str(&format!(", {} failed ({})", summary.failed, kinds.join(", ")));
    }
    let workers: u64 = summary.workers_by_end.values().sum();
    text.push_str(&format!(", in {:.2} s; {}", summary.elapsed_s, counted(workers, "worker")));
    match summary.retries {
        0 => {}
        1 => text.push_str(", 1 retry"),
        retries => text.push_str(&format!(", {retries} retries")),
    }
    say(&text);
}

/// "1 worker", "2 workers".
pub(super) fn counted(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Writes a line to standard error, wherever that leads.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Without what a terminal would obey. Line ends and tabs stay: errors in settings have several lines.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{FFFD}' } else { c }).collect()
}
