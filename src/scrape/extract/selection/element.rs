//! `scraper`'s elements as the `selectors` crate wants to see them.
//!
//! `scraper::ElementRef` has such an implementation too, for selectors without pseudo-elements; it interns every
//! class of every element it looks at, which costs more than all the rest of selecting on a usual page.

use ego_tree::NodeRef;
use html5ever::{LocalName, Namespace, local_name, ns};
use scraper::Node;
use scraper::node::Element as ElementData;
use scraper::selector::{CssLocalName, CssString, NonTSPseudoClass};
use selectors::OpaqueElement;
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::matching::{ElementSelectorFlags, MatchingContext};

use super::css::Css;
use super::take::Take;

/// An element and its place in the tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::scrape::extract) struct Element<'a> {
    node: NodeRef<'a, Node>,
    data: &'a ElementData,
}

impl<'a> Element<'a> {
    /// `None` for nodes that are no elements.
    pub(in crate::scrape::extract) fn wrap(node: NodeRef<'a, Node>) -> Option<Self> {
        node.value().as_element().map(|data| Self { node, data })
    }

    pub(in crate::scrape::extract) fn data(&self) -> &'a ElementData {
        self.data
    }

    pub(super) fn has_class_named(&self, name: &str, case: CaseSensitivity) -> bool {
        attribute(self.data, &local_name!("class")).is_some_and(|classes| {
            classes.split_ascii_whitespace().any(|class| case.eq(class.as_bytes(), name.as_bytes()))
        })
    }

    pub(super) fn has_id_named(&self, name: &str, case: CaseSensitivity) -> bool {
        attribute(self.data, &local_name!("id")).is_some_and(|id| case.eq(id.as_bytes(), name.as_bytes()))
    }
}

/// The value of the attribute `name`, which is in no name space.
pub(in crate::scrape::extract) fn attribute<'a>(element: &'a ElementData, name: &LocalName) -> Option<&'a str> {
    element.attrs.iter().find(|(key, _)| key.local == *name && key.ns == ns!()).map(|(_, value)| &**value)
}

impl selectors::Element for Element<'_> {
    type Impl = Css;

    fn opaque(&self) -> OpaqueElement {
        OpaqueElement::new(self.data)
    }

    fn parent_element(&self) -> Option<Self> {
        self.node.parent().and_then(Self::wrap)
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
        self.node.prev_siblings().find_map(Self::wrap)
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.node.next_siblings().find_map(Self::wrap)
    }

    // A `<template>` holds a fragment node, so its contents are nobody's children here.
    fn first_element_child(&self) -> Option<Self> {
        self.node.children().find_map(Self::wrap)
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.data.name.ns == ns!(html)
    }

    fn has_local_name(&self, name: &CssLocalName) -> bool {
        self.data.name.local == name.0
    }

    fn has_namespace(&self, namespace: &Namespace) -> bool {
        self.data.name.ns == *namespace
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.data.name.local == other.data.name.local && self.data.name.ns == other.data.name.ns
    }

    fn attr_matches(
        &self,
        namespace: &NamespaceConstraint<&Namespace>,
        name: &CssLocalName,
        operation: &AttrSelectorOperation<&CssString>,
    ) -> bool {
        self.data.attrs.iter().any(|(key, value)| {
            key.local == name.0
                && match namespace {
                    NamespaceConstraint::Any => true,
                    NamespaceConstraint::Specific(namespace) => key.ns == **namespace,
                }
                && operation.eval_str(value)
        })
    }

    // There are no pseudo-classes besides those of the tree's structure, which the crate matches itself.
    fn match_non_ts_pseudo_class(&self, class: &NonTSPseudoClass, _: &mut MatchingContext<'_, Css>) -> bool {
        match *class {}
    }

    // Never asked: `Branch` matches what stands before the pseudo-element.
    fn match_pseudo_element(&self, _: &Take, _: &mut MatchingContext<'_, Css>) -> bool {
        false
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        matches!(&*self.data.name.local, "a" | "area" | "link") && attribute(self.data, &local_name!("href")).is_some()
    }

    fn is_html_slot_element(&self) -> bool {
        false
    }

    fn has_id(&self, id: &CssLocalName, case: CaseSensitivity) -> bool {
        self.has_id_named(&id.0, case)
    }

    fn has_class(&self, name: &CssLocalName, case: CaseSensitivity) -> bool {
        self.has_class_named(&name.0, case)
    }

    fn has_custom_state(&self, _: &CssLocalName) -> bool {
        false
    }

    fn imported_part(&self, _: &CssLocalName) -> Option<CssLocalName> {
        None
    }

    fn is_part(&self, _: &CssLocalName) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        !self.node.children().any(|child| match child.value() {
            Node::Element(_) => true,
            Node::Text(text) => !text.is_empty(),
            _ => false,
        })
    }

    fn is_root(&self) -> bool {
        self.node.parent().is_some_and(|parent| parent.value().is_document())
    }

    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
