//! Reads a date by the format of the settings.

use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, civil};

use super::super::locale::Meaning;
use super::found::{Clock, Found, Place};
use super::settings::DatesError;
use super::vocabulary::Vocabulary;

/// The directives that jiff reads.
const DIRECTIVES: &str = "%AaBbCDdeFfGgHhIjklMmNnPpQRSsTtUuVWwYyz";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A format that was checked.
#[derive(Debug)]
pub(super) struct Format {
    text: String,
    /// The names of the locale. jiff reads only English ones.
    words: Option<Vocabulary>,
}

impl Format {
    pub(super) fn new(text: &str, words: Option<Vocabulary>) -> Result<Self, DatesError> {
        check_directives(text)?;
        // What the format writes, it must be able to read.
        let sample = civil::date(2024, 10, 30).at(13, 0, 0, 0).to_zoned_datetime(TimeZone::UTC);
        let written = sample.ok().and_then(|sample| strtime::format(text, &sample).ok());
        let read = written.and_then(|written| BrokenDownTime::parse(text, &written).ok());
        if read.is_some_and(|read| read.timestamp().is_some() || read.to_date().is_ok()) {
            return Ok(Self { text: text.to_owned(), words });
        }
        let reason = "it does not say which day it is: a year, a month and a day are needed (\"%Y-%m-%d\")";
        Err(DatesError::Format { offset: 0, reason: reason.to_owned() })
    }

    pub(super) fn read(&self, text: &str) -> Option<Found> {
        let text = self.in_english(text);
        let read = BrokenDownTime::parse(&self.text, &text).ok()?;
        if let Some(at) = read.timestamp() {
            return instant(at, &read);
        }
        let date = read.to_date().ok()?;
        let clock = match read.hour() {
            Some(_) => Some(Clock { time: read.to_time().ok()?, ends_the_day: false }),
            None => None,
        };
        let place = match (read.offset(), read.iana_time_zone()) {
            (Some(offset), _) => Place::Offset(offset),
            (None, Some(name)) => Place::Zone(tz::db().get(name).ok()?),
            (None, None) => Place::Unknown,
        };
        Some(Found { date, clock, place })
    }

    /// Replaces the names of the locale by English ones, and all kinds of white space by a space.
    fn in_english(&self, text: &str) -> String {
        let mut english = String::with_capacity(text.len());
        let mut rest = text;
        // In some languages, "mar" is March and Tuesday. The first one is the weekday if the format has one first.
        let mut wants_weekday = self.weekday_is_first();
        while let Some(c) = rest.chars().next() {
            let length = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            if length == 0 {
                english.push(if c.is_whitespace() { ' ' } else { c });
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let (word, after) = rest.split_at(length);
            let meanings = self.words.as_ref().map_or(&[][..], |words| words.meanings(word));
            let name = meanings
                .iter()
                .filter_map(|it| self.name(*it))
                .max_by_key(|(is_weekday, _)| *is_weekday == wants_weekday);
            if let Some((is_weekday, name)) = name {
                wants_weekday &= !is_weekday;
                english.push_str(name);
            } else {
                english.push_str(word);
            }
            rest = after;
        }
        english
    }

    /// Returns the English word for a meaning that the format reads, and whether it is a weekday.
    fn name(&self, meaning: Meaning) -> Option<(bool, &'static str)> {
        let has = |directive: &str| self.text.contains(directive);
        let name = |names: &'static [&'static str], at: i8, full: &str, short: bool| {
            let name = names.get(usize::try_from(at - 1).ok()?)?;
            if has(full) { Some(*name) } else { short.then(|| &name[..3]) }
        };
        match meaning {
            Meaning::Month(month) => Some((false, name(&MONTHS, month, "%B", has("%b") || has("%h"))?)),
            Meaning::Weekday(day) => Some((true, name(&WEEKDAYS, day, "%A", has("%a"))?)),
            Meaning::Morning | Meaning::Afternoon if has("%p") || has("%P") => {
                Some((false, if meaning == Meaning::Morning { "AM" } else { "PM" }))
            }
            _ => None,
        }
    }

    fn weekday_is_first(&self) -> bool {
        let first = |names: &[&str]| names.iter().filter_map(|name| self.text.find(name)).min();
        first(&["%A", "%a"]).is_some_and(|at| first(&["%B", "%b", "%h"]).is_none_or(|month| at < month))
    }
}

fn instant(at: Timestamp, read: &BrokenDownTime) -> Option<Found> {
    let zone = read.offset().map_or(TimeZone::UTC, TimeZone::fixed);
    Found::instant(at, &zone, false)
}

/// Finds a directive that jiff does not read.
fn check_directives(format: &str) -> Result<(), DatesError> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let offset = format.len() - rest.len() + at;
        let fault = |reason: String| Err(DatesError::Format { offset, reason });
        // Flags, width and colons stand before the letter: `%-d`, `%:z`, `%.3f`.
        let directive = rest[at + 1..].trim_start_matches(|c: char| "-_0^#:.".contains(c) || c.is_ascii_digit());
        match directive.chars().next() {
            None => return fault("\"%\" at the end has no letter behind it (\"%%\" is a percent sign)".to_owned()),
            Some(letter) if !DIRECTIVES.contains(letter) => {
                return fault(format!("\"%{letter}\" is not a directive that can be read, such as %Y, %m, %d, %H, %M"));
            }
            Some(letter) => rest = &directive[letter.len_utf8()..],
        }
    }
    Ok(())
}
