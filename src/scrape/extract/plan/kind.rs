//! Compiled types.

use super::super::date::Dates;
use super::super::locale::Locale;
use super::super::number;
use super::super::rules::{Decimal, Notation, ValueType};
use super::RuleErrorKind;

/// The type of a value, with what it needs to read a text.
#[derive(Debug)]
pub(in crate::scrape::extract) enum Kind {
    String,
    Number(number::Notation),
    Integer(number::Notation),
    Boolean,
    Html,
    Markdown,
    Url,
    Date(Box<Dates>),
    DateTime(Box<Dates>),
    Json,
}

impl Kind {
    pub(super) fn new(kind: ValueType, notation: &Notation) -> Result<Self, RuleErrorKind> {
        let locale = match &notation.locale {
            Some(name) => Some(Locale::find(name).ok_or_else(|| RuleErrorKind::Locale(name.clone()))?),
            None => None,
        };
        let numbers = match (notation.decimal, locale) {
            (Some(Decimal::Comma), _) => number::Notation::Comma,
            (Some(Decimal::Point), _) => number::Notation::Point,
            (None, Some(locale)) => number::Notation::Locale(locale),
            (None, None) => number::Notation::Unset,
        };
        let dates = || {
            let dates = Dates::new(locale, notation.format.as_deref(), notation.timezone.as_deref());
            dates.map(Box::new).map_err(RuleErrorKind::Date)
        };
        Ok(match kind {
            ValueType::String => Self::String,
            ValueType::Number => Self::Number(numbers),
            ValueType::Integer => Self::Integer(numbers),
            ValueType::Boolean => Self::Boolean,
            ValueType::Html => Self::Html,
            ValueType::Markdown => Self::Markdown,
            ValueType::Url => Self::Url,
            ValueType::Date => Self::Date(dates()?),
            ValueType::DateTime => Self::DateTime(dates()?),
            ValueType::Json => Self::Json,
        })
    }

    /// Whether the whole element is read, whatever its pseudo-element is.
    pub(super) fn reads_markup(&self) -> bool {
        matches!(self, Self::Html | Self::Markdown)
    }

    /// The name of the type for messages.
    pub(in crate::scrape::extract) fn name(&self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number(_) => "a number",
            Self::Integer(_) => "a whole number",
            Self::Boolean => "a boolean",
            Self::Html => "markup",
            Self::Markdown => "Markdown",
            Self::Url => "a URL",
            Self::Date(_) => "a date",
            Self::DateTime(_) => "a date with a time",
            Self::Json => "JSON",
        }
    }
}
