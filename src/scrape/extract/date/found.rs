//! What was found in a text, and its two written forms.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

/// A date, perhaps with more.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub date: Date,
    pub clock: Option<Clock>,
    pub place: Place,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub time: Time,
    /// Whether it is `24:00`, the end of the day. `time` is midnight then.
    pub ends_the_day: bool,
}

/// Where the time of day is meant.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// The text does not say it.
    Unknown,
    /// The text has an offset from UTC.
    Offset(Offset),
    /// The text names a time zone.
    Zone(TimeZone),
    /// The text has an abbreviation that may be that of several zones: the date can be used, the time cannot.
    Unreadable,
}

impl Found {
    /// Makes a date without a time.
    pub(super) fn day(date: Date) -> Self {
        Self { date, clock: None, place: Place::Unknown }
    }

    /// Makes an instant, seen from a zone. Drops what is less than a second if `whole_seconds`.
    pub(super) fn instant(at: Timestamp, zone: &TimeZone, whole_seconds: bool) -> Option<Self> {
        let at = if whole_seconds { Timestamp::from_second(at.as_second()).ok()? } else { at };
        let local = zone.to_datetime(at);
        let clock = Clock { time: local.time(), ends_the_day: false };
        Some(Self { date: local.date(), clock: Some(clock), place: Place::Offset(zone.to_offset(at)) })
    }

    pub(super) fn written_date(&self) -> String {
        self.date.to_string()
    }

    pub(super) fn written_datetime(&self, timezone: Option<&TimeZone>) -> Option<String> {
        let clock = self.clock?;
        let date = if clock.ends_the_day { self.date.checked_add(1.day()).ok()? } else { self.date };
        let local = date.to_datetime(clock.time);
        let zone = match &self.place {
            Place::Offset(offset) => return Some(format!("{local}{}", written_offset(*offset))),
            Place::Unreadable => return None,
            Place::Zone(zone) => Some(zone),
            Place::Unknown => timezone,
        };
        let Some(zone) = zone else { return Some(local.to_string()) };
        match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some(format!("{local}{}", written_offset(offset))),
            AmbiguousOffset::Fold { .. } => Some(local.to_string()),
            AmbiguousOffset::Gap { .. } => None,
        }
    }
}

/// Writes an offset as RFC 3339 does. Some historical offsets have seconds, which are dropped as in jiff.
fn written_offset(offset: Offset) -> String {
    if offset.is_zero() {
        return "Z".to_owned();
    }
    let minutes = (offset.seconds().abs() + 30) / 60;
    let sign = if offset.is_negative() { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
