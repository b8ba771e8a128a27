//! The content of a `<selectedcontent>` (4.10.10.2, 4.10.17): a copy of the content of the selected option of its
//! `<select>`.
//!
//! A browser makes the copy when the `selectedcontent` is inserted, and again when a selected option is closed. This
//! code runs only on pages with a `selectedcontent` in a `select`.

use super::{Construction, NONE};
use crate::scrape::document::{Kind, Name, Namespace, Node, known};

impl Construction<'_> {
    /// "The selectedcontent HTML element post-connection steps". `node` was inserted.
    pub(super) fn selectedcontent_inserted(&mut self, node: u32) {
        let Some(select) = self.ancestor(node, known::SELECT) else { return };
        self.shows_selected = true;
        if let Some(shown) = self.enabled_selectedcontent(select)
            && let Some(option) = self.selected_option(select)
        {
            self.show(option, shown);
        }
    }

    /// "Maybe clone an option into selectedcontent". `option` was popped off the stack.
    #[cold]
    pub(super) fn option_closed(&mut self, option: u32) {
        if let Some(select) = self.nearest_select(option)
            && let Some(shown) = self.enabled_selectedcontent(select)
            && self.is_selected(select, option)
        {
            self.show(option, shown);
        }
    }

    /// "Get a select's enabled selectedcontent": the first one, unless it is disabled.
    fn enabled_selectedcontent(&mut self, select: u32) -> Option<u32> {
        if self.has(select, known::MULTIPLE) {
            return None;
        }
        self.link_all();
        let mut at = select;
        loop {
            at = self.following(select, at, true)?;
            if self.is_html(at, known::SELECTEDCONTENT) {
                break;
            }
        }
        // It is disabled inside an option, inside another `selectedcontent`, and if a `select` is inside a `select`.
        let outer = self.ancestor(select, known::SELECT);
        let inside = [known::OPTION, known::SELECTEDCONTENT].map(|name| self.ancestor(at, name));
        let is_nearest = self.ancestor(at, known::SELECT) == Some(select);
        (outer.is_none() && is_nearest && inside == [None; 2]).then_some(at)
    }

    /// "Clone an option into a selectedcontent."
    fn show(&mut self, option: u32, shown: u32) {
        let holder = self.push_detached(Node { kind: Kind::Fragment, ..self.dom.nodes[option as usize] });
        self.copy_children(option, holder);
        while let Some(child) = self.first_child(shown) {
            self.work.look(1);
            self.detach(child);
        }
        self.move_children(holder, shown);
    }

    /// Appends copies of everything below one node to another one. The copy of a `selectedcontent` stays empty, because
    /// only the first `selectedcontent` of a `select` has content.
    fn copy_children(&mut self, from: u32, to: u32) {
        let mut pending = Vec::new();
        let mut next = (from, to);
        loop {
            let (from, to) = next;
            let mut child = self.last_child(from);
            while let Some(at) = child {
                pending.push((at, to));
                child = self.previous(at);
            }
            let Some((original, parent)) = pending.pop() else { return };
            // The budget also ends a loop that would not end otherwise.
            self.work.element();
            if self.work.is_exceeded() {
                return;
            }
            // The `end` of an open node has another meaning (`OPEN`), so it is not copied.
            let copy = self.push_detached(Node { end: 0, ..self.dom.nodes[original as usize] });
            self.attach_last(parent, copy);
            let is_shown = self.is_html(original, known::SELECTEDCONTENT);
            next = (if is_shown { copy } else { original }, copy);
        }
    }

    /// Whether an option that has just been closed is the selected one.
    fn is_selected(&mut self, select: u32, option: u32) -> bool {
        if !self.has(option, known::SELECTED) {
            // Nearly all options neither have `selected` nor are the first one. This check is quick for them.
            let first = self.options(select, |it, at| !it.is_disabled(select, at));
            if first != Some(option) {
                return false;
            }
        }
        self.selected_option(select) == Some(option)
    }

    /// Returns the option whose selectedness is true: the last one with `selected`. If there is none and the display
    /// size is 1, it is the first one that is not disabled ("the selectedness setting algorithm").
    fn selected_option(&mut self, select: u32) -> Option<u32> {
        let (mut last, mut first) = (None, None);
        self.options(select, |it, at| {
            if it.has(at, known::SELECTED) {
                last = Some(at);
            } else if first.is_none() && !it.is_disabled(select, at) {
                first = Some(at);
            }
            false
        });
        last.or_else(|| first.filter(|_| self.display_size(select) == 1))
    }

    /// Returns the first wanted option in "the list of options" of a `select`.
    fn options(&mut self, select: u32, mut is_it: impl FnMut(&Self, u32) -> bool) -> Option<u32> {
        self.link_all();
        let mut next = self.following(select, select, true);
        while let Some(at) = next {
            let is_option = self.is_html(at, known::OPTION);
            if is_option && is_it(self, at) {
                return Some(at);
            }
            let is_closed = is_option
                || [known::SELECT, known::HR, known::DATALIST].iter().any(|name| self.is_html(at, *name))
                || self.is_html(at, known::OPTGROUP) && self.ancestor_below(at, known::OPTGROUP, select).is_some();
            next = self.following(select, at, !is_closed);
        }
        None
    }

    /// "The option element nearest ancestor select."
    fn nearest_select(&self, option: u32) -> Option<u32> {
        let mut groups = 0;
        let mut at = option;
        loop {
            at = self.parent(at)?;
            if self.is_html(at, known::SELECT) {
                return Some(at);
            }
            groups += u32::from(self.is_html(at, known::OPTGROUP));
            if groups > 1 || [known::OPTION, known::HR, known::DATALIST].iter().any(|name| self.is_html(at, *name)) {
                return None;
            }
        }
    }

    /// "An option element is disabled": it is disabled itself, or its group is.
    fn is_disabled(&self, select: u32, option: u32) -> bool {
        let group = self.ancestor_below(option, known::OPTGROUP, select);
        self.has(option, known::DISABLED) || group.is_some_and(|group| self.has(group, known::DISABLED))
    }

    /// Returns "the display size" of a `select` without `multiple`, by "the rules for parsing non-negative integers".
    fn display_size(&self, select: u32) -> u32 {
        let size = self.attribute(self.attributes_of(select), known::SIZE).unwrap_or("").trim_ascii_start();
        let size = size.strip_prefix('+').unwrap_or(size);
        let digits = size.bytes().take_while(u8::is_ascii_digit);
        let size = digits.fold(0_u32, |size, digit| size.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
        size.max(1)
    }

    fn has(&self, node: u32, name: Name) -> bool {
        self.attribute(self.attributes_of(node), name).is_some()
    }

    pub(super) fn is_html(&self, node: u32, name: Name) -> bool {
        let node = &self.dom.nodes[node as usize];
        node.name == name && node.kind == Kind::Element && node.namespace == Namespace::Html
    }

    /// Returns the parent of a node in its tree. The content of a template is a separate tree.
    fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.dom.nodes[node as usize].parent;
        (node != 0 && parent != NONE && self.dom.nodes[parent as usize].kind != Kind::Fragment).then_some(parent)
    }

    fn ancestor(&self, node: u32, name: Name) -> Option<u32> {
        self.ancestor_below(node, name, NONE)
    }

    /// Returns the nearest ancestor with this name that is below `limit`.
    fn ancestor_below(&self, node: u32, name: Name, limit: u32) -> Option<u32> {
        let mut at = node;
        loop {
            at = self.parent(at).filter(|parent| *parent != limit)?;
            if self.is_html(at, name) {
                return Some(at);
            }
        }
    }

    /// Returns the next node after `at` in tree order below `root`. Visits the nodes below `at` only if `descend` is
    /// true. Skips the content of templates below `root`.
    pub(super) fn following(&mut self, root: u32, at: u32, descend: bool) -> Option<u32> {
        self.work.look(1);
        let is_inner_fragment = at != root && self.dom.nodes[at as usize].kind == Kind::Fragment;
        if descend
            && !is_inner_fragment
            && let Some(first) = self.first_child(at)
        {
            return Some(first);
        }
        let mut at = at;
        while at != root {
            if let Some(next) = self.next(at) {
                return Some(next);
            }
            at = self.dom.nodes[at as usize].parent;
        }
        None
    }
}
