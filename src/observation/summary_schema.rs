//! The JSON Schema (draft-07) of a summary.

use serde_json::{Map, Value, json};

use super::failures::{EXAMPLES, LISTED as FAILURES};
use super::history::MOST as STRETCHES;
use super::hosts::LISTED as HOSTS;
use super::{BOUNDS, VERSION, WORKER_ENDS};
use crate::model::FailureKind;

/// How a run can end.
const ENDINGS: [&str; 7] = ["complete", "reader_gone", "interrupted", "failures", "deadline", "drained", "running"];

/// Keys that a summary has only if there is something to say.
const OPTIONAL: [&str; 5] = ["resumed", "listing_requests", "cached", "other_hosts", "output"];

/// The schema of a summary. It allows no other keys, so that a test with real summaries finds a key that it does not have.
pub fn summary_schema() -> Value {
    let mut schema = object(&[
        ("version", json!({ "const": VERSION }), "the version of this layout"),
        ("gleaner", text(), "the version of Gleaner"),
        ("started_at", time(), "when the run began"),
        ("ended_at", time(), "when the run ended; until then, when the summary was made"),
        ("ending", json!({ "enum": ENDINGS }), "how the run ended"),
        ("tasks", count(), "the settled tasks, including those of an earlier run that this run resumed"),
        ("ok", count(), "tasks with data"),
        ("failed", count(), "tasks without data"),
        ("failures", failures(), "the failed tasks by kind"),
        (
            "failures_by_status",
            list(&failure(), FAILURES),
            "failures of this run by kind and status, the most frequent first",
        ),
        ("resumed", count(), "tasks that an earlier run had settled; absent if there are none"),
        ("elapsed_s", seconds(), "from start to end"),
        ("requests", count(), "requests for pages, with redirects and retries"),
        ("robots_requests", count(), "requests for a robots.txt"),
        ("listing_requests", count(), "requests for sitemaps; absent if there was none"),
        ("retries", count(), "tries after the first one of each task"),
        ("cached", count(), "tasks whose data comes from the cache; absent without a cache"),
        ("parsed_by_reference", count(), "pages that html5ever parsed"),
        ("bytes", count(), "decompressed bytes of all bodies"),
        (
            "workers",
            json!({ "type": "array", "items": worker() }),
            "the workers that had a job, in the order of their ends",
        ),
        ("workers_by_end", counts(), "all workers by the reason of their end"),
        ("fields", json!({ "type": "array", "items": field() }), "how well the rules fit"),
        ("latency", phases(), "how long the phases of requests took"),
        ("hosts", list(&host(), HOSTS), "of the first 500 hosts, those with the most tasks"),
        ("other_hosts", host(), "all other hosts together; absent if there are none"),
        ("history", history(), "what happened when"),
        ("settings", json!({ "type": "array", "items": setting() }), "the settings that differ from their defaults"),
        ("lists", json!({ "type": "array", "items": text() }), "the lists, as the command line names them"),
        ("output", text(), "the file of the output; absent for standard output"),
    ]);
    schema["$schema"] = Value::from("http://json-schema.org/draft-07/schema#");
    schema["title"] = Value::from("A summary of Gleaner");
    schema["definitions"] = json!({ "times": times() });
    schema
}

/// An object with these keys and no others.
fn object(keys: &[(&str, Value, &str)]) -> Value {
    let mut properties = Map::new();
    for (name, schema, description) in keys {
        let mut schema = schema.clone();
        // In draft-07, nothing counts that stands beside a reference.
        if schema.get("$ref").is_none() {
            schema["description"] = Value::from(*description);
        }
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&str> = keys.iter().map(|(name, ..)| *name).filter(|name| !OPTIONAL.contains(name)).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn list(items: &Value, most: usize) -> Value {
    json!({ "type": "array", "items": items, "maxItems": most })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn counts() -> Value {
    json!({ "type": "object", "additionalProperties": count() })
}

fn seconds() -> Value {
    json!({ "type": "number", "minimum": 0 })
}

fn kind() -> Value {
    json!({ "enum": FailureKind::ALL.map(FailureKind::as_str) })
}

fn failures() -> Value {
    json!({ "type": "object", "propertyNames": kind(), "additionalProperties": count() })
}

fn failure() -> Value {
    let example = object(&[
        ("seq", count(), "the number of the task"),
        ("url", text(), "the line of the list, cut at 300 bytes"),
        ("message", text(), "why it failed, cut at 300 bytes"),
    ]);
    object(&[
        ("kind", kind(), "the kind, as records name it"),
        ("status", json!({ "type": ["integer", "null"] }), "the HTTP status, if there was an answer"),
        ("count", count(), "how many tasks failed so"),
        ("examples", list(&example, EXAMPLES), "the first of them"),
    ])
}

fn worker() -> Value {
    let ends: Vec<&str> = WORKER_ENDS.into_iter().chain(["running"]).collect();
    object(&[
        ("pid", count(), "the process"),
        ("slot", count(), "its place among the workers"),
        ("generation", count(), "how many workers had this place before"),
        ("tasks", count(), "tasks that it settled"),
        ("jobs", count(), "jobs that it received, with redirects and retries"),
        ("started_s", seconds(), "from the start of the run to its start"),
        ("placed_s", seconds(), "from the start of the run to when it got its slot"),
        ("ended_s", seconds(), "from the start of the run to its end"),
        ("end", json!({ "enum": ends }), "why it ended; `running` if it has not"),
    ])
}

fn field() -> Value {
    object(&[
        ("field", text(), "its name, after those of the fields around it"),
        ("pages", count(), "pages with at least one value"),
        ("values", count(), "values that fit: for a list its elements, for `each` its objects"),
        ("empty", count(), "how many times there was no value"),
        ("bad", count(), "values that did not fit their type"),
    ])
}

fn phases() -> Value {
    let phases = ["queue", "connect", "first_byte", "body", "parse", "extract", "total"];
    object(&phases.map(|name| (name, json!({ "$ref": "#/definitions/times" }), "")))
}

fn times() -> Value {
    let buckets = list(&count(), BOUNDS.len());
    object(&[
        ("count", count(), "how many times were counted"),
        ("mean_s", seconds(), "the mean"),
        ("p50_s", seconds(), "half of the times are at most this long"),
        ("p90_s", seconds(), "nine of ten times are at most this long"),
        ("p99_s", seconds(), "99 of 100 times are at most this long"),
        ("p999_s", seconds(), "999 of 1,000 times are at most this long"),
        ("max_s", seconds(), "the longest time"),
        ("buckets", buckets, "how many times are at most as long as each bound"),
    ])
}

fn host() -> Value {
    object(&[
        ("host", text(), "the name, with the port if it is unusual"),
        ("tasks", count(), "settled tasks whose line names this host"),
        ("failed", count(), "those of them that failed"),
        ("bytes", count(), "decompressed bytes of their pages"),
        ("latency", json!({ "$ref": "#/definitions/times" }), ""),
    ])
}

fn history() -> Value {
    let stretch = object(&[
        ("tasks", count(), "tasks that were settled"),
        ("failed", count(), "those of them that failed"),
        ("in_flight", count(), "the most requests in flight at once"),
        ("memory", count(), "the most bytes that the workers had together; 0 if it is not known"),
        ("waiting_hosts", count(), "the most hosts that waited at once"),
    ]);
    object(&[
        ("length_s", seconds(), "the length of each stretch"),
        ("stretches", list(&stretch, STRETCHES), "from the start of the run on"),
    ])
}

fn setting() -> Value {
    object(&[
        ("name", text(), "the dotted name"),
        ("value", text(), "the value as it was written, on one line; secrets are hidden"),
    ])
}
