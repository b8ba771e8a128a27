//! What is made from the whole page: structured data, links, feeds, articles.

use std::rc::Rc;

use super::super::link::Links;
use super::super::page_links::PageLinks;
use super::super::plan::Root;
use super::super::rules::Structured;
use super::super::structured::{self, JsonLd, UnreadScript};
use super::super::warnings::Problem;
use super::super::{article, feed, page_links};
use super::{Run, Scope};
use crate::scrape::json::Json;

/// What is made from a whole page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scrape::extract) enum Whole {
    Structured(Structured),
    Links,
    Feed,
    Article { markdown: bool },
}

impl Run<'_, '_> {
    /// Returns what a source makes from the page, or from the element that an `each` selected. `None` if there is
    /// nothing.
    pub(super) fn whole(&mut self, root: &Root, scope: Scope<'_>) -> Option<Rc<Json>> {
        let what = match root {
            Root::Structured(what) => Whole::Structured(*what),
            Root::Links => Whole::Links,
            Root::Feed => Whole::Feed,
            Root::Article { markdown } => Whole::Article { markdown: *markdown },
            _ => return None,
        };
        if let Scope::Element(at) = scope {
            let links = self.links.filter(|_| what == Whole::Links)?;
            self.work.look_at(self.dom, at);
            return Some(Rc::new(self.page_links(Some(at), links)));
        }
        self.known(what)
    }

    /// Returns what is made from the page. It is made once.
    fn known(&mut self, what: Whole) -> Option<Rc<Json>> {
        if let Some((_, made)) = self.whole.iter().find(|(known, _)| *known == what) {
            return made.clone();
        }
        let made = self.make(what).map(Rc::new);
        self.whole.push((what, made.clone()));
        made
    }

    fn make(&mut self, what: Whole) -> Option<Json> {
        let links = self.links?;
        match what {
            Whole::Structured(what) => self.structured(what),
            Whole::Links => Some(self.page_links(None, links)),
            Whole::Feed => match self.body {
                Some(json) => feed::json_feed(json, self.facts.final_url),
                None => feed::feed(self.document, self.facts.final_url),
            },
            Whole::Article { markdown } => match article::article(self.dom, links, markdown) {
                Ok(article) => article,
                Err(too_large) => {
                    self.warn(Problem::TooMany, &too_large.to_string());
                    None
                }
            },
        }
    }
}

impl Run<'_, '_> {
    fn structured(&mut self, what: Structured) -> Option<Json> {
        let links = self.links?;
        match what {
            Structured::JsonLd => Some(self.json_ld()),
            Structured::OpenGraph => Some(structured::open_graph(self.dom)),
            Structured::Microdata => match structured::microdata(self.dom, links) {
                Ok(items) => Some(items),
                Err(too_large) => {
                    self.warn(Problem::TooMany, &too_large.to_string());
                    None
                }
            },
            Structured::Published | Structured::Author => {
                let json_ld = self.known(Whole::Structured(Structured::JsonLd))?;
                let open_graph = self.known(Whole::Structured(Structured::OpenGraph))?;
                let credit = if what == Structured::Author { structured::author } else { structured::published };
                credit(self.dom, &json_ld, &open_graph).map(Json::from)
            }
        }
    }

    fn page_links(&mut self, scope: Option<u32>, links: &Links) -> Json {
        let PageLinks { links, too_many } = page_links::page_links(self.dom, scope, links);
        if too_many {
            self.warn(Problem::TooMany, "more links than a page may give; the rest is left out");
        }
        Json::Array(links)
    }

    fn json_ld(&mut self) -> Json {
        let JsonLd { list, unread } = structured::json_ld(self.dom);
        for UnreadScript { text, error } in unread {
            self.warn(Problem::BadValue, &format!("{error}: {text}"));
        }
        list
    }
}
