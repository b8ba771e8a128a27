//! The list of active formatting elements (13.2.4.3).

use super::open_elements::OPEN;
use super::{Construction, NONE, Run, Tag};
use crate::scrape::document::{Attribute, Name, Namespace, known};

/// An entry of the list. It is a marker, or an element with the data to create it again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// The element, or `NONE` for a marker.
    pub(super) node: u32,
    pub(super) name: Name,
    pub(super) attributes: Run,
}

impl Format {
    const MARKER: Self = Self { node: NONE, name: known::A, attributes: Run::EMPTY };

    pub(super) fn is_marker(&self) -> bool {
        self.node == NONE
    }
}

/// The largest number of equal entries after the last marker: the "Noah's Ark clause".
const ALIKE: usize = 3;

/// The cost of sorting one attribute, in looks at an attribute.
const SORTING: usize = 16;

impl Construction<'_> {
    pub(super) fn push_marker(&mut self) {
        self.lists.formats.push(Format::MARKER);
    }

    /// "Clear the list of active formatting elements up to the last marker."
    pub(super) fn clear_formats_to_marker(&mut self) {
        while self.lists.formats.pop().is_some_and(|format| !format.is_marker()) {}
    }

    /// Returns the position of a node's entry.
    pub(super) fn format_of(&mut self, node: u32) -> Option<usize> {
        let at = self.lists.formats.iter().rposition(|format| format.node == node);
        self.work.look(self.lists.formats.len() - at.unwrap_or(0));
        at
    }

    /// Returns the last entry after the last marker that meets a condition.
    pub(super) fn last_format(&mut self, is_it: impl Fn(&Format) -> bool) -> Option<usize> {
        let mut looks = 0;
        let mut entries = self.lists.formats.iter().enumerate().rev().take_while(|(_, format)| !format.is_marker());
        let found = entries.find(|(_, format)| {
            looks += 1;
            is_it(format)
        });
        let at = found.map(|(at, _)| at);
        self.work.look(looks);
        at
    }

    /// Inserts an element for a start tag and "pushes it onto the list of active formatting elements".
    pub(super) fn insert_formatting(&mut self, tag: Tag) {
        let mut alike = 0;
        let mut earliest = 0;
        for at in (0..self.lists.formats.len()).rev() {
            let format = self.lists.formats[at];
            if format.is_marker() {
                break;
            }
            self.work.look(1);
            if format.name == tag.name && self.have_same_attributes(format.attributes, tag.attributes) {
                alike += 1;
                earliest = at;
            }
        }
        if alike >= ALIKE {
            self.lists.formats.remove(earliest);
        }
        self.insert_html(tag);
        let node = self.current().node;
        self.lists.formats.push(Format { node, name: tag.name, attributes: tag.attributes });
    }

    /// Whether two tags have the same attributes, in any order.
    fn have_same_attributes(&mut self, one: Run, other: Run) -> bool {
        if one.length != other.length {
            return false;
        }
        let [one, other] = [one, other].map(|run| &self.dom.attributes[run.start as usize..run.end() as usize]);
        let have_same_names = |(one, other): (&Attribute, &Attribute)| one.name == other.name;
        if one.iter().zip(other).all(have_same_names) {
            self.work.look(one.len());
            return one.iter().zip(other).all(|(one, other)| self.value(one) == self.value(other));
        }
        self.work.look(SORTING * one.len());
        let [one, other] = [one, other].map(|attributes| {
            let mut sorted: Vec<_> = attributes.iter().map(|it| (it.name.number(), self.value(it))).collect();
            sorted.sort_unstable();
            sorted
        });
        one == other
    }

    fn value(&self, attribute: &Attribute) -> &str {
        self.stretch(Run { start: attribute.start, length: attribute.length })
    }

    /// "Reconstruct the active formatting elements, if any."
    #[inline]
    pub(super) fn reconstruct_formats(&mut self) {
        if let Some(last) = self.lists.formats.last()
            && !self.is_marker_or_open(last)
        {
            self.reconstruct_closed_formats();
        }
    }

    fn is_marker_or_open(&self, format: &Format) -> bool {
        format.is_marker() || self.dom.nodes[format.node as usize].end == OPEN
    }

    #[cold]
    fn reconstruct_closed_formats(&mut self) {
        let formats = &self.lists.formats;
        // "Rewind" to the entry after the last one that is a marker or open.
        let first = formats.iter().rposition(|format| self.is_marker_or_open(format)).map_or(0, |at| at + 1);
        self.work.look(formats.len() - first);
        // "Advance" and "create".
        for at in first..self.lists.formats.len() {
            let Format { name, attributes, .. } = self.lists.formats[at];
            let open = self.insert_element(name, Namespace::Html, attributes);
            self.push(open);
            self.lists.formats[at].node = open.node;
        }
    }
}
