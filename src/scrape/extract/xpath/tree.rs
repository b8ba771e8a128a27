//! A document as `XPath` sees it: places, string values, and the work that a page may take.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::ops::Range;

use crate::scrape::document::{Attribute, Dom, Kind};

/// The work that the expressions of a page may take: some for every page, and some for each node. A unit is a node that
/// is visited, or some bytes that are copied.
const WORK: u64 = 20_000_000;
const WORK_OF_A_NODE: u64 = 1_000;

/// The bytes of a string that cost one unit of work.
const BYTES_OF_A_UNIT: usize = 4;

/// An expression visits so many nodes that the page is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the expression takes too much work on this page")]
pub(in crate::scrape::extract) struct TooMuchWork;

/// A node of `XPath`'s data model: a node of the document, or an attribute.
///
/// The order of places is `XPath`'s document order: an element, its attributes, what is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::scrape::extract) struct Place {
    at: u32,
    /// 0 for the node itself, and otherwise the number of its attribute, from 1.
    attribute: u32,
}

impl Place {
    pub(super) fn node(at: u32) -> Self {
        Self { at, attribute: 0 }
    }

    pub(super) fn nth_attribute(at: u32, nth: u32) -> Self {
        Self { at, attribute: nth + 1 }
    }

    /// Returns the place of the node in the document. For an attribute, this is its element.
    pub(in crate::scrape::extract) fn at(self) -> u32 {
        self.at
    }

    pub(in crate::scrape::extract) fn is_attribute(self) -> bool {
        self.attribute > 0
    }

    pub(super) fn attribute(self, dom: &Dom) -> Option<&Attribute> {
        let nth = self.attribute.checked_sub(1)?;
        Some(&dom.attributes(self.at)[nth as usize])
    }
}

/// A document in which expressions are evaluated, and what they learnt about it. One is made for each page, so that all
/// expressions of a page share its work.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Tree<'d> {
    pub(super) dom: &'d Dom,
    work: Cell<u64>,
    /// For each node, the sibling before it, of any kind, or 0.
    previous: OnceCell<Vec<u32>>,
    /// The contents of the outermost templates, in document order.
    templates: OnceCell<Vec<Range<u32>>>,
}

impl<'d> Tree<'d> {
    pub(in crate::scrape::extract) fn new(dom: &'d Dom) -> Self {
        Self::with_work(dom, WORK + WORK_OF_A_NODE * dom.nodes().len() as u64)
    }

    /// Makes a tree whose expressions may take this much work.
    pub(super) fn with_work(dom: &'d Dom, work: u64) -> Self {
        Self { dom, work: Cell::new(work), previous: OnceCell::new(), templates: OnceCell::new() }
    }

    /// Returns how much work is left.
    #[cfg(test)]
    pub(super) fn work_left(&self) -> u64 {
        self.work.get()
    }

    /// Does some work, if there is any left.
    #[inline]
    pub(super) fn work(&self, units: usize) -> Result<(), TooMuchWork> {
        let left = self.work.get().checked_sub(units as u64).ok_or(TooMuchWork)?;
        self.work.set(left);
        Ok(())
    }

    /// Does the work of copying a string.
    pub(super) fn copy(&self, bytes: usize) -> Result<(), TooMuchWork> {
        self.work(1 + bytes / BYTES_OF_A_UNIT)
    }

    /// Returns the root element, or the document node if there is none.
    pub(super) fn root_element(&self) -> u32 {
        self.dom.children(0).find(|at| self.dom.node(*at).is_element()).unwrap_or(0)
    }

    /// Whether a node of the document is a node for `XPath`. Document types are not, nor is the content of a template,
    /// which is not part of the document for CSS either. Texts next to each other are one node: the first of them.
    #[inline]
    pub(super) fn is_visible(&self, at: u32) -> bool {
        match self.dom.node(at).kind() {
            Kind::Element | Kind::Comment | Kind::Instruction | Kind::Document => true,
            Kind::Text => !self.continues(at),
            Kind::Doctype | Kind::Fragment => false,
        }
    }

    /// Whether the text at `at` stands directly after another one.
    fn continues(&self, at: u32) -> bool {
        let (before, node) = (self.dom.node(at - 1), self.dom.node(at));
        before.is_text() && before.parent() == node.parent()
    }

    /// Returns the sibling before a node, of any kind.
    pub(super) fn previous(&self, at: u32) -> Option<u32> {
        let previous = self.previous.get_or_init(|| {
            let mut previous = vec![0; self.dom.nodes().len()];
            for at in self.dom.whole() {
                if let Some(next) = self.dom.next_sibling(at) {
                    previous[next as usize] = at;
                }
            }
            previous
        });
        Some(previous[at as usize]).filter(|previous| *previous > 0)
    }

    /// Returns the content of the outermost template around a node: the place of its fragment.
    pub(super) fn template_around(&self, at: u32) -> Option<u32> {
        let templates = self.templates.get_or_init(|| {
            let mut found: Vec<Range<u32>> = Vec::new();
            for at in self.dom.whole().filter(|at| self.dom.node(*at).kind() == Kind::Fragment) {
                if found.last().is_none_or(|last| last.end <= at) {
                    found.push(self.dom.subtree(at));
                }
            }
            found
        });
        let nth = templates.partition_point(|template| template.start <= at).checked_sub(1)?;
        Some(templates[nth].start).filter(|_| at < templates[nth].end)
    }

    /// Returns the string value of a node (`XPath` 1.0, section 5).
    pub(super) fn string_value(&self, place: Place) -> Result<Cow<'d, str>, TooMuchWork> {
        if let Some(attribute) = place.attribute(self.dom) {
            return Ok(Cow::Borrowed(self.dom.value(attribute)));
        }
        match self.dom.node(place.at).kind() {
            Kind::Element | Kind::Document | Kind::Fragment => self.text_below(place.at),
            Kind::Text => Ok(self.joined(place.at)),
            Kind::Instruction => {
                let text = self.dom.text(place.at);
                Ok(Cow::Borrowed(text.split_once(' ').map_or("", |(_, data)| data)))
            }
            Kind::Comment | Kind::Doctype => Ok(Cow::Borrowed(self.dom.text(place.at))),
        }
    }

    /// Returns a text, joined with those that stand directly after it.
    fn joined(&self, at: u32) -> Cow<'d, str> {
        let mut text = Cow::Borrowed(self.dom.text(at));
        for next in at + 1..self.dom.whole().end {
            if !self.dom.node(next).is_text() || !self.continues(next) {
                break;
            }
            text.to_mut().push_str(self.dom.text(next));
        }
        text
    }

    fn text_below(&self, at: u32) -> Result<Cow<'d, str>, TooMuchWork> {
        self.work(self.dom.descendants(at).len())?;
        let mut texts = self.dom.texts(self.dom.descendants(at));
        let Some(first) = texts.next() else { return Ok(Cow::Borrowed("")) };
        let Some(second) = texts.next() else { return Ok(Cow::Borrowed(first)) };
        let mut all = [first, second].concat();
        for text in texts {
            all.push_str(text);
        }
        self.copy(all.len())?;
        Ok(Cow::Owned(all))
    }

    /// Returns what parsel gives for a node: the markup of an element or comment, the text of a text, the value of an
    /// attribute.
    pub(in crate::scrape::extract) fn written(&self, place: Place) -> Cow<'d, str> {
        if let Some(attribute) = place.attribute(self.dom) {
            return Cow::Borrowed(self.dom.value(attribute));
        }
        match self.dom.node(place.at).kind() {
            Kind::Text => self.joined(place.at),
            _ => Cow::Owned(self.dom.outer_html(place.at)),
        }
    }
}
