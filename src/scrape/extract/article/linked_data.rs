//! What JSON-LD says about the article of a page (schema.org, `Article` and its subtypes).

use serde_json::Value;

use crate::scrape::document::{Dom, known};

/// The longest script that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// How many objects of one page are looked at.
const MOST_OBJECTS: usize = 1_000;

/// What is said about an article.
#[derive(Debug, Default)]
pub(super) struct LinkedData {
    /// Whether the page describes an article.
    pub(super) is_article: bool,
    pub(super) title: Option<String>,
    pub(super) byline: Option<String>,
    pub(super) date: Option<String>,
    pub(super) site: Option<String>,
    pub(super) excerpt: Option<String>,
    pub(super) language: Option<String>,
}

impl LinkedData {
    pub(super) fn of(dom: &Dom) -> Self {
        let mut found = Self::default();
        let mut left = MOST_OBJECTS;
        for at in dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(known::SCRIPT)) {
            let is_json = dom
                .attribute(at, known::TYPE)
                .is_some_and(|kind| kind.trim_ascii().to_ascii_lowercase().starts_with("application/ld+json"));
            if !is_json {
                continue;
            }
            let text: String = dom.texts(dom.descendants(at)).collect();
            if text.len() <= LONGEST
                && let Ok(value) = serde_json::from_str::<Value>(text.trim().trim_end_matches(';'))
            {
                found.read_all(&value, &mut left);
            }
        }
        found
    }

    /// Reads the objects at the top and in `@graph`.
    fn read_all(&mut self, value: &Value, left: &mut usize) {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            if *left == 0 {
                return;
            }
            *left -= 1;
            match value {
                Value::Array(items) => waiting.extend(items.iter().rev().take(MOST_OBJECTS)),
                Value::Object(object) => {
                    waiting
                        .extend(["@graph", "mainEntity", "mainEntityOfPage"].iter().filter_map(|key| object.get(*key)));
                    if is_article(object.get("@type")) && !self.is_article {
                        self.read(object);
                    }
                }
                _ => {}
            }
        }
    }

    fn read(&mut self, article: &serde_json::Map<String, Value>) {
        self.is_article = true;
        let text = |key: &str| article.get(key).and_then(Value::as_str).map(clean).filter(|text| !text.is_empty());
        self.title = text("headline").or_else(|| text("name"));
        self.date = text("datePublished").or_else(|| text("dateCreated"));
        self.excerpt = text("description");
        self.language = text("inLanguage");
        self.byline = article.get("author").and_then(names);
        self.site = article.get("publisher").and_then(names);
    }
}

fn is_article(kind: Option<&Value>) -> bool {
    let is_it = |kind: &Value| {
        kind.as_str().is_some_and(|kind| {
            kind.ends_with("Article")
                || matches!(
                    kind,
                    "BlogPosting" | "LiveBlogPosting" | "SocialMediaPosting" | "Report" | "Review" | "Recipe"
                )
        })
    };
    match kind {
        Some(Value::Array(kinds)) => kinds.iter().any(is_it),
        Some(kind) => is_it(kind),
        None => false,
    }
}

/// Returns the names of people or organisations: texts, objects with a `name`, or lists of them.
fn names(value: &Value) -> Option<String> {
    let name = |value: &Value| match value {
        Value::String(name) => Some(clean(name)).filter(|name| !name.starts_with("http")),
        Value::Object(object) => match object.get("name")? {
            Value::Array(names) => names.first().and_then(Value::as_str).map(clean),
            name => name.as_str().map(clean),
        },
        _ => None,
    };
    let names: Vec<String> = match value {
        Value::Array(items) => items.iter().take(20).filter_map(name).collect(),
        one => name(one).into_iter().collect(),
    };
    let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn clean(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
