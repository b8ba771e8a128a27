//! Turns a document of XML into markup, as lxml and parsel do.
//!
//! An element without content is written as `<a/>`. The outermost element declares all prefixes that are in scope, so
//! that its markup can be parsed alone. References, CDATA sections and the document type are not kept.

use std::collections::HashSet;
use std::ops::Range;

use super::{Attribute, AttributeNamespace, Dom, Kind, Name, Qualifier, known};

impl Dom {
    /// Returns the markup of a node and everything below it.
    pub(super) fn outer_xml(&self, at: u32) -> String {
        self.xml(self.subtree(at), at)
    }

    /// Returns the markup of everything below a node. The elements only declare the prefixes that they declare in the
    /// page: with the declarations of all ancestors, the markup of many small elements could be far longer than the page.
    pub(super) fn inner_xml(&self, at: u32) -> String {
        self.xml(self.descendants(at), 0)
    }

    /// Returns the markup of a range of nodes. The element at `outermost` declares all prefixes that are in scope.
    fn xml(&self, range: Range<u32>, outermost: u32) -> String {
        let mut out = String::new();
        let mut open: Vec<u32> = Vec::new();
        for at in range {
            while let Some(last) = open.pop_if(|last| self.node(*last).end <= at) {
                self.write_end_tag(&mut out, last);
            }
            let node = self.node(at);
            match node.kind {
                Kind::Element => {
                    if self.write_start_tag(&mut out, at, at == outermost) {
                        open.push(at);
                    }
                }
                Kind::Text => escape(&mut out, self.text(at), false),
                Kind::Comment => out.extend(["<!--", self.text(at), "-->"]),
                Kind::Instruction => out.extend(["<?", self.text(at), "?>"]),
                Kind::Document | Kind::Doctype | Kind::Fragment => {}
            }
        }
        while let Some(last) = open.pop() {
            self.write_end_tag(&mut out, last);
        }
        out
    }

    /// Returns the prefixes that are declared at the element `at` and above it, with their namespaces. The nearest
    /// declaration of each prefix counts.
    fn declarations(&self, at: u32) -> Vec<(Name, &str)> {
        let mut found: Vec<(Name, &str)> = Vec::new();
        let mut seen = HashSet::new();
        let mut next = at;
        while next != 0 {
            for attribute in self.attributes(next) {
                if attribute.namespace == AttributeNamespace::Xmlns && seen.insert(attribute.name) {
                    found.push((attribute.name, self.value(attribute)));
                }
            }
            next = self.node(next).parent;
        }
        found
    }

    /// Writes a start tag. Returns whether the element has content and needs an end tag.
    fn write_start_tag(&self, out: &mut String, at: u32, is_outermost: bool) -> bool {
        let node = self.node(at);
        out.push('<');
        self.write_name(out, node.name, node.qualifier);
        let is_declaration = |it: &&Attribute| it.namespace == AttributeNamespace::Xmlns;
        if is_outermost {
            for (prefix, uri) in self.declarations(at) {
                self.write_declaration(out, prefix, uri);
            }
        } else {
            for attribute in self.attributes(at).iter().filter(is_declaration) {
                self.write_declaration(out, attribute.name, self.value(attribute));
            }
        }
        for attribute in self.attributes(at).iter().filter(|it| !is_declaration(it)) {
            out.push(' ');
            self.write_name(out, attribute.name, attribute.qualifier);
            write_value(out, self.value(attribute));
        }
        let has_content = node.end > at + 1;
        out.push_str(if has_content { ">" } else { "/>" });
        has_content
    }

    fn write_end_tag(&self, out: &mut String, at: u32) {
        let node = self.node(at);
        out.push_str("</");
        self.write_name(out, node.name, node.qualifier);
        out.push('>');
    }

    /// Writes the declaration of a prefix. Its attribute has the prefix as its local name, or is `xmlns` itself.
    fn write_declaration(&self, out: &mut String, prefix: Name, uri: &str) {
        out.push_str(if prefix == known::XMLNS { " xmlns" } else { " xmlns:" });
        if prefix != known::XMLNS {
            out.push_str(self.name_text(prefix));
        }
        write_value(out, uri);
    }

    fn write_name(&self, out: &mut String, name: Name, qualifier: Qualifier) {
        let prefix = self.prefix(qualifier);
        if !prefix.is_empty() {
            out.extend([prefix, ":"]);
        }
        out.push_str(self.name_text(name));
    }
}

fn write_value(out: &mut String, value: &str) {
    out.push_str("=\"");
    escape(out, value, true);
    out.push('"');
}

/// Writes a text, with references for the characters that would be read as something else.
fn escape(out: &mut String, text: &str, in_attribute: bool) {
    let mut rest = text;
    let is_special = |c: char| matches!(c, '&' | '<' | '>' | '\r') || (in_attribute && matches!(c, '"' | '\n' | '\t'));
    while let Some(at) = rest.find(is_special) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push_str(match after.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\n' => "&#10;",
            b'\t' => "&#9;",
            _ => "&#13;",
        });
        rest = &after[1..];
    }
    out.push_str(rest);
}
