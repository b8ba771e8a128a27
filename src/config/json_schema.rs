//! The JSON Schema (draft-07, which all editors know) of a settings file, written from the table of settings.
//!
//! It says what a file looks like. Only the program knows whether a selector compiles, or whether two settings fit
//! together.

use serde_json::{Map, Value, json};

use super::draft::HostDraft;
use super::rules::form;
use super::schema::{Keys, SECTIONS, Section, Setting};

/// The schema of a settings file.
pub fn settings_schema() -> Value {
    let sections: Map<String, Value> = SECTIONS.iter().map(|it| (it.name.to_owned(), section(it))).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Gleaner settings",
        "description": "A settings file of Gleaner (gleaner.toml).",
        "type": "object",
        "properties": sections,
        "additionalProperties": false,
        "definitions": form::definitions(),
    })
}

fn section(section: &Section) -> Value {
    let schema = match section.keys {
        Keys::Known(settings) => object(settings.iter().map(|setting| (setting.name, known(setting))).collect()),
        Keys::Hosts(settings) => hosts(settings),
        Keys::Free(_) => json!({
            "type": "object",
            "properties": { "each": form::field_called_each() },
            "additionalProperties": form::field(),
        }),
    };
    described(schema, section.doc)
}

/// A setting, with its default.
fn known(setting: &Setting) -> Value {
    let mut schema = described((setting.form)(), setting.doc);
    schema["default"] = value(setting.default);
    schema
}

/// `[hosts."NAME"]`. The defaults of its settings are examples.
fn hosts(settings: &[Setting<HostDraft>]) -> Value {
    let host = settings.iter().map(|setting| {
        let mut schema = described((setting.form)(), setting.doc);
        schema["examples"] = json!([value(setting.default)]);
        (setting.name, schema)
    });
    json!({
        "type": "object",
        "propertyNames": { "pattern": r"^[^/\\?#@*\s]+$" },
        "additionalProperties": object(host.collect()),
    })
}

/// A table with these keys and no others, none of which it must have.
fn object(properties: Vec<(&str, Value)>) -> Value {
    let properties: Map<String, Value> = properties.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn described(mut schema: Value, doc: &str) -> Value {
    schema["description"] = Value::from(doc);
    schema
}

/// The value of a TOML text of the table.
fn value(written: &str) -> Value {
    let table: toml::Table = toml::from_str(&format!("x = {written}")).expect("the table has valid TOML");
    serde_json::to_value(&table["x"]).expect("the table has no dates and no infinite numbers")
}
