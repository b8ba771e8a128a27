//! What a rule looks like, as JSON Schema (draft-07).

use serde_json::{Map, Value, json};

use super::names::{BEFORE_JSON, DECIMALS, SOURCES, STRUCTURED, TYPES, options};
use super::{each, source};
use crate::config::element::{choice, header};

/// A rule of a field.
const RULE: &str = "rule";

/// A rule inside `first_of`, which cannot say what only the field as a whole can say.
const ALTERNATIVE: &str = "alternative";

/// The keys of a field as a whole.
const OF_FIELD: [&str; 2] = ["default", "required"];

/// The definitions to which [`field`] refers. They refer to each other, because rules contain rules.
pub(in crate::config) fn definitions() -> Value {
    json!({ RULE: rule(&[]), ALTERNATIVE: rule(&OF_FIELD) })
}

/// A field of `[extract]`.
pub(in crate::config) fn field() -> Value {
    reference(RULE)
}

/// A field of `[extract]` with the name `each`. A selector there is meant to be inside of a field.
pub(in crate::config) fn field_called_each() -> Value {
    json!({ "allOf": [field(), { "not": { "type": "string" } }] })
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

/// A rule without these keys. The form that most people write comes first, because editors complete it first.
fn rule(without: &[&str]) -> Value {
    json!({ "anyOf": [
        described(text(), "A CSS selector: the first match that is not empty, or null."),
        described(bracketed(), "A CSS selector in brackets: every match, as a list."),
        value(without),
        first_of(without),
        each_match(),
    ] })
}

/// A table with a source.
fn value(without: &[&str]) -> Value {
    let sources: Vec<&str> = sources().collect();
    let keys = sources.iter().copied().chain(options()).filter(|key| !without.contains(key));
    let one = sources.iter().map(|name| {
        let others: Vec<Value> = sources.iter().filter(|other| *other != name).map(|it| has(it)).collect();
        match *name {
            "json" => json!({ "required": ["json"], "not": { "anyOf": others } }),
            name if BEFORE_JSON.contains(&name) => has(name),
            name => json!({ "required": [name], "not": has("json") }),
        }
    });
    let one: Vec<Value> = one.collect();
    json!({
        "description": "A value: where it comes from, how its text is changed, and its type.",
        "type": "object",
        "properties": properties(keys),
        "additionalProperties": false,
        "oneOf": one,
    })
}

fn has(key: &str) -> Value {
    json!({ "required": [key] })
}

/// The sources of a value.
fn sources() -> impl Iterator<Item = &'static str> {
    SOURCES.iter().copied().filter(|name| !matches!(*name, "first_of" | "each"))
}

fn first_of(without: &[&str]) -> Value {
    let keys = options().filter(|key| !matches!(*key, "has" | "not") && !without.contains(key));
    let mut properties = properties(keys);
    let rules = json!({ "type": "array", "minItems": 1, "items": reference(ALTERNATIVE) });
    properties.insert("first_of".to_owned(), described(rules, "The first of these rules that gives a value counts."));
    json!({
        "description": "Several rules, of which the first that gives a value counts. The other keys are for all of them.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "required": ["first_of"],
    })
}

fn each_match() -> Value {
    json!({
        "description": "One object for each match. All keys but `each` are its fields.",
        "type": "object",
        "properties": { "each": {
            "description": "What the objects are made from: elements, or values of JSON.",
            "anyOf": [text(), {
                "type": "object",
                "properties": properties(each::KEYS.iter().copied()),
                "additionalProperties": false,
                "anyOf": each::KEYS.iter().filter(|key| SOURCES.contains(key)).map(|key| has(key)).collect::<Vec<_>>(),
            }],
        } },
        "additionalProperties": reference(RULE),
        "required": ["each"],
        "minProperties": 2,
    })
}

fn properties<'k>(keys: impl Iterator<Item = &'k str>) -> Map<String, Value> {
    keys.map(|key| (key.to_owned(), option(key))).collect()
}

/// The value of a key of a table with a source.
fn option(key: &str) -> Value {
    let (form, doc) = match key {
        "css" => (selection(), "A CSS selector, with ::text, ::text-content, ::attr(name), ::url or ::inner-html."),
        "xpath" => (selection(), "An expression of XPath 1.0."),
        "json" => (selection(), "A JSON path (RFC 9535) into a page of JSON, or into what another source gives."),
        "structured" => (choice::form(STRUCTURED), "Data for machines in the markup of the page."),
        "table" => (selection(), "A selector of HTML tables, which gives their rows."),
        "links" => (always(), "All links of the page, with their texts."),
        "feed" => (always(), "The entries of a feed (RSS, Atom, JSON Feed)."),
        "article" => (always(), "The main text of the page."),
        "const" => (scalar(), "A fixed value."),
        "fact" => (fact(), "What is known beside the content of the page."),
        "all" => (boolean(), "Whether every match is taken, as a list."),
        "has" => (string(), "A selector of what must be inside of the matched element."),
        "not" => (string(), "A selector of what must not be inside of the matched element."),
        "re" => (text(), "A regular expression for the part to keep. Groups with names give an object."),
        "trim" => (boolean(), "Whether white space at both ends is removed (the default)."),
        "replace" => (replacements(), "Texts and what replaces them: [[\"from\", \"to\"]]."),
        "split" => (text(), "The text between the parts of a list."),
        "strip" => (text(), "The characters to remove from both ends."),
        "lower" => (boolean(), "Whether all letters become lower case."),
        "upper" => (boolean(), "Whether all letters become upper case."),
        "map" => (map(), "Texts, and the values that they stand for."),
        "join" => (string(), "The text between all values, which makes them one."),
        "type" => (choice::form(TYPES), "The type of the value."),
        "decimal" => (choice::form(DECIMALS), "The decimal mark of numbers."),
        "locale" => (text(), "The language of numbers and dates, such as \"de\" or \"de-CH\"."),
        "format" => (text(), "The format of dates, such as \"%d.%m.%Y\"."),
        "timezone" => (text(), "The time zone of dates that have none, such as \"Europe/Berlin\"."),
        "default" => (scalar(), "The value if nothing matches."),
        "required" => (boolean(), "Whether a page without a value fails."),
        _ => unreachable!("`{key}` is not a key of a rule"),
    };
    described(form, doc)
}

fn described(mut schema: Value, doc: &str) -> Value {
    schema["description"] = Value::from(doc);
    schema
}

/// A selector, an expression or a path, which may stand in brackets.
fn selection() -> Value {
    json!({ "anyOf": [text(), bracketed()] })
}

fn bracketed() -> Value {
    json!({ "type": "array", "items": text(), "minItems": 1, "maxItems": 1 })
}

fn string() -> Value {
    json!({ "type": "string" })
}

/// A string that has something in it.
fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

fn always() -> Value {
    json!({ "const": true })
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn fact() -> Value {
    let names = format!("^(header:{}|input:.+)$", header::NAME);
    json!({ "anyOf": [choice::form(source::FACTS), { "type": "string", "pattern": names }] })
}

/// Pairs, or a single pair.
fn replacements() -> Value {
    let pair = json!({ "type": "array", "items": [text(), string()], "minItems": 2, "maxItems": 2 });
    json!({ "anyOf": [{ "type": "array", "items": pair, "minItems": 1 }, pair] })
}

fn map() -> Value {
    json!({ "type": "object", "minProperties": 1, "additionalProperties": scalar() })
}
