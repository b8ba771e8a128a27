//! Elements that contain only text (13.2.5.2 - 13.2.5.4, 13.2.5.9 - 13.2.5.31).
//!
//! The only markup in such an element is its own end tag. The element is the current node.

use memchr::{memchr, memchr2};

use super::super::construction::State;
use super::super::token::Run;
use super::Tokenizer;
use super::bytes::ends_tag_name;
use crate::scrape::document::known;

/// The escaped state of a script, which depends on text that looks like a comment (13.2.5.20, 13.2.5.27).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    /// After `<!--`.
    Once,
    /// After `<!--` and then `<script`.
    Twice,
}

impl Tokenizer<'_> {
    /// 13.2.5.2, RCDATA state: text with character references.
    pub(super) fn rcdata(&mut self) {
        if self.drop_line_feed() {
            return;
        }
        let end = self.find_end_tag(self.at);
        let (mut start, mut from) = (self.at, self.at);
        self.at = end;
        while let Some(found) = memchr(b'&', &self.bytes[from..end]) {
            let at = from + found;
            from = at + 1;
            // A reference never contains a `<`.
            if let Some(reference) = self.reference(at, false) {
                self.emit_text(start, at);
                let first = self.construction.side_end();
                self.push_reference(reference);
                let length = self.construction.side_end() - first;
                self.construction.text(Run { start: first, length });
                from = at + reference.length;
                start = from;
            }
        }
        self.emit_text(start, end);
        self.raw_end_tag();
    }

    /// 13.2.5.3, RAWTEXT state.
    pub(super) fn rawtext(&mut self) {
        let (start, end) = (self.at, self.find_end_tag(self.at));
        self.at = end;
        self.emit_text(start, end);
        self.raw_end_tag();
    }

    /// 13.2.5.4, script data state.
    pub(super) fn script_data(&mut self) {
        let (start, end) = (self.at, self.script_end());
        self.at = end;
        self.emit_text(start, end);
        if self.raw_end_tag() {
            self.skip_byte_order_mark();
        }
    }

    fn emit_text(&mut self, start: usize, end: usize) {
        if start < end {
            let text = self.replaced(start, end);
            self.construction.text(text);
        }
    }

    /// Reads the end tag at `self.at`, unless the page ends there. Returns whether the end tag is complete.
    fn raw_end_tag(&mut self) -> bool {
        if self.at == self.bytes.len() {
            return false;
        }
        self.construction.state = State::Data;
        self.end_tag();
        // An incomplete end tag at the end of the page leaves the element open.
        !self.construction.is_in_text()
    }

    /// Returns the position of the "appropriate end tag token", or the end of the page.
    fn find_end_tag(&self, from: usize) -> usize {
        let mut at = from;
        while let Some(found) = memchr(b'<', &self.bytes[at..]) {
            at += found;
            if self.is_end_tag(at) {
                return at;
            }
            at += 1;
        }
        self.bytes.len()
    }

    /// Whether an end tag with the name of the current node is at `at`.
    fn is_end_tag(&self, at: usize) -> bool {
        let name = self.construction.dom.name_text(self.construction.current_name());
        self.is_tag(at, b"</", name.as_bytes())
    }

    fn is_tag(&self, at: usize, open: &[u8], name: &[u8]) -> bool {
        let Some(rest) = self.bytes[at..].strip_prefix(open) else { return false };
        rest.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name))
            && rest.get(name.len()).is_some_and(|byte| ends_tag_name(*byte))
    }

    /// Returns the position of the `</script` that ends the script, or the end of the page.
    fn script_end(&self) -> usize {
        let script = self.construction.dom.name_text(known::SCRIPT).as_bytes();
        let mut escape = Escape::None;
        let mut at = self.at;
        loop {
            let rest = &self.bytes[at..];
            let found = if escape == Escape::None { memchr(b'<', rest) } else { memchr2(b'<', b'-', rest) };
            let Some(found) = found else { return self.bytes.len() };
            at += found;
            if self.bytes[at] == b'-' {
                // Two or more dashes and a `>` end the escaped state.
                let dashes = self.bytes[at..].iter().take_while(|byte| **byte == b'-').count();
                at += dashes;
                if dashes >= 2 && self.byte(at) == Some(b'>') {
                    escape = Escape::None;
                    at += 1;
                }
                continue;
            }
            match escape {
                Escape::None | Escape::Once if self.is_tag(at, b"</", script) => return at,
                Escape::None if self.bytes[at..].starts_with(b"<!--") => {
                    escape = Escape::Once;
                    // The same dashes may also end the escaped state.
                    at += 2;
                }
                Escape::Once if self.is_tag(at, b"<", script) => {
                    escape = Escape::Twice;
                    at += 1 + script.len() + 1;
                }
                Escape::Twice if self.is_tag(at, b"</", script) => {
                    escape = Escape::Once;
                    at += 2 + script.len() + 1;
                }
                _ => at += 1,
            }
        }
    }
}
