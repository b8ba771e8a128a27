//! Checks that masks find the same elements as the `selectors` crate, asked about each element.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use selectors::Element as _;
use selectors::context::SelectorCaches;

use super::super::branch::Branch;
use super::super::element::Tree;
use super::super::filter::Filter;
use super::super::marks::Marks;
use super::super::name::Text;
use super::super::{Selection, Symbols};
use super::{Scan, Scanner, context, matches_branch};
use crate::scrape::document::{Dom, known};
use crate::scrape::parse;

/// Pairs of an element's place and the index of a branch that matches it.
type Found = BTreeSet<(u32, usize)>;

/// The words that selectors and pages are made from.
#[derive(Debug, Clone)]
struct Words {
    tags: Vec<String>,
    classes: Vec<String>,
    ids: Vec<String>,
    attributes: Vec<String>,
    values: Vec<String>,
}

fn words() -> Words {
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Words {
        // The first few are repeated, so that selectors match often.
        tags: list(&[
            "div",
            "div",
            "div",
            "a",
            "a",
            "b",
            "b",
            "DIV",
            "li",
            "p",
            "svg",
            "title",
            "x-y",
            "foreignObject",
            "template",
        ]),
        classes: list(&[
            "x",
            "x",
            "x",
            "X",
            "y",
            "long-name",
            "long-name-2",
            "long-name-that-goes-on-and-on-and-on",
            "é",
        ]),
        ids: list(&["i", "j", "a-long-identifier"]),
        attributes: list(&["href", "class", "id", "viewBox", "viewbox", "data-k", "lang"]),
        values: list(&["x", "X", "x y", "", "i", "long"]),
    }
}

/// A part of a compound selector, with up to `depth` levels of brackets.
fn simple(words: &Words, depth: u32) -> BoxedStrategy<String> {
    const PLACES: &[&str] = &[
        ":first-child",
        ":last-child",
        ":only-child",
        ":nth-child(2n+1)",
        ":nth-last-child(2)",
        ":nth-of-type(2)",
        ":only-of-type",
        ":nth-child(1 of .x, b)",
        ":empty",
        ":root",
        ":scope",
        ":scope",
    ];
    const OPERATORS: &[&str] = &["=", "~=", "|=", "^=", "$=", "*="];
    let Words { classes, ids, attributes, values, .. } = words.clone();
    let class = select(classes).prop_map(|class| format!(".{class}"));
    let id = select(ids).prop_map(|id| format!("#{id}"));
    let has = select(attributes.clone()).prop_map(|name| format!("[{name}]"));
    let any_space = select(attributes.clone()).prop_map(|name| format!("[*|{name}]"));
    let is = (select(attributes), select(OPERATORS), select(values), select(vec!["", " i", " s"]));
    let is = is.prop_map(|(name, operator, value, case)| format!("[{name}{operator}'{value}'{case}]"));
    let plain = prop_oneof![
        6 => class,
        2 => id,
        2 => has,
        1 => any_space,
        2 => is,
        2 => select(PLACES).prop_map(str::to_owned),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let names = select(vec![":is", ":where", ":not", ":has", ":not"]);
    let inner = proptest::collection::vec(complex(words, depth - 1), 1..4);
    let nested = (names, inner).prop_map(|(name, inner)| format!("{name}({})", inner.join(", ")));
    prop_oneof![4 => plain, 1 => nested].boxed()
}

fn compound(words: &Words, depth: u32) -> BoxedStrategy<String> {
    let tag = prop_oneof![6 => select(words.tags.clone()), 2 => Just(String::new()), 1 => Just("*".to_owned())];
    (tag, proptest::collection::vec(simple(words, depth), 0..=2))
        .prop_map(|(tag, rest)| if tag.is_empty() && rest.is_empty() { "*".to_owned() } else { tag + &rest.concat() })
        .boxed()
}

fn complex(words: &Words, depth: u32) -> BoxedStrategy<String> {
    let combinators = select(vec![" ", " ", " ", " > ", " > ", " + ", " ~ "]);
    let left = proptest::collection::vec((compound(words, depth), combinators), 0..=2);
    (left, compound(words, depth))
        .prop_map(|(left, subject)| {
            left.into_iter().map(|(it, combinator)| it + combinator).collect::<String>() + &subject
        })
        .boxed()
}

/// The branches of one field.
fn selection(words: &Words) -> impl Strategy<Value = String> + use<> {
    let ends = select(vec!["", "", "", "::text", "::attr(href)", " ::text", "::url"]);
    let branch = (complex(words, 1), ends).prop_map(|(selector, end)| selector + end);
    proptest::collection::vec(branch, 1..4).prop_map(|branches| branches.join(", "))
}

fn piece(words: &Words) -> impl Strategy<Value = String> + use<> {
    let Words { tags, classes, ids, attributes, values } = words.clone();
    let class =
        proptest::collection::vec(select(classes), 0..3).prop_map(|them| format!(" class='{}'", them.join(" ")));
    let id = select(ids).prop_map(|id| format!(" id={id}"));
    let other = (select(attributes), select(values)).prop_map(|(name, value)| format!(" {name}='{value}'"));
    let attribute = prop_oneof![3 => class, 1 => id, 2 => other];
    let start = (select(tags.clone()), proptest::collection::vec(attribute, 0..3))
        .prop_map(|(tag, attributes)| format!("<{tag}{}>", attributes.concat()));
    let end = select(tags).prop_map(|tag| format!("</{tag}>"));
    prop_oneof![6 => start, 3 => end, 1 => select(vec!["text", " ", "<!-- c -->", "<table>"]).prop_map(str::to_owned)]
}

/// Returns the matches in each of `scopes`, found by masks and by the crate alone.
fn found(branches: &[Branch], padding: usize, dom: &Dom, scopes: &[Option<u32>]) -> Vec<(Found, Found)> {
    let mut symbols = Symbols::new();
    // These names come first, so that the names of the selectors may have to share bits.
    for nth in 0..padding {
        symbols.class(&Text::from(format!("padding-{nth}").as_str()));
    }
    let scan = Scan::new(branches.iter().cloned().zip(0..).collect(), &mut symbols);
    let (tree, mut marks) = (Tree::new(dom), Marks::default());
    marks.fill(dom, &symbols);
    let mut scanner = Scanner::new(&tree, &marks);
    let look = |scope: &Option<u32>| {
        let (mut by_masks, mut last) = (Found::new(), 0);
        scanner.scan(*scope, &scan, |at, nth| {
            assert!(at >= last, "matches come in document order");
            last = at;
            by_masks.insert((at, *nth));
        });
        let mut caches = SelectorCaches::default();
        let mut context = context(&mut caches);
        context.scope_element = scope.map(|at| tree.element(at).opaque());
        let mut by_crate = Found::new();
        for at in dom.elements(scope.map_or_else(|| dom.whole(), |at| dom.subtree(at))) {
            for (nth, branch) in branches.iter().enumerate() {
                if matches_branch(branch, &tree, at, &mut context) {
                    by_crate.insert((at, nth));
                }
            }
        }
        (by_masks, by_crate)
    };
    scopes.iter().map(look).collect()
}

fn branches(selections: &[String]) -> Vec<Branch> {
    selections.iter().flat_map(|css| Selection::parse(css).expect(css).branches).collect()
}

/// The document and up to five scopes in it.
fn scopes(dom: &Dom, chosen: &[Index]) -> Vec<Option<u32>> {
    let elements: Vec<u32> = dom.elements(dom.whole()).collect();
    std::iter::once(None).chain(chosen.iter().map(|index| Some(*index.get(&elements)))).collect()
}

fn check(page: &Dom, selections: &[String], padding: usize, chosen: &[Index]) -> Result<(), TestCaseError> {
    let branches = branches(selections);
    let scopes = scopes(page, chosen);
    for (scope, (by_masks, by_crate)) in scopes.iter().zip(found(&branches, padding, page, &scopes)) {
        prop_assert_eq!(by_masks, by_crate, "{:?} in {:?} of {}", selections, scope, page.outer_html(0));
    }
    Ok(())
}

/// The pages of the test fixtures, and the words in them.
fn fixtures() -> Vec<(Dom, Words)> {
    fn read(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                read(&path, found);
            } else if path.extension().is_some_and(|it| it == "html") {
                found.push(String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned());
            }
        }
    }
    let mut pages = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/site"), &mut pages);
    pages.sort_by_key(String::len);
    // Only small pages, because the crate alone is slow.
    let pages = pages.into_iter().filter(|page| (200..6_000).contains(&page.len())).take(8);
    let parsed = |page: String| {
        let dom = parse(&page).expect("a page").dom;
        let words = words_of(&dom);
        (dom, words)
    };
    pages.map(parsed).collect()
}

fn words_of(dom: &Dom) -> Words {
    let mut words = words();
    let is_plain =
        |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    for at in dom.elements(dom.whole()) {
        words.tags.push(dom.name_text(dom.node(at).name()).to_owned());
        let classes = dom.attribute(at, known::CLASS).unwrap_or_default().split_ascii_whitespace();
        words.classes.extend(classes.filter(is_plain).map(str::to_owned));
        words.ids.extend(dom.attribute(at, known::ID).filter(is_plain).map(str::to_owned));
        words.attributes.extend(dom.attributes(at).iter().map(|it| dom.name_text(it.name()).to_owned()));
        words.values.extend(dom.attributes(at).iter().map(|it| dom.value(it)).filter(is_plain).map(str::to_owned));
    }
    for list in [&mut words.tags, &mut words.attributes] {
        list.retain(|word| is_plain(&word.as_str()));
    }
    words
}

static FIXTURES: LazyLock<Vec<(Dom, Words)>> = LazyLock::new(fixtures);

/// One of the fixture pages, and selectors made from its words.
fn fixture_case() -> impl Strategy<Value = (usize, Vec<String>)> {
    let pages = FIXTURES.iter().enumerate();
    let of_page = |(nth, (_, words)): (usize, &(Dom, Words))| {
        (Just(nth), proptest::collection::vec(selection(words), 1..6)).boxed()
    };
    proptest::strategy::Union::new(pages.map(of_page))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_200))]

    #[test]
    fn masks_find_the_same_as_the_crate_in_any_page(
        pieces in proptest::collection::vec(piece(&words()), 0..40),
        selections in proptest::collection::vec(selection(&words()), 1..4),
        padding in prop_oneof![2 => Just(0_usize), 1 => 45..70_usize],
        chosen in proptest::collection::vec(any::<Index>(), 0..4),
    ) {
        let document = parse(&pieces.concat()).expect("a page");
        check(&document.dom, &selections, padding, &chosen)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn masks_find_the_same_as_the_crate_in_pages_of_a_site(
        (nth, selections) in fixture_case(),
        padding in prop_oneof![2 => Just(0_usize), 1 => 45..70_usize],
        chosen in proptest::collection::vec(any::<Index>(), 0..2),
    ) {
        check(&FIXTURES[nth].0, &selections, padding, &chosen)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Checks the connection to the crate against another one: that of `scraper`, over its own tree.
    #[test]
    fn the_crate_finds_the_same_in_our_document_and_in_scrapers_tree(
        pieces in proptest::collection::vec(piece(&words()), 0..30),
        css in complex(&words(), 1),
    ) {
        // `scraper` does not support all selectors, such as `:nth-child(1 of ..)`.
        let Ok(selector) = scraper::Selector::parse(&css) else { return Ok(()) };
        let page = pieces.concat();
        let (html, dom) = (scraper::Html::parse_document(&page), parse(&page).expect("a page").dom);
        let theirs = html.tree.root().descendants().filter_map(scraper::ElementRef::wrap);
        let ours = dom.whole().filter(|at| dom.node(*at).is_element());
        let in_document: BTreeSet<u32> = dom.elements(dom.whole()).collect();
        let expected: BTreeSet<u32> = ours
            .zip(theirs)
            .filter(|(at, element)| in_document.contains(at) && selector.matches(element))
            .map(|(at, _)| at)
            .collect();
        let (_, by_crate) = found(&branches(&[css]), 0, &dom, &[None]).swap_remove(0);
        prop_assert_eq!(by_crate.into_iter().map(|(at, _)| at).collect::<BTreeSet<_>>(), expected, "{}", page);
    }
}

#[test]
fn matches_of_has_are_not_reused_for_another_scope() {
    let dom = parse("<div><p><b>1</b></p><p><i>2</i></p></div>").expect("a page").dom;
    let named = |name: &str| {
        dom.elements(dom.whole()).filter(|at| dom.name_text(dom.node(*at).name()) == name).map(Some).collect::<Vec<_>>()
    };
    let scopes = [named("div"), named("p")].concat();
    for (css, per_scope) in [
        ("p:has(:is(:scope > b))", [0, 1, 0]),
        ("p:not(:has(:is(:scope > b)))", [2, 0, 1]),
        ("*:has(:is(:scope > p))", [1, 0, 0]),
    ] {
        let found = found(&branches(&[css.to_owned()]), 0, &dom, &scopes);
        assert_eq!(found.iter().map(|(by_masks, _)| by_masks.len()).collect::<Vec<_>>(), per_scope, "{css}");
        assert!(found.iter().all(|(by_masks, by_crate)| by_masks == by_crate), "{css}");
    }
}

/// Makes sure that the tests above are meaningful: their selectors match, and masks decide many of them.
#[test]
fn the_selectors_of_these_tests_match_and_masks_decide_many() {
    let mut runner = TestRunner::deterministic();
    let (mut matching, mut decided, mut all) = (0, 0, 0);
    for _ in 0..300 {
        let mut new = |strategy: BoxedStrategy<String>| strategy.new_tree(&mut runner).expect("a value").current();
        let page: String = (0..30).map(|_| new(piece(&words()).boxed())).collect();
        let branches = branches(&[new(selection(&words()).boxed())]);
        let dom = parse(&page).expect("a page").dom;
        all += branches.len();
        let mut symbols = Symbols::new();
        decided += branches.iter().filter(|it| Filter::new(&it.selector, it.offset, &mut symbols).is_decided()).count();
        matching += found(&branches, 0, &dom, &[None]).iter().filter(|(by_masks, _)| !by_masks.is_empty()).count();
    }
    assert!(matching > 60 && decided > all / 4 && decided < all, "{matching} match, masks decide {decided} of {all}");
}
