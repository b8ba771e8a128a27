//! Hostile pages: deep, wide, long, malformed. Each results in data or in a typed failure, and no other page suffers.
//!
//! Cost in a release build on a busy machine with 2 CPUs, before parsing had a budget (memory: the worker's peak). With
//! the budget, pages that took over a second are `too_large`, except those with attributes and links:
//!
//! | page | time | memory |
//! |---|---|---|
//! | 10,000 nested `<div>` (50 KB) | 0.37 s | 10 MB |
//! | 60,000 | about 13 s, extrapolated | |
//! | 100,000 | about 37 s, extrapolated | |
//! | a million nested `<span>`, `<g>` (6 MB) | 1 s | 180 MB |
//! | 2,000 formatting elements left open, 2,000 `<p>` (29 KB) | 3.5 s, then killed | over 512 MB |
//! | 20,000 times three formatting elements and `</b></a>` (549 KB) | 2.1 s | 26 MB |
//! | 30,000 `<a><div>` (240 KB) | over 4 s | 19 MB |
//! | 100,000 attributes (889 KB) | over 4 s | 13 MB |
//! | 900,000 links (14 MB) | 2.7 s | 385 MB |
//! | 15 MB in one text, in one comment | 0.15 s, 0.37 s | 39 MB, 55 MB |

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{records, scrape_list};
use gleaner::model::{Failure, FailureKind, Stage};
use gleaner::scrape::extract::{Arity, Extractor, PageFacts, Rule, ValueRule};
use gleaner::scrape::parse;

/// Time limit for each page, generous for a debug build on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(20);

fn extract(css: &str, arity: Arity, html: &str) -> Result<String, Failure> {
    let rules = vec![("v".to_owned(), Rule::Value(ValueRule::new(css, arity)))];
    let data = Extractor::of(&rules)
        .expect(css)
        .extract(&parse(html)?, &PageFacts::of(&"http://h/".parse().expect("a URL")))?
        .data;
    Ok(String::from_utf8(data.to_vec()).expect("JSON is UTF-8"))
}

#[test]
fn deep_pages_overflow_the_stack_in_no_stage() {
    const DEPTH: usize = 60_000;
    let (open, close) = ("<span>".repeat(DEPTH), "</span>".repeat(DEPTH));
    let page = format!("<body>{open}<a href=x>end</a>{close}");
    let list = |css| extract(css, Arity::Many, &page).expect(css);
    let one = |css| extract(css, Arity::One, &page).expect(css);
    assert_eq!(one("a::text"), r#"{"v":"end"}"#);
    assert_eq!(one("body::text-content"), r#"{"v":"end"}"#);
    assert_eq!(one("a::url"), r#"{"v":"http://h/x"}"#);
    for css in ["body", "body > span::inner-html", "span:nth-last-child(1)"] {
        let data = one(css);
        assert!(data.len() > 2 * page.len() / 3 && data.contains("end"), "{css}: {} bytes", data.len());
    }
    assert_eq!(list("html > body > span > span a::text"), r#"{"v":["end"]}"#);
    let deep = list("span::attr(x)");
    assert_eq!(deep, r#"{"v":[]}"#);
}

#[test]
fn a_deep_page_needs_only_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(256 * 1024);
    let page = "<span>".repeat(60_000) + "x";
    let thread = small.spawn(move || extract("body", Arity::One, &page).expect("data").len()).expect("a thread");
    assert!(thread.join().expect("no panic") > 60_000 * 13);
}

/// The `selectors` crate matches `:has(..)` recursively. 60,000 levels would overflow the stack.
#[test]
fn a_page_too_deep_for_a_selector_with_has_fails_without_a_crash() {
    let deep = "<span>".repeat(60_000);
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let thread = small.spawn(move || {
        for css in ["body:has(a)", "html:not(:is(i, :has(b)))", "b, html:has(> i b)"] {
            let failure = extract(css, Arity::One, &deep).expect_err(css);
            assert_eq!((failure.kind, failure.stage), (FailureKind::TooLarge, Stage::Extract), "{css}");
        }
        let deep_enough = "<span>".repeat(1_990) + "x";
        assert!(extract("body:not(:has(b))", Arity::One, &deep_enough).expect("data").contains('x'));
    });
    thread.expect("a thread").join().expect("no panic");
}

#[test]
fn expensive_selectors_finish_on_deep_and_wide_pages() {
    let deep = "<span>".repeat(1_000);
    let wide = "<i></i>".repeat(3_000);
    for css in [
        "span span span span > b",
        "span:has(b)",
        ":is(span, b) :is(span, b) :is(span, b) > i b",
        "span ~ span ~ span",
        "i ~ i ~ i ~ b",
        "i:nth-child(odd):nth-last-child(even) + b",
        "i:nth-of-type(7n+1):only-of-type",
        ":has(i + b)",
    ] {
        for page in [&deep, &wide] {
            let begun = Instant::now();
            let data = extract(css, Arity::Many, page).expect(css);
            assert!(data == r#"{"v":[]}"# || css.contains("nth") || css.contains("~ span"), "{css}");
            assert!(begun.elapsed() < TIME_LIMIT, "{css} took {:?}", begun.elapsed());
        }
    }
}

#[test]
fn pages_that_cause_excessive_work_for_their_length_are_given_up() {
    let formatting = (0..2_000).fold(String::new(), |page, n| page + &format!("<b id={n}>"));
    let page = format!("<p>{formatting}{}", "<p>x".repeat(2_000));
    let begun = Instant::now();
    let failure = parse(&page).expect_err("four million elements");
    assert_eq!((failure.kind, failure.stage), (FailureKind::TooLarge, Stage::Parse));
    assert!(begun.elapsed() < TIME_LIMIT, "it took {:?}", begun.elapsed());
}

#[test]
fn long_and_wide_pages_are_parsed() {
    let cases = [
        ("a text", "a".repeat(2 << 20)),
        ("a comment", format!("<!--{}", "-".repeat(2 << 20))),
        ("an attribute", format!("<p title='{}", "a".repeat(2 << 20))),
        ("a tag's name", format!("<{}", "a".repeat(2 << 20))),
        ("a thousand attributes", (0..1_000).fold("<p".to_owned(), |page, n| page + &format!(" a{n}=1"))),
        ("references", "&lt;&#60;&notit;&".repeat(100_000)),
        ("templates", "<template>".repeat(50_000)),
        ("options", "<select>".to_owned() + &"<option>".repeat(50_000)),
        ("foster parents", "<table>".to_owned() + &"x<i></i>".repeat(50_000)),
        ("scripts in comments in scripts", "<script>".to_owned() + &"<!--<script>".repeat(50_000)),
        ("null bytes", "\0".repeat(1 << 20)),
        ("declarations", "<!doctype html>".repeat(50_000)),
        ("ends", "</p></br></x>".repeat(50_000)),
    ];
    for (name, page) in cases {
        let begun = Instant::now();
        let answer = extract("title::text", Arity::One, &page);
        assert_eq!(answer, Ok(r#"{"v":null}"#.to_owned()), "{name}");
        assert!(begun.elapsed() < TIME_LIMIT, "{name} took {:?}", begun.elapsed());
    }
    let links = "<a href=/x>y</a>".repeat(100_000);
    assert_eq!(extract("a::url", Arity::Many, &links).expect("data").matches("http://h/x").count(), 100_000);
}

#[test]
fn data_larger_than_a_worker_can_send_is_too_large() {
    let page = "<span>".repeat(8_000) + &"text ".repeat(2_000);
    for css in ["span", "span::inner-html", "span::text-content"] {
        let failure = extract(css, Arity::Many, &page).expect_err(css);
        assert_eq!((failure.kind, failure.stage), (FailureKind::TooLarge, Stage::Extract), "{css}");
        assert!(failure.message.contains("field `v`"), "{}", failure.message);
    }
}

/// html5ever compares each attribute with all earlier ones: 100,000 attributes take seconds, a million half an hour. Its
/// budget does not see that, so the worker's time limit ends it. Gleaner's own parser counts all its work.
#[test]
fn a_page_that_never_ends_costs_at_most_one_worker_and_no_other_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
    let formatting = |count: usize| (0..count).fold(String::new(), |page, n| page + &format!("<b id={n}>"));
    let deep = |count: usize| format!("<p>{}{}", formatting(count), "<p>x".repeat(count));
    let attributes = |count: usize| (0..count).fold("<p".to_owned(), |page, n| page + &format!(" a{n}"));
    write("wide.html", format!("<title>wide</title>{}>", attributes(200_000)));
    write("evil.html", format!("{}>{}", attributes(300_000), deep(2_000)));
    // A page of less than 1 MiB is parsed on the worker's own thread, where other tasks wait for it.
    write("short.html", format!("{}>{}", attributes(50_000), deep(2_000)));
    write("deep.html", deep(2_000));
    write("long.html", "a".repeat(50 << 20));
    write("good.html", "<title>good</title>".to_owned());
    let site = folder.path().to_str().expect("UTF-8");
    for (parser, limit) in [("own", "20s"), ("reference", "4s")] {
        let is_own = parser == "own";
        let mut list = vec!["good.html".to_owned(); 100];
        let mut evil = vec![(3, "evil.html"), (40, "deep.html"), (60, "long.html")];
        if is_own {
            evil.extend([(20, "short.html"), (80, "wide.html")]);
        }
        for (place, page) in evil {
            page.clone_into(&mut list[place]);
        }
        let sets = [format!("extraction.parser={parser}"), format!("pool.task_timeout={limit}")];
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let sets = sets.chain(["--set", "extract.t=title::text", "-w", "2", "--max-retries", "0", "--site", site]);
        let run = scrape_list(&list, sets.collect::<Vec<_>>()).finish().exited(3);
        let records = records(&run.stdout);
        assert_eq!(records.len(), list.len());
        for (record, line) in records.iter().zip(&list) {
            let failure = record.failure.as_ref().map(|failure| (&*failure.kind, &*failure.stage));
            match line.as_str() {
                "evil.html" if !is_own => assert_eq!(failure, Some(("worker_timeout", "parse"))),
                "evil.html" | "short.html" | "deep.html" => assert_eq!(failure, Some(("too_large", "parse")), "{line}"),
                "long.html" => assert_eq!(failure, Some(("too_large", "fetch"))),
                "wide.html" => assert_eq!((record.raw(), record.attempts), (r#"{"t":"wide"}"#, 1), "{record:?}"),
                _ => assert_eq!((record.raw(), record.attempts), (r#"{"t":"good"}"#, 1), "{record:?}"),
            }
        }
    }
}
