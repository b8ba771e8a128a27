//! A text that may name environment variables: `${NAME}` stands for the variable of this name, and `$$` for a dollar
//! sign. Any other dollar sign stands for itself.
//!
//! A template is read with the settings, and filled when they are resolved. So a variable is needed only if a setting in
//! force names it. What was written may be shown, but not the values of the variables.

use std::ffi::{OsStr, OsString};
use std::ops::Range;

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// A text that may name variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::config) struct Template {
    /// As it was written.
    written: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable { name: String, at: Range<usize> },
}

/// The environment variables of the run.
#[derive(Debug, Clone, Copy)]
pub(in crate::config) struct Environment<'a>(pub(in crate::config) &'a [(OsString, OsString)]);

impl Environment<'_> {
    fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }
}

/// Reads a string. Errs if a `${` does not begin a variable.
pub(in crate::config) fn read(node: &Node) -> Result<Template, Complaint> {
    parse(node.string().ok_or_else(|| Complaint::new("must be a string"))?)
}

/// Reads the text of a string.
pub(in crate::config) fn parse(written: &str) -> Result<Template, Complaint> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = written;
    while let Some(dollar) = rest.find('$') {
        text.push_str(&rest[..dollar]);
        let start = written.len() - rest.len() + dollar;
        let after = &rest[dollar + 1..];
        if let Some(after) = after.strip_prefix('$') {
            text.push('$');
            rest = after;
        } else if let Some(inside) = after.strip_prefix('{') {
            let end = inside.find('}').ok_or_else(|| no_variable(start..written.len(), "has a `${` without a `}`"))?;
            let at = start..start + "${}".len() + end;
            let name = &inside[..end];
            if !is_name(name) {
                return Err(no_variable(at, "has a `${..}` that does not name an environment variable"));
            }
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Variable { name: name.to_owned(), at });
            rest = &inside[end + 1..];
        } else {
            text.push('$');
            rest = after;
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(Template { written: written.to_owned(), pieces })
}

/// Where the variables are in `written`, in bytes. They may be shown even in a secret.
pub(in crate::config) fn variables(written: &str) -> Vec<Range<usize>> {
    let pieces = parse(written).map(|template| template.pieces).unwrap_or_default();
    let places = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Variable { at, .. } => Some(at),
        Piece::Text(_) => None,
    });
    places.collect()
}

impl Template {
    /// The text as it was written.
    pub(in crate::config) fn written(&self) -> &str {
        &self.written
    }

    /// What it means as far as that can be said without the environment: the text itself, or what was written if it names
    /// variables.
    pub(in crate::config) fn meaning(&self) -> String {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Variable { .. } => None,
        });
        texts.collect::<Option<String>>().unwrap_or_else(|| self.written.clone())
    }

    /// The text with the values of its variables. Errs with the first variable that is not set, or whose value cannot
    /// be in a header or a URL.
    pub(in crate::config) fn fill(&self, environment: Environment<'_>) -> Result<String, Complaint> {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Variable { name, at } => {
                    let refuse = |message: String| Complaint::new(message).at(at.clone());
                    let value = environment.get(name).ok_or_else(|| {
                        refuse(format!("needs the environment variable `{name}`, which is not set"))
                            .with_help(format!("set it; for the text itself write $${{{name}}}"))
                    })?;
                    let value = value.to_str().ok_or_else(|| {
                        refuse(format!("needs the environment variable `{name}`, which is not UTF-8"))
                    })?;
                    if value.contains(|c: char| c.is_ascii_control()) {
                        let complaint =
                            refuse(format!("needs the environment variable `{name}`, which holds a control character"));
                        return Err(complaint.with_help(
                            "it may be a line break at the end, from the file that the value was read from",
                        ));
                    }
                    filled.push_str(value);
                }
            }
        }
        Ok(filled)
    }
}

fn no_variable(at: Range<usize>, message: &str) -> Complaint {
    Complaint::new(message).at(at).with_help("write ${NAME} for a variable, and $$ for a dollar sign")
}

/// Whether this is a name by POSIX (Base Definitions, 8.1). Lower-case letters are allowed, too.
fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The form, as JSON Schema. What stands between `${` and `}` is checked by the program alone.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "string" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(written: &str) -> Result<String, (String, Option<Range<usize>>)> {
        let environment = [("TOKEN", "s3cret"), ("_a1", "$x${TOKEN}"), ("LINES", "a\n"), ("EMPTY", "")];
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let filled = parse(written).and_then(|template| template.fill(Environment(&environment)));
        filled.map_err(|complaint| (complaint.message, complaint.at))
    }

    #[test]
    fn variables_are_filled_in_once_and_other_dollar_signs_stand_for_themselves() {
        let table = [
            ("Bearer ${TOKEN}", "Bearer s3cret"),
            ("${TOKEN}${TOKEN}", "s3crets3cret"),
            ("${_a1}", "$x${TOKEN}"),
            ("a${EMPTY}b", "ab"),
            ("$$", "$"),
            ("$${TOKEN}", "${TOKEN}"),
            ("$$${TOKEN}", "$s3cret"),
            ("$ 5, $TOKEN, 5$", "$ 5, $TOKEN, 5$"),
            ("", ""),
        ];
        for (written, filled) in table {
            assert_eq!(fill(written), Ok(filled.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_filled_in_is_named_with_its_place_and_without_its_value() {
        let table = [
            ("x ${NOPE}", "needs the environment variable `NOPE`, which is not set", 2..9),
            ("${LINES}", "needs the environment variable `LINES`, which holds a control character", 0..8),
            ("ab${TOKEN", "has a `${` without a `}`", 2..9),
            ("${}", "has a `${..}` that does not name an environment variable", 0..3),
            ("${A B}", "has a `${..}` that does not name an environment variable", 0..6),
            ("${1A}", "has a `${..}` that does not name an environment variable", 0..5),
        ];
        for (written, message, at) in table {
            assert_eq!(fill(written), Err((message.to_owned(), Some(at))), "{written}");
        }
    }
}
