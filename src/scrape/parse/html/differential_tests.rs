//! The same tree as html5ever's, on pages that are made up anew in every run.

use std::env;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use super::comparison::{Compared, Comparison};
use crate::scrape::document::{Dom, Namespace, known};

/// Tags that rules name, and two that none does.
static TAGS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    "a address annotation-xml applet b base body br button caption circle code col colgroup dd desc div dl dt em \
     embed fieldset font foreignObject form frame frameset h1 h2 head hr html i iframe image img input keygen li link \
     listing main malignmark marquee math meta mglyph mi mn mtext nobr noembed noframes noscript object ol optgroup \
     option p param plaintext pre rb rp rt rtc ruby s script search select small span strike style sub summary svg \
     table tbody td template textarea tfoot th thead title tr tt u ul unknown wbr x-own-element xmp"
        .split_whitespace()
        .collect()
});

const ATTRIBUTES: &[&str] = &[
    " id=a",
    " class='b c'",
    " href=\"/x?a=1&amp;b=2&copy=3\"",
    " type=hidden",
    " TYPE=Hidden",
    " color=red",
    " size=1",
    " face",
    " charset=utf-8",
    " http-equiv=content-type content='text/html; charset=x'",
    " viewbox=1",
    " xlink:href=d",
    " xml:lang=en",
    " xmlns=e",
    " xmlns:xlink=f",
    " definitionurl=g",
    " encoding=text/html",
    " a=1 A=2",
    " =x",
    " a=&lt",
    " data-long-attribute-name=1",
    " /",
    "/",
    " b=\"1\"c='2'",
    " d = 3",
    " e=",
    " \u{e9}=\u{20ac}",
    " shadowrootmode=open",
    " f='a\nb'",
    " g=\"",
    " h='<p>'",
    " \0=\0",
];

/// What is no tag of the above.
const PIECES: &[&str] = &[
    "text",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t ",
    "a < b",
    "&amp;",
    "&lt",
    "&notit;",
    "&#65;",
    "&#10;",
    "&#10",
    "&#x0d;",
    "&#0;",
    "&#128;",
    "&nosuch;",
    "&",
    "<!-- c -->",
    "<!--",
    "-->",
    "<!-->",
    "<!--->",
    "--!>",
    "<!---",
    "<!doctype html>",
    "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">",
    "<!doctype html system 'about:legacy-compat'>",
    "<!doctype>",
    "<!doctype x y>",
    "<!x>",
    "<?php x?>",
    "</>",
    "</ x>",
    "</",
    "<",
    "<3",
    "<![CDATA[x]]>",
    "<![CDATA[",
    "]]>",
    "\0",
    "\u{feff}",
    "\u{e9}\u{20ac}",
    "<script><!-- <script> --></script>",
    "<script><!--<script></script>",
    "</script>\u{feff}x",
    "<meta charset=x>\u{feff}",
    "<pre>\n\nx",
    "<textarea>\n&amp;</textarea>",
    "<title>a&b</title",
    "<table> <tr> <td>",
    "<tr>",
    "</table>",
    "<b><i><p>",
    "</b>",
    "<a>",
    "</p>",
    "</br>",
    "<svg><title>",
    "<math><mi>",
    "<select><option>",
    "<template>",
    "</template>",
    "</body>",
    "</html>",
    "<frameset>",
    "</frameset>",
    "\u{1f600}",
    "<p id=1>x<b>y<p>z",
    "<font color=1>",
    "<nobr>",
];

/// Soup: pieces and tags of a few names, so that they get into each other's way.
fn soup() -> impl Strategy<Value = String> {
    let names = prop::collection::vec(prop::sample::select(&**TAGS), 1..7);
    let piece = (0..10_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>());
    (names, prop::collection::vec(piece, 0..40)).prop_map(|(names, pieces)| {
        let mut page = String::new();
        for (kind, which, other, flag) in pieces {
            let name = which.get(&names);
            match kind {
                0..=2 => page += &["<", name, ">"].concat(),
                3 => page += &["<", name, ">x"].concat(),
                4 => page += &["<", name, *other.get(ATTRIBUTES), if flag { ">" } else { "/>" }].concat(),
                5..=7 => page += &["</", name, ">"].concat(),
                _ => page += *other.get(PIECES),
            }
        }
        page
    })
}

/// The pages of the fixtures.
fn fixtures() -> Vec<String> {
    fn files(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                files(&path, found);
            } else if path.extension().is_some_and(|it| it == "html") {
                found.push(String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned());
            }
        }
    }
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site"), &mut found);
    assert!(found.len() > 20, "the fixtures are there");
    found
}

/// A stretch of a fixture with pieces cut out, doubled and put in.
fn mutated(pages: Vec<String>) -> impl Strategy<Value = String> {
    let at = any::<prop::sample::Index>;
    let change = (0..4_u8, at(), 0..60_usize, at());
    let stretch = (at(), 0..3_000_usize);
    (prop::sample::select(pages), at(), stretch, prop::collection::vec(change, 0..6)).prop_map(
        |(page, _, (start, length), changes)| {
            let mut text: Vec<char> = page.chars().collect();
            let start = start.index(text.len() + 1);
            text.drain(..start);
            text.truncate(length);
            for (kind, at, length, other) in changes {
                let at = at.index(text.len() + 1);
                let end = text.len().min(at + length);
                match kind {
                    0 => drop(text.drain(at..end)),
                    1 => {
                        let doubled: Vec<char> = text[at..end].to_vec();
                        let to = other.index(text.len() + 1);
                        text.splice(to..to, doubled);
                    }
                    2 => drop(text.splice(at..at, other.get(PIECES).chars())),
                    _ => drop(text.splice(at..at, ["<", *other.get(&TAGS), ">"].concat().chars())),
                }
            }
            text.into_iter().collect()
        },
    )
}

/// Compares so many pages, and shows the smallest one that differs.
fn compare_many(cases: u32, seed: RngSeed) {
    let mut runner = TestRunner::new(Config { cases, rng_seed: seed, failure_persistence: None, ..Config::default() });
    let comparison = std::cell::RefCell::new(Comparison::default());
    let pages = prop_oneof![3 => soup(), 1 => mutated(fixtures())];
    let done = runner.run(&pages, |page| {
        let compared = comparison.borrow_mut().compare(&page);
        prop_assert_eq!(compared, Ok(Compared::Same));
        Ok(())
    });
    if let Err(error) = done {
        match error {
            TestError::Fail(reason, page) => panic!("{page:?}: {reason}"),
            TestError::Abort(reason) => panic!("{reason}"),
        }
    }
}

#[test]
fn made_up_pages_give_the_reference_tree() {
    compare_many(20_000, RngSeed::Random);
}

/// `GLEANER_CASES=10000000 cargo test --profile fuzzing --lib many_made_up_pages -- --ignored --nocapture`
#[test]
#[ignore = "takes as long as it is told"]
#[expect(clippy::print_stderr, reason = "whoever waits wants to know how far it is")]
fn many_made_up_pages_give_the_reference_tree() {
    const AT_ONCE: u32 = 100_000;
    let cases: u64 = env::var("GLEANER_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(1_000_000);
    for nth in 1..=cases.div_ceil(AT_ONCE.into()) {
        compare_many(AT_ONCE, RngSeed::Random);
        eprintln!("{} cases, no difference", nth * u64::from(AT_ONCE));
    }
}

/// `GLEANER_PAGES=pages.json cargo test --lib pages_of_a_file -- --ignored`, where the file has an array of strings: real
/// pages, or the inputs of html5lib's tests.
#[test]
#[ignore = "needs a file"]
fn pages_of_a_file_give_the_reference_tree() {
    let file = env::var_os("GLEANER_PAGES").expect("GLEANER_PAGES names a file");
    let pages: Vec<String> = serde_json::from_slice(&fs::read(file).expect("a file")).expect("an array of strings");
    let mut comparison = Comparison::default();
    for page in &pages {
        assert_eq!(comparison.compare(page), Ok(Compared::Same), "{page:?}");
    }
}

#[test]
fn a_tree_that_differs_is_found_out() {
    type Damage = fn(&mut Dom);
    let damages: [(&str, Damage); 7] = [
        ("a name", |dom| dom.nodes[4].name = known::DIV),
        ("a name space", |dom| dom.nodes[4].namespace = Namespace::Svg),
        ("a parent", |dom| dom.nodes[6].parent = 3),
        ("an attribute's value", |dom| dom.attributes[0].length -= 1),
        ("an attribute", |dom| dom.nodes[4].length = 0),
        ("a text", |dom| dom.nodes[5].length -= 1),
        ("a node", |dom| dom.nodes.truncate(dom.nodes.len() - 1)),
    ];
    let page = "<p class=abc>text<br><!-- c -->";
    let mut comparison = Comparison::default();
    assert_eq!(comparison.compare(page), Ok(Compared::Same));
    for (what, damage) in damages {
        assert!(comparison.compare_with(page, damage).is_err(), "{what}");
    }
}

#[test]
fn the_fixtures_give_the_reference_tree() {
    let mut comparison = Comparison::default();
    for page in fixtures() {
        assert_eq!(comparison.compare(&page), Ok(Compared::Same));
    }
}
