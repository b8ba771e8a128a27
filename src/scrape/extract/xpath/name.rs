//! Names: the only file that knows how names in expressions and in documents compare.
//!
//! Namespaces do not count: `//svg` finds the `svg` of a page, although it is in SVG's namespace, as parsel users
//! expect. A name with a prefix finds what is written with this prefix: `@xlink:href`. HTML has no prefixes, so there
//! `fb:like` is a plain name with a colon in it.

use std::borrow::Cow;

use super::tree::Place;
use crate::scrape::document::{Attribute, AttributeNamespace, Dom, Name, known};

/// A name test: `p`, `*`, `xlink:href` or `xlink:*`.
#[derive(Debug)]
pub(super) struct NameTest {
    prefix: Option<String>,
    /// The local name, and its number if all documents know it. `None` is `*`.
    local: Option<(String, Option<Name>)>,
}

impl NameTest {
    pub(super) fn new(prefix: Option<String>, local: Option<String>) -> Self {
        let with_number = |text: String| {
            let number = Name::find_known(&text);
            (text, number)
        };
        Self { prefix, local: local.map(with_number) }
    }

    /// Whether the element or attribute at this place has the name.
    pub(super) fn fits(&self, dom: &Dom, place: Place) -> bool {
        let (prefix, name) = parts(dom, place);
        match (&self.prefix, &self.local) {
            (None, None) => true,
            // A name without a prefix finds elements in any namespace, but only attributes that have no prefix either.
            (None, Some(_)) if prefix.is_some() && place.is_attribute() => false,
            (None, Some((text, number))) => match number {
                Some(number) => name == *number,
                None => !name.is_known() && dom.name_text(name) == text,
            },
            (Some(wanted), local) => {
                // A name of HTML may contain a colon.
                let (prefix, name) = match prefix {
                    Some(prefix) => (prefix, dom.name_text(name)),
                    None => dom.name_text(name).split_once(':').unwrap_or(("", dom.name_text(name))),
                };
                prefix == wanted && local.as_ref().is_none_or(|(text, _)| name == text)
            }
        }
    }
}

/// Returns the name of an element or attribute without its prefix: `local-name()`.
pub(super) fn local(dom: &Dom, place: Place) -> &str {
    dom.name_text(parts(dom, place).1)
}

/// Returns the name of an element or attribute as it is written: `name()`.
pub(super) fn whole(dom: &Dom, place: Place) -> Cow<'_, str> {
    match parts(dom, place) {
        (None, name) => dom.name_text(name).into(),
        (Some(prefix), name) => [prefix, ":", dom.name_text(name)].concat().into(),
    }
}

/// Returns the prefix and the local name of an element or attribute.
fn parts(dom: &Dom, place: Place) -> (Option<&str>, Name) {
    match place.attribute(dom) {
        None => {
            let node = dom.node(place.at());
            let prefix = if dom.is_xml() && node.is_element() { dom.prefix(node.qualifier()) } else { "" };
            (Some(prefix).filter(|prefix| !prefix.is_empty()), node.name())
        }
        Some(attribute) => (prefix(dom, attribute), attribute.name()),
    }
}

fn prefix<'d>(dom: &'d Dom, attribute: &Attribute) -> Option<&'d str> {
    match attribute.namespace() {
        _ if dom.is_xml() => Some(dom.prefix(attribute.qualifier())).filter(|prefix| !prefix.is_empty()),
        AttributeNamespace::None | AttributeNamespace::Other => None,
        AttributeNamespace::XLink => Some("xlink"),
        AttributeNamespace::Xml => Some("xml"),
        AttributeNamespace::Xmlns => (attribute.name() != known::XMLNS).then_some("xmlns"),
    }
}
