//! Turns HTML into a document, by the rules of WHATWG HTML, 13.2, with scripting off.
//!
//! ```text
//! page ──> tokenization ──tokens──> construction ──> document
//! ```
//!
//! The parser reads the text once. `tokenization` (13.2.5) reads one tag, text or comment after another, and passes it
//! to `construction` (13.2.6) as positions in the page. It copies a text only if the page does not contain the text in
//! one piece. Files and functions have the names that the Standard gives its sections, states, modes and algorithms, so
//! that both can be read side by side.
//!
//! - `token`: the tokens, which tokenization passes to tree construction
//! - `tags`: the Standard's sets of elements
//! - `rules`: the cases in which html5ever does not follow the Standard
//! - `work`: limits the work for one page
//!
//! The result is the Standard's tree. It equals html5ever's tree, node by node, unless the page reaches one of the
//! cases in `rules`. The parser declines a page that needs too much work, and a page that is too long for it. html5ever
//! parses the second kind.
//!
//! Absent on purpose: reports of parse errors, because nothing uses them; scripts; and parsing of fragments.
//!
//! The tests:
//!
//! - `comparison`: parses a page with html5ever and with this parser, and compares the documents
//! - `differential_tests`: compares the two parsers on thousands of generated pages, which are new in every run, with
//!   and without the corrections
//! - `vocabulary_tests`: the parts of the generated pages
//! - `correction_tests`: the Standard's tree in the cases in which html5ever builds another one
//! - `html5lib_tests`: the documents of html5lib's tests
//! - `peers_tests`: writes documents as text, to compare them with those of other parsers
//! - `hostile_tests`: pages that are written to keep a parser busy

#[cfg(any(test, fuzzing))]
pub(crate) mod comparison;
#[allow(clippy::wildcard_imports, reason = "the rules name nearly all elements")]
mod construction;
#[cfg(test)]
mod correction_tests;
#[cfg(test)]
mod differential_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod html5lib_tests;
#[cfg(test)]
mod peers_tests;
mod rules;
#[allow(clippy::wildcard_imports, reason = "the sets name nearly all elements")]
mod tags;
mod token;
mod tokenization;
#[cfg(test)]
mod vocabulary_tests;
mod work;

use encoding_rs::Encoding;
use memchr::memchr;

use super::Parsed;
use crate::scrape::decode::Confidence;
use crate::scrape::document::Dom;
use construction::{Construction, Lists};
use tokenization::Tokenizer;
use work::Work;

/// The length of the longest page, in bytes. Positions in the page and in the side text are 32-bit numbers. The side
/// text may be several times as long as the page: each U+0000 becomes three bytes, and texts may be copied as often as
/// `work` allows.
const LONGEST: usize = 1 << 28;

/// Why this parser does not parse a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declined {
    /// The page is longer than `LONGEST`.
    TooLong,
    /// The page needs more work than its length explains: it nests too deeply, or leaves too many elements open.
    TooMuchWork,
    /// The settings ask for html5ever.
    NotAsked,
}

/// A parser. It keeps its memory from page to page.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    lists: Lists,
    stamps: Vec<u32>,
}

impl Parser {
    /// Parses a page that was written in `encoding` into `dom`. If it declines the page, the document is empty.
    pub(crate) fn parse(&mut self, page: &str, encoding: &'static Encoding, dom: &mut Dom) -> Result<(), Declined> {
        self.parse_within(Work::of(page.len()), page, (encoding, Confidence::Certain), dom).map(drop)
    }

    /// Does the same as `parse` for a tentative encoding: the first `<meta>` that declares an encoding decides. If the
    /// text of the page differs in that encoding, parsing stops at the `<meta>`.
    pub(in crate::scrape::parse) fn parse_tentative(
        &mut self,
        page: &str,
        encoding: &'static Encoding,
        dom: &mut Dom,
    ) -> Result<Parsed, Declined> {
        self.parse_within(Work::of(page.len()), page, (encoding, Confidence::Tentative), dom)
    }

    fn parse_within(
        &mut self,
        work: Work,
        page: &str,
        (encoding, confidence): (&'static Encoding, Confidence),
        dom: &mut Dom,
    ) -> Result<Parsed, Declined> {
        dom.clear(encoding);
        if page.len() > LONGEST {
            return Err(Declined::TooLong);
        }
        // Taken out of the document, because tree construction reads it while it changes the document.
        let mut normalized = std::mem::take(&mut dom.page);
        normalize_line_ends(page, &mut normalized);
        let construction = Construction::new(&normalized, dom, &mut self.lists, work);
        let done = Tokenizer::new(&normalized, construction, &mut self.stamps, confidence).run();
        if !matches!(done, Ok(Parsed::Whole)) {
            dom.clear(encoding);
            return done;
        }
        dom.page = normalized;
        dom.seal();
        done
    }
}

#[cfg(test)]
impl Parser {
    /// Returns how many bytes it keeps for the next page.
    fn memory(&self) -> usize {
        self.lists.memory() + self.stamps.capacity() * size_of::<u32>()
    }
}

/// 13.2.3.5, "preprocessing the input stream": CR LF and CR become LF. XML does the same (XML 1.0, 2.11).
pub(super) fn normalize_line_ends(page: &str, normalized: &mut String) {
    let mut rest = page;
    while let Some(at) = memchr(b'\r', rest.as_bytes()) {
        normalized.push_str(&rest[..at]);
        normalized.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    normalized.push_str(rest);
}
