//! Iterates over a document.

use std::ops::Range;

use super::{Dom, Kind};

impl Dom {
    /// Returns all places.
    pub(crate) fn whole(&self) -> Range<u32> {
        0..self.nodes[0].end
    }

    /// Returns a node and everything below it.
    pub(crate) fn subtree(&self, at: u32) -> Range<u32> {
        at..self.node(at).end
    }

    /// Returns everything below a node.
    pub(crate) fn descendants(&self, at: u32) -> Range<u32> {
        at + 1..self.node(at).end
    }

    /// Iterates over the places of a range that belong to the document. Skips the content of templates, unless the
    /// range begins inside it.
    pub(crate) fn walk(&self, range: Range<u32>) -> impl Iterator<Item = u32> {
        let Range { start: mut next, end } = range;
        std::iter::from_fn(move || {
            while next < end && self.node(next).kind == Kind::Fragment {
                next = self.node(next).end;
            }
            let at = next;
            next += 1;
            (at < end).then_some(at)
        })
    }

    /// Iterates over the elements of a range, without the content of templates.
    pub(crate) fn elements(&self, range: Range<u32>) -> impl Iterator<Item = u32> {
        self.walk(range).filter(|at| self.node(*at).is_element())
    }

    /// Iterates over the texts of a range, without the content of templates.
    pub(crate) fn texts(&self, range: Range<u32>) -> impl Iterator<Item = &str> {
        self.walk(range).filter(|at| self.node(*at).is_text()).map(|at| self.text(at))
    }

    /// Iterates over the children of a node, of all kinds, from first to last.
    pub(crate) fn children(&self, at: u32) -> impl Iterator<Item = u32> {
        let mut next = self.first_child(at);
        std::iter::from_fn(move || {
            let at = next?;
            next = self.next_sibling(at);
            Some(at)
        })
    }

    pub(crate) fn first_child(&self, at: u32) -> Option<u32> {
        (at + 1 < self.node(at).end).then_some(at + 1)
    }

    pub(crate) fn next_sibling(&self, at: u32) -> Option<u32> {
        let node = self.node(at);
        (at > 0 && node.end < self.node(node.parent).end).then_some(node.end)
    }
}
