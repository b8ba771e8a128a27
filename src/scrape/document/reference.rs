//! Copies a document from `scraper`'s tree, for pages that html5ever parses.

use ego_tree::NodeRef;
use encoding_rs::Encoding;
use html5ever::{LocalName, QualName, ns};
use scraper::{Html, Node};

use super::build::place;
use super::{Attribute, AttributeNamespace, Dom, Kind, Name, Names, Namespace, Qualifier};

impl Dom {
    /// Makes this document a copy of `html`, a page that was written in `encoding`.
    pub(crate) fn copy_reference(&mut self, html: &Html, encoding: &'static Encoding) {
        self.clear(encoding);
        self.quirks = html.quirks_mode;
        let mut recent = Recent::new();
        // The loop is iterative, because pages may nest to any depth. `parent` is the place of the node whose children
        // are copied. It uses ids instead of references: a reference takes three words, which is slower than looking up
        // an id.
        let id = |node: Option<NodeRef<'_, Node>>| node.map(|node| node.id());
        let root = html.tree.root().id();
        let mut parent = 0;
        let mut next = id(html.tree.root().first_child());
        while let Some(node) = next.and_then(|next| html.tree.get(next)) {
            let at = self.copy(node.value(), parent, &mut recent);
            next = id(node.first_child());
            if next.is_some() {
                parent = at.unwrap_or(parent);
                continue;
            }
            next = id(node.next_sibling());
            let mut up = id(node.parent());
            while next.is_none()
                && let Some(last) = up.filter(|up| *up != root).and_then(|up| html.tree.get(up))
            {
                parent = self.nodes[parent as usize].parent;
                next = id(last.next_sibling());
                up = id(last.parent());
            }
        }
        self.seal();
    }

    /// Copies one node, if it is of a kind that HTML pages have.
    fn copy(&mut self, node: &Node, parent: u32, recent: &mut Recent) -> Option<u32> {
        Some(match node {
            Node::Element(element) => {
                let first = place(self.attributes.len());
                for (name, value) in &element.attrs {
                    let (start, length) = self.push_side(value);
                    let namespace = attribute_namespace(name);
                    let name = recent.number(&name.local, &mut self.names);
                    let qualifier = Qualifier::NONE;
                    self.attributes.push(Attribute { name, start, length, namespace, qualifier });
                }
                let name = recent.number(&element.name.local, &mut self.names);
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
            // The document node exists already, and html5ever makes no processing instructions for HTML.
            Node::Document | Node::ProcessingInstruction(_) => return None,
        })
    }
}

/// A cache of recent names with their numbers. html5ever compares its names in one step, without hashing them.
struct Recent([[Option<(LocalName, Name)>; 2]; Self::PLACES]);

impl Recent {
    const PLACES: usize = 64;

    fn new() -> Self {
        Self([const { [None, None] }; Self::PLACES])
    }

    fn number(&mut self, name: &LocalName, names: &mut Names) -> Name {
        // Each place holds two names, so that two frequent names do not displace each other.
        let place = usize::try_from(name.get_hash() % Self::PLACES as u64).unwrap_or_default();
        let place = &mut self.0[place];
        for (same, number) in place.iter().flatten() {
            if same == name {
                return *number;
            }
        }
        let number = names.intern(name);
        place.swap(0, 1);
        place[0] = Some((name.clone(), number));
        number
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
