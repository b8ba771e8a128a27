//! What was written: a tree in which every key and every value has its place. What it means is decided elsewhere.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Complaint, Problem, ProblemKind};
use super::place::{Place, Text};
use super::syntax;

/// The entries of a table, in the order in which they were written.
pub(super) type Table = Vec<(Key, Node)>;

/// A key and its place.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) place: Place,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// A TOML value, or a bare value from outside of a file.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// The text of a variable or a flag, without TOML's quotes: a string, a number or a boolean, depending on the
    /// setting.
    Bare(String),
    String(String),
    /// Wider than the 64 bits of TOML, so that the error can say what the limits of the setting are.
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

impl Node {
    /// The string, if it is one.
    pub(super) fn string(&self) -> Option<&str> {
        match &self.value {
            Value::Bare(text) | Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one. A quoted number does not count as a number.
    pub(super) fn integer(&self) -> Option<i128> {
        match self.number() {
            Some(Value::Integer(number)) => Some(number),
            _ => None,
        }
    }

    /// The number, if it is one: [`Value::Integer`] or [`Value::Float`].
    pub(super) fn number(&self) -> Option<Value> {
        match &self.value {
            Value::Integer(number) => Some(Value::Integer(*number)),
            Value::Float(number) => Some(Value::Float(*number)),
            Value::Bare(text) => {
                let number = DeValue::parse(text.trim()).ok()?;
                match number.get_ref() {
                    DeValue::Integer(_) | DeValue::Float(_) => Some(scalar(number.get_ref())),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The boolean, if it is one. A quoted one does not count.
    pub(super) fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::Boolean(truth) => Some(*truth),
            Value::Bare(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// `text` as it would be written in the place of this node: with quotes in a file, without quotes after a flag.
    pub(super) fn as_written(&self, text: &str) -> String {
        match self.value {
            Value::Bare(_) => text.to_owned(),
            _ => format!("\"{text}\""),
        }
    }

    /// Adds the place and the name of the setting to a complaint about this value.
    pub(super) fn problem(&self, setting: &str, complaint: Complaint) -> Problem {
        complaint.about(setting, &self.place, self.string())
    }
}

/// Writes the value as TOML, on one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(text) => f.write_str(text),
            Self::String(text) => write!(f, "{text:?}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Datetime(time) => f.write_str(time),
            Self::Array(values) => {
                f.write_str("[")?;
                for (number, node) in values.iter().enumerate() {
                    let comma = if number == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", node.value)?;
                }
                f.write_str("]")
            }
            Self::Table(entries) if entries.is_empty() => f.write_str("{ }"),
            Self::Table(entries) => {
                for (number, (key, node)) in entries.iter().enumerate() {
                    let opening = if number == 0 { "{" } else { "," };
                    write!(f, "{opening} {} = {}", key.name, node.value)?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// Reads a whole TOML file. Errs with every syntax error that the parser finds.
pub(super) fn document(text: &Arc<Text>) -> Result<Table, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text.content());
    if errors.is_empty() {
        return Ok(table(root.get_ref(), text, 0));
    }
    Err(syntax::problems(&errors, text, 0))
}

/// Reads `KEY=VALUE` in the bytes `at` of `text`: a dotted TOML key and a value, bare or TOML.
pub(super) fn assignment(text: &Arc<Text>, at: Range<usize>) -> Result<(Vec<Key>, Node), Vec<Problem>> {
    let written = &text.content()[at.clone()];
    let Some(equals) = unquoted_equals(written) else {
        let message = format!("`{written}` does not set anything");
        let problem = Problem::new(ProblemKind::Syntax, message, Place::new(text, at));
        return Err(vec![problem.with_help("write KEY=VALUE, such as pool.workers=4")]);
    };
    let keys = dotted_key(text, at.start..at.start + equals)?;
    let value = bare(text, at.start + equals + 1..at.end)?;
    Ok((keys, value))
}

/// Reads `NAME=SELECTOR` in the bytes `at` of `text`: the name of a field, which may have any letters, and a value as
/// after `KEY=`. Dots in the name separate keys, and quotes keep a dot in a key.
pub(super) fn selection(text: &Arc<Text>, at: Range<usize>) -> Result<(Vec<Key>, Node), Vec<Problem>> {
    let written = &text.content()[at.clone()];
    let problem = |message: String| {
        let problem = Problem::new(ProblemKind::Syntax, message, Place::new(text, at.clone()));
        vec![problem.with_help("write NAME=SELECTOR, such as title=h1::text")]
    };
    let Some(equals) = unquoted_equals(written) else {
        return Err(problem(format!("`{written}` does not name a field")));
    };
    let name = &written[..equals];
    let keys = if name.contains(['"', '\'']) {
        dotted_key(text, at.start..at.start + equals)?
    } else {
        let mut begin = at.start;
        let keys = name.split('.').map(|part| {
            let start = begin + (part.len() - part.trim_start().len());
            begin += part.len() + 1;
            Key { name: part.trim().to_owned(), place: Place::new(text, start..start + part.trim().len()) }
        });
        keys.collect()
    };
    if keys.iter().any(|key: &Key| key.name.is_empty()) {
        return Err(problem(format!("`{written}` has no name before `=`, or an empty one between dots")));
    }
    let value = bare(text, at.start + equals + 1..at.end)?;
    Ok((keys, value))
}

/// Reads a value that was written outside of a file, in the bytes `at` of `text`.
///
/// It is TOML if it begins like a quoted string, a table or a list of strings. Otherwise it is bare: a selector such as
/// `[href]` is not a list.
pub(super) fn bare(text: &Arc<Text>, at: Range<usize>) -> Result<Node, Vec<Problem>> {
    let written = &text.content()[at.clone()];
    let start = at.start + (written.len() - written.trim_start().len());
    let trimmed = written.trim();
    let place = Place::new(text, start..start + trimmed.len());
    let is_toml = match trimmed.strip_prefix('[') {
        Some(rest) => rest.trim_start().starts_with(['"', '\'', ']']) || DeValue::parse(trimmed).is_ok(),
        None => trimmed.starts_with(['"', '\'', '{']),
    };
    if !is_toml {
        let value = Value::Bare(trimmed.to_owned());
        return Ok(Node { value, place });
    }
    match DeValue::parse(trimmed) {
        Ok(value) => Ok(node(&value, text, start)),
        Err(error) => Err(syntax::problems(&[error], text, start)),
    }
}

/// Wraps a value in tables: `a.b` and `1` give `{ a = { b = 1 } }`.
pub(super) fn nest(keys: Vec<Key>, value: Node) -> Table {
    let mut keys = keys.into_iter().rev();
    let Some(last) = keys.next() else {
        return Table::new();
    };
    keys.fold(vec![(last, value)], |inner, key| {
        let place = key.place.clone();
        let value = Value::Table(inner);
        vec![(key, Node { value, place })]
    })
}

/// Reads the keys of `a."b".c`, in the bytes `at` of `text`.
fn dotted_key(text: &Arc<Text>, at: Range<usize>) -> Result<Vec<Key>, Vec<Problem>> {
    // The parser cannot read a key alone, so it gets the key with a value that is always valid.
    let line = format!("{}=0", &text.content()[at.clone()]);
    let root = DeTable::parse(&line).map_err(|error| syntax::problems(&[error], text, at.start))?;
    let mut keys = Vec::new();
    let mut entries = table(root.get_ref(), text, at.start);
    while let Some((key, node)) = entries.pop() {
        keys.push(key);
        entries = match node.value {
            Value::Table(inner) => inner,
            _ => break,
        };
    }
    Ok(keys)
}

/// Finds the `=` that ends the key.
fn unquoted_equals(written: &str) -> Option<usize> {
    let mut quote = None;
    written.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

fn table(entries: &DeTable<'_>, text: &Arc<Text>, shift: usize) -> Table {
    let entries = entries.iter().map(|(key, value)| {
        let name = key.get_ref().clone().into_owned();
        let place = shifted(text, key.span(), shift);
        (Key { name, place }, node(value, text, shift))
    });
    entries.collect()
}

fn node(value: &Spanned<DeValue<'_>>, text: &Arc<Text>, shift: usize) -> Node {
    let place = shifted(text, value.span(), shift);
    let value = match value.get_ref() {
        DeValue::Array(values) => Value::Array(values.iter().map(|value| node(value, text, shift)).collect()),
        DeValue::Table(entries) => Value::Table(table(entries, text, shift)),
        value => scalar(value),
    };
    Node { value, place }
}

fn scalar(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.clone().into_owned()),
        DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) if number.as_str().starts_with('-') => Value::Integer(i128::MIN),
            Err(_) => Value::Integer(i128::MAX),
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => {
            unreachable!("a scalar is neither a list nor a table")
        }
    }
}

fn shifted(text: &Arc<Text>, span: Range<usize>, shift: usize) -> Place {
    Place::new(text, span.start + shift..span.end + shift)
}

#[cfg(test)]
mod tests {
    use crate::config::element::sample;

    #[test]
    fn a_bare_value_is_read_as_the_setting_needs_and_a_toml_value_has_one_type() {
        // (the value, as a string, as a whole number, as a boolean)
        let table = [
            (sample::flag("true"), Some("true"), None, Some(true)),
            (sample::flag(" 4 "), Some("4"), Some(4), None),
            (sample::flag("'4'"), Some("4"), None, None),
            (sample::flag("4.0"), Some("4.0"), None, None),
            (sample::flag("[4]"), None, None, None),
            (sample::flag("[href]"), Some("[href]"), None, None),
            (sample::toml("true"), None, None, Some(true)),
            (sample::toml("'true'"), Some("true"), None, None),
            (sample::toml("4"), None, Some(4), None),
            (sample::toml("1979-05-27"), None, None, None),
        ];
        for (node, string, integer, boolean) in table {
            let found = (node.string(), node.integer(), node.boolean());
            assert_eq!(found, (string, integer, boolean), "{:?}", node.value);
        }
    }

    #[test]
    fn values_are_shown_as_one_line_of_toml() {
        let table = [
            ("'a\"b'", r#""a\"b""#),
            ("[\n 1,\n 2.0,\n]", "[1, 2.0]"),
            ("{ a = true, b = { } }", "{ a = true, b = { } }"),
            ("1979-05-27", "1979-05-27"),
            ("0xff", "255"),
        ];
        for (written, expected) in table {
            assert_eq!(sample::toml(written).value.to_string(), expected);
        }
    }
}
