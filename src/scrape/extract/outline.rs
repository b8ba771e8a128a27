//! The document as a list: its elements and texts in document order.
//!
//! The tree's arena is in the order of creation, which is another one after foster parenting, and it still has the
//! nodes that were detached. The list has neither, nor what a `<template>` holds (which is no part of the document),
//! and makes "everything below this element" a range.

use std::ops::Range;

use ego_tree::NodeRef;
use scraper::Node;

use super::selection::Element;

/// The elements and texts of a document in document order. A place in it is a `u32`.
pub(super) struct Outline<'a> {
    entries: Vec<Entry<'a>>,
    depth: usize,
}

struct Entry<'a> {
    node: NodeRef<'a, Node>,
    /// One past the last entry below this one.
    end: u32,
}

impl<'a> Outline<'a> {
    /// Walks the tree below `root`, a document. Iterative: pages nest as deeply as they like.
    pub(super) fn new(root: NodeRef<'a, Node>) -> Self {
        // As for the tree: at once, and of few different sizes.
        let nodes = root.tree().nodes().len().next_power_of_two();
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(nodes);
        let mut open: Vec<u32> = Vec::with_capacity(32);
        let mut depth = 0;
        let mut next = root.first_child();
        while let Some(node) = next {
            let at = place(entries.len());
            let mut below = None;
            match node.value() {
                Node::Element(_) => {
                    entries.push(Entry { node, end: at + 1 });
                    below = node.first_child();
                }
                Node::Text(_) => entries.push(Entry { node, end: at + 1 }),
                // Fragments are the contents of templates; the others have no text.
                Node::Document
                | Node::Fragment
                | Node::Doctype(_)
                | Node::Comment(_)
                | Node::ProcessingInstruction(_) => {}
            }
            if below.is_some() {
                open.push(at);
                depth = depth.max(open.len());
                next = below;
                continue;
            }
            let mut last = node;
            next = loop {
                if let Some(sibling) = last.next_sibling() {
                    break Some(sibling);
                }
                let Some(parent) = open.pop() else { break None };
                let end = place(entries.len());
                let parent = &mut entries[parent as usize];
                parent.end = end;
                last = parent.node;
            };
        }
        Self { entries, depth }
    }

    /// How many elements stand in each other at the deepest place.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// All of it.
    pub(super) fn whole(&self) -> Range<u32> {
        0..place(self.entries.len())
    }

    /// The entry at `at` and all below it.
    pub(super) fn subtree(&self, at: u32) -> Range<u32> {
        at..self.entries[at as usize].end
    }

    /// The elements of a range, each with its place.
    pub(super) fn elements(&self, range: Range<u32>) -> impl Iterator<Item = (u32, Element<'a>)> {
        let first = range.start;
        self.slice(range).iter().zip(first..).filter_map(|(entry, at)| Some((at, Element::wrap(entry.node)?)))
    }

    /// The texts of a range.
    pub(super) fn texts(&self, range: Range<u32>) -> impl Iterator<Item = &'a str> {
        self.slice(range).iter().filter_map(|entry| entry.node.value().as_text().map(|text| &**text))
    }

    /// The places of the texts that are children of the element at `at`.
    pub(super) fn child_texts(&self, at: u32) -> impl Iterator<Item = u32> {
        let Range { start, end } = self.subtree(at);
        let mut next = start + 1;
        std::iter::from_fn(move || {
            while next < end {
                let at = next;
                let entry = &self.entries[at as usize];
                next = entry.end;
                if entry.node.value().is_text() {
                    return Some(at);
                }
            }
            None
        })
    }

    /// The node at a place.
    pub(super) fn node(&self, at: u32) -> NodeRef<'a, Node> {
        self.entries[at as usize].node
    }

    fn slice(&self, range: Range<u32>) -> &[Entry<'a>] {
        &self.entries[range.start as usize..range.end as usize]
    }
}

/// A page of more than four thousand million nodes does not fit into `max_body`, nor into memory.
fn place(length: usize) -> u32 {
    u32::try_from(length).expect("a document has fewer than 2^32 nodes")
}
