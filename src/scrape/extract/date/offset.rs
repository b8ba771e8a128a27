//! The offset from UTC behind a time of day.

use jiff::tz::Offset;

use super::found::Place;
use super::token::{Kind, Token};

/// Abbreviations that mean one offset: those of RFC 2822, and those that no other zone has. `IST`, `BST` and others are not
/// here because they mean several, and `ET` and `PT` are not because they mean two offsets, in winter and in summer.
const NAMES: &[(&str, i32)] = &[
    ("Z", 0),
    ("z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("MEZ", 1),
    ("MESZ", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("МСК", 3),
    ("JST", 9),
];

/// The largest offset of any place, in seconds: 14 hours.
pub(super) const MOST_SECONDS: i32 = 14 * 3600;

/// Reads the offset behind a time. Returns the place behind it.
///
/// `is_exact`: the time is written as programs write it. Otherwise, `10:00-12:00` is not an offset but two times.
pub(super) fn read(tokens: &[Token<'_>], at: usize, is_exact: bool) -> (Place, usize) {
    let open = usize::from(tokens.get(at).is_some_and(|it| it.is_mark('(')));
    let Some(token) = tokens.get(at + open) else { return (Place::Unknown, at) };
    if let Some((place, end)) = named(tokens, at + open) {
        return (place, end + open * usize::from(tokens.get(end).is_some_and(|it| it.is_mark(')'))));
    }
    if let Some((offset, end)) = signed(tokens, at, false, is_exact) {
        return (Place::Offset(offset), end);
    }
    (if is_unknown_zone(tokens, at + open, token) { Place::Unreadable } else { Place::Unknown }, at)
}

/// Finds the only name of an offset anywhere in a text, such as in `10:00, 5 March 2024 UTC`, and makes it a gap.
pub(super) fn claim_named(tokens: &mut [Token<'_>]) -> Place {
    let is_long = |it: &Token<'_>| matches!(it.kind, Kind::Word(text, _) if text.len() > 1);
    let found = (0..tokens.len()).find_map(|at| Some((at, named(tokens, at).filter(|_| is_long(&tokens[at]))?)));
    let Some((at, (place, end))) = found else { return Place::Unknown };
    for token in &mut tokens[at..end] {
        token.kind = Kind::Gap;
    }
    place
}

/// Whether the name of an offset is at a place.
pub(super) fn is_named(tokens: &[Token<'_>], at: usize) -> bool {
    named(tokens, at).is_some()
}

/// Reads `GMT`, `UTC+1`, `EST`.
fn named(tokens: &[Token<'_>], at: usize) -> Option<(Place, usize)> {
    let Kind::Word(text, _) = tokens.get(at)?.kind else { return None };
    // Other names in small letters are also words, such as French "est".
    let is_same = |name: &str| name == text || (matches!(name, "UTC" | "GMT") && name.eq_ignore_ascii_case(text));
    let (name, hours) = NAMES.iter().find(|(name, _)| is_same(name))?;
    if matches!(*name, "UTC" | "GMT")
        && let Some((offset, end)) = signed(tokens, at + 1, true, true)
    {
        return Some((Place::Offset(offset), end));
    }
    Some((Place::Offset(Offset::from_seconds(hours * 3600).ok()?), at + 1))
}

/// Reads `+0200`, `+02:00`, `+02`, and behind `GMT` also `+2`.
fn signed(tokens: &[Token<'_>], at: usize, named: bool, is_exact: bool) -> Option<(Offset, usize)> {
    let sign = if tokens.get(at)?.is_mark('+') {
        1
    } else if tokens[at].is_mark('-') || tokens[at].is_mark('\u{2212}') {
        -1
    } else {
        return None;
    };
    let digits = tokens.get(at + 1).filter(|it| !it.spaced)?.digits()?;
    let number = |text: &str| text.parse::<i32>().ok();
    let after_colon = || {
        let colon = tokens.get(at + 2).filter(|it| it.is_mark(':') && !it.spaced);
        colon.and_then(|_| tokens.get(at + 3)?.digits()).filter(|digits| digits.len() == 2)
    };
    let (hours, minutes, end) = match digits.len() {
        4 => (number(&digits[..2])?, number(&digits[2..])?, at + 2),
        1 | 2 if named || digits.len() == 2 => match after_colon() {
            Some(minutes) => (number(digits)?, number(minutes)?, at + 4),
            None => (number(digits)?, 0, at + 2),
        },
        _ => return None,
    };
    let is_range = sign < 0 && !is_exact && digits.len() != 4;
    let is_real = minutes < 60 && (hours * 60 + minutes) * 60 <= MOST_SECONDS;
    if is_range || !is_real {
        return None;
    }
    Some((Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()?, end))
}

/// Whether a word behind a time may be a zone that is not in the table: `IST`, "Eastern Time", `America/New_York`.
fn is_unknown_zone(tokens: &[Token<'_>], at: usize, token: &Token<'_>) -> bool {
    let Kind::Word(text, meanings) = token.kind else { return false };
    let is_short =
        meanings.is_empty() && (2..=5).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_uppercase());
    let is_american = matches!(text, "Eastern" | "Central" | "Mountain" | "Pacific");
    is_short || is_american || tokens.get(at + 1).is_some_and(|it| it.is_mark('/') && !it.spaced)
}
