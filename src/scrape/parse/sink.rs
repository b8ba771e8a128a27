//! Stores the nodes of the HTML parser in `scraper`'s tree, but keeps attributes in the order of the page.
//!
//! `scraper` sorts attributes by name, to find them by binary search. The markup in the output (outer HTML) would then
//! differ from the page. Sorting also costs more than the search of so few attributes saves. `Element::attr` must not
//! be used on such a tree, because it searches sorted attributes.

use std::borrow::Cow;
use std::cell::Ref;

use ego_tree::{NodeId, Tree};
use encoding_rs::Encoding;
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName, ns};
use scraper::node::Element;
use scraper::{Html, HtmlTreeSink, Node};

use super::budget::Budget;
use crate::scrape::decode;

/// The number of bytes for each node that is assumed for a page. Real pages have more nodes, or as many.
const BYTES_A_NODE: usize = 20;

/// The most nodes that are allocated in advance: 9 MB of memory.
const MOST_AT_ONCE: usize = 64 * 1024;

pub(super) struct InOrder(HtmlTreeSink, Budget);

impl InOrder {
    /// Makes a sink for a page of this many bytes.
    pub(super) fn new(length: usize, budget: Budget) -> Self {
        let mut html = Html::new_document();
        // Reserving space avoids repeated copying and fragmentation while the tree grows. Rounding to powers of two
        // lets the tree of the next page reuse the memory of the last one, which is still in the CPU cache.
        let nodes = (length / BYTES_A_NODE).next_power_of_two().min(MOST_AT_ONCE);
        html.tree = Tree::with_capacity(Node::Document, nodes);
        Self(HtmlTreeSink::new(html), budget)
    }

    /// Returns the encoding that the newest element declares, if it is a `<meta>`.
    pub(super) fn declared_by_newest(&self) -> Option<&'static Encoding> {
        let html = self.0.0.borrow();
        // html5ever also stops at a `<link charset>`.
        let element = html.tree.values().next_back()?.as_element().filter(|element| element.name() == "meta")?;
        let is_named = |key: &QualName, name: &str| key.ns == ns!() && &*key.local == name;
        decode::of_element(|name| element.attrs.iter().find(|(key, _)| is_named(key, name)).map(|(_, value)| &**value))
    }

    fn with_element(&self, id: NodeId, change: impl FnOnce(&mut Element)) {
        if let Some(mut node) = self.0.0.borrow_mut().tree.get_mut(id)
            && let Node::Element(element) = node.value()
        {
            change(element);
        }
    }
}

/// Only the two methods that concern attributes differ from `scraper`'s.
impl TreeSink for InOrder {
    type Output = Html;
    type Handle = NodeId;
    type ElemName<'a> = Ref<'a, QualName>;

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.1.element();
        let id = self.0.create_element(name, Vec::new(), flags);
        if !attrs.is_empty() {
            let attrs = attrs.into_iter().map(|attr| (attr.name, attr.value)).collect();
            self.with_element(id, |element| element.attrs = attrs);
        }
        id
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.with_element(*target, |element| {
            self.1.looks(attrs.len() * (attrs.len() + element.attrs.len()));
            for attr in attrs {
                if !element.attrs.iter().any(|(name, _)| *name == attr.name) {
                    element.attrs.push((attr.name, attr.value));
                }
            }
        });
    }

    fn finish(self) -> Html {
        self.0.finish()
    }

    fn parse_error(&self, message: Cow<'static, str>) {
        self.0.parse_error(message);
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.0.set_quirks_mode(mode);
    }

    fn get_document(&self) -> NodeId {
        self.0.get_document()
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        self.1.look();
        one == other
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.1.look();
        self.0.elem_name(target)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.0.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.0.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.0.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, previous: &NodeId, child: NodeOrText<NodeId>) {
        self.0.append_based_on_parent_node(element, previous, child);
    }

    fn append_before_sibling(&self, sibling: &NodeId, node: NodeOrText<NodeId>) {
        self.0.append_before_sibling(sibling, node);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.0.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.0.get_template_contents(target)
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.0.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.0.reparent_children(node, new_parent);
    }

    fn mark_script_already_started(&self, node: &NodeId) {
        self.0.mark_script_already_started(node);
    }
}
