//! Finding the elements that selectors match: the branches of many selectors, one look at each element.

use selectors::Element as _;
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches,
};
use selectors::matching::matches_selector;

use super::branch::Branch;
use super::css::Css;
use super::element::Tree;
use super::filter::{Filter, Verdict, View};
use super::marks::Marks;
use super::symbols::{Mask, SCOPE, Symbols};

/// Branches, each for a `T`, by what their elements must have.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Scan<T> {
    branches: Vec<(Branch, Filter, T)>,
    /// For each bit of a mask the branches that have it among their keys.
    by_bit: [Vec<Candidate>; Mask::BITS as usize],
    /// All bits that have branches, `:scope` aside.
    keys: Mask,
    /// Whether `:scope` stands in a branch that masks alone do not decide.
    names_scope: bool,
}

/// A branch, and what most elements that have its key lack.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    own: Mask,
    above: Mask,
    /// Whether those who lack nothing match.
    is_enough: bool,
    /// Its place among the branches.
    branch: u32,
}

impl<T> Scan<T> {
    pub(in crate::scrape::extract) fn new(branches: Vec<(Branch, T)>, symbols: &mut Symbols) -> Self {
        let mut scan =
            Self { branches: Vec::new(), by_bit: std::array::from_fn(|_| Vec::new()), keys: 0, names_scope: false };
        for (nth, (branch, of)) in (0..).zip(branches) {
            let filter = Filter::new(&branch.selector, branch.offset, symbols);
            let (own, above) = filter.needs();
            for bit in bits(filter.key) {
                scan.by_bit[bit].push(Candidate { own, above, is_enough: filter.is_need_enough(), branch: nth });
            }
            scan.keys |= filter.key & !SCOPE;
            scan.names_scope |= branch.names_scope();
            scan.branches.push((branch, filter, of));
        }
        scan
    }

    pub(in crate::scrape::extract) fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.branches.iter().map(|(branch, ..)| branch)
    }
}

/// The places of the bits of a mask.
fn bits(mut mask: Mask) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then_some(mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(bit as usize)
    })
}

/// A page on which branches are looked for.
///
/// What is asked of the `selectors` crate is kept from element to element: without that, `:nth-child` counts all siblings
/// anew each time. These caches know elements by their address, so they live no longer than the page.
pub(in crate::scrape::extract) struct Scanner<'a> {
    tree: &'a Tree<'a>,
    marks: &'a Marks,
    caches: SelectorCaches,
}

impl<'a> Scanner<'a> {
    /// `marks` are those of the tree's document, for the symbols of all branches that will be looked for.
    pub(in crate::scrape::extract) fn new(tree: &'a Tree<'a>, marks: &'a Marks) -> Self {
        Self { tree, marks, caches: SelectorCaches::default() }
    }

    /// Calls `found` for each branch that matches an element, in the order of the elements, perhaps more than once.
    ///
    /// `scope` is the element that is searched together with all below it, and what `:scope` means; where there is none,
    /// that is the whole document and its root.
    pub(in crate::scrape::extract) fn scan<T>(
        &mut self,
        scope: Option<u32>,
        scan: &Scan<T>,
        mut found: impl FnMut(u32, &T),
    ) {
        if scope.is_some() && scan.names_scope {
            // `:has(:scope ..)` was cached for the scope before.
            let nth_index = std::mem::take(&mut self.caches.nth_index);
            self.caches = SelectorCaches { nth_index, ..SelectorCaches::default() };
        }
        let mut context = context(&mut self.caches);
        context.scope_element = scope.map(|scope| self.tree.element(scope).opaque());
        let view = View { tree: self.tree, marks: self.marks, scope: scope.or(self.marks.root()) };
        let mut look = |bit: usize, at: u32, own: Mask| {
            let above = self.marks.above(at);
            for candidate in &scan.by_bit[bit] {
                if own & candidate.own != candidate.own || above & candidate.above != candidate.above {
                    continue;
                }
                let (branch, filter, of) = &scan.branches[candidate.branch as usize];
                let matches = candidate.is_enough
                    || match filter.judge(&view, at) {
                        Verdict::No => false,
                        Verdict::Yes => true,
                        Verdict::Perhaps => matches_branch(branch, self.tree, at, &mut context),
                    };
                if matches {
                    found(at, of);
                }
            }
        };
        // Nothing that is searched stands before the scope.
        if let Some(at) = view.scope {
            look(SCOPE.trailing_zeros() as usize, at, view.own(at));
        }
        let range = scope.map_or_else(|| self.tree.dom().whole(), |at| self.tree.dom().subtree(at));
        let own = &self.marks.own()[range.start as usize..range.end as usize];
        for (at, own) in range.zip(own) {
            for bit in bits(own & scan.keys) {
                look(bit, at, *own);
            }
        }
    }
}

/// How the crate is asked. Always without quirks: parsel knows none, so `.Title` never matches `class="title"`.
fn context(caches: &mut SelectorCaches) -> MatchingContext<'_, Css> {
    MatchingContext::new(
        MatchingMode::Normal,
        None,
        caches,
        QuirksMode::NoQuirks,
        NeedsSelectorFlags::No,
        MatchingForInvalidation::No,
    )
}

/// Whether a branch matches, by the `selectors` crate alone.
fn matches_branch(branch: &Branch, tree: &Tree<'_>, at: u32, context: &mut MatchingContext<'_, Css>) -> bool {
    matches_selector(&branch.selector, branch.offset, None, &tree.element(at), context)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
