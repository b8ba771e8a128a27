//! What sources make from the whole page.

use super::super::rules::{Root, Structured};
use super::super::{article, feed, page_links, structured, value};
use super::look::Page;
use crate::scrape::json::{self, Json};

/// Returns what a source makes from the page. `None` if there is nothing.
pub(super) fn made(page: &Page<'_>, root: &Root) -> Option<Json> {
    let (dom, links) = (page.dom(), &page.links);
    let made = match root {
        Root::Structured(Structured::JsonLd) => structured::json_ld(dom).list,
        Root::Structured(Structured::OpenGraph) => structured::open_graph(dom),
        Root::Structured(Structured::Microdata) => structured::microdata(dom, links).ok()?,
        Root::Structured(what @ (Structured::Published | Structured::Author)) => {
            let (json_ld, open_graph) = (structured::json_ld(dom).list, structured::open_graph(dom));
            let credit = if *what == Structured::Author { structured::author } else { structured::published };
            credit(dom, &json_ld, &open_graph).map(Json::from)?
        }
        Root::Links => Json::Array(page_links::page_links(dom, None, links).links),
        Root::Feed => match page.body {
            Some(json) => feed::json_feed(json, page.facts.final_url)?,
            None => feed::feed(page.document, page.facts.final_url)?,
        },
        Root::Article { markdown } => article::article(dom, links, *markdown).ok().flatten()?,
        Root::Const(scalar) => json::parse(&String::from_utf8(value::scalar(scalar)).ok()?).ok()?,
        Root::Fact(fact) => Some(page.facts.get(fact)).filter(|fact| *fact != Json::Null)?,
        Root::Css(_) | Root::XPath(_) | Root::Table(_) | Root::Body => return None,
    };
    let is_empty = match &made {
        Json::Array(values) => values.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    };
    (!is_empty).then_some(made)
}

/// Returns the key of a source in the settings.
pub(super) fn language(root: &Root) -> &'static str {
    match root {
        Root::Css(_) => "css",
        Root::XPath(_) => "xpath",
        Root::Table(_) => "table",
        Root::Body => "json",
        Root::Structured(_) => "structured",
        Root::Links => "links",
        Root::Feed => "feed",
        Root::Article { .. } => "article",
        Root::Const(_) => "const",
        Root::Fact(_) => "fact",
    }
}

/// Returns what a source makes, in words. `None` for a source that does not read the whole page.
pub(super) fn name(root: &Root) -> Option<&'static str> {
    Some(match root {
        Root::Structured(Structured::JsonLd) => "JSON-LD",
        Root::Structured(Structured::OpenGraph) => "OpenGraph data",
        Root::Structured(Structured::Microdata) => "microdata",
        Root::Structured(Structured::Published) => "date of publication",
        Root::Structured(Structured::Author) => "author",
        Root::Links => "links",
        Root::Feed => "feed",
        Root::Article { .. } => "article",
        Root::Const(_) => "constant",
        Root::Fact(_) => "such fact",
        Root::Css(_) | Root::XPath(_) | Root::Table(_) | Root::Body => return None,
    })
}
