//! The keys of a table, the words that some of them take, and what they are called elsewhere.

use crate::config::suggest;
use crate::scrape::extract::{Decimal, Structured, ValueType};

/// The keys that name a source. A rule has one of them, but `json` may stand behind those of [`BEFORE_JSON`].
pub(in crate::config) const SOURCES: &[&str] =
    &["css", "xpath", "json", "structured", "table", "links", "feed", "article", "const", "fact", "first_of", "each"];

/// The sources that give JSON, or text that may be JSON, so that `json` can select from it.
pub(super) const BEFORE_JSON: &[&str] = &["css", "xpath", "structured", "table", "links", "feed", "article"];

/// The steps, in the order in which they change a text.
pub(super) const STEPS: &[&str] = &["re", "trim", "replace", "split", "strip", "lower", "upper", "map", "join"];

/// The other keys of a table with a source, but for `all`, `has` and `not`, which say what the source selects.
pub(super) const READING: &[&str] = &["type", "decimal", "locale", "format", "timezone", "default", "required"];

pub(super) const TYPES: &[(&str, ValueType)] = &[
    ("string", ValueType::String),
    ("number", ValueType::Number),
    ("integer", ValueType::Integer),
    ("boolean", ValueType::Boolean),
    ("html", ValueType::Html),
    ("markdown", ValueType::Markdown),
    ("url", ValueType::Url),
    ("date", ValueType::Date),
    ("datetime", ValueType::DateTime),
    ("json", ValueType::Json),
];

pub(in crate::config) const DECIMALS: &[(&str, Decimal)] = &[(",", Decimal::Comma), (".", Decimal::Point)];

pub(super) const STRUCTURED: &[(&str, Structured)] =
    &[("json_ld", Structured::JsonLd), ("open_graph", Structured::OpenGraph), ("microdata", Structured::Microdata)];

/// What other tools call these keys, and words that mean the same.
const NAMES_ELSEWHERE: &[(&str, &str)] = &[
    ("selector", "css"),
    ("sel", "css"),
    ("jsonpath", "json"),
    ("json_path", "json"),
    ("jmespath", "json"),
    ("path", "json"),
    ("value", "const"),
    ("constant", "const"),
    ("meta", "fact"),
    ("any_of", "first_of"),
    ("one_of", "first_of"),
    ("fallback", "first_of"),
    ("fallbacks", "first_of"),
    ("iterator", "each"),
    ("foreach", "each"),
    ("for_each", "each"),
    ("many", "all"),
    ("multiple", "all"),
    ("list", "all"),
    ("regex", "re"),
    ("pattern", "re"),
    ("sub", "replace"),
    ("separator", "split"),
    ("lowercase", "lower"),
    ("uppercase", "upper"),
    ("concat", "join"),
    ("kind", "type"),
    ("language", "locale"),
    ("lang", "locale"),
    ("tz", "timezone"),
    ("time_zone", "timezone"),
    ("date_format", "format"),
    ("without", "not"),
    ("exclude", "not"),
];

/// All keys of a table with a source.
pub(super) fn options() -> impl Iterator<Item = &'static str> {
    ["all", "has", "not"].into_iter().chain(STEPS.iter().copied()).chain(READING.iter().copied())
}

/// Whether a table with a source may have this key.
pub(in crate::config) fn is_option(name: &str) -> bool {
    name != "each" && SOURCES.iter().copied().chain(options()).any(|key| key == name)
}

/// The key that `name` may stand for.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let elsewhere = NAMES_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name);
    elsewhere.map(|(_, ours)| *ours).or_else(|| suggest::nearest(name, SOURCES.iter().copied().chain(options())))
}

#[cfg(test)]
mod tests {
    use super::{BEFORE_JSON, NAMES_ELSEWHERE, SOURCES, meant, options};

    #[test]
    fn names_from_elsewhere_lead_to_keys_that_exist_and_hide_none() {
        let known: Vec<&str> = SOURCES.iter().copied().chain(options()).collect();
        for (elsewhere, ours) in NAMES_ELSEWHERE {
            assert!(known.contains(ours) && !known.contains(elsewhere), "{elsewhere}");
        }
        assert!(BEFORE_JSON.iter().all(|name| SOURCES.contains(name)));
    }

    #[test]
    fn a_misspelt_key_finds_what_was_meant() {
        let table = [("requird", Some("required")), ("regex", Some("re")), ("Css", Some("css")), ("colour", None)];
        for (name, expected) in table {
            assert_eq!(meant(name), expected, "{name}");
        }
    }
}
