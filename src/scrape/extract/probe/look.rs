//! Goes through rules, and finds what each of their sources matches.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use super::super::facts::PageFacts;
use super::super::link::Links;
use super::super::rules::{Fields, Root, Rule, Source};
use super::super::selection::{Selection, Take};
use super::super::value;
use super::super::xpath::{self, Found, XPath};
use super::places::Places;
use super::report::{FieldReport, Hint, MatchReport, SourceReport};
use super::{css, json as paths, whole};
use crate::model::FieldCount;
use crate::scrape::document::Dom;
use crate::scrape::json::{self, Json, JsonPath};
use crate::scrape::parse::Document;

/// The most fields of a report, and the most matches of a source that are shown.
const MOST_FIELDS: usize = 500;
const MOST_SHOWN: usize = 1_000;
/// The most matches of an `each` in which its fields are searched.
const MOST_SCOPES: usize = 1_000;
/// The most characters of a value, and the most bytes of all values together.
const LONGEST_VALUE: usize = 2_000;
const MOST_BYTES: usize = 4 << 20;
/// The most nodes whose texts are read.
const MOST_NODES: u64 = 20_000_000;

/// A page that was read.
pub(super) struct Page<'p> {
    pub(super) document: &'p Document,
    /// The page, if it is JSON.
    pub(super) body: Option<&'p Json>,
    pub(super) facts: &'p PageFacts<'p>,
    pub(super) links: Links,
    places: Places<'p>,
    /// The nodes that may still be read, and the bytes of values that may still be shown.
    nodes: Cell<u64>,
    bytes: Cell<usize>,
}

impl<'p> Page<'p> {
    pub(super) fn new(document: &'p Document, body: Option<&'p Json>, facts: &'p PageFacts<'p>) -> Self {
        let links = Links::of_document(&document.dom, facts.final_url);
        let places = Places::new(document);
        Self { document, body, facts, links, places, nodes: Cell::new(MOST_NODES), bytes: Cell::new(MOST_BYTES) }
    }

    pub(super) fn dom(&self) -> &'p Dom {
        &self.document.dom
    }

    /// Counts the values that a selector gives in the page, or inside of an element.
    pub(super) fn count_css(&self, scope: Option<u32>, text: &str) -> u64 {
        let Ok(selection) = Selection::parse(text) else { return 0 };
        let hits = css::select(self.dom(), &[scope], selection);
        hits.iter().map(|(at, take)| self.taken(*at, take).len() as u64).sum()
    }

    /// Returns the texts that are taken from an element, each with the place of its node.
    fn taken(&self, at: u32, take: &Take) -> Vec<(u32, String)> {
        let dom = self.dom();
        let subtree = dom.subtree(at);
        let Some(left) = self.nodes.get().checked_sub(u64::from(subtree.end - subtree.start)) else {
            return vec![(at, String::new())];
        };
        self.nodes.set(left);
        let text = match take {
            Take::Text => {
                let texts = dom.children(at).filter(|at| dom.node(*at).is_text());
                let texts = texts.filter(|at| !value::is_blank(dom.text(*at)));
                return texts.map(|at| (at, value::trim(dom.text(at).into()).into_owned())).collect();
            }
            Take::OuterHtml => Some(dom.outer_html(at)),
            Take::InnerHtml => Some(dom.inner_html(at)),
            Take::TextContent => Some(value::fold(dom.texts(dom.subtree(at)))),
            Take::Url => self.links.of(dom, at),
            Take::Attribute(name) => name.of(dom, at).map(|(_, value)| value.to_owned()),
        };
        let text = text.filter(|text| !value::is_blank(text));
        text.map(|text| (at, value::trim(text.into()).into_owned())).into_iter().collect()
    }

    /// Shortens a value, so that all values of a report together stay small.
    fn shortened(&self, text: &str) -> String {
        let end = text.char_indices().nth(LONGEST_VALUE).map_or(text.len(), |(end, _)| end);
        let Some(left) = self.bytes.get().checked_sub(end) else { return "…".to_owned() };
        self.bytes.set(left);
        if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
    }

    /// Describes a match: a node, and the text that it gives.
    fn node(&self, at: u32, text: &str) -> MatchReport {
        let dom = self.dom();
        let element = if dom.node(at).is_element() { at } else { dom.node(at).parent() };
        let position = self.places.position(element);
        let (line, column) = position.unzip();
        MatchReport { value: self.shortened(text), path: self.places.path(element), line, column }
    }

    fn json(&self, json: &Json, path: String) -> MatchReport {
        let mut written = Vec::new();
        json::value(&mut written, json);
        let value = self.shortened(&String::from_utf8_lossy(&written));
        MatchReport { value, path, line: None, column: None }
    }
}

/// What the fields of an object are made from.
#[derive(Clone)]
enum Scope<'s> {
    Page,
    Element(u32),
    /// A value of JSON, and its path.
    Json(&'s Json, String),
}

/// What a source gives.
enum Item<'i> {
    Node(u32, String),
    /// A value of JSON, and its path.
    Json(Cow<'i, Json>, String),
}

/// Looks for what rules find.
pub(super) struct Look<'l> {
    page: &'l Page<'l>,
    counts: HashMap<&'l str, FieldCount>,
    fields: Vec<FieldReport>,
}

impl<'l> Look<'l> {
    /// Goes through all fields. `counts` says how often each of them had a value.
    pub(super) fn through(
        page: &'l Page<'l>,
        rules: &Fields,
        counts: HashMap<&'l str, FieldCount>,
    ) -> Vec<FieldReport> {
        let mut look = Self { page, counts, fields: Vec::new() };
        look.fields(rules, "", &[Scope::Page]);
        look.fields
    }

    fn fields(&mut self, rules: &Fields, around: &str, scopes: &[Scope<'_>]) {
        for (name, rule) in rules {
            let path = if around.is_empty() { name.clone() } else { format!("{around}.{name}") };
            // Several rules of a field may make objects with the same fields.
            let known = self.fields.iter().position(|field| field.field == path);
            let number = known.unwrap_or(self.fields.len());
            if number >= MOST_FIELDS {
                return;
            }
            if known.is_none() {
                let FieldCount { values, empty, bad, .. } = self.counts.get(path.as_str()).copied().unwrap_or_default();
                self.fields.push(FieldReport { field: path.clone(), values, empty, bad, sources: Vec::new() });
            }
            self.rule(rule, number, &path, scopes);
        }
    }

    fn rule(&mut self, rule: &Rule, number: usize, path: &str, scopes: &[Scope<'_>]) {
        match rule {
            Rule::Value(rule) => self.source(&rule.source, number, scopes, None),
            Rule::FirstOf(first) => first.rules.iter().for_each(|rule| self.rule(rule, number, path, scopes)),
            Rule::Each(each) => self.source(&each.each, number, scopes, Some((&each.fields, path))),
        }
    }

    /// Adds what a source matches to the field. `inner`: the fields of its objects, and the path of the field.
    fn source(&mut self, source: &Source, number: usize, scopes: &[Scope<'_>], inner: Option<(&Fields, &str)>) {
        let (language, written) = written(source);
        let roots = self.roots(source, scopes);
        let items = match &source.json {
            None => roots,
            Some(path) => selected(&roots, path),
        };
        let shown = items.iter().take(MOST_SHOWN).map(|item| match item {
            Item::Node(at, text) => self.page.node(*at, text),
            Item::Json(json, path) => self.page.json(json, path.clone()),
        });
        let shown = shown.collect();
        let hint = if items.is_empty() { self.hint(source, scopes) } else { None };
        let report =
            SourceReport { language: language.to_owned(), source: written, matches: items.len() as u64, shown, hint };
        self.fields[number].sources.push(report);
        if let Some((fields, path)) = inner {
            let scopes: Vec<Scope<'_>> = items
                .iter()
                .take(MOST_SCOPES)
                .map(|item| match item {
                    Item::Node(at, _) => Scope::Element(*at),
                    Item::Json(json, path) => Scope::Json(json, path.clone()),
                })
                .collect();
            self.fields(fields, path, &scopes);
        }
    }

    /// Returns what the root of a source gives, before its path into JSON.
    fn roots<'s>(&self, source: &Source, scopes: &'s [Scope<'s>]) -> Vec<Item<'s>>
    where
        'l: 's,
    {
        let page = self.page;
        let elements = elements(page, scopes);
        match &source.root {
            Root::Css(text) | Root::Table(text) => {
                let Ok(selection) = Selection::parse(text) else { return Vec::new() };
                let hits = css::select(page.dom(), &elements, selection);
                let fits = css::fit(page.dom(), hits.iter().map(|(at, _)| *at), source);
                let hits = hits.iter().zip(fits).filter(|(_, fits)| *fits);
                hits.flat_map(|((at, take), _)| page.taken(*at, take)).map(|(at, text)| Item::Node(at, text)).collect()
            }
            Root::XPath(text) => {
                let found = elements.iter().flat_map(|scope| by_xpath(page.dom(), *scope, text));
                let found: Vec<(u32, String)> = found.collect();
                let fits = css::fit(page.dom(), found.iter().map(|(at, _)| *at), source);
                let found = found.into_iter().zip(fits).filter(|(_, fits)| *fits);
                found.map(|((at, text), _)| Item::Node(at, text)).collect()
            }
            Root::Body => scopes.iter().filter_map(|scope| body(page, scope)).collect(),
            root => {
                let made = scopes.first().and_then(|_| whole::made(page, root));
                made.map(|json| Item::Json(Cow::Owned(json), "$".to_owned())).into_iter().collect()
            }
        }
    }

    /// Explains why a source has no match. If nothing is around it, there is nothing to say.
    fn hint(&self, source: &Source, scopes: &[Scope<'_>]) -> Option<Hint> {
        let (page, first) = (self.page, scopes.first()?);
        let note = |text: String| Some(Hint { notes: vec![text], ..Hint::default() });
        let element = match first {
            Scope::Element(at) => Some(*at),
            Scope::Page | Scope::Json(..) => None,
        };
        let roots = self.roots(source, scopes);
        if let (Some(path), Some(root)) = (&source.json, roots.first()) {
            return match root {
                Item::Json(json, _) => paths::hint(json, path),
                Item::Node(_, text) => match json::parse(text) {
                    Ok(json) => paths::hint(&json, path),
                    Err(error) => note(format!("the text of the match is not JSON: {error}")),
                },
            };
        }
        match &source.root {
            Root::Css(_) | Root::XPath(_) | Root::Table(_) if page.body.is_some() => {
                note(format!("the page is JSON: use a path, such as {}", path_of(page.body?)))
            }
            Root::Css(text) | Root::Table(text) => {
                let conditions = || Some(unfit(source, page.count_css(element, text)));
                let hint = css::hint(page, element, text);
                hint.or_else(|| note(conditions()?))
            }
            Root::XPath(text) => super::xpath::hint(page, element, text),
            Root::Body if page.body.is_none() => {
                let what = if page.dom().is_xml() { "XML" } else { "HTML" };
                note(format!(
                    "the page is {what}: use a CSS selector, or a path behind one, such as {{ css = \"script::text\", json = \"$.x\" }}"
                ))
            }
            root => note(format!("the page has no {}", whole::name(root)?)),
        }
    }
}

/// Says that elements match, but not their conditions.
fn unfit(source: &Source, matches: u64) -> String {
    let conditions = [("has", &source.has), ("not", &source.not)];
    let conditions: Vec<String> =
        conditions.iter().filter_map(|(word, css)| Some(format!("{word} = {:?}", css.as_ref()?))).collect();
    format!("{matches} match, but none of them fits {}", conditions.join(" and "))
}

/// Returns the elements that are searched: `None` is the page.
fn elements(page: &Page<'_>, scopes: &[Scope<'_>]) -> Vec<Option<u32>> {
    let element = |scope: &Scope<'_>| match scope {
        // The document of a page that is JSON has no elements.
        Scope::Page if page.body.is_none() => Some(None),
        Scope::Element(at) => Some(Some(*at)),
        Scope::Page | Scope::Json(..) => None,
    };
    scopes.iter().filter_map(element).collect()
}

fn body<'s>(page: &Page<'s>, scope: &Scope<'s>) -> Option<Item<'s>> {
    match scope {
        Scope::Json(json, path) => Some(Item::Json(Cow::Borrowed(json), path.clone())),
        Scope::Page => page.body.map(|json| Item::Json(Cow::Borrowed(json), "$".to_owned())),
        Scope::Element(_) => None,
    }
}

/// Returns the nodes that an expression finds, and their texts.
fn by_xpath(dom: &Dom, scope: Option<u32>, text: &str) -> Vec<(u32, String)> {
    let Ok(xpath) = XPath::new(text) else { return Vec::new() };
    let tree = xpath::Tree::new(dom);
    let root = scope.unwrap_or_else(|| dom.children(0).find(|at| dom.node(*at).is_element()).unwrap_or(0));
    let found = match xpath.select(&tree, scope) {
        Ok(Found::Nodes(places)) => places.iter().map(|it| (it.at(), tree.written(*it).into_owned())).collect(),
        Ok(other) => other.strings(&tree).map(|text| (root, text.into_owned())).collect(),
        Err(_) => Vec::new(),
    };
    let found: Vec<(u32, String)> = found;
    found.into_iter().filter(|(_, text)| !value::is_blank(text)).collect()
}

/// Returns what a path selects in each of some roots.
fn selected(roots: &[Item<'_>], path: &str) -> Vec<Item<'static>> {
    let Ok(compiled) = JsonPath::new(path) else { return Vec::new() };
    let mut selected = Vec::new();
    let mut select = |json: &Json, around: &str| {
        let values = compiled.select(json).unwrap_or_default();
        let places = paths::paths(json, &values);
        let path = |place: &String| format!("{around}{}", place.strip_prefix('$').unwrap_or(place));
        let items =
            values.iter().zip(&places).map(|(json, place)| Item::Json(Cow::Owned((*json).clone()), path(place)));
        selected.extend(items);
    };
    for root in roots {
        match root {
            Item::Json(json, path) => select(json, path),
            Item::Node(_, text) => {
                if let Ok(json) = json::parse(text) {
                    select(&json, "$");
                }
            }
        }
    }
    selected
}

/// Returns an example of a path into a document.
fn path_of(json: &Json) -> String {
    match json {
        Json::Object(entries) => {
            entries.first().map_or_else(|| "$".to_owned(), |(key, _)| format!("${}", paths::member(key)))
        }
        Json::Array(_) => "$[*]".to_owned(),
        _ => "$".to_owned(),
    }
}

/// Returns the key of a source in the settings, and the source as it was written.
fn written(source: &Source) -> (&'static str, String) {
    let (language, root) = match &source.root {
        Root::Css(text) => ("css", text.clone()),
        Root::XPath(text) => ("xpath", text.clone()),
        Root::Table(text) => ("table", text.clone()),
        Root::Body => return ("json", source.json.clone().unwrap_or_else(|| "$".to_owned())),
        root => (whole::language(root), whole::name(root).unwrap_or_default().to_owned()),
    };
    match &source.json {
        Some(path) if root.is_empty() => (language, path.clone()),
        Some(path) => (language, format!("{root} {path}")),
        None => (language, root),
    }
}
