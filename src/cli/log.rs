//! The log on standard error: lines for people, or an object of JSON on each line.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer as _, fmt as layers};

use super::colour::{Label, painted};
use super::messages;
use crate::model::{escape_controls, printable, rfc_3339};

/// What SIGUSR1 asks for. It is shown at any verbosity, because somebody has asked for it.
const STATE: &str = "gleaner::state";

/// Whether everything on standard error is JSON.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on, everything on standard error is JSON.
pub(super) fn use_json() {
    IS_JSON.store(true, Relaxed);
}

pub(super) fn is_json() -> bool {
    IS_JSON.load(Relaxed)
}

/// Starts the log. Verbosity 0 shows warnings, 1 also a line for each task, 2 also debug messages.
pub(super) fn start(verbosity: u8, quiet: bool) {
    messages::start();
    let level = match verbosity {
        _ if quiet => Level::ERROR,
        0 => Level::WARN,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let shown = Targets::new().with_default(level).with_target(STATE, level.max(Level::INFO));
    // If a message cannot be written, it does not cause another one.
    let layer = layers::layer().with_writer(|| Line).with_ansi(false).log_internal_errors(false);
    let layer = if is_json() {
        layer.event_format(Json).with_filter(shown).boxed()
    } else {
        layer.with_target(false).without_time().with_filter(shown).boxed()
    };
    // `gleaner demo` starts several runs. The subscriber is then set already.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

/// A complete line with a message of the command itself, without characters that control a terminal.
pub(super) fn line(level: Level, message: &str) -> String {
    if is_json() { json(level, "gleaner", message, Map::new()) } else { format!("{}\n", printable(message)) }
}

/// A line of the log with these fields.
pub(super) fn json(level: Level, target: &str, message: &str, fields: Map<String, Value>) -> String {
    let object = Object { time: rfc_3339(SystemTime::now()), level: level.as_str(), target, message, fields };
    // Texts and numbers are always JSON.
    let mut bytes = serde_json::to_vec(&object).unwrap_or_default();
    escape_controls(&mut bytes, 0);
    let text = String::from_utf8_lossy(&bytes);
    format!("{}\n", printable(&text))
}

#[derive(Serialize)]
struct Object<'a> {
    time: String,
    level: &'static str,
    target: &'a str,
    message: &'a str,
    fields: Map<String, Value>,
}

/// Formats the events of the log as JSON.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut seen = Fields::default();
        event.record(&mut seen);
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        writer.write_str(&json(level, target, &seen.message, seen.fields))
    }
}

/// The message and the fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    fields: Map<String, Value>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        self.fields.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.add(field, text.into());
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_is_one_object_that_controls_no_terminal() {
        let mut fields = Map::new();
        fields.insert("pid".to_owned(), 7.into());
        let line = json(Level::WARN, "gleaner", "a\nb \u{1b}[31m \u{9b}1m \u{202e} \"日本\"", fields);
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(line.ends_with("}\n") && line.starts_with(r#"{"time":"20"#), "{line}");
        let is_harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(line.chars().all(is_harmless), "{line:?}");
        let read: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(read["message"], "a\nb \u{1b}[31m \u{9b}1m \u{fffd} \"日本\"");
        assert_eq!(
            (&read["level"], &read["target"], &read["fields"]["pid"]),
            (&"WARN".into(), &"gleaner".into(), &7.into())
        );
    }
}
