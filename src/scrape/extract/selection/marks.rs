//! The masks of a page, computed for all selectors in one walk over the document.

use super::symbols::{Mask, ROOT, Recent, Symbols};
use crate::scrape::document::Dom;

/// The largest capacity that is kept for the next page.
const KEPT: usize = 1 << 17;

/// For each node, the names from the extractor's selectors that it has, and those that its ancestors have. Nodes that
/// are not elements of the document have empty masks.
#[derive(Debug, Default)]
pub(in crate::scrape::extract) struct Marks {
    own: Vec<Mask>,
    above: Vec<Mask>,
    root: Option<u32>,
}

impl Marks {
    /// Computes the marks of a page.
    pub(in crate::scrape::extract) fn fill(&mut self, dom: &Dom, symbols: &Symbols) {
        let length = dom.nodes().len();
        for masks in [&mut self.own, &mut self.above] {
            masks.clear();
            masks.shrink_to(KEPT);
            masks.resize(length, 0);
        }
        self.root = None;
        let mut recent = Recent::new();
        for at in dom.elements(dom.whole()) {
            let parent = dom.node(at).parent() as usize;
            let mut own = symbols.of(dom, at, &mut recent);
            if parent == 0 {
                own |= ROOT;
                self.root = Some(at);
            }
            self.above[at as usize] = self.above[parent] | self.own[parent];
            self.own[at as usize] = own;
        }
    }

    /// Returns the mask of each node.
    pub(super) fn own(&self) -> &[Mask] {
        &self.own
    }

    /// Returns the names that the ancestors of an element have.
    pub(super) fn above(&self, at: u32) -> Mask {
        self.above[at as usize]
    }

    /// Returns the root element of the document.
    pub(super) fn root(&self) -> Option<u32> {
        self.root
    }
}
