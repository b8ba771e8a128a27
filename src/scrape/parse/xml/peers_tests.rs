//! Writes documents as text, to compare them with those of lxml (`tests/peers/compare_xml.py`).

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};

use encoding_rs::UTF_8;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::{Faults, parse};
use crate::scrape::document::{AttributeNamespace, Dom, Kind};

/// The number of generated documents.
const DOCUMENTS: usize = 20_000;

/// Pieces that are valid inside an element, at least after some prologs.
const SOUND: [&str; 32] = [
    "<a><b/>x</a>",
    "<p:c/>",
    "<p:c xmlns:p='urn:w'>x</p:c>",
    "<a xmlns:p='urn:u' xmlns:q='urn:v' p:x='1' q:x='2' x='3'/>",
    "<a xmlns='urn:v'><b xmlns=''/><c/></a>",
    "<b xml:lang='de'/>",
    "<b x='1' y=\"2\"/>",
    "<b x = '1' />",
    "<b x='>'/>",
    "<b x='\n&#10;\t&#9;\r\n'/>",
    "<b x='&lt;&e;&g;'/>",
    "<b x='&f;'/>",
    "<b\n></b\t>",
    "<é/>",
    "<!-- c -->",
    "<!---->",
    "<![CDATA[<x>&]]>",
    "<![CDATA[]]>",
    "<![CDATA[]]]]>",
    "<?p d?>",
    "<?p  d  ?>",
    "<?p?>",
    "&amp;",
    "&#65;",
    "&#x1F600;",
    "&#13;",
    "&e;",
    "&f;",
    "&g;",
    "text",
    " \n ",
    "\r\n\r",
];

/// Pieces that are not valid, or only together with others.
const DOUBTFUL: [&str; 46] = [
    "<a>",
    "</a>",
    "<b>",
    "</b>",
    "<p:c>",
    "</p:c>",
    "<q:c/>",
    "<a xmlns:p='urn:u' xmlns:q='urn:u' p:x='1' q:x='2'/>",
    "<b xmlns:p=''/>",
    "<b xmlns:xml='u'/>",
    "<b xmlns:xmlns='urn:u'/>",
    "<b xmlns='http://www.w3.org/XML/1998/namespace'/>",
    "<b x='1' x='2'/>",
    "<b q:x='1'/>",
    "<b x=1/>",
    "<b x/>",
    "<b x='1'y='2'/>",
    "<b x='<'/>",
    "<b x='&'/>",
    "<b x='&nbsp;'/>",
    "<b x='&#0;'/>",
    "<b / >",
    "< a>",
    "</ a>",
    "</a x=''>",
    "<>",
    "<1/>",
    "<a:b:c/>",
    "<:a/>",
    "<a:/>",
    "<!-- -- -->",
    "<!--->",
    "<![cdata[]]>",
    "<!x>",
    "]]>",
    "<?xml version='1.0'?>",
    "<?xMl d?>",
    "<?p:q d?>",
    "<? p?>",
    "&#0;",
    "&#xFFFE;",
    "&u;",
    "&nbsp;",
    "& ",
    "&",
    "\u{1}",
];

/// Prologs, with the entities that the pieces use.
const PROLOGS: [&str; 12] = [
    "",
    "",
    "<?xml version='1.0'?>",
    "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?>\n",
    "<?xml version='1.0' standalone='no'?><!DOCTYPE a [<!ENTITY e 'E'><!ENTITY f '<b/>'><!ENTITY g '&e;&#38;'>]>",
    "<!DOCTYPE a [<!ENTITY e 'E'><!ENTITY f '<b>x</b>'><!ENTITY g '&e;&e;'>]>",
    "<!DOCTYPE a [<!ENTITY e ''><!ENTITY f '<b>'><!ENTITY g '&g;'>]>",
    "<!DOCTYPE a [<!ENTITY e '&#60;'><!ENTITY f '</a>'><!ENTITY g ']]>'>]>",
    "<!DOCTYPE a [<!ELEMENT a ANY><!ATTLIST b x CDATA 'd' y NMTOKEN #IMPLIED><!NOTATION n SYSTEM 'n'><!-- c --><?p d?>]>",
    "<!DOCTYPE a [<!ENTITY % p \"<!ENTITY e 'E'>\">%p;<!ENTITY f 'F'><!ENTITY g '&e;&f;'>]>",
    "<!DOCTYPE a SYSTEM 'x'>",
    "<!doctype a>",
];

fn generated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![12 => select(&SOUND[..]), 1 => select(&DOUBTFUL[..])];
    let pieces = proptest::collection::vec(piece, 0..8);
    let (has_root, cut) = (prop::bool::weighted(0.9), prop::bool::weighted(0.1));
    (select(&PROLOGS[..]), pieces, has_root, cut, any::<Index>()).prop_map(|(prolog, pieces, has_root, cut, at)| {
        let inside = pieces.concat();
        let mut text =
            if has_root { format!("{prolog}<a xmlns:p='urn:u'>{inside}</a>") } else { prolog.to_owned() + &inside };
        if cut && !text.is_empty() {
            let at = at.index(text.chars().count());
            text = text.chars().enumerate().filter(|(nth, _)| *nth != at).map(|(_, c)| c).collect();
        }
        text
    })
}

/// Returns the document as text: a line for each node and attribute, with the namespaces in braces.
fn tree(dom: &Dom) -> String {
    let mut out = String::new();
    let mut depths = vec![0_usize];
    for at in 1..dom.whole().end {
        let node = dom.node(at);
        let parent = node.parent() as usize;
        depths.push(if parent == 0 { 0 } else { depths[parent] + 1 });
        let depth = depths[at as usize];
        let _ = match node.kind() {
            Kind::Element => {
                let name = dom.name_text(node.name());
                let _ = writeln!(out, "{depth} {{{}}}{}:{name}", dom.uri(at), dom.prefix(node.qualifier()));
                for attribute in dom.attributes(at).iter().filter(|it| it.namespace() != AttributeNamespace::Xmlns) {
                    let (uri, name) = (dom.attribute_uri(attribute), dom.name_text(attribute.name()));
                    let _ = writeln!(out, "{depth} @{{{uri}}}{name}={}", json!(dom.value(attribute)));
                }
                Ok(())
            }
            Kind::Text => writeln!(out, "{depth} {}", json!(dom.text(at))),
            Kind::Comment => writeln!(out, "{depth} <!--{}-->", dom.text(at)),
            Kind::Instruction => writeln!(out, "{depth} <?{}?>", dom.text(at)),
            Kind::Doctype => writeln!(out, "{depth} {}", json!(dom.doctype(at))),
            Kind::Document | Kind::Fragment => unreachable!("XML has neither below the document"),
        };
    }
    out
}

/// `GLEANER_PEERS=xml.jsonl cargo test --lib xml_documents_are_written_for_peers -- --ignored`
///
/// Writes one object a line: a text, and its document or the reason why it is not well-formed. The texts are those of
/// the table tests and generated ones, which are the same in every run.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn xml_documents_are_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = generated();
    let generated = (0..DOCUMENTS).map(|_| strategy.new_tree(&mut runner).expect("a text").current());
    let written =
        super::tests::TEXTS.iter().map(|(text, _)| *text).chain(super::tests::FAULTS.iter().map(|(text, ..)| *text));
    let mut dom = Dom::new();
    for text in written.map(str::to_owned).chain(generated) {
        let read = parse(&text, UTF_8, Faults::Refused, &mut dom);
        let fault = read.err().map(|fault| fault.to_string());
        let tree = fault.is_none().then(|| tree(&dom));
        let markup = fault.is_none().then(|| dom.outer_html(0));
        let line = json!({ "text": text, "tree": tree, "markup": markup, "fault": fault });
        writeln!(out, "{line}").expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}
