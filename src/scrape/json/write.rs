//! Writes strings and values as JSON. Runs of bytes that need no escape are copied at once.

use super::Json;

/// Writes a JSON string. It also escapes DEL and the C1 controls, which JSON allows unescaped. The meaning stays the
/// same, but a terminal cannot interpret them as commands.
pub(in crate::scrape) fn string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let (mut written, mut at) = (0, 0);
    while let Some(found) = special(&bytes[at..]) {
        let place = at + found;
        // In UTF-8, a C1 control is `LEAD` followed by a byte up to 0x9F.
        let (length, code) = match bytes[place] {
            LEAD => (2, bytes[place + 1]),
            byte => (1, byte),
        };
        at = place + length;
        if length == 1 || code <= 0x9f {
            out.extend_from_slice(&bytes[written..place]);
            escape(out, code);
            written = at;
        }
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

/// Writes a value on one line. The parser limits how deep values nest, so the recursion is bounded.
pub(in crate::scrape) fn value(out: &mut Vec<u8>, json: &Json) {
    match json {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Json::Number(digits) => out.extend_from_slice(digits.as_bytes()),
        Json::String(text) => string(out, text),
        Json::Array(values) => {
            out.push(b'[');
            for (nth, json) in values.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                value(out, json);
            }
            out.push(b']');
        }
        Json::Object(entries) => {
            out.push(b'{');
            for (nth, (key, json)) in entries.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                string(out, key);
                out.push(b':');
                value(out, json);
            }
            out.push(b'}');
        }
    }
}

/// The first byte of U+0080 to U+00BF.
const LEAD: u8 = 0xc2;

/// Whether a byte may have to be escaped.
#[inline]
fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\' || byte == 0x7f || byte == LEAD
}

/// Returns the position of the first byte that may have to be escaped.
fn special(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (nth, word) in words.iter().enumerate() {
        let marks = special_bytes(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(8 * nth + marks.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| is_special(*byte))?;
    Some(8 * words.len() + found)
}

/// Marks the special bytes of a word by their highest bits. Bytes after the first special one may be marked wrongly.
///
/// Most texts are short, and a search by vector instructions costs more on them.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
    // A subtraction sets the highest bit of the first byte that is smaller than `limit`.
    let is_below = |word: u64, limit: u8| word.wrapping_sub(EACH * u64::from(limit)) & !word;
    let is = |byte: u8| is_below(word ^ (EACH * u64::from(byte)), 1);
    (is_below(word, b' ') | is(b'"') | is(b'\\') | is(0x7f) | is(LEAD)) & HIGHEST
}

fn escape(out: &mut Vec<u8>, code: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match code {
        b'"' | b'\\' => code,
        b'\x08' => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        b'\x0c' => b'f',
        b'\r' => b'r',
        _ => {
            let digits = [DIGITS[usize::from(code >> 4)], DIGITS[usize::from(code & 15)]];
            out.extend_from_slice(b"\\u00");
            return out.extend_from_slice(&digits);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::{Json, string, value};
    use crate::model::escape_controls;

    /// The string as `serde_json` writes it, with controls escaped.
    fn expected(text: &str) -> Vec<u8> {
        let mut json = serde_json::to_vec(text).expect("a string always has a JSON form");
        escape_controls(&mut json, 0);
        json
    }

    #[test]
    fn every_character_is_written_as_by_serde_json_at_every_position() {
        let characters = ('\0'..='\u{ff}').chain(['\u{7ff}', '\u{2028}', '\u{ffff}', '👩']);
        for character in characters {
            // The character is at each place of a word of eight bytes, and after the last word.
            for before in (0..40).chain([63, 64]) {
                for after in [0, 1, 15, 16, 17] {
                    let text = "a".repeat(before) + &character.to_string() + &"£".repeat(after);
                    let mut json = Vec::new();
                    string(&mut json, &text);
                    assert_eq!(json, expected(&text), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn every_pair_of_characters_is_written_as_by_serde_json() {
        let characters = || ('\0'..='\u{a0}').chain(['\u{c2}', '\u{ff}', '\u{20ac}']);
        for first in characters() {
            for second in characters() {
                let text = format!("{first}{second}abcdefgh");
                let mut json = Vec::new();
                string(&mut json, &text);
                assert_eq!(json, expected(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn strings_are_appended() {
        for text in ["", "\"", "\\\"\u{9b}\u{a0}\u{7f}\n", "plain", "\u{c2}\u{82}"] {
            let mut json = b"[".to_vec();
            string(&mut json, text);
            assert_eq!(json, [b"[".to_vec(), expected(text)].concat(), "{text:?}");
        }
    }

    #[test]
    fn a_value_keeps_its_digits_and_the_order_of_its_keys() {
        let json = Json::Object(vec![
            ("b".to_owned(), Json::Array(vec![Json::Number("1.50".into()), Json::Null, Json::Bool(true)])),
            ("a\n".to_owned(), Json::from("\u{9b}")),
            ("c".to_owned(), Json::Array(Vec::new())),
        ]);
        let mut out = Vec::new();
        value(&mut out, &json);
        assert_eq!(String::from_utf8_lossy(&out), r#"{"b":[1.50,null,true],"a\n":"\u009b","c":[]}"#);
    }
}
