//! Makes foreign text harmless for terminals.
//!
//! Text from pages, servers, file names and workers may contain characters that control a terminal: escape sequences
//! that move the cursor, set the title or send input; C1 controls, which some terminals obey in UTF-8 too; and marks
//! that change the direction of writing, so that a line looks like different text.

use std::borrow::Cow;

/// Replaces each character that controls a terminal with U+FFFD. Line breaks and tabs stay, because messages have
/// several lines; a caller that needs a single line must remove line breaks itself.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(controls_terminal) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if controls_terminal(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
}

fn controls_terminal(c: char) -> bool {
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

/// Escapes the control characters that JSON allows in strings (DEL and C1) in `json` from byte `start` on. The JSON
/// keeps its meaning and becomes safe to show on a terminal.
pub fn escape_controls(json: &mut Vec<u8>, start: usize) {
    const DELETE: u8 = 0x7f;
    // In UTF-8, a C1 control is this byte, followed by one from 0x80 to 0x9F.
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
    fn only_characters_that_control_a_terminal_are_replaced() {
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
    fn control_characters_that_json_allows_are_escaped_and_keep_their_meaning() {
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
            assert!(out.starts_with(b"\x7f before "), "bytes before `start` are unchanged");
        }
    }
}
