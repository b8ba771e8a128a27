//! Writes documents as text, in the format of html5lib's tests, to compare them with those of other parsers
//! (`tests/peers`).

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};

use encoding_rs::UTF_8;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use regex::Regex;
use serde_json::json;

use super::Parser;
use super::differential_tests::{fixtures, generated};
use super::html5lib_tests;
use super::rules::{Correction, Off};
use crate::scrape::document::{AttributeNamespace, Dom, Kind, Namespace};

/// The rules of html5ever in cases that the other parsers do not follow either.
const TEXT: Off = Off::One(Correction::TextInTableTemplate);
const FOR: Off = Off::One(Correction::TemplateFor);

/// The number of generated pages.
const PAGES: usize = 10_000;

/// Returns the document in the format of html5lib's tests: a line for each node and attribute.
pub(super) fn tree(dom: &Dom) -> String {
    let mut out = String::new();
    let mut depths = vec![0_usize];
    for at in 1..dom.whole().end {
        let node = dom.node(at);
        let parent = node.parent() as usize;
        depths.push(if parent == 0 { 0 } else { depths[parent] + 1 });
        let mut line = |depth: usize, text: &str| {
            let _ = writeln!(out, "| {}{text}", "  ".repeat(depth));
        };
        let depth = depths[at as usize];
        let text = dom.text(at);
        match node.kind() {
            Kind::Document => unreachable!("the document is the first node"),
            Kind::Fragment => line(depth, "content"),
            Kind::Comment => line(depth, &format!("<!-- {text} -->")),
            Kind::Instruction => {
                let (target, data) = text.split_once(' ').unwrap_or((text, ""));
                line(depth, &format!("<?{target} {data}?>"));
            }
            Kind::Text => line(depth, &format!("\"{text}\"")),
            Kind::Doctype => line(depth, &doctype(dom.doctype(at).expect("a document type"))),
            Kind::Element => {
                let prefix = match node.namespace() {
                    Namespace::Html => "",
                    Namespace::Svg => "svg ",
                    Namespace::MathMl => "math ",
                    Namespace::Other => unreachable!("only XML has other languages"),
                };
                line(depth, &format!("<{prefix}{}>", dom.name_text(node.name())));
                for attribute in sorted_attributes(dom, at) {
                    line(depth + 1, &attribute);
                }
            }
        }
    }
    out
}

fn doctype([name, public, system]: [&str; 3]) -> String {
    let ids =
        if public.is_empty() && system.is_empty() { String::new() } else { format!(" \"{public}\" \"{system}\"") };
    format!("<!DOCTYPE {name}{ids}>")
}

fn sorted_attributes(dom: &Dom, at: u32) -> Vec<String> {
    let written = |attribute| {
        let attribute: &crate::scrape::document::Attribute = attribute;
        let prefix = match attribute.namespace() {
            AttributeNamespace::None => "",
            AttributeNamespace::XLink => "xlink ",
            AttributeNamespace::Xml => "xml ",
            AttributeNamespace::Xmlns => "xmlns ",
            AttributeNamespace::Other => unreachable!("only XML has other namespaces"),
        };
        format!("{prefix}{}=\"{}\"", dom.name_text(attribute.name()), dom.value(attribute))
    };
    let mut all: Vec<String> = dom.attributes(at).iter().map(written).collect();
    all.sort();
    all
}

/// Replaces the names of templates in a page, if it has templates.
fn without_templates(page: &str) -> Option<String> {
    let renamed = Regex::new("(?i)template").expect("a pattern").replace_all(page, "x-sheet");
    (renamed != page).then(|| renamed.into_owned())
}

/// `GLEANER_PEERS=pages.jsonl cargo test --lib html_documents_are_written_for_peers -- --ignored`
///
/// Writes one object a line, with a page and its document. If the document differs without the correction
/// `TextInTableTemplate` or `TemplateFor`, the object also has that one. If the page has a template, the object also has the page with
/// ordinary elements in place of templates, and its document. The pages are the fixtures, the pages of html5lib's tests,
/// and generated pages, which are the same in every run. `GLEANER_PAGES` names a file with other pages: an array of
/// strings.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn html_documents_are_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    let pages: Vec<String> = if let Some(file) = env::var_os("GLEANER_PAGES") {
        serde_json::from_slice(&fs::read(file).expect("a file")).expect("an array of strings")
    } else {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = generated();
        let generated = (0..PAGES).map(|_| strategy.new_tree(&mut runner).expect("a page").current());
        let tests = html5lib_tests::cases().into_iter().map(|case| case.page);
        fixtures().into_iter().chain(tests).chain(generated).collect()
    };
    let [mut parser, mut without_text, mut without_for] = [Off::None, TEXT, FOR].map(|off| {
        let mut parser = Parser::default();
        parser.lists.corrections.off = off;
        parser
    });
    let mut dom = Dom::new();
    for page in pages {
        parser.parse(&page, UTF_8, &mut dom).expect("a page that is not declined");
        let standard = tree(&dom);
        let [text, patch] = [&mut without_text, &mut without_for].map(|parser| {
            parser.parse(&page, UTF_8, &mut dom).expect("a page that is not declined");
            Some(tree(&dom)).filter(|other| *other != standard)
        });
        let without = without_templates(&page).map(|page| {
            parser.parse(&page, UTF_8, &mut dom).expect("a page that is not declined");
            json!({ "page": page, "tree": tree(&dom) })
        });
        let case = json!({
            "page": page,
            "tree": standard,
            "without_text_in_table_template": text,
            "without_template_for": patch,
            "without_templates": without,
        });
        writeln!(out, "{case}").expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}
