//! Limits the work of the parser for one page.
//!
//! Tree construction is not linear. For many tags the parser searches all open elements, and every `</p>` reopens all
//! formatting elements that are still open. So a few kilobytes can keep a worker busy for minutes (100,000 nested
//! `<div>`: about 37 s, extrapolated from 10,000; 28 KB of `<b>` and `<p>`: 4 million elements, over 512 MiB). Both
//! kinds of work are counted in the tree, where the parser does them. A page that needs far more than its length
//! explains fails. The Standard allows such limits (HTML, 2.1.9 "Hardware limitations"). Browsers limit the depth,
//! which changes the tree and would save no time here.
//!
//! The limits are counts and not times, so that a page fails on every machine or on none.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How often any page may look at an open element, plus an allowance per byte. One look takes about 4 ns. Real pages
/// need one look for every two bytes.
pub(super) const LOOKS: u64 = 120_000_000;
pub(super) const LOOKS_PER_BYTE: u64 = 10;

/// How many elements any page may have, plus one per byte. Real pages have one element for every fifty bytes.
pub(super) const ELEMENTS: u64 = 100_000;

/// A page exceeded its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exceeded;

/// The rest of the budget. It is part of the tree, which receives all calls of the parser.
pub(super) struct Budget {
    looks: Cell<u64>,
    elements: Cell<u64>,
}

impl Budget {
    /// Returns the budget of a page of this many bytes.
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

/// Unwinding is the only way to stop the parser. It is not a panic, so no panic is reported.
#[cold]
fn stop() -> ! {
    resume_unwind(Box::new(Exceeded))
}

/// Runs `parse`, which uses a budget.
pub(super) fn within<T>(parse: impl FnOnce() -> T) -> Result<T, Exceeded> {
    // The unfinished tree is dropped during unwinding, so it cannot be used.
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
    fn a_budget_grows_with_the_page_and_may_be_used_up_exactly() {
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
    fn other_panics_do_not_count_as_an_exceeded_budget() {
        let caught = std::panic::catch_unwind(|| within(|| panic!("a bug")));
        assert_eq!(caught.expect_err("a panic").downcast_ref(), Some(&"a bug"));
    }

    #[test]
    fn deep_and_broken_real_pages_stay_within_the_budget() {
        let cases = [
            "<div>".repeat(2_000),
            "<b><i><font color=red>".repeat(30_000),
            "<ul><li>".repeat(1_000),
            "<table><tr><td>".repeat(5_000),
            // Thirty open font elements, which every paragraph reopens.
            (0..30).fold(String::new(), |page, n| page + &format!("<font size={n}>")) + &"<p>text".repeat(3_000),
        ];
        for page in cases {
            assert!(parse(&page).is_ok(), "{}", &page[..40]);
        }
    }
}
