//! Text -> tree, as a browser without scripts builds it.

mod sink;

use encoding_rs::Encoding;
use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use scraper::Html;

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
/// There is no text that cannot be parsed. Time is not bounded by the length of the text alone: a million nested
/// `<div>` take html5ever over a minute. Whoever runs this must be ready to kill it.
pub fn parse(text: &str) -> Document {
    parse_encoded(text, encoding_rs::UTF_8)
}

/// As `parse`, for a page that was written in `encoding`.
pub fn parse_encoded(text: &str, encoding: &'static Encoding) -> Document {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    let html = driver::parse_document(InOrder::new(), options).one(text);
    Document { html, encoding }
}

#[cfg(test)]
mod tests {
    use super::parse;

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
            assert_eq!(parse(text).html.html(), tree, "{text}");
        }
    }
}
