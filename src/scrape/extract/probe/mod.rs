//! Looks at a page with rules, for `gleaner try`: what each source matches, where, and why one matches nothing.
//!
//! - `report`: the result, which travels as JSON
//! - `look`: goes through the rules; `whole`: sources that are made from the whole page
//! - `places`: where a match stands in the page
//! - `css_parts`: cuts a CSS selector into pieces; `css`, `xpath`, `json`: why a source of that language finds nothing
//! - `near`: similar names
//! - `tests`: tables of selectors with the hint that is expected
//!
//! The data itself comes from the extractor. Matches are found a second time here, because the extractor does not keep
//! them. All lists of a report have limits, so that no page makes it larger than a worker can send.

mod css;
mod css_parts;
mod json;
mod look;
mod near;
mod places;
mod report;
#[cfg(test)]
mod tests;
mod whole;
mod xpath;

use serde_json::value::RawValue;

use super::extractor::{Content, Extracted, Extractor};
use super::facts::PageFacts;
use super::rules::Fields;
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::json::Json;

pub(in crate::scrape::extract) use css::{escaped, find, unique};
pub(in crate::scrape::extract) use json::member;
pub use report::{FailureReport, FieldReport, Hint, MatchReport, Part, Report, SourceReport, WarningReport};

/// Describes what the rules find on a page. `extracted` is what the extractor made of it.
pub(super) fn report(
    extractor: &Extractor,
    rules: &Fields,
    content: Content<'_>,
    facts: &PageFacts<'_>,
    extracted: Result<Extracted, Failure>,
) -> Report {
    let (document, body) = match content {
        Content::Document(document) => (document, None),
        Content::Json(json, document) => (document, Some(json)),
    };
    let dom = &document.dom;
    let (kind, size) = match body {
        Some(json) => ("json", values(json)),
        None => (if dom.is_xml() { "xml" } else { "html" }, dom.elements(dom.whole()).count() as u64),
    };
    let mut counts = std::collections::HashMap::new();
    let (data, failure, warnings, page_is_refused) = match extracted {
        Ok(Extracted { data, warnings, counts: found }) => {
            counts.extend(extractor.fields().iter().map(|field| field.path.as_str()).zip(found));
            let data = String::from_utf8(data.into()).ok().and_then(|data| RawValue::from_string(data).ok());
            (data, None, serde_json::from_slice(&warnings).unwrap_or_default(), false)
        }
        // Such a page is too deep or too large for its rules, and so for looking at it with them.
        Err(failure) => {
            let is_refused = failure.kind == FailureKind::TooLarge;
            (None, Some(of_failure(&failure)), Vec::new(), is_refused)
        }
    };
    let no_rule_reads_json = body.is_some() && !extractor.reads_json();
    let failure = if no_rule_reads_json { Some(of_failure(&unread())) } else { failure };
    let page = look::Page::new(document, body, facts);
    let fields = if page_is_refused { Vec::new() } else { look::Look::through(&page, rules, counts) };
    let data = data.filter(|_| failure.is_none());
    Report { kind: kind.to_owned(), size, data, failure, warnings, fields }
}

/// The failure of a page that is JSON, in a run whose rules read none.
fn unread() -> Failure {
    let message = "read the page: it is JSON, and no rule reads JSON (json = \"$.path\")";
    Failure::new(FailureKind::ContentType, Stage::Fetch, message)
}

fn of_failure(failure: &Failure) -> FailureReport {
    let (kind, stage) = (failure.kind.as_str().to_owned(), failure.stage.as_str().to_owned());
    FailureReport { kind, stage, message: failure.message.clone() }
}

/// Counts the values of a document. Values nest less than 128 deep.
fn values(json: &Json) -> u64 {
    match json {
        Json::Array(inner) => 1 + inner.iter().map(values).sum::<u64>(),
        Json::Object(entries) => 1 + entries.iter().map(|(_, value)| values(value)).sum::<u64>(),
        _ => 1,
    }
}
