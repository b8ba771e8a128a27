//! Dates as programs write them.

use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{self, TimeZone};

use super::calendar::is_plausible;
use super::found::{Clock, Found, Place};
use super::offset::MOST_SECONDS;
use super::settings::Dates;

/// The seconds that count as a time since 1970: from 1990 to 2099. Smaller numbers are rather prices and years.
const EPOCH: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// Reads ISO 8601 (also its basic form `20240301T100000Z`, weeks `2024-W10-2`, and zones as in RFC 9557), seconds and
/// milliseconds since 1970, and fourteen digits (`20240301100000`). The text must have nothing else.
pub(super) fn read(text: &str, dates: &Dates) -> Option<Found> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(char::is_whitespace) {
        return None;
    }
    epoch(text, dates).or_else(|| fourteen_digits(text)).or_else(|| week(text)).or_else(|| iso(text))
}

fn week(text: &str) -> Option<Found> {
    let date = text.parse::<ISOWeekDate>().ok()?.date();
    is_plausible(date).then(|| Found::day(date))
}

fn iso(text: &str) -> Option<Found> {
    // Without the `T`, jiff takes the offset of `2024-03-01+01:00` (XML Schema) for a time.
    let text = if text.contains(['T', 't']) { text } else { date_alone(text)? };
    let pieces = Pieces::parse(text).ok()?;
    let place = match (pieces.to_numeric_offset(), pieces.time_zone_annotation()) {
        (Some(offset), _) => Place::Offset(offset),
        (None, Some(_)) => pieces.to_time_zone_with(tz::db()).ok()?.map_or(Place::Unreadable, Place::Zone),
        (None, None) => Place::Unknown,
    };
    let is_real = !matches!(place, Place::Offset(offset) if offset.seconds().abs() > MOST_SECONDS);
    let clock = pieces.time().map(|time| Clock { time, ends_the_day: false });
    Some(Found { date: pieces.date(), clock, place }).filter(|found| is_real && is_plausible(found.date))
}

/// Removes the offset of a date without a time, which says nothing without it. The basic form has none.
fn date_alone(text: &str) -> Option<&str> {
    let (date, offset) = text.split_at_checked(10).unwrap_or((text, ""));
    has_only_offset(offset).then_some(date)
}

/// Whether this is nothing, `Z` or `+01:00`.
fn has_only_offset(text: &str) -> bool {
    let is_pattern =
        |it: (char, char)| it.0 == it.1 || (it.0 == '0' && it.1.is_ascii_digit()) || (it.0 == '+' && it.1 == '-');
    matches!(text, "" | "Z" | "z") || (text.len() == 6 && "+00:00".chars().zip(text.chars()).all(is_pattern))
}

fn epoch(text: &str, dates: &Dates) -> Option<Found> {
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.len() <= 13 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(digits) || !is_number(fraction) || text.ends_with('.') || text.starts_with('0') {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    let at = if EPOCH.contains(&number) {
        let nanoseconds = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        Timestamp::new(number, nanoseconds).ok()?
    } else if fraction.is_empty() && EPOCH.contains(&(number / 1000)) {
        Timestamp::from_millisecond(number).ok()?
    } else {
        return None;
    };
    Found::instant(at, dates.timezone().unwrap_or(&TimeZone::UTC), false)
}

fn fourteen_digits(text: &str) -> Option<Found> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |at: usize| text[at..at + 2].parse::<i8>().ok();
    let date = Date::new(text[..4].parse().ok()?, number(4)?, number(6)?).ok().filter(|date| is_plausible(*date))?;
    let time = Time::new(number(8)?, number(10)?, number(12)?, 0).ok()?;
    Some(Found { date, clock: Some(Clock { time, ends_the_day: false }), place: Place::Unknown })
}
