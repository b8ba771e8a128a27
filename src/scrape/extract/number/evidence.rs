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

/// Returns what the text says about the decimal mark.
///
/// If only one notation reads the text, it is that one. If they read different numbers, there is one mark with one to
/// three digits before it and exactly three after it. Such a mark separates groups: few numbers have exactly three
/// decimals, and many are larger than a thousand.
pub(super) fn evidence(text: &str) -> Evidence {
    if !text.contains(['.', ',', '\u{ff0c}', '\u{ff0e}']) {
        return Evidence::None;
    }
    match (decimal(text, Notation::Point), decimal(text, Notation::Comma)) {
        (Some(_), None) => Evidence::Point,
        (None, Some(_)) => Evidence::Comma,
        (Some(point), Some(comma)) => match whole_digits(&point).cmp(&whole_digits(&comma)) {
            Ordering::Less => Evidence::Comma,
            Ordering::Equal => Evidence::None,
            Ordering::Greater => Evidence::Point,
        },
        (None, None) => Evidence::None,
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
    /// Counts a value. `notation` is how the field is read.
    pub fn add(&mut self, text: &str, notation: Notation) {
        let meant = match evidence(text) {
            Evidence::None => return,
            Evidence::Point => {
                self.point += 1;
                Notation::Point
            }
            Evidence::Comma => {
                self.comma += 1;
                Notation::Comma
            }
        };
        self.misread += u64::from(decimal(text, meant) != decimal(text, notation));
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
