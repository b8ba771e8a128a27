//! Pages that are written to keep a parser busy or to fill its memory.

use encoding_rs::UTF_8;

use super::comparison::{Compared, Comparison};
use super::work::Work;
use super::{Declined, LONGEST, Parser};
use crate::scrape::decode::Confidence;
use crate::scrape::document::Dom;

fn numbered(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

/// Parses a page with less than a hundredth of the usual limits.
fn parse_within_little(page: &str) -> (Result<(), Declined>, Dom) {
    let mut dom = Dom::new();
    let work = Work::new(1_000_000 + 10 * page.len(), 30_000 + page.len());
    let done = Parser::default().parse_within(work, page, (UTF_8, Confidence::Certain), &mut dom).map(drop);
    dom.check().expect("a consistent document");
    (done, dom)
}

#[test]
fn pages_that_need_more_work_than_their_length_explains_are_declined() {
    let cases = [
        (
            "formatting elements that are reconstructed",
            "<p>".to_owned() + &numbered(500, |n| format!("<b id={n}>")) + &"<p>x".repeat(500),
        ),
        (
            "fonts that are reconstructed",
            "<p>".to_owned() + &numbered(300, |n| format!("<font size={n}>")) + &"<p>x".repeat(500),
        ),
        ("formatting elements that are compared", numbered(5_000, |n| format!("<b id={n}>"))),
        ("attributes in another order", numbered(1_000, |n| format!("<b a={n} b=2><b b=2 a={n}>"))),
        ("the adoption agency", "<a><div>".repeat(3_000)),
        ("end tags without start tags", "<span>".repeat(3_000) + &"</x>".repeat(3_000)),
        ("a paragraph out of scope", "<p><button>".to_owned() + &"<div>".repeat(3_000)),
        ("items", "<ul>".to_owned() + &"<li><span>".repeat(10) + &"<span>".repeat(3_000) + &"<dd></dd>".repeat(3_000)),
        ("templates", "<div>".repeat(3_000) + &"<template></template>".repeat(3_000)),
        ("foreign end tags", "<svg>".to_owned() + &"<g>".repeat(3_000) + &"</x>".repeat(3_000)),
        (
            "copies of an option",
            "<select><option selected>".to_owned() + &"<b>".repeat(3_000) + &"<selectedcontent>".repeat(3_000),
        ),
        (
            "options that are searched",
            "<select><selectedcontent></selectedcontent>".to_owned() + &"<option selected>x".repeat(3_000),
        ),
        ("markers that are searched", "<p>".repeat(3_000) + &"<template for=x></template>".repeat(3_000)),
        (
            "markers that are read",
            format!("<?marker {}>", numbered(1_000, |n| format!("a{n}='' ")))
                + &"<template for=x></template>".repeat(3_000),
        ),
        (
            "starts without ends",
            "<?start name='a'>".repeat(3_000) + &"<template for=a><?start name='a'></template>".repeat(3_000),
        ),
        ("a second body with new attributes", numbered(3_000, |n| format!("<body a{n}>"))),
        ("texts that grow alternately", "<table><tr>".to_owned() + &"x</b> </b>".repeat(3_000)),
        (
            "a second body",
            format!("<body{}>", numbered(3_000, |n| format!(" a{n}")))
                + &numbered(3_000, |n| format!("<body b{n}><p c>")),
        ),
    ];
    for (name, page) in cases {
        let (done, dom) = parse_within_little(&page);
        assert_eq!(done, Err(Declined::TooMuchWork), "{name}");
        assert_eq!(dom.nodes().len(), 1, "{name}: the document is not empty");
    }
}

#[test]
fn pages_that_cost_no_more_than_their_length_are_parsed() {
    let cases: [(&str, String, usize); 16] = [
        ("nested elements", "<div>".repeat(100_000), 100_000),
        ("nested elements that end", "<div>".repeat(50_000) + &"</div>".repeat(50_000), 50_000),
        ("nested lists", "<ul><li>".repeat(50_000), 100_000),
        ("paragraphs", "<p>x".repeat(50_000), 100_000),
        ("attributes", format!("<p{}>", numbered(100_000, |n| format!(" a{n}"))), 1),
        ("equal attributes", format!("<p{}>", " a=1".repeat(100_000)), 1),
        ("names", numbered(20_000, |n| format!("<n{n}></n{n}>")), 20_000),
        ("long names", format!("<{0}></{0}>", "n".repeat(500_000)), 1),
        ("a second body without attributes", format!("<body{}>", " a".repeat(9)) + &"<body>".repeat(50_000), 0),
        ("a second body with some new attributes", numbered(500, |n| format!("<body a{n}>")), 0),
        ("quotes that do not end", "<p a='".to_owned() + &"<p a=\"".repeat(50_000), 0),
        ("ampersands that do not begin a reference", "&CounterClockwiseContourIntegra ".repeat(10_000), 1),
        ("comments that do not end", "<!--".repeat(50_000), 1),
        ("sections that do not end", "<svg><![CDATA[".to_owned() + &"]]".repeat(50_000), 2),
        ("scripts in scripts", "<script><!--".to_owned() + &"<script </script ".repeat(10_000), 2),
        ("line ends", "\r\n\r".repeat(100_000) + "x", 1),
    ];
    for (name, page, least) in cases {
        let (done, dom) = parse_within_little(&page);
        assert_eq!(done, Ok(()), "{name}");
        let most = least + 10;
        let nodes = dom.nodes().len();
        assert!((least + 3..most).contains(&nodes), "{name}: {nodes} nodes");
    }
}

#[test]
fn deep_and_broken_real_pages_give_the_reference_tree() {
    let mut comparison = Comparison::by_rules_of_html5ever();
    let cases = [
        "<div>".repeat(2_000),
        "<b><i><font color=red>".repeat(10_000),
        "<ul><li>".repeat(1_000),
        "<table><tr><td>".repeat(2_000),
        numbered(30, |n| format!("<font size={n}>")) + &"<p>text".repeat(1_000),
        "<p>a &amp; b<br>".repeat(5_000),
        "<a href=x><div>".repeat(500),
        "<span>x</b></i>".repeat(2_000),
        "<table>x".repeat(500),
        "<form><table><tr></form>".repeat(500),
        "<svg><g><p>".repeat(500),
        "<select><option>x".repeat(2_000),
        "<template><td>x".repeat(500),
        "</body><!-- c --> </html> <!-- d -->x".repeat(500),
    ];
    for page in cases {
        assert_eq!(comparison.compare(&page), Ok(Compared::Same), "{}", &page[..10]);
    }
}

#[test]
fn a_page_longer_than_the_limit_is_declined() {
    let page = "\0".repeat(LONGEST + 1);
    let mut dom = Dom::new();
    assert_eq!(Parser::default().parse(&page, UTF_8, &mut dom), Err(Declined::TooLong));
    assert_eq!(dom.nodes().len(), 1);
}

#[test]
fn a_declined_page_does_not_affect_the_next_one() {
    let mut parser = Parser::default();
    let mut dom = Dom::new();
    let hostile = "<table><svg><b x=y>".repeat(300) + "</table><p>x</b>";
    for page in ["", "<p a=b>c<b>d</p>e", "<table>x<tr><td>y"] {
        let mut fresh = Dom::new();
        Parser::default().parse(page, UTF_8, &mut fresh).expect("a page");
        let declined = parser.parse_within(Work::new(10, 10), &hostile, (UTF_8, Confidence::Certain), &mut dom);
        assert_eq!(declined, Err(Declined::TooMuchWork));
        parser.parse(page, UTF_8, &mut dom).expect("a page");
        assert_eq!(dom.difference(&fresh), None, "{page}");
    }
}

#[test]
fn the_memory_of_a_giant_page_is_released() {
    let (mut parser, mut dom) = (Parser::default(), Dom::new());
    let giant = "<table><p a=b>x&amp;y<b>".repeat(200_000);
    parser.parse(&giant, UTF_8, &mut dom).expect("a page");
    parser.parse("<p>x", UTF_8, &mut dom).expect("a page");
    let bytes = parser.memory() + dom.memory();
    assert!(bytes < 30 << 20, "{bytes} bytes are kept");
}
