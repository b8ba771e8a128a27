//! Tokenization (WHATWG HTML, 13.2.5). Reads the page once, from start to end.
//!
//! The Standard reads single characters and has a state for each position in a tag. Here, one function reads a whole
//! tag, text or comment. The parts of the function are those states, in the same order. `Construction::state` has only
//! the states in which a token begins.
//!
//! This file has the data state and the plaintext state. The other files:
//!
//! - `tags`: the states of tags and attributes
//! - `raw_text`: the states of elements that contain only text
//! - `comments`: comments, bogus comments, CDATA sections and processing instructions
//! - `doctype`: document types
//! - `references`: character references
//! - `bytes`: which bytes end a name or a value

mod bytes;
mod comments;
mod doctype;
mod raw_text;
mod references;
mod tags;

use encoding_rs::Encoding;
use memchr::{memchr, memchr2};

use super::super::Parsed;
use super::Declined;
use super::construction::{Construction, State};
use super::rules::Correction;
use super::token::{Run, Token};
use crate::scrape::decode::Confidence;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The number of stamps that are kept for the next page. Nearly all pages have fewer names.
const KEPT_STAMPS: usize = 1 << 14;

/// The first bytes of a text are searched one by one, because a call of a vector search costs more.
const SHORT: usize = 16;

/// The state of tokenization.
#[derive(Debug)]
pub(super) struct Tokenizer<'p> {
    text: &'p str,
    bytes: &'p [u8],
    /// The position of the next character.
    at: usize,
    /// Whether the page contains U+0000. Hardly any page does, and the others need no further search.
    has_null: bool,
    construction: Construction<'p>,
    /// For each name, the number of the last tag that has an attribute with this name.
    stamps: &'p mut Vec<u32>,
    /// The number of the current tag.
    tag: u32,
    /// A buffer for a name in lower case.
    lower: String,
    /// Whether a `<meta>` may still change the encoding.
    confidence: Confidence,
    /// The encoding that the page declares, if the text of the page differs in it.
    other_encoding: Option<&'static Encoding>,
}

impl<'p> Tokenizer<'p> {
    pub(super) fn new(
        text: &'p str,
        construction: Construction<'p>,
        stamps: &'p mut Vec<u32>,
        confidence: Confidence,
    ) -> Self {
        stamps.clear();
        stamps.shrink_to(KEPT_STAMPS);
        let bytes = text.as_bytes();
        let has_null = memchr(0, bytes).is_some();
        let (lower, other_encoding) = (String::new(), None);
        Self { text, bytes, at: 0, has_null, construction, stamps, tag: 0, lower, confidence, other_encoding }
    }

    /// Reads the page to its end, or to a `<meta>` with an encoding in which the text of the page differs.
    pub(super) fn run(mut self) -> Result<Parsed, Declined> {
        self.skip_byte_order_mark();
        while self.at < self.bytes.len() {
            match self.construction.state {
                State::Data => self.data(),
                State::Rcdata => self.rcdata(),
                State::Rawtext => self.rawtext(),
                State::ScriptData => self.script_data(),
                State::Plaintext => self.plaintext(),
            }
            if self.construction.work.is_exceeded() {
                return Err(Declined::TooMuchWork);
            }
            if let Some(encoding) = self.other_encoding {
                return Ok(Parsed::Declares(encoding));
            }
        }
        self.construction.process(Token::Eof);
        self.construction.finish();
        if self.construction.work.is_exceeded() { Err(Declined::TooMuchWork) } else { Ok(Parsed::Whole) }
    }

    /// html5ever drops U+FEFF at the start of the page and in two other places.
    fn skip_byte_order_mark(&mut self) {
        if self.bytes[self.at..].starts_with(BYTE_ORDER_MARK) && !self.construction.applies(Correction::ByteOrderMark) {
            self.at += BYTE_ORDER_MARK.len();
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// 13.2.5.1, data state, and 13.2.5.6, tag open state.
    #[inline]
    fn data(&mut self) {
        if self.bytes[self.at] != b'<' {
            return self.characters();
        }
        match self.byte(self.at + 1) {
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.start_tag(),
            Some(b'/') => self.end_tag_open(),
            Some(b'!') => {
                self.construction.ignore_line_feed = false;
                self.markup_declaration_open();
            }
            Some(b'?') => {
                self.construction.ignore_line_feed = false;
                self.processing_instruction();
            }
            _ => self.characters(),
        }
    }

    /// 13.2.5.7, end tag open state.
    fn end_tag_open(&mut self) {
        match self.byte(self.at + 2) {
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.end_tag(),
            Some(b'>') => {
                if self.construction.ignore_line_feed && !self.construction.applies(Correction::LineEndAfterPre) {
                    self.construction.ignore_line_feed = false;
                }
                self.at += 3;
            }
            Some(_) => {
                self.construction.ignore_line_feed = false;
                self.bogus_comment(self.at + 2);
            }
            None => self.characters(),
        }
    }

    /// Whether the `<` at `at` begins markup. If not, it is text.
    fn is_markup(&self, at: usize) -> bool {
        match self.byte(at + 1) {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?') => true,
            Some(b'/') => at + 2 < self.bytes.len(),
            _ => false,
        }
    }

    /// Reads text up to the next markup. A `<` at the start is text.
    fn characters(&mut self) {
        if self.drop_line_feed() {
            return;
        }
        let start = self.at;
        let mut from = start + usize::from(self.bytes[start] == b'<');
        loop {
            let end = self.find_markup_or_reference(from);
            match self.byte(end) {
                Some(b'<') if !self.is_markup(end) => from = end + 1,
                Some(b'&') => match self.reference(end, false) {
                    Some(_) => return self.characters_with_references(start, end),
                    None => from = end + 1,
                },
                _ => {
                    self.at = end;
                    return self.emit(run(start, end));
                }
            }
        }
    }

    /// Continues `characters` at the first character reference, which is at `end`. Writes the text into the side text.
    #[cold]
    fn characters_with_references(&mut self, start: usize, end: usize) {
        let first = self.construction.side_end();
        let (mut copied, mut from) = (start, end);
        loop {
            let end = self.find_markup_or_reference(from);
            match self.byte(end) {
                Some(b'<') if !self.is_markup(end) => from = end + 1,
                Some(b'&') => {
                    from = end + 1;
                    if let Some(reference) = self.reference(end, false) {
                        self.construction.push_side(&self.text[copied..end]);
                        self.push_reference(reference);
                        from = end + reference.length;
                        copied = from;
                    }
                }
                _ => {
                    self.construction.push_side(&self.text[copied..end]);
                    self.at = end;
                    let length = self.construction.side_end() - first;
                    return self.emit(Run { start: first, length });
                }
            }
        }
    }

    /// Returns the position of the next `<` or `&`, or the end of the page.
    #[inline]
    fn find_markup_or_reference(&self, from: usize) -> usize {
        let rest = &self.bytes[from..];
        let is_it = |byte: &u8| *byte == b'<' || *byte == b'&';
        let near = &rest[..rest.len().min(SHORT)];
        let found = near.iter().position(is_it).or_else(|| Some(SHORT + memchr2(b'<', b'&', rest.get(SHORT..)?)?));
        found.map_or(self.bytes.len(), |found| from + found)
    }

    /// Drops the line feed after `<pre>`, `<listing>` and `<textarea>`. Returns whether there was one.
    fn drop_line_feed(&mut self) -> bool {
        if !std::mem::take(&mut self.construction.ignore_line_feed) {
            return false;
        }
        let length = match self.bytes[self.at] {
            b'\n' => 1,
            b'&' => match self.reference(self.at, false) {
                Some(it) if it.chars[0] == '\n' => {
                    if it.is_error && !self.construction.applies(Correction::LineEndAfterPre) {
                        return false;
                    }
                    it.length
                }
                _ => return false,
            },
            _ => return false,
        };
        self.at += length;
        true
    }

    /// Passes a text to tree construction. Each U+0000 in it becomes a separate token.
    #[inline]
    fn emit(&mut self, run: Run) {
        if self.has_null {
            return self.emit_around_nulls(run);
        }
        if run.length > 0 {
            self.construction.text(run);
        }
    }

    #[cold]
    fn emit_around_nulls(&mut self, run: Run) {
        let Run { mut start, .. } = run;
        while start < run.end() {
            let rest = Run { start, length: run.end() - start };
            let length = memchr(0, self.construction.stretch(rest).as_bytes()).map_or(rest.length, small);
            if length > 0 {
                self.construction.text(Run { start, length });
            }
            if length < rest.length {
                self.construction.process(Token::Null);
            }
            start += length + 1;
        }
    }

    /// Returns a part of the page in which each U+0000 is replaced by U+FFFD.
    #[inline]
    fn replaced(&mut self, start: usize, end: usize) -> Run {
        if self.has_null && memchr(0, &self.bytes[start..end]).is_some() {
            return self.construction.push_side(&self.text[start..end].replace('\0', "\u{fffd}"));
        }
        run(start, end)
    }

    /// 13.2.5.5, plaintext state.
    fn plaintext(&mut self) {
        let text = self.replaced(self.at, self.bytes.len());
        self.at = self.bytes.len();
        self.construction.text(text);
    }
}

/// Returns the run from `start` to `end`.
#[inline]
fn run(start: usize, end: usize) -> Run {
    Run { start: small(start), length: small(end - start) }
}

/// Converts a position in the page, which has fewer than 2^32 bytes.
#[inline]
fn small(at: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "longer pages are declined")]
    let at = at as u32;
    at
}
