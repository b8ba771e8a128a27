use url::Url;

use super::Extractor;
use crate::model::FailureKind;
use crate::scrape::extract::{
    Arity, Extraction, Fields, FirstOf, PageFacts, Root, Rule, RuleErrorKind, Scalar, Steps, ValueRule, ValueType,
};
use crate::scrape::parse;

/// Where the page was found.
fn at() -> Url {
    Url::parse("http://site.example/dir/page.html").expect("a URL")
}

fn one(css: &str) -> ValueRule {
    ValueRule::new(css, Arity::One)
}

fn many(css: &str) -> ValueRule {
    ValueRule::new(css, Arity::Many)
}

fn raw(css: &str) -> ValueRule {
    ValueRule { steps: Steps { trim: false, ..Steps::default() }, ..many(css) }
}

fn fields<const N: usize>(rules: [(&str, Rule); N]) -> Fields {
    rules.map(|(name, rule)| (name.to_owned(), rule)).into()
}

fn extract(html: &str, fields: &Fields) -> Result<String, crate::model::Failure> {
    let extractor = Extractor::of(fields).expect("the rules compile");
    let data = extractor.extract(&parse(html)?, &PageFacts::of(&at()))?.data;
    Ok(String::from_utf8(data.to_vec()).expect("JSON is UTF-8"))
}

/// Extracts one value and returns its JSON.
fn value(html: &str, rule: ValueRule) -> String {
    let object = extract(html, &fields([("v", Rule::Value(rule))])).expect("a value");
    object.strip_prefix("{\"v\":").and_then(|rest| rest.strip_suffix('}')).expect("an object with v").to_owned()
}

#[test]
fn pseudo_elements_give_the_same_as_in_parsel() {
    const NESTED: &str = "<div>a<b>c</b>d</div>";
    const LINKS: &str = "<p><a title=t href='/x?a=1&amp;b'>L</a><a href='' title=u>M</a><a name=n>N</a></p>";
    let cases = [
        (NESTED, "div::text", r#"["a","d"]"#),
        (NESTED, "*::text", r#"["a","c","d"]"#),
        (NESTED, "::text", r#"["a","c","d"]"#),
        (NESTED, "div *::text", r#"["a","c","d"]"#),
        (NESTED, "div ::text", r#"["a","c","d"]"#),
        (NESTED, "b *::text", r#"["c"]"#),
        (NESTED, "div > *::text", r#"["c"]"#),
        (NESTED, "b::text, div::text", r#"["a","c","d"]"#),
        (NESTED, "div::text, div::text", r#"["a","d"]"#),
        (NESTED, "b", r#"["<b>c</b>"]"#),
        (NESTED, "div, b::text", r#"["<div>a<b>c</b>d</div>","c"]"#),
        (NESTED, "div::inner-html", r#"["a<b>c</b>d"]"#),
        (NESTED, "div::text-content", r#"["acd"]"#),
        (NESTED, ":is(b, i)::TEXT", r#"["c"]"#),
        (NESTED, "i::text", "[]"),
        (LINKS, "a::attr(href)", r#"["/x?a=1&b",""]"#),
        (LINKS, "a::attr('href')", r#"["/x?a=1&b",""]"#),
        (LINKS, "a::attr( HREF )", "[]"),
        (LINKS, "a::attr(href), a::attr(title)", r#"["t","/x?a=1&b","","u"]"#),
        (LINKS, "a::text, a::attr(title)", r#"["t","L","u","M","N"]"#),
        (LINKS, "p *::attr(name)", r#"["n"]"#),
        ("<p class=c>", "p *::attr(class)", r#"["c"]"#),
        ("<p class=c>", "p > *::attr(class)", "[]"),
        (LINKS, "a[href='']", r#"["<a href=\"\" title=\"u\">M</a>"]"#),
        ("<html lang=en>", "html::attr(lang)", r#"["en"]"#),
        ("<html lang=en>", ":root::attr(lang)", r#"["en"]"#),
        ("<p id=a,b>x", "p[id='a,b']::text", r#"["x"]"#),
        ("<p>x<p class=n>y", "p:not(.n, .m)::text", r#"["x"]"#),
        ("<p>x", r"p:not(.a\:\:text)::text", r#"["x"]"#),
        ("<svg><a xlink:href=/s viewBox=1>", r#"a::attr("xlink:href")"#, r#"["/s"]"#),
        ("<svg viewbox=1>", "svg::attr(viewBox)", r#"["1"]"#),
    ];
    for (html, css, json) in cases {
        assert_eq!(value(html, raw(css)), json, "{css} in {html}");
    }
}

#[test]
fn matches_come_in_document_order_and_without_removed_elements() {
    let cases = [
        // Foster parenting: the parser creates `lost` after the table, but puts it before the table.
        ("<table><i>a</i><tr><td><i>b</i></table>", "i::text", r#"["a","b"]"#),
        ("<template><p>in</p></template><p>out</p>", "p::text", r#"["out"]"#),
        ("<div><template>in</template>out</div>", "div::text-content", r#"["out"]"#),
        ("<div><template><b></b></template></div>", "div:has(b)", "[]"),
        ("<noscript><p>plain</p></noscript>", "p::text", r#"["plain"]"#),
        // The adoption agency moves elements. An element that it removed is not matched.
        ("<a>1<div>2<a>3</a></div>", "a::text", r#"["1","2","3"]"#),
        ("<!-- <p>no</p> --><p>a<!-- b -->c", "p::text", r#"["a","c"]"#),
    ];
    for (html, css, json) in cases {
        assert_eq!(value(html, many(css)), json, "{css} in {html}");
    }
}

#[test]
fn a_value_is_selected_matched_by_re_trimmed_and_typed_in_this_order() {
    const PRICES: &str = "<p> £12.50 now </p><p>\n</p><p>£7</p>";
    let re = |rule: ValueRule, re: &str| ValueRule { steps: Steps { re: Some(re.to_owned()), ..rule.steps }, ..rule };
    let kind = |rule: ValueRule, kind| ValueRule { kind, ..rule };
    let cases = [
        (one("p::text"), r#""£12.50 now""#),
        (many("p::text"), r#"["£12.50 now","£7"]"#),
        (raw("p::text"), r#"[" £12.50 now ","\n","£7"]"#),
        (many("p::text-content"), r#"["£12.50 now","","£7"]"#),
        (re(many("p::text"), r"£([\d.]+ ?)"), r#"["12.50","7"]"#),
        (re(raw("p::text"), r"£([\d.]+ ?)"), r#"["12.50 ","7"]"#),
        (kind(re(many("p::text"), r"[\d.]+"), ValueType::Number), "[12.5,7]"),
        (kind(re(one("p::text"), r"[\d.]+"), ValueType::Number), "12.5"),
        (kind(re(one("p::text"), r"7"), ValueType::Integer), "7"),
        (kind(one("p:last-child::text"), ValueType::Html), r#""<p>£7</p>""#),
        (kind(many("p::text"), ValueType::Html), r#"["<p> £12.50 now </p>","<p>\n</p>","<p>£7</p>"]"#),
        (one("i::text"), "null"),
        (many("i::text"), "[]"),
        (ValueRule { default: Some(Scalar::Integer(0)), ..one("i::text") }, "0"),
        (ValueRule { default: Some(Scalar::String("-".into())), ..one("p:nth-child(2)::text-content") }, r#""-""#),
    ];
    for (rule, json) in cases {
        assert_eq!(value(PRICES, rule.clone()), json, "{rule:?}");
    }
}

#[test]
fn links_are_made_absolute() {
    let cases = [
        ("<a href=x.html>", "a", r#"["http://site.example/dir/x.html"]"#),
        ("<a href=''>", "a", r#"["http://site.example/dir/page.html"]"#),
        ("<a href=' //h/\n'>", "a", r#"["http://h/"]"#),
        ("<a>", "a", "[]"),
        ("<a href='http://[x/'>", "a", "[]"),
        ("<a href='mailto:a@b'>", "a", r#"["mailto:a@b"]"#),
        ("<base href=/root/><base href=/no/><a href=x>", "a", r#"["http://site.example/root/x"]"#),
        ("<base><base href=/b/><a href=x>", "a", r#"["http://site.example/b/x"]"#),
        ("<base href='data:,x'><a href=x>", "a", r#"["http://site.example/dir/x"]"#),
        ("<img src=i><img src=''><img alt=a>", "img", r#"["http://site.example/dir/i"]"#),
        ("<form action=a></form><form></form>", "form", r#"["http://site.example/dir/a"]"#),
        ("<object data=d></object>", "object", r#"["http://site.example/dir/d"]"#),
        ("<q cite=c></q>", "q", r#"["http://site.example/dir/c"]"#),
        ("<svg><a xlink:href=s>", "a", r#"["http://site.example/dir/s"]"#),
        ("<p href=x>", "p", "[]"),
    ];
    for (html, element, json) in cases {
        assert_eq!(value(html, many(&format!("{element}::url"))), json, "{html}");
    }
}

#[test]
fn the_query_of_a_link_uses_the_encoding_of_its_page() {
    let extractor = Extractor::of(&fields([("v", Rule::Value(one("a::url")))])).expect("compiles");
    let document = crate::scrape::parse_encoded("<a href='/é?é'>", encoding_rs::WINDOWS_1252).expect("a page");
    let data = extractor.extract(&document, &PageFacts::of(&at())).expect("data").data;
    assert_eq!(data, r#"{"v":"http://site.example/%C3%A9?%E9"}"#);
}

#[test]
fn each_gives_one_object_per_element() {
    let each = |each: &str, rules| Rule::each(each, rules);
    let html = "<ul><li id=a>1<b>x</b></li><li id=b>2</li></ul><p>no</p>";
    let rules = fields([
        (
            "items",
            each(
                "li, li",
                fields([
                    ("own", Rule::Value(one(":scope::attr(id)"))),
                    ("bare", Rule::Value(many("::text"))),
                    ("bold", Rule::Value(one(":scope > b::text"))),
                    ("has", Rule::Value(many(":is(:scope:has(b))::attr(id)"))),
                    ("outside", Rule::Value(one("p::text"))),
                    ("inner", each("b", fields([("t", Rule::Value(one("::text")))]))),
                ]),
            ),
        ),
        ("none", each("i", fields([]))),
    ]);
    let expected = concat!(
        r#"{"items":[{"own":"a","bare":["1","x"],"bold":"x","has":["a"],"outside":null,"inner":[{"t":"x"}]},"#,
        r#"{"own":"b","bare":["2"],"bold":null,"has":[],"outside":null,"inner":[]}],"none":[]}"#
    );
    assert_eq!(extract(html, &rules).as_deref(), Ok(expected));
}

#[test]
fn a_failure_names_the_field_and_the_value() {
    let each = |rule: ValueRule| {
        let fields = fields([("price", Rule::Value(rule))]);
        fields_of_each(fields)
    };
    let required = ValueRule { required: true, ..one("b::text") };
    let number = ValueRule { kind: ValueType::Number, ..one("b::text") };
    let cases = [
        (
            "<p><b>1</b></p><p></p>",
            each(required.clone()),
            FailureKind::MissingField,
            "find required field `items[1].price`: nothing matches `b::text`",
        ),
        (
            "<p><b>1</b></p><p><b>dear</b></p>",
            each(ValueRule { required: true, ..number }),
            FailureKind::BadValue,
            "read field `items[1].price` as a number: it is `dear`",
        ),
        (
            "<p><b> </b></p>",
            fields([("b", Rule::Value(ValueRule { arity: Arity::Many, ..required }))]),
            FailureKind::MissingField,
            "find required field `b`: nothing matches `b::text`",
        ),
    ];
    for (html, rules, kind, message) in cases {
        let failure = extract(html, &rules).expect_err(message);
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
    }
}

fn fields_of_each(inner: Fields) -> Fields {
    fields([("items", Rule::each("p", inner))])
}

#[test]
fn a_missing_value_is_the_same_in_a_first_of() {
    let split = ValueRule { steps: Steps { split: Some(",".to_owned()), ..Steps::default() }, ..one("p") };
    let joined = ValueRule { steps: Steps { join: Some(",".to_owned()), ..Steps::default() }, ..many("p") };
    let of = |root: Root| ValueRule::of(root.into(), Arity::One);
    let table = [
        (one("p"), "null"),
        (many("p"), "[]"),
        (split, "[]"),
        (joined, "null"),
        (of(Root::Table("table".to_owned())), "[]"),
        (of(Root::Links), "[]"),
        (of(Root::Feed), "[]"),
        (of(Root::Article { markdown: false }), "null"),
    ];
    let first_of = |rule: Rule| Rule::FirstOf(FirstOf { rules: vec![rule], required: false, default: None });
    for (rule, expected) in table {
        let rule = Rule::Value(rule);
        let nested = first_of(first_of(rule.clone()));
        for rule in [rule.clone(), first_of(rule), nested] {
            let data = extract("<i>x</i>", &fields([("v", rule.clone())])).expect("data");
            assert_eq!(data, format!("{{\"v\":{expected}}}"), "{rule:?}");
        }
    }
}

#[test]
fn without_rules_the_page_describes_itself() {
    let html = "<html lang=en><head><title> A\n title </title><meta NAME=Description content=' d '>\
        <link rel='CANONICAL' href=/c></head><body><svg><title>no</title></svg><h2>Two <i>b</i></h2><h1>One</h1>\
        <a href=a>x</a><a name=n>y</a></body></html>";
    let data = Extractor::new(&Extraction::default())
        .expect("compiles")
        .extract(&parse(html).expect("a page"), &PageFacts::of(&at()))
        .expect("data")
        .data;
    let expected = concat!(
        r#"{"title":"A title","description":"d","canonical":"http://site.example/c","language":"en","#,
        r#""published":null,"author":null,"headings":["Two b","One"],"links":["http://site.example/dir/a"],"#,
        r#""open_graph":null,"json_ld":[]}"#
    );
    assert_eq!(data, expected);
    let empty = Extractor::new(&Extraction::default())
        .expect("compiles")
        .extract(&parse("").expect("a page"), &PageFacts::of(&at()))
        .expect("data")
        .data;
    let nothing = concat!(
        r#"{"title":null,"description":null,"canonical":null,"language":null,"published":null,"author":null,"#,
        r#""headings":[],"links":[],"open_graph":null,"json_ld":[]}"#
    );
    assert_eq!(empty, nothing);
}

#[test]
fn the_data_is_one_line_of_json_whatever_the_page_contains() {
    let html = "<p title='\"\\\u{2028}\n\u{7f}'>a\nb\u{0}\u{1}";
    let rules = fields([("a\"\n", Rule::Value(raw("p::attr(title)"))), ("t", Rule::Value(raw("p::text")))]);
    let json = extract(html, &rules).expect("data");
    assert!(!json.contains('\n'), "{json}");
    let data: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(data["a\"\n"][0], "\"\\\u{2028}\n\u{7f}");
}

#[test]
fn contradictory_rules_do_not_compile() {
    let re =
        |re: &str, rule: ValueRule| ValueRule { steps: Steps { re: Some(re.to_owned()), ..Steps::default() }, ..rule };
    let default = Some(Scalar::Integer(1));
    let table = [
        (re("(a)(b)", one("p")), Some(RuleErrorKind::SeveralGroups(2))),
        (re("(a)|(b)|(c)", one("p")), Some(RuleErrorKind::SeveralGroups(3))),
        (re("(?P<a>.)|(?P<b>.)|(c)", one("p")), None),
        (re("(a)(b)", many("p")), None),
        (re("(a)(?:b)", one("p")), None),
        (re("(a)(?P<extract>b)", one("p")), None),
        (ValueRule { default: default.clone(), ..many("p") }, Some(RuleErrorKind::DefaultOfList)),
        (ValueRule { default, required: true, ..one("p") }, Some(RuleErrorKind::DefaultOfRequired)),
    ];
    for (rule, expected) in table {
        let shown = format!("{rule:?}");
        let outer = fields([("each", Rule::each("p", fields([("v", Rule::Value(rule))])))]);
        let error = Extractor::of(&outer).err();
        assert!(error.as_ref().is_none_or(|error| error.path == "each.v"), "{error:?}");
        assert_eq!(error.map(|error| error.kind), expected, "{shown}");
    }
}
