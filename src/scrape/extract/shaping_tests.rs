//! Tests of sources, steps and types together: what one value is, and what is wrong with it.

use url::Url;

use super::{
    Arity, Content, Decimal, EachRule, Extracted, Extraction, Extractor, FirstOf, Notation, PageFacts, Root, Rule,
    Source, Steps, ValueRule, ValueType, Warnings,
};
use crate::model::{Failure, FailureKind};
use crate::scrape::json;
use crate::scrape::parse::{Document, parse};

/// Extracts one field `v` from a page, which is JSON if it does not start with `<`.
fn extracted(page: &str, rule: Rule, strict: bool) -> Result<Extracted, Failure> {
    let fields = vec![("v".to_owned(), rule)];
    let extractor = Extractor::new(&Extraction { fields, preset: None, strict }).expect("the rule compiles");
    let url = Url::parse("http://h/").expect("a URL");
    let facts = PageFacts::of(&url);
    if page.starts_with('<') {
        return extractor.extract(&parse(page)?, &facts);
    }
    let (json, document) = (json::parse(page).expect("JSON"), Document::new());
    extractor.extract_from(Content::Json(&json, &document), &facts, Warnings::default())
}

/// The value of the field, and the problems of its warnings.
fn found(page: &str, rule: Rule) -> (String, Vec<String>) {
    let Extracted { data, warnings, .. } = extracted(page, rule, false).expect("data");
    let data = String::from_utf8(data.to_vec()).expect("UTF-8");
    let value = data.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}')).expect("a field").to_owned();
    serde_json::from_str::<serde_json::Value>(&value).unwrap_or_else(|error| panic!("{error}: {value}"));
    if warnings.is_empty() {
        return (value, Vec::new());
    }
    let warnings: Vec<serde_json::Value> = serde_json::from_slice(&warnings).expect("JSON");
    (value, warnings.iter().map(|warning| format!("{} {}", warning["field"], warning["value"])).collect())
}

fn css(css: &str, arity: Arity) -> ValueRule {
    ValueRule::new(css, arity)
}

fn json(path: &str, arity: Arity) -> ValueRule {
    ValueRule::of(Source { json: Some(path.to_owned()), ..Root::Body.into() }, arity)
}

fn xpath(xpath: &str, arity: Arity) -> ValueRule {
    ValueRule::of(Root::XPath(xpath.to_owned()).into(), arity)
}

fn with(rule: ValueRule, steps: Steps) -> Rule {
    Rule::Value(ValueRule { kind: ValueType::String, steps, ..rule })
}

fn typed(rule: ValueRule, kind: ValueType) -> Rule {
    Rule::Value(ValueRule { kind, ..rule })
}

fn first_of(rules: Vec<Rule>) -> Rule {
    Rule::FirstOf(FirstOf { rules, required: false, default: None })
}

const TAGS: &str = "<p></p><p> a, b </p><p>c</p>";

#[test]
fn a_single_value_is_the_first_match_that_is_not_empty() {
    use Arity::{Many, One};
    let split = || Steps { split: Some(",".to_owned()), strip: Some(" ".to_owned()), ..Steps::default() };
    let join = |join: &str| Steps { join: Some(join.to_owned()), ..Steps::default() };
    let table = [
        (TAGS, with(css("p::text-content", One), Steps::default()), "\"a, b\""),
        // The parts of the first match that is not empty.
        (TAGS, with(css("p::text-content", One), split()), r#"["a","b"]"#),
        (TAGS, with(css("p::text-content", Many), split()), r#"["","a","b","c"]"#),
        ("<p>1;,</p>", with(css("p::text", One), Steps { re: Some("[^0-9;]*".to_owned()), ..split() }), r#"["",""]"#),
        (TAGS, with(css("p::text-content", One), Steps { join: Some("+".to_owned()), ..split() }), "\"a+b\""),
        (TAGS, with(css("p::text-content", Many), Steps { join: Some("+".to_owned()), ..split() }), "\"+a+b+c\""),
        (TAGS, with(css("p::text", One), Steps { re: Some("[a-z]".to_owned()), ..join("+") }), "\"a+b\""),
        (TAGS, with(css("p::text", Many), join("+")), "\"a, b+c\""),
        (r#"[null,"",{"a":[null,"x"]}]"#, typed(json("$..*", One), ValueType::Json), r#"{"a":[null,"x"]}"#),
        (r#"["",null,"x"]"#, Rule::Value(json("$[*]", One)), "\"x\""),
        (r#"[" ",null,"x,y"]"#, with(json("$[*]", One), split()), r#"["x","y"]"#),
        // What is null has no text to join.
        (r#"[null,"x",null,2]"#, with(json("$[*]", Many), join("+")), "\"x+2\""),
        ("[null]", with(json("$[*]", Many), join("+")), "null"),
        ("<p>1<p>", Rule::Value(xpath("//p", One)), "\"<p>1</p>\""),
        ("<p><p>2", Rule::Value(xpath("//p/text()", One)), "\"2\""),
    ];
    for (page, rule, expected) in table {
        assert_eq!(found(page, rule.clone()), (expected.to_owned(), vec![]), "{rule:?} of {page}");
    }
}

#[test]
fn a_number_of_json_is_read_as_json_whatever_the_notation_is() {
    let notation = Notation { decimal: Some(Decimal::Comma), ..Notation::default() };
    let table = [
        ("1.234", ValueType::Integer, "null", 1),
        ("1.50", ValueType::Number, "1.50", 0),
        ("12.00", ValueType::Integer, "12", 0),
        ("1e3", ValueType::Integer, "1000", 0),
        ("9223372036854775807", ValueType::Integer, "9223372036854775807", 0),
        ("1e300", ValueType::Integer, "null", 1),
        ("\"1.234\"", ValueType::Integer, "1234", 0),
    ];
    for (page, kind, expected, warnings) in table {
        let rule = ValueRule { kind, notation: notation.clone(), ..json("$", Arity::One) };
        let (value, problems) = found(page, Rule::Value(rule));
        assert_eq!((value.as_str(), problems.len()), (expected, warnings), "{page} as {kind:?}");
    }
}

#[test]
fn a_missing_list_among_several_rules_is_an_empty_list() {
    let split = || with(css("i::text", Arity::One), Steps { split: Some(",".to_owned()), ..Steps::default() });
    let table = [
        (vec![Rule::Value(css("i", Arity::One)), split()], "[]"),
        (vec![Rule::Value(css("i", Arity::One)), first_of(vec![split()])], "[]"),
        (vec![split(), Rule::Value(css("i", Arity::One))], "null"),
        (vec![first_of(vec![Rule::Value(css("i", Arity::Many))])], "[]"),
    ];
    for (rules, expected) in table {
        assert_eq!(found("<p>x", first_of(rules.clone())), (expected.to_owned(), vec![]), "{rules:?}");
    }
}

#[test]
fn strict_and_required_find_each_bad_value() {
    const PAGE: &str = "<p>1<p>x<script>{</script>";
    let numbers = |arity| typed(css("p::text", arity), ValueType::Number);
    let each = || {
        let each = Source { json: Some("$.a[*]".to_owned()), ..Root::Css("script::text".to_owned()).into() };
        let fields = vec![("n".to_owned(), Rule::Value(json("$", Arity::One)))];
        Rule::Each(EachRule { each, fields })
    };
    let bad = [
        numbers(Arity::Many),
        typed(css("p:last-of-type::text", Arity::One), ValueType::Number),
        first_of(vec![numbers(Arity::Many)]),
        first_of(vec![typed(css("i", Arity::One), ValueType::Number), first_of(vec![numbers(Arity::Many)])]),
        each(),
        first_of(vec![each()]),
    ];
    for rule in bad {
        let failure = extracted(PAGE, rule.clone(), true).expect_err("a bad value");
        assert_eq!(failure.kind, FailureKind::BadValue, "{rule:?}");
        assert!(failure.message.contains("`v"), "{}", failure.message);
        let fit = extracted(PAGE, rule.clone(), false).expect("a warning");
        assert_eq!(fit.counts[0].bad, 1, "{rule:?}");
        assert_eq!(found(PAGE, rule.clone()).1.len(), 1, "{rule:?}");
        if let Rule::FirstOf(first) = rule
            && !matches!(first.rules[0], Rule::Each(_))
        {
            let failure = extracted(PAGE, Rule::FirstOf(FirstOf { required: true, ..first }), false);
            assert_eq!(failure.expect_err("a bad value").kind, FailureKind::BadValue);
        }
    }
    // A bad value of a rule counts only if no other rule gives a value.
    let good = [vec![typed(css("p:last-of-type::text", Arity::One), ValueType::Number), numbers(Arity::One)]];
    for rules in good {
        let rule = first_of(rules);
        assert_eq!(extracted(PAGE, rule.clone(), true).expect("data").counts[0].bad, 0);
        assert_eq!(found(PAGE, rule), ("1".to_owned(), vec![]));
    }
}

#[test]
fn a_warning_about_the_page_is_not_lost_with_a_rule_that_gives_nothing() {
    const PAGE: &str = "<script type=application/ld+json>{</script><p>x";
    let json_ld = |path: &str| {
        let source = Source { json: Some(path.to_owned()), ..Root::Structured(super::Structured::JsonLd).into() };
        Rule::Value(ValueRule::of(source, Arity::One))
    };
    let fields = vec![
        ("a".to_owned(), first_of(vec![json_ld("$..name"), Rule::Value(css("p::text", Arity::One))])),
        ("b".to_owned(), json_ld("$..name")),
    ];
    let url = Url::parse("http://h/").expect("a URL");
    let extracted = Extractor::of(&fields).expect("rules").extract(&parse(PAGE).expect("a page"), &PageFacts::of(&url));
    let warnings = extracted.expect("data").warnings;
    let warnings: Vec<serde_json::Value> = serde_json::from_slice(&warnings).expect("JSON");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn conditions_and_white_space_of_xpath_are_those_of_css() {
    const PAGE: &str = "<p>1<b>x</b> </p><p>2</p>";
    let has = |rule: ValueRule, has: Option<&str>, not: Option<&str>, kind| {
        let (has, not) = (has.map(str::to_owned), not.map(str::to_owned));
        Rule::Value(ValueRule { source: Source { has, not, ..rule.source.clone() }, kind, ..rule })
    };
    let table = [
        (has(xpath("//p", Arity::Many), Some("b"), None, ValueType::String), r#"["<p>1<b>x</b> </p>"]"#),
        (has(xpath("//p", Arity::Many), None, Some("b"), ValueType::String), r#"["<p>2</p>"]"#),
        // Nothing is inside of a text.
        (has(xpath("//p/text()", Arity::Many), Some("b"), None, ValueType::String), "[]"),
        (has(xpath("//p/text()", Arity::Many), None, Some("b"), ValueType::String), r#"["1","2"]"#),
        (has(xpath("//p/text()", Arity::Many), None, None, ValueType::Markdown), r#"["1","2"]"#),
    ];
    for (rule, expected) in table {
        assert_eq!(found(PAGE, rule.clone()), (expected.to_owned(), vec![]), "{rule:?}");
    }
}

#[test]
fn each_needs_an_expression_that_finds_elements() {
    for (expression, fits) in [("//p", true), ("//p/text()", false), ("//p/@id", false), ("count(//p)", false)] {
        let each = Root::XPath(expression.to_owned()).into();
        let rule = Rule::Each(EachRule { each, fields: vec![("v".to_owned(), Rule::Value(css("b", Arity::One)))] });
        assert_eq!(Extractor::of(&vec![("e".to_owned(), rule)]).is_ok(), fits, "{expression}");
    }
}

#[test]
fn rules_of_one_field_count_the_same_fields() {
    let each = |css: &str| Rule::each(css, vec![("t".to_owned(), Rule::Value(ValueRule::new("::text", Arity::One)))]);
    let fields = vec![("e".to_owned(), first_of(vec![each("i"), each("p")]))];
    let extractor = Extractor::of(&fields).expect("rules");
    let paths: Vec<&str> = extractor.fields().iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths, ["e", "e.t"]);
    let url = Url::parse("http://h/").expect("a URL");
    let counts = extractor.extract(&parse("<p>x<p>y").expect("a page"), &PageFacts::of(&url)).expect("data").counts;
    assert_eq!(counts.iter().map(|count| count.values).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn warnings_stay_short_whatever_the_names_of_fields_are() {
    let name = "\u{1}".repeat(100_000);
    let rule = typed(css("p::text", Arity::Many), ValueType::Number);
    let extractor = Extractor::of(&vec![(name, rule)]).expect("a rule");
    let (page, url) = ("<p>\u{1}x".repeat(30), Url::parse("http://h/").expect("a URL"));
    let extracted = extractor.extract(&parse(&page).expect("a page"), &PageFacts::of(&url)).expect("data");
    assert!(extracted.warnings.len() < 1 << 20, "{} bytes", extracted.warnings.len());
    let warnings: Vec<serde_json::Value> = serde_json::from_slice(&extracted.warnings).expect("JSON");
    assert_eq!(warnings.len(), 20);
}
