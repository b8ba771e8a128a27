//! Pages of any bytes: decode, parse and extract give one line of JSON or a failure, and give the same again.

use std::sync::LazyLock;
use std::time::SystemTime;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::de::IgnoredAny;
use url::Url;

use crate::model::Phases;

use super::document_kind::DocumentKind;
use super::extract::{
    Arity, Case, EachRule, Extracted, Extraction, Extractor, Fact, Fields, FirstOf, Notation, Preset, Root, Rule,
    Scalar, Source, Steps, Structured, ValueRule, ValueType,
};
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

/// The rules of a run without rules, rules that always match, rules that pages may break, and rules of all sources.
static RULES: LazyLock<[Extractor; 5]> = LazyLock::new(|| {
    let of = |fields: Fields| Extraction::from(fields);
    let every = || Extraction { preset: Some(Preset::Metadata), ..of(every_source()) };
    let all = [of(Fields::new()), of(lenient()), of(strict()), every(), Extraction { strict: true, ..every() }];
    all.map(|rules| Extractor::new(&rules).expect("the rules compile"))
});

/// Extracts a page by the fixed rules, and by `css` if it is a valid selector. `kind` chooses the `Content-Type`.
pub(crate) fn check(kind: u8, css: &str, body: &[u8]) {
    for document_kind in [DocumentKind::Html, DocumentKind::Xml, DocumentKind::Json] {
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
        fetched_at: Some(SystemTime::UNIX_EPOCH),
        phases: Phases::default(),
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
        Ok(Made::Data(Extracted { data, warnings, counts })) => {
            assert_eq!(counts.len(), extractor.fields().len(), "each field has a count");
            assert!(warnings.len() < 1 << 20, "the coordinator takes the warnings");
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

/// Rules of all sources, steps and types.
fn every_source() -> Fields {
    let value = |name: &str, rule: ValueRule| (name.to_owned(), Rule::Value(rule));
    let many = |root: Root| ValueRule::of(root.into(), Arity::Many);
    let css = |css: &str| many(Root::Css(css.to_owned()));
    let typed = |rule: ValueRule, kind: ValueType| {
        let locale = matches!(kind, ValueType::Number | ValueType::Date).then(|| "de".to_owned());
        ValueRule { kind, notation: Notation { locale, ..Notation::default() }, ..rule }
    };
    let json = |root: Root, path: &str| Source { json: Some(path.to_owned()), ..root.into() };
    let has = Source { has: Some("b".to_owned()), not: Some("i".to_owned()), ..Root::Css("p, div".to_owned()).into() };
    let steps = Steps {
        replace: vec![("a".to_owned(), "bb".to_owned())],
        split: Some("b".to_owned()),
        strip: Some(" x".to_owned()),
        case: Some(Case::Upper),
        map: vec![("B".to_owned(), Scalar::Integer(1)), (String::new(), Scalar::Boolean(false))],
        ..Steps::default()
    };
    let named = Steps { re: Some("(?P<a>[0-9]+)(?P<b>x)?".to_owned()), ..Steps::default() };
    let joined = Steps { join: Some("+".to_owned()), ..Steps::default() };
    let mut fields = vec![
        value("xpath", many(Root::XPath("//p | //a/@href | //b/text()".to_owned()))),
        value("count", ValueRule::of(Root::XPath("count(//*)".to_owned()).into(), Arity::One)),
        value("xpath_markdown", typed(many(Root::XPath("//p | //a/@href".to_owned())), ValueType::Markdown)),
        value("json", ValueRule::of(json(Root::Body, "$..*"), Arity::Many)),
        value("joined", ValueRule { steps: joined, ..typed(many(Root::Links), ValueType::String) }),
        value("script", ValueRule::of(json(Root::Css("script::text".to_owned()), "$..a"), Arity::One)),
        value("tables", many(Root::Table("table, td".to_owned()))),
        value("links", many(Root::Links)),
        value("rels", ValueRule::of(json(Root::Links, "$[?@.rel].text"), Arity::Many)),
        value("feed", many(Root::Feed)),
        value("article", many(Root::Article { markdown: true })),
        value("steps", typed(ValueRule { steps, ..css("*::text") }, ValueType::String)),
        value("named", ValueRule { steps: named, ..css("*::text") }),
        value("has", ValueRule::of(has.clone(), Arity::Many)),
        value("fact", many(Root::Fact(Fact::FinalUrl))),
    ];
    for what in [Structured::JsonLd, Structured::OpenGraph, Structured::Microdata] {
        fields.push(value(&format!("{what:?}"), many(Root::Structured(what))));
    }
    for kind in [
        ValueType::Number,
        ValueType::Integer,
        ValueType::Boolean,
        ValueType::Html,
        ValueType::Markdown,
        ValueType::Url,
        ValueType::Date,
        ValueType::DateTime,
        ValueType::Json,
    ] {
        fields.push(value(&format!("{kind:?}"), typed(css("p::text, b::text-content, a"), kind)));
    }
    let inner = |css: &str| vec![("n".to_owned(), Rule::Value(ValueRule::new(css, Arity::One)))];
    let object = |each: Source, fields: Fields| Rule::Each(EachRule { each, fields });
    let of_json = vec![value("n", ValueRule::of(json(Root::Body, "$.a"), Arity::One))];
    let rules = vec![
        Rule::Value(typed(css("i::text"), ValueType::Integer)),
        object(json(Root::Css("script::text".to_owned()), "$[*]"), of_json.clone()),
        object(has, inner("::text")),
        object(Root::XPath("//li".to_owned()).into(), inner("*::url")),
        object(json(Root::Body, "$[*]"), of_json),
    ];
    for (nth, rule) in rules.iter().enumerate() {
        fields.push((format!("rule_{nth}"), rule.clone()));
    }
    fields.push(("first_of".to_owned(), Rule::FirstOf(FirstOf { rules, required: false, default: None })));
    fields
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
            "vor 3 Tagen 01/02/2024",
            "<script type=application/ld+json>{\"a\":1",
            "<script>",
            "{\"a\":[1,null,\"x\"],",
            "[{\"a\":1.5e3},\"\"]",
            "<div itemscope itemprop=p itemref=i itemtype=//t>",
            "<meta property=og:title content=x>",
            "<rss><channel><item><title>x",
            "<a rel=x href=//h/>",
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
