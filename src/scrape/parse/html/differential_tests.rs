//! Compares our parser with html5ever on generated pages, which are new in every run.
//!
//! By the rules of html5ever, the two trees must be equal. By the rules of the Standard, they may differ only if the
//! page reaches a correction.

use std::cell::RefCell;
use std::env;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

use super::comparison::{Compared, Comparison};
use super::vocabulary_tests::{ATTRIBUTES, DOCTYPES, PIECES, TAGS, THEMES};
use crate::scrape::document::{Dom, Namespace, known};

/// Generates tag soup: pieces, and tags of a few names that have rules about each other.
fn soup() -> impl Strategy<Value = String> {
    let at = any::<prop::sample::Index>;
    let names = prop::sample::select(&*THEMES).prop_flat_map(|theme| {
        let of_theme = prop::collection::vec(prop::sample::select(theme), 1..7);
        (of_theme, prop::collection::vec(prop::sample::select(TAGS.as_slice()), 0..2))
    });
    let pieces = prop::collection::vec((0..12_u8, at(), at(), any::<bool>()), 0..40);
    (prop::sample::select(DOCTYPES), names, pieces).prop_map(|(doctype, (mut names, others), pieces)| {
        names.extend(others);
        let mut page = doctype.to_owned();
        for (kind, which, other, flag) in pieces {
            let name = which.get(&names);
            match kind {
                0..=3 => page += &["<", name, ">"].concat(),
                4 => page += &["<", name, ">x"].concat(),
                5 => page += &["<", name, *other.get(ATTRIBUTES), if flag { ">" } else { "/>" }].concat(),
                6..=9 => page += &["</", name, ">"].concat(),
                10 => page += ["x", " ", "\n", "<br>"][other.index(4)],
                _ => page += *other.get(PIECES),
            }
        }
        page
    })
}

/// Returns the pages of the fixtures.
pub(super) fn fixtures() -> Vec<String> {
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
    assert!(found.len() > 20, "too few fixtures were found");
    found
}

/// Generates parts of fixtures in which pieces are removed, repeated and inserted.
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

/// Generates pages of all kinds.
pub(super) fn generated() -> impl Strategy<Value = String> {
    prop_oneof![3 => soup(), 1 => mutated(fixtures())]
}

/// Compares `cases` pages, and shows the smallest one with a forbidden difference.
fn compare_many(cases: u32, seed: RngSeed) {
    let mut runner = TestRunner::new(Config { cases, rng_seed: seed, failure_persistence: None, ..Config::default() });
    let by_rules_of_html5ever = RefCell::new(Comparison::by_rules_of_html5ever());
    let by_the_standard = RefCell::new(Comparison::by_the_standard());
    let done = runner.run(&generated(), |page| {
        prop_assert_eq!(by_rules_of_html5ever.borrow_mut().compare(&page), Ok(Compared::Same));
        let compared = by_the_standard.borrow_mut().compare(&page);
        prop_assert!(matches!(compared, Ok(Compared::Same | Compared::Corrected(_))), "{:?}", compared);
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
fn generated_pages_give_the_reference_tree() {
    compare_many(20_000, RngSeed::Random);
}

/// `GLEANER_CASES=10000000 cargo test --profile fuzzing --lib many_generated_pages -- --ignored --nocapture`
#[test]
#[ignore = "GLEANER_CASES decides how long it takes"]
#[expect(clippy::print_stderr, reason = "it shows its progress")]
fn many_generated_pages_give_the_reference_tree() {
    const AT_ONCE: u32 = 100_000;
    let cases: u64 = env::var("GLEANER_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(1_000_000);
    for nth in 1..=cases.div_ceil(AT_ONCE.into()) {
        compare_many(AT_ONCE, RngSeed::Random);
        eprintln!("{} cases, no difference", nth * u64::from(AT_ONCE));
    }
}

/// `GLEANER_PAGES=pages.json cargo test --lib pages_of_a_file -- --ignored`. The file has an array of strings: real
/// pages, or the inputs of html5lib's tests.
#[test]
#[ignore = "needs the file that GLEANER_PAGES names"]
fn pages_of_a_file_give_the_reference_tree() {
    let file = env::var_os("GLEANER_PAGES").expect("GLEANER_PAGES names a file");
    let pages: Vec<String> = serde_json::from_slice(&fs::read(file).expect("a file")).expect("an array of strings");
    let mut comparison = Comparison::by_rules_of_html5ever();
    for page in &pages {
        assert_eq!(comparison.compare(page), Ok(Compared::Same), "{page:?}");
    }
}

#[test]
fn every_difference_between_trees_is_detected() {
    type Damage = fn(&mut Dom);
    let damages: [(&str, Damage); 7] = [
        ("a name", |dom| dom.nodes[4].name = known::DIV),
        ("a namespace", |dom| dom.nodes[4].namespace = Namespace::Svg),
        ("a parent", |dom| dom.nodes[6].parent = 3),
        ("an attribute's value", |dom| dom.attributes[0].length -= 1),
        ("an attribute", |dom| dom.nodes[4].length = 0),
        ("a text", |dom| dom.nodes[5].length -= 1),
        ("a node", |dom| dom.nodes.truncate(dom.nodes.len() - 1)),
    ];
    let page = "<p class=abc>text<br><!-- c -->";
    let mut comparison = Comparison::by_rules_of_html5ever();
    assert_eq!(comparison.compare(page), Ok(Compared::Same));
    for (what, damage) in damages {
        assert!(comparison.compare_with(page, damage).is_err(), "{what}");
    }
}

#[test]
fn edge_cases_give_the_reference_tree() {
    let cases = [
        // Byte-order marks, at the start and later.
        "\u{feff}x",
        "\u{feff}\u{feff}x",
        "<script></script>\u{feff}\u{feff}x",
        "<svg><script></script>\u{feff}x",
        "<style></style>\u{feff}x",
        "<meta charset>\u{feff}x",
        "<body><link charset=x>\u{feff}x",
        "<table><meta charset=x>\u{feff}x",
        "<p charset=x>\u{feff}x",
        "<meta name=x>\u{feff}x",
        "<meta http-equiv=Content-Type content='text/html;charset = utf-8'>\u{feff}x",
        "<meta http-equiv=content-type content='charset charset=\"a\"'>\u{feff}x",
        "<meta http-equiv=content-type content='charset=\"a'>\u{feff}x",
        "<meta http-equiv=content-type content='charset='>\u{feff}x",
        "<meta http-equiv=content-type content='charset'>\u{feff}x",
        "<meta http-equiv=refresh content='charset=a'>\u{feff}x",
        // The line feed after `<pre>`.
        "<pre>\n\nx",
        "<pre>\r\nx",
        "<pre>&#10;x",
        "<pre>&#10x",
        "<pre>&NewLine;x",
        "<pre></>\nx",
        "<pre><!-- c -->\nx",
        "<pre><!doctype>\nx",
        "<pre><b>\nx",
        "<textarea>\n\nx</textarea>",
        "<textarea>&#10;x</textarea>",
        "<textarea></textarea>\nx",
        "<table><pre>\nx",
        "<pre>\n",
        // U+0000 in each kind of token.
        "\0",
        "<p>a\0b",
        "<p\0 a\0='\0' b=\0>\0</p\0>",
        "<!--\0--><!\0><!doctype \0 public '\0'>",
        "<title>\0</title><style>\0</style><script>\0</script><plaintext>\0",
        "<table>\0x\0<tr>\0",
        "<svg>\0<![CDATA[a\0b]]><mi>\0",
        "<frameset>\0",
        "<a b='&amp;\0'>",
        // The page ends inside a token.
        "<p",
        "<p a",
        "<p a=",
        "<p a='b",
        "<p a='b'",
        "<p/",
        "</p",
        "</",
        "<",
        "<!",
        "<!-",
        "<!--a-",
        "<!--a--!",
        "<!doctype",
        "<!doctype html publi",
        "<!doctype html public 'a",
        "<title>a</titl",
        "<title>a</title",
        "<title>a</title b",
        "<script>a</script ",
        "<script><!--<script>a",
        "<svg><![CDATA[a]]",
        "&",
        "&am",
        "&amp",
        "&#",
        "&#x",
        "&#x4",
        // Nodes that are not created in document order.
        "<head></head> <script></script>x",
        "<head></head> <!-- a --><title>b</title><body>",
        "x</body> <!-- a --></html> <!-- b --> y",
        "<table><p>a<tr>b<td>c</table>d",
        "<b>1<i>2<p>3</b>4</i>5",
        "<a><table><a>x</table>y",
        // The adoption agency stops after eight blocks. The place of the element that stays open counts.
        "<font><b><div><div><div><div><div><div><div><div><div><p><b><i></p></font><p>x",
        "<frameset><frame></frameset>x",
        "<p hidden>x<frameset>",
        " <frameset> ",
    ];
    let mut comparison = Comparison::by_rules_of_html5ever();
    for page in cases {
        assert_eq!(comparison.compare(page), Ok(Compared::Same), "{page:?}");
    }
}

#[test]
fn the_fixtures_give_the_reference_tree() {
    let mut comparison = Comparison::by_rules_of_html5ever();
    for page in fixtures() {
        assert_eq!(comparison.compare(&page), Ok(Compared::Same));
    }
}
