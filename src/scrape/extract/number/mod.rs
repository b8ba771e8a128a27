//! Reads numbers as pages write them: with currency signs, grouping, and a comma or a point.
//!
//! A number is copied digit by digit and never becomes a float. So `0.1` stays `0.1`, and an id of twenty digits keeps
//! all digits.
//!
//! - `notation`: which mark is the decimal mark
//! - `digits`: reads digits with their marks
//! - `currency`: removes the sign and the currency around the digits of a text that has nothing else
//! - `among_words`: finds the only number of a text that has something else, too
//! - `evidence`: notices that another notation fits the values of a field better
//! - `tests`: texts in each notation

mod among_words;
mod currency;
mod digits;
mod evidence;
mod notation;
#[cfg(test)]
mod tests;

pub use evidence::MarkCount;
#[cfg(test)]
use evidence::{Evidence, evidence};
pub(super) use notation::Notation;

/// Reads a decimal number. Returns it in JSON form (`1234.5`, `-3`, `0.25`), or `None` if `text` has no number, several
/// numbers, or a number that means something else.
///
/// If the text has only a number, perhaps with a currency:
///
/// - White space at both ends is ignored.
/// - A sign: `+`, `-` or U+2212, before the digits or before the currency.
/// - One currency sign (Unicode's `Sc`, with up to three letters before it as in `US$`) or one currency code (three
///   capital letters, ISO 4217), before or after the digits, with or without white space.
/// - Then digits with grouping and a decimal mark (`Notation`).
///
/// If it has something else, too, it must have at most 1,000 bytes and exactly one number (`among_words`): `From $ 24.95`,
/// `12 %`, `EUR 12,-`. A text with several numbers (`4.5 out of 5`, `3-4`, `1 2`) is not a number. Use `re` to choose one.
pub(super) fn decimal(text: &str, notation: Notation) -> Option<String> {
    let text = notation.with_plain_digits(text);
    let marks = notation.marks();
    let alone = currency::unwrap(text.trim()).filter(|(_, body)| digits::split(body, marks).is_some());
    let (negative, body) = alone.or_else(|| among_words::find(text.trim()))?;
    let parts = digits::split(body, marks).or_else(|| digits::split(body.trim_end_matches(digits::is_mark), marks));
    let (whole, fraction) = parts?;
    digits::to_json(negative, whole, fraction)
}
