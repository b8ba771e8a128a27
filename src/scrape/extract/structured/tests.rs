use url::Url;

use super::microdata::TooLarge;
use super::{author, json_ld, microdata, open_graph, published};
use crate::scrape::extract::link::Links;
use crate::scrape::json::{Json, value};
use crate::scrape::parse::{Document, parse};

fn written(json: &Json) -> String {
    let mut out = Vec::new();
    value(&mut out, json);
    String::from_utf8(out).expect("UTF-8")
}

fn page(html: &str) -> Document {
    parse(html).expect("a page")
}

fn items(html: &str) -> Result<String, TooLarge> {
    let document = page(html);
    let base = Url::parse("http://site.example/dir/page.html").expect("a URL");
    let links = Links::new(&base, None, document.dom.encoding());
    microdata(&document.dom, &links).map(|items| written(&items))
}

fn script(json: &str) -> String {
    format!("<script type='application/ld+json'>{json}</script>")
}

#[test]
fn json_ld_keeps_digits_and_order() {
    let document = page(&script(r#"{"price":1299.90,"id":12345678901234567890123,"@type":"Product"}"#));
    let expected = r#"[{"price":1299.90,"id":12345678901234567890123,"@type":"Product"}]"#;
    assert_eq!(written(&json_ld(&document.dom).list), expected);
}

#[test]
fn a_script_that_cannot_be_read_costs_only_itself() {
    let table = [
        ("{\"a\":}", "[{\"x\":1},{\"y\":2}]", "line 1, column 6: expected a value, found '}'"),
        ("{\"b\":1} {\"a\":}", "[{\"x\":1},{\"b\":1},{\"y\":2}]", "line 1, column 14: expected a value, found '}'"),
        ("\n var a = {}", "[{\"x\":1},{\"y\":2}]", "line 2, column 2: expected a value, found 'v'"),
        ("{&quot;a&quot;}", "[{\"x\":1},{\"y\":2}]", "line 1, column 5: expected a colon after a key, found '}'"),
    ];
    for (text, list, error) in table {
        let document = page(&[script("{\"x\":1}"), script(text), script("{\"y\":2}")].concat());
        let found = json_ld(&document.dom);
        assert_eq!(written(&found.list), list, "{text}");
        let [unread] = &found.unread[..] else { panic!("{text}: {:?}", found.unread) };
        assert_eq!((unread.text.as_str(), unread.error.to_string().as_str()), (text.trim(), error));
    }
    let long = format!("{{\"a\":\"{}\"", "é".repeat(1_000_000));
    let document = page(&script(&long));
    assert!(json_ld(&document.dom).unread[0].text.len() <= 200);
}

#[test]
fn open_graph_is_one_object_in_the_order_of_the_page() {
    let html = "<meta property='og:type' content='article'><meta name='og:title' content='T'><meta property='og:image' \
                content='1'><meta property='og:image:width' content='10'><meta property='og:image' content='2'><template>\
                <meta property='og:url' content='x'></template>";
    let expected = r#"{"og:type":"article","og:title":"T","og:image":["1","2"],"og:image:width":"10"}"#;
    assert_eq!(written(&open_graph(&page(html).dom)), expected);
    assert_eq!(written(&open_graph(&page("<p>x").dom)), "{}");
}

#[test]
fn items_of_svg_and_of_a_page_without_types_are_read() {
    let table = [
        ("<p>x", "[]"),
        ("<p itemprop=a>x", "[]"),
        ("<p itemscope><b itemprop=a>1", r#"[{"properties":{"a":"1"}}]"#),
        ("<svg itemscope><a itemprop=a href=/x>1</a></svg>", r#"[{"properties":{"a":"http://site.example/x"}}]"#),
        ("<p itemscope><a itemprop=a href='http://['>1", r#"[{"properties":{"a":"http://["}}]"#),
    ];
    for (html, expected) in table {
        assert_eq!(items(html).as_deref(), Ok(expected), "{html}");
    }
}

#[test]
fn hostile_items_end_in_an_error_or_a_list() {
    let many = |count: usize, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
    let shared = many(3_000, &|nth| format!("<b itemprop=p{nth}>x</b>"));
    let table = [
        ("nested items", "<span itemscope itemprop=a>".repeat(100_000), Err(TooLarge::Depth)),
        (
            "nested items below an item",
            format!("<span itemscope>{}", "<span itemscope itemprop=a>".repeat(41)),
            Err(TooLarge::Depth),
        ),
        ("nested scopes without properties", format!("{}x", "<span itemscope>".repeat(20_000)), Err(TooLarge::Work)),
        ("nested properties", format!("<p itemscope>{}x", "<span itemprop=a>".repeat(20_000)), Err(TooLarge::Work)),
        (
            "nested properties with a long text",
            format!("<p itemscope>{}{}", "<span itemprop=a>".repeat(100), "x".repeat(1_000_000)),
            Err(TooLarge::Work),
        ),
        (
            "many items that refer to the same properties",
            format!("<p id=s>{shared}</p>{}", "<p itemscope itemref=s></p>".repeat(3_000)),
            Err(TooLarge::Work),
        ),
        (
            "properties with many names",
            (0..39).fold(String::from("x"), |inside, _| {
                format!("<span itemscope itemprop='a b'><b itemprop=c></b>{inside}</span>")
            }),
            Err(TooLarge::Work),
        ),
        (
            "a chain of references",
            many(10_000, &|nth| format!("<p itemscope itemprop=n id=p{nth} itemref=p{}></p>", nth + 1)),
            Err(TooLarge::Depth),
        ),
    ];
    for (name, html, expected) in table {
        assert_eq!(items(&html).map(|items| items.len()), expected, "{name}");
    }
    // These only look dangerous.
    let fine = [
        ("many items", "<p itemscope><b itemprop=a>x</b></p>".repeat(20_000)),
        ("an item that refers to many ids", {
            let ids = many(20_000, &|nth| format!("i{nth} "));
            format!(
                "<p itemscope itemref='{ids}{ids}'></p>{}",
                many(20_000, &|nth| format!("<b id=i{nth} itemprop=a>x</b>"))
            )
        }),
        (
            "a circle",
            many(1_000, &|_| {
                "<p itemscope id=a itemref='a b'></p><p itemscope itemprop=x id=b itemref='a b'></p>".to_owned()
            }),
        ),
        ("nested items to the limit", format!("<span itemscope>{}", "<span itemscope itemprop=a>".repeat(39))),
        ("nested scopes", "<span itemscope>".repeat(400)),
        (
            "a property with many names",
            format!("<p itemscope><b itemprop='{}'>x", many(20_000, &|nth| format!("n{nth} "))),
        ),
    ];
    for (name, html) in fine {
        items(&html).expect(name);
    }
}

#[test]
fn large_json_ld_is_read_or_refused() {
    let list = format!("[{}]", vec!["{\"a\":1}"; 200_000].join(","));
    let document = page(&script(&list));
    let found = json_ld(&document.dom);
    assert_eq!((written(&found.list) == list, found.unread.len()), (true, 0));
    for hostile in ["[".repeat(1_000_000), "{\"a\":".repeat(300_000), "/*".repeat(1_000_000), "<!--".repeat(300_000)] {
        let document = page(&script(&hostile));
        let found = json_ld(&document.dom);
        // Marks of comments alone are an empty script.
        let unread = usize::from(!hostile.starts_with("<!--"));
        assert_eq!((written(&found.list).as_str(), found.unread.len()), ("[]", unread), "{}", &hostile[..4]);
    }
}

#[test]
fn credits_are_taken_in_the_documented_order() {
    const META: &str = "<meta property='article:published_time' content='2024-02-02'><meta property='article:author' \
                        content='https://www.facebook.com/ann'><meta name=Author content=' Bob '><meta name=date \
                        content=2024-03-03><time datetime=2020-01-01></time><article><time>x</time><time \
                        datetime=2024-04-04></time></article>";
    let table = [
        (String::new(), None, None),
        (META.to_owned(), Some("2024-02-02"), Some("Bob")),
        ("<meta name=date content=''><time datetime=2024-05-05>".to_owned(), Some("2024-05-05"), None),
        ("<time datetime=1></time><article><time datetime=2></time></article>".to_owned(), Some("2"), None),
        ("<meta name='DC.Creator' content=C><meta name=author content=''>".to_owned(), None, Some("C")),
        (
            "<meta property='article:author' content=A><meta property='article:author' content=B>".to_owned(),
            None,
            Some("A, B"),
        ),
        (
            script(r#"{"@type":"NewsArticle","datePublished":"2024-01-01T00:00:00Z","author":{"name":" Ann "}}"#)
                + META,
            Some("2024-01-01T00:00:00Z"),
            Some("Ann"),
        ),
        (script(r#"{"@type":"Article","author":"Ann","datePublished":""}"#) + META, Some("2024-02-02"), Some("Ann")),
        (script(r#"{"@type":"Article","author":["Ann",{"name":"Bob"},{"name":"Bob"},7]}"#), None, Some("Ann, Bob")),
        (
            script(r#"{"@type":["X","http://schema.org/BlogPosting"],"author":{"name":["Ann","A."]}}"#),
            None,
            Some("Ann"),
        ),
        (
            script(
                r##"{"@graph":[{"@type":"WebPage","datePublished":"1","author":"W"},{"@type":"Article","author":{"@id":"#p"},
                "datePublished":"2"},{"@type":"Person","@id":"#p","name":"Ann"}]}"##,
            ),
            Some("2"),
            Some("Ann"),
        ),
        (script(r##"{"@type":"Article","author":{"@id":"#nobody"}}"##), None, None),
        (script(r#"{"@type":"WebPage","mainEntity":{"@type":"Article","datePublished":"3"}}"#), Some("3"), None),
        (script(r#"{"@type":"Product","datePublished":{"@value":"4"},"author":7}"#), Some("4"), None),
    ];
    for (html, when, who) in table {
        let document = page(&html);
        let (list, graph) = (json_ld(&document.dom).list, open_graph(&document.dom));
        assert_eq!(published(&document.dom, &list, &graph).as_deref(), when, "{html}");
        assert_eq!(author(&document.dom, &list, &graph).as_deref(), who, "{html}");
    }
}
