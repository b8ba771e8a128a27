//! What a source gives: texts, or values of JSON.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::super::plan::{Root, Selected, Source};
use super::super::selection::Take;
use super::super::warnings::Problem;
use super::super::xpath::{Found, XPath};
use super::super::{table, value};
use super::elements::Taken;
use super::{Failed, Hit, KEPT_HITS, Match, Run, Scope};
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
pub(super) type Flow = ControlFlow<Option<Failed>>;

impl<'a, 'o> Run<'a, 'o> {
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
            Root::Table(selected) => self.of_selected(selected, source, |run, at, _| {
                run.work.look_at(run.dom, at);
                let table::Rows { rows, too_many } = table::rows(run.dom, at);
                if too_many {
                    run.warn(Problem::TooMany, "more cells than a table may give; the rest is left out");
                }
                run.of_json(&Json::Array(rows), path, &mut found)
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
        found: &mut dyn FnMut(&mut Self, Match<'_>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let mut found = |run: &mut Self, matched: Match<'_>| match found(run, matched) {
            Ok(()) => Flow::Continue(()),
            Err(failure) => Flow::Break(Some(failure)),
        };
        let mut object = |run: &mut Self, inner: Scope<'_>| found(run, Match::Of(inner));
        let flow = match &source.root {
            Root::Css(selected) if source.json.is_none() => {
                let mut last = None;
                // Two branches may match the same element, which counts once.
                self.of_selected(selected, source, |run, at, _| {
                    if last.replace(at) == Some(at) { Flow::Continue(()) } else { object(run, Scope::Element(at)) }
                })
            }
            Root::XPath(xpath) if source.json.is_none() => {
                self.found(xpath, source, scope, |run, found| run.elements(found, source, &mut object))
            }
            _ => {
                let taken = Taken { trim: true, markdown: false };
                self.items(source, taken, scope, |run, item| match item {
                    Item::Json(json) => found(run, Match::Of(Scope::Json(json))),
                    Item::Text(_) => Flow::Continue(()),
                    Item::NotJson(text) => found(run, Match::NotJson(&text)),
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
        // A shortcut: on most pages, some selectors match nothing.
        if self.hits[selected.number].is_empty() {
            return self.can_work();
        }
        // The lists are put back at the end. Meanwhile nested objects, whose selectors have other numbers, use others.
        let mut hits = std::mem::take(&mut self.hits[selected.number]);
        let mut texts = std::mem::take(&mut self.nodes);
        let nodes: &[Hit] = self.in_document_order(selected, source.inside.as_ref(), &mut hits, &mut texts);
        let flow = nodes.iter().try_for_each(|&(at, take)| {
            self.can_work()?;
            found(self, at, take)
        });
        let flow = if flow.is_continue() { self.can_work() } else { flow };
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
        self.found(xpath, source, scope, |run, nodes| {
            let tree = run.xpath;
            if let (Found::Nodes(places), true) = (&nodes, taken.markdown || source.inside.is_some()) {
                return places.iter().try_for_each(|place| {
                    run.can_work()?;
                    let at = place.at();
                    let is_element = !place.is_attribute() && run.dom.node(at).is_element();
                    // Nothing is inside of a text or an attribute.
                    let fits = source
                        .inside
                        .as_ref()
                        .is_none_or(|inside| if is_element { run.fits(inside, at) } else { inside.has.is_none() });
                    if !fits {
                        return Flow::Continue(());
                    }
                    match is_element.then(|| run.take(&Take::OuterHtml, at, taken)).flatten() {
                        Some(text) => run.of_text(text, path, found),
                        None => run.of_string(tree.written(*place), taken, path, found),
                    }
                });
            }
            nodes.strings(tree).try_for_each(|text| run.of_string(text, taken, path, found))
        })
    }

    /// Calls `object` for each element of a result.
    fn elements(
        &mut self,
        found: Found<'_>,
        source: &'o Source,
        object: &mut impl FnMut(&mut Self, Scope<'_>) -> Flow,
    ) -> Flow {
        let Found::Nodes(places) = found else { return Flow::Continue(()) };
        places.into_iter().filter(|place| !place.is_attribute()).try_for_each(|place| {
            self.can_work()?;
            let at = place.at();
            let fits =
                self.dom.node(at).is_element() && source.inside.as_ref().is_none_or(|inside| self.fits(inside, at));
            if fits { object(self, Scope::Element(at)) } else { Flow::Continue(()) }
        })
    }

    /// Calls `then` with what an `XPath` expression finds.
    fn found(
        &mut self,
        xpath: &'o XPath,
        source: &'o Source,
        scope: Scope<'_>,
        then: impl FnOnce(&mut Self, Found<'a>) -> Flow,
    ) -> Flow {
        let element = match scope {
            // The document of a page of JSON has no elements.
            Scope::Page if self.body.is_none() => None,
            Scope::Element(at) => Some(at),
            Scope::Page | Scope::Json(_) => return Flow::Continue(()),
        };
        match xpath.select(self.xpath, element) {
            Ok(found) => {
                then(self, found)?;
                self.can_work()
            }
            Err(too_much) => {
                let message = format!("match `{}` for field `{}`: {too_much}", source.shown, self.path());
                Flow::Break(Some(Failure::new(FailureKind::TooLarge, Stage::Extract, message).into()))
            }
        }
    }

    /// Breaks if no work is left.
    fn can_work(&self) -> Flow {
        if self.work.is_done() { Flow::Break(Some(self.too_much_work().into())) } else { Flow::Continue(()) }
    }

    /// Gives a string of `XPath`, unless it is only white space and `trim` is on.
    fn of_string(
        &mut self,
        text: Cow<'_, str>,
        taken: Taken,
        path: Option<&'o JsonPath>,
        found: &mut impl FnMut(&mut Self, Item<'_>) -> Flow,
    ) -> Flow {
        if taken.trim && value::is_blank(&text) { Flow::Continue(()) } else { self.of_text(text, path, found) }
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
