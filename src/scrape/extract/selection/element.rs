//! Presents elements of a document to the `selectors` crate.

use std::cell::OnceCell;

use selectors::OpaqueElement;
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::matching::{ElementSelectorFlags, MatchingContext};

use super::contains::Places;
use super::css::Css;
use super::name::{LocalName, Prefix, PseudoClass, Text};
use super::take::{Take, prefix_of};
use crate::scrape::document::{AttributeNamespace, Dom, Kind, Name, Namespace, Node, known};

/// A document, with additional data for matching.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Tree<'a> {
    dom: &'a Dom,
    /// For each node, the sibling element before it, or [`NONE`]. It is only computed for selectors that need it.
    previous: OnceCell<Vec<u32>>,
    /// Where texts stand, for `:contains(..)`.
    places: OnceCell<Places>,
}

/// The place of the document node, which is not a sibling of any node.
const NONE: u32 = 0;

impl<'a> Tree<'a> {
    pub(in crate::scrape::extract) fn new(dom: &'a Dom) -> Self {
        Self { dom, previous: OnceCell::new(), places: OnceCell::new() }
    }

    pub(in crate::scrape::extract) fn dom(&self) -> &'a Dom {
        self.dom
    }

    /// Returns the element at this place.
    pub(in crate::scrape::extract) fn element(&self, at: u32) -> Element<'_> {
        Element { tree: self, at }
    }

    fn previous_element(&self, at: u32) -> Option<u32> {
        let previous = self.previous.get_or_init(|| {
            let mut previous = vec![NONE; self.dom.nodes().len()];
            for at in self.dom.whole() {
                if let Some(next) = self.dom.next_sibling(at) {
                    previous[next as usize] = if self.dom.node(at).is_element() { at } else { previous[at as usize] };
                }
            }
            previous
        });
        Some(previous[at as usize]).filter(|previous| *previous != NONE)
    }
}

/// An element and its place in the document.
#[derive(Debug, Clone, Copy)]
pub(in crate::scrape::extract) struct Element<'a> {
    tree: &'a Tree<'a>,
    at: u32,
}

impl Element<'_> {
    fn node(&self) -> &Node {
        self.tree.dom.node(self.at)
    }

    fn named(self, at: Option<u32>) -> Option<Self> {
        at.map(|at| Self { at, ..self })
    }

    fn attribute(&self, name: Name) -> Option<&str> {
        self.tree.dom.attribute(self.at, name)
    }
}

impl selectors::Element for Element<'_> {
    type Impl = Css;

    fn opaque(&self) -> OpaqueElement {
        OpaqueElement::new(self.node())
    }

    fn parent_element(&self) -> Option<Self> {
        let parent = self.node().parent();
        self.named(self.tree.dom.node(parent).is_element().then_some(parent))
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.named(self.tree.previous_element(self.at))
    }

    fn next_sibling_element(&self) -> Option<Self> {
        let dom = self.tree.dom;
        let mut later = std::iter::successors(dom.next_sibling(self.at), |at| dom.next_sibling(*at));
        self.named(later.find(|at| dom.node(*at).is_element()))
    }

    // The content of a `<template>` is a fragment, so it does not count as children here.
    fn first_element_child(&self) -> Option<Self> {
        let dom = self.tree.dom;
        self.named(dom.children(self.at).find(|at| dom.node(*at).is_element()))
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.node().namespace() == Namespace::Html && !self.tree.dom.is_xml()
    }

    fn has_local_name(&self, name: &LocalName) -> bool {
        let (dom, node) = (self.tree.dom, self.node());
        name.is(dom, node.name())
            || (dom.is_xml() && name.is_with_prefix(dom, dom.prefix(node.qualifier()), node.name()))
    }

    /// Elements of HTML documents are always in a namespace, and have no prefix.
    fn has_namespace(&self, prefix: &Prefix) -> bool {
        let dom = self.tree.dom;
        match prefix.as_str() {
            "" => dom.uri(self.at).is_empty(),
            prefix => dom.is_xml() && dom.prefix(self.node().qualifier()) == prefix,
        }
    }

    fn is_same_type(&self, other: &Self) -> bool {
        let (dom, one, its) = (self.tree.dom, self.node(), other.node());
        one.name() == its.name()
            && one.namespace() == its.namespace()
            && (one.qualifier() == its.qualifier() || dom.uri(self.at) == dom.uri(other.at))
    }

    fn attr_matches(
        &self,
        namespace: &NamespaceConstraint<&Prefix>,
        name: &LocalName,
        operation: &AttrSelectorOperation<&Text>,
    ) -> bool {
        let dom = self.tree.dom;
        dom.attributes(self.at).iter().any(|attribute| {
            // In XML, declarations of namespaces do not count as attributes.
            let has_name = match namespace {
                _ if dom.is_xml() && attribute.namespace() == AttributeNamespace::Xmlns => false,
                NamespaceConstraint::Any => name.is(dom, attribute.name()),
                NamespaceConstraint::Specific(prefix) if prefix.as_str().is_empty() => {
                    if attribute.namespace() == AttributeNamespace::None {
                        name.is(dom, attribute.name())
                    } else {
                        dom.is_xml() && name.is_with_prefix(dom, prefix_of(dom, attribute), attribute.name())
                    }
                }
                NamespaceConstraint::Specific(prefix) => {
                    name.is(dom, attribute.name()) && prefix_of(dom, attribute) == prefix.as_str()
                }
            };
            has_name && operation.eval_str(dom.value(attribute))
        })
    }

    fn match_non_ts_pseudo_class(&self, class: &PseudoClass, _: &mut MatchingContext<'_, Css>) -> bool {
        let PseudoClass::Contains(texts) = class;
        let places = self.tree.places.get_or_init(|| Places::new(self.tree.dom));
        texts.iter().any(|text| places.has(self.tree.dom.subtree(self.at), text.as_str()))
    }

    // Never called: `Branch` only matches the part before the pseudo-element.
    fn match_pseudo_element(&self, _: &Take, _: &mut MatchingContext<'_, Css>) -> bool {
        false
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        matches!(self.node().name(), known::A | known::AREA | known::LINK) && self.attribute(known::HREF).is_some()
    }

    fn is_html_slot_element(&self) -> bool {
        false
    }

    fn has_id(&self, id: &Text, case: CaseSensitivity) -> bool {
        self.attribute(known::ID).is_some_and(|it| case.eq(it.as_bytes(), id.as_str().as_bytes()))
    }

    fn has_class(&self, name: &Text, case: CaseSensitivity) -> bool {
        self.attribute(known::CLASS).is_some_and(|classes| {
            classes.split_ascii_whitespace().any(|class| case.eq(class.as_bytes(), name.as_str().as_bytes()))
        })
    }

    fn has_custom_state(&self, _: &Text) -> bool {
        false
    }

    fn imported_part(&self, _: &Text) -> Option<Text> {
        None
    }

    fn is_part(&self, _: &Text) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        let dom = self.tree.dom;
        !dom.children(self.at).any(|child| match dom.node(child).kind() {
            Kind::Element => true,
            Kind::Text => !dom.text(child).is_empty(),
            _ => false,
        })
    }

    fn is_root(&self) -> bool {
        self.tree.dom.node(self.node().parent()).kind() == Kind::Document
    }

    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
