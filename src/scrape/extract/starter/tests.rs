use url::Url;

use super::super::Content;
use super::super::facts::PageFacts;
use super::{Starter, rules};
use crate::scrape::json;
use crate::scrape::parse::{Document, parse, parse_xml_into};

fn of(content: Content<'_>) -> String {
    let url = Url::parse("http://h/a/").expect("a URL");
    let Starter { groups } = rules(content, &PageFacts::of(&url));
    let mut lines = Vec::new();
    for group in groups {
        lines.extend(group.rules.iter().map(|rule| format!("{} = {}", rule.name, rule.rule)));
        if let Some(each) = group.each {
            lines.push(format!("[{}] each = {}", each.name, each.each));
            lines.extend(each.rules.iter().map(|rule| format!("{} = {}", rule.name, rule.rule)));
        }
    }
    lines.join("\n")
}

fn of_html(page: &str) -> String {
    of(Content::Document(&parse(page).expect("a page")))
}

#[test]
fn a_page_gives_rules_for_what_it_says_about_itself() {
    let page = r#"<html lang=en><title>T</title><meta name=description content=D><link rel=canonical href=/c>
        <link rel=alternate type="application/rss+xml" href=/feed><meta property="og:title" content=OT>
        <script type="application/ld+json">{"@context": "x", "@type": "Product", "name": "N", "offers": {"@type": "Offer",
        "price": 3}, "image": ["a", "b"]}</script><h1> </h1>"#;
    let expected = r#"title = "title:not(svg title)::text-content"
description = "meta[name=description i]::attr(content)"
canonical = "link[rel~=canonical i]::url"
language = "html[lang]::attr(lang)"
feeds = ['link[type="application/rss+xml" i]::url']
product_name = { structured = "json_ld", json = "$..[?@['@type']=='Product'].name" }
product_offers_price = { structured = "json_ld", json = "$..[?@['@type']=='Product'].offers.price" }
product_image = { structured = "json_ld", json = "$..[?@['@type']=='Product'].image[*]", all = true }
og_title = { structured = "open_graph", json = "$['og:title']" }"#;
    assert_eq!(of_html(page), expected);
}

#[test]
fn a_table_with_headers_becomes_a_rule_and_a_layout_does_not() {
    let rows = "<tr><th>Boat<th>Price<tr><td>A<td>1<tr><td>B<td>2";
    let page = format!("<table><tr><td>menu<td><table id=prices><caption>Price list</caption>{rows}</table></table>");
    assert_eq!(of_html(&page), "price_list = { table = \"table#prices\" }");
    assert_eq!(of_html("<table><tr><td>a<td>b<tr><td>c<td>d</table>"), "");
}

#[test]
fn a_repeated_block_becomes_objects_with_the_fields_that_most_blocks_have() {
    let book = |n: u32| {
        format!(
            "<li class=col><article class=\"pod big\"><a href=/{n}><img src=/{n}.png></a>\
             <h3><a href=/{n} title=\"Whole {n}\">Wh...</a></h3><p class=price>£{n}.50</p><p class=stock>In stock</p>\
             <span class=tag>t{n}</span><span class=tag>u{n}</span></article>"
        )
    };
    let page = format!(
        "<nav><ul><li><a href=/x>X</a><li><a href=/y>Y</a><li><a href=/z>Z</a></ul></nav><ol>{}</ol>",
        (1..9).map(book).collect::<String>()
    );
    let expected = r#"[pods] each = "article.pod"
link = "a::url"
image = "a img::url"
title = "h3 a::attr(title)"
price = { css = "p.price::text-content", type = "number" }
tag = ["span.tag::text-content"]"#;
    assert_eq!(of_html(&page), expected);
}

#[test]
fn blocks_without_classes_are_found_by_their_parent() {
    let page = "<div id=list><div><b>One</b><a href=/1>More</a></div><div><b>Two</b><a href=/2>More</a></div>\
                <div><b>Three</b><a href=/3>More</a></div></div><div>other</div>";
    let expected = "[items] each = \"div#list > div\"\ntext = \"b::text-content\"\nlink = \"a::url\"";
    assert_eq!(of_html(page), expected);
}

#[test]
fn a_feed_and_other_xml_become_objects() {
    let of_xml = |xml: &str| {
        let mut document = Document::new();
        parse_xml_into(&mut document, xml, encoding_rs::UTF_8).expect("well-formed");
        of(Content::Document(&document))
    };
    let feed = "<rss version='2.0'><channel><title>F</title><item><title>A</title><link>http://h/a</link></item></channel></rss>";
    let expected = "[entries] each = { feed = true, json = \"$[*]\" }\ntitle = { json = \"$.title\" }\nlink = { json = \"$.link\" }";
    assert_eq!(of_xml(feed), expected);
    let boat = |n: u32| format!("<d:boat><name>N{n}</name><length>{n}</length></d:boat>");
    let xml = format!("<boats xmlns:d='u'>{}{}{}</boats>", boat(1), boat(2), boat(3));
    let expected = "[items] each = \"d|boat\"\nname = \"name::text-content\"\nlength = \"length::text-content\"";
    assert_eq!(of_xml(&xml), expected);
}

#[test]
fn a_json_document_gives_its_values_and_its_longest_list() {
    let text = r#"{"total": 2, "next": null, "data": {"items": [{"id": 1, "price": {"amount": 2.5}, "tags": ["a"]},
        {"id": 2, "price": {"amount": 3}, "tags": [], "og:x": 1}]}}"#;
    let json = json::parse(text).expect("JSON");
    let empty = Document::new();
    let expected = "total = { json = \"$.total\" }\n[items] each = { json = \"$.data.items[*]\" }\nid = { json = \"$.id\" }\n\
                    price_amount = { json = \"$.price.amount\" }\ntags = { json = \"$.tags[*]\", all = true }\n\
                    og_x = { json = \"$['og:x']\" }";
    assert_eq!(of(Content::Json(&json, &empty)), expected);
}

#[test]
fn a_hostile_page_gives_rules_in_time_or_none() {
    let pages = [
        "<div class=a>".repeat(30_000),
        "<p class=a><b>x</b><a href=/>y</a></p>".repeat(50_000),
        (0..20_000).map(|n| format!("<p class='c{n} d{n}'>{n}<a href={n}>l</a></p>")).collect::<Vec<_>>().concat(),
        format!("<script type=application/ld+json>{}1{}</script>", "[".repeat(5_000), "]".repeat(5_000)),
        format!("<div class='{}'><a href=/>x</a></div>", "a ".repeat(50_000)).repeat(3),
    ];
    for page in pages {
        of_html(&page);
    }
}
