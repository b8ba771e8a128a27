//! A page's masks: one walk over the document for all selectors.

use super::symbols::{Mask, ROOT, Recent, Symbols};
use crate::scrape::document::Dom;

/// What is kept for the next page, at most.
const KEPT: usize = 1 << 17;

/// For each node which names of an extractor's selectors it has itself, and which the elements around it have. Nodes that
/// are no elements of the document have none.
#[derive(Debug, Default)]
pub(in crate::scrape::extract) struct Marks {
    own: Vec<Mask>,
    above: Vec<Mask>,
    root: Option<u32>,
}

impl Marks {
    /// Becomes the marks of a page.
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

    /// The names of each node.
    pub(super) fn own(&self) -> &[Mask] {
        &self.own
    }

    /// The names of the elements around an element.
    pub(super) fn above(&self, at: u32) -> Mask {
        self.above[at as usize]
    }

    /// The document's one root element.
    pub(super) fn root(&self) -> Option<u32> {
        self.root
    }
}
