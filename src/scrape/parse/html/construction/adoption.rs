//! The adoption agency algorithm (13.2.6.4.7). It handles an end tag of a formatting element that is not the current
//! node.

use super::super::tags::{SCOPE, SPECIAL};
use super::Construction;
use super::formatting::Format;
use super::open_elements::Open;
use crate::scrape::document::{Name, known};

/// The position of the new entry in the list of active formatting elements.
#[derive(Debug, Clone, Copy)]
enum Bookmark {
    InPlaceOf(u32),
    After(u32),
}

impl Construction<'_> {
    /// "Run the adoption agency algorithm for the token." The step numbers are the Standard's.
    pub(super) fn adoption_agency(&mut self, subject: Name) {
        // Step 2.
        let current = *self.current();
        if current.is(subject) && self.format_of(current.node).is_none() {
            self.pop();
            return;
        }
        // Steps 3 - 4: the outer loop.
        for _ in 0..8 {
            if !self.adopt(subject) {
                return;
            }
        }
    }

    /// Runs one round of the outer loop. Returns whether there may be another round.
    fn adopt(&mut self, subject: Name) -> bool {
        // Step 4.3.
        let Some(entry) = self.last_format(|format| format.name == subject) else {
            self.any_other_end_tag(subject);
            return false;
        };
        let format = self.lists.formats[entry];
        // Step 4.4.
        let Some(position) = self.position(format.node) else {
            self.lists.formats.remove(entry);
            return false;
        };
        // Step 4.5.
        if !self.in_scope(SCOPE, |open| open.node == format.node) {
            return false;
        }
        // Step 4.7.
        self.work.look(self.lists.open.len() - position);
        let furthest = self.lists.open[position..].iter().position(|open| open.is_in(SPECIAL));
        let Some(furthest) = furthest.map(|at| at + position) else {
            // Step 4.8.
            self.truncate(position);
            self.lists.formats.remove(entry);
            return false;
        };
        self.link_all();
        let block = self.lists.open[furthest];
        // Step 4.9.
        let common_ancestor = self.lists.open[position - 1];
        // Steps 4.10 - 4.13.
        let (last, bookmark) = self.clone_between(&format, furthest);
        // Step 4.14.
        self.detach(last);
        self.insert_detached(last, common_ancestor);
        // Step 4.15.
        let new = self.create_detached(format.name, format.attributes);
        // Steps 4.16 - 4.17.
        self.move_children(block.node, new.node);
        self.attach_last(block.node, new.node);
        // Steps 4.18 - 4.19.
        self.replace_format(&format, new.node, bookmark);
        self.remove_from_stack(format.node);
        if let Some(at) = self.position(block.node) {
            self.insert_open(at + 1, new);
        }
        true
    }

    /// Steps 4.10 - 4.13. Handles the elements between the furthest block and the formatting element: clones the
    /// formatting elements around the furthest block, and closes the others. Returns the outermost node that must be
    /// moved.
    fn clone_between(&mut self, format: &Format, furthest: usize) -> (u32, Bookmark) {
        let block = self.lists.open[furthest].node;
        let mut bookmark = Bookmark::InPlaceOf(format.node);
        let mut last = block;
        let mut at = furthest;
        let mut rounds = 0;
        loop {
            rounds += 1;
            at -= 1;
            let node = self.lists.open[at].node;
            if node == format.node {
                return (last, bookmark);
            }
            let entry = self.format_of(node);
            let Some(entry) = entry.filter(|_| rounds <= 3) else {
                if let Some(entry) = entry {
                    self.lists.formats.remove(entry);
                }
                self.remove_open(at);
                continue;
            };
            let Format { name, attributes, .. } = self.lists.formats[entry];
            let clone = self.create_detached(name, attributes);
            self.replace_open(at, clone);
            self.lists.formats[entry].node = clone.node;
            if last == block {
                bookmark = Bookmark::After(clone.node);
            }
            self.detach(last);
            self.attach_last(clone.node, last);
            last = clone.node;
        }
    }

    /// Step 4.18.
    fn replace_format(&mut self, format: &Format, node: u32, bookmark: Bookmark) {
        let new = Format { node, ..*format };
        match bookmark {
            Bookmark::InPlaceOf(old) => {
                if let Some(at) = self.format_of(old) {
                    self.lists.formats[at] = new;
                }
            }
            Bookmark::After(previous) => {
                if let Some(at) = self.format_of(previous) {
                    self.lists.formats.insert(at + 1, new);
                }
                if let Some(at) = self.format_of(format.node) {
                    self.lists.formats.remove(at);
                }
            }
        }
    }

    fn insert_open(&mut self, at: usize, open: Open) {
        // `push` updates the counts. The entry is then moved to its position.
        self.push(open);
        self.lists.open[at..].rotate_right(1);
    }

    fn replace_open(&mut self, at: usize, open: Open) {
        let old = self.lists.open[at];
        self.closed(old);
        self.push(open);
        self.lists.open.swap_remove(at);
    }

    /// "A start tag whose tag name is a": closes an `a` element that is still open.
    pub(super) fn end_misnested_a(&mut self) {
        let Some(entry) = self.last_format(|format| format.name == known::A) else { return };
        let node = self.lists.formats[entry].node;
        self.adoption_agency(known::A);
        if let Some(entry) = self.format_of(node) {
            self.lists.formats.remove(entry);
        }
        self.remove_from_stack(node);
    }
}
