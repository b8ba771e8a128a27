use super::{Found, TooMuchWork, Tree, XPath, XPathType};
use crate::scrape::document::{Dom, Kind, Namespace, known};
use crate::scrape::parse::{Document, parse};

fn page(html: &str) -> Document {
    parse(html).expect("a page")
}

/// Returns what an expression gives on a page, as parsel's `getall()`.
fn all(dom: &Dom, xpath: &str) -> Vec<String> {
    let tree = Tree::new(dom);
    let compiled = XPath::new(xpath).unwrap_or_else(|error| panic!("{xpath}: {error}"));
    let found = compiled.select(&tree, None).expect(xpath);
    found.strings(&tree).map(String::from).collect()
}

#[test]
fn an_expression_that_is_wrong_is_refused_with_its_offset_and_a_suggestion() {
    let cases = [
        ("", 0..0, None, "empty"),
        ("//a[", 4..4, None, "expected"),
        ("//a]", 3..4, None, "trailing"),
        ("//a[@href=]", 10..11, None, "expected"),
        ("//a['x", 4..6, None, "unterminated"),
        ("//a/foo::b", 4..9, None, "unknown axis `foo::`"),
        ("//a/parnt::b", 4..11, Some("parent::"), "unknown axis"),
        ("namespace::*", 0..11, None, "not supported"),
        ("//a[contain(., 'x')]", 4..11, Some("contains(..)"), "no function `contain`"),
        ("//a['contain(' and contain(., 'x')]", 19..26, Some("contains(..)"), "no function `contain`"),
        ("//a[matches(., 'x')]", 4..11, Some("re:test(.., \"..\")"), "no function `matches`"),
        ("//a[ends-with(@href, 'x')]", 4..13, Some("re:test(.., \"..$\")"), "no function"),
        ("lower-case(//a)", 0..10, Some("translate(.., \"ABC\", \"abc\")"), "no function"),
        ("zzzzzz()", 0..6, None, "no function"),
        ("count()", 0..5, None, "takes 1 arguments, and there are 0"),
        ("//a[contains(.)]", 4..12, None, "takes 2 arguments, and there are 1"),
        ("concat('a')", 0..6, None, "at least 2"),
        ("substring('a', 1, 2, 3)", 0..9, None, "2 to 3"),
        ("has-class()", 0..9, None, "at least 1"),
        ("count('a')", 0..5, None, "takes nodes"),
        ("//a | 'b'", 0..9, None, "both sides"),
        ("string(//a)/b", 0..13, None, "only nodes"),
        ("('a')[1]", 0..8, None, "only nodes"),
        ("//a[@x = $name]", 9..14, None, "no variable `$name`"),
        ("re:test(., '(')", 0..7, None, "unclosed group"),
        ("re:test(., 'a(?=b)')", 0..7, None, "look-around"),
        ("re:test(., @x)", 0..7, None, "strings in quotes"),
        ("re:test(.)", 0..7, None, "takes a text"),
        ("re:match(., 'x')", 0..8, None, "the key `re`"),
        ("re:replace(., 'x', 'g', '\\1')", 0..10, None, "names a group"),
        ("re:replace(., 'x', 'g', '\\q')", 0..10, None, "no meaning"),
    ];
    for (xpath, place, suggestion, message) in cases {
        let error = XPath::new(xpath).expect_err(xpath);
        assert_eq!(error.offset..error.offset + error.length, place, "{xpath}: {error}");
        assert_eq!(error.suggestion.as_deref(), suggestion, "{xpath}: {error}");
        assert!(error.message.contains(message), "{xpath}: {error}");
    }
}

#[test]
fn expressions_that_could_overflow_the_stack_are_refused() {
    let deep = |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
    for times in [33, 1_000, 4_000] {
        for (open, close) in [("(", ")"), ("a[", "]"), ("-(", ")"), ("not(", ")"), ("a[b or (", ")]")] {
            assert!(XPath::new(&deep(open, close, times)).is_err(), "{open} {times}");
        }
        assert!(XPath::new(&deep("-", "", times)).is_err(), "- {times}");
        assert!(XPath::new(&deep("- ", "", times)).is_err(), "- {times}");
        // Not closed, and closed too often.
        assert!(XPath::new(&"(".repeat(times)).is_err());
        assert!(XPath::new(&")".repeat(times)).is_err());
    }
    for (operand, operator) in [("1", "+"), ("a", "|"), ("a", " or "), ("1", "="), ("1", "-"), ("1", " div ")] {
        let chain = |times: usize| vec![operand; times].join(operator);
        assert!(XPath::new(&chain(150)).is_ok(), "{operator}");
        for times in [250, 1_000, 3_000, 200_000] {
            assert!(XPath::new(&chain(times)).is_err(), "{operator} {times}");
        }
    }
    // Steps do not nest.
    assert!(XPath::new("a/".repeat(4_000).trim_end_matches('/')).is_ok());
    assert!(XPath::new(&format!("a{}", "[1]".repeat(3_000))).is_ok());
    // The deepest that is allowed works on a small stack.
    let deepest = format!("{}//a{}", "boolean(//a[".repeat(16), "])".repeat(16));
    let run = move || assert_eq!(all(&page("<a>x</a>").dom, &deepest), ["1"]);
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("a thread").join().expect("no overflow");
}

#[test]
fn the_type_of_what_is_found_is_known_beforehand() {
    let cases = [
        ("//a", XPathType::Nodes, true),
        ("//a/@href", XPathType::Nodes, false),
        ("//a/text()", XPathType::Nodes, false),
        ("//a/node()", XPathType::Nodes, false),
        ("//a | //b", XPathType::Nodes, true),
        ("//a | //b/@x", XPathType::Nodes, false),
        ("(//a)[1]", XPathType::Nodes, true),
        ("(//a/@x)[1]", XPathType::Nodes, false),
        ("//a/..", XPathType::Nodes, false),
        ("//a/parent::*", XPathType::Nodes, true),
        ("id('x')", XPathType::Nodes, true),
        ("set:difference(//a, //b)", XPathType::Nodes, true),
        ("string(//a)", XPathType::String, false),
        ("re:replace(//a, 'x', '', 'y')", XPathType::String, false),
        ("count(//a)", XPathType::Number, false),
        ("-1", XPathType::Number, false),
        ("//a = 1", XPathType::Boolean, false),
        ("re:test(//a, 'x')", XPathType::Boolean, false),
    ];
    for (xpath, gives, elements) in cases {
        let compiled = XPath::new(xpath).expect(xpath);
        assert_eq!((compiled.gives(), compiled.gives_elements()), (gives, elements), "{xpath}");
    }
}

#[test]
fn paths_in_an_each_are_relative_unless_they_begin_with_a_slash() {
    let document = page("<ul><li id=1><a>x</a></li><li id=2><a>y</a></li></ul>");
    let tree = Tree::new(&document.dom);
    let find = |xpath: &str, scope: Option<u32>| {
        let found = XPath::new(xpath).expect(xpath).select(&tree, scope).expect(xpath);
        found.strings(&tree).collect::<Vec<_>>().join(",")
    };
    let Found::Nodes(items) = XPath::new("//li").expect("XPath").select(&tree, None).expect("little work") else {
        panic!("nodes")
    };
    let second = Some(items[1].at());
    assert_eq!(find(".//a/text()", second), "y");
    assert_eq!(find("a/text()", second), "y");
    assert_eq!(find("@id", second), "2");
    assert_eq!(find("//a/text()", second), "x,y");
    assert_eq!(find("..//a/text()", second), "x,y");
    assert_eq!(find("preceding-sibling::li/@id", second), "1");
    assert_eq!(find("a/text()", None), "");
    assert_eq!(find("body/ul/li/a/text()", None), "x,y");
    assert_eq!(find("html", None), "");
}

#[test]
fn what_differs_from_parsel_is_as_documented() {
    let html = "<template><p>hidden<b>x</b></template><p id=one class='a\u{c}b'>seen</p>\
                <svg xlink:href=there><foreignObject xml:lang=en-GB>s</foreignObject></svg><fb:like>l</fb:like>";
    let document = page(html);
    let cases: [(&str, &[&str]); 21] = [
        ("//p/text()", &["seen"]),
        ("//template//text()", &[]),
        ("//template/node()", &[]),
        ("string(//template)", &[""]),
        ("//svg/preceding::b", &[]),
        ("//svg/preceding::*[1]/@id", &["one"]),
        ("count(//svg/preceding::node())", &["4.0"]),
        ("//svg/@xlink:href", &["there"]),
        ("//svg/@href", &[]),
        ("//@xlink:*", &["there"]),
        ("name(//svg/@*)", &["xlink:href"]),
        ("local-name(//svg/@*)", &["href"]),
        ("//foreignObject/text()", &["s"]),
        ("//foreignobject", &[]),
        ("//foreignObject[lang('en')]/text()", &["s"]),
        ("namespace-uri(//svg)", &[""]),
        ("//fb:like/text()", &["l"]),
        ("//fb:*/text()", &["l"]),
        ("name(//*[name() = 'fb:like'])", &["fb:like"]),
        ("id('two one')/text()", &["seen"]),
        ("string(10000000000)", &["10000000000"]),
    ];
    for (xpath, expected) in cases {
        assert_eq!(all(&document.dom, xpath), expected, "{xpath}");
    }
}

#[test]
fn texts_next_to_each_other_are_one_node() {
    // HTML has none, but XML may: a CDATA section after a text.
    let mut dom = Dom::new();
    let text = |dom: &mut Dom, text: &str, parent: u32| {
        let extent = dom.push_side(text);
        dom.push(Kind::Text, parent, extent)
    };
    let outer = dom.push_element(known::P, Namespace::Html, 0, (0, 0));
    for part in ["a", "b", "c"] {
        text(&mut dom, part, outer);
    }
    let inner = dom.push_element(known::B, Namespace::Html, outer, (0, 0));
    text(&mut dom, "d", inner);
    text(&mut dom, "e", outer);
    text(&mut dom, "f", outer);
    dom.seal();
    let cases: [(&str, &[&str]); 7] = [
        ("//text()", &["abc", "d", "ef"]),
        ("text()[1]", &["abc"]),
        ("text()[2]", &["ef"]),
        ("text()[. = 'abc']/following-sibling::node()[1]", &["<b>d</b>"]),
        ("//b/preceding-sibling::text()[1]", &["abc"]),
        ("//b/following::text()", &["ef"]),
        ("string()", &["abcdef"]),
    ];
    for (xpath, expected) in cases {
        assert_eq!(all(&dom, xpath), expected, "{xpath}");
    }
}

/// Pages on which simple ways to walk axes take quadratic time.
fn large_pages() -> [(&'static str, Document); 4] {
    let times = |text: &str, times: usize| page(&text.repeat(times));
    [
        ("flat", times("<li class=x>item<b>!</b></li>", 10_000)),
        ("deep", times("<div class=x>text", 5_000)),
        ("deeper", times("<div>", 20_000)),
        ("templates", times("<p>a<template><p>b<i>c</i></template></p>", 5_000)),
    ]
}

#[test]
fn the_work_of_a_path_is_in_proportion_to_the_page() {
    const PATHS: [&str; 20] = [
        "//li/following-sibling::li[1]",
        "//li/following-sibling::li",
        "//li/preceding-sibling::li",
        "//li/preceding-sibling::li[1]",
        "//li[preceding-sibling::li]",
        "//b/following::b[1]",
        "//b/following::b",
        "//b/preceding::b[1]",
        "//b/preceding::b",
        "//p/preceding::p[1]",
        "//div/ancestor::div",
        "//div/ancestor::*[1]",
        "//div//div//div",
        "//div[.//div]",
        "//div[ancestor::div]",
        "//*/@*/ancestor::*",
        "(//*)[last()]/ancestor-or-self::*",
        "//*[contains(@class, 'x')]",
        "count(//node()) + count(//@*)",
        "//li = //b",
    ];
    for (name, document) in large_pages() {
        for path in PATHS {
            let tree = Tree::new(&document.dom);
            let before = tree.work_left();
            assert!(XPath::new(path).expect(path).select(&tree, None).is_ok(), "{path} on {name}");
            let (units, nodes) = (before - tree.work_left(), document.dom.nodes().len() as u64);
            assert!(units < 10 * nodes, "{path} on {name}: {units} units of work for {nodes} nodes");
        }
    }
}

#[test]
fn an_expression_that_takes_too_much_work_is_given_up() {
    let bombs = [
        ("flat", "//*[count(//*) > 1]"),
        ("flat", "//li[count(following::*) > 1]"),
        ("flat", "//*/following::*[last()]"),
        ("flat", "//*[//*[//*[not(//nothing)]]]"),
        ("deep", "//*[contains(., 'nothing')]"),
        ("deep", "//div[not(.//nothing)]"),
        ("deeper", "//div[count(.//div) > count(ancestor::div)]"),
        ("templates", "//p[count(preceding::*) = 3]"),
    ];
    for (name, document) in large_pages() {
        let nodes = document.dom.nodes().len() as u64;
        assert!(Tree::new(&document.dom).work_left() > 1_000 * nodes);
        for (_, bomb) in bombs.iter().filter(|(page, _)| *page == name) {
            // Less than other pages may take, because tests are not optimised.
            let tree = Tree::with_work(&document.dom, 50 * nodes);
            let is_given_up =
                |xpath: &str| matches!(XPath::new(xpath).expect(xpath).select(&tree, None), Err(TooMuchWork));
            assert!(is_given_up(bomb), "{bomb} on {name}");
            assert!(is_given_up("//*"), "the work is shared by all expressions of a page");
        }
    }
    // Strings count too: this would be 400 MB.
    let document = page(&"x".repeat(1 << 20));
    let xpath = XPath::new(&format!("concat({})", vec!["string(/)"; 400].join(","))).expect("XPath");
    assert!(xpath.select(&Tree::new(&document.dom), None).is_err());
}
