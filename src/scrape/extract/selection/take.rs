//! The pseudo-element of a branch: what is taken from a matched element.

use std::fmt;

use super::name::LocalName;
use crate::scrape::document::{Attribute, AttributeNamespace, Dom, known};

/// What a branch takes from each element that it matches.
///
/// The order of the variants is the order of values if one element matches several branches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scrape::extract) enum Take {
    /// The markup of the element, if there is no pseudo-element.
    OuterHtml,
    /// `::inner-html`: the markup of its children.
    InnerHtml,
    /// `::text-content`: all text below it, with white space folded.
    TextContent,
    /// `::url`: its link, made absolute.
    Url,
    /// `::attr(name)`: the raw value. Elements without the attribute give nothing.
    Attribute(AttributeName),
    /// `::text`: each text node that is a direct child (parsel's `/text()`).
    Text,
}

impl fmt::Display for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OuterHtml => Ok(()),
            Self::InnerHtml => f.write_str("::inner-html"),
            Self::TextContent => f.write_str("::text-content"),
            Self::Url => f.write_str("::url"),
            Self::Attribute(name) => write!(f, "::attr({})", name.0.text()),
            Self::Text => f.write_str("::text"),
        }
    }
}

/// The name of an attribute.
///
/// As in parsel, case matters. HTML's own attributes are always in lower case, however the page writes them. The parser
/// puts `xlink:href` of SVG into a namespace, but selectors name it as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scrape::extract) struct AttributeName(LocalName);

impl AttributeName {
    pub(super) fn new(name: &str) -> Self {
        Self(LocalName::new(name))
    }

    /// Returns the index of the attribute in the element at `at`, and its raw value.
    pub(in crate::scrape::extract) fn of<'a>(&self, dom: &'a Dom, at: u32) -> Option<(usize, &'a str)> {
        let attributes = dom.attributes(at);
        let place = attributes.iter().position(|attribute| self.is(dom, attribute))?;
        Some((place, dom.value(&attributes[place])))
    }

    fn is(&self, dom: &Dom, attribute: &Attribute) -> bool {
        match attribute.namespace() {
            AttributeNamespace::None => self.0.is(dom, attribute.name()),
            _ => self.0.is_with_prefix(dom, prefix_of(dom, attribute), attribute.name()),
        }
    }
}

/// Returns the prefix of an attribute in a namespace, as selectors write it.
pub(super) fn prefix_of<'d>(dom: &'d Dom, attribute: &Attribute) -> &'d str {
    match attribute.namespace() {
        _ if dom.is_xml() => dom.prefix(attribute.qualifier()),
        AttributeNamespace::XLink => "xlink",
        AttributeNamespace::Xml => "xml",
        AttributeNamespace::Xmlns if attribute.name() != known::XMLNS => "xmlns",
        AttributeNamespace::Xmlns | AttributeNamespace::None | AttributeNamespace::Other => "",
    }
}
