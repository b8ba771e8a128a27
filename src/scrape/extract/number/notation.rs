//! Which mark of a number is the decimal mark.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::super::locale::{Locale, Mark, Marks};

/// How the numbers of a field are written.
///
/// In each notation, white space and apostrophes (`1 234`, `1'234`, `1’234`) separate groups. All groups of a number have
/// the same separator. The first group has one to three digits. Each other group has three digits, or two if it is not the
/// last (India's `12,34,567`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Notation {
    /// Not known, so the text decides:
    /// - If both `,` and `.` occur, the last one is the decimal mark, and the other separates groups.
    /// - If only one of them occurs, but more than once, it separates groups.
    /// - A single `.` is the decimal mark (`1.234` is less than two, as in every machine-written price).
    /// - A single `,` separates groups if exactly three digits follow and one to three digits precede it, the first of
    ///   which is not 0 (`1,234`). Otherwise it is the decimal mark (`12,5`).
    #[default]
    Unset,
    /// `1,234.5`: a comma never separates the fraction. `19,99` is not a number.
    Point,
    /// `1.234,5`: a point never separates the fraction. `19.99` is not a number.
    Comma,
    /// As pages of this locale write: like `Point` or `Comma`, but where the locale does not use the other mark for groups
    /// (French, Swiss German ..), a single one is not read (`1.234`). Together with the decimal mark it is (`1.234,5`).
    Locale(Locale),
}

impl Notation {
    /// Returns the marks, or `None` if the text decides.
    pub(super) fn marks(self) -> Option<Marks> {
        match self {
            Self::Unset => None,
            Self::Point => Some(Marks { decimal: Mark::Point, other_groups: true }),
            Self::Comma => Some(Marks { decimal: Mark::Comma, other_groups: true }),
            Self::Locale(locale) => locale.marks(),
        }
    }

    /// Replaces digits and marks of double width (`１２`, U+FF11) if the locale has them.
    pub(super) fn with_plain_digits(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Locale(locale) if locale.has_wide_digits() && text.chars().any(is_wide) => {
                Cow::Owned(text.chars().map(narrow).collect())
            }
            _ => Cow::Borrowed(text),
        }
    }
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{ff0b}'..='\u{ff0e}' | '\u{ff10}'..='\u{ff19}')
}

/// The characters from U+FF01 on are those of ASCII from `!` on.
fn narrow(c: char) -> char {
    if is_wide(c) { char::from_u32(u32::from(c) - 0xff01 + 0x21).unwrap_or(c) } else { c }
}
