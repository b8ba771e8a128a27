//! An entry of a feed.

use std::collections::HashSet;

use crate::scrape::json::Json;

/// An entry. Texts are never empty.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) title: Option<String>,
    pub(super) link: Option<String>,
    pub(super) id: Option<String>,
    pub(super) published: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) summary: Option<String>,
    pub(super) content: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) enclosures: Vec<Enclosure>,
}

/// A file that belongs to an entry.
#[derive(Debug)]
pub(super) struct Enclosure {
    pub(super) href: String,
    pub(super) kind: Option<String>,
    /// The length in bytes, as written.
    pub(super) length: Option<String>,
}

impl Entry {
    pub(super) fn into_json(self) -> Json {
        let text = |text: Option<String>| text.map_or(Json::Null, Json::String);
        let mut seen = HashSet::new();
        let is_new = |tag: &String| seen.insert(tag.clone());
        let tags = self.tags.into_iter().filter(is_new).map(Json::String).collect();
        let enclosure = |it: Enclosure| {
            object([("href", Json::String(it.href)), ("type", text(it.kind)), ("length", text(it.length))])
        };
        let author = Some(self.authors.join(", ")).filter(|author| !author.is_empty());
        object([
            ("title", text(self.title)),
            ("link", text(self.link)),
            ("id", text(self.id)),
            ("published", text(self.published)),
            ("updated", text(self.updated)),
            ("author", text(author)),
            ("summary", text(self.summary)),
            ("content", text(self.content)),
            ("tags", Json::Array(tags)),
            ("enclosures", Json::Array(self.enclosures.into_iter().map(enclosure).collect())),
        ])
    }
}

fn object<const N: usize>(entries: [(&str, Json); N]) -> Json {
    Json::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}
