//! Checks that bytes are one line of JSON (RFC 8259) without control characters, which a terminal could obey.
//!
//! A worker sends data as bytes, and the coordinator writes them to the output unchanged. So it checks them here. It
//! builds no values: `serde_json` skips over the data, which takes 1 µs for each KB (release build). A hand-written
//! scan took as long.

use memchr::memmem;
use serde::de::IgnoredAny;

/// Whether these bytes are exactly one JSON value, in UTF-8 and without control characters (C0, DEL and C1). Spaces
/// between its parts are allowed. Escaped surrogates are refused: workers do not write them. Half of a surrogate pair
/// is not a character, and readers fail on it.
pub(super) fn is_json_line(bytes: &[u8]) -> bool {
    !has_controls(bytes)
        && !has_escaped_surrogates(bytes)
        && str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

/// Whether this UTF-8 contains control characters. The loop does not end early, so that it handles many bytes
/// at once.
fn has_controls(bytes: &[u8]) -> bool {
    // In UTF-8, a C1 character is this byte, followed by a byte from 0x80 to 0x9F.
    const LEAD: u8 = 0xc2;
    let count = |is_it: fn(u8) -> bool| bytes.iter().map(|byte| usize::from(is_it(*byte))).sum::<usize>();
    count(|byte| byte.is_ascii_control()) > 0
        || count(|byte| byte == LEAD) > 0 && bytes.windows(2).any(|pair| pair[0] == LEAD && pair[1] <= 0x9f)
}

fn has_escaped_surrogates(bytes: &[u8]) -> bool {
    let is_surrogate =
        |at: &usize| matches!(bytes.get(at + 2..at + 4), Some([b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F']));
    // After an odd number of backslashes, this backslash is itself escaped and begins no escape.
    let is_escape = |at: &usize| bytes[..*at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
    memmem::find_iter(bytes, b"\\u").any(|at| is_surrogate(&at) && is_escape(&at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::is_json_line;

    #[test]
    fn only_one_line_of_json_is_accepted() {
        let good = [
            r#"{"title": "A"}"#,
            "{}",
            "[]",
            " [ 1 , -0.5e+3, 0, 12E9 , true,false ,null ] ",
            r#"{"a":{"b":[{"c":""}]},"a":"\"\\\/\b\f\n\r\t\u00e9"}"#,
            "\"naïve, 日本語, 👩‍🔧, \u{a0}, \u{202e}\"",
            r#""C:\\ud800 \u00e9""#,
            "7",
        ];
        for text in good {
            assert!(is_json_line(text.as_bytes()), "{text}");
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{text}");
        }
        let bad: [&[u8]; 37] = [
            b"",
            b" ",
            b"{",
            b"}",
            b"[1,]",
            b"[,1]",
            b"{\"a\"}",
            b"{\"a\":}",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{1:1}",
            b"{\"a\":1 \"b\":2}",
            b"[1 2]",
            b"[1}",
            b"1 2",
            b"1,\"failure\":null}",
            b"nul",
            b"True",
            b"NaN",
            b"01",
            b"-",
            b"1.",
            b".5",
            b"1e",
            b"+1",
            b"\"",
            b"\"\\\"",
            b"\"\\x41\"",
            b"\"\\u12\"",
            b"\"\\ud800\"",
            b"\"\\\\\\uD83D\\uDE00\"",
            b"\"\\ud800\\u0041\"",
            b"\"\\udc00\"",
            b"{}\n",
            b"[1,\n2]",
            b"\"a\tb\"",
            b"\"\xff\"",
        ];
        for bytes in bad {
            assert!(!is_json_line(bytes), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn control_characters_are_refused_at_every_place() {
        for control in (0..=0x1f).chain([0x7f]).chain(0x80..=0x9f) {
            let control = char::from_u32(control).expect("a character");
            for text in
                [format!("\"a{control}b\""), format!("{control}1"), format!("[1,{control}2]"), format!("1{control}")]
            {
                assert!(!is_json_line(text.as_bytes()), "{text:?}");
            }
        }
    }

    #[test]
    fn deep_nesting_does_not_use_the_stack() {
        let half = 1_000_000;
        assert!(is_json_line(format!("{}1{}", "[".repeat(half), "]".repeat(half)).as_bytes()));
        assert!(!is_json_line("{\"a\":".repeat(half).as_bytes()));
    }

    /// Random sequences of pieces of JSON. Few of them are valid JSON.
    fn pieces() -> impl Strategy<Value = String> {
        const PIECES: &[&str] =
            &["{", "}", "[", "]", ",", ":", "\"", "\\", "\\u00", "e", "1", "0", "-", ".", "true", "null", " ", "é"];
        proptest::collection::vec(proptest::sample::select(PIECES), 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_check_agrees_with_the_parser_that_builds_values(text in pieces()) {
            // The parser of values refuses numbers that are too large for f64.
            let parsed = serde_json::from_str::<Value>(&text);
            let is_too_large = matches!(&parsed, Err(error) if error.to_string().starts_with("number out of range"));
            prop_assert!(is_too_large || is_json_line(text.as_bytes()) == parsed.is_ok(), "{text}");
        }

        #[test]
        fn all_json_that_is_written_is_accepted_as_one_line(
            texts in proptest::collection::vec(any::<String>(), 0..5),
            number in any::<f64>(),
        ) {
            let mut written = serde_json::to_vec(&(texts, number)).expect("JSON");
            crate::model::escape_controls(&mut written, 0);
            prop_assert!(is_json_line(&written), "{}", written.escape_ascii());
        }
    }
}
