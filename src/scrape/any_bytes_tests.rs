//! Pages of any bytes: decode, parse and extract give one line of JSON or a failure, and give the same again.

use std::sync::LazyLock;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::de::IgnoredAny;
use url::Url;

use super::document_kind::DocumentKind;
use super::extract::{Arity, Extracted, Extractor, Fields, Rule, Scalar, Steps, ValueRule, ValueType};
use super::fetch::FetchedPage;
use super::reading::{Made, data_of};
use super::settings::PageParser;

/// `Content-Type` headers of servers.
const TYPES: [Option<&str>; 6] = [
    None,
    Some("text/html; charset=utf-8"),
    Some("text/html; charset=windows-1251"),
    Some("text/html; charset=shift_jis"),
    Some("text/html; charset=iso-2022-jp"),
    Some("text/html; charset=utf-16"),
];

/// The rules of a run without rules, rules that always match, and rules that pages may break.
static RULES: LazyLock<[Extractor; 3]> = LazyLock::new(|| {
    [Fields::new(), lenient(), strict()].map(|fields| Extractor::of(&fields).expect("the rules compile"))
});

/// Extracts a page by the fixed rules, and by `css` if it is a valid selector. `kind` chooses the `Content-Type`.
pub(crate) fn check(kind: u8, css: &str, body: &[u8]) {
    for document_kind in [DocumentKind::Html, DocumentKind::Xml] {
        check_as(document_kind, kind, css, body);
    }
}

fn check_as(document_kind: DocumentKind, kind: u8, css: &str, body: &[u8]) {
    let page = FetchedPage {
        kind: document_kind,
        _turn: None,
        follows_meta: false,
        url: Url::parse("http://h.example/dir/page.html?q").expect("a URL"),
        status: 200,
        content_type: TYPES[usize::from(kind) % TYPES.len()].map(str::to_owned),
        body: Bytes::copy_from_slice(body),
        headers: HeaderMap::new(),
        fetched_at: SystemTime::UNIX_EPOCH,
    };
    for extractor in &*RULES {
        check_with(extractor, &page);
    }
    let given = Fields::from([
        ("one".to_owned(), Rule::Value(ValueRule::new(css, Arity::One))),
        ("many".to_owned(), Rule::Value(ValueRule::new(css, Arity::Many))),
    ]);
    if let Ok(extractor) = Extractor::of(&given) {
        check_with(&extractor, &page);
    }
}

fn check_with(extractor: &Extractor, page: &FetchedPage) {
    let made = data_of(extractor, PageParser::Own, page, None, None).made;
    match &made {
        Ok(Made::Elsewhere(_)) => panic!("no redirect was asked for"),
        Ok(Made::Data(Extracted { data, warnings, .. })) => {
            assert!(!warnings.contains(&b'\n'), "the warnings are one line");
            if !warnings.is_empty() {
                serde_json::from_slice::<IgnoredAny>(warnings).expect("the warnings are JSON");
            }
            assert!(!data.contains(&b'\n'), "the data is one line");
            assert!(data.starts_with(b"{"), "the data is an object");
            serde_json::from_slice::<IgnoredAny>(data).expect("the data is JSON");
        }
        Err(failure) => assert!(!failure.message.is_empty()),
    }
    let _anywhere = data_of(extractor, PageParser::Own, page, None, Some(&page.url));
    assert_eq!(data_of(extractor, PageParser::Own, page, None, None).made, made, "the same page gives the same data");
}

/// Rules with every pseudo-element, arity and nesting. None of them can fail.
fn lenient() -> Fields {
    let many = |css: &str| ValueRule::new(css, Arity::Many);
    let values = Fields::from([
        (
            "texts".to_owned(),
            Rule::Value(ValueRule { steps: Steps { trim: false, ..Steps::default() }, ..many("*::text") }),
        ),
        ("folded".to_owned(), Rule::Value(many("body::text-content, td::text-content"))),
        ("outer".to_owned(), Rule::Value(many("a, table, svg, math, template"))),
        ("inner".to_owned(), Rule::Value(many("body::inner-html"))),
        ("attributes".to_owned(), Rule::Value(many("[href]::attr(href), [id]::attr(id)"))),
        ("urls".to_owned(), Rule::Value(many("*::url"))),
        (
            "pattern".to_owned(),
            Rule::Value(ValueRule {
                steps: Steps { re: Some(r"(\w+)\s*(\d*)|&#?\w+;".to_owned()), ..Steps::default() },
                ..many("*::text")
            }),
        ),
        ("nth".to_owned(), Rule::Value(many("p:nth-child(2n+1):not(.x) > b:has(i), :root ~ *, td + td::text"))),
    ]);
    let inner = Fields::from([
        ("text".to_owned(), Rule::Value(ValueRule::new("::text", Arity::One))),
        ("links".to_owned(), Rule::each(":scope > a", values[4..6].to_vec())),
    ]);
    [values, vec![("each".to_owned(), Rule::each("div, li, p", inner))]].concat()
}

/// Rules for values that must exist and fit their types.
fn strict() -> Fields {
    let kinds = [
        ("number", ValueType::Number, Some(Scalar::Integer(-1))),
        ("integer", ValueType::Integer, Some(Scalar::Integer(i64::MIN))),
        ("boolean", ValueType::Boolean, None),
        ("html", ValueType::Html, None),
    ];
    let mut fields = Fields::from(kinds.map(|(name, kind, default)| {
        let rule = ValueRule { kind, default, ..ValueRule::new("b::text", Arity::One) };
        (name.to_owned(), Rule::Value(rule))
    }));
    let title = ValueRule { required: true, ..ValueRule::new("title::text, h1::text-content", Arity::One) };
    fields.push(("title".to_owned(), Rule::Value(title)));
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::check;

    /// A part of a page: tags that conflict with each other, attributes, entities, any characters or bytes.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        const TAGS: &[&str] = &[
            "a",
            "b",
            "body",
            "br",
            "button",
            "caption",
            "div",
            "form",
            "frameset",
            "h1",
            "head",
            "html",
            "i",
            "li",
            "math",
            "mi",
            "noscript",
            "option",
            "p",
            "plaintext",
            "script",
            "select",
            "style",
            "svg",
            "table",
            "tbody",
            "td",
            "template",
            "textarea",
            "title",
            "tr",
            "foreignObject",
            "annotation-xml",
            "base href=//x/",
            "meta charset=big5",
            "a href='?ü#'",
            "p id=i class='x y'",
        ];
        const OTHERS: &[&str] = &[
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<!doctype html>",
            "<?xml version='1.0'?>",
            "<!DOCTYPE a [<!ENTITY e '<b/>'>]>",
            "<x:y xmlns:x='u' x:z='&e;'/>",
            "&amp;",
            "&#x80;",
            "&notin",
            "\u{0}",
            "<",
            " 1,5 €",
        ];
        prop_oneof![
            6 => proptest::sample::select(TAGS).prop_map(|tag| format!("<{tag}>").into_bytes()),
            3 => proptest::sample::select(TAGS).prop_map(|tag| format!("</{tag}>").into_bytes()),
            2 => proptest::sample::select(OTHERS).prop_map(|text| text.as_bytes().to_vec()),
            1 => ".{0,4}".prop_map(String::into_bytes),
            1 => proptest::collection::vec(any::<u8>(), 0..5),
        ]
    }

    fn selector() -> impl Strategy<Value = String> {
        const PARTS: &[&str] = &[
            "*",
            "a",
            "p",
            ".x",
            "#i",
            "[href]",
            "[class~='x' i]",
            ":not(",
            ":is(",
            ":has(",
            ")",
            " > ",
            " ~ ",
            " + ",
            ", ",
            " ",
            ":nth-child(2n",
            ":scope",
            "::text",
            "::attr(",
            "::url",
            "::inner-html",
            "::text-content",
            "\\",
            "'",
            "|",
        ];
        proptest::collection::vec(proptest::sample::select(PARTS), 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_page_gives_one_line_of_json_or_a_failure_every_time(
            kind in any::<u8>(),
            css in selector(),
            pieces in proptest::collection::vec(piece(), 0..40),
        ) {
            check(kind, &css, &pieces.concat());
        }
    }
}
