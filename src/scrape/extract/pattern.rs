//! `re`: applies a regular expression to a value, by parsel's rules (`parsel.utils.extract_regex`).

use std::borrow::Cow;
use std::ops::ControlFlow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use regex::Regex;

use super::value;
use crate::scrape::json;

/// A compiled `re`.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    yields: Yield,
}

/// The strings that a match yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Yield {
    /// A group is named `extract`: this group, from the first match only.
    Named,
    /// Groups have other names: an object of these groups for every match.
    Object,
    /// There are only groups without names: all of them, from every match, as one flat list.
    Groups,
    /// There are no groups: the whole text of every match.
    Whole,
}

/// Why a pattern is not a valid regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// The offset of the error in the expression, in bytes, if the regex engine gives it.
    pub offset: Option<usize>,
    /// What is wrong with the pattern.
    pub message: String,
}

/// Checks the regular expression of a `re`. Returns how many strings each match yields: one per group, but one if there
/// are no groups or if one is named `extract`. A single value takes only one string.
///
/// The syntax is that of the `regex` crate: it has no look-around and no back-references, but matches in linear time.
///
/// # Errors
/// Fails if the pattern is invalid, or if it is larger than the engine allows.
pub fn check_regex(re: &str) -> Result<usize, PatternError> {
    Pattern::new(re).map(|pattern| pattern.strings_of_a_match())
}

/// Whether each match of a `re` makes an object of its named groups. `false` if the expression is not valid.
pub fn makes_objects(re: &str) -> bool {
    Pattern::new(re).is_ok_and(|pattern| pattern.makes_objects())
}

impl Pattern {
    pub(super) fn new(re: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(re).map_err(|error| explain(&error))?;
        let yields = if regex.capture_names().flatten().any(|name| name == "extract") {
            Yield::Named
        } else if regex.capture_names().flatten().next().is_some() {
            Yield::Object
        } else if regex.captures_len() > 1 {
            Yield::Groups
        } else {
            Yield::Whole
        };
        Ok(Self { regex, yields })
    }

    /// Returns how many strings each match yields.
    pub(super) fn strings_of_a_match(&self) -> usize {
        match self.yields {
            Yield::Groups => self.regex.captures_len() - 1,
            Yield::Named | Yield::Object | Yield::Whole => 1,
        }
    }

    /// Whether each match yields an object instead of strings.
    pub(super) fn makes_objects(&self) -> bool {
        matches!(self.yields, Yield::Object)
    }

    /// Calls `found` for the object of each match, as JSON, until `found` breaks. A group that did not take part in the
    /// match is `null`.
    pub(super) fn objects_in<B>(
        &self,
        text: &str,
        trim: bool,
        mut found: impl FnMut(Vec<u8>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.regex.captures_iter(text).try_for_each(|captures| {
            let mut object = b"{".to_vec();
            for name in self.regex.capture_names().flatten() {
                if object.len() > 1 {
                    object.push(b',');
                }
                json::string(&mut object, name);
                object.push(b':');
                match captures.name(name).map(|group| replace_entities(group.as_str())) {
                    Some(text) if trim => json::string(&mut object, &value::trim(text)),
                    Some(text) => json::string(&mut object, &text),
                    None => object.extend_from_slice(b"null"),
                }
            }
            object.push(b'}');
            found(object)
        })
    }

    /// Calls `found` for each string that the expression yields in `text`, with entities replaced, until `found`
    /// breaks.
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
            Yield::Groups | Yield::Object => {
                for captures in self.regex.captures_iter(text) {
                    // A group that did not take part in the match is empty, as in Python's `findall`.
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

/// Shortens the engine's error, a drawing of several lines, to its sentence and the position.
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

/// Reads the position from the lines `    (a\n    ^` below `regex parse error:`. The engine only draws single-line
/// expressions this way.
fn offset_in_picture(text: &str) -> Option<usize> {
    let mut lines = text.lines().skip_while(|line| !line.ends_with("parse error:")).skip(1);
    let (expression, marks) = (lines.next()?.strip_prefix("    ")?, lines.next()?.strip_prefix("    ")?);
    let columns = marks.find('^')?;
    expression.char_indices().map(|(at, _)| at).chain([expression.len()]).nth(columns)
}

/// Replaces HTML's character references except `&lt;` and `&amp;`, as w3lib does for parsel. So text that the page
/// escaped twice becomes readable, but never becomes markup again.
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

/// The meaning of an ampersand and the text after it.
enum Reference {
    /// Plain text, which stays as it is.
    None,
    Chars(char, Option<char>),
    /// An invalid reference, such as `&nonsense;` and `&#x110000;`. w3lib drops it.
    Illegal,
}

impl Reference {
    /// Reads the reference at the start of `text`, which starts with `&`. Also returns its length in bytes.
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

/// Numbers from 0x80 to 0x9F stand for the characters of Windows-1252, as in browsers.
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
    fn a_pattern_yields_the_same_as_in_parsel() {
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
    fn entities_are_replaced_as_by_w3lib() {
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
    fn an_invalid_pattern_is_refused_with_its_offset() {
        let cases = [("(a", Some(0)), ("é[b", Some(2)), ("a(?=b)", Some(1)), ("a{99999}{99999}", None)];
        for (re, offset) in cases {
            let error = check_regex(re).expect_err(re);
            assert_eq!(error.offset, offset, "{re}: {error}");
            assert!(!error.message.contains('\n') && !error.message.is_empty(), "{error}");
        }
    }

    #[test]
    fn a_match_yields_one_string_per_group() {
        let table = [
            (r"\d+", 1),
            (r"(\d+)", 1),
            (r"(\d+)(\.\d+)?", 2),
            (r"(a)|(b)|(c)", 3),
            (r"((a)b)", 2),
            (r"(.)(.)", 2),
            (r"(?P<a>.)(?<b>.)", 1),
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
