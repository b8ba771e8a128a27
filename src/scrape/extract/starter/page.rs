//! What a page says about itself: title, description, tables, feeds, article.

use super::super::facts::PageFacts;
use super::super::link::Links;
use super::super::probe::{find, unique};
use super::super::{article, feed, table, value};
use super::toml::{Names, string};
use super::{StarterEach, StarterGroup, StarterRule};
use crate::scrape::document::{Dom, known};
use crate::scrape::json::Json;
use crate::scrape::parse::Document;

/// The most tables, and the most columns that a comment names.
const MOST_TABLES: usize = 5;
const NAMED_COLUMNS: usize = 6;
/// The fewest rows of a table without headers. One with fewer rows may be there for the layout.
const FEWEST_ROWS: usize = 3;

/// How long the text of an article is, in bytes.
const ARTICLE: usize = 600;

/// Selectors of what pages say about themselves, and the names of their fields.
const ABOUT: [(&str, &str, &str); 8] = [
    ("title", "title:not(svg title)", "::text-content"),
    ("heading", "h1", "::text-content"),
    ("description", "meta[name=description i]", "::attr(content)"),
    ("canonical", "link[rel~=canonical i]", "::url"),
    ("language", "html[lang]", "::attr(lang)"),
    ("published", "time[datetime]", "::attr(datetime)"),
    ("next_page", "a[rel~=next i]", "::url"),
    ("next_page", "li.next a", "::url"),
];

/// Selectors of links to feeds.
const FEEDS: [&str; 3] = [
    "link[type=\"application/rss+xml\" i]",
    "link[type=\"application/atom+xml\" i]",
    "link[type=\"application/feed+json\" i]",
];

/// Finds rules for what a page says about itself, and for links to its feeds.
pub(super) fn about(dom: &Dom, links: &Links, names: &mut Names) -> StarterGroup {
    let mut group = StarterGroup { about: "What the page says about itself".to_owned(), ..StarterGroup::default() };
    if !dom.is_page() {
        return group;
    }
    let selectors: Vec<String> = ABOUT.iter().map(|(_, css, _)| (*css).to_owned()).collect();
    for ((name, css, take), found) in ABOUT.iter().zip(find(dom, None, &selectors)) {
        let gives = |at: &u32| match *take {
            "::url" => links.of(dom, *at).is_some(),
            "::text-content" => !value::is_blank(&value::fold(dom.texts(dom.subtree(*at)))),
            _ => true,
        };
        let is_known = group.rules.iter().any(|rule| rule.name == *name);
        if !is_known && found.iter().any(gives) {
            let rule = string(&format!("{css}{take}"));
            group.rules.push(StarterRule::new(names.of(name, name), rule));
        }
    }
    let feeds = FEEDS.map(str::to_owned);
    let found = find(dom, None, &feeds);
    let linked: Vec<&str> =
        FEEDS.iter().zip(found).filter(|(_, found)| !found.is_empty()).map(|(css, _)| *css).collect();
    if !linked.is_empty() {
        let selector = linked.iter().map(|css| format!("{css}::url")).collect::<Vec<_>>().join(", ");
        group.rules.push(StarterRule::new(names.of("feeds", "feeds"), format!("[{}]", string(&selector))));
    }
    group
}

/// Finds the tables with headers, each of which becomes a list of objects.
pub(super) fn tables(dom: &Dom, names: &mut Names) -> StarterGroup {
    let mut group = StarterGroup::default();
    let mut columns = Vec::new();
    let all: Vec<u32> = dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(known::TABLE)).collect();
    for at in &all {
        let has = |name| dom.elements(dom.descendants(*at)).any(|below| dom.node(below).is_html(name));
        // A table with tables inside is only there for the layout.
        if has(known::TABLE) || group.rules.len() >= MOST_TABLES {
            continue;
        }
        let rows = table::rows(dom, *at).rows;
        if !has(known::TH) && rows.len() < FEWEST_ROWS {
            continue;
        }
        let Some(Json::Object(first)) = rows.first() else { continue };
        let Some(selector) = (first.len() >= 2).then(|| unique(dom, *at)).flatten() else { continue };
        let of_caption = dom.elements(dom.descendants(*at)).find(|below| dom.node(*below).is_html(known::CAPTION));
        let caption = of_caption.map(|at| value::fold(dom.texts(dom.subtree(at))));
        let words = caption.or_else(|| dom.attribute(*at, known::ID).map(str::to_owned));
        let name = names.of(words.as_deref().unwrap_or("table"), "table");
        let keys = first.iter().take(NAMED_COLUMNS).map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ");
        columns.push(format!("{name}: {} rows with {keys}", rows.len()));
        group.rules.push(StarterRule::new(name, format!("{{ table = {} }}", string(&selector))));
    }
    group.about = format!("Tables. {}", columns.join("; "));
    group
}

/// Finds out whether the page has a main text.
pub(super) fn article(dom: &Dom, links: &Links, names: &mut Names) -> StarterGroup {
    let mut group =
        StarterGroup { about: "The main text, and what the page says about it".to_owned(), ..StarterGroup::default() };
    let found = if dom.is_page() { article::article(dom, links, false).ok().flatten() } else { None };
    if let Some(Json::String(text)) = found.as_ref().and_then(|article| article.get("text"))
        && text.len() >= ARTICLE
    {
        group.rules.push(StarterRule::new(names.of("article", "article"), "{ article = true }"));
    }
    group
}

/// The keys of an entry that are usually wanted.
const ENTRY: [&str; 7] = ["title", "link", "published", "updated", "author", "summary", "tags"];

/// Finds out whether the document is a feed.
pub(super) fn feed(document: &Document, facts: &PageFacts<'_>, names: &mut Names) -> Option<StarterGroup> {
    let entries = feed::feed(document, facts.final_url)?;
    entries_of(&entries, names)
}

/// Makes rules for the entries of a feed.
pub(super) fn entries_of(entries: &Json, names: &mut Names) -> Option<StarterGroup> {
    let Json::Array(list) = entries else { return None };
    let says = |value: &Json| *value != Json::Null && *value != Json::Array(Vec::new());
    let has = |key: &str| list.iter().any(|entry| entry.get(key).is_some_and(says));
    let rules = ENTRY.iter().filter(|key| has(key)).map(|key| {
        let path = if *key == "tags" { "[\"$.tags[*]\"]".to_owned() } else { string(&format!("$.{key}")) };
        let dated = matches!(*key, "published" | "updated");
        let simpler = dated.then(|| format!("{{ json = {path} }}"));
        let kind = if dated { ", type = \"datetime\"" } else { "" };
        StarterRule { simpler, ..StarterRule::new((*key).to_owned(), format!("{{ json = {path}{kind} }}")) }
    });
    let rules: Vec<StarterRule> = rules.collect();
    if rules.is_empty() {
        return None;
    }
    let each = "{ feed = true, json = \"$[*]\" }".to_owned();
    let each = StarterEach { name: names.of("entries", "entries"), each, rules };
    Some(StarterGroup {
        about: format!("The {} entries of the feed", list.len()),
        each: Some(each),
        ..StarterGroup::default()
    })
}
