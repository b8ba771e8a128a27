//! Hostile pages for each source and type: every one ends in data, perhaps with warnings, or in a typed failure, after a
//! short time.

use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use url::Url;

use super::{
    Arity, Content, EachRule, Extracted, Extractor, FirstOf, Notation, PageFacts, Root, Rule, Source, Steps,
    Structured, ValueRule, ValueType, Warnings,
};
use crate::model::{Failure, FailureKind};
use crate::scrape::json;
use crate::scrape::parse::{Document, parse, parse_xml_into};

/// The limit for each page, generous for a debug build on a busy machine. A page that takes time in proportion to its
/// square takes minutes.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Extracts one field from a page of HTML, of XML (`<?xml`), or of JSON.
fn extracted(page: &str, rule: Rule) -> Result<Extracted, Failure> {
    let extractor = Extractor::of(&vec![("v".to_owned(), rule)]).expect("the rule compiles");
    let url = Url::parse("http://h/").expect("a URL");
    let facts = PageFacts::of(&url);
    let mut document = Document::new();
    if page.starts_with(['{', '[']) {
        let json = json::parse(page).expect("JSON");
        return extractor.extract_from(Content::Json(&json, &document), &facts, Warnings::default());
    }
    if page.starts_with("<?xml") {
        parse_xml_into(&mut document, page, encoding_rs::UTF_8).expect("XML");
        return extractor.extract(&document, &facts);
    }
    extractor.extract(&parse(page)?, &facts)
}

fn all(root: Root) -> ValueRule {
    ValueRule::of(root.into(), Arity::Many)
}

fn css(css: &str) -> ValueRule {
    all(Root::Css(css.to_owned()))
}

fn xpath(xpath: &str) -> Rule {
    Rule::Value(all(Root::XPath(xpath.to_owned())))
}

fn json(path: &str) -> ValueRule {
    ValueRule::of(Source { json: Some(path.to_owned()), ..Root::Body.into() }, Arity::Many)
}

fn has(css: &str, has: &str) -> Source {
    Source { has: Some(has.to_owned()), ..Root::Css(css.to_owned()).into() }
}

fn typed(rule: ValueRule, kind: ValueType) -> Rule {
    Rule::Value(ValueRule { kind, ..rule })
}

fn structured(what: Structured, path: Option<&str>) -> Rule {
    let source = Source { json: path.map(str::to_owned), ..Root::Structured(what).into() };
    Rule::Value(ValueRule::of(source, Arity::Many))
}

fn each(each: Source, css: &str) -> Rule {
    Rule::Each(EachRule { each, fields: vec![("t".to_owned(), Rule::Value(ValueRule::new(css, Arity::One)))] })
}

fn dates(kind: ValueType, locale: Option<&str>) -> Rule {
    let notation = Notation { locale: locale.map(str::to_owned), ..Notation::default() };
    Rule::Value(ValueRule { kind, notation, ..css("p::text") })
}

/// Checks that each page ends soon, with what its name says: `data`, `warning` or `failure`.
fn check(table: Vec<(&str, &str, Rule, String)>) {
    for (ends, name, rule, page) in table {
        let begun = Instant::now();
        let answer = extracted(&page, rule);
        let took = begun.elapsed();
        let end = match &answer {
            Ok(Extracted { data, warnings, .. }) => {
                serde_json::from_slice::<IgnoredAny>(data).expect("the data is JSON");
                assert!(warnings.len() < 1 << 20, "{name}: {} bytes of warnings", warnings.len());
                if warnings.is_empty() { "data" } else { "warning" }
            }
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::TooLarge, "{name}: {failure:?}");
                "failure"
            }
        };
        assert_eq!(end, ends, "{name}");
        assert!(took < TIME_LIMIT, "{name} took {took:?}");
    }
}

/// Elements in each other, with something in the last one.
fn deep(tag: &str, count: usize, inner: &str) -> String {
    format!("{}{inner}", format!("<{tag}>").repeat(count))
}

#[test]
fn elements_that_nest_are_not_looked_at_again_and_again() {
    const DEPTH: usize = 30_000;
    let nested = |inner| deep("span", DEPTH, inner);
    let links = Rule::Each(EachRule {
        each: Root::Css("span".to_owned()).into(),
        fields: vec![("l".to_owned(), Rule::Value(all(Root::Links)))],
    });
    let xpath_has = Source { has: Some("i".to_owned()), ..Root::XPath("//span".to_owned()).into() };
    check(vec![
        ("failure", "has", Rule::Value(ValueRule::of(has("span::attr(x)", "i"), Arity::Many)), nested("")),
        ("failure", "has of xpath", Rule::Value(ValueRule::of(xpath_has, Arity::Many)), nested("")),
        ("failure", "each", each(Root::Css("span".to_owned()).into(), "i"), nested("")),
        ("failure", "each with has", each(has("span", "i"), "b"), nested("")),
        ("failure", "each of xpath", each(Root::XPath("//span".to_owned()).into(), "i"), nested("")),
        ("failure", "links", links, nested("<a href=x>y")),
        ("failure", "text", Rule::Value(css("span::text-content")), nested("")),
        ("failure", "markdown", typed(css("span"), ValueType::Markdown), nested("")),
        ("failure", "table", Rule::Value(all(Root::Table("span".to_owned()))), nested("")),
        ("data", "one", each(Root::Css("html".to_owned()).into(), "i"), nested("")),
    ]);
}

#[test]
fn sources_of_the_whole_page_take_any_page() {
    let json_ld = |text: &str| format!("<script type=application/ld+json>{text}</script>");
    let items = (0..2_000).fold(String::new(), |page, n| {
        page + &format!("<div id=i{n} itemscope itemprop=p itemref='i{} i{}'></div>", (n + 1) % 2_000, (n + 7) % 2_000)
    });
    check(vec![
        (
            "data",
            "long JSON-LD",
            structured(Structured::JsonLd, None),
            json_ld(&format!("[{}1]", "{\"a\":1},".repeat(600_000))),
        ),
        ("warning", "deep JSON-LD", structured(Structured::JsonLd, None), json_ld(&"[".repeat(1_000_000))),
        ("warning", "many broken scripts", structured(Structured::JsonLd, None), json_ld("{").repeat(20_000)),
        (
            "warning",
            "paths without end",
            structured(Structured::JsonLd, Some("$..*..*..*")),
            json_ld(
                &format!("{}1{}", "[".repeat(100), "]".repeat(100))
                    .replace('1', "1,".repeat(100_000).trim_end_matches(',')),
            ),
        ),
        (
            "warning",
            "itemref",
            structured(Structured::Microdata, None),
            format!("<div itemscope itemref=i0></div>{items}"),
        ),
        (
            "warning",
            "deep items",
            structured(Structured::Microdata, None),
            deep("div itemscope itemprop=a", 2_000, "x"),
        ),
        (
            "data",
            "properties",
            structured(Structured::OpenGraph, None),
            "<meta property=og:image content=x>".repeat(100_000),
        ),
        (
            "data",
            "prefixes",
            structured(Structured::OpenGraph, None),
            format!("<html prefix='{}'>{}", "a: b ".repeat(5_000), "<meta property=x:y content=x>".repeat(5_000)),
        ),
        ("warning", "deep article", Rule::Value(all(Root::Article { markdown: true })), deep("div", 100_000, "x")),
        (
            "warning",
            "long article",
            Rule::Value(all(Root::Article { markdown: true })),
            format!("<article>{}", "<p>Some words, and more of them.".repeat(600_000)),
        ),
        (
            "data",
            "wide article",
            Rule::Value(all(Root::Article { markdown: true })),
            "<p>Some words, and more of them.".repeat(30_000),
        ),
        (
            "data",
            "rows",
            Rule::Value(all(Root::Table("table".to_owned()))),
            format!("<table>{}", "<tr><td>x".repeat(100_000)),
        ),
        (
            "warning",
            "spans",
            Rule::Value(all(Root::Table("table".to_owned()))),
            format!("<table>{}", "<tr><td colspan=1000 rowspan=65534>x".repeat(3_000)),
        ),
        ("data", "nested tables", Rule::Value(all(Root::Table("table".to_owned()))), deep("table><tr><td", 300, "x")),
        ("data", "links", Rule::Value(all(Root::Links)), "<a href=x>y</a>".repeat(50_000)),
        (
            "data",
            "entries",
            Rule::Value(all(Root::Feed)),
            format!(
                "<?xml version='1.0'?><rss><channel>{}</channel></rss>",
                "<item><title>x</title></item>".repeat(30_000)
            ),
        ),
    ]);
}

#[test]
fn texts_are_read_in_proportion_to_their_length() {
    let p = |text: String| format!("<p>{text}");
    let named = Steps { re: Some("(?P<a>[a-z]+)(?P<b>[0-9]*)".to_owned()), ..Steps::default() };
    let named = || Rule::Value(ValueRule { steps: named.clone(), ..css("p::text") });
    let cases = [
        ("numbers", ValueType::Number, "1 ".repeat(500_000)),
        ("marks", ValueType::Number, "1.".repeat(500_000)),
        ("digits", ValueType::Integer, "1".repeat(1_000_000)),
        ("signs", ValueType::Number, "$".repeat(1_000_000)),
        ("dashes", ValueType::Date, "1-".repeat(500_000)),
        ("colons", ValueType::DateTime, "1:".repeat(500_000)),
        ("months", ValueType::Date, "mai ".repeat(300_000)),
        ("ago", ValueType::DateTime, "vor 3 Tagen ".repeat(100_000)),
        ("epoch", ValueType::DateTime, "9".repeat(1_000_000)),
    ];
    let mut table: Vec<(&str, &str, Rule, String)> = Vec::new();
    for (name, kind, text) in cases {
        table.push(("warning", name, dates(kind, Some("de")), p(text)));
    }
    table.push(("data", "named groups", named(), p("ab12 ".repeat(300_000))));
    table.push(("warning", "warnings", dates(ValueType::Number, None), "<p>x".repeat(50_000)));
    table.push(("data", "deep Markdown", typed(css("body"), ValueType::Markdown), deep("blockquote", 20_000, "x")));
    table.push(("data", "deep lists", typed(css("body"), ValueType::Markdown), deep("ul><li", 5_000, "x")));
    table.push(("data", "wide Markdown", typed(css("body"), ValueType::Markdown), "<b>*</b>_ ".repeat(50_000)));
    table.push(("data", "contains", Rule::Value(css("b:contains('x')")), deep("b", 1_000, &"<b>y</b>".repeat(20_000))));
    table.push((
        "data",
        "wide xpath",
        xpath("//b[not(preceding-sibling::i)][last()]/text()"),
        "<b>x</b>".repeat(5_000),
    ));
    let rules = vec![Rule::Value(ValueRule::new("i", Arity::One)); 20_000];
    table.push((
        "data",
        "fallbacks",
        Rule::FirstOf(FirstOf { rules, required: false, default: None }),
        "<p>x".repeat(1_000),
    ));
    table.push(("data", "paths", Rule::Value(json("$..*..*..*")), format!("[{}1]", "[1,[2]],".repeat(20_000))));
    table.push(("data", "objects", each_json("$..*"), format!("[{}1]", "{\"a\":{}},".repeat(20_000))));
    check(table);
}

fn each_json(path: &str) -> Rule {
    let fields = vec![("t".to_owned(), Rule::Value(ValueRule { arity: Arity::One, ..json("$.a") }))];
    Rule::Each(EachRule { each: Source { json: Some(path.to_owned()), ..Root::Body.into() }, fields })
}
