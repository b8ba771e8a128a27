//! Compares extraction with parsel, using cases that `fixtures/expected/make.py` recorded.

use gleaner::scrape::extract::{Arity, Extractor, PageFacts, Rule, Selection, Steps, ValueRule};
use gleaner::scrape::parse;
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/fixtures/expected/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).expect(&path);
    serde_json::from_slice(&bytes).expect(&path)
}

/// Extracts like parsel: without trimming, and without dropping empty texts.
fn found(html: &str, rule: ValueRule) -> Value {
    let steps = Steps { trim: false, ..rule.steps };
    let rule = ValueRule { steps, ..rule };
    let fields = vec![("found".to_owned(), Rule::Value(rule))];
    let extractor = Extractor::of(&fields).expect("a rule that parsel takes");
    let data = extractor
        .extract(&parse(html).expect("a page"), &PageFacts::of(&"http://h/".parse().expect("a URL")))
        .expect("nothing is required")
        .data;
    serde_json::from_slice::<Value>(&data).expect("JSON")["found"].take()
}

fn text<'c>(case: &'c Value, key: &str) -> &'c str {
    case[key].as_str().expect(key)
}

#[test]
fn selectors_find_what_parsel_finds() {
    for case in cases("parsel_cases.json") {
        let found = found(text(&case, "html"), ValueRule::new(text(&case, "selector"), Arity::Many));
        assert_eq!(found, case["getall"], "{} in {}", case["selector"], case["html"]);
    }
}

#[test]
fn regular_expressions_find_what_parsel_finds() {
    for case in cases("parsel_re_cases.json") {
        let re = Some(text(&case, "re").to_owned());
        let steps = Steps { re, ..Steps::default() };
        let rule = ValueRule { steps, ..ValueRule::new(text(&case, "selector"), Arity::Many) };
        assert_eq!(found(text(&case, "html"), rule), case["all"], "{} in {}", case["re"], case["html"]);
    }
}

#[test]
fn selectors_that_parsel_refuses_are_refused() {
    for case in cases("parsel_errors.json") {
        let css = case.as_str().expect("a selector");
        assert!(Selection::parse(css).is_err(), "{css}");
    }
}
