//! What a document consists of.

use html5ever::{Namespace as Uri, Prefix, namespace_prefix, ns};

use super::known;
use super::names::Name;

/// One entry of the list: 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    /// The name of an element; meaningless for others.
    pub(in crate::scrape) name: Name,
    /// The place of the node that this one is a child of. The document, at place 0, has itself.
    pub(in crate::scrape) parent: u32,
    /// One past the last place of what is below this node.
    pub(in crate::scrape) end: u32,
    /// Elements and document types: the first of their attributes. Texts, comments and processing
    /// instructions: where their text begins.
    pub(in crate::scrape) start: u32,
    /// How many attributes, or how many bytes of text.
    pub(in crate::scrape) length: u32,
    pub(in crate::scrape) kind: Kind,
    pub(in crate::scrape) namespace: Namespace,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The node at place 0, and only that one.
    Document,
    /// What a `<template>` holds: the template's only child. Its range is no part of the document, as far as selectors
    /// and text are concerned.
    Fragment,
    /// `<!doctype ..>`: has three attributes, whose values are its name, public and system identifier.
    Doctype,
    Comment,
    /// `<?target data>`: has the target and, if there is any data, a blank and the data as its text.
    Instruction,
    Text,
    Element,
}

/// Which language an element belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Html,
    Svg,
    MathMl,
}

impl Namespace {
    /// As html5ever writes it.
    pub(crate) fn uri(self) -> Uri {
        match self {
            Self::Html => ns!(html),
            Self::Svg => ns!(svg),
            Self::MathMl => ns!(mathml),
        }
    }
}

/// An attribute: 16 bytes. `Dom::value` has its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Its local name: `href` of `xlink:href` in SVG.
    pub(in crate::scrape) name: Name,
    pub(in crate::scrape) start: u32,
    pub(in crate::scrape) length: u32,
    pub(in crate::scrape) namespace: AttributeNamespace,
}

/// Where an attribute's name comes from. Only elements of SVG and `MathML` have attributes in a name space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeNamespace {
    /// In none: nearly all.
    None,
    /// `xlink:..`
    XLink,
    /// `xml:..`
    Xml,
    /// `xmlns` and `xmlns:xlink`
    Xmlns,
}

impl AttributeNamespace {
    /// As html5ever writes it.
    pub(crate) fn uri(self) -> Uri {
        match self {
            Self::None => ns!(),
            Self::XLink => ns!(xlink),
            Self::Xml => ns!(xml),
            Self::Xmlns => ns!(xmlns),
        }
    }
}

impl Attribute {
    pub(crate) fn name(&self) -> Name {
        self.name
    }

    pub(crate) fn namespace(&self) -> AttributeNamespace {
        self.namespace
    }

    /// The prefix of its name, as html5ever writes it: that of `xmlns` is empty.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        match self.namespace {
            AttributeNamespace::None => None,
            AttributeNamespace::XLink => Some(namespace_prefix!("xlink")),
            AttributeNamespace::Xml => Some(namespace_prefix!("xml")),
            AttributeNamespace::Xmlns if self.name == known::XMLNS => Some(namespace_prefix!("")),
            AttributeNamespace::Xmlns => Some(namespace_prefix!("xmlns")),
        }
    }
}

impl Node {
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The name of an element.
    pub(crate) fn name(&self) -> Name {
        self.name
    }

    pub(crate) fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// The place of its parent; the document is its own.
    pub(crate) fn parent(&self) -> u32 {
        self.parent
    }

    pub(crate) fn is_element(&self) -> bool {
        self.kind == Kind::Element
    }

    pub(crate) fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// Whether it is an element of HTML with this name.
    pub(crate) fn is_html(&self, name: Name) -> bool {
        self.name == name && self.namespace == Namespace::Html && self.kind == Kind::Element
    }
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Node};

    #[test]
    fn nodes_and_attributes_are_small() {
        assert_eq!((size_of::<Node>(), size_of::<Attribute>()), (24, 16));
    }
}
