//! Reads dates as pages write them, and writes them as RFC 3339 does.
//!
//! Nothing is guessed. A date that can be read in two ways (`01/02/2024` without a locale), a date without its year, a text
//! with two dates, and a date whose weekday contradicts it are not read. Neither a time nor an offset is made up. No clock is
//! read: relative dates count from a time that the caller gives.
//!
//! In reading order:
//!
//! - `settings`: compiles the settings of a field
//! - `format`: reads a date by the format of the settings
//! - `machine`: ISO 8601 and seconds since 1970, as programs write them
//! - `token`: cuts any other text into numbers, words and marks
//! - `vocabulary`: finds the meanings of words
//! - `clock`: the time of day; `offset`: what stands behind it
//! - `calendar`: the date itself; `relative`: dates that count from now
//! - `free_text`: puts these together, and refuses what they leave over
//! - `found`: what was found, and its two written forms
//! - `tests`: texts of all languages

mod calendar;
mod clock;
mod format;
mod found;
mod free_text;
mod machine;
mod offset;
mod relative;
mod settings;
#[cfg(test)]
mod tests;
mod token;
mod vocabulary;

use jiff::Timestamp;

use found::Found;
pub(super) use settings::Dates;
pub use settings::DatesError;

/// The most bytes of a text, without white space at its ends. A longer one is not a date with a few words around it.
const LONGEST: usize = 300;

impl Dates {
    /// Reads a date. Returns it as written: `2024-03-01`, without regard to its offset. `None` if `text` is not one date. Years
    /// before 1500 and after 2199 are those of another calendar, so only a `format` reads them.
    ///
    /// `now` is the time of the answer. "yesterday" is a day of the `timezone`, or of UTC.
    pub(in crate::scrape::extract) fn date(&self, text: &str, now: Timestamp) -> Option<String> {
        Some(self.read(text, now)?.written_date())
    }

    /// Reads a date with its time of day. Returns `2024-03-01T10:00:00+01:00`, with the offset that the text has. If it has
    /// none, the offset is that of the `timezone`. `Z` stands for an offset of zero. Without any of these, there is no
    /// offset: `2024-03-01T10:00:00`. `None` if `text` is not one date with one time.
    ///
    /// If clocks of the `timezone` show the time twice, because summer time ends, there is no offset either. If they never
    /// show it, because summer time begins, the result is `None`.
    pub(in crate::scrape::extract) fn datetime(&self, text: &str, now: Timestamp) -> Option<String> {
        self.read(text, now)?.written_datetime(self.timezone())
    }

    fn read(&self, text: &str, now: Timestamp) -> Option<Found> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST {
            return None;
        }
        match self.format() {
            Some(format) => format.read(text),
            None => machine::read(text, self).or_else(|| free_text::read(text, self, now)),
        }
    }
}
