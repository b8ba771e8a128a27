//! The JSON Schema (draft-07) of one record as JSON.

use serde_json::{Value, json};

use super::Shape;
use crate::model::{Failure, FailureKind, Stage};

/// What decides the schema of a record, besides its [`Shape`].
#[derive(Debug, Clone, PartialEq)]
pub struct RecordParts {
    /// The schema of the data.
    pub data: Value,
    /// The schema of the warnings, if there are any.
    pub warnings: Value,
    /// Whether the list may carry something besides its URLs.
    pub has_input: bool,
    /// Whether the run has a cache.
    pub has_cache: bool,
}

/// The schema of a record. In JSON Lines it is that of a line, in JSON that of an element of the array.
pub fn record_schema(shape: Shape, parts: RecordParts) -> Value {
    let RecordParts { data, warnings, has_input, has_cache } = parts;
    let absent = json!({ "type": "null" });
    let data = json!({ "anyOf": [data, absent] });
    if shape == Shape::Data {
        return data;
    }
    let mut required = vec![
        "seq",
        "url",
        "final_url",
        "status",
        "data",
        "failure",
        "attempts",
        "elapsed_ms",
        "bytes",
        "worker",
        "fetched_at",
    ];
    required.extend(has_cache.then_some("cached"));
    let mut schema = json!({
        "type": "object",
        "properties": {
            "seq": described(json!({ "type": "integer", "minimum": 0 }), "the number of the task, from 0"),
            "url": described(json!({ "type": "string" }), "the line of the list, without user name and password"),
            "final_url": described(json!({ "type": ["string", "null"] }), "where the answer came from"),
            "status": described(json!({ "type": ["integer", "null"] }), "the HTTP status of the answer"),
            "data": described(data, "the extracted fields; null for a failure"),
            "failure": described(json!({ "anyOf": [failure(), absent] }), "why there is no data; null for a page"),
            "attempts": described(json!({ "type": "integer", "minimum": 0 }), "the fetches charged to the task"),
            "elapsed_ms": described(json!({ "type": "number", "minimum": 0 }), "the time that workers spent on it"),
            "bytes": described(json!({ "type": "integer", "minimum": 0 }), "the length of the last body, decompressed"),
            "worker": described(json!({ "type": ["integer", "null"] }), "the process that settled it"),
            "fetched_at": described(
                json!({ "type": ["string", "null"], "format": "date-time" }),
                "when the answer came that settled the task"
            ),
            "warnings": described(warnings, "values that do not fit; only if there are any"),
        },
        "required": required,
        "additionalProperties": false,
        "oneOf": [
            { "properties": { "data": absent, "failure": { "type": "object" } } },
            { "properties": { "data": { "type": "object" }, "failure": absent } },
        ],
    });
    let properties = &mut schema["properties"];
    if has_input {
        let input = json!({ "type": "object" });
        properties["input"] = described(input, "what else the list says about the task; only if it says something");
    }
    if has_cache {
        properties["cached"] = described(json!({ "type": "boolean" }), "whether the data is from the cache");
    }
    schema
}

fn failure() -> Value {
    let text = json!({ "type": "string", "maxLength": Failure::LONGEST });
    json!({
        "type": "object",
        "properties": {
            "kind": { "enum": FailureKind::ALL.map(FailureKind::as_str) },
            "stage": { "enum": Stage::ALL.map(Stage::as_str) },
            "message": text,
            "causes": { "type": "array", "items": text, "maxItems": Failure::MOST_CAUSES },
        },
        "required": ["kind", "stage", "message", "causes"],
        "additionalProperties": false,
    })
}

fn described(mut schema: Value, doc: &str) -> Value {
    schema["description"] = Value::from(doc);
    schema
}
