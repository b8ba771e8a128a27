//! A document as a list in document order: elements, texts and the rest, each with its parent and the end of what is
//! below it.
//!
//! ```text
//! place  node                parent  end
//!     0  document                 0    7
//!     1    <html>                 0    7
//!     2      <head>               1    3
//!     3      <body>               1    7
//!     4        <p class="x">      3    6
//!     5          "text"           4    6
//!     6        <!-- comment -->   3    7
//! ```
//!
//! A node is named by its place, a `u32`. "Everything below `at`" is the range `at + 1..end(at)`, an ancestor has a
//! smaller place than what is below it, and walking the document is walking the list. What a `<template>` holds stands
//! below a `Fragment` node: [`Dom::walk`] jumps over it, since it is no part of the document.
//!
//! Texts and values of attributes are stretches of two strings: the page as it was written (`page`), and what the page
//! does not have in one piece or spells otherwise, such as `a &amp; b` (`side`). Names are numbers (`names`), the names
//! that HTML knows are constants (`known`). A `Dom` is used for one page after another and keeps its memory.
//!
//! `node` has the parts, `walk` the ways through the list, `serialize` turns it into markup, `build` is for those who
//! fill it, `reference` fills it (`Dom::copy_reference`) from `scraper`'s tree, `check` says whether it is sound.
//!
//! Absent on purpose: any way to change a document once it is built.

mod build;
#[cfg(any(test, fuzzing))]
mod check;
pub(crate) mod known;
mod names;
mod node;
mod reference;
mod serialize;
mod walk;

use encoding_rs::Encoding;
use html5ever::tree_builder::QuirksMode;

pub(crate) use names::{KNOWN, Name, Names};
pub(crate) use node::{Attribute, AttributeNamespace, Kind, Namespace, Node};

/// A parsed page.
#[derive(Debug)]
pub(crate) struct Dom {
    pub(in crate::scrape) nodes: Vec<Node>,
    pub(in crate::scrape) attributes: Vec<Attribute>,
    /// The page, with its line ends as LF.
    pub(in crate::scrape) page: String,
    /// Texts that the page does not have in one piece. Its places continue those of `page`.
    pub(in crate::scrape) side: String,
    pub(in crate::scrape) names: Names,
    pub(in crate::scrape) quirks: QuirksMode,
    pub(in crate::scrape) encoding: &'static Encoding,
}

impl Dom {
    /// The list: the document's node is the first.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node at a place.
    #[inline]
    pub(crate) fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    /// The names of its elements and attributes. A name that is not found there is on no element and no attribute.
    #[cfg(test)]
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The text of an element's or attribute's local name.
    pub(crate) fn name_text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// What a text, a comment or a processing instruction says; empty for other nodes.
    #[inline]
    pub(crate) fn text(&self, at: u32) -> &str {
        let node = self.node(at);
        match node.kind {
            Kind::Text | Kind::Comment | Kind::Instruction => self.stretch(node.start, node.length),
            _ => "",
        }
    }

    /// The attributes of an element, in the order of the page. Other nodes have none.
    #[inline]
    pub(crate) fn attributes(&self, at: u32) -> &[Attribute] {
        let node = self.node(at);
        match node.kind {
            Kind::Element => &self.attributes[node.start as usize..][..node.length as usize],
            _ => &[],
        }
    }

    /// An attribute's value.
    #[inline]
    pub(crate) fn value(&self, attribute: &Attribute) -> &str {
        self.stretch(attribute.start, attribute.length)
    }

    /// The value of the element's attribute `name` that is in no name space.
    pub(crate) fn attribute(&self, at: u32, name: Name) -> Option<&str> {
        let is_it = |attribute: &&Attribute| attribute.name == name && attribute.namespace == AttributeNamespace::None;
        self.attributes(at).iter().find(is_it).map(|attribute| self.value(attribute))
    }

    /// The name and the public and system identifiers of a document type; empty where it has none.
    pub(crate) fn doctype(&self, at: u32) -> Option<[&str; 3]> {
        let node = self.node(at);
        let has = node.kind == Kind::Doctype;
        has.then(|| [0, 1, 2].map(|nth| self.value(&self.attributes[node.start as usize + nth])))
    }

    /// What the page was written in: the query of a link is sent in it (WHATWG URL, "encoding override").
    pub(crate) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// How many elements stand in each other at the deepest place.
    pub(crate) fn depth(&self) -> usize {
        let mut open: Vec<u32> = Vec::new();
        let mut depth = 0;
        for at in self.walk(self.whole()).filter(|at| self.node(*at).is_element()) {
            while open.last().is_some_and(|end| *end <= at) {
                open.pop();
            }
            open.push(self.node(at).end);
            depth = depth.max(open.len());
        }
        depth
    }

    #[inline]
    fn stretch(&self, start: u32, length: u32) -> &str {
        let (start, length) = (start as usize, length as usize);
        match start.checked_sub(self.page.len()) {
            Some(start) => &self.side[start..start + length],
            None => &self.page[start..start + length],
        }
    }
}

#[cfg(test)]
mod tests;
