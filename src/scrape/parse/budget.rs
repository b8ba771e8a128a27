//! How much work a page may make for the parser.
//!
//! Tree construction is not linear: for many tags the parser looks through all open elements, and every `</p>` opens
//! all formatting elements anew that were left open. A few kilobytes can so keep a worker for minutes (100,000 nested
//! `<div>`: some 37 s, extrapolated from 10,000; 28 KB of `<b>` and `<p>`: 4 million elements, over 512 MiB). Both are counted where the parser asks
//! the tree, and a page that asks for far more than its length explains is given up. The Standard allows such limits
//! (HTML, 2.1.9 "Hardware limitations"); browsers have one on depth, which changes the tree and saves no time here.
//!
//! Counts, not clocks: the same page is given up on every machine or on none.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Looks at an open element that any page may ask for, and that each byte adds. A look takes about 4 ns; pages as they
/// are need one for every two bytes.
pub(super) const LOOKS: u64 = 120_000_000;
pub(super) const LOOKS_PER_BYTE: u64 = 10;

/// Elements that any page may have. Each byte allows another one; pages as they are have one for every fifty.
pub(super) const ELEMENTS: u64 = 100_000;

/// A page asked for too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded;

/// What is left of it. Kept in the tree's own part of parsing, where all questions arrive.
pub(super) struct Budget {
    looks: Cell<u64>,
    elements: Cell<u64>,
}

impl Budget {
    /// That of a page of so many bytes.
    pub(super) fn of(length: usize) -> Self {
        let length = length as u64;
        Self { looks: Cell::new(LOOKS + LOOKS_PER_BYTE * length), elements: Cell::new(ELEMENTS + length) }
    }

    #[cfg(test)]
    pub(super) fn new(looks: u64, elements: u64) -> Self {
        Self { looks: Cell::new(looks), elements: Cell::new(elements) }
    }

    pub(super) fn look(&self) {
        spend(&self.looks, 1);
    }

    pub(super) fn looks(&self, count: usize) {
        spend(&self.looks, count as u64);
    }

    pub(super) fn element(&self) {
        spend(&self.elements, 1);
    }
}

#[inline]
fn spend(left: &Cell<u64>, count: u64) {
    match left.get().checked_sub(count) {
        Some(less) => left.set(less),
        None => stop(),
    }
}

/// The parser has no way to be told to stop but unwinding. No panic is reported: this is none.
#[cold]
fn stop() -> ! {
    resume_unwind(Box::new(Exceeded))
}

/// Runs `parse`, which holds a budget.
pub(super) fn within<T>(parse: impl FnOnce() -> T) -> Result<T, Exceeded> {
    // What it leaves half done is dropped with it.
    catch_unwind(AssertUnwindSafe(parse)).map_err(|panic| match panic.downcast::<Exceeded>() {
        Ok(exceeded) => *exceeded,
        Err(panic) => resume_unwind(panic),
    })
}
#[cfg(test)]
mod tests {
    use super::{Budget, ELEMENTS, Exceeded, LOOKS, LOOKS_PER_BYTE, within};
    use crate::scrape::parse;

    #[test]
    fn a_budget_grows_with_the_page_and_is_not_exceeded_by_using_it_up() {
        for (length, looks, elements) in [(0, LOOKS, ELEMENTS), (7, LOOKS + 7 * LOOKS_PER_BYTE, ELEMENTS + 7)] {
            let budget = Budget::of(length);
            assert_eq!((budget.looks.get(), budget.elements.get()), (looks, elements));
        }
        let budget = Budget::new(3, 2);
        assert_eq!(within(|| (budget.looks(3), budget.element(), budget.element())), Ok(((), (), ())));
        assert_eq!(within(|| budget.element()), Err(Exceeded));
        assert_eq!(within(|| budget.look()), Err(Exceeded));
    }

    #[test]
    fn other_panics_are_not_taken_for_it() {
        let caught = std::panic::catch_unwind(|| within(|| panic!("a bug")));
        assert_eq!(caught.expect_err("a panic").downcast_ref(), Some(&"a bug"));
    }

    #[test]
    fn deep_and_broken_pages_of_the_wild_are_far_from_it() {
        let cases = [
            "<div>".repeat(2_000),
            "<b><i><font color=red>".repeat(30_000),
            "<ul><li>".repeat(1_000),
            "<table><tr><td>".repeat(5_000),
            // Thirty fonts left open, and every paragraph opens them all anew.
            (0..30).fold(String::new(), |page, n| page + &format!("<font size={n}>")) + &"<p>text".repeat(3_000),
        ];
        for page in cases {
            assert!(parse(&page).is_ok(), "{}", &page[..40]);
        }
    }
}
