//! Text from elsewhere, made harmless for terminals.
//!
//! Pages, servers, file names and workers may say what a terminal obeys: escape sequences that move the cursor, set the
//! title or answer as if typed, C1 controls (which some terminals obey in UTF-8, too), and marks that turn the direction
//! of writing, so that a line reads as what it is not.

use std::borrow::Cow;

/// The text with U+FFFD for every character that a terminal would obey. Line ends and tabs stay: messages have several
/// lines. A text that is to be one line should have none.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_obeyed(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

fn is_obeyed(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\0'..='\u{7f}' => c.is_ascii_control(),
        // C1; the marks, embeddings, overrides and isolates of UAX #9; line and paragraph separators.
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => true,
        _ => false,
    }
}

/// Escapes the control characters that JSON allows in strings (DEL and C1) in what was written of it from `start` on.
/// It means the same, and shows nothing to obey where it is read on a terminal.
pub fn escape_controls(json: &mut Vec<u8>, start: usize) {
    const DELETE: u8 = 0x7f;
    // In UTF-8, C1 is this byte and one from 0x80 to 0x9F.
    const LEAD: u8 = 0xc2;
    if !json[start..].iter().any(|byte| matches!(*byte, DELETE | LEAD)) {
        return;
    }
    let mut escaped = Vec::with_capacity(json.len() - start);
    let mut bytes = json[start..].iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let control = match (byte, bytes.peek()) {
            (DELETE, _) => byte,
            (LEAD, Some(next @ 0x80..=0x9f)) => *next,
            _ => {
                escaped.push(byte);
                continue;
            }
        };
        if byte == LEAD {
            bytes.next();
        }
        escaped.extend_from_slice(format!("\\u{control:04x}").as_bytes());
    }
    json.truncate(start);
    json.append(&mut escaped);
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{escape_controls, printable};

    #[test]
    fn what_a_terminal_would_obey_is_replaced_and_nothing_else_is() {
        let table = [
            ("a\tb\nc", "a\tb\nc"),
            ("naïve, 日本語, 👩‍🔧, \u{a0}", "naïve, 日本語, 👩‍🔧, \u{a0}"),
            ("\u{1b}[31mred\u{1b}]0;title\u{7}", "\u{fffd}[31mred\u{fffd}]0;title\u{fffd}"),
            ("a\rb\u{8}c\0\u{7f}", "a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}"),
            ("\u{9b}31m \u{85} \u{80}", "\u{fffd}31m \u{fffd} \u{fffd}"),
            ("a\u{202e}txt.exe\u{2066}\u{200f}\u{2028}", "a\u{fffd}txt.exe\u{fffd}\u{fffd}\u{fffd}"),
        ];
        for (text, shown) in table {
            assert_eq!(printable(text), shown, "{text:?}");
        }
        assert!(matches!(printable("as it is"), Cow::Borrowed(_)));
    }

    #[test]
    fn controls_that_json_allows_are_escaped_and_mean_the_same() {
        let table = [
            ("a", "\"a\""),
            ("é\u{a0}Â", "\"é\u{a0}Â\""),
            ("\u{7f}\u{80}x\u{9b}31m\u{9f}", r#""\u007f\u0080x\u009b31m\u009f""#),
        ];
        for (text, json) in table {
            let mut out = "\u{7f} before ".as_bytes().to_vec();
            let start = out.len();
            serde_json::to_writer(&mut out, text).expect("a string");
            escape_controls(&mut out, start);
            let written = std::str::from_utf8(&out[start..]).expect("UTF-8");
            assert_eq!(written, json);
            assert_eq!(serde_json::from_str::<String>(written).expect("JSON"), text);
            assert!(out.starts_with(b"\x7f before "), "what stood there before is not touched");
        }
    }
}
