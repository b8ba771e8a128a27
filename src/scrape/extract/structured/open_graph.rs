//! `OpenGraph`: the properties of `<meta property="og:title" content="..">`.

use std::collections::HashMap;

use crate::scrape::document::{Dom, known};
use crate::scrape::json::Json;

/// The prefixes that need no declaration. The last is not in the standard, but common.
const PREFIXES: [&str; 7] = ["og", "music", "video", "article", "book", "profile", "product"];

/// Returns the properties of a page as one object, in the shape that extruct gives with `uniform=True` and
/// `with_og_array=True`: a property that the page repeats is a list. The differences are:
///
/// - there are no `@` keys: the type stays under `og:type`, and prefixes are not listed
/// - `name` works like `property`, because many sites write it
/// - a `<meta>` outside of `<head>` counts
pub(in crate::scrape::extract) fn open_graph(dom: &Dom) -> Json {
    let declared = declared_prefixes(dom);
    let mut properties = Properties::default();
    for at in dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(known::META)) {
        let Some(content) = dom.attribute(at, known::CONTENT) else { continue };
        let is_property = |name: &&str| {
            let prefix = name.split(':').next().unwrap_or(name);
            PREFIXES.contains(&prefix) || declared.contains(&prefix)
        };
        let names = [dom.attribute(at, known::PROPERTY), dom.attribute(at, known::NAME).filter(|it| it.contains(':'))];
        if let Some(name) = names.into_iter().flatten().find(is_property) {
            properties.add(name, content);
        }
    }
    Json::Object(properties.entries)
}

/// Returns the prefixes that `prefix="og: http://ogp.me/ns# fb: .."` declares on `<html>` and `<head>`.
fn declared_prefixes(dom: &Dom) -> Vec<&str> {
    let is_holder = |at: &u32| dom.node(*at).is_html(known::HTML) || dom.node(*at).is_html(known::HEAD);
    let mut prefixes = Vec::new();
    let Some(name) = dom.names.find("prefix") else { return prefixes };
    for holder in dom.elements(dom.whole()).filter(is_holder) {
        let mut words = dom.attribute(holder, name).unwrap_or_default().split_ascii_whitespace();
        while let Some(word) = words.next() {
            // The address may follow without a space.
            match word.split_once(':') {
                Some((prefix, "")) if words.next().is_some() => prefixes.push(prefix),
                Some((prefix, address)) if !address.is_empty() => prefixes.push(prefix),
                _ => {}
            }
        }
    }
    prefixes
}

/// The properties so far, and the place of each.
#[derive(Default)]
struct Properties<'a> {
    entries: Vec<(String, Json)>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Properties<'a> {
    /// Adds a value. An empty one only counts if it is the first of its name, until another comes.
    fn add(&mut self, name: &'a str, content: &str) {
        let Some(at) = self.places.get(name) else {
            self.places.insert(name, self.entries.len());
            self.entries.push((name.to_owned(), content.into()));
            return;
        };
        if content.trim().is_empty() {
            return;
        }
        let value = &mut self.entries[*at].1;
        match value {
            Json::Array(values) => values.push(content.into()),
            Json::String(first) if first.trim().is_empty() => *value = content.into(),
            _ => {
                let first = std::mem::replace(value, Json::Null);
                *value = Json::Array(vec![first, content.into()]);
            }
        }
    }
}
