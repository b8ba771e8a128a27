//! When a page was published, and by whom, as the page says it.

use crate::scrape::document::{Dom, known};
use crate::scrape::json::Json;

/// The keys whose values are further subjects of a page in JSON-LD.
const CONTAINERS: [&str; 2] = ["@graph", "mainEntity"];

/// Returns when the page was published, as it is written. These are asked in turn:
///
/// 1. JSON-LD: `datePublished` of the first article, else of the first object that has it
/// 2. `OpenGraph`: `article:published_time`, `og:published_time`
/// 3. `<meta name="date">` and other names that sites use for it
/// 4. the first `<time datetime>` in an `<article>`, else in the page
pub(in crate::scrape::extract) fn published(dom: &Dom, json_ld: &Json, open_graph: &Json) -> Option<String> {
    const NAMES: [&str; 6] = ["date", "pubdate", "publishdate", "dc.date", "dc.date.issued", "dcterms.date"];
    from_json_ld(json_ld, |subject| date(subject.get("datePublished")?))
        .or_else(|| property(open_graph, &["article:published_time", "og:published_time"]))
        .or_else(|| named_meta(dom, &NAMES))
        .or_else(|| time(dom))
}

/// Returns who wrote the page. Several names are joined by `, `. These are asked in turn:
///
/// 1. JSON-LD: `author` of the first article, else of the first object that has it. An author is a name, an object with
///    a `name`, or a reference by `@id` to such an object
/// 2. `OpenGraph`: `article:author`, `book:author`, if they are names and not addresses of profiles
/// 3. `<meta name="author">` and other names that sites use for it
pub(in crate::scrape::extract) fn author(dom: &Dom, json_ld: &Json, open_graph: &Json) -> Option<String> {
    const NAMES: [&str; 4] = ["author", "dc.creator", "dcterms.creator", "byl"];
    from_json_ld(json_ld, |subject| names(json_ld, subject.get("author")?))
        .or_else(|| property(open_graph, &["article:author", "book:author"]))
        .or_else(|| named_meta(dom, &NAMES))
}

/// Asks the articles of a page in document order, then its other subjects.
fn from_json_ld(json_ld: &Json, ask: impl Fn(&Json) -> Option<String>) -> Option<String> {
    let subjects = subjects(json_ld);
    let (articles, others): (Vec<&Json>, Vec<&Json>) = subjects.into_iter().partition(|subject| is_article(subject));
    articles.into_iter().chain(others).find_map(ask)
}

/// Returns the objects that a page describes: those at the top, and those in their `@graph` and `mainEntity`.
fn subjects(json_ld: &Json) -> Vec<&Json> {
    let mut subjects = Vec::new();
    let mut open = vec![json_ld];
    while let Some(json) = open.pop() {
        match json {
            Json::Array(values) => open.extend(values.iter().rev()),
            Json::Object(_) => {
                subjects.push(json);
                open.extend(CONTAINERS.iter().rev().filter_map(|key| json.get(key)));
            }
            _ => {}
        }
    }
    subjects
}

/// Whether a `@type` is one of the articles of schema.org: `NewsArticle`, `BlogPosting`, `http://schema.org/Report`.
fn is_article(subject: &Json) -> bool {
    let is_one = |kind: &Json| {
        let Json::String(kind) = kind else { return false };
        ["Article", "Posting", "Report"].iter().any(|end| kind.ends_with(end))
    };
    match subject.get("@type") {
        Some(Json::Array(kinds)) => kinds.iter().any(is_one),
        kind => kind.is_some_and(is_one),
    }
}

fn date(json: &Json) -> Option<String> {
    match json {
        Json::Array(values) => values.iter().find_map(date),
        // `{"@type": "Date", "@value": ".."}`
        Json::Object(_) => text(json.get("@value")?),
        _ => text(json),
    }
}

fn text(json: &Json) -> Option<String> {
    let Json::String(text) = json else { return None };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns the names of one or several authors.
fn names(json_ld: &Json, author: &Json) -> Option<String> {
    let name = |author: &Json| match author {
        Json::Object(_) => {
            let named = author.get("name").and_then(date);
            named.or_else(|| text(with_id(json_ld, author.get("@id")?)?.get("name")?))
        }
        _ => text(author),
    };
    let mut names: Vec<String> = match author {
        Json::Array(authors) => authors.iter().filter_map(name).collect(),
        _ => name(author).into_iter().collect(),
    };
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Finds the object with this `@id` that has a name.
fn with_id<'j>(json_ld: &'j Json, id: &Json) -> Option<&'j Json> {
    let is_it = |subject: &&Json| subject.get("@id") == Some(id) && subject.get("name").is_some();
    subjects(json_ld).into_iter().find(is_it)
}

/// Returns the first of these properties that has a value which is not an address.
fn property(open_graph: &Json, names: &[&str]) -> Option<String> {
    let usable = |json: &Json| text(json).filter(|it| !it.starts_with("http://") && !it.starts_with("https://"));
    names.iter().find_map(|name| match open_graph.get(name)? {
        Json::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(usable).collect();
            (!values.is_empty()).then(|| values.join(", "))
        }
        value => usable(value),
    })
}

/// Returns the content of the first `<meta>` with one of these names, in the order of the names.
fn named_meta(dom: &Dom, names: &[&str]) -> Option<String> {
    let metas: Vec<u32> = dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(known::META)).collect();
    let content = |name: &&str| {
        let is_named =
            |at: &&u32| dom.attribute(**at, known::NAME).is_some_and(|it| it.trim().eq_ignore_ascii_case(name));
        let contents = metas.iter().filter(is_named).filter_map(|at| dom.attribute(*at, known::CONTENT));
        contents.map(str::trim).find(|content| !content.is_empty()).map(str::to_owned)
    };
    names.iter().find_map(content)
}

fn time(dom: &Dom) -> Option<String> {
    let first_in = |range| {
        let times = dom.elements(range).filter(|at| dom.node(*at).is_html(known::TIME));
        let dates = times.filter_map(|at| dom.attribute(at, known::DATETIME)).map(str::trim);
        dates.filter(|date| !date.is_empty()).map(str::to_owned).next()
    };
    let article = dom.elements(dom.whole()).find(|at| dom.node(*at).is_html(known::ARTICLE));
    article.and_then(|at| first_in(dom.subtree(at))).or_else(|| first_in(dom.whole()))
}
