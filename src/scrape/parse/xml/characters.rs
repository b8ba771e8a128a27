//! The classes of characters of XML 1.0 (fifth edition), 2.2 and 2.3.

/// White space: `S`.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether a document may contain the character: `Char`.
pub(super) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// `NameStartChar`, with the colon.
fn starts_name(c: char) -> bool {
    matches!(
        c,
        ':' | 'A'..='Z'
            | '_'
            | 'a'..='z'
            | '\u{c0}'..='\u{d6}'
            | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}'
            | '\u{37f}'..='\u{1fff}'
            | '\u{200c}'..='\u{200d}'
            | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}'
            | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}'
            | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}'
    )
}

/// `NameChar`, with the colon.
pub(super) fn continues_name(c: char) -> bool {
    starts_name(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether a text is a `Name`.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(starts_name) && text.chars().all(continues_name)
}

/// Splits a name into its prefix, which is empty if there is none, and its local name (Namespaces in XML 1.0, `QName`).
/// Returns `None` if it is not a valid name.
pub(super) fn split_name(name: &str) -> Option<(&str, &str)> {
    if !is_name(name) {
        return None;
    }
    match name.split_once(':') {
        None => Some(("", name)),
        Some((prefix, local)) => {
            let is_valid = !prefix.is_empty() && local.starts_with(starts_name) && !local.contains(':');
            is_valid.then_some((prefix, local))
        }
    }
}

/// Splits a text after the characters at its beginning that satisfy `is_it`.
pub(super) fn take_while(text: &str, is_it: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_it(c)).unwrap_or(text.len()))
}
