//! Tokenization (WHATWG HTML, 13.2.5): the page is read from its start to its end, once.
//!
//! The Standard reads characters and has a state for each place in a tag. Here a function reads a whole tag, text or
//! comment, and has those states as its parts, in their order. The states that are left in `Construction::state` are those
//! in which a token begins.
//!
//! This file has the data state and the plaintext state; `tags` the states of tags and attributes, `raw_text` those of
//! elements that hold only text, `comments` comments, bogus comments, CDATA
//! sections and processing instructions, `doctype` document types,
//! `references` character references.
//!
//! Further files:
//!
//! - `bytes`: what ends a name or a value

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

/// As many names as are numbered on nearly every page.
const KEPT_STAMPS: usize = 1 << 14;

/// Texts shorter than this are searched byte by byte: calling a vector search costs more.
const SHORT: usize = 16;

/// The state of tokenization.
#[derive(Debug)]
pub(super) struct Tokenizer<'p> {
    text: &'p str,
    bytes: &'p [u8],
    /// The place of the next character.
    at: usize,
    /// Whether U+0000 is anywhere in the page. Nearly no page has it, and those need no further search.
    has_null: bool,
    construction: Construction<'p>,
    /// For each name the last tag that had it as an attribute; tags are numbered.
    stamps: &'p mut Vec<u32>,
    tag: u32,
    /// A name in lower case.
    lower: String,
    /// Whether a `<meta>` may still change the encoding.
    confidence: Confidence,
    /// The encoding that the page declares, if it is another page in that one.
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

    /// Reads the page, up to a `<meta>` that makes it another one.
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

    /// Whether a `<` begins anything but text.
    fn is_markup(&self, at: usize) -> bool {
        match self.byte(at + 1) {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?') => true,
            Some(b'/') => at + 2 < self.bytes.len(),
            _ => false,
        }
    }

    /// Text up to the next markup. A `<` at its start is text.
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

    /// The same, once a character reference was found at `end`: the text is put together beside the page.
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

    /// The place of the next `<` or `&`, or the end of the page.
    #[inline]
    fn find_markup_or_reference(&self, from: usize) -> usize {
        let rest = &self.bytes[from..];
        let is_it = |byte: &u8| *byte == b'<' || *byte == b'&';
        let near = &rest[..rest.len().min(SHORT)];
        let found = near.iter().position(is_it).or_else(|| Some(SHORT + memchr2(b'<', b'&', rest.get(SHORT..)?)?));
        found.map_or(self.bytes.len(), |found| from + found)
    }

    /// The line end after `<pre>`, `<listing>` and `<textarea>`: says whether the text began with it.
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

    /// Hands on a text in which U+0000 is a token of its own.
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

    /// A stretch of the page where U+0000 is replaced by U+FFFD.
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

/// A stretch of the page.
#[inline]
fn run(start: usize, end: usize) -> Run {
    Run { start: small(start), length: small(end - start) }
}

/// A place in the page, which has fewer than 2^32 bytes.
#[inline]
fn small(at: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "longer pages are declined")]
    let at = at as u32;
    at
}
