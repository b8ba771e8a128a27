//! Reads the body of an answer that is JSON: its encoding, and what servers write around the JSON.

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::parse::parse_part;
use super::{Json, JsonError};

/// What servers write before JSON, so that the page of another site cannot load it as a script.
const GUARDS: [&str; 6] = [")]}',", ")]}'", "while(1);", "while (1);", "for(;;);", "for (;;);"];

/// Reads the body of an answer that is JSON. `charset` is the label in its `Content-Type`.
///
/// A guard such as `)]}'` before the JSON is skipped, and a call around it (JSONP, `callback({..});`).
///
/// # Errors
/// Fails if the rest is not valid JSON. Places are those in `text_of_body`.
pub(in crate::scrape) fn parse_body(body: &[u8], charset: Option<&str>) -> Result<Json, JsonError> {
    let text = text_of_body(body, charset);
    parse_part(&text, json_in(&text))
}

/// Decodes the body of an answer that is JSON. JSON is UTF-8 unless a byte-order mark, the first bytes or the `charset`
/// say otherwise. Malformed bytes become U+FFFD.
pub(in crate::scrape) fn text_of_body<'b>(body: &'b [u8], charset: Option<&str>) -> Cow<'b, str> {
    // The first two characters of JSON are rarely NUL, so zeros show the width of a character (RFC 4627, section 3).
    let encoding = match body {
        [0xff, 0xfe, 0, 0, rest @ ..] => return utf_32(rest, u32::from_le_bytes).into(),
        [0, 0, 0xfe, 0xff, rest @ ..] => return utf_32(rest, u32::from_be_bytes).into(),
        [0xef, 0xbb, 0xbf, ..] => UTF_8,
        [1..=255, 0, 0, 0, ..] => return utf_32(body, u32::from_le_bytes).into(),
        [0, 0, 0, 1..=255, ..] => return utf_32(body, u32::from_be_bytes).into(),
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => UTF_16LE,
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => UTF_16BE,
        _ => charset.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8),
    };
    encoding.decode_with_bom_removal(body).0
}

fn utf_32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> String {
    let (units, rest) = bytes.as_chunks::<4>();
    let characters = units.iter().map(|bytes| char::from_u32(unit(*bytes)).unwrap_or(char::REPLACEMENT_CHARACTER));
    characters.chain((!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER)).collect()
}

/// Returns the part of a body that is JSON.
fn json_in(text: &str) -> Range<usize> {
    let mut start = text.len() - text.trim_start().len();
    for guard in GUARDS {
        if text[start..].starts_with(guard) {
            start += guard.len();
            break;
        }
    }
    argument(&text[start..]).map_or(start..text.len(), |inside| start + inside.start..start + inside.end)
}

/// Returns the argument of a call: `callback(..)`, `/**/a.b["c"](..);`, `typeof callback === 'function' && callback(..)`.
fn argument(text: &str) -> Option<Range<usize>> {
    let mut start = text.len() - text.trim_start().len();
    while let Some(comment) = text[start..].strip_prefix("/*") {
        let end = start + 2 + comment.find("*/")? + 2;
        start = text.len() - text[end..].trim_start().len();
    }
    if text[start..].starts_with("typeof ") {
        start += text[start..].find("&&")? + 2;
    }
    let open = start + text[start..].find('(')?;
    let is_part = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_$.[]\"'".contains(c);
    let name = text[start..open].trim();
    if !name.chars().all(is_part) || name.starts_with(['[', '"', '\'', '.']) {
        return None;
    }
    let end = text.trim_end().trim_end_matches(|c: char| c == ';' || c.is_whitespace()).strip_suffix(')')?.len();
    (open < end).then_some(open + 1..end)
}
