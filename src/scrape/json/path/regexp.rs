//! The regular expressions of `match` and `search` (I-Regexp, RFC 9485).
//!
//! They are compiled by the crate `regex`, whose language contains nearly all of them. Expressions that only that crate
//! understands, such as `\d` and `^`, work too.

use regex::{Regex, RegexBuilder};

/// The memory that a compiled expression may take, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// Compiles an expression that must match the whole text if `whole` is set, or else a part of it.
pub(super) fn compile(pattern: &str, whole: bool) -> Result<Regex, regex::Error> {
    let translated = translate(pattern);
    let build = |expression: &str| RegexBuilder::new(expression).size_limit(MAX_COMPILED).build();
    if !whole {
        return build(&translated);
    }
    // An expression such as `a)(b` is invalid, but would be valid inside of the group.
    if translated.contains(')') {
        build(&translated)?;
    }
    build(&format!(r"\A(?:{translated})\z"))
}

/// Writes the two things differently that mean something else to the crate: a dot does not match a carriage return, and
/// `&&` and `~~` are characters of a class.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut in_class = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                out.push('\\');
                out.extend(characters.next());
            }
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '.' if !in_class => out.push_str(r"[^\n\r]"),
            '&' | '~' if in_class => out.extend(['\\', character]),
            _ => out.push(character),
        }
    }
    out
}
