//! How much work a page may make: a page gets no more time than its length explains.
//!
//! For many tags the open elements are looked through, and a `</p>` may open all formatting elements anew that were left
//! open. Both are counted, under the limits that html5ever's parse of the page has (`parse::budget`). What is found at
//! once here is not counted, so pages are parsed here that are given up there. Two things are counted here only:
//! comparing the attributes of formatting elements, and copying a text or attributes again. html5ever does the first, too,
//! and takes longer for it.

use crate::scrape::parse::budget::{ELEMENTS, LOOKS, LOOKS_PER_BYTE};

/// What is left of it.
#[derive(Debug)]
pub(super) struct Work {
    looks: i64,
    elements: i64,
}

impl Work {
    /// That of a page of so many bytes.
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

    /// So many open or formatting elements, or attributes, were looked at.
    #[inline]
    pub(super) fn look(&mut self, count: usize) {
        self.looks = self.looks.saturating_sub_unsigned(count as u64);
    }

    /// So many bytes of text were copied that had been copied or written before.
    pub(super) fn copy(&mut self, bytes: usize) {
        self.look(8 * bytes);
    }

    #[inline]
    pub(super) fn element(&mut self) {
        self.elements -= 1;
    }

    /// So many entries were added to a list for which the page has no text of its own.
    pub(super) fn entries(&mut self, count: usize) {
        self.elements = self.elements.saturating_sub_unsigned(count as u64);
    }

    #[inline]
    pub(super) fn is_exceeded(&self) -> bool {
        self.looks < 0 || self.elements < 0
    }
}
