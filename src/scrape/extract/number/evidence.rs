//! Notices that another notation fits the values of a field better than the one of the settings.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Notation, decimal};

/// What the spelling of one number says about the decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing: both notations give the same number, or neither of them reads the text.
    None,
    /// A point is the decimal mark: `19.99`, `1,234.50`, or a comma that seems to separate groups, as in `1,234`.
    Point,
    /// A comma is the decimal mark: `19,99`, `1.234,50`, or a point that seems to separate groups, as in `1.234`.
    Comma,
}

/// A shortcut for most numbers. Returns the decimal mark of a text with one run of digits, with one mark that one or two
/// digits follow: `19.99 €`. No number with such a mark can be read in the other notation.
fn only_mark(text: &str) -> Option<Evidence> {
    let at = text.find(['.', ','])?;
    let (before, after) = (&text[..at], &text[at + 1..]);
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let whole = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_other = |c: char| !matches!(c, '.' | ',') && !c.is_numeric();
    let is_plain = whole.len() < before.len() && whole.chars().chain(after[digits..].chars()).all(is_other);
    let evidence = if text[at..].starts_with('.') { Evidence::Point } else { Evidence::Comma };
    (is_plain && matches!(digits, 1 | 2)).then_some(evidence)
}

/// Returns what the text says about the decimal mark, and the number by this mark.
///
/// If only one notation reads the text, it is that one. If they read different numbers, there is one mark with one to
/// three digits before it and exactly three after it. Such a mark separates groups: few numbers have exactly three
/// decimals, and many are larger than a thousand.
pub(super) fn evidence(text: &str) -> (Evidence, Option<String>) {
    if !text.contains(['.', ',', '\u{ff0c}', '\u{ff0e}']) {
        return (Evidence::None, None);
    }
    match (decimal(text, Notation::Point), decimal(text, Notation::Comma)) {
        (Some(point), None) => (Evidence::Point, Some(point)),
        (None, Some(comma)) => (Evidence::Comma, Some(comma)),
        (Some(point), Some(comma)) => match whole_digits(&point).cmp(&whole_digits(&comma)) {
            Ordering::Less => (Evidence::Comma, Some(comma)),
            Ordering::Equal => (Evidence::None, None),
            Ordering::Greater => (Evidence::Point, Some(point)),
        },
        (None, None) => (Evidence::None, None),
    }
}

/// Returns the number of digits before the fraction. The reading in which the mark separates groups has more of them.
fn whole_digits(number: &str) -> usize {
    number.split('.').next().unwrap_or_default().len()
}

/// Counts the evidence in the values of one field, over a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MarkCount {
    /// Values that look as if a point is the decimal mark.
    pub point: u64,
    /// Values that look as if a comma is the decimal mark.
    pub comma: u64,
    /// Values of these that are not read, or as another number than the one that they look like.
    pub misread: u64,
}

impl MarkCount {
    /// Counts a value. `notation` is how the field is read, and `read` is the number that was read.
    pub fn add(&mut self, text: &str, notation: Notation, read: Option<&str>) {
        let (evidence, meant) = match only_mark(text).filter(|_| notation == Notation::Unset) {
            // The text has the same meaning without a setting.
            Some(evidence) if read.is_some() => (evidence, None),
            Some(_) => return,
            None => evidence(text),
        };
        match evidence {
            Evidence::None => return,
            Evidence::Point => self.point += 1,
            Evidence::Comma => self.comma += 1,
        }
        self.misread += u64::from(meant.is_some_and(|meant| Some(&*meant) != read));
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.point += other.point;
        self.comma += other.comma;
        self.misread += other.misread;
    }

    /// Returns the decimal mark that the values seem to have, and how many do, for "212 values look like decimal = \",\"".
    ///
    /// `None` if values look different, or if all of them are already read as they look. So a field that mixes both
    /// notations gives no hint, and neither does `19,99` in a field without a setting.
    pub fn hint(self) -> Option<(u64, char)> {
        match (self.point, self.comma) {
            _ if self.misread == 0 => None,
            (0, count) => Some((count, ',')),
            (count, 0) => Some((count, '.')),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Evidence, MarkCount, Notation, decimal, evidence, only_mark};

    proptest! {
        #[test]
        fn the_shortcut_finds_the_same_as_reading_both_ways(text in "[$€a-z]{0,2} ?-?[0-9 ]{0,4}[.,]?[0-9]{0,4} ?[-.,0-9a-z%½ ]{0,3}") {
            let read = decimal(&text, Notation::Unset);
            let mut counted = MarkCount::default();
            counted.add(&text, Notation::Unset, read.as_deref());
            let (evidence, meant) = evidence(&text);
            let count = |it| u64::from(evidence == it);
            let misread = u64::from(evidence != Evidence::None && meant != read);
            let expected = MarkCount { point: count(Evidence::Point), comma: count(Evidence::Comma), misread };
            prop_assert_eq!(counted, expected, "{:?}: {:?}", text, only_mark(&text));
        }
    }
}
