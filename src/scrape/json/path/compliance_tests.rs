//! The compliance test suite of the authors of RFC 9535 (`fixtures/jsonpath`).

use super::super::{Json, parse};
use super::JsonPath;

/// The number of cases. It shows that the file was read.
const CASES: usize = 687;

#[test]
fn the_compliance_test_suite_passes() {
    let suite = parse(include_str!("../../../../fixtures/jsonpath/cts.json")).expect("JSON");
    let Some(Json::Array(cases)) = suite.get("tests") else { panic!("no tests") };
    assert_eq!(cases.len(), CASES);
    let mut wrong = Vec::new();
    for case in cases {
        let (Some(Json::String(name)), Some(Json::String(selector))) = (case.get("name"), case.get("selector")) else {
            panic!("no name: {case:?}");
        };
        let path = JsonPath::new(selector);
        if case.get("invalid_selector").is_some() {
            if let Ok(path) = path {
                wrong.push(format!("{name}: {selector:?} must be invalid: {path:?}"));
            }
            continue;
        }
        let path = match path {
            Ok(path) => path,
            Err(error) => {
                wrong.push(format!("{name}: {selector:?}: {error}"));
                continue;
            }
        };
        let document = case.get("document").expect("a document");
        let found: Vec<Json> = path.select(document).expect("few values").into_iter().cloned().collect();
        let expected: Vec<&Json> = match (case.get("result"), case.get("results")) {
            (Some(result), _) => vec![result],
            (None, Some(Json::Array(results))) => results.iter().collect(),
            _ => panic!("{name}: no result"),
        };
        if !expected.contains(&&Json::Array(found.clone())) {
            wrong.push(format!("{name}: {selector:?} found {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {CASES} cases:\n{}", wrong.len(), wrong.join("\n"));
}
