//! The tests of html5lib (`fixtures/html5lib/NOTICE.md`): pages, and the document of each page. They are of 2020. The
//! Standard has changed some documents since then.

use encoding_rs::UTF_8;
use serde::Deserialize;

use super::Parser;
use super::peers_tests::tree;
use crate::scrape::document::Dom;

/// A page, and its document in the format of these tests.
#[derive(Deserialize)]
pub(super) struct Case {
    pub(super) page: String,
    tree: String,
}

pub(super) fn cases() -> Vec<Case> {
    let lines = include_str!("../../../../fixtures/html5lib/documents.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a case")).collect()
}

/// 13.2.5.72 - 13.2.5.76: these are processing instructions now, and the unfinished one is nothing.
const INSTRUCTIONS: [&str; 4] =
    ["<?", "<?COMMENT?>", "<?COM--MENT?>", "<?import namespace=\"foo\" implementation=\"#bar\">"];

/// 13.2.6.4.7: a `select` may contain any element now. The insertion modes "in select" and "in select in table" are gone.
#[rustfmt::skip]
const SELECTS: [&str; 14] = [
    "<!DOCTYPE html><select><menuitem></select>",
    "<select><b><option><select><option></b></select>X",
    "<select><b><option><select><option></b></select>",
    "<!DOCTYPE html><body><select><svg></svg></select>",
    "<!DOCTYPE html><body><select><option><svg></svg></option></select>",
    "<!DOCTYPE html><body><table><tr><td><select><svg><g>foo</g><g>bar</g><p>baz</table><p>quux",
    "<!DOCTYPE html><body><table><select><svg><g>foo</g><g>bar</g><p>baz</table><p>quux",
    "<!doctype html><select><plaintext></plaintext>X",
    "<!doctype html><table><select><plaintext>a<caption>b",
    "<select><keygen>",
    "<!DOCTYPE html><body><select><math></math></select>",
    "<!DOCTYPE html><body><select><option><math></math></option></select>",
    "<!DOCTYPE html><body><table><tr><td><select><math><mi>foo</mi><mi>bar</mi><p>baz</table><p>quux",
    "<!DOCTYPE html><body><table><select><math><mi>foo</mi><mi>bar</mi><p>baz</table><p>quux",
];

#[test]
fn documents_of_html5libs_tests_are_built_except_where_the_standard_has_changed() {
    let (mut parser, mut dom) = (Parser::default(), Dom::new());
    let mut differing = Vec::new();
    for case in cases() {
        parser.parse(&case.page, UTF_8, &mut dom).expect("a page that is not declined");
        dom.check().expect(&case.page);
        if tree(&dom) != case.tree {
            differing.push(case.page);
        }
    }
    differing.sort_unstable();
    let mut changed = [INSTRUCTIONS.as_slice(), SELECTS.as_slice()].concat();
    changed.sort_unstable();
    assert_eq!(differing, changed);
}
