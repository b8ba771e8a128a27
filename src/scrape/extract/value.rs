//! Turns text into a JSON value of the type that a rule asks for.

use std::borrow::Cow;

use super::number::{self, Notation};
use super::rules::{Scalar, ValueType};
use crate::scrape::json;

/// Writes `text` as a value of type `kind`. Returns `false` and writes nothing if the text does not fit the type.
pub(super) fn write(out: &mut Vec<u8>, text: &str, kind: ValueType) -> bool {
    match kind {
        ValueType::String | ValueType::Html => json::string(out, text),
        ValueType::Number => match number::decimal(text, Notation::Unset) {
            Some(number) => out.extend_from_slice(number.as_bytes()),
            None => return false,
        },
        ValueType::Integer => match number::integer(text, Notation::Unset) {
            Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
            None => return false,
        },
        ValueType::Boolean => match boolean(text) {
            Some(truth) => out.extend_from_slice(if truth { b"true" } else { b"false" }),
            None => return false,
        },
    }
    true
}

/// Writes a default as JSON. `inf` and `nan`, which JSON cannot express, become `null`.
pub(super) fn scalar(value: &Scalar) -> Vec<u8> {
    match value {
        // Settings may contain control characters, but the data of a worker may not.
        Scalar::String(text) => {
            let mut out = Vec::new();
            json::string(&mut out, text);
            Ok(out)
        }
        Scalar::Integer(number) => serde_json::to_vec(number),
        Scalar::Float(number) => serde_json::to_vec(number),
        Scalar::Boolean(truth) => serde_json::to_vec(truth),
    }
    .expect("a scalar always has a JSON form")
}

fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "yes", "on", "1"]) {
        Some(true)
    } else if is(["false", "no", "off", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Returns the name of a type for messages.
pub(super) fn type_name(kind: ValueType) -> &'static str {
    match kind {
        ValueType::String => "a string",
        ValueType::Number => "a number",
        ValueType::Integer => "a whole number",
        ValueType::Boolean => "a boolean",
        ValueType::Html => "markup",
    }
}

/// Removes white space from both ends (Unicode white space, as Python's `strip` does).
pub(super) fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(trimmed(text)),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end().len());
            text.drain(..text.len() - text.trim_start().len());
            Cow::Owned(text)
        }
    }
}

/// Whether a text is only white space.
pub(super) fn is_blank(text: &str) -> bool {
    trimmed(text).is_empty()
}

fn trimmed(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    // A shortcut: most texts begin and end with a visible ASCII character.
    if is_plain(bytes.first()) && is_plain(bytes.last()) { text } else { text.trim_ascii().trim() }
}

/// Joins pieces of text. Every run of white space becomes one space, also across pieces.
pub(super) fn fold<'a>(pieces: impl Iterator<Item = &'a str>) -> String {
    let mut folded = String::new();
    let mut gap = false;
    for piece in pieces {
        let mut rest = piece;
        loop {
            let word = rest.trim_start();
            gap |= word.len() != rest.len();
            if word.is_empty() {
                break;
            }
            if gap {
                folded.push(' ');
                gap = false;
            }
            let end = end_of_word(word);
            folded.push_str(&word[..end]);
            rest = &word[end..];
        }
    }
    if gap {
        folded.push(' ');
    }
    folded
}

/// Returns the position of the first white space.
fn end_of_word(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii() {
            if char::from(*byte).is_whitespace() {
                return at;
            }
            at += 1;
        } else {
            let Some(character) = text[at..].chars().next().filter(|it| !it.is_whitespace()) else { return at };
            at += character.len_utf8();
        }
    }
    at
}

/// Shortens a value for messages.
pub(super) fn shorten(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::{Scalar, ValueType};
    use std::borrow::Cow;

    use super::{fold, is_blank, scalar, shorten, trim, write};

    #[test]
    fn a_default_is_json_without_control_characters() {
        let table = [
            (Scalar::String("a\u{7f}\u{9b}\n\"".to_owned()), "\"a\\u007f\\u009b\\n\\\"\""),
            (Scalar::Integer(-1), "-1"),
            (Scalar::Float(f64::NAN), "null"),
            (Scalar::Boolean(true), "true"),
        ];
        for (value, expected) in table {
            assert_eq!(String::from_utf8(scalar(&value)).expect("UTF-8"), expected, "{value:?}");
        }
    }

    #[test]
    fn only_white_space_at_the_ends_is_trimmed() {
        let spaces = ["", " ", "\t\n\u{b}\u{c}\r", "\u{85}", "\u{a0}", "\u{2003} \u{3000}", " \u{a0} "];
        for before in spaces {
            for after in spaces {
                for inside in ["", "a", "a b", "é", "\u{1c}", "\u{200b}x", "a\u{a0}é"] {
                    let text = format!("{before}{inside}{after}");
                    assert_eq!(trim(Cow::Borrowed(&text)), inside, "{text:?}");
                    assert_eq!(trim(Cow::Owned(text.clone())), inside, "{text:?}");
                    assert_eq!(is_blank(&text), inside.is_empty(), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn white_space_folds_across_pieces() {
        let cases: [(&[&str], &str); 10] = [
            (&[], ""),
            (&["a"], "a"),
            (&["a", "b"], "ab"),
            (&["a ", " b"], "a b"),
            (&["a", "\n\t", "b"], "a b"),
            (&[" a  b "], " a b "),
            (&["x\u{a0}y"], "x y"),
            (&["é\u{2003}\u{3000} ü", "\u{85}n\u{b}"], "é ü n "),
            (&["a\u{1c}b\u{200b}c"], "a\u{1c}b\u{200b}c"),
            (&["日本 語"], "日本 語"),
        ];
        for (pieces, folded) in cases {
            assert_eq!(fold(pieces.iter().copied()), folded, "{pieces:?}");
        }
    }

    #[test]
    fn values_are_written_by_type() {
        let cases = [
            ("a\"\n", ValueType::String, Some(r#""a\"\n""#)),
            ("\u{9b}31m", ValueType::String, Some(r#""\u009b31m""#)),
            ("<b>", ValueType::Html, Some("\"<b>\"")),
            ("£1,234.50", ValueType::Number, Some("1234.5")),
            ("12.0", ValueType::Integer, Some("12")),
            ("12.5", ValueType::Integer, None),
            ("Yes", ValueType::Boolean, Some("true")),
            ("OFF", ValueType::Boolean, Some("false")),
            ("maybe", ValueType::Boolean, None),
        ];
        for (text, kind, json) in cases {
            let mut out = Vec::new();
            assert_eq!(write(&mut out, text, kind), json.is_some(), "{text}");
            assert_eq!(String::from_utf8(out).as_deref(), Ok(json.unwrap_or_default()), "{text}");
        }
    }

    #[test]
    fn long_values_are_shortened_between_characters() {
        assert_eq!(shorten(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(shorten(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
