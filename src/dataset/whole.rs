//! Whole records of JSON.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{
    Carried, Entries, Failure, FailureKind, Fit, Outcome, Page, Record, Stage, WorkerLabel, time_of_rfc_3339,
};

/// A record as Gleaner writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full<'a> {
    seq: u64,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    final_url: Option<String>,
    status: Option<u16>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    failure: &'a RawValue,
    #[serde(borrow, default)]
    warnings: Option<&'a RawValue>,
    attempts: u32,
    elapsed_ms: f64,
    bytes: u64,
    worker: Option<u32>,
    #[serde(default)]
    cached: Option<bool>,
    #[serde(default)]
    fetched_at: Option<String>,
}

#[derive(Deserialize)]
struct Why<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    stage: Cow<'a, str>,
    message: String,
    #[serde(default)]
    causes: Vec<String>,
}

/// The keys by which a full record is recognized.
const KEYS: [&str; 4] = ["seq", "url", "data", "failure"];

/// Whether a value of JSON is a full record, and not only data.
pub(super) fn is_full(json: &str) -> bool {
    Entries::read(json).is_ok_and(|entries| KEYS.iter().all(|key| entries.get(0, key).is_some()))
}

/// What is wrong with a record, in the words of its reader.
pub(super) fn of_json(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "it ends in the middle, so the file is not complete".to_owned();
    }
    error.to_string()
}

/// Reads a full record.
pub(super) fn full(json: &str) -> Result<Record, String> {
    let full: Full<'_> =
        serde_json::from_str(json).map_err(|error| format!("is not a full record: {}", of_json(&error)))?;
    let outcome = match (full.data.get(), full.failure.get()) {
        (data, "null") if data != "null" => Outcome::Page(Page {
            final_url: full.final_url.unwrap_or_default(),
            status: full.status.unwrap_or_default(),
            bytes: full.bytes,
            data: compact(data).into_owned().into(),
            fit: Fit {
                warnings: full.warnings.map(|json| compact(json.get()).into_owned()).unwrap_or_default().into(),
                counts: Vec::new(),
            },
        }),
        ("null", failure) if failure != "null" => {
            let why: Why<'_> =
                serde_json::from_str(failure).map_err(|error| format!("has a strange failure: {error}"))?;
            let mut failure = failed(&why.kind, &why.stage, why.message)?;
            (failure.causes, failure.final_url, failure.status, failure.bytes) =
                (why.causes, full.final_url, full.status, full.bytes);
            Outcome::Failure(failure)
        }
        _ => return Err("must have either data or a failure".to_owned()),
    };
    Ok(Record {
        seq: full.seq,
        url: full.url.into_owned(),
        input: full.input.map_or_else(|| Ok(Carried::default()), |input| carried(input.get()))?,
        outcome,
        attempts: full.attempts,
        elapsed: elapsed(full.elapsed_ms)?,
        worker: full.worker.map(WorkerLabel::of_process),
        cached: full.cached,
        fetched_at: full.fetched_at.as_deref().map(fetched_at).transpose()?,
    })
}

/// The failure with these names.
pub(super) fn failed(kind: &str, stage: &str, message: String) -> Result<Failure, String> {
    let unknown =
        |what: &str, name: &str| format!("has a failure of the {what} `{name}`, which this version does not know");
    let kind = FailureKind::of_name(kind).ok_or_else(|| unknown("kind", kind))?;
    let stage = Stage::of_name(stage).ok_or_else(|| unknown("stage", stage))?;
    let mut failure = Failure::new(kind, stage, "");
    failure.message = message;
    Ok(failure)
}

/// What the list says about the task: an object.
pub(super) fn carried(json: &str) -> Result<Carried, String> {
    let json = compact(json);
    let entries = Entries::read(&json).map_err(|error| format!("has an input that is not an object: {error}"))?;
    Ok(Carried::of_values(entries.iter().map(|(name, value)| (name, value.get()))))
}

pub(super) fn elapsed(milliseconds: f64) -> Result<Duration, String> {
    let duration = Duration::try_from_secs_f64((milliseconds * 10.0).round() / 10_000.0);
    duration.map_err(|_| format!("has `{milliseconds}` as its elapsed_ms, which is not a time"))
}

pub(super) fn fetched_at(text: &str) -> Result<std::time::SystemTime, String> {
    time_of_rfc_3339(text).ok_or_else(|| format!("has `{text}` as its fetched_at, which is not a time of RFC 3339"))
}

/// JSON without white space between its parts, so that it is on one line.
pub(super) fn compact(json: &str) -> Cow<'_, str> {
    if !json.contains(['\n', '\r']) {
        return Cow::Borrowed(json);
    }
    let (mut is_in_string, mut is_escaped) = (false, false);
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_in_string,
            '"' => is_in_string = !is_in_string,
            ' ' | '\t' | '\n' | '\r' if !is_in_string => continue,
            _ => {}
        }
        out.push(character);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"{"seq":7,"url":"h\u00e9","input":{"sku":1.50},"final_url":"http://h/","status":200,"data":{"a":1.0},"failure":null,"warnings":[{"field":"a"}],"attempts":1,"elapsed_ms":12.3,"bytes":5,"worker":17,"cached":false,"fetched_at":"2023-11-14T22:13:20.007Z"}"#;
    const FAILURE: &str = r#"{"seq":8,"url":"u","final_url":null,"status":404,"data":null,"failure":{"kind":"http_status","stage":"fetch","message":"m","causes":["c"]},"attempts":0,"elapsed_ms":0.0,"bytes":0,"worker":null,"fetched_at":null}"#;

    #[test]
    fn a_full_record_is_read_with_all_that_it_says() {
        let page = full(PAGE).expect("a page");
        assert_eq!((page.seq, page.url.as_str(), page.input.json()), (7, "hé", Some("{\"sku\":1.50}")));
        assert_eq!((page.elapsed, page.cached), (Duration::from_micros(12_300), Some(false)));
        assert_eq!(page.fetched_at.map(crate::model::rfc_3339).as_deref(), Some("2023-11-14T22:13:20.007Z"));
        let Outcome::Page(data) = page.outcome else { panic!("a page") };
        assert_eq!((&data.data[..], &data.fit.warnings[..]), (&b"{\"a\":1.0}"[..], &b"[{\"field\":\"a\"}]"[..]));
        let Outcome::Failure(failure) = full(FAILURE).expect("a failure").outcome else { panic!("a failure") };
        assert_eq!(
            (failure.kind, failure.status, failure.causes),
            (FailureKind::HttpStatus, Some(404), vec!["c".to_owned()])
        );
        assert!(is_full(PAGE) && is_full(FAILURE));
        for data in ["null", "1", "[]", "{}", r#"{"seq":1,"url":"u","data":1}"#] {
            assert!(!is_full(data), "{data}");
        }
    }

    #[test]
    fn what_would_be_lost_or_is_wrong_is_an_error() {
        let table = [
            (PAGE.replace("\"attempts\"", "\"tries\""), "unknown field `tries`"),
            (PAGE.replace("\"failure\":null", "\"failure\":{}"), "either data or a failure"),
            (FAILURE.replace("http_status", "later"), "kind `later`"),
            (FAILURE.replace("\"fetch\"", "\"later\""), "stage `later`"),
            (PAGE.replace("{\"sku\":1.50}", "[]"), "an input that is not an object"),
            (PAGE.replace("12.3", "-1"), "which is not a time"),
            (PAGE.replace("2023-11-14T22", "yesterday"), "which is not a time of RFC 3339"),
            (
                PAGE[..PAGE.len() - 1].to_owned(),
                "is not a full record: it ends in the middle, so the file is not complete",
            ),
        ];
        for (json, expected) in table {
            let error = full(&json).expect_err(&json);
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn json_on_several_lines_becomes_one_line_with_the_same_strings() {
        let table = [
            ("{\n  \"a b\" : [ 1,\r\n\t\"x\\\" \\\\\" ] }", "{\"a b\":[1,\"x\\\" \\\\\"]}"),
            ("{ \"a\": 1 }", "{ \"a\": 1 }"),
        ];
        for (json, expected) in table {
            assert_eq!(compact(json), expected);
        }
    }
}
