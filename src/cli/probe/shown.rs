//! The report for people.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::page::Copy;
use super::paint::{Paint, Tone};
use crate::model::{counted, how_long, printable};
use crate::scrape::extract::{FailureReport, FieldReport, Hint, MatchReport, Part, Report, SourceReport};

/// The matches and the values that are shown of a field.
const MATCHES: usize = 5;
const VALUES: usize = 3;
/// The narrowest and the widest text, in characters, and the width if standard output is not a terminal.
const NARROWEST: usize = 60;
const WIDEST: usize = 140;
const WIDTH: usize = 110;

/// What is known about a page besides its content.
#[derive(Debug)]
pub(super) struct Head {
    /// What was asked for, and the URL that answered if it differs.
    pub(super) urls: Vec<String>,
    pub(super) copy: Copy,
    pub(super) bytes: usize,
}

/// Which fields have values.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Coverage<'r> {
    /// The number of fields, at any depth.
    fields: usize,
    /// How many of them have values.
    with_values: usize,
    /// The fields without a value.
    empty: Vec<&'r str>,
    /// The fields with values that do not fit their type.
    bad: Vec<&'r str>,
}

impl<'r> Coverage<'r> {
    pub(super) fn of(fields: &'r [FieldReport]) -> Self {
        let names = |is_it: fn(&FieldReport) -> bool| {
            fields.iter().filter(|field| is_it(field)).map(|field| field.field.as_str()).collect()
        };
        Self {
            fields: fields.len(),
            with_values: fields.iter().filter(|field| field.values > 0).count(),
            empty: names(|field| field.values == 0 && field.bad == 0),
            bad: names(|field| field.bad > 0),
        }
    }

    fn line(&self) -> String {
        let fields = counted(self.fields as u64, "field");
        let mut parts = vec![match self.with_values {
            all if all == self.fields => format!("{fields}, all with values"),
            some => format!("{some} of {fields} with values"),
        }];
        for (what, names) in [("empty", &self.empty), ("values that do not fit", &self.bad)] {
            if !names.is_empty() {
                parts.push(format!("{what}: {}", names.join(", ")));
            }
        }
        parts.join("; ")
    }
}

/// Returns the width of standard output, in characters.
pub(super) fn width() -> usize {
    let term = console::Term::stdout();
    let width = if term.is_term() { usize::from(term.size().1) } else { WIDTH };
    width.clamp(NARROWEST, WIDEST)
}

/// Writes the failure of a page that could not be fetched.
pub(super) fn unfetched(failure: &FailureReport, paint: Paint) -> String {
    failed(failure, paint) + "\n"
}

fn failed(failure: &FailureReport, paint: Paint) -> String {
    let FailureReport { kind, message, .. } = failure;
    format!("{} {}", paint.paint(Tone::Trouble, &format!("the page fails ({kind}):")), one_line(message))
}

/// Writes a report.
pub(super) fn report(head: &Head, report: &Report, paint: Paint, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let urls: Vec<String> = head.urls.iter().map(|url| one_line(url)).collect();
    lines.push(paint.paint(Tone::Name, &urls.join(" -> ")));
    lines.push(paint.paint(Tone::Place, &about(head, report)));
    let data = report.data.as_ref().and_then(|data| serde_json::from_str::<Value>(data.get()).ok());
    for field in &report.fields {
        lines.push(String::new());
        add_field(&mut lines, field, data.as_ref(), paint, width);
    }
    lines.push(String::new());
    for warning in &report.warnings {
        let field = warning.field.as_deref().unwrap_or("the page");
        let what = match warning.problem.as_str() {
            "bad_value" => "does not fit its type",
            "not_well_formed" => "is not well-formed XML, and is read as HTML",
            _ => "has more than is read",
        };
        let value = shortened(&warning.value, width / 2);
        lines.push(format!("{} {} {what}: {value:?}", paint.paint(Tone::Trouble, "warning:"), one_line(field)));
    }
    lines.extend(report.failure.as_ref().map(|failure| failed(failure, paint)));
    if !report.fields.is_empty() {
        lines.push(paint.paint(Tone::Name, &one_line(&Coverage::of(&report.fields).line())));
    }
    lines.join("\n") + "\n"
}

fn about(head: &Head, report: &Report) -> String {
    let size = if report.kind == "json" { "value" } else { "element" };
    let mut parts = Vec::new();
    if !report.kind.is_empty() {
        parts.push(report.kind.to_uppercase());
        parts.push(counted(report.size, size));
    }
    parts.push(counted(head.bytes as u64, "byte"));
    parts.push(match head.copy {
        Copy::Fetched => "fetched now".to_owned(),
        Copy::Kept(age) => format!("the copy of {} ago (--again fetches it anew)", rounded(age)),
        Copy::File => "a file".to_owned(),
    });
    parts.join(", ")
}

/// Formats an age in its largest unit.
fn rounded(age: Duration) -> String {
    let seconds = age.as_secs();
    let unit = match seconds {
        0..60 => 1,
        60..3600 => 60,
        3600..86_400 => 3600,
        _ => 86_400,
    };
    how_long(Duration::from_secs(seconds / unit * unit))
}

fn add_field(lines: &mut Vec<String>, field: &FieldReport, data: Option<&Value>, paint: Paint, width: usize) {
    let name = paint.paint(Tone::Name, &one_line(&field.field));
    // A selector of the command line is the name of its own field.
    let is_selector = field.sources.len() == 1 && field.sources[0].source == field.field.trim_start();
    let values = if is_selector { Vec::new() } else { values_at(data, &field.field) };
    let mut head = vec![name];
    if !values.is_empty() {
        let room = if values.len() == 1 { width * 3 / 4 } else { width / 3 };
        let shown: Vec<String> = values.iter().take(VALUES).map(|value| shortened(&value.to_string(), room)).collect();
        let more = if values.len() > VALUES { ", ..." } else { "" };
        head.push(format!(" = {}{more}", paint.paint(Tone::Value, &shown.join(", "))));
    }
    if field.bad > 0 {
        let bad = format!("{} that do not fit the type", counted(field.bad.into(), "value"));
        head.push(format!("  {}", paint.paint(Tone::Trouble, &bad)));
    }
    lines.push(head.concat());
    let mut was_found = false;
    for source in &field.sources {
        // The first source of several that gives something is the one that counts.
        let is_spare = was_found && source.matches == 0;
        add_source(lines, source, (is_selector, is_spare), paint, width);
        was_found |= source.matches > 0;
    }
}

fn add_source(
    lines: &mut Vec<String>,
    source: &SourceReport,
    (is_selector, is_spare): (bool, bool),
    paint: Paint,
    width: usize,
) {
    let what =
        if is_selector { String::new() } else { format!("  {} {}", source.language, shortened(&source.source, width)) };
    let count = match source.matches {
        0 => paint.paint(Tone::Trouble, "nothing"),
        1 => "1 match".to_owned(),
        count => format!("{count} matches"),
    };
    lines.push(format!("{what}{}{count}", if is_selector { "  " } else { ": " }));
    if let Some(hint) = source.hint.as_ref().filter(|_| !is_spare) {
        add_hint(lines, hint, paint);
    }
    let shown = &source.shown[..source.shown.len().min(MATCHES)];
    let room = width.saturating_sub(4);
    let value = |found: &MatchReport| format!("\"{}\"", shortened(&found.value, room / 2));
    let widest = shown.iter().map(|found| length(&value(found))).max().unwrap_or_default();
    let position = |found: &MatchReport| {
        found.line.zip(found.column).map(|(line, column)| format!("{line}:{column}")).unwrap_or_default()
    };
    let widest_position = shown.iter().map(|found| position(found).len()).max().unwrap_or_default();
    for found in shown {
        let (value, position) = (value(found), position(found));
        let gap = " ".repeat(widest - length(&value));
        let position = if widest_position > 0 { format!("{position:>widest_position$}  ") } else { position };
        let left = room.saturating_sub(widest + 2 + length(&position)).max(20);
        let place = format!("{position}{}", end_of(&found.path, left));
        lines.push(
            format!("    {}{gap}  {}", paint.paint(Tone::Value, &value), paint.paint(Tone::Place, &place))
                .trim_end()
                .to_owned(),
        );
    }
    let more = source.matches.saturating_sub(shown.len() as u64);
    if more > 0 {
        lines.push(format!("    {}", paint.paint(Tone::Place, &format!("and {more} more (--json has them)"))));
    }
}

fn add_hint(lines: &mut Vec<String>, hint: &Hint, paint: Paint) {
    let part = |part: &Part| format!("`{}` finds {}", one_line(&part.selector), part.matches);
    let stops = hint.stops_at.as_ref().map(|stop| format!("`{}` finds nothing", one_line(stop)));
    let found: Vec<String> = hint.longest.as_ref().map(part).into_iter().chain(stops).collect();
    if !found.is_empty() {
        lines.push(format!("    {}", found.join("; ")));
    }
    for note in &hint.notes {
        lines.push(format!("    {}", shortened(note, WIDEST)));
    }
    for (nth, instead) in hint.did_you_mean.iter().enumerate() {
        let begin = if nth == 0 { "did you mean" } else { "          or" };
        let selector = paint.paint(Tone::Advice, &format!("`{}`", one_line(&instead.selector)));
        lines.push(format!("    {begin} {selector}? ({})", instead.matches));
    }
}

/// Returns the values at the path of a field, such as `books.price`. Lists on the way are gone through. Objects are not
/// values.
fn values_at<'v>(data: Option<&'v Value>, path: &str) -> Vec<&'v Value> {
    let Some(Value::Object(_)) = data else { return Vec::new() };
    let mut found: Vec<&Value> = data.into_iter().collect();
    let mut rest = path;
    while !rest.is_empty() {
        // Names of fields may contain points.
        let objects: Vec<&serde_json::Map<String, Value>> = found.iter().flat_map(|value| objects(value)).collect();
        let Some(first) = objects.first() else { return Vec::new() };
        let is_key = |key: &&String| {
            rest.strip_prefix(key.as_str()).is_some_and(|after| after.is_empty() || after.starts_with('.'))
        };
        let Some(key) = first.keys().filter(is_key).max_by_key(|key| key.len()).cloned() else { return Vec::new() };
        rest = rest[key.len()..].trim_start_matches('.');
        found = objects.iter().filter_map(|object| object.get(&key)).collect();
    }
    let leaves = found.into_iter().flat_map(|value| match value {
        Value::Array(values) => values.iter().collect(),
        other => vec![other],
    });
    leaves.filter(|value| !value.is_object()).collect()
}

fn objects(value: &Value) -> Vec<&serde_json::Map<String, Value>> {
    match value {
        Value::Object(object) => vec![object],
        Value::Array(values) => values.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}

/// Makes a text one line without characters that control a terminal.
pub(super) fn one_line(text: &str) -> String {
    let folded: Vec<&str> = text.split_whitespace().collect();
    printable(&folded.join(" ")).into_owned()
}

/// Makes a text one line of at most this many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    // A text may have megabytes, of which a line shows the beginning.
    let begin: String = text.chars().take(4 * most + 100).collect();
    let line = one_line(&begin);
    if line.chars().count() <= most && begin.len() == text.len() {
        return line;
    }
    line.chars().take(most.saturating_sub(3)).collect::<String>() + "..."
}

/// Makes a text one line of at most this many characters, and leaves out its beginning.
fn end_of(text: &str, most: usize) -> String {
    let line = one_line(text);
    let count = line.chars().count();
    if count <= most {
        return line;
    }
    "...".to_owned() + &line.chars().skip(count - most.saturating_sub(3)).collect::<String>()
}

fn length(text: &str) -> usize {
    console::measure_text_width(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Coverage, Head, end_of, report, shortened, values_at};
    use crate::cli::probe::page::Copy;
    use crate::cli::probe::paint::Paint;
    use crate::scrape::extract::{FieldReport, Hint, MatchReport, Part, Report, SourceReport};

    fn source(text: &str, matches: &[&str], hint: Option<Hint>) -> SourceReport {
        let found = |value: &&str| MatchReport {
            value: (*value).to_owned(),
            path: "html > body > p".to_owned(),
            line: Some(7),
            column: Some(1),
        };
        SourceReport {
            language: "css".to_owned(),
            source: text.to_owned(),
            matches: matches.len() as u64,
            shown: matches.iter().map(found).collect(),
            hint,
        }
    }

    fn field(name: &str, source: SourceReport) -> FieldReport {
        let values = u32::try_from(source.matches).expect("few");
        FieldReport { field: name.to_owned(), values, empty: u32::from(values == 0), bad: 0, sources: vec![source] }
    }

    fn written(fields: Vec<FieldReport>, data: Option<serde_json::Value>, is_painted: bool) -> String {
        let data = data.map(|data| serde_json::value::to_raw_value(&data).expect("JSON"));
        let all = Report { kind: "html".to_owned(), size: 3, data, failure: None, warnings: Vec::new(), fields };
        let head = Head { urls: vec!["http://h/".to_owned()], copy: Copy::Fetched, bytes: 12 };
        report(&head, &all, Paint::of(is_painted), 100)
    }

    #[test]
    fn matches_are_aligned_and_shortened() {
        let matches = ["One", "Twenty two", "3", "4", "5", "6", "7"];
        let text = written(vec![field("p::text", source("p::text", &matches, None))], None, false);
        let expected = "http://h/\nHTML, 3 elements, 12 bytes, fetched now\n\np::text\n  7 matches\n    \"One\"         7:1  html > body > p\n    \"Twenty two\"  7:1  html > body > p\n    \"3\"           7:1  html > body > p\n    \"4\"           7:1  html > body > p\n    \"5\"           7:1  html > body > p\n    and 2 more (--json has them)\n\n1 field, all with values\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_rule_shows_its_value_its_source_and_a_hint() {
        let hint = Hint {
            longest: Some(Part { selector: "p".to_owned(), matches: 3 }),
            stops_at: Some("p.b".to_owned()),
            notes: Vec::new(),
            did_you_mean: vec![Part { selector: "p.bb".to_owned(), matches: 2 }],
        };
        let fields = vec![field("a.b", source("p", &["£1"], None)), field("c", source("p.b", &[], Some(hint)))];
        let text = written(fields, Some(json!({"a.b": 1, "c": null})), false);
        assert!(text.contains("a.b = 1\n  css p: 1 match\n    \"£1\"  7:1  html > body > p\n"), "{text}");
        let expected =
            "c = null\n  css p.b: nothing\n    `p` finds 3; `p.b` finds nothing\n    did you mean `p.bb`? (2)\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.ends_with("1 of 2 fields with values; empty: c\n"), "{text}");
    }

    #[test]
    fn a_page_cannot_control_the_terminal() {
        let hostile = "\u{1b}]0;x\u{7}a\r\n\u{9b}31m\u{202e}b";
        let hint = Hint {
            longest: None,
            stops_at: Some(hostile.to_owned()),
            notes: vec![hostile.to_owned()],
            did_you_mean: vec![Part { selector: hostile.to_owned(), matches: 1 }],
        };
        let mut found = source(hostile, &[hostile], None);
        found.shown[0].path = hostile.to_owned();
        let fields = vec![field(hostile, found), field("x", source("y", &[], Some(hint)))];
        let data = json!({ hostile: hostile });
        let text = written(fields, Some(data), false);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }

    #[test]
    fn colours_are_only_added() {
        let fields =
            || vec![field("a", source("p", &["x"], None)), field("b", source("q", &[], Some(Hint::default())))];
        let (plain, painted) = (written(fields(), None, false), written(fields(), None, true));
        assert!(painted.contains('\u{1b}') && !plain.contains('\u{1b}'));
        assert_eq!(console::strip_ansi_codes(&painted), plain);
    }

    #[test]
    fn values_are_found_by_the_path_of_their_field() {
        let data = json!({"a": [{"b": 1, "c": [2, 3]}, {"b": null, "c": []}], "a.b": {"c": 4}, "d": {"e": 5}});
        let table = [("a.b.c", vec!["4"]), ("d", vec![]), ("d.e", vec!["5"]), ("x", vec![]), ("", vec![])];
        for (path, expected) in table {
            let values: Vec<String> = values_at(Some(&data), path).iter().map(ToString::to_string).collect();
            assert_eq!(values, expected, "{path}");
        }
        let data = json!({"a": [{"b": 1, "c": [2, 3]}, {"b": null, "c": []}]});
        for (path, expected) in [("a.b", vec!["1", "null"]), ("a.c", vec!["2", "3"]), ("a", vec![])] {
            let values: Vec<String> = values_at(Some(&data), path).iter().map(ToString::to_string).collect();
            assert_eq!(values, expected, "{path}");
        }
    }

    #[test]
    fn coverage_names_what_is_empty_or_does_not_fit() {
        let bad = FieldReport { bad: 2, ..field("bad", source("p", &[], None)) };
        let fields = [field("a", source("p", &["x"], None)), field("b", source("p", &[], None)), bad];
        assert_eq!(Coverage::of(&fields).line(), "1 of 3 fields with values; empty: b; values that do not fit: bad");
    }

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(shortened("ab  cd\n", 10), "ab cd");
        assert_eq!(shortened(&"é".repeat(50), 10), "é".repeat(7) + "...");
        assert_eq!(shortened(&" ".repeat(10_000), 10), "...");
        assert_eq!(end_of("html > body > p", 10), "...ody > p");
    }
}
