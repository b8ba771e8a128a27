//! EXSLT's functions with regular expressions, as `lxml` and so parsel has them.
//!
//! Patterns are those of the `regex` crate, as for `re`. They must be strings in the expression, so that they are
//! checked and compiled once.

use regex::RegexBuilder;

use super::expression::{Expr, Piece, Replacement};

/// Compiles a call. An error is a message.
pub(super) fn call(name: &str, arguments: Vec<Expr>) -> Result<Expr, String> {
    let mut arguments = arguments.into_iter();
    let text = arguments.next().map(Box::new);
    let mut texts = Vec::new();
    for argument in arguments {
        match argument {
            Expr::Text(text) => texts.push(text),
            _ => {
                return Err(format!(
                    "the pattern, the flags and the replacement of `{name}` must be strings in quotes"
                ));
            }
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    match (name, text, &texts[..]) {
        ("re:match", ..) => {
            Err("`re:match` makes new elements, which have no place in the page: use the key `re` of the \
                                 rule, or `re:replace`"
                .to_owned())
        }
        ("re:test", Some(text), [pattern]) => Ok(Expr::Test(text, compile(name, pattern, "")?)),
        ("re:test", Some(text), [pattern, flags]) => Ok(Expr::Test(text, compile(name, pattern, flags)?)),
        ("re:test", ..) => {
            Err("`re:test` takes a text, a pattern and perhaps flags: re:test(@href, \"pattern\", \"i\")".to_owned())
        }
        (_, Some(text), [pattern, flags, replacement]) => {
            let regex = compile(name, pattern, flags)?;
            let pieces = pieces(replacement, regex.captures_len())?;
            Ok(Expr::Replace(text, Replacement { regex, all: flags.contains('g'), pieces }))
        }
        _ => Err("`re:replace` takes a text, a pattern, flags and a replacement: re:replace(., \"a\", \"g\", \"b\")"
            .to_owned()),
    }
}

/// Compiles a pattern. Of the flags, `i` ignores case and `g` is for `re:replace`. As in lxml, others have no meaning.
fn compile(name: &str, pattern: &str, flags: &str) -> Result<regex::Regex, String> {
    let regex = RegexBuilder::new(pattern).case_insensitive(flags.contains('i')).build();
    regex.map_err(|error| {
        let error = error.to_string();
        let last = error.lines().last().unwrap_or_default();
        format!("the pattern `{pattern}` of `{name}`: {}", last.trim_start_matches("error: "))
    })
}

/// Cuts a replacement into pieces. Python's `\1` and `\g<1>` stand for groups, `\\` for a backslash, `\n` for a new
/// line.
fn pieces(replacement: &str, groups: usize) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = |text: &str| text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len()).min(2);
        let (group, length) = if let Some(end) = after.strip_prefix("g<").and_then(|named| named.find('>')) {
            (&after[2..2 + end], end + 3)
        } else {
            (&after[..digits(after)], digits(after))
        };
        if length > 0 {
            let group = group.parse().ok().filter(|group| *group < groups);
            let group =
                group.ok_or_else(|| format!("the replacement `{replacement}` names a group that the pattern lacks"))?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Group(group));
            rest = &after[length..];
            continue;
        }
        let character = match after.chars().next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('\\') => '\\',
            _ => return Err(format!("the replacement `{replacement}` has a `\\` with no meaning: write `\\\\`")),
        };
        plain.push(character);
        rest = &after[1..];
    }
    plain.push_str(rest);
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}
