use url::Url;

use super::super::{Arity, Content, Extraction, PageFacts, Root, Rule, Source, ValueRule, Warnings};
use super::{Hint, Report};
use crate::scrape::extract::Extractor;
use crate::scrape::json;
use crate::scrape::parse::{Document, parse, parse_xml_into};
use crate::scrape::settings::Purpose;

const SHOP: &str = r#"<!doctype html><title>Shop</title><body><div id="main-list" class="row">
<article class="product_pod big"><h3><a href="/1" title="One">One</a></h3><p class="price_color">£1</p></article>
<article class="product_pod"><h3><a href="/2" title="Two">Two</a></h3><p class="price_color">£2</p></article>
</div><script type="application/ld+json">{"@type": "Shop", "offers": [{"price": 1}]}</script><p data-id="7">x</p>"#;

fn report_on(content: Content<'_>, rules: &Extraction) -> Report {
    let url = Url::parse("http://h/").expect("a URL");
    let extractor = Extractor::with_purpose(rules, Purpose::Report).expect("valid rules");
    let said = extractor.extract_from(content, &PageFacts::of(&url), Warnings::default()).expect("a report");
    serde_json::from_slice(&said.data).expect("a report")
}

fn rule(selector: &str) -> Rule {
    let source = match selector {
        path if path.starts_with('$') => Source { json: Some(path.to_owned()), ..Source::from(Root::Body) },
        xpath if ["/", "./", "("].iter().any(|begin| xpath.starts_with(begin)) => Root::XPath(xpath.to_owned()).into(),
        css => Root::Css(css.to_owned()).into(),
    };
    Rule::Value(ValueRule::of(source, Arity::Many))
}

fn fields(selectors: &[&str]) -> Extraction {
    selectors.iter().map(|it| ((*it).to_owned(), rule(it))).collect::<Vec<_>>().into()
}

fn on_shop(selector: &str) -> Report {
    report_on(Content::Document(&parse(SHOP).expect("a page")), &fields(&[selector]))
}

/// Writes a hint as one line.
fn written(hint: Option<&Hint>) -> String {
    let Some(hint) = hint else { return String::new() };
    let part = |part: &super::Part| format!("{} {}", part.selector, part.matches);
    let longest = hint.longest.as_ref().map(part).unwrap_or_default();
    let mut written = format!("{longest} | {}", hint.stops_at.as_deref().unwrap_or_default());
    for instead in &hint.did_you_mean {
        written += " | ? ";
        written += &part(instead);
    }
    written + &hint.notes.iter().map(|note| " | ".to_owned() + note).collect::<Vec<_>>().concat()
}

#[test]
fn a_selector_that_finds_nothing_is_explained() {
    let table = [
        ("article.product > h3 a", "article 2 | article.product | ? article.product_pod > h3 a 2 | ? article > h3 a 2"),
        (".price::text", " | .price | ? .price_color::text 2"),
        ("#main", " | #main | ? #main-list 1"),
        ("article h4", "article 2 | article h4 | ? article h3 2"),
        ("article > a", "article 2 | article > a | ? article a 2 | elements there: h3, p"),
        ("div > p.price_color", "div 1 | div > p | ? div p.price_color 2 | elements there: article"),
        ("artikle p", " | artikle | ? article p 2"),
        ("h3::text", "h3 2 | h3::text | ? h3::text-content 2 | these elements have no text directly inside"),
        ("h3 a::attr(titel)", "h3 a 2 | h3 a::attr(titel) | ? h3 a::attr(title) 2"),
        ("h3::url", "h3 2 | h3::url | ? h3 a::url 2 | these elements carry no link"),
        ("p[data-ids]", "p 3 | p[data-ids] | ? p[data-id] 1"),
        ("a[title=\"Ones\"]", "a 2 | a[title=\"Ones\"] | ? a[title=\"One\"] 1"),
        ("article.zzzzqq a", "article 2 | article.zzzzqq | ? article a 2 | classes there: .product_pod, .big"),
        ("p.zzzzqq", "p 3 | p.zzzzqq | classes there: .price_color"),
        ("article:nth-child(9)", "article 2 | article:nth-child(9)"),
        (".product_pod, .nonsense", ""),
        (
            "$.offers",
            " |  | the page is HTML: use a CSS selector, or a path behind one, such as { css = \"script::text\", json = \"$.x\" }",
        ),
        (
            "//article[@class='product']/h3",
            "//article 2 | //article[@class='product'] | ? //article[@class='product_pod']/h3 1 | ? //article[@class='product_pod big']/h3 1",
        ),
        ("//article/h4/a", "//article 2 | //article/h4 | ? //article/h3/a 2"),
        ("//article/a", "//article 2 | //article/a | ? //article//a 2"),
        ("//h3/text()", "//h3 2 | //h3/text() | ? //h3//text() 2"),
        ("//a/@titel", "//a 2 | //a/@titel | ? //a/@title 2"),
        ("//artikle", " | //artikle | ? //article 2"),
        ("//p[has-class(\"price\")]", "//p 3 | //p[has-class(\"price\")] | ? //p[has-class(\"price_color\")] 2"),
    ];
    for (selector, expected) in table {
        let report = on_shop(selector);
        assert_eq!(written(report.fields[0].sources[0].hint.as_ref()), expected, "{selector}");
    }
}

#[test]
fn matches_have_values_and_places() {
    let table = [
        ("h3 a::text", "One", "html > body > div#main-list > article.product_pod:nth-child(1) > h3 > a", Some((2, 38))),
        (
            "p.price_color::text-content",
            "£1",
            "html > body > div#main-list > article.product_pod:nth-child(1) > p.price_color",
            Some((2, 75)),
        ),
        (
            "//h3/a/@title",
            "One",
            "html > body > div#main-list > article.product_pod:nth-child(1) > h3 > a",
            Some((2, 38)),
        ),
        (
            "//h3/a/text()",
            "One",
            "html > body > div#main-list > article.product_pod:nth-child(1) > h3 > a",
            Some((2, 38)),
        ),
    ];
    for (selector, value, path, position) in table {
        let report = on_shop(selector);
        let source = &report.fields[0].sources[0];
        let first = &source.shown[0];
        assert_eq!((first.value.as_str(), first.path.as_str()), (value, path), "{selector}");
        assert_eq!(first.line.zip(first.column), position, "{selector}");
        assert_eq!((source.matches, report.fields[0].values), (2, 2), "{selector}");
        assert_eq!(source.hint, None, "{selector}");
    }
}

#[test]
fn a_path_is_a_selector_of_the_match() {
    let document = parse(SHOP).expect("a page");
    for selector in ["a", "p", "article", "title", "script"] {
        let report = report_on(Content::Document(&document), &fields(&[selector]));
        for found in &report.fields[0].sources[0].shown {
            let again = report_on(Content::Document(&document), &fields(&[&found.path]));
            let source = &again.fields[0].sources[0];
            assert_eq!((source.matches, &source.shown[0]), (1, found), "{}", found.path);
        }
    }
}

#[test]
fn fields_of_objects_are_looked_at_inside_of_their_matches() {
    let rules: Extraction = vec![
        (
            "shops".to_owned(),
            Rule::each("article", vec![("name".to_owned(), rule("h3 a::text")), ("stock".to_owned(), rule(".prices"))]),
        ),
        ("none".to_owned(), Rule::each("section", vec![("name".to_owned(), rule("h3"))])),
    ]
    .into();
    let report = report_on(Content::Document(&parse(SHOP).expect("a page")), &rules);
    let found: Vec<_> =
        report.fields.iter().map(|it| (it.field.as_str(), it.sources[0].matches, it.values, it.empty)).collect();
    let expected = [
        ("shops", 2, 2, 0),
        ("shops.name", 2, 2, 0),
        ("shops.stock", 0, 0, 2),
        ("none", 0, 0, 1),
        ("none.name", 0, 0, 0),
    ];
    assert_eq!(found, expected);
    let hint = written(report.fields[2].sources[0].hint.as_ref());
    assert_eq!(hint, " | .prices | ? .price_color 1");
    assert_eq!(report.fields[4].sources[0].hint, None, "there is nothing in which it could be");
}

#[test]
fn pages_of_json_and_xml_are_looked_at_too() {
    let json = json::parse(r#"{"items": [{"name": "a"}, {"name": "b"}]}"#).expect("JSON");
    let empty = Document::new();
    let report = report_on(Content::Json(&json, &empty), &fields(&["$.items[*].name", "$.items[*].nam", "h1"]));
    assert_eq!((report.kind.as_str(), report.size), ("json", 6));
    let shown: Vec<&str> = report.fields[0].sources[0].shown.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(shown, ["$.items[0].name", "$.items[1].name"]);
    let hints: Vec<String> = report.fields.iter().map(|it| written(it.sources[0].hint.as_ref())).collect();
    assert_eq!(hints[1], "$.items[*] 2 | $.items[*].nam | ? $.items[*].name 2");
    assert_eq!(hints[2], " |  | the page is JSON: use a path, such as $.items");

    let report = report_on(Content::Json(&json, &empty), &fields(&["h1"]));
    assert_eq!(report.failure.map(|failure| failure.kind), Some("content_type".to_owned()));

    let mut document = Document::new();
    parse_xml_into(&mut document, "<a xmlns:d='u'><d:b>x</d:b></a>", encoding_rs::UTF_8).expect("well-formed");
    let report = report_on(Content::Document(&document), &fields(&["d|b::text", "d|c"]));
    assert_eq!((report.kind.as_str(), report.size), ("xml", 2));
    assert_eq!(report.fields[0].sources[0].shown[0].path, "a > d|b");
    assert!(report.fields[1].sources[0].hint.is_some());
}

#[test]
fn a_hostile_page_gives_a_small_report_in_time() {
    let pages = [
        "<div class=a>".repeat(10_000),
        "<p class=a>x".repeat(20_000),
        (0..10_000).map(|n| format!("<p class='c{n}' id=i{n}>")).collect::<Vec<_>>().concat(),
        format!("<div class='{}'>", "a ".repeat(50_000)),
        format!("<p title='{}'>{}</p>", "t".repeat(1 << 20), "x".repeat(1 << 20)),
    ];
    let selectors = [
        "div",
        "p",
        "div > p.b",
        ".b div",
        "#i p",
        "//div/p",
        "//p[@class='b']",
        "div div div div p::text",
        "div::text-content",
        "p::attr(titel)",
    ];
    for page in pages {
        let document = parse(&page).expect("a page");
        let report = report_on(Content::Document(&document), &fields(&selectors));
        let length = serde_json::to_vec(&report).expect("JSON").len();
        assert!(length < 48 << 20, "{length}");
    }
}
