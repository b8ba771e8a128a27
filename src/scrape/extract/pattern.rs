//! `re`: what a regular expression makes of a value, by parsel's rules (`parsel.utils.extract_regex`).

use std::borrow::Cow;
use std::ops::ControlFlow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use regex::Regex;

/// A compiled `re`.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    yields: Yield,
}

/// What a match gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yield {
    /// There is a group named `extract`: that group, of the first match only.
    Named,
    /// There are groups: all of them, of every match, flattened.
    Groups,
    /// There are none: the whole of every match.
    Whole,
}

/// Why a regular expression is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// Where in the expression, in bytes from its start, where the regex engine says so.
    pub offset: Option<usize>,
    /// What is wrong with it.
    pub message: String,
}

/// Checks a regular expression, as `re` holds it, and tells how many strings each of its matches gives: one for each of
/// its groups, and one where it has none or one that is named `extract`. A single value has room for one of them.
///
/// The language is the `regex` crate's: no look-around, no back-references, but time linear in the text.
///
/// # Errors
/// Where it is none, or where it is larger than the engine allows.
pub fn check_regex(re: &str) -> Result<usize, PatternError> {
    Pattern::new(re).map(|pattern| pattern.strings_of_a_match())
}

impl Pattern {
    pub(super) fn new(re: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(re).map_err(|error| explain(&error))?;
        let yields = if regex.capture_names().flatten().any(|name| name == "extract") {
            Yield::Named
        } else if regex.captures_len() > 1 {
            Yield::Groups
        } else {
            Yield::Whole
        };
        Ok(Self { regex, yields })
    }

    /// How many strings each match gives.
    pub(super) fn strings_of_a_match(&self) -> usize {
        match self.yields {
            Yield::Groups => self.regex.captures_len() - 1,
            Yield::Named | Yield::Whole => 1,
        }
    }

    /// Calls `found` for each string that the expression finds in `text`, entities replaced, until it breaks off.
    pub(super) fn find_in<'t, B>(
        &self,
        text: &'t str,
        mut found: impl FnMut(Cow<'t, str>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match self.yields {
            Yield::Named => {
                let group = self.regex.captures(text).and_then(|captures| captures.name("extract"));
                if let Some(group) = group {
                    found(replace_entities(group.as_str()))?;
                }
            }
            Yield::Groups => {
                for captures in self.regex.captures_iter(text) {
                    // A group that took no part in the match is empty, as in Python's `findall`.
                    for group in captures.iter().skip(1) {
                        found(group.map_or(Cow::Borrowed(""), |group| replace_entities(group.as_str())))?;
                    }
                }
            }
            Yield::Whole => {
                for whole in self.regex.find_iter(text) {
                    found(replace_entities(whole.as_str()))?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// The engine's error points at the place with a picture of several lines; we take the sentence and the place.
fn explain(error: &regex::Error) -> PatternError {
    let text = error.to_string();
    let message = if let regex::Error::CompiledTooBig(limit) = error {
        format!("the regular expression takes more than {limit} bytes when compiled")
    } else {
        let last = text.lines().last().unwrap_or(&text);
        last.strip_prefix("error: ").unwrap_or(last).to_owned()
    };
    PatternError { offset: offset_in_picture(&text), message }
}

/// `    (a\n    ^` under `regex parse error:`; only expressions of one line are drawn that way.
fn offset_in_picture(text: &str) -> Option<usize> {
    let mut lines = text.lines().skip_while(|line| !line.ends_with("parse error:")).skip(1);
    let (expression, marks) = (lines.next()?.strip_prefix("    ")?, lines.next()?.strip_prefix("    ")?);
    let columns = marks.find('^')?;
    expression.char_indices().map(|(at, _)| at).chain([expression.len()]).nth(columns)
}

/// Replaces HTML's character references except `&lt;` and `&amp;`, as w3lib does for parsel: what was escaped twice
/// in the page is read, and what would become markup again is not.
fn replace_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (reference, length) = Reference::at(rest);
        match reference {
            Reference::None => out.push_str(&rest[..length]),
            Reference::Chars(first, second) => out.extend([Some(first), second].into_iter().flatten()),
            Reference::Illegal => {}
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands at an ampersand.
enum Reference {
    /// Text, to be kept.
    None,
    Chars(char, Option<char>),
    /// `&nonsense;` and `&#x110000;`: w3lib drops them.
    Illegal,
}

impl Reference {
    /// Reads the reference at the start of `text`, which starts with `&`, and how many bytes it takes.
    fn at(text: &str) -> (Self, usize) {
        let name_length = |text: &str, is: fn(&u8) -> bool| text.bytes().take_while(is).count();
        let body = &text[1..];
        let (digits_at, radix) = match body.as_bytes() {
            [b'#', b'x' | b'X', ..] => (2, 16),
            [b'#', ..] => (1, 10),
            _ => (0, 0),
        };
        let is_part: fn(&u8) -> bool = match radix {
            16 => u8::is_ascii_hexdigit,
            10 => u8::is_ascii_digit,
            _ => u8::is_ascii_alphanumeric,
        };
        let length = name_length(&body[digits_at..], is_part);
        if length == 0 {
            return (Self::None, 1);
        }
        let name = &body[digits_at..digits_at + length];
        let end = 1 + digits_at + length;
        let closed = text[end..].starts_with(';');
        let end = end + usize::from(closed);
        let found = if radix == 0 {
            if name.eq_ignore_ascii_case("lt") || name.eq_ignore_ascii_case("amp") {
                return (Self::None, end);
            }
            named(name)
        } else {
            u32::from_str_radix(name, radix).ok().and_then(numbered).map(|c| (c, None))
        };
        match found {
            Some((first, second)) => (Self::Chars(first, second), end),
            None if closed => (Self::Illegal, end),
            None => (Self::None, end),
        }
    }
}

fn named(name: &str) -> Option<(char, Option<char>)> {
    let look_up = |name: &str| NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0);
    let (first, second) =
        look_up(&format!("{name};")).or_else(|| look_up(&format!("{};", name.to_ascii_lowercase())))?;
    Some((char::from_u32(*first)?, char::from_u32(*second).filter(|c| *c != '\0')))
}

/// Numbers from 0x80 to 0x9F mean what Windows-1252 has there, as in browsers.
fn numbered(number: u32) -> Option<char> {
    match number {
        0x80..=0x9f => C1_REPLACEMENTS[(number - 0x80) as usize],
        _ => char::from_u32(number),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::{Pattern, check_regex, replace_entities};

    #[test]
    fn a_pattern_yields_what_parsel_yields() {
        let cases: [(&str, &str, &[&str]); 9] = [
            (r"\d+", "a1b22", &["1", "22"]),
            (r"(\w)=(\d)", "a=1 b=2", &["a", "1", "b", "2"]),
            (r"(a)|(b)", "ab", &["a", "", "", "b"]),
            (r"(?P<extract>\d)\w", "1a 2b", &["1"]),
            (r"(?P<extract>\d)?x", "x", &[]),
            (r"(?P<other>\d)", "12", &["1", "2"]),
            (r"n", "a", &[]),
            (r".+", "&eacute;&lt;&amp;", &["é&lt;&amp;"]),
            (r".+", "&#233;&#xe9;&#x80;&nope;&nope", &["éé€&nope"]),
        ];
        for (re, text, expected) in cases {
            let mut found = Vec::new();
            let all = Pattern::new(re).expect(re).find_in(text, |it| {
                found.push(it.into_owned());
                ControlFlow::<()>::Continue(())
            });
            assert!(all.is_continue());
            assert_eq!(found, expected, "{re} in {text}");
        }
    }

    #[test]
    fn entities_are_replaced_as_w3lib_does() {
        let cases = [
            ("a & b", "a & b"),
            ("&", "&"),
            ("&;", "&;"),
            ("&#;", "&#;"),
            ("&nbsp", "\u{a0}"),
            ("&QUOT;", "\""),
            ("&LT;&Amp;", "&LT;&Amp;"),
            ("&#x110000;", ""),
            ("&#60;", "<"),
            ("x&eacute", "xé"),
        ];
        for (text, replaced) in cases {
            assert_eq!(replace_entities(text), replaced, "{text}");
        }
    }

    #[test]
    fn a_bad_pattern_is_refused_with_its_place() {
        let cases = [("(a", Some(0)), ("é[b", Some(2)), ("a(?=b)", Some(1)), ("a{99999}{99999}", None)];
        for (re, offset) in cases {
            let error = check_regex(re).expect_err(re);
            assert_eq!(error.offset, offset, "{re}: {error}");
            assert!(!error.message.contains('\n') && !error.message.is_empty(), "{error}");
        }
    }

    #[test]
    fn a_match_gives_as_many_strings_as_there_are_groups() {
        let table = [
            (r"\d+", 1),
            (r"(\d+)", 1),
            (r"(\d+)(\.\d+)?", 2),
            (r"(a)|(b)|(c)", 3),
            (r"((a)b)", 2),
            (r"(?P<a>.)(?<b>.)", 2),
            (r"(\d+)(?:\.\d+)?", 1),
            (r"(?:a)(?i:b)(?i)c", 1),
            (r"\((\d+)\)[(]", 1),
            (r"(a)(?P<extract>b)(c)", 1),
        ];
        for (re, strings) in table {
            assert_eq!(check_regex(re), Ok(strings), "{re}");
        }
    }
}
