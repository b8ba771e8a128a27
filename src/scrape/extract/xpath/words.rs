//! Where words stand in an expression, for messages: the parser's tree does not say.
//!
//! It also finds what the parser must not see: it would overflow the stack on deep brackets.

use super::XPathError;
use crate::scrape::extract::nearest::nearest;

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 10_000;

/// How deep brackets may nest, and how many minus signs may follow each other.
const MAX_BRACKETS: usize = 32;
const MAX_SIGNS: usize = 8;

const AXES: [&str; 12] = [
    "ancestor",
    "ancestor-or-self",
    "attribute",
    "child",
    "descendant",
    "descendant-or-self",
    "following",
    "following-sibling",
    "parent",
    "preceding",
    "preceding-sibling",
    "self",
];

/// The words of an expression, outside of its strings.
pub(super) struct Words<'t> {
    text: &'t str,
    /// The calls of functions: offset and name.
    calls: Vec<(usize, &'t str)>,
}

impl<'t> Words<'t> {
    /// Finds the words of an expression.
    ///
    /// # Errors
    /// Fails at an axis that does not exist, and if the expression is so long or nests so deep that the parser could
    /// overflow the stack.
    pub(super) fn check(text: &'t str) -> Result<Self, XPathError> {
        let mut words = Self { text, calls: Vec::new() };
        if text.len() > MAX_LENGTH {
            return Err(words.all(format!("the expression is longer than {MAX_LENGTH} bytes")));
        }
        let (mut at, mut brackets, mut signs) = (0_usize, 0_usize, 0);
        while let Some(character) = text[at..].chars().next() {
            let offset = at;
            at += character.len_utf8();
            match character {
                '"' | '\'' => at = text[at..].find(character).map_or(text.len(), |end| at + end + 1),
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                '-' => signs += 1,
                _ if is_name(character) => {
                    at = offset + name_length(&text[offset..]);
                    words.word(offset, &text[offset..at])?;
                }
                _ => {}
            }
            if character != '-' && !character.is_ascii_whitespace() {
                signs = 0;
            }
            if brackets > MAX_BRACKETS || signs > MAX_SIGNS {
                let message = format!("brackets nest more than {MAX_BRACKETS} deep");
                let message = if signs > MAX_SIGNS { "too many minus signs".to_owned() } else { message };
                return Err(XPathError { offset, length: 1, message, suggestion: None });
            }
        }
        Ok(words)
    }

    fn word(&mut self, offset: usize, word: &'t str) -> Result<(), XPathError> {
        let after = self.text[offset + word.len()..].trim_start();
        if after.starts_with('(') {
            self.calls.push((offset, word));
        } else if after.starts_with("::") && !AXES.contains(&word) {
            let suggestion = nearest(word, &AXES).map(|axis| format!("{axis}::"));
            let message = if word == "namespace" {
                "the axis `namespace` is not supported".to_owned()
            } else {
                format!("unknown axis `{word}::`")
            };
            return Err(XPathError { offset, length: word.len() + 2, message, suggestion });
        }
        Ok(())
    }

    /// An error of the expression as a whole.
    pub(super) fn all(&self, message: String) -> XPathError {
        XPathError { offset: 0, length: self.text.len(), message, suggestion: None }
    }

    /// An error of a call.
    pub(super) fn call(&self, name: &str, message: String, suggestion: Option<String>) -> XPathError {
        let offset = self.calls.iter().find(|(_, its)| *its == name).map_or(0, |(offset, _)| *offset);
        XPathError { offset, length: name.len(), message, suggestion }
    }

    pub(super) fn variable(&self, name: &str) -> XPathError {
        let offset = self.text.find(&format!("${name}")).unwrap_or(0);
        let message = format!("there is no variable `${name}`: write the value itself");
        XPathError { offset, length: name.len() + 1, message, suggestion: None }
    }
}

/// Returns the offset and length of the token at an offset, for an error of the parser.
pub(super) fn token(text: &str, offset: usize) -> (usize, usize) {
    let rest = &text[offset.min(text.len())..];
    let length = match rest.chars().next() {
        // A string without an end.
        Some('"' | '\'') => rest.len(),
        Some(character) if is_name(character) => name_length(rest),
        Some(character) => character.len_utf8(),
        None => 0,
    };
    (offset.min(text.len()), length)
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// Returns the length of the name at the beginning of a text. A name may have a prefix: `re:test`.
fn name_length(text: &str) -> usize {
    let length = |text: &str| text.find(|character| !is_name(character)).unwrap_or(text.len());
    let first = length(text);
    match text[first..].strip_prefix(':').map(length) {
        Some(second) if second > 0 => first + 1 + second,
        _ => first,
    }
}
