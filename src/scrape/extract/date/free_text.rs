//! Reads a date that people wrote, with words around it.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::locale::{DateOrder, Meaning};
use super::found::{Found, Place};
use super::settings::Dates;
use super::token::{Kind, Token};
use super::vocabulary::Vocabulary;
use super::{calendar, clock, offset, relative, token};

/// Reads the only date of a text. Words without a meaning are allowed before it, behind it, and between date and time. Digits
/// and words of dates that do not belong to it are not.
///
/// English names are tried if the text is not a date in the language of the locale.
pub(super) fn read(text: &str, dates: &Dates, now: Timestamp) -> Option<Found> {
    let text = if dates.has_wide_digits() { with_plain_digits(text) } else { Cow::Borrowed(text) };
    let by = |words: &Vocabulary| read_in(&text, words, dates, now);
    dates.vocabulary().and_then(by).or_else(|| by(Vocabulary::english()))
}

fn with_plain_digits(text: &str) -> Cow<'_, str> {
    let plain = |c: char| match c {
        '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(c) - 0xff10 + u32::from('0')).unwrap_or(c),
        other => other,
    };
    Cow::Owned(text.chars().map(plain).collect())
}

fn read_in(text: &str, words: &Vocabulary, dates: &Dates, now: Timestamp) -> Option<Found> {
    let mut tokens = token::tokens(text, words)?;
    let utc = TimeZone::UTC;
    let relative = relative::claim(&mut tokens, now, dates.timezone().unwrap_or(&utc));
    let time = clock::claim(&mut tokens, dates.writes_points()).ok()?;
    let mut found = match relative {
        Some(found) => found,
        None => Found::day(claim_date(&mut tokens, dates.order())?),
    };
    if let Some(time) = time {
        // "3 hours ago at 10:00" says two times.
        if found.clock.is_some() {
            return None;
        }
        found.clock = Some(time.clock);
        found.place = time.place;
        if matches!(found.place, Place::Unknown) {
            found.place = offset::claim_named(&mut tokens);
        }
    }
    is_all_read(&tokens).then_some(found)
}

/// Reads the date and the weekday beside it, and makes them gaps. `None` if there is no date, or the weekday is another one.
fn claim_date(tokens: &mut [Token<'_>], order: Option<DateOrder>) -> Option<Date> {
    let (start, (date, end)) = (0..tokens.len()).find_map(|at| Some((at, calendar::read(tokens, at, order)?)))?;
    tokens[start..end].iter_mut().for_each(|it| it.kind = Kind::Gap);
    let before = (0..start).rev().find(|at| !is_passed(tokens, *at));
    let after = (end..tokens.len()).find(|at| !is_passed(tokens, *at));
    for at in [before, after].into_iter().flatten() {
        if let Some(weekday) = weekday(tokens, at) {
            if weekday != date.weekday().to_monday_one_offset() {
                return None;
            }
            tokens[at].kind = Kind::Gap;
        }
    }
    Some(date)
}

/// Whether a token may be between a date and its weekday.
fn is_passed(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let is_word = weekday(tokens, at).is_none() && (token.means(Meaning::Link) || token.means(Meaning::At));
    matches!(token.kind, Kind::Gap | Kind::Mark(_)) || is_word
}

/// Returns the weekday that a token names. Japanese abbreviations are also parts of other words, so they count only in brackets.
fn weekday(tokens: &[Token<'_>], at: usize) -> Option<i8> {
    let Kind::Word(text, _) = tokens[at].kind else { return None };
    let is_character = text.starts_with(token::is_unspaced) && text.chars().count() == 1;
    let in_brackets = at.checked_sub(1).is_some_and(|at| tokens[at].is_mark('('));
    tokens[at].weekday().filter(|_| !is_character || in_brackets)
}

/// Whether what is left has nothing to do with dates.
fn is_all_read(tokens: &[Token<'_>]) -> bool {
    tokens.iter().all(|token| match token.kind {
        Kind::Number(_) => false,
        Kind::Word(text, meanings) => !meanings.iter().any(|meaning| match meaning {
            Meaning::Month(_) | Meaning::Day(_) | Meaning::Last(_) | Meaning::Now => true,
            // Abbreviations of weekdays are also other words, such as German "so".
            Meaning::Weekday(_) => text.chars().count() > 3,
            _ => false,
        }),
        Kind::Mark(_) | Kind::Gap => true,
    })
}
