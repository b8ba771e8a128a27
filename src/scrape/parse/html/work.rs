//! Limits the work for one page: a page gets no more time than its length explains.
//!
//! For many tags the parser searches the open elements, and a `</p>` may reopen all formatting elements that are still
//! open. Both are counted, with the limits that apply to html5ever's parse of the page (`parse::budget`). Look-ups that
//! take constant time here are not counted, so this parser accepts pages that exceed the budget there. Two kinds of
//! work are counted only here: comparing the attributes of formatting elements, and copying a text or attributes again.
//! html5ever also does the first, and takes longer for it.

use crate::scrape::parse::budget::{ELEMENTS, LOOKS, LOOKS_PER_BYTE};

/// The rest of the allowed work.
#[derive(Debug)]
pub(super) struct Work {
    looks: i64,
    elements: i64,
}

impl Work {
    /// Returns the limits for a page of this many bytes.
    pub(super) fn of(length: usize) -> Self {
        let length = i64::try_from(length).unwrap_or(i64::MAX / 16);
        Self {
            looks: LOOKS.cast_signed() + LOOKS_PER_BYTE.cast_signed() * length,
            elements: ELEMENTS.cast_signed() + length,
        }
    }

    #[cfg(test)]
    pub(super) fn new(looks: usize, elements: usize) -> Self {
        Self { looks: looks.cast_signed() as i64, elements: elements.cast_signed() as i64 }
    }

    /// Counts looks at open or formatting elements, or at attributes.
    #[inline]
    pub(super) fn look(&mut self, count: usize) {
        self.looks = self.looks.saturating_sub_unsigned(count as u64);
    }

    /// Counts the bytes of a text that is copied again.
    pub(super) fn copy(&mut self, bytes: usize) {
        self.look(8 * bytes);
    }

    #[inline]
    pub(super) fn element(&mut self) {
        self.elements -= 1;
    }

    /// Counts entries that are added to a list without a text of their own in the page.
    pub(super) fn entries(&mut self, count: usize) {
        self.elements = self.elements.saturating_sub_unsigned(count as u64);
    }

    #[inline]
    pub(super) fn is_exceeded(&self) -> bool {
        self.looks < 0 || self.elements < 0
    }
}
