//! Text -> tree, as a browser without scripts builds it.
//!
//! Two parsers build the same tree: html5ever, whose tree is `scraper`'s (`sink` is where it puts its nodes, `budget` how
//! much work a page may make for it), and the one in `html`, which fills a `document::Dom` at once.

mod budget;
#[cfg_attr(
    not(any(test, fuzzing)),
    expect(dead_code, reason = "the scraper parses with html5ever until this parser has been proven")
)]
pub(in crate::scrape) mod html;
mod sink;

use encoding_rs::Encoding;
use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use scraper::Html;

use crate::model::{Failure, FailureKind, Stage};
use budget::{Budget, Exceeded};
use sink::InOrder;

/// A parsed page.
#[derive(Debug)]
pub struct Document {
    pub(super) html: Html,
    /// What the page was written in: the query of a link is sent in it (WHATWG URL, "encoding override").
    pub(super) encoding: &'static Encoding,
}

/// Parses a page by the rules of WHATWG HTML, with scripting off: `<noscript>` holds elements, not text.
///
/// Time is not bounded by the length of the text alone: 100,000 attributes on one element take html5ever some seconds.
/// Whoever runs this must be ready to kill it.
///
/// # Errors
/// With stage `parse`, where the page asks for far more work than its length explains (`budget`): it nests too deeply, or
/// leaves too much open. There is no other text that cannot be parsed.
pub fn parse(text: &str) -> Result<Document, Failure> {
    parse_encoded(text, encoding_rs::UTF_8)
}

/// As `parse`, for a page that was written in `encoding`.
///
/// # Errors
/// As `parse`.
pub fn parse_encoded(text: &str, encoding: &'static Encoding) -> Result<Document, Failure> {
    let built = build(text, Budget::of(text.len()));
    built.map(|html| Document { html, encoding }).map_err(|Exceeded| {
        let message = "build the page's tree: it nests elements too deeply, or leaves too many open, for its length";
        Failure::new(FailureKind::TooLarge, Stage::Parse, message)
    })
}

fn build(text: &str, budget: Budget) -> Result<Html, Exceeded> {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    budget::within(|| driver::parse_document(InOrder::new(text.len(), budget), options).one(text))
}

#[cfg(test)]
mod tests {
    use super::budget::{Budget, Exceeded};
    use super::{build, parse};

    #[test]
    fn pages_that_make_more_work_than_their_length_explains_are_given_up() {
        let numbered = |n: usize, tag: fn(usize) -> String| (0..n).fold(String::new(), |page, n| page + &tag(n));
        let attributes = |name: &str| (0..2_000).fold(String::new(), |page, n| page + &format!(" {name}{n}"));
        let cases = [
            ("nested elements", "<div>".repeat(5_000)),
            ("nested lists", "<ul><li>".repeat(3_000)),
            (
                "formatting left open",
                "<p>".to_owned() + &numbered(500, |n| format!("<b id={n}>")) + &"<p>x".repeat(500),
            ),
            (
                "fonts left open",
                "<p>".to_owned() + &numbered(200, |n| format!("<font size={n}>")) + &"<p>x".repeat(500),
            ),
            ("the adoption agency", "<a><div>".repeat(3_000)),
            ("attributes of a second body", format!("<body{}><body{}>", attributes("a"), attributes("b"))),
        ];
        for (name, page) in cases {
            assert_eq!(build(&page, Budget::new(1_000_000, 30_000)).map(drop), Err(Exceeded), "{name}");
        }
    }

    #[test]
    fn the_tree_is_what_a_browser_without_scripts_builds() {
        let cases = [
            ("", "<html><head></head><body></body></html>"),
            ("<p>a<p>b", "<html><head></head><body><p>a</p><p>b</p></body></html>"),
            (
                "<body><noscript><img src=a></noscript>",
                "<html><head></head><body><noscript><img src=\"a\"></noscript></body></html>",
            ),
            (
                "<p title=t id=i></p><body class=c lang=l><body lang=m dir=d>",
                "<html><head></head><body class=\"c\" lang=\"l\" dir=\"d\"><p title=\"t\" id=\"i\"></p></body></html>",
            ),
            (
                "<table><b>lost</b><tr><td>c",
                "<html><head></head><body><b>lost</b><table><tbody><tr><td>c</td></tr></tbody></table></body></html>",
            ),
        ];
        for (text, tree) in cases {
            assert_eq!(parse(text).expect("a page").html.html(), tree, "{text}");
        }
    }
}
