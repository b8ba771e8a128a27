//! Counts the text of each element.

use super::Kept;
use crate::scrape::document::{Dom, Namespace, known};
use crate::scrape::extract::markdown::look;

/// Running text comes in long blocks. Shorter blocks than this count less.
const LONG_BLOCK: u32 = 80;

/// The counts of one node and everything below it. A character that stands for a syllable or a word counts as three.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measure {
    /// Characters, without white space.
    pub(super) text: u32,
    /// Characters in links to other pages.
    pub(super) link: u32,
    /// Characters in blocks of running text.
    pub(super) running: u32,
    /// Characters that belong to the block that contains this node, and those of them in links.
    inline: u32,
    inline_link: u32,
    /// Whether there is a heading that is a link as a whole.
    has_linked_heading: bool,
    /// The number of links.
    pub(super) links: u32,
    /// The number of fields to fill in, whether they are kept or not.
    pub(super) fields: u32,
}

impl Measure {
    /// Whether more than this many percent of the text are in links.
    pub(super) fn is_linked(&self, percent: u32) -> bool {
        u64::from(self.link) * 100 > u64::from(self.text) * u64::from(percent)
    }
}

/// The counts of all nodes.
pub(super) struct Measures(Vec<Measure>);

impl Measures {
    pub(super) fn of(dom: &Dom, kept: &Kept) -> Self {
        let mut all = vec![Measure::default(); dom.nodes().len()];
        for at in (1..dom.whole().end).rev() {
            let mut its = all[at as usize];
            let node = dom.node(at);
            let parent = node.parent() as usize;
            its.fields += u32::from(is_field(dom, at));
            all[parent].fields += its.fields;
            if !kept.contains(at) {
                continue;
            }
            if node.is_text() {
                its.text = weight(dom.text(at));
                its.inline = its.text;
            } else if node.is_element() && node.namespace() == Namespace::Html {
                its.complete(dom, at);
            }
            all[at as usize] = its;
            let parent = &mut all[parent];
            parent.text += its.text;
            parent.link += its.link;
            parent.running += its.running;
            parent.inline += its.inline;
            parent.inline_link += its.inline_link;
            parent.links += its.links;
            parent.has_linked_heading |= its.has_linked_heading;
        }
        Self(all)
    }

    pub(super) fn at(&self, at: u32) -> Measure {
        self.0[at as usize]
    }
}

impl Measure {
    /// Adds what the element itself says, after everything below it was added.
    fn complete(&mut self, dom: &Dom, at: u32) {
        let name = dom.node(at).name();
        if name == known::A {
            let leads_away = dom.attribute(at, known::HREF).is_some_and(|href| !href.trim_ascii().starts_with('#'));
            if leads_away {
                (self.link, self.inline_link, self.running) = (self.text, self.inline, 0);
                self.links += 1;
            }
        }
        if !look::is_block(name) {
            return;
        }
        let plain = self.inline - self.inline_link;
        if self.inline > 0 && plain * 2 > self.inline {
            self.running += if plain >= LONG_BLOCK { plain } else { plain * plain / LONG_BLOCK };
        }
        (self.inline, self.inline_link) = (0, 0);
        let is_heading = matches!(name, known::H1 | known::H2 | known::H3 | known::H4 | known::H5 | known::H6);
        if is_heading && self.text > 0 && self.is_linked(90) {
            self.has_linked_heading = true;
        }
        // A preview of another page: a linked heading with a short text. All of it is like a link.
        let is_preview = matches!(name, known::DIV | known::LI | known::ARTICLE | known::SECTION)
            && self.has_linked_heading
            && self.text < 400;
        if is_preview {
            (self.link, self.running) = (self.text, 0);
        }
    }
}

/// Whether an element asks the reader for something, such as a mail address.
fn is_field(dom: &Dom, at: u32) -> bool {
    let node = dom.node(at);
    if node.is_html(known::INPUT) {
        let kind = dom.attribute(at, known::TYPE).unwrap_or("text");
        return !["checkbox", "radio", "hidden", "image"].iter().any(|other| kind.eq_ignore_ascii_case(other));
    }
    node.is_html(known::TEXTAREA)
}

/// Counts characters.
pub(super) fn weight(text: &str) -> u32 {
    let mut sum = 0_u32;
    for char in text.chars() {
        sum += match char {
            '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}' => {
                3
            }
            _ => u32::from(!char.is_whitespace()),
        };
    }
    sum
}
