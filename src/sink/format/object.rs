//! A record as one line of JSON, with its keys in a fixed order.

use std::time::Duration;

use serde::Serialize;

use super::Shape;
use crate::model::{Failure, Outcome, Record, escape_controls, rfc_3339};

/// Appends what stands for a record in JSON.
pub(super) fn write_as(shape: Shape, record: &Record, into: &mut Vec<u8>) {
    match (shape, &record.outcome) {
        (Shape::Full, _) => write(record, into),
        (Shape::Data, Outcome::Page(page)) => into.extend_from_slice(&page.data),
        (Shape::Data, Outcome::Failure(_)) => into.extend_from_slice(b"null"),
    }
}

/// Appends the record as an object. The page's data is JSON already and goes in as it is.
fn write(record: &Record, into: &mut Vec<u8>) {
    let (final_url, status, bytes) = match &record.outcome {
        Outcome::Page(page) => (Some(&page.final_url), Some(page.status), page.bytes),
        Outcome::Failure(failure) => (failure.final_url.as_ref(), failure.status, failure.bytes),
    };
    field(into, "{\"seq\":", &record.seq);
    field(into, ",\"url\":", &record.url);
    if let Some(input) = record.input.json() {
        into.extend_from_slice(b",\"input\":");
        into.extend_from_slice(input.as_bytes());
    }
    field(into, ",\"final_url\":", &final_url);
    field(into, ",\"status\":", &status);
    match &record.outcome {
        Outcome::Page(page) => {
            debug_assert!(!page.data.is_empty() && !page.data.contains(&b'\n'), "data is one line of JSON");
            into.extend_from_slice(b",\"data\":");
            into.extend_from_slice(&page.data);
            into.extend_from_slice(b",\"failure\":null");
            if !page.fit.warnings.is_empty() {
                into.extend_from_slice(b",\"warnings\":");
                into.extend_from_slice(&page.fit.warnings);
            }
        }
        Outcome::Failure(failure) => {
            into.extend_from_slice(b",\"data\":null,\"failure\":");
            write_failure(failure, into);
        }
    }
    field(into, ",\"attempts\":", &record.attempts);
    into.extend_from_slice(b",\"elapsed_ms\":");
    into.extend_from_slice(milliseconds(record.elapsed).as_bytes());
    field(into, ",\"bytes\":", &bytes);
    field(into, ",\"worker\":", &record.worker);
    if let Some(cached) = record.cached {
        field(into, ",\"cached\":", &cached);
    }
    field(into, ",\"fetched_at\":", &record.fetched_at.map(rfc_3339));
    into.push(b'}');
}

fn write_failure(failure: &Failure, into: &mut Vec<u8>) {
    field(into, "{\"kind\":", failure.kind.as_str());
    field(into, ",\"stage\":", failure.stage.as_str());
    field(into, ",\"message\":", &failure.message);
    field(into, ",\"causes\":", &failure.causes);
    into.push(b'}');
}

/// Milliseconds with one decimal, rounded half up.
pub(super) fn milliseconds(duration: Duration) -> String {
    let tenths = (duration.as_micros() + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn field<T: Serialize + ?Sized>(into: &mut Vec<u8>, key: &str, value: &T) {
    into.extend_from_slice(key.as_bytes());
    let start = into.len();
    serde_json::to_writer(&mut *into, value).expect("strings and numbers are always JSON, and memory takes them");
    escape_controls(into, start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Carried, FailureKind, Fit, Page, Stage, WorkerLabel};
    use bytes::Bytes;
    use std::time::UNIX_EPOCH;

    fn page(data: &'static [u8]) -> Record {
        Record {
            seq: 0,
            url: "http://h/a".to_owned(),
            input: Carried::default(),
            outcome: Outcome::Page(Page {
                final_url: "http://h/a".to_owned(),
                status: 200,
                bytes: 5123,
                data: Bytes::from_static(data),
                fit: Fit::default(),
            }),
            attempts: 1,
            elapsed: Duration::from_micros(12_345),
            worker: Some(WorkerLabel::of_process(17324)),
            cached: None,
            fetched_at: Some(UNIX_EPOCH + Duration::from_millis(1_700_000_000_007)),
        }
    }

    fn failure() -> Record {
        let mut failure = Failure::new(FailureKind::Timeout, Stage::Fetch, "no answer from \"h\"");
        failure.causes = vec!["tick\u{1}".to_owned(), "tock".to_owned()];
        Record {
            seq: u64::MAX,
            url: "http://h/ü\u{7}".to_owned(),
            input: Carried::default(),
            outcome: Outcome::Failure(failure),
            attempts: 3,
            elapsed: Duration::from_secs(90) + Duration::from_millis(12),
            worker: None,
            cached: None,
            fetched_at: None,
        }
    }

    fn line(record: &Record) -> String {
        let mut bytes = b"before ".to_vec();
        write(record, &mut bytes);
        String::from_utf8(bytes).expect("UTF-8").strip_prefix("before ").expect("appended").to_owned()
    }

    #[test]
    fn a_page_is_one_line_with_its_data_unchanged() {
        let expected = r#"{"seq":0,"url":"http://h/a","final_url":"http://h/a","status":200,"data":{"title": "A"},"failure":null,"attempts":1,"elapsed_ms":12.3,"bytes":5123,"worker":17324,"fetched_at":"2023-11-14T22:13:20.007Z"}"#;
        assert_eq!(line(&page(br#"{"title": "A"}"#)), expected);
    }

    #[test]
    fn what_the_list_carries_comes_after_the_url_of_pages_and_failures() {
        let input = Carried::of_values([("sku", "\"a b\""), ("n", "1.50")]);
        for record in [page(b"1"), failure()] {
            let line = line(&Record { input: input.clone(), ..record });
            assert!(line.contains(r#"","input":{"sku":"a b","n":1.50},"final_url":"#), "{line}");
        }
    }

    #[test]
    fn warnings_come_after_the_failure_if_there_are_any() {
        let mut record = page(b"1");
        if let Outcome::Page(page) = &mut record.outcome {
            page.fit.warnings = Bytes::from_static(b"[{}]");
        }
        let line = line(&record);
        assert!(line.contains(r#""failure":null,"warnings":[{}],"attempts""#), "{line}");
    }

    #[test]
    fn a_record_says_whether_its_data_is_from_the_cache_if_there_is_a_cache() {
        for (cached, end) in [
            (None, r#""worker":17324,"fetched_at":"2023-11-14T22:13:20.007Z"}"#),
            (Some(false), r#","cached":false,"fetched_at":"2023-11-14T22:13:20.007Z"}"#),
            (Some(true), r#","worker":17324,"cached":true,"fetched_at":"2023-11-14T22:13:20.007Z"}"#),
        ] {
            let line = line(&Record { cached, ..page(b"1") });
            assert!(line.ends_with(end), "{line}");
        }
    }

    #[test]
    fn a_failure_is_one_line_with_its_cause() {
        let expected = r#"{"seq":18446744073709551615,"url":"http://h/ü\u0007","final_url":null,"status":null,"data":null,"failure":{"kind":"timeout","stage":"fetch","message":"no answer from \"h\"","causes":["tick\u0001","tock"]},"attempts":3,"elapsed_ms":90012.0,"bytes":0,"worker":null,"fetched_at":null}"#;
        assert_eq!(line(&failure()), expected);
    }

    #[test]
    fn a_failure_keeps_url_status_and_size_of_the_answer() {
        let mut record = failure();
        if let Outcome::Failure(failure) = &mut record.outcome {
            failure.final_url = Some("http://h/b".to_owned());
            failure.status = Some(503);
            failure.bytes = 17;
        }
        let line = line(&record);
        assert!(line.contains(r#""final_url":"http://h/b","status":503,"data":null"#), "{line}");
        assert!(line.contains(r#""bytes":17"#), "{line}");
    }

    #[test]
    fn every_line_is_json() {
        for record in [page(b"[1,null]"), failure()] {
            let value: serde_json::Value = serde_json::from_str(&line(&record)).expect("JSON");
            assert_eq!(value["data"].is_null(), !value["failure"].is_null(), "exactly one of the two");
        }
    }

    #[test]
    fn milliseconds_have_one_decimal() {
        let table =
            [(0, "0.0"), (49, "0.0"), (50, "0.1"), (1_000, "1.0"), (999_950, "1000.0"), (90_012_000, "90012.0")];
        for (micros, expected) in table {
            assert_eq!(milliseconds(Duration::from_micros(micros)), expected);
        }
    }
}
