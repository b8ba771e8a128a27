//! Document order.
//!
//! Nodes are appended to the list when they are created. On nearly all pages this is document order, and nothing else
//! is needed. Foster parenting, the adoption agency algorithm, or a comment after `</body>` may insert a node
//! elsewhere. Before the first such node is inserted, all nodes are linked as a tree. From then on, the links have the
//! order of the nodes. At the end, one walk over the tree brings the list into document order.

use super::{Construction, NONE};
use crate::scrape::document::Node;

/// The relatives of a node. Its parent is in the node itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    previous: u32,
    next: u32,
    first: u32,
    last: u32,
}

impl Link {
    const ALONE: Self = Self { previous: NONE, next: NONE, first: NONE, last: NONE };
}

impl Construction<'_> {
    fn last_node(&self) -> u32 {
        number(self.dom.nodes.len()) - 1
    }

    /// Adds a node as the last child of `node.parent`.
    #[inline]
    pub(super) fn append_new(&mut self, node: Node) -> u32 {
        let parent = node.parent;
        if !self.linked && !self.ends_at_last(parent) {
            self.link_all();
        }
        self.dom.nodes.push(node);
        let new = self.last_node();
        if self.linked {
            self.lists.links.push(Link::ALONE);
            self.attach_last(parent, new);
        }
        new
    }

    /// Adds a node that has no parent yet. The nodes must be linked.
    pub(super) fn push_detached(&mut self, node: Node) -> u32 {
        self.dom.nodes.push(Node { parent: NONE, ..node });
        self.lists.links.push(Link::ALONE);
        self.last_node()
    }

    /// Adds a node before another one.
    pub(super) fn insert_new_before(&mut self, sibling: u32, node: Node) -> u32 {
        self.link_all();
        let new = self.push_detached(node);
        self.attach_before(sibling, new);
        new
    }

    /// Whether a node at the end of the list would be the last child of `parent`. The last node must be `parent` or
    /// below it.
    #[inline]
    fn ends_at_last(&self, parent: u32) -> bool {
        let mut at = self.last_node();
        while at > parent {
            at = self.dom.nodes[at as usize].parent;
        }
        at == parent
    }

    /// Returns the last child of a node, if it is a text.
    #[inline]
    pub(super) fn last_text(&mut self, parent: u32) -> Option<u32> {
        if !self.linked && !self.ends_at_last(parent) {
            self.link_all();
        }
        let last = if self.linked { self.lists.links[parent as usize].last } else { self.last_node() };
        let is_it = |node: &Node| node.is_text() && node.parent == parent;
        (last != NONE && is_it(&self.dom.nodes[last as usize])).then_some(last)
    }

    /// Returns the previous sibling of a node, if it is a text.
    pub(super) fn text_before(&mut self, sibling: u32) -> Option<u32> {
        self.link_all();
        let previous = self.lists.links[sibling as usize].previous;
        (previous != NONE && self.dom.nodes[previous as usize].is_text()).then_some(previous)
    }

    /// Whether a node has a parent: it is in the tree, or in a subtree that was detached with it.
    pub(super) fn has_parent(&self, node: u32) -> bool {
        self.dom.nodes[node as usize].parent != NONE
    }

    /// Links the nodes as a tree. They are still in document order.
    #[cold]
    pub(super) fn link_all(&mut self) {
        if self.linked {
            return;
        }
        self.linked = true;
        self.lists.links.resize(self.dom.nodes.len(), Link::ALONE);
        for at in 1..number(self.dom.nodes.len()) {
            self.attach_last(self.dom.nodes[at as usize].parent, at);
        }
    }

    // The following four functions need linked nodes.

    pub(super) fn first_child(&self, node: u32) -> Option<u32> {
        some(self.lists.links[node as usize].first)
    }

    pub(super) fn last_child(&self, node: u32) -> Option<u32> {
        some(self.lists.links[node as usize].last)
    }

    pub(super) fn next(&self, node: u32) -> Option<u32> {
        some(self.lists.links[node as usize].next)
    }

    pub(super) fn previous(&self, node: u32) -> Option<u32> {
        some(self.lists.links[node as usize].previous)
    }

    /// Makes a node without a parent the last child of `parent`.
    pub(super) fn attach_last(&mut self, parent: u32, node: u32) {
        self.dom.nodes[node as usize].parent = parent;
        let links = &mut self.lists.links;
        let previous = std::mem::replace(&mut links[parent as usize].last, node);
        links[node as usize].previous = previous;
        match previous {
            NONE => links[parent as usize].first = node,
            previous => links[previous as usize].next = node,
        }
    }

    /// Inserts a node without a parent before `sibling`, which has a parent.
    pub(super) fn attach_before(&mut self, sibling: u32, node: u32) {
        let parent = self.dom.nodes[sibling as usize].parent;
        self.dom.nodes[node as usize].parent = parent;
        let links = &mut self.lists.links;
        let previous = std::mem::replace(&mut links[sibling as usize].previous, node);
        links[node as usize].previous = previous;
        links[node as usize].next = sibling;
        match previous {
            NONE => links[parent as usize].first = node,
            previous => links[previous as usize].next = node,
        }
    }

    /// Removes a node from its parent, if it has one.
    pub(super) fn detach(&mut self, node: u32) {
        self.link_all();
        let parent = std::mem::replace(&mut self.dom.nodes[node as usize].parent, NONE);
        if parent == NONE {
            return;
        }
        let links = &mut self.lists.links;
        let Link { previous, next, .. } = links[node as usize];
        match previous {
            NONE => links[parent as usize].first = next,
            previous => links[previous as usize].next = next,
        }
        match next {
            NONE => links[parent as usize].last = previous,
            next => links[next as usize].previous = previous,
        }
        links[node as usize].previous = NONE;
        links[node as usize].next = NONE;
    }

    /// Moves all children of one node to the end of another one.
    pub(super) fn move_children(&mut self, from: u32, to: u32) {
        let mut next = self.lists.links[from as usize].first;
        while next != NONE {
            let child = next;
            next = self.lists.links[child as usize].next;
            self.work.look(1);
            self.detach(child);
            self.attach_last(to, child);
        }
    }

    /// Brings the nodes into document order. Drops nodes that are no longer in the tree.
    pub(super) fn restore_order(&mut self) {
        if !self.linked {
            return;
        }
        let (lists, nodes) = (&mut *self.lists, &mut self.dom.nodes);
        lists.ordered.clear();
        lists.ordered.reserve(nodes.len());
        // The new place of the parent, and the next node.
        let (mut parent, mut next) = (0, 0);
        loop {
            let place = number(lists.ordered.len());
            lists.ordered.push(Node { parent, ..nodes[next as usize] });
            let mut last = next;
            next = lists.links[last as usize].first;
            if next != NONE {
                parent = place;
                continue;
            }
            loop {
                if last == 0 {
                    std::mem::swap(nodes, &mut lists.ordered);
                    return;
                }
                next = lists.links[last as usize].next;
                if next != NONE {
                    break;
                }
                last = nodes[last as usize].parent;
                parent = lists.ordered[parent as usize].parent;
            }
        }
    }
}

fn some(node: u32) -> Option<u32> {
    (node != NONE).then_some(node)
}

/// Converts a place. A page has fewer than 2^32 bytes, and at most as many nodes as its budget allows.
fn number(length: usize) -> u32 {
    u32::try_from(length).expect("the budget allows fewer than 2^32 nodes")
}
