//! What is taken from a matched element: the pseudo-element of a branch.

use std::fmt;

use html5ever::{LocalName, QualName, ns};
use scraper::node::Element;

/// What a branch of a selector gives for each element it matches.
///
/// The order of the variants is the order of the values that one element gives to different branches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scrape::extract) enum Take {
    /// The element's markup: no pseudo-element.
    OuterHtml,
    /// `::inner-html`: the markup of its children.
    InnerHtml,
    /// `::text-content`: all text below it, white space folded.
    TextContent,
    /// `::url`: the link that it carries, made absolute.
    Url,
    /// `::attr(name)`: the raw value; elements without the attribute give nothing.
    Attribute(AttributeName),
    /// `::text`: each text node that is its direct child (parsel's `/text()`).
    Text,
}

impl fmt::Display for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OuterHtml => Ok(()),
            Self::InnerHtml => f.write_str("::inner-html"),
            Self::TextContent => f.write_str("::text-content"),
            Self::Url => f.write_str("::url"),
            Self::Attribute(name) => write!(f, "::attr({})", name.0),
            Self::Text => f.write_str("::text"),
        }
    }
}

/// The name of an attribute, ready to be compared with those of elements.
///
/// As in parsel, case matters: HTML keeps its own attributes in lower case, whatever the page wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scrape::extract) struct AttributeName(LocalName);

impl AttributeName {
    pub(super) fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The attribute's place in the element and its raw value.
    pub(in crate::scrape::extract) fn of<'a>(&self, element: &'a Element) -> Option<(usize, &'a str)> {
        let place = element.attrs.iter().position(|(name, _)| self.is(name))?;
        Some((place, &element.attrs[place].1))
    }

    fn is(&self, name: &QualName) -> bool {
        match &name.prefix {
            // `xlink:href` of SVG is parsed into a name space, and is asked for as it is written.
            Some(prefix) => {
                self.0.strip_prefix(&**prefix).and_then(|rest| rest.strip_prefix(':')) == Some(&*name.local)
            }
            None => name.ns == ns!() && name.local == self.0,
        }
    }
}
