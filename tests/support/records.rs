//! Parses the records of an output.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One full record. Unknown keys are an error, because the documentation lists all keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Its position in the list.
    pub(crate) seq: u64,
    /// The line as written.
    pub(crate) url: String,
    /// What the list carried.
    #[serde(default)]
    pub(crate) input: Option<Value>,
    /// The URL that answered after all redirects.
    pub(crate) final_url: Option<String>,
    /// The status of the last answer.
    pub(crate) status: Option<u16>,
    /// The data exactly as written; `None` for a failure.
    pub(crate) data: Option<Box<RawValue>>,
    /// `None` for a page.
    pub(crate) failure: Option<Failure>,
    /// Number of attempts that count for the task.
    pub(crate) attempts: u32,
    /// Milliseconds that workers spent on the task.
    pub(crate) elapsed_ms: f64,
    /// Bytes of the decompressed body.
    pub(crate) bytes: u64,
    /// The pid of the worker.
    pub(crate) worker: Option<u32>,
    /// Whether the data came from the cache; `None` in a run without a cache.
    #[serde(default)]
    pub(crate) cached: Option<bool>,
    /// When the answer came; `None` if no request was sent.
    pub(crate) fetched_at: Option<String>,
}

/// Why a record has no data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) stage: String,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
}

impl Record {
    /// The data exactly as written; `null` for a failure.
    pub(crate) fn raw(&self) -> &str {
        self.data.as_deref().map_or("null", RawValue::get)
    }

    /// The kind of the failure; empty for a page.
    pub(crate) fn kind(&self) -> &str {
        self.failure.as_ref().map_or("", |failure| &failure.kind)
    }
}

/// Parses an output (a JSON array, or JSON Lines) with full records. Checks that they are numbered from 0 without gaps,
/// and that each is either a page or a failure.
#[track_caller]
pub(crate) fn records(output: &str) -> Vec<Record> {
    let records: Vec<Record> = parse(output);
    for (place, record) in records.iter().enumerate() {
        assert_eq!(record.seq, place as u64, "{record:?}");
        assert_ne!(record.data.is_some(), record.failure.is_some(), "{record:?}");
    }
    records
}

/// Parses an output with values of any shape.
#[track_caller]
pub(crate) fn values(output: &str) -> Vec<Value> {
    parse(output)
}

#[track_caller]
pub(crate) fn parse<T: for<'a> Deserialize<'a>>(output: &str) -> Vec<T> {
    if output.trim_start().starts_with('[') {
        return serde_json::from_str(output)
            .unwrap_or_else(|error| panic!("not a valid JSON array ({error}): {output}"));
    }
    let value =
        |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("not a valid record ({error}): {line}"));
    output.lines().map(value).collect()
}
