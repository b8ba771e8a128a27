//! The stack of open elements (13.2.4.2, 13.2.6.3).

use super::super::tags::{BUTTON_SCOPE, FORMATTING, IMPLIED, Sets};
use super::{Construction, Run};
use crate::scrape::document::{Name, Namespace, known};

/// An open element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) node: u32,
    /// The parent of its children: the element itself, or the fragment of a template.
    pub(super) target: u32,
    pub(super) name: Name,
    pub(super) sets: Sets,
    pub(super) namespace: Namespace,
}

impl Open {
    /// Whether it is an HTML element with this name.
    #[inline]
    pub(super) fn is(&self, name: Name) -> bool {
        self.name == name && self.namespace == Namespace::Html
    }

    #[inline]
    pub(super) fn is_in(&self, sets: Sets) -> bool {
        self.sets & sets != 0
    }
}

/// The `end` of a formatting element while it is in the stack. The real ends are computed when the document is
/// complete.
pub(super) const OPEN: u32 = 1;

impl Construction<'_> {
    /// Returns the element that was opened last. The stack is not empty from the first start tag to the end.
    #[inline]
    pub(super) fn current(&self) -> &Open {
        self.lists.open.last().expect("the root element is open")
    }

    #[inline]
    pub(super) fn current_is(&self, name: Name) -> bool {
        self.current().is(name)
    }

    #[inline]
    pub(in super::super) fn current_is_html(&self) -> bool {
        self.lists.open.last().is_none_or(|open| open.namespace == Namespace::Html)
    }

    #[inline]
    pub(super) fn push(&mut self, open: Open) {
        if open.namespace == Namespace::Html {
            if let Some(count) = self.lists.counts.get_mut(open.name.number() as usize) {
                *count += 1;
            }
            if open.sets & FORMATTING != 0 {
                self.dom.nodes[open.node as usize].end = OPEN;
            }
        }
        self.lists.open.push(open);
    }

    #[inline]
    pub(super) fn pop(&mut self) {
        if let Some(open) = self.lists.open.pop() {
            self.closed(open);
            if self.shows_selected && open.is(known::OPTION) {
                self.option_closed(open.node);
            }
        }
    }

    #[inline]
    pub(super) fn closed(&mut self, open: Open) {
        if open.namespace == Namespace::Html {
            if let Some(count) = self.lists.counts.get_mut(open.name.number() as usize) {
                *count -= 1;
            }
            if open.sets & FORMATTING != 0 {
                self.dom.nodes[open.node as usize].end = 0;
            }
        }
    }

    /// Closes all elements except the first `length`.
    pub(super) fn truncate(&mut self, length: usize) {
        while self.lists.open.len() > length {
            self.pop();
        }
    }

    /// Whether an HTML element with this name is open. The name must be a known name.
    #[inline]
    pub(super) fn is_open(&self, name: Name) -> bool {
        self.lists.counts[name.number() as usize] > 0
    }

    /// Returns the position of a node in the stack.
    pub(super) fn position(&mut self, node: u32) -> Option<usize> {
        let at = self.lists.open.iter().rposition(|open| open.node == node);
        self.work.look(self.lists.open.len() - at.unwrap_or(0));
        at
    }

    /// Removes a node from any position in the stack.
    pub(super) fn remove_from_stack(&mut self, node: u32) {
        if let Some(at) = self.position(node) {
            self.remove_open(at);
        }
    }

    pub(super) fn remove_open(&mut self, at: usize) {
        // The entries after it are moved, which costs less than looking at them.
        self.work.look((self.lists.open.len() - at) / 8);
        let open = self.lists.open.remove(at);
        self.closed(open);
    }

    /// "Has an element in the specific scope": whether a wanted element comes before the end of the scope.
    pub(super) fn in_scope(&mut self, scope: Sets, is_it: impl Fn(&Open) -> bool) -> bool {
        let mut looks = 0;
        let found = self.lists.open.iter().rev().find_map(|open| {
            looks += 1;
            if is_it(open) {
                return Some(true);
            }
            open.is_in(scope).then_some(false)
        });
        self.work.look(looks);
        found.unwrap_or(false)
    }

    #[inline]
    pub(super) fn has_in_scope(&mut self, scope: Sets, name: Name) -> bool {
        // Most elements are not open, or are the current node.
        let counted = self.lists.counts.get(name.number() as usize);
        if counted == Some(&0) {
            return false;
        }
        self.current_is(name) || self.in_scope(scope, |open| open.is(name))
    }

    /// "Generate implied end tags", except for one name.
    #[inline]
    pub(super) fn generate_implied_end_tags(&mut self, sets: Sets, except: Option<Name>) {
        while let Some(open) = self.lists.open.last()
            && open.is_in(sets)
            && except != Some(open.name)
        {
            self.pop();
        }
    }

    /// Pops elements until the current node is in one of the sets.
    pub(super) fn pop_until_current(&mut self, sets: Sets) {
        while !self.current().is_in(sets) {
            self.pop();
        }
    }

    /// Pops elements until the wanted one has been popped.
    pub(super) fn pop_until(&mut self, is_it: impl Fn(&Open) -> bool) {
        while let Some(open) = self.lists.open.last().copied() {
            self.pop();
            if is_it(&open) {
                break;
            }
        }
    }

    #[inline]
    pub(super) fn pop_until_named(&mut self, name: Name) {
        self.pop_until(|open| open.is(name));
    }

    /// "Close a p element".
    pub(super) fn close_p(&mut self) {
        self.generate_implied_end_tags(IMPLIED, Some(known::P));
        self.pop_until_named(known::P);
    }

    /// "If the stack of open elements has a p element in button scope, then close a p element."
    #[inline]
    pub(super) fn close_p_in_button_scope(&mut self) {
        if self.has_in_scope(BUTTON_SCOPE, known::P) {
            self.close_p();
        }
    }

    /// Returns the second element of the stack, if it is a `body`.
    pub(super) fn body(&self) -> Option<Open> {
        self.lists.open.get(1).filter(|open| open.is(known::BODY)).copied()
    }

    /// Returns the attributes of an element.
    pub(super) fn attributes_of(&self, node: u32) -> Run {
        let node = &self.dom.nodes[node as usize];
        Run { start: node.start, length: node.length }
    }
}
