//! The parts of a document.

use html5ever::{Namespace as Uri, Prefix, namespace_prefix, ns};

use super::known;
use super::names::Name;
use super::qualifier::{HTML, MATH_ML, Qualifier, SVG, XLINK, XML, XMLNS};

/// One entry of the list. It takes 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    /// The name of an element. It has no meaning for other nodes.
    pub(in crate::scrape) name: Name,
    /// The place of the parent node. The document node, at place 0, is its own parent.
    pub(in crate::scrape) parent: u32,
    /// The place after the last node below this one.
    pub(in crate::scrape) end: u32,
    /// The position of the first attribute of an element or document type. For a text, a comment or a processing
    /// instruction, the start of its text.
    pub(in crate::scrape) start: u32,
    /// The number of attributes, or the length of the text in bytes.
    pub(in crate::scrape) length: u32,
    pub(in crate::scrape) kind: Kind,
    pub(in crate::scrape) namespace: Namespace,
    /// The prefix and namespace of an element of XML.
    pub(in crate::scrape) qualifier: Qualifier,
}

/// The kind of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The document node, which is only at place 0.
    Document,
    /// The content of a `<template>`. This node is the only child of the template. For selectors and text, this subtree
    /// is not part of the document.
    Fragment,
    /// `<!doctype ..>`. It has three attributes, whose values are its name, public identifier and system identifier.
    Doctype,
    Comment,
    /// `<?target data>`. Its text is the target and, if there is any data, a space and the data.
    Instruction,
    Text,
    Element,
}

/// The language of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Html,
    Svg,
    MathMl,
    /// Any other language, or none. Only documents of XML have such elements. `Dom::uri` returns the namespace.
    Other,
}

impl Namespace {
    /// Returns the form that html5ever uses.
    pub(crate) fn uri(self) -> Uri {
        match self {
            Self::Html => ns!(html),
            Self::Svg => ns!(svg),
            Self::MathMl => ns!(mathml),
            Self::Other => ns!(),
        }
    }

    /// Returns the language with this namespace.
    pub(in crate::scrape) fn of(uri: &str) -> Self {
        match uri {
            HTML => Self::Html,
            SVG => Self::Svg,
            MATH_ML => Self::MathMl,
            _ => Self::Other,
        }
    }
}

/// An attribute. It takes 16 bytes. `Dom::value` returns its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// The local name: `href` for `xlink:href` in SVG.
    pub(in crate::scrape) name: Name,
    pub(in crate::scrape) start: u32,
    pub(in crate::scrape) length: u32,
    pub(in crate::scrape) namespace: AttributeNamespace,
    /// The prefix and namespace of an attribute of XML.
    pub(in crate::scrape) qualifier: Qualifier,
}

/// The namespace of an attribute's name. In HTML, only elements of SVG and `MathML` have attributes in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeNamespace {
    /// No namespace, as for nearly all attributes.
    None,
    /// `xlink:..`
    XLink,
    /// `xml:..`
    Xml,
    /// `xmlns` and `xmlns:xlink`, the declarations of namespaces
    Xmlns,
    /// Any other namespace. Only documents of XML have such attributes.
    Other,
}

impl AttributeNamespace {
    /// Returns the form that html5ever uses.
    pub(crate) fn uri(self) -> Uri {
        match self {
            Self::None | Self::Other => ns!(),
            Self::XLink => ns!(xlink),
            Self::Xml => ns!(xml),
            Self::Xmlns => ns!(xmlns),
        }
    }

    /// Returns the form of the namespace `uri`.
    pub(in crate::scrape) fn of(uri: &str) -> Self {
        match uri {
            "" => Self::None,
            XLINK => Self::XLink,
            XML => Self::Xml,
            XMLNS => Self::Xmlns,
            _ => Self::Other,
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

    /// Returns the prefix and namespace of an attribute of XML.
    pub(crate) fn qualifier(&self) -> Qualifier {
        self.qualifier
    }

    /// Returns the prefix of the name of an attribute of HTML in the form that html5ever uses: the prefix of `xmlns` is
    /// empty.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        match self.namespace {
            AttributeNamespace::None | AttributeNamespace::Other => None,
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

    /// Returns the name of an element.
    pub(crate) fn name(&self) -> Name {
        self.name
    }

    pub(crate) fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// Returns the prefix and namespace of an element of XML.
    pub(crate) fn qualifier(&self) -> Qualifier {
        self.qualifier
    }

    /// Returns the place of the parent. The document node is its own parent.
    pub(crate) fn parent(&self) -> u32 {
        self.parent
    }

    /// Returns the place after the last node below this one.
    pub(crate) fn end(&self) -> u32 {
        self.end
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
