//! Reads the entries of JSON Feed 1.0 and 1.1 (jsonfeed.org).

use url::Url;

use super::entry::{Enclosure, Entry};
use crate::model::parse_url_in;
use crate::scrape::json::Json;

/// Returns the items of a JSON Feed as entries, or `None` if `json` is not one. `url` is the URL of the document.
pub(in crate::scrape) fn json_feed(json: &Json, url: &Url) -> Option<Json> {
    text(json, "version").filter(|version| version.contains("jsonfeed.org/version/"))?;
    let Some(Json::Array(items)) = json.get("items") else { return None };
    let is_object = |item: &&Json| matches!(item, Json::Object(_));
    Some(Json::Array(items.iter().filter(is_object).map(|item| entry(item, url).into_json()).collect()))
}

fn entry(item: &Json, url: &Url) -> Entry {
    let resolved = |link: String| match parse_url_in(&link, Some(url), encoding_rs::UTF_8) {
        Ok(url) => url.into(),
        Err(_) => link,
    };
    let list = |key: &str| match item.get(key) {
        Some(Json::Array(list)) => &list[..],
        _ => &[],
    };
    let author = match list("authors") {
        // Version 1.0 has one `author`.
        [] => item.get("author").map_or(&[][..], std::slice::from_ref),
        authors => authors,
    };
    let enclosure = |attachment: &Json| {
        let (kind, length) = (text(attachment, "mime_type"), text(attachment, "size_in_bytes"));
        Some(Enclosure { href: resolved(text(attachment, "url")?), kind, length })
    };
    Entry {
        title: text(item, "title"),
        link: text(item, "url").or_else(|| text(item, "external_url")).map(resolved),
        id: text(item, "id"),
        published: text(item, "date_published"),
        updated: text(item, "date_modified"),
        authors: author.iter().filter_map(|author| text(author, "name")).collect(),
        summary: text(item, "summary"),
        content: text(item, "content_html").or_else(|| text(item, "content_text")),
        tags: list("tags").iter().filter_map(as_text).collect(),
        enclosures: list("attachments").iter().filter_map(enclosure).collect(),
    }
}

/// Returns the text of a key, without white space at its ends, if it is not empty. Numbers count as text: ids are often
/// written so.
fn text(json: &Json, key: &str) -> Option<String> {
    as_text(json.get(key)?)
}

fn as_text(json: &Json) -> Option<String> {
    let text = match json {
        Json::String(text) => text.trim(),
        Json::Number(digits) => digits,
        _ => return None,
    };
    (!text.is_empty()).then(|| text.to_owned())
}
