//! Writes pages and their structured data for the comparison with extruct (`tests/peers/structured.py`).

use std::env;
use std::fs;
use std::io::{BufWriter, Write as _};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use url::Url;

use super::peers_pages::PAGES;
use super::{json_ld, microdata, open_graph};
use crate::scrape::extract::link::Links;
use crate::scrape::json::{Json, value};
use crate::scrape::parse::parse;

/// Where all pages are.
const BASE: &str = "http://site.example/dir/page.html";

/// The number of generated pages.
const GENERATED: usize = 1_000;

/// Generates pages of nested items, without what extruct does differently on purpose.
fn items() -> impl Strategy<Value = String> {
    const TAGS: [&str; 9] = ["div", "span", "section", "b", "a", "li", "meter", "data", "figure"];
    const ATTRIBUTES: [&str; 12] = [
        " itemscope",
        " itemscope itemtype='http://t.example/A'",
        " itemscope itemtype='B C' itemid=i",
        " itemprop=n",
        " itemprop=m",
        " itemprop='n m'",
        " itemprop=o itemscope",
        " itemprop=n itemscope itemtype=D",
        " content=c",
        " class=x",
        " itemprop=l content=d",
        "",
    ];
    const TEXTS: [&str; 8] = ["x", " y ", ", z.", "(", ")", "\n", "<meta itemprop=n content=k>", "<br>"];
    let tag = (prop::sample::select(&TAGS), prop::sample::select(&ATTRIBUTES));
    let pieces = prop::collection::vec((0..5_u8, tag, prop::sample::select(&TEXTS)), 1..30);
    pieces.prop_map(|pieces| {
        let (mut page, mut open) = (String::from("<body>"), Vec::new());
        for (kind, (tag, attributes), text) in pieces {
            match kind {
                // Formatting and links in each other are rearranged by parsers in different ways.
                0 | 1 if !(matches!(tag, "a" | "b" | "li") && open.contains(&tag)) => {
                    let href = if tag == "a" { " href=/l" } else { "" };
                    page.extend(["<", tag, attributes, href, ">"]);
                    open.push(tag);
                }
                2 => page.extend(open.pop().map(|tag| format!("</{tag}>"))),
                _ => page += text,
            }
        }
        while let Some(tag) = open.pop() {
            page.extend(["</", tag, ">"]);
        }
        page
    })
}

/// `GLEANER_PEERS=structured.jsonl cargo test --lib structured_data_is_written_for_peers -- --ignored`
///
/// Writes one object a line: the name of a page, the page, where it is, and what the three readers give.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn structured_data_is_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = items();
    let generated = (0..GENERATED).map(|nth| {
        let page = strategy.new_tree(&mut runner).expect("a page").current();
        (format!("generated {nth}"), page)
    });
    let written = PAGES.iter().map(|(name, page)| ((*name).to_owned(), (*page).to_owned()));
    let base = Url::parse(BASE).expect("a URL");
    for (name, page) in written.chain(generated) {
        let document = parse(&page).expect("a page");
        let dom = &document.dom;
        let links = Links::of_document(dom, &base);
        let line = Json::Object(vec![
            ("name".to_owned(), name.into()),
            ("page".to_owned(), page.into()),
            ("base".to_owned(), BASE.into()),
            ("json_ld".to_owned(), json_ld(dom).list),
            ("open_graph".to_owned(), open_graph(dom)),
            ("microdata".to_owned(), microdata(dom, &links).expect("few items")),
        ]);
        let mut bytes = Vec::new();
        value(&mut bytes, &line);
        out.write_all(&bytes).and_then(|()| out.write_all(b"\n")).expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}
