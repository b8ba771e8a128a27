//! Guesses the path that somebody meant who wrote jq, `JMESPath`, a JSON pointer, or names with dots.

use std::fmt::Write as _;

/// Returns the path that an invalid text probably means. It is valid.
pub(super) fn suggest(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let guesses = [pointer(text), rewritten(text), operators(text)];
    guesses.into_iter().flatten().find(|guess| super::parse::path(guess).is_ok())
}

/// Translates a JSON pointer (RFC 6901): `/items/0/a~1b`.
fn pointer(text: &str) -> Option<String> {
    let steps = text.strip_prefix("#/").or_else(|| text.strip_prefix('/'))?;
    let mut path = "$".to_owned();
    for step in steps.split('/') {
        push_name(&mut path, &step.replace("~1", "/").replace("~0", "~"), false);
    }
    Some(path)
}

/// Repairs the operators of other languages in filters.
fn operators(text: &str) -> Option<String> {
    let repaired = text.replace("===", "==").replace("!==", "!=").replace(" and ", " && ").replace(" or ", " || ");
    rewritten(&repaired).or(Some(repaired))
}

/// Reads the steps of a path in a tolerant way and writes them as the RFC wants: `.items[].price`, `items[*].price`,
/// `data.items.0.price`, `$.my-key`, `items.[0]`, `.items[] | .price`.
fn rewritten(text: &str) -> Option<String> {
    let mut path = "$".to_owned();
    let mut rest = text.strip_prefix(['$', '@']).unwrap_or(text);
    let mut descends = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            descends = true;
            rest = after;
        } else if rest.starts_with('[') {
            let (inside, after) = bracket(rest)?;
            if descends {
                path.push_str("..");
            }
            push_bracket(&mut path, inside.trim());
            descends = false;
            rest = after;
        } else if let Some(after) = rest.strip_prefix(['.', '?', '|', ' ', '\t', '\n', '\r']) {
            rest = after;
        } else {
            let end = rest.find(['.', '[', '|', '?']).unwrap_or(rest.len());
            let name = rest[..end].trim_end();
            match name {
                "*" if descends => path.push_str("..*"),
                "*" => path.push_str("[*]"),
                _ => push_name(&mut path, name, descends),
            }
            descends = false;
            rest = &rest[end..];
        }
    }
    Some(path)
}

/// Splits off a bracket. Brackets in quotes do not count.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quote, mut is_escaped) = (0, None, false);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}

fn push_bracket(path: &mut String, inside: &str) {
    let is_word = inside.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
        && inside.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if inside.is_empty() {
        path.push_str("[*]");
    } else if is_word {
        let _ = write!(path, "['{inside}']");
    } else {
        let _ = write!(path, "[{inside}]");
    }
}

fn push_name(path: &mut String, name: &str, descends: bool) {
    let is_index = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii())
        && !name.starts_with(|c: char| c.is_ascii_digit());
    let dots = if descends { ".." } else { "" };
    let _ = if is_index {
        write!(path, "{dots}[{name}]")
    } else if is_plain {
        write!(path, "{}{name}", if descends { ".." } else { "." })
    } else {
        write!(path, "{dots}['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
    };
}
