//! Texts: white space, truth values, and the values of the settings as JSON.

use std::borrow::Cow;

use super::rules::Scalar;
use crate::scrape::json;

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

/// Reads a truth value, in any case. `None` if the text is not one.
pub(super) fn boolean(text: &str) -> Option<bool> {
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
    use super::super::rules::Scalar;
    use std::borrow::Cow;

    use super::{boolean, fold, is_blank, scalar, shorten, trim};

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
    fn truth_has_a_few_spellings() {
        let cases = [(" Yes ", Some(true)), ("OFF", Some(false)), ("1", Some(true)), ("maybe", None), ("", None)];
        for (text, truth) in cases {
            assert_eq!(boolean(text), truth, "{text}");
        }
    }

    #[test]
    fn long_values_are_shortened_between_characters() {
        assert_eq!(shorten(&"é".repeat(60)), "é".repeat(60));
        assert_eq!(shorten(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }
}
