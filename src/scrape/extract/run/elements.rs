//! The nodes that selectors match, and their texts.

use std::borrow::Cow;

use super::super::markdown::markdown;
use super::super::plan::{Inside, Selected};
use super::super::selection::Take;
use super::super::value;
use super::{Hit, KEPT_HITS, Run};

/// How texts are taken from elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Whether a text node that is only white space gives nothing.
    pub(super) trim: bool,
    /// Whether an element gives Markdown instead of its markup.
    pub(super) markdown: bool,
}

impl<'a> Run<'a, '_> {
    /// Returns the nodes that give the values, in document order: text nodes for `::text`, and elements otherwise.
    pub(super) fn in_document_order<'h>(
        &mut self,
        selected: &Selected,
        inside: Option<&Inside>,
        hits: &'h mut Vec<Hit>,
        texts: &'h mut Vec<Hit>,
    ) -> &'h mut Vec<Hit> {
        if let Some(inside) = inside {
            hits.retain(|(at, _)| self.fits(inside, *at));
        }
        let nodes = if selected.takes.contains(&Take::Text) {
            texts.clear();
            texts.shrink_to(KEPT_HITS);
            for &(at, take) in &*hits {
                if selected.takes[take as usize] == Take::Text {
                    let below = self.dom.children(at).filter(|at| self.dom.node(*at).is_text());
                    texts.extend(below.map(|text| (text, take)));
                } else {
                    texts.push((at, take));
                }
            }
            texts
        } else {
            hits
        };
        // Elements were found in document order. Their text nodes are out of order if matched elements nest.
        if !nodes.is_sorted() {
            nodes.sort_unstable();
        }
        nodes.dedup();
        let is_attribute = |take: &&Take| matches!(take, Take::Attribute(_));
        if selected.takes.iter().filter(is_attribute).count() > 1 {
            // Several attributes of one element come in the order of the page.
            nodes.sort_by_cached_key(|&(at, take)| {
                let place = match &selected.takes[take as usize] {
                    Take::Attribute(name) => name.of(self.dom, at).map(|(place, _)| place),
                    _ => None,
                };
                (at, place, take)
            });
        }
        nodes
    }

    /// Whether the selectors of `has` and `not` fit what is inside the element at `at`.
    pub(super) fn fits(&mut self, inside: &Inside, at: u32) -> bool {
        self.work.look_at(self.dom, at);
        // The page fails soon.
        if self.work.is_done() {
            return false;
        }
        let has = inside.has.as_ref().is_none_or(|scan| self.scanner.is_inside(at, scan));
        has && !inside.not.as_ref().is_some_and(|scan| self.scanner.is_inside(at, scan))
    }

    /// Returns the text that a node gives, if any.
    pub(super) fn take(&mut self, take: &Take, at: u32, taken: Taken) -> Option<Cow<'a, str>> {
        // What else reads an element gives so much text that its length is the limit.
        if *take == Take::TextContent || taken.markdown {
            self.work.look_at(self.dom, at);
        }
        match take {
            Take::Text => {
                let text = self.dom.text(at);
                (!taken.trim || !value::is_blank(text)).then_some(Cow::Borrowed(text))
            }
            Take::OuterHtml if taken.markdown => Some(markdown(self.dom, at, self.links).into()),
            Take::OuterHtml => Some(self.dom.outer_html(at).into()),
            Take::InnerHtml => Some(self.dom.inner_html(at).into()),
            Take::TextContent => Some(value::fold(self.dom.texts(self.dom.subtree(at))).into()),
            Take::Url => {
                let memory = std::mem::take(&mut self.spare);
                Some(self.links?.of_with(self.dom, at, memory)?.into())
            }
            Take::Attribute(name) => name.of(self.dom, at).map(|(_, value)| Cow::Borrowed(value)),
        }
    }
}
