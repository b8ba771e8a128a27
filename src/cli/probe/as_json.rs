//! The report for programs: one object of JSON, on one line.

use serde::Serialize;
use serde_json::value::RawValue;

use super::page::{Copy, Page};
use super::shown::Coverage;
use crate::model::escape_controls;
use crate::scrape::extract::{FailureReport, FieldReport, Report, WarningReport};

/// docs/first-steps.md describes these keys.
#[derive(Serialize)]
struct Shown<'r> {
    url: &'r str,
    final_url: Option<&'r str>,
    copy: &'static str,
    age_s: Option<u64>,
    bytes: usize,
    kind: &'r str,
    size: u64,
    coverage: Coverage<'r>,
    data: Option<&'r RawValue>,
    failure: Option<&'r FailureReport>,
    warnings: &'r [WarningReport],
    fields: &'r [FieldReport],
}

/// Writes the report on a page.
pub(super) fn report(page: &Page, report: &Report) -> String {
    let (copy, age_s) = match page.copy {
        Copy::Fetched => ("fetched", Some(0)),
        Copy::Kept(age) => ("kept", Some(age.as_secs())),
        Copy::File => ("file", None),
    };
    line(&Shown {
        url: &page.asked,
        final_url: Some(page.url.as_str()),
        copy,
        age_s,
        bytes: page.bytes(),
        kind: &report.kind,
        size: report.size,
        coverage: Coverage::of(&report.fields),
        data: report.data.as_deref(),
        failure: report.failure.as_ref(),
        warnings: &report.warnings,
        fields: &report.fields,
    })
}

/// Writes the failure of a page that could not be fetched.
pub(super) fn unfetched(url: &str, failure: &FailureReport) -> String {
    line(&Shown {
        url,
        final_url: None,
        copy: "none",
        age_s: None,
        bytes: 0,
        kind: "",
        size: 0,
        coverage: Coverage::of(&[]),
        data: None,
        failure: Some(failure),
        warnings: &[],
        fields: &[],
    })
}

fn line(shown: &Shown<'_>) -> String {
    let mut line = serde_json::to_vec(shown).expect("texts, numbers and lists can be written");
    escape_controls(&mut line, 0);
    line.push(b'\n');
    String::from_utf8(line).expect("JSON is UTF-8")
}
