//! A document from `scraper`'s tree: for pages that html5ever parses.

use encoding_rs::Encoding;
use html5ever::{QualName, ns};
use scraper::{Html, Node};

use super::build::place;
use super::{Attribute, AttributeNamespace, Dom, Kind, Namespace};

impl Dom {
    /// Becomes a copy of `html`, a page that was written in `encoding`.
    pub(crate) fn copy_reference(&mut self, html: &Html, encoding: &'static Encoding) {
        self.clear(encoding);
        self.quirks = html.quirks_mode;
        // Iterative: pages nest as deeply as they like. `parent` is the place of the node whose children are copied.
        let mut parent = 0;
        let mut next = html.tree.root().first_child();
        while let Some(node) = next {
            let at = self.copy(node.value(), parent);
            if let Some(child) = node.first_child() {
                next = Some(child);
                parent = at.unwrap_or(parent);
                continue;
            }
            let mut last = node;
            next = loop {
                if let Some(sibling) = last.next_sibling() {
                    break Some(sibling);
                }
                match last.parent() {
                    Some(up) if up.parent().is_some() => {
                        parent = self.nodes[parent as usize].parent;
                        last = up;
                    }
                    _ => break None,
                }
            };
        }
        self.seal();
    }

    /// Adds a copy of one node, if it is of a kind that pages have.
    fn copy(&mut self, node: &Node, parent: u32) -> Option<u32> {
        Some(match node {
            Node::Element(element) => {
                let first = place(self.attributes.len());
                for (name, value) in &element.attrs {
                    let (start, length) = self.push_side(value);
                    let namespace = attribute_namespace(name);
                    self.attributes.push(Attribute { name: self.names.intern(&name.local), start, length, namespace });
                }
                let name = self.names.intern(&element.name.local);
                self.push_element(name, namespace(&element.name), parent, (first, place(element.attrs.len())))
            }
            Node::Text(text) => {
                let extent = self.push_side(text);
                self.push(Kind::Text, parent, extent)
            }
            Node::Comment(comment) => {
                let extent = self.push_side(comment);
                self.push(Kind::Comment, parent, extent)
            }
            Node::Doctype(doctype) => {
                let parts = [doctype.name(), doctype.public_id(), doctype.system_id()];
                let parts = parts.map(|part| self.push_side(part));
                self.push_doctype(parts)
            }
            Node::Fragment => self.push(Kind::Fragment, parent, (0, 0)),
            // The first is the root itself; html5ever makes no processing instructions of HTML.
            Node::Document | Node::ProcessingInstruction(_) => return None,
        })
    }
}

fn namespace(name: &QualName) -> Namespace {
    match name.ns {
        ns!(svg) => Namespace::Svg,
        ns!(mathml) => Namespace::MathMl,
        _ => Namespace::Html,
    }
}

fn attribute_namespace(name: &QualName) -> AttributeNamespace {
    match name.ns {
        ns!(xlink) => AttributeNamespace::XLink,
        ns!(xml) => AttributeNamespace::Xml,
        ns!(xmlns) => AttributeNamespace::Xmlns,
        _ => AttributeNamespace::None,
    }
}
