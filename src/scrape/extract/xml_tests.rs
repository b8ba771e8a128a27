//! Selectors on documents of XML. `tests/peers/compare_xml_css.py` compares the same table with parsel.

use std::env;
use std::fs;
use std::io::Write as _;

use encoding_rs::UTF_8;
use serde_json::{Value, json};
use url::Url;

use super::{Arity, Extractor, Fields, PageFacts, Rule, ValueRule};
use crate::scrape::parse::{Document, parse_xml_into};

const RSS: &str = "<?xml version='1.0'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' \
    xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>c</title><atom:link rel='self' href='/feed'/>\
    <item><title><![CDATA[A & B]]></title><link>http://h/1</link><dc:creator>me</dc:creator><pubDate>x</pubDate>\
    <enclosure url='a.mp3' length='1'/></item>\
    <item class='new x' id='i'><Title>other</Title><link>/2</link><creator>you</creator></item></channel></rss>";

const ATOM: &str = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en' xml:base='http://h/b/'><title>t</title>\
    <entry xml:base='c/'><link href='1'/><title type='html'>&lt;b&gt;x&lt;/b&gt;</title>\
    <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>a<br/>b</p><a href='2'>l</a></div></content></entry>\
    <entry><link href='3'/><title>u</title></entry></feed>";

const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xl='http://www.w3.org/1999/xlink' \
    xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 1 1'><linearGradient id='G' xlink:href='#a'/>\
    <a xl:href='/x'><text xml:lang='de'>T</text></a></svg>";

/// A document, a selector, and what it gives.
const SELECTIONS: &[(&str, &str, &[&str])] = &[
    (RSS, "item > title::text", &["A & B"]),
    (RSS, "item > link::text", &["http://h/1", "/2"]),
    (RSS, "title::text", &["c", "A & B"]),
    (RSS, "Title::text", &["other"]),
    (RSS, "TITLE::text", &[]),
    (RSS, "pubDate::text", &["x"]),
    (RSS, "pubdate::text", &[]),
    (RSS, "creator::text", &["me", "you"]),
    (RSS, "dc|creator::text", &["me"]),
    (RSS, "dc\\:creator::text", &["me"]),
    (RSS, "DC|creator::text", &[]),
    (RSS, "*|creator::text", &["me", "you"]),
    (RSS, "|creator::text", &["you"]),
    (RSS, "item > dc|creator::text", &["me"]),
    (RSS, "dc|*::text", &["me"]),
    (RSS, ":not(dc|creator) > :is(dc|creator, link)::text", &["http://h/1", "me", "/2"]),
    (RSS, "item:has(dc|creator) > link::text", &["http://h/1"]),
    (RSS, "item:not(:has(dc|creator)) > link::text", &["/2"]),
    (RSS, "atom|link::attr(href)", &["/feed"]),
    (RSS, "link[rel=self]::attr(href)", &["/feed"]),
    (RSS, ".new > Title::text", &["other"]),
    (RSS, "item.NEW", &[]),
    (RSS, "#i > Title::text", &["other"]),
    (RSS, "[class~=x]::attr(id)", &["i"]),
    (RSS, "item:nth-of-type(2)::attr(id)", &["i"]),
    (RSS, "item > *:last-child::text", &["you"]),
    (RSS, "enclosure::attr(url)", &["a.mp3"]),
    (RSS, "[xmlns\\:dc]", &[]),
    (RSS, "rss:root::attr(version)", &["2.0"]),
    (
        RSS,
        "item > enclosure",
        &["<enclosure xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         url=\"a.mp3\" length=\"1\"/>"],
    ),
    (
        RSS,
        "#i > Title",
        &[
            "<Title xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:atom=\"http://www.w3.org/2005/Atom\">other</Title>",
        ],
    ),
    (RSS, "item > link::url", &["http://h/1", "http://h/2"]),
    (RSS, "enclosure::url", &["http://h/a.mp3"]),
    (RSS, "atom|link::url", &["http://h/feed"]),
    (RSS, "channel::url", &[]),
    (ATOM, "entry > title::text", &["<b>x</b>", "u"]),
    (ATOM, "feed::attr(xml:lang)", &["en"]),
    (ATOM, "[xml|lang]::attr(xml|lang)", &["en"]),
    (ATOM, "[xml\\:lang=en]::attr(xml\\:lang)", &["en"]),
    (ATOM, "[lang]", &[]),
    (ATOM, "link::url", &["http://h/b/c/1", "http://h/b/3"]),
    (ATOM, "a::url", &["http://h/b/c/2"]),
    (ATOM, "p", &["<p xmlns=\"http://www.w3.org/1999/xhtml\">a<br/>b</p>"]),
    (ATOM, "p::inner-html", &["a<br/>b"]),
    (ATOM, "content::text-content", &["abl"]),
    (ATOM, "entry:nth-child(3) > link::attr(href)", &["3"]),
    (SVG, "linearGradient::attr(id)", &["G"]),
    (SVG, "lineargradient::attr(id)", &[]),
    (SVG, "#G::attr(xlink:href)", &["#a"]),
    (SVG, "[xlink|href]::attr(id)", &["G"]),
    (SVG, "[xl\\:href]::attr(xl:href)", &["/x"]),
    (SVG, "[*|href]::attr(xlink:href)", &["#a"]),
    (SVG, "a::url", &["http://h/x"]),
    (SVG, "svg::attr(viewBox)", &["0 0 1 1"]),
    (SVG, "text[xml|lang|=de]::text", &["T"]),
];

fn document(text: &str) -> Document {
    let mut document = Document::new();
    parse_xml_into(&mut document, text, UTF_8).expect(text);
    document.dom.check().expect(text);
    document
}

fn values(document: &Document, css: &str) -> Value {
    let fields = Fields::from([("v".to_owned(), Rule::Value(ValueRule::new(css, Arity::Many)))]);
    let extractor = Extractor::of(&fields).expect(css);
    let url = Url::parse("http://h/page").expect("a URL");
    let data = extractor.extract(document, &PageFacts::of(&url)).expect(css).data;
    serde_json::from_slice::<Value>(&data).expect("JSON")["v"].take()
}

#[test]
fn selectors_on_xml_match_names_as_they_are_written() {
    let wrong: Vec<String> = SELECTIONS
        .iter()
        .map(|(text, css, expected)| (css, values(&document(text), css), json!(expected)))
        .filter(|(_, found, expected)| found != expected)
        .map(|(css, found, expected)| format!("{css}\n  {found}\n  {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_that_share_bits_are_found_in_xml_too() {
    // More names than there are bits of their own.
    let text =
        (0..200).fold("<a xmlns:p='u'>".to_owned(), |text, n| text + &format!("<p:n{n} p:x{n}='{n}'/>")) + "</a>";
    let document = document(&text);
    let rule = |css: String| Rule::Value(ValueRule::new(css, Arity::Many));
    let fields: Fields = (0..200)
        .flat_map(|n| {
            [
                (format!("e{n}"), rule(format!("p\\:n{n}::attr(p:x{n})"))),
                (format!("a{n}"), rule(format!("[p\\:x{n}]::attr(p:x{n})"))),
                (format!("b{n}"), rule(format!("p|n{n}::attr(p:x{n})"))),
            ]
        })
        .collect();
    let url = Url::parse("http://h/").expect("a URL");
    let extracted = Extractor::of(&fields).expect("rules").extract(&document, &PageFacts::of(&url));
    let data: Value = serde_json::from_slice(&extracted.expect("data").data).expect("JSON");
    for n in 0..200 {
        for kind in ["e", "a", "b"] {
            assert_eq!(data[format!("{kind}{n}")], json!([n.to_string()]), "{kind}{n}");
        }
    }
}

#[test]
fn bases_and_declarations_cannot_make_a_document_much_longer() {
    const N: usize = 20_000;
    let nested = "<a xml:base='long-folder-name/'>".repeat(N) + "<link href='x'/>" + &"</a>".repeat(N);
    let found = values(&document(&nested), "link::url");
    assert!(found[0].as_str().is_some_and(|url| url.ends_with("/x")), "{found}");
    let declared =
        (0..N).fold("<a".to_owned(), |text, n| text + &format!(" xmlns:p{n}='u'")) + ">" + &"<b/>".repeat(N) + "</a>";
    let found = values(&document(&declared), "a::inner-html");
    assert_eq!(found[0].as_str().map(str::len), Some(N * "<b/>".len()));
}

/// `GLEANER_PEERS=css.jsonl cargo test --lib xml_selections_are_written_for_peers -- --ignored`
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn xml_selections_are_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = fs::File::create(file).expect("a file");
    for (text, css, _) in SELECTIONS {
        let line = json!({ "text": text, "css": css, "values": values(&document(text), css) });
        writeln!(out, "{line}").expect("room on the disk");
    }
}
