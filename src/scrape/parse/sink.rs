//! Where the HTML parser puts its nodes: `scraper`'s tree, but with attributes in the order of the page.
//!
//! `scraper` sorts them by name, to search them by halves. Markup that we give out (`outer HTML`) would then not be
//! what the page wrote, and sorting costs more than the search of so few saves. `Element::attr` must not be used on
//! such a tree.

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

/// Pages as they are have a node for so many bytes, or fewer.
const BYTES_A_NODE: usize = 20;

/// What a page gets before it has shown that it needs it: 9 MB of memory.
const MOST_AT_ONCE: usize = 64 * 1024;

pub(super) struct InOrder(HtmlTreeSink, Budget);

impl InOrder {
    /// For a page of so many bytes.
    pub(super) fn new(length: usize, budget: Budget) -> Self {
        let mut html = Html::new_document();
        // A tree that grows by doubling is copied, and leaves holes, as often as it grows. Of few different sizes, since
        // the next page's then fits where the last one's was, in memory that is warm.
        let nodes = (length / BYTES_A_NODE).next_power_of_two().min(MOST_AT_ONCE);
        html.tree = Tree::with_capacity(Node::Document, nodes);
        Self(HtmlTreeSink::new(html), budget)
    }

    /// The encoding that the element declares which has just been made: a `<meta>`, at which the parser stops.
    pub(super) fn declared_by_newest(&self) -> Option<&'static Encoding> {
        let html = self.0.0.borrow();
        // html5ever stops at a `<link charset>`, too.
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

/// All but the two methods that have to do with attributes is `scraper`'s.
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
