//! Cuts a text into numbers, words and marks.

use super::super::locale::Meaning;
use super::vocabulary::{LONGEST_PHRASE, Vocabulary};

/// A piece of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub kind: Kind<'a>,
    /// Whether white space is before it.
    pub spaced: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    /// ASCII digits.
    Number(&'a str),
    /// A word or phrase, as written, and its meanings. An unknown word has none.
    Word(&'a str, &'a [Meaning]),
    /// Any other character. Hyphens are `-`, and apostrophes are `'`. The `T` of ISO 8601 is `T`.
    Mark(char),
    /// Something that was read already.
    Gap,
}

impl<'a> Token<'a> {
    /// Returns the digits of a number.
    pub(super) fn digits(&self) -> Option<&'a str> {
        if let Kind::Number(digits) = self.kind { Some(digits) } else { None }
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        matches!(self.kind, Kind::Mark(c) if c == mark)
    }

    pub(super) fn meanings(&self) -> &'a [Meaning] {
        if let Kind::Word(_, meanings) = self.kind { meanings } else { &[] }
    }

    pub(super) fn means(&self, meaning: Meaning) -> bool {
        self.meanings().contains(&meaning)
    }

    /// Returns the number of the month that the word may name.
    pub(super) fn month(&self) -> Option<i8> {
        self.meanings().iter().find_map(|it| if let Meaning::Month(month) = it { Some(*month) } else { None })
    }

    /// Returns the number of the weekday that the word may name, from 1 for Monday.
    pub(super) fn weekday(&self) -> Option<i8> {
        self.meanings().iter().find_map(|it| if let Meaning::Weekday(day) = it { Some(*day) } else { None })
    }
}

/// Cuts the text. `None` if it has digits that are part of a name (`v2`, `5px`), or digits of another script.
pub(super) fn tokens<'a>(text: &'a str, words: &'a Vocabulary) -> Option<Vec<Token<'a>>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let (mut at, mut spaced) = (0, false);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() || is_invisible(c) {
            spaced |= c.is_whitespace();
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = if c.is_ascii_digit() {
            let length = run(rest, |c| c.is_ascii_digit());
            (Kind::Number(&rest[..length]), length)
        } else if c == '°' {
            // Often instead of the ordinal sign: "1° marzo".
            (Kind::Word(&rest[..c.len_utf8()], words.meanings("º")), c.len_utf8())
        } else if c.is_alphabetic() {
            word(rest, words)
        } else if c.is_numeric() {
            return None;
        } else {
            (Kind::Mark(plain_mark(c)), c.len_utf8())
        };
        let kind = iso_mark(kind, &tokens, &rest[length..], spaced).unwrap_or(kind);
        let token = Token { kind, spaced };
        if tokens.last().is_some_and(|last| !spaced && is_name(last, &token)) {
            return None;
        }
        tokens.push(token);
        at += length;
        spaced = false;
    }
    Some(tokens)
}

/// Reads a word or phrase at the start of a text. Returns it with its length.
fn word<'a>(text: &'a str, words: &'a Vocabulary) -> (Kind<'a>, usize) {
    let length = if text.starts_with(is_unspaced) {
        longest_known(text, words)
    } else {
        run(text, |c| (c.is_alphabetic() && !is_unspaced(c)) || is_invisible(c) || is_accent(c))
    };
    let mut best = (Kind::Word(&text[..length], words.meanings(&text[..length])), length);
    // Longer phrases, such as "il y a" and "a.m.".
    let (mut phrase, mut end) = (text[..length].to_owned(), length);
    for _ in 1..LONGEST_PHRASE {
        let gap =
            run(&text[end..], |c| c.is_whitespace() || is_invisible(c) || matches!(plain_mark(c), '.' | '-' | '\''));
        let next = &text[end + gap..];
        let length = run(next, |c| (c.is_alphabetic() && !is_unspaced(c)) || is_invisible(c) || is_accent(c));
        if gap == 0 || length == 0 || gap > 8 {
            break;
        }
        phrase.push(' ');
        phrase.push_str(&next[..length]);
        end += gap + length;
        let meanings = words.meanings(&phrase);
        if !meanings.is_empty() {
            best = (Kind::Word(&text[..end], meanings), end);
        }
    }
    best
}

/// Returns the length of the longest known word at the start of a text that does not separate words.
fn longest_known(text: &str, words: &Vocabulary) -> usize {
    let ends = text.char_indices().take(LONGEST_PHRASE).map(|(at, c)| at + c.len_utf8());
    let known = ends.filter(|end| !words.meanings(&text[..*end]).is_empty()).max();
    known.unwrap_or_else(|| text.chars().next().map_or(0, char::len_utf8))
}

/// Makes the `T` between the date and the time of ISO 8601 a mark.
fn iso_mark<'a>(kind: Kind<'a>, before: &[Token<'_>], after: &str, spaced: bool) -> Option<Kind<'a>> {
    let Kind::Word("T" | "t", _) = kind else { return None };
    let is_between = !spaced && before.last()?.digits().is_some() && after.starts_with(|c: char| c.is_ascii_digit());
    is_between.then_some(Kind::Mark('T'))
}

/// Whether two tokens without white space between them are a name.
fn is_name(before: &Token<'_>, after: &Token<'_>) -> bool {
    let unknown = |text: &str, meanings: &[Meaning]| meanings.is_empty() && !text.starts_with(is_unspaced);
    match (before.kind, after.kind) {
        (Kind::Number(_), Kind::Word("Z" | "z", _)) => false,
        (Kind::Number(_), Kind::Word(text, meanings)) => unknown(text, meanings),
        (Kind::Word(text, meanings), Kind::Number(_)) => {
            let joins = |it: &Meaning| matches!(it, Meaning::HourMark | Meaning::MinuteMark | Meaning::At);
            !text.starts_with(is_unspaced) && !meanings.iter().any(joins)
        }
        _ => false,
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn plain_mark(c: char) -> char {
    match c {
        '\u{2010}' | '\u{2011}' => '-',
        '\u{2019}' | '\u{2bc}' => '\'',
        '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}' => char::from_u32(u32::from(c) - 0xff01 + 0x21).unwrap_or(c),
        other => other,
    }
}

/// Whether this is a character without width, such as the marks of direction that some browsers write into dates.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Whether this is a character of Chinese or Japanese, which do not separate words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
