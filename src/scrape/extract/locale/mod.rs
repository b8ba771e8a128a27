//! How numbers and dates are written in a language and a region.
//!
//! Everything here is data: which mark separates the fraction of a number, in which order a numeric date is written, and
//! which words name months, weekdays and relative days. `number` and `date` read texts with it. The marks and orders are
//! those of Unicode's CLDR 48 (short date and standard number format), and so are most names. Other spellings were added
//! because pages use them (`Sept`, `Maerz`).
//!
//! - `region`: the table of locales: the marks of numbers and the order of dates
//! - `words`: what a word of a date can mean, and the words of one language
//! - `fold`: makes words comparable: no case, no accents
//! - `germanic` (en de nl sv da), `romance` (fr es it pt), `slavic` (pl cs ru), `agglutinative` (fi tr ja): the words

mod agglutinative;
mod fold;
mod germanic;
mod region;
mod romance;
mod slavic;
mod words;

pub(super) use fold::fold;
pub use region::Locale;
pub(super) use region::{DateOrder, Mark, Marks};
pub(super) use words::{Language, Meaning, Unit};

/// The words that are read without a locale, and beside those of each locale.
pub(super) static ENGLISH: &Language = &germanic::ENGLISH;
