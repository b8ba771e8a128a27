//! A document is a list of nodes in document order: elements, texts and others. Each node has its parent and the end of
//! its subtree.
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
//! A node is identified by its place in the list, a `u32`. The range `at + 1..end(at)` contains everything below `at`.
//! A node comes after all its ancestors, and walking the document means walking the list. The content of a `<template>`
//! is below a `Fragment` node. [`Dom::walk`] skips it, because it is not part of the document.
//!
//! Texts and attribute values are slices of two strings: `page` is the page as written, and `side` holds text that the
//! page does not contain in one piece or writes differently, such as `a &amp; b`. Names are numbers (`names`), and the
//! common names are constants (`known`). A `Dom` is reused from page to page and keeps its memory.
//!
//! - `node`: the parts of a document
//! - `qualifier`: the prefixes and namespaces of XML, as numbers
//! - `names`: names as numbers; `known`: the constants for common names
//! - `walk`: iterates over a document
//! - `serialize`: turns a document into markup; `serialize_xml`: the same for a document of XML
//! - `build`: fills a document
//! - `reference`: copies a document from `scraper`'s tree (`Dom::copy_reference`)
//! - `check`: tests that a document is consistent
//! - `tests`: tables of pages
//!
//! Absent on purpose: changing a document after it is built.

mod build;
#[cfg(any(test, fuzzing))]
mod check;
pub(crate) mod known;
mod names;
mod node;
mod qualifier;
mod reference;
mod serialize;
mod serialize_xml;
mod walk;

use encoding_rs::Encoding;
use html5ever::tree_builder::QuirksMode;

pub(in crate::scrape) use build::place;
pub(crate) use names::{KNOWN, Name, Names};
pub(crate) use node::{Attribute, AttributeNamespace, Kind, Namespace, Node};
pub(crate) use qualifier::Qualifier;
pub(in crate::scrape) use qualifier::{Qualifiers, XML, XMLNS};

/// A parsed page.
#[derive(Debug)]
pub(crate) struct Dom {
    pub(in crate::scrape) nodes: Vec<Node>,
    pub(in crate::scrape) attributes: Vec<Attribute>,
    /// The page, with LF line endings.
    pub(in crate::scrape) page: String,
    /// Texts that the page does not contain in one piece. Positions continue after the end of `page`.
    pub(in crate::scrape) side: String,
    pub(in crate::scrape) names: Names,
    pub(in crate::scrape) quirks: QuirksMode,
    pub(in crate::scrape) encoding: &'static Encoding,
    /// Whether the page was parsed by the rules of XML.
    pub(in crate::scrape) is_xml: bool,
    pub(in crate::scrape) qualifiers: Qualifiers,
}

impl Dom {
    /// Returns all nodes. The first is the document node.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the node at this place.
    #[inline]
    pub(crate) fn node(&self, at: u32) -> &Node {
        &self.nodes[at as usize]
    }

    /// Returns the names of its elements and attributes. Each element and attribute has one of these names.
    #[cfg(test)]
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns the text of the local name of an element or attribute.
    pub(crate) fn name_text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// Whether it is a document of XML: names keep their case, and elements of any language have prefixes and
    /// namespaces.
    #[inline]
    pub(crate) fn is_xml(&self) -> bool {
        self.is_xml
    }

    /// Returns the prefix with which a name of XML is written. It is empty if there is none.
    pub(crate) fn prefix(&self, qualifier: Qualifier) -> &str {
        self.qualifiers.prefix(qualifier)
    }

    /// Returns the namespace of the element at `at`. It is empty if there is none.
    pub(crate) fn uri(&self, at: u32) -> &str {
        let node = self.node(at);
        match node.namespace {
            Namespace::Html => qualifier::HTML,
            Namespace::Svg => qualifier::SVG,
            Namespace::MathMl => qualifier::MATH_ML,
            Namespace::Other => self.qualifiers.uri(node.qualifier),
        }
    }

    /// Returns the namespace of an attribute. It is empty if there is none.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn attribute_uri(&self, attribute: &Attribute) -> &str {
        match attribute.namespace {
            AttributeNamespace::None => "",
            AttributeNamespace::XLink => qualifier::XLINK,
            AttributeNamespace::Xml => qualifier::XML,
            AttributeNamespace::Xmlns => qualifier::XMLNS,
            AttributeNamespace::Other => self.qualifiers.uri(attribute.qualifier),
        }
    }

    /// Whether the root element is `<html>`: the document is a page, and not a feed or a picture.
    pub(crate) fn is_page(&self) -> bool {
        !self.is_xml || self.children(0).any(|at| self.node(at).is_html(known::HTML))
    }

    /// Returns the text of a text, a comment or a processing instruction. It is empty for other nodes.
    #[inline]
    pub(crate) fn text(&self, at: u32) -> &str {
        let node = self.node(at);
        match node.kind {
            Kind::Text | Kind::Comment | Kind::Instruction => self.stretch(node.start, node.length),
            _ => "",
        }
    }

    /// Returns the attributes of an element, in the order of the page. Other nodes have none.
    #[inline]
    pub(crate) fn attributes(&self, at: u32) -> &[Attribute] {
        let node = self.node(at);
        match node.kind {
            Kind::Element => &self.attributes[node.start as usize..][..node.length as usize],
            _ => &[],
        }
    }

    /// Returns the value of an attribute.
    #[inline]
    pub(crate) fn value(&self, attribute: &Attribute) -> &str {
        self.stretch(attribute.start, attribute.length)
    }

    /// Returns the value of the element's attribute `name`, which must not be in a namespace.
    pub(crate) fn attribute(&self, at: u32, name: Name) -> Option<&str> {
        let is_it = |attribute: &&Attribute| attribute.name == name && attribute.namespace == AttributeNamespace::None;
        self.attributes(at).iter().find(is_it).map(|attribute| self.value(attribute))
    }

    /// Returns the name, public and system identifiers of a doctype. Missing ones are empty.
    pub(crate) fn doctype(&self, at: u32) -> Option<[&str; 3]> {
        let node = self.node(at);
        let has = node.kind == Kind::Doctype;
        has.then(|| [0, 1, 2].map(|nth| self.value(&self.attributes[node.start as usize + nth])))
    }

    /// Returns the encoding of the page. The query of a link is sent in this encoding (WHATWG URL, "encoding
    /// override").
    pub(crate) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    /// Returns the depth of the most deeply nested element.
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
