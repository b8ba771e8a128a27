//! HTML -> a document, by the rules of WHATWG HTML, 13.2, with scripting off.
//!
//! ```text
//! page ──> tokenization ──tokens──> construction ──> document
//! ```
//!
//! One pass over the text: `tokenization` (13.2.5) reads a tag, a text or a comment where it stands and hands it to
//! `construction` (13.2.6) as places in the page; nothing is copied that the page has in one piece. Files and functions
//! have the names that the Standard gives its sections, states, modes and algorithms, so that both can be read side by
//! side. `token` is what passes between the two, `tags` the Standard's sets of elements, `rules` the cases in which
//! html5ever does not follow the Standard, `work` how much a page may cost.
//!
//! What is built is the Standard's tree. It is html5ever's tree, node by node, except on pages that reach one of those
//! cases: `differential_tests` compares the two on thousands of pages that are made up anew in every run, with and without
//! the corrections. A page that asks for too much is declined, and whoever calls has html5ever parse it.
//!
//! Absent on purpose: parse errors, which nobody reads here; scripts, and fragments of pages.
//!
//! Further files:
//!
//! - `comparison`: a page parsed by html5ever and here
//! - `correction_tests`: the Standard's tree where html5ever has another one
//! - `peers_tests`: trees as text, for other parsers to be compared with
//! - `vocabulary_tests`: what made-up pages are made of
//! - `hostile_tests`: pages that were written to keep a parser busy
//! - `speed_tests`: how long parsing takes, beside html5ever

#[cfg(any(test, fuzzing))]
pub(crate) mod comparison;
#[allow(clippy::wildcard_imports, reason = "the rules name nearly every element there is")]
mod construction;
#[cfg(test)]
mod correction_tests;
#[cfg(test)]
mod differential_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod peers_tests;
mod rules;
#[cfg(test)]
mod speed_tests;
#[allow(clippy::wildcard_imports, reason = "the sets name nearly every element there is")]
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

/// The longest page, in bytes. Places in it and beside it are numbers of 32 bits, and what stands beside it may have
/// several times its length: each U+0000 becomes three bytes, and texts may be copied as often as `work` allows.
const LONGEST: usize = 1 << 28;

/// Why a page is not parsed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declined {
    /// It has more bytes than there are numbers for its places.
    TooLong,
    /// It asks for more work than its length explains: it nests too deeply, or leaves too much open.
    TooMuchWork,
    /// The settings ask for html5ever.
    NotAsked,
}

/// A parser with the memory that it keeps from page to page.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    lists: Lists,
    stamps: Vec<u32>,
}

impl Parser {
    /// Makes a document of a page that was written in `encoding`. A page that is declined leaves an empty document.
    pub(crate) fn parse(&mut self, page: &str, encoding: &'static Encoding, dom: &mut Dom) -> Result<(), Declined> {
        self.parse_within(Work::of(page.len()), page, (encoding, Confidence::Certain), dom).map(drop)
    }

    /// As `parse`, where the encoding is tentative: the first `<meta>` that declares one decides. If the page is another one
    /// in that encoding, parsing stops there.
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
        // Borrowed while the document grows.
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
    /// How many bytes are kept for the next page.
    fn memory(&self) -> usize {
        self.lists.memory() + self.stamps.capacity() * size_of::<u32>()
    }
}

/// 13.2.3.5, "preprocessing the input stream": CR LF and CR become LF.
fn normalize_line_ends(page: &str, normalized: &mut String) {
    let mut rest = page;
    while let Some(at) = memchr(b'\r', rest.as_bytes()) {
        normalized.push_str(&rest[..at]);
        normalized.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    normalized.push_str(rest);
}
