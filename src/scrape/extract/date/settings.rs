//! Compiles the settings of a field with dates.

use std::fmt;

use jiff::tz::{self, TimeZone};

use super::super::locale::{DateOrder, Locale};
use super::format::Format;
use super::vocabulary::Vocabulary;

/// How the dates of a field are read.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Dates {
    locale: Option<Locale>,
    vocabulary: Option<Vocabulary>,
    format: Option<Format>,
    timezone: Option<TimeZone>,
}

/// A setting that is not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatesError {
    /// There is no such time zone.
    UnknownZone {
        /// The name of the settings.
        name: String,
        /// The most similar name, if one is similar.
        nearest: Option<String>,
    },
    /// The format cannot be read.
    Format {
        /// Where the fault is, in bytes from the start of the format.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
}

impl Dates {
    /// Compiles settings.
    ///
    /// - `locale`: the names of months and weekdays, relative words, and the order of numeric dates. English names are read
    ///   in any locale.
    /// - `format`: the only form that is read, with the directives of strptime (`%d.%m.%Y`). Names are those of the locale. Its
    ///   years are not limited.
    /// - `timezone`: an IANA name. It is used if the text has no offset.
    ///
    /// # Errors
    /// Fails if the zone is unknown, or the format has an unknown directive or does not say which day it is.
    pub(in crate::scrape::extract) fn new(
        locale: Option<Locale>,
        format: Option<&str>,
        timezone: Option<&str>,
    ) -> Result<Self, DatesError> {
        let vocabulary = locale.map(|locale| Vocabulary::new(locale.language()));
        let format = format.map(|format| Format::new(format, vocabulary.clone())).transpose()?;
        let timezone = timezone.map(zone).transpose()?;
        Ok(Self { locale, vocabulary, format, timezone })
    }

    pub(super) fn format(&self) -> Option<&Format> {
        self.format.as_ref()
    }

    pub(super) fn timezone(&self) -> Option<&TimeZone> {
        self.timezone.as_ref()
    }

    pub(super) fn vocabulary(&self) -> Option<&Vocabulary> {
        self.vocabulary.as_ref()
    }

    pub(super) fn order(&self) -> Option<DateOrder> {
        self.locale.and_then(Locale::order)
    }

    /// Whether times are written as `10.30`.
    pub(super) fn writes_points(&self) -> bool {
        self.locale.is_some_and(Locale::writes_points)
    }

    pub(super) fn has_wide_digits(&self) -> bool {
        self.locale.is_some_and(Locale::has_wide_digits)
    }
}

fn zone(name: &str) -> Result<TimeZone, DatesError> {
    tz::db().get(name).map_err(|_| {
        let likeness = |known: &String| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
        let nearest = tz::db()
            .available()
            .map(|known| known.to_string())
            .map(|known| (likeness(&known), known))
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        let nearest = nearest.filter(|(likeness, _)| *likeness > 0.8).map(|(_, known)| known);
        DatesError::UnknownZone { name: name.to_owned(), nearest }
    })
}

impl fmt::Display for DatesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone { name, nearest: Some(nearest) } => {
                write!(f, "\"{name}\" is not the name of a time zone; did you mean \"{nearest}\"?")
            }
            Self::UnknownZone { name, nearest: None } => {
                write!(f, "\"{name}\" is not the name of a time zone, such as \"Europe/Berlin\" or \"UTC\"")
            }
            Self::Format { offset, reason } => write!(f, "the format is not valid at byte {offset}: {reason}"),
        }
    }
}

impl std::error::Error for DatesError {}
