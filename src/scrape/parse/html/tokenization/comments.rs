//! Comments, bogus comments and CDATA sections (13.2.5.41 - 13.2.5.52, 13.2.5.69 - 13.2.5.71).

use memchr::{memchr, memmem};

use super::super::token::Token;
use super::{Tokenizer, run};

impl Tokenizer<'_> {
    /// 13.2.5.42, markup declaration open state: `<!` stands at `at`.
    pub(super) fn markup_declaration_open(&mut self) {
        let start = self.at + 2;
        let rest = &self.bytes[start..];
        let begins_with = |word: &[u8]| rest.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
        if rest.starts_with(b"--") {
            self.comment(start + 2);
        } else if begins_with(b"doctype") {
            self.doctype(start + 7);
        } else if rest.starts_with(b"[CDATA[") && !self.construction.current_is_html() {
            self.cdata_section(start + 7);
        } else {
            self.bogus_comment(start);
        }
    }

    /// 13.2.5.41, bogus comment state.
    pub(super) fn bogus_comment(&mut self, start: usize) {
        let end = memchr(b'>', &self.bytes[start..]).map_or(self.bytes.len(), |length| start + length);
        self.at = self.bytes.len().min(end + 1);
        self.emit_comment(start, end);
    }

    /// 13.2.5.43 - 13.2.5.51, from the comment start state on.
    fn comment(&mut self, start: usize) {
        let rest = &self.bytes[start..];
        // The comment start and comment start dash states: it may end before it has begun.
        for short in [b">".as_slice(), b"->"] {
            if rest.starts_with(short) {
                self.at = start + short.len();
                return self.emit_comment(start, start);
            }
        }
        let mut from = 0;
        // The comment end dash, comment end and comment end bang states.
        while let Some(found) = memmem::find(&rest[from..], b"--") {
            let end = from + found;
            for close in [b"-->".as_slice(), b"--!>"] {
                if rest[end..].starts_with(close) {
                    self.at = start + end + close.len();
                    return self.emit_comment(start, start + end);
                }
            }
            from = end + 1;
        }
        // The page ends first. What might have become the end of the comment is not part of it.
        let unfinished =
            [b"--!".as_slice(), b"--", b"-"].into_iter().find(|it| rest.ends_with(it)).map_or(0, <[u8]>::len);
        self.at = self.bytes.len();
        self.emit_comment(start, self.bytes.len() - unfinished);
    }

    fn emit_comment(&mut self, start: usize, end: usize) {
        let text = self.replaced(start, end);
        self.construction.process(Token::Comment(text));
    }

    /// 13.2.5.69, CDATA section state.
    fn cdata_section(&mut self, start: usize) {
        let length = memmem::find(&self.bytes[start..], b"]]>");
        let end = length.map_or(self.bytes.len(), |length| start + length);
        self.at = self.bytes.len().min(end + 3);
        self.emit(run(start, end));
    }
}
