//! Creating and inserting nodes (13.2.6.1).

use super::super::tags::FOSTERING;
use super::open_elements::Open;
use super::{Construction, NONE, Remark, Run, Tag};
use crate::scrape::document::{Attribute, AttributeNamespace, Kind, Name, Namespace, Node, Qualifier, known};

/// The position at which a node is inserted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// As the last child of this node.
    Last(u32),
    /// Before a table, or before the end marker of a patch. If it has no parent, as the last child of the other node.
    Before { sibling: u32, otherwise: u32 },
}

impl Construction<'_> {
    /// "The appropriate place for inserting a node". `target` is the parent if foster parenting does not apply.
    #[inline]
    fn appropriate_place(&mut self, target: Open) -> Place {
        if self.foster_parenting && target.is_in(FOSTERING) {
            self.foster_parent()
        } else if !self.lists.patches.is_empty() && target.is(known::TEMPLATE) {
            self.place_in_template(target)
        } else {
            Place::Last(target.target)
        }
    }

    #[cold]
    fn foster_parent(&mut self) -> Place {
        for (at, &open) in self.lists.open.iter().enumerate().rev() {
            self.work.look(1);
            if open.is(known::TEMPLATE) {
                return self.place_in_template(open);
            }
            if open.is(known::TABLE) && at > 0 {
                return Place::Before { sibling: open.node, otherwise: self.lists.open[at - 1].target };
            }
        }
        Place::Last(self.lists.open[0].node)
    }

    fn insert_new_at(&mut self, place: Place, node: Node) -> u32 {
        match place {
            Place::Last(parent) => self.append_new(Node { parent, ..node }),
            Place::Before { sibling, .. } if self.has_parent(sibling) => self.insert_new_before(sibling, node),
            Place::Before { otherwise, .. } => self.append_new(Node { parent: otherwise, ..node }),
        }
    }

    /// Inserts a node without a parent at the appropriate place for `target`.
    pub(super) fn insert_detached(&mut self, node: u32, target: Open) {
        match self.appropriate_place(target) {
            Place::Last(parent) => self.attach_last(parent, node),
            Place::Before { sibling, .. } if self.has_parent(sibling) => self.attach_before(sibling, node),
            Place::Before { otherwise, .. } => self.attach_last(otherwise, node),
        }
    }

    /// Returns the parent of the appropriate place for inserting a node.
    pub(super) fn insertion_parent(&mut self) -> u32 {
        let current = *self.current();
        match self.appropriate_place(current) {
            Place::Last(parent) => parent,
            Place::Before { sibling, .. } if self.has_parent(sibling) => self.dom.nodes[sibling as usize].parent,
            Place::Before { otherwise, .. } => otherwise,
        }
    }

    /// "Insert a foreign element", which also inserts HTML elements. Does not push it onto the stack.
    #[inline]
    pub(super) fn insert_element(&mut self, name: Name, namespace: Namespace, attributes: Run) -> Open {
        let place = match self.lists.open.last() {
            Some(&current) => self.appropriate_place(current),
            None => Place::Last(0),
        };
        self.work.element();
        let node = self.insert_new_at(place, element(name, namespace, attributes));
        self.opened(node, name, namespace)
    }

    /// Makes the stack's entry for an element. Adds to a template the fragment for its children.
    fn opened(&mut self, node: u32, name: Name, namespace: Namespace) -> Open {
        let mut target = node;
        if name == known::TEMPLATE && namespace == Namespace::Html {
            target = self.append_new(Node { parent: node, ..plain(Kind::Fragment, Run::EMPTY) });
        }
        Open { node, target, name, sets: self.lists.corrections.sets(name, namespace), namespace }
    }

    /// "Create an element for the token". The element has no parent yet.
    pub(super) fn create_detached(&mut self, name: Name, attributes: Run) -> Open {
        self.work.element();
        let node = self.push_detached(element(name, Namespace::Html, attributes));
        self.opened(node, name, Namespace::Html)
    }

    /// "Insert an HTML element" for a start tag.
    #[inline]
    pub(super) fn insert_html(&mut self, tag: Tag) {
        let open = self.insert_element(tag.name, Namespace::Html, tag.attributes);
        self.push(open);
    }

    /// Inserts an HTML element and closes it at once.
    #[inline]
    pub(super) fn insert_void(&mut self, tag: Tag) -> u32 {
        self.insert_element(tag.name, Namespace::Html, tag.attributes).node
    }

    /// "Insert an HTML element for a .. start tag token with no attributes".
    pub(super) fn insert_phantom(&mut self, name: Name) -> u32 {
        let open = self.insert_element(name, Namespace::Html, Run::EMPTY);
        self.push(open);
        open.node
    }

    /// Creates the root element as a child of the document.
    pub(super) fn create_root(&mut self, attributes: Run) {
        self.work.element();
        let node = self.append_new(element(known::HTML, Namespace::Html, attributes));
        let open = self.opened(node, known::HTML, Namespace::Html);
        self.push(open);
    }

    pub(super) fn append_doctype(&mut self, parts: [Run; 3]) {
        let start = u32::try_from(self.dom.attributes.len()).unwrap_or(NONE);
        self.dom.attributes.extend(parts.map(|run| Attribute {
            name: known::NAME,
            start: run.start,
            length: run.length,
            namespace: AttributeNamespace::None,
            qualifier: Qualifier::NONE,
        }));
        self.append_new(plain(Kind::Doctype, Run { start, length: 3 }));
    }

    /// "Insert a character", for all characters of a text at once.
    #[inline]
    pub(super) fn insert_text(&mut self, run: Run) {
        let current = *self.current();
        match self.appropriate_place(current) {
            Place::Last(parent) => self.append_text(parent, run),
            Place::Before { sibling, otherwise } => self.insert_text_before(sibling, otherwise, run),
        }
    }

    fn append_text(&mut self, parent: u32, run: Run) {
        match self.last_text(parent) {
            Some(text) => self.extend(text, run),
            None => {
                self.append_new(Node { parent, ..plain(Kind::Text, run) });
            }
        }
    }

    fn insert_text_before(&mut self, sibling: u32, otherwise: u32, run: Run) {
        if !self.has_parent(sibling) {
            return self.append_text(otherwise, run);
        }
        match self.text_before(sibling) {
            Some(text) => self.extend(text, run),
            None => {
                self.insert_new_before(sibling, plain(Kind::Text, run));
            }
        }
    }

    /// Adds to a text node. If the addition does not follow the text in memory, the text is moved to the end of `side`.
    fn extend(&mut self, text: u32, run: Run) {
        let base = self.page.len();
        let node = &self.dom.nodes[text as usize];
        let old = Run { start: node.start, length: node.length };
        let length = old.length + run.length;
        // The last byte of the page and the first byte of `side` are not adjacent in memory.
        if old.end() == run.start && run.start as usize != base {
            self.dom.nodes[text as usize].length = length;
            return;
        }
        let mut start = old.start;
        if old.end() as usize != base + self.dom.side.len() || (old.start as usize) < base {
            start = self.push_again(old).start;
            self.work.copy(old.length as usize);
        }
        self.push_again(run);
        let node = &mut self.dom.nodes[text as usize];
        node.start = start;
        node.length = length;
    }

    /// Copies an existing text to the end of `side`.
    fn push_again(&mut self, run: Run) -> Run {
        let start = self.side_end();
        match (run.start as usize).checked_sub(self.page.len()) {
            Some(at) => self.dom.side.extend_from_within(at..at + run.length as usize),
            None => self.dom.side.push_str(&self.page[run.start as usize..run.end() as usize]),
        }
        Run { start, length: run.length }
    }

    /// "Insert a comment" and "insert a processing instruction".
    pub(super) fn insert_comment(&mut self, remark: Remark) {
        let current = *self.current();
        let place = self.appropriate_place(current);
        self.insert_new_at(place, plain(remark.kind, remark.run));
    }

    /// Inserts a comment or a processing instruction "as the last child of" a node.
    pub(super) fn append_comment(&mut self, parent: u32, remark: Remark) {
        self.append_new(Node { parent, ..plain(remark.kind, remark.run) });
    }

    /// Adds the attributes that an element does not have yet.
    pub(super) fn add_missing_attributes(&mut self, node: u32, new: Run) {
        if new.length == 0 {
            return;
        }
        let old = self.attributes_of(node);
        self.work.look((old.length + new.length) as usize);
        let mut start = old.start;
        if old.end() != new.start {
            // The attributes of an element must be adjacent. The new ones are at the end of the list.
            self.work.entries((old.length + new.length) as usize);
            start = u32::try_from(self.dom.attributes.len()).unwrap_or(NONE);
            self.dom.attributes.extend_from_within(old.start as usize..old.end() as usize);
        }
        let mut has: Vec<Name> =
            self.dom.attributes[start as usize..][..old.length as usize].iter().map(|it| it.name).collect();
        has.sort_unstable_by_key(|name| name.number());
        let mut length = old.length;
        for at in new.start..new.end() {
            let attribute = self.dom.attributes[at as usize];
            if has.binary_search_by_key(&attribute.name.number(), |name| name.number()).is_ok() {
                continue;
            }
            let to = (start + length) as usize;
            match self.dom.attributes.get_mut(to) {
                Some(free) => *free = attribute,
                None => self.dom.attributes.push(attribute),
            }
            length += 1;
        }
        self.dom.attributes.truncate((start + length) as usize);
        let node = &mut self.dom.nodes[node as usize];
        (node.start, node.length) = (start, length);
    }
}

/// Makes a node without a name, which is not inserted yet.
fn plain(kind: Kind, run: Run) -> Node {
    Node { kind, ..element(known::A, Namespace::Html, run) }
}

fn element(name: Name, namespace: Namespace, attributes: Run) -> Node {
    let Run { start, length } = attributes;
    let (kind, qualifier) = (Kind::Element, Qualifier::NONE);
    Node { name, parent: 0, end: 0, start, length, kind, namespace, qualifier }
}
