//! Finds the elements that selectors match. Looks at each element only once for all branches.

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

/// Branches with their data `T`, indexed by the names that matching elements have.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Scan<T> {
    branches: Vec<(Branch, Filter, T)>,
    /// For each bit of a mask, the branches with this bit in their key.
    by_bit: [Vec<Candidate>; Mask::BITS as usize],
    /// All bits that have branches, except `:scope`.
    keys: Mask,
    /// Whether a branch contains `:scope`.
    names_scope: bool,
}

/// A branch, and the names that its elements need. Most elements with its key do not have them.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    own: Mask,
    above: Mask,
    /// Whether every element with these names matches.
    masks_suffice: bool,
    /// The index of the branch.
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
                scan.by_bit[bit].push(Candidate { own, above, masks_suffice: filter.masks_suffice(), branch: nth });
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

/// Returns the positions of the bits in a mask.
fn bits(mut mask: Mask) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then_some(mask.trailing_zeros())?;
        mask &= mask - 1;
        Some(bit as usize)
    })
}

/// A page in which branches are searched.
///
/// The caches keep intermediate results of the `selectors` crate. Without them, `:nth-child` would count all siblings
/// again for each element. They identify elements by address, so they must not outlive the page.
pub(in crate::scrape::extract) struct Scanner<'a> {
    tree: &'a Tree<'a>,
    marks: &'a Marks,
    caches: SelectorCaches,
}

impl<'a> Scanner<'a> {
    /// `marks` must belong to the document of the tree, and include the symbols of all branches.
    pub(in crate::scrape::extract) fn new(tree: &'a Tree<'a>, marks: &'a Marks) -> Self {
        Self { tree, marks, caches: SelectorCaches::default() }
    }

    /// Calls `found` for each branch that matches an element, in document order. It may report a match more than once.
    ///
    /// `scope` is the element that is searched, with everything below it. It is also the meaning of `:scope`. Without
    /// it, the whole document is searched, and `:scope` is its root.
    pub(in crate::scrape::extract) fn scan<T>(
        &mut self,
        scope: Option<u32>,
        scan: &Scan<T>,
        mut found: impl FnMut(u32, &T),
    ) {
        self.search(scope, scan, |at, of| {
            found(at, of);
            false
        });
    }

    /// Like `scan`, until `found` returns `true`.
    fn search<T>(&mut self, scope: Option<u32>, scan: &Scan<T>, mut found: impl FnMut(u32, &T) -> bool) {
        if scope.is_some() && scan.names_scope {
            // The cache may hold results of `:has(:scope ..)` for the previous scope.
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
                let matches = candidate.masks_suffice
                    || match filter.judge(&view, at) {
                        Verdict::No => false,
                        Verdict::Yes => true,
                        Verdict::Perhaps => matches_branch(branch, self.tree, at, &mut context),
                    };
                if matches && found(at, of) {
                    return true;
                }
            }
            false
        };
        // The scope comes first, because it is the first element of the searched range.
        if let Some(at) = view.scope
            && look(SCOPE.trailing_zeros() as usize, at, view.own(at))
        {
            return;
        }
        let range = scope.map_or_else(|| self.tree.dom().whole(), |at| self.tree.dom().subtree(at));
        let own = &self.marks.own()[range.start as usize..range.end as usize];
        for (at, own) in range.zip(own) {
            for bit in bits(own & scan.keys) {
                if look(bit, at, *own) {
                    return;
                }
            }
        }
    }
}

impl Scanner<'_> {
    /// Whether any branch matches something inside of the element at `at`, without the element itself.
    pub(in crate::scrape::extract) fn is_inside<T>(&mut self, at: u32, scan: &Scan<T>) -> bool {
        let mut is_inside = false;
        self.search(Some(at), scan, |found, _| {
            is_inside = found != at;
            is_inside
        });
        is_inside
    }
}

/// Sets up matching. It never uses quirks mode, as parsel does not: `.Title` never matches `class="title"`.
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

/// Whether a branch matches, as decided by the `selectors` crate alone.
fn matches_branch(branch: &Branch, tree: &Tree<'_>, at: u32, context: &mut MatchingContext<'_, Css>) -> bool {
    matches_selector(&branch.selector, branch.offset, None, &tree.element(at), context)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
