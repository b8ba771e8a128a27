//! Turns text into a document, as a browser without scripts does.
//!
//! The parser in `xml` reads what is labelled as XML. Text that is not well-formed XML is read as HTML.
//!
//! There are two parsers for HTML. The parser in `html` follows the Standard and fills a `document::Dom` in one pass. Pages that
//! need far more work than their length explains fail. The reference parser, html5ever, would need as much work for
//! them, and does not count all of it. With `extraction.parser`, the reference parses all pages. It builds a tree of
//! `scraper`, and the document is a copy of that tree. `sink` receives its nodes, and `budget` limits its work for a
//! page. The two trees differ only in the cases that `html::rules` lists.

mod budget;
pub(in crate::scrape) mod html;
mod sink;
pub(in crate::scrape) mod xml;

use encoding_rs::Encoding;
use html5ever::TokenizerResult;
use html5ever::driver::{self, ParseOpts};
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use scraper::Html;

use super::document::Dom;
use super::settings::PageParser;
use crate::model::{Failure, FailureKind, Stage};
use budget::{Budget, Exceeded};
use html::{Declined, Parser};
use sink::InOrder;
use xml::Faults;
pub use xml::NotWellFormed;

/// A parsed page.
#[derive(Debug)]
pub struct Document {
    pub(super) dom: Dom,
    /// The parser that the settings choose.
    pub(super) choice: PageParser,
    /// Whether html5ever has parsed the page: the settings say so, or the page is too long for the other parser.
    pub(super) by_reference: bool,
    /// Why a page that is labelled as XML is not well-formed.
    pub(super) not_well_formed: Option<NotWellFormed>,
    /// Keeps memory from page to page.
    parser: Parser,
}

impl Document {
    /// Makes an empty document, for [`parse_into`].
    pub fn new() -> Self {
        Self {
            dom: Dom::new(),
            choice: PageParser::Own,
            by_reference: false,
            not_well_formed: None,
            parser: Parser::default(),
        }
    }

    /// Removes the page.
    pub(super) fn clear(&mut self) {
        self.dom.clear(encoding_rs::UTF_8);
        (self.by_reference, self.not_well_formed) = (false, None);
    }

    /// Whether the page was parsed by the rules of XML.
    pub fn is_xml(&self) -> bool {
        self.dom.is_xml()
    }

    /// Returns why a page that is labelled as XML is not well-formed. Such a page was repaired, or parsed as HTML.
    pub fn not_well_formed(&self) -> Option<&NotWellFormed> {
        self.not_well_formed.as_ref()
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

/// Parses a page by the rules of WHATWG HTML, with scripting off: `<noscript>` contains elements, not text.
///
/// With the reference parser, the length of the text does not strictly limit the time: 100,000 attributes on one element
/// take html5ever some seconds. The caller must be able to kill the process.
///
/// # Errors
/// Fails at stage `parse` if the page needs far more work than its length explains (`budget`), because it nests too
/// deeply or leaves too many elements open. Any other text can be parsed.
pub fn parse(text: &str) -> Result<Document, Failure> {
    parse_encoded(text, encoding_rs::UTF_8)
}

/// Like `parse`, for a page that was written in `encoding`.
///
/// # Errors
/// Fails like `parse`.
pub fn parse_encoded(text: &str, encoding: &'static Encoding) -> Result<Document, Failure> {
    let mut document = Document::new();
    parse_into(&mut document, text, encoding)?;
    Ok(document)
}

/// Like `parse_encoded`, but reuses the memory of an earlier page. After an error, the content of `document` is
/// unspecified.
///
/// # Errors
/// Fails like `parse`.
pub fn parse_into(document: &mut Document, text: &str, encoding: &'static Encoding) -> Result<(), Failure> {
    let Document { dom, parser, choice, by_reference, not_well_formed } = document;
    (*by_reference, *not_well_formed) = (false, None);
    let done = match choice {
        PageParser::Own => parser.parse(text, encoding, dom),
        PageParser::Reference => Err(Declined::NotAsked),
    };
    if let Err(declined) = done {
        leave_to_reference(declined)?;
        dom.copy_reference(&reference(text)?, encoding);
        *by_reference = true;
    }
    Ok(())
}

/// Parses XML by the rules of XML 1.0. Like [`parse_into`], it reuses the memory of an earlier page.
///
/// Text that is not well-formed is repaired if it only has faults that many feeds have, such as a bare `&`.
/// [`Document::not_well_formed`] then has the first fault. External entities are never read.
///
/// # Errors
/// Fails with the first fault if the text cannot be repaired. The content of `document` is then unspecified, and the
/// text can still be parsed as HTML.
pub fn parse_xml_into(document: &mut Document, text: &str, encoding: &'static Encoding) -> Result<(), NotWellFormed> {
    parse_malformed_xml_into(document, text, encoding, None)
}

/// Like `parse_xml_into`, for bytes that are not well-formed in `encoding`: they have the fault `in_bytes`, and `text`
/// has U+FFFD instead.
pub(super) fn parse_malformed_xml_into(
    document: &mut Document,
    text: &str,
    encoding: &'static Encoding,
    in_bytes: Option<NotWellFormed>,
) -> Result<(), NotWellFormed> {
    let Document { dom, by_reference, not_well_formed, .. } = document;
    (*by_reference, *not_well_formed) = (false, None);
    let strictly = in_bytes.map_or_else(|| xml::parse(text, encoding, Faults::Refused, dom), Err);
    let Err(fault) = strictly else { return Ok(()) };
    match xml::parse(text, encoding, Faults::Repaired, dom) {
        Ok(()) => {
            *not_well_formed = Some(fault);
            Ok(())
        }
        Err(_) => Err(fault),
    }
}

/// Decides whether html5ever parses a page that the other parser declines. A page that needs too much work is a failure:
/// html5ever takes as long or longer for it, and comparing attributes is work that its budget does not count.
fn leave_to_reference(declined: Declined) -> Result<(), Failure> {
    match declined {
        Declined::TooMuchWork => Err(too_large(Exceeded)),
        Declined::TooLong | Declined::NotAsked => Ok(()),
    }
}

/// The result of parsing a page with a tentative encoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// The document is complete.
    Whole,
    /// The page declares another encoding: it must be decoded and parsed again.
    Declares(&'static Encoding),
}

/// Like `parse_into`, for a tentative encoding. The first `<meta>` that declares an encoding decides (WHATWG HTML,
/// "changing the encoding while parsing").
///
/// # Errors
/// Fails like `parse`.
pub(super) fn parse_tentative_into(
    document: &mut Document,
    text: &str,
    tentative: &'static Encoding,
) -> Result<Parsed, Failure> {
    let Document { dom, parser, choice, by_reference, not_well_formed } = document;
    (*by_reference, *not_well_formed) = (false, None);
    let done = match choice {
        PageParser::Own => parser.parse_tentative(text, tentative, dom),
        PageParser::Reference => Err(Declined::NotAsked),
    };
    match done {
        Ok(parsed) => Ok(parsed),
        Err(declined) => {
            leave_to_reference(declined)?;
            let parsed = copy_tentative(dom, text, tentative)?;
            *by_reference = true;
            Ok(parsed)
        }
    }
}

/// Like `parse_tentative_into`, with the reference parser.
fn copy_tentative(dom: &mut Dom, text: &str, tentative: &'static Encoding) -> Result<Parsed, Failure> {
    let mut declared = None;
    let html = build_until(text, Budget::of(text.len()), |sink| {
        // Only the first declaration counts, and the comparison scans the whole page.
        if declared.is_some() {
            return false;
        }
        declared = sink.declared_by_newest();
        declared.is_some_and(|declared| changes(text, tentative, declared))
    });
    match (html.map_err(too_large)?, declared) {
        (Some(html), declared) => {
            dom.copy_reference(&html, declared.unwrap_or(tentative));
            Ok(Parsed::Whole)
        }
        (None, Some(encoding)) => Ok(Parsed::Declares(encoding)),
        (None, None) => unreachable!("nothing else stops the parser"),
    }
}

/// Returns the tree that html5ever builds from a page.
///
/// # Errors
/// Fails like `parse`.
pub(super) fn reference(text: &str) -> Result<Html, Failure> {
    build(text, Budget::of(text.len())).map_err(too_large)
}

/// Whether a text decoded from `tentative` would differ in the encoding that the page declares.
fn changes(text: &str, tentative: &'static Encoding, declared: &'static Encoding) -> bool {
    let is_ascii = || tentative.is_ascii_compatible() && declared.is_ascii_compatible() && text.is_ascii();
    declared != tentative && !is_ascii()
}

fn too_large(_: Exceeded) -> Failure {
    let message = "build the page's tree: for its length, it nests elements too deeply or leaves too many open";
    Failure::new(FailureKind::TooLarge, Stage::Parse, message)
}

fn build(text: &str, budget: Budget) -> Result<Html, Exceeded> {
    let html = build_until(text, budget, |_| false)?;
    Ok(html.expect("the closure never stops the parser"))
}

/// Calls `stops` at each `<meta>` that may declare an encoding. If `stops` returns true, there is no tree.
fn build_until(text: &str, budget: Budget, mut stops: impl FnMut(&InOrder) -> bool) -> Result<Option<Html>, Exceeded> {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    budget::within(|| {
        let parser = driver::parse_document(InOrder::new(text.len(), budget), options);
        parser.input_buffer.push_back(text.into());
        loop {
            match parser.tokenizer.feed(&parser.input_buffer) {
                TokenizerResult::Done => return Some(parser.finish()),
                TokenizerResult::Script(_) => {}
                TokenizerResult::EncodingIndicator(_) => {
                    if stops(&parser.tokenizer.sink.sink) {
                        return None;
                    }
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::budget::{Budget, Exceeded};
    use super::{build, parse};

    #[test]
    fn pages_that_cause_excessive_work_for_their_length_are_given_up() {
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
    fn the_tree_is_the_same_as_in_a_browser_without_scripts() {
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
            assert_eq!(parse(text).expect("a page").dom.outer_html(0), tree, "{text}");
        }
    }
}
