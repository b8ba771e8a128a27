//! Errors, and the words of a command, on standard error.

use std::path::Path;

use serde_json::{Value, json};
use tracing::Level;

use super::again::Again;
use super::closing::Closing;
use super::colour::{Label, painted};
use super::{log, messages};
pub(super) use crate::model::counted;
use crate::model::printable;
use crate::observation::Summary;

/// Reports why a command stopped: the error and its chain of causes.
pub(super) fn error(error: &anyhow::Error) {
    let message = format!("{error:#}");
    if log::is_json() {
        return messages::say(log::line(Level::ERROR, &message));
    }
    let label = painted(Label::Error, "error:");
    messages::say(format!("{label} {}\n", printable(&message)));
}

/// Reports the result of a run.
pub(super) fn closing(closing: &Closing) {
    let lines = closing.lines();
    if !log::is_json() {
        return lines.iter().for_each(|line| say(line));
    }
    let Summary { ending, tasks, ok, failed, requests, retries, bytes, elapsed_s, output, .. } = closing.summary;
    let fields = json!({
        "ending": ending, "tasks": tasks, "ok": ok, "failed": failed, "requests": requests, "retries": retries,
        "bytes": bytes, "elapsed_s": elapsed_s, "output": output, "more": &lines[1..],
    });
    let fields = if let Value::Object(fields) = fields { fields } else { serde_json::Map::new() };
    messages::say(log::json(Level::INFO, "gleaner::closing", &lines[0], fields));
}

/// How to continue a run that did not come to its end, because of an error.
pub(super) fn to_go_on(part: &Path) -> String {
    format!("finished records are kept beside {}\n{}", part.display(), Again::Resume.words())
}

/// Writes a line to standard error.
pub(super) fn say(line: &str) {
    messages::say(log::line(Level::INFO, line));
}
