//! Checks that a document is consistent. The tests check every document that they build.

use std::fmt::Write as _;

use super::{Dom, Kind};

impl Dom {
    /// Returns the first problem, if any: a parent that does not come before its children, an end beyond the parent's
    /// end, a text or an attribute outside the stored text, an empty text, or a template without its fragment.
    pub(crate) fn check(&self) -> Result<(), String> {
        let length = self.nodes.len();
        if length == 0 || self.nodes[0].kind != Kind::Document || self.nodes[0].end as usize != length {
            return Err("the document node does not cover the whole list".to_owned());
        }
        // The open nodes at each place. The last one must be the parent of the node there.
        let mut open: Vec<u32> = vec![0];
        for at in 1..self.nodes[0].end {
            while open.last().is_some_and(|last| self.node(*last).end <= at) {
                open.pop();
            }
            let node = self.node(at);
            let Some(&parent) = open.last().filter(|last| **last == node.parent) else {
                return Err(format!("{at} is not below its parent {}", node.parent));
            };
            if node.end <= at || node.end > self.node(parent).end {
                return Err(format!("{at} ends at {}, its parent {parent} at {}", node.end, self.node(parent).end));
            }
            self.check_node(at)?;
            open.push(at);
        }
        Ok(())
    }

    fn check_node(&self, at: u32) -> Result<(), String> {
        let node = self.node(at);
        let parent = self.node(node.parent);
        let holds = match node.kind {
            Kind::Document => false,
            Kind::Doctype => node.parent == 0 && node.length == 3 && self.are_attributes(node.start, node.length),
            Kind::Comment | Kind::Instruction => node.end == at + 1 && self.is_stretch(node.start, node.length),
            Kind::Text => node.end == at + 1 && node.length > 0 && self.is_stretch(node.start, node.length),
            Kind::Fragment => parent.is_html(super::known::TEMPLATE) && node.end == parent.end && at == node.parent + 1,
            Kind::Element => {
                // In XML, a template is an element like others.
                let is_template = !self.is_xml && node.is_html(super::known::TEMPLATE);
                let has_fragment = self.first_child(at).is_some_and(|child| self.node(child).kind == Kind::Fragment);
                is_template == has_fragment && self.are_attributes(node.start, node.length)
            }
        };
        if holds { Ok(()) } else { Err(format!("{at} is not consistent: {node:?}")) }
    }

    fn are_attributes(&self, start: u32, length: u32) -> bool {
        let attributes = self.attributes.get(start as usize..start as usize + length as usize);
        attributes.is_some_and(|attributes| attributes.iter().all(|it| self.is_stretch(it.start, it.length)))
    }

    fn is_stretch(&self, start: u32, length: u32) -> bool {
        let (start, length) = (start as usize, length as usize);
        let text = match start.checked_sub(self.page.len()) {
            Some(start) => self.side.get(start..start + length),
            None => self.page.get(start..start + length),
        };
        text.is_some()
    }

    /// Describes the first difference between two documents. Numbers of names and positions of texts may differ.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        if self.quirks != other.quirks {
            return Some(format!("quirks: {:?} and {:?}", self.quirks, other.quirks));
        }
        for at in 0..self.nodes.len().max(other.nodes.len()) {
            let [one, two] = [self, other].map(|dom| (at < dom.nodes.len()).then(|| dom.shown(at)));
            if one != two {
                return Some(format!("node {at}: {one:?} and {two:?}"));
            }
        }
        None
    }

    /// Returns everything about a node that can be compared.
    fn shown(&self, at: usize) -> (Kind, [u32; 2], String) {
        let node = &self.nodes[at];
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let mut shown = self.text(at).to_owned();
        if node.is_element() {
            let (prefix, uri) = (self.prefix(node.qualifier), self.uri(at));
            shown = format!("{prefix} {uri} {}", self.name_text(node.name));
            for attribute in self.attributes(at) {
                let (name, value) = (self.name_text(attribute.name), self.value(attribute));
                let (prefix, uri) = (self.prefix(attribute.qualifier), self.attribute_uri(attribute));
                let _ = write!(shown, " {prefix} {uri} {name}={value:?}");
            }
        }
        if let Some(doctype) = self.doctype(at) {
            shown = format!("{doctype:?}");
        }
        (node.kind, [node.parent, node.end], shown)
    }
}
