//! Character references (13.2.5.77 - 13.2.5.84).

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

use super::Tokenizer;

/// The value of a character reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    /// One or two characters. If there is only one, the second is U+0000.
    pub(super) chars: [char; 2],
    /// The length of the reference in bytes, with the `&`.
    pub(super) length: usize,
    /// Whether the reference is a parse error.
    pub(super) is_error: bool,
}

/// The references that nearly every page has.
const USUAL: [(&[u8], char); 5] = [(b"amp;", '&'), (b"lt;", '<'), (b"gt;", '>'), (b"quot;", '"'), (b"nbsp;", '\u{a0}')];

impl Tokenizer<'_> {
    /// 13.2.5.77, character reference state. Returns the reference that begins with the `&` at `at`, if there is one.
    pub(super) fn reference(&self, at: usize, in_attribute: bool) -> Option<Reference> {
        let rest = &self.bytes[at + 1..];
        match rest.first()? {
            b'#' => numeric(&rest[1..]),
            byte if byte.is_ascii_alphanumeric() => named(rest, in_attribute),
            _ => None,
        }
    }

    pub(super) fn push_reference(&mut self, reference: Reference) {
        let side = &mut self.construction.dom.side;
        side.extend(reference.chars.iter().take_while(|c| **c != '\0'));
    }
}

/// 13.2.5.78, named character reference state. `rest` begins after the `&`.
fn named(rest: &[u8], in_attribute: bool) -> Option<Reference> {
    if let Some((name, char)) = USUAL.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some(Reference { chars: [*char, '\0'], length: 1 + name.len(), is_error: false });
    }
    // The table also has all prefixes of names. They have no characters.
    let mut found = None;
    for end in 1..=rest.len() {
        let Some(chars) = std::str::from_utf8(&rest[..end]).ok().and_then(|name| NAMED_ENTITIES.get(name)) else {
            break;
        };
        if chars.0 != 0 {
            found = Some((end, *chars));
        }
    }
    let (length, (first, second)) = found?;
    let is_error = rest[length - 1] != b';';
    let goes_on = rest.get(length).is_some_and(|next| *next == b'=' || next.is_ascii_alphanumeric());
    if is_error && in_attribute && goes_on {
        return None;
    }
    let chars = [first, second].map(|code| char::from_u32(code).unwrap_or('\u{fffd}'));
    Some(Reference { chars, length: 1 + length, is_error })
}

/// 13.2.5.80, numeric character reference state. `rest` begins after the `#`.
fn numeric(rest: &[u8]) -> Option<Reference> {
    let (radix, skipped) = if matches!(rest.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
    let digits = rest[skipped..].iter().map_while(|byte| char::from(*byte).to_digit(radix));
    let (count, code) =
        digits.fold((0, 0_u32), |(count, code), digit| (count + 1, code.saturating_mul(radix).saturating_add(digit)));
    if count == 0 {
        return None;
    }
    let length = skipped + count;
    let has_semicolon = rest.get(length) == Some(&b';');
    let (char, is_bad) = numbered(code);
    let is_error = is_bad || !has_semicolon;
    Some(Reference { chars: [char, '\0'], length: 2 + length + usize::from(has_semicolon), is_error })
}

/// 13.2.5.84, numeric character reference end state. Returns the character, and whether this is a parse error.
fn numbered(code: u32) -> (char, bool) {
    let replacement = '\u{fffd}';
    match code {
        0 => (replacement, true),
        0x80..=0x9f => {
            let replaced = C1_REPLACEMENTS[(code - 0x80) as usize];
            (replaced.or(char::from_u32(code)).unwrap_or(replacement), true)
        }
        0x01..=0x08 | 0x0b | 0x0d..=0x1f | 0x7f | 0xfdd0..=0xfdef => {
            (char::from_u32(code).unwrap_or(replacement), true)
        }
        _ => match char::from_u32(code) {
            Some(char) => (char, code & 0xfffe == 0xfffe),
            None => (replacement, true),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{named, numeric};

    /// The characters, the length of the reference in bytes, and whether it is an error.
    type Expected = Option<(&'static str, usize, bool)>;

    #[test]
    fn references_are_read_by_the_rules_of_the_standard() {
        let cases: [(&str, bool, Expected); 24] = [
            ("amp;x", false, Some(("&", 5, false))),
            ("ampx", false, Some(("&", 4, true))),
            ("ampx", true, None),
            ("amp=x", true, None),
            ("amp=x", false, Some(("&", 4, true))),
            ("amp x", true, Some(("&", 4, true))),
            ("notit;", false, Some(("¬", 4, true))),
            ("notin;", false, Some(("∉", 7, false))),
            ("nGt;", false, Some(("≫\u{20d2}", 5, false))),
            ("nosuch;", false, None),
            ("1", false, None),
            ("Auml", false, Some(("Ä", 5, true))),
            ("NewLine;", false, Some(("\n", 9, false))),
            ("#65;", false, Some(("A", 5, false))),
            ("#65", false, Some(("A", 4, true))),
            ("#x41;", false, Some(("A", 6, false))),
            ("#X41g", false, Some(("A", 5, true))),
            ("#", false, None),
            ("#x;", false, None),
            ("#0;", false, Some(("\u{fffd}", 4, true))),
            ("#128;", false, Some(("€", 6, true))),
            ("#xD800;", false, Some(("\u{fffd}", 8, true))),
            ("#99999999999999999999;", false, Some(("\u{fffd}", 23, true))),
            ("#13;", false, Some(("\r", 5, true))),
        ];
        for (text, in_attribute, expected) in cases {
            let found = match text.strip_prefix('#') {
                Some(rest) => numeric(rest.as_bytes()),
                None => named(text.as_bytes(), in_attribute),
            };
            let shown = found.map(|it| {
                let chars: String = it.chars.iter().filter(|c| **c != '\0').collect();
                (chars, it.length, it.is_error)
            });
            assert_eq!(shown, expected.map(|(chars, length, error)| (chars.to_owned(), length, error)), "&{text}");
        }
    }
}
