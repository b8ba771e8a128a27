//! Dates that count from now: "3 days ago", "yesterday", "last week", "just now".

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use super::super::locale::{Meaning, Unit};
use super::calendar::is_plausible;
use super::found::Found;
use super::token::{Kind, Token};

/// Reads the first relative date of a text, and makes its tokens gaps. `None` if there is none.
///
/// Units of a day and more give a date without a time. Hours, minutes and seconds give an instant, in `zone`.
pub(super) fn claim(tokens: &mut [Token<'_>], now: Timestamp, zone: &TimeZone) -> Option<Found> {
    let today = zone.to_datetime(now).date();
    for at in 0..tokens.len() {
        if let Some((found, start, end)) = shift_at(tokens, at, now, zone) {
            tokens[start..end].iter_mut().for_each(|it| it.kind = Kind::Gap);
            return Some(found).filter(|found| is_plausible(found.date));
        }
        let found = tokens[at].meanings().iter().find_map(|meaning| match meaning {
            Meaning::Day(days) => today.checked_add(i64::from(*days).days()).ok().map(Found::day),
            Meaning::Last(unit) => shifted(today, -1, *unit).map(Found::day),
            Meaning::Now => Found::instant(now, zone, true),
            _ => None,
        });
        if found.is_some() {
            tokens[at].kind = Kind::Gap;
            return found;
        }
    }
    None
}

/// Reads numbers with units and the word that says in which direction they count. Returns where they begin and end.
fn shift_at(tokens: &[Token<'_>], at: usize, now: Timestamp, zone: &TimeZone) -> Option<(Found, usize, usize)> {
    let mut amounts = Vec::new();
    let mut end = at;
    while let Some((amount, unit, after)) = amount_at(tokens, end) {
        amounts.push((amount, unit));
        end = after;
        // "1 day, 3 hours ago", "2 hours and 5 minutes ago", "2 hr. 5 min. ago"
        let gap =
            tokens[end..].iter().take_while(|it| it.is_mark(',') || it.is_mark('.') || it.means(Meaning::Link)).count();
        if amount_at(tokens, end + gap).is_some() {
            end += gap;
        }
    }
    if amounts.is_empty() {
        return None;
    }
    // "il y a environ 3 heures", "vor ca. 3 Stunden", "3 hr. ago"
    let skipped = tokens[..at]
        .iter()
        .rev()
        .take_while(|it| it.is_mark('.') || (it.means(Meaning::Link) && direction(it).is_none()))
        .count();
    let before = (at - skipped).checked_sub(1);
    if before.is_some_and(|at| tokens[at].means(Meaning::Inexact)) {
        return None;
    }
    let point = usize::from(tokens.get(end).is_some_and(|it| it.is_mark('.')));
    let signs = (before.and_then(|at| direction(&tokens[at])), tokens.get(end + point).and_then(direction));
    let (sign, start, end) = match signs {
        (None, Some(sign)) => (sign, at, end + point + 1),
        (Some(sign), None) => (sign, before?, end),
        (Some(one), Some(other)) if one == other => (one, before?, end + point + 1),
        // English "in": "in 3 days", but also "in, 3 days ago".
        _ => return None,
    };
    Some((counted(&amounts, sign, now, zone)?, start, end))
}

/// Reads a number with its unit. Returns the place behind them.
fn amount_at(tokens: &[Token<'_>], at: usize) -> Option<(i64, Unit, usize)> {
    let token = tokens.get(at)?;
    let unit_of = |token: &Token<'_>| {
        token.meanings().iter().find_map(|it| if let Meaning::Unit(unit) = it { Some(*unit) } else { None })
    };
    let number = match token.digits() {
        Some(digits) if digits.len() <= 4 => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => token.means(Meaning::One).then_some(1),
    };
    // "un'ora"
    let next = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|it| it.is_mark('\'')));
    if let Some(number) = number
        && let Some(unit) = tokens.get(next).and_then(unit_of)
    {
        return Some((number, unit, next + 1));
    }
    let follows_number = at.checked_sub(1).is_some_and(|at| tokens[at].digits().is_some());
    let single = token.meanings().iter().find_map(|it| if let Meaning::Single(unit) = it { Some(*unit) } else { None });
    single.filter(|_| !follows_number).map(|unit| (1, unit, at + 1))
}

/// Returns -1 for the past and 1 for the future.
fn direction(token: &Token<'_>) -> Option<i64> {
    token.meanings().iter().find_map(|it| match it {
        Meaning::Past => Some(-1),
        Meaning::Future => Some(1),
        _ => None,
    })
}

fn counted(amounts: &[(i64, Unit)], sign: i64, now: Timestamp, zone: &TimeZone) -> Option<Found> {
    let is_instant = amounts.iter().any(|(_, unit)| matches!(unit, Unit::Hour | Unit::Minute | Unit::Second));
    if is_instant {
        let seconds = amounts.iter().try_fold(0, |sum, (amount, unit)| Some(sum + amount * seconds_of(*unit)?))?;
        return Found::instant(now.checked_add((sign * seconds).seconds()).ok()?, zone, true);
    }
    let today = zone.to_datetime(now).date();
    amounts.iter().try_fold(today, |date, (amount, unit)| shifted(date, sign * amount, *unit)).map(Found::day)
}

/// Returns the length of a unit. Months and years have no fixed one.
fn seconds_of(unit: Unit) -> Option<i64> {
    match unit {
        Unit::Second => Some(1),
        Unit::Minute => Some(60),
        Unit::Hour => Some(3600),
        Unit::Day => Some(86_400),
        Unit::Week => Some(7 * 86_400),
        Unit::Month | Unit::Year => None,
    }
}

/// Moves a date. A day that the month does not have becomes its last one.
fn shifted(date: Date, amount: i64, unit: Unit) -> Option<Date> {
    let span = match unit {
        Unit::Day => Span::new().try_days(amount),
        Unit::Week => Span::new().try_weeks(amount),
        Unit::Month => Span::new().try_months(amount),
        Unit::Year => Span::new().try_years(amount),
        Unit::Second | Unit::Minute | Unit::Hour => return None,
    };
    date.checked_add(span.ok()?).ok()
}
