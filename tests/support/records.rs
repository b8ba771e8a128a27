//! Records, as a reader of the output sees them.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One full record. Unknown keys are an error: the contract lists them all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Its place in the list.
    pub(crate) seq: u64,
    /// The line as written.
    pub(crate) url: String,
    /// Where the redirects led.
    pub(crate) final_url: Option<String>,
    /// Of the last answer.
    pub(crate) status: Option<u16>,
    /// The bytes as they were written; `None` for a failure.
    pub(crate) data: Option<Box<RawValue>>,
    /// `None` for a page.
    pub(crate) failure: Option<Failure>,
    /// Fetches charged to the task.
    pub(crate) attempts: u32,
    /// Milliseconds in workers.
    pub(crate) elapsed_ms: f64,
    /// Of the decompressed body.
    pub(crate) bytes: u64,
    /// The worker's pid.
    pub(crate) worker: Option<u32>,
    /// Whether the data is of the cache; `None` in a run without one.
    #[serde(default)]
    pub(crate) cached: Option<bool>,
}

/// Why there is no data.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    pub(crate) kind: String,
    pub(crate) stage: String,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
}

impl Record {
    /// The data, as it was written; `null` for a failure.
    pub(crate) fn raw(&self) -> &str {
        self.data.as_deref().map_or("null", RawValue::get)
    }

    /// The kind of the failure; empty for a page.
    pub(crate) fn kind(&self) -> &str {
        self.failure.as_ref().map_or("", |failure| &failure.kind)
    }
}

/// The full records of an output (a JSON array, or JSON Lines): numbered from 0 without a gap, each either a page or a
/// failure.
#[track_caller]
pub(crate) fn records(output: &str) -> Vec<Record> {
    let records: Vec<Record> = parse(output);
    for (place, record) in records.iter().enumerate() {
        assert_eq!(record.seq, place as u64, "{record:?}");
        assert_ne!(record.data.is_some(), record.failure.is_some(), "{record:?}");
    }
    records
}

/// The values of an output, whatever they are.
#[track_caller]
pub(crate) fn values(output: &str) -> Vec<Value> {
    parse(output)
}

#[track_caller]
pub(crate) fn parse<T: for<'a> Deserialize<'a>>(output: &str) -> Vec<T> {
    if output.trim_start().starts_with('[') {
        return serde_json::from_str(output).unwrap_or_else(|error| panic!("no JSON array ({error}): {output}"));
    }
    let value = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no record ({error}): {line}"));
    output.lines().map(value).collect()
}
