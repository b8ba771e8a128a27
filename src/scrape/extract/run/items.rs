//! What a source gives: texts, or values of JSON.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::super::plan::{Root, Selected, Source};
use super::super::selection::Take;
use super::super::warnings::Problem;
use super::super::xpath::{Found, XPath};
use super::super::{table, value};
use super::elements::Taken;
use super::{Hit, KEPT_HITS, Run, Scope};
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::json::{self, Json, JsonPath};

/// One match of a source.
pub(super) enum Item<'i> {
    Text(Cow<'i, str>),
    Json(&'i Json),
    /// A text that must be JSON, but is not.
    NotJson(Cow<'i, str>),
}

/// Whether to go on. It breaks with `None` if there is enough, and with a failure of the page.
pub(super) type Flow = ControlFlow<Option<Failure>>;

impl<'o> Run<'_, 'o> {
    /// Calls `found` for each match of a source, in document order.
    pub(super) fn items(
        &mut self,
        source: &'o Source,
        taken: Taken,
        scope: Scope<'_>,
        mut found: impl FnMut(&mut Self, Item<'_>) -> Flow,
    ) -> Flow {
        let path = source.json.as_ref();
        match &source.root {
            Root::Css(selected) => self.of_selected(selected, source, |run, at, take| {
                match run.take(&selected.takes[take as usize], at, taken) {
                    Some(text) => run.of_text(text, path, &mut found),
                    None => Flow::Continue(()),
                }
            }),
            Root::Table(selected) => self.of_selected(selected, source, |run, at, _| match table::rows(run.dom, at) {
                Ok(rows) => run.of_json(&rows, path, &mut found),
                Err(too_many) => {
                    run.warn(Problem::TooMany, &too_many.to_string());
                    Flow::Continue(())
                }
            }),
            Root::XPath(xpath) => self.of_xpath(xpath, source, taken, scope, &mut found),
            Root::Body => match (scope, self.body) {
                (Scope::Json(json), _) | (Scope::Page, Some(json)) => self.of_json(json, path, &mut found),
                _ => Flow::Continue(()),
            },
            Root::Structured(_) | Root::Links | Root::Feed | Root::Article { .. } => {
                match self.whole(&source.root, scope) {
                    Some(json) => self.of_json(&json, path, &mut found),
                    None => Flow::Continue(()),
                }
            }
            Root::Const(json) => self.of_json(json, path, &mut found),
            Root::Fact(fact) => {
                let json = self.facts.get(fact);
                self.of_json(&json, path, &mut found)
            }
        }
    }

    /// Calls `found` for each element that an `each` matches, or for each value of JSON.
    pub(super) fn matches(
        &mut self,
        source: &'o Source,
        scope: Scope<'_>,
        found: &mut dyn FnMut(&mut Self, Scope<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut object = |run: &mut Self, inner: Scope<'_>| match found(run, inner) {
            Ok(()) => Flow::Continue(()),
            Err(failure) => Flow::Break(Some(failure)),
        };
        let flow = match &source.root {
            Root::Css(selected) if source.json.is_none() => {
                let mut last = None;
                // Two branches may match the same element, which counts once.
                self.of_selected(selected, source, |run, at, _| match last.replace(at) == Some(at) {
                    true => Flow::Continue(()),
                    false => object(run, Scope::Element(at)),
                })
            }
            Root::XPath(xpath) if source.json.is_none() => self.of_nodes(xpath, source, scope, &mut |run, node| {
                if let Found::Element(at) = node { object(run, Scope::Element(at)) } else { Flow::Continue(()) }
            }),
            _ => {
                let taken = Taken { trim: true, markdown: false };
                self.items(source, taken, scope, |run, item| match item {
                    Item::Json(json) => object(run, Scope::Json(json)),
                    Item::Text(_) => Flow::Continue(()),
                    Item::NotJson(text) => {
                        run.warn(Problem::BadValue, &text);
                        Flow::Continue(())
                    }
                })
            }
        };
        match flow {
            Flow::Break(Some(failure)) => Err(failure),
            Flow::Break(None) | Flow::Continue(()) => Ok(()),
        }
    }

    /// Calls `found` for each node that a CSS selector gives.
    fn of_selected(
        &mut self,
        selected: &'o Selected,
        source: &'o Source,
        mut found: impl FnMut(&mut Self, u32, u32) -> Flow,
    ) -> Flow {
        // The lists are put back at the end. Meanwhile nested objects, whose selectors have other numbers, use others.
        let mut hits = std::mem::take(&mut self.hits[selected.number]);
        let mut texts = std::mem::take(&mut self.nodes);
        let nodes: &[Hit] = self.in_document_order(selected, source.inside.as_ref(), &mut hits, &mut texts);
        let flow = nodes.iter().try_for_each(|&(at, take)| found(self, at, take));
        hits.shrink_to(KEPT_HITS);
        self.hits[selected.number] = hits;
        self.nodes = texts;
        flow
    }

    fn of_xpath(
        &mut self,
        xpath: &'o XPath,
        source: &'o Source,
        taken: Taken,
        scope: Scope<'_>,
        found: &mut impl FnMut(&mut Self, Item<'_>) -> Flow,
    ) -> Flow {
        let path = source.json.as_ref();
        self.of_nodes(xpath, source, scope, &mut |run, node| {
            let text = match node {
                Found::Text(text) if taken.trim && value::is_blank(&text) => return Flow::Continue(()),
                Found::Text(text) => text,
                Found::Element(at) => match run.take(&Take::OuterHtml, at, taken) {
                    Some(text) => text,
                    None => return Flow::Continue(()),
                },
            };
            run.of_text(text, path, found)
        })
    }

    /// Calls `found` for each node or text that an XPath expression gives.
    fn of_nodes(
        &mut self,
        xpath: &'o XPath,
        source: &'o Source,
        scope: Scope<'_>,
        found: &mut impl FnMut(&mut Self, Found<'_>) -> Flow,
    ) -> Flow {
        let element = match scope {
            Scope::Page => None,
            Scope::Element(at) => Some(at),
            Scope::Json(_) => return Flow::Continue(()),
        };
        let nodes = match xpath.select(self.dom, element) {
            Ok(nodes) => nodes,
            Err(too_much) => {
                let message = format!("match `{}` for field `{}`: {too_much}", source.shown, self.path());
                return Flow::Break(Some(Failure::new(FailureKind::TooLarge, Stage::Extract, message)));
            }
        };
        nodes.into_iter().try_for_each(|node| match (&node, &source.inside) {
            (Found::Element(at), Some(inside)) if !self.fits(inside, *at) => Flow::Continue(()),
            _ => found(self, node),
        })
    }

    /// Gives a text, or what a path selects in a text that is JSON.
    fn of_text(
        &mut self,
        text: Cow<'_, str>,
        path: Option<&'o JsonPath>,
        found: &mut impl FnMut(&mut Self, Item<'_>) -> Flow,
    ) -> Flow {
        if path.is_none() {
            return found(self, Item::Text(text));
        }
        match json::parse(&text) {
            Ok(json) => self.of_json(&json, path, found),
            Err(_) => found(self, Item::NotJson(text)),
        }
    }

    /// Gives a value of JSON, or what a path selects in it.
    fn of_json(
        &mut self,
        json: &Json,
        path: Option<&'o JsonPath>,
        found: &mut impl FnMut(&mut Self, Item<'_>) -> Flow,
    ) -> Flow {
        let Some(path) = path else { return found(self, Item::Json(json)) };
        match path.select(json) {
            Ok(values) => values.into_iter().try_for_each(|json| found(self, Item::Json(json))),
            Err(too_many) => {
                self.warn(Problem::TooMany, &too_many.to_string());
                Flow::Continue(())
            }
        }
    }
}
