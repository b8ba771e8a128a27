//! Comments, bogus comments, CDATA sections and processing instructions (13.2.5.41 - 13.2.5.52, 13.2.5.69 - 13.2.5.76).

use memchr::{memchr, memmem};

use super::super::rules::Correction;
use super::super::token::{Remark, Run, Token};
use super::bytes::is_space;
use super::{Tokenizer, run};
use crate::scrape::document::Kind;

impl Tokenizer<'_> {
    /// 13.2.5.42, markup declaration open state. `<!` is at `self.at`.
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

    /// 13.2.5.43 - 13.2.5.51, the comment start state and the following states.
    fn comment(&mut self, start: usize) {
        let rest = &self.bytes[start..];
        // The comment start and comment start dash states: an empty comment may end with `>` or `->`.
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
        // The page ends before the comment. An incomplete `-->` is not part of the text.
        let unfinished =
            [b"--!".as_slice(), b"--", b"-"].into_iter().find(|it| rest.ends_with(it)).map_or(0, <[u8]>::len);
        self.at = self.bytes.len();
        self.emit_comment(start, self.bytes.len() - unfinished);
    }

    fn emit_comment(&mut self, start: usize, end: usize) {
        let text = self.replaced(start, end);
        self.emit_remark(Kind::Comment, text);
    }

    fn emit_remark(&mut self, kind: Kind, run: Run) {
        self.construction.process(Token::Comment(Remark { kind, run }));
    }

    /// 13.2.5.72, processing instruction open state. `<?` is at `self.at`. If this is not a processing instruction, it
    /// is a bogus comment. If it is not complete at the end of the page, it is dropped.
    pub(super) fn processing_instruction(&mut self) {
        if !self.construction.applies(Correction::ProcessingInstruction) {
            return self.bogus_comment(self.at + 1);
        }
        // 13.2.5.73, processing instruction target state.
        let start = self.at + 2;
        let rest = &self.bytes[start..];
        let length = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        let (target, rest) = rest.split_at(length.unwrap_or(rest.len()));
        let is_ended = rest.first().is_none_or(|byte| is_space(*byte) || matches!(byte, b'?' | b'>'));
        let begins = target.first().is_some_and(|byte| !byte.is_ascii_digit() && *byte != b'-');
        let is_cut_off = rest.is_empty();
        let is_of_xml = [b"xml".as_slice(), b"xml-stylesheet"].iter().any(|it| target.eq_ignore_ascii_case(it));
        if !(is_cut_off && (begins || target.is_empty())) && (!begins || !is_ended || is_of_xml) {
            return self.bogus_comment(self.at + 1);
        }
        // 13.2.5.75 and 13.2.5.76, processing instruction data and questionable states.
        let Some(length) = memchr(b'>', rest) else {
            self.at = self.bytes.len();
            return;
        };
        let end = start + target.len();
        self.at = end + length + 1;
        let run = self.instruction(start, end, end + length);
        self.emit_remark(Kind::Instruction, run);
    }

    /// Returns the text of a processing instruction: its target and, if it has data, a space and the data. U+0000 stays in
    /// the data, unlike in a comment.
    fn instruction(&mut self, start: usize, target_end: usize, end: usize) -> Run {
        // 13.2.5.74, after processing instruction target state.
        let rest = &self.bytes[target_end..end];
        let rest = rest.strip_suffix(b"?").unwrap_or(rest);
        let data = rest.iter().position(|byte| !is_space(*byte)).map_or(end, |length| target_end + length);
        let end = target_end + rest.len();
        if data >= end {
            return run(start, target_end);
        }
        if &self.bytes[target_end..data] == b" " {
            return run(start, end);
        }
        let text = [&self.text[start..target_end], " ", &self.text[data..end]].concat();
        self.construction.push_side(&text)
    }

    /// 13.2.5.69, CDATA section state.
    fn cdata_section(&mut self, start: usize) {
        let length = memmem::find(&self.bytes[start..], b"]]>");
        let end = length.map_or(self.bytes.len(), |length| start + length);
        self.at = self.bytes.len().min(end + 3);
        self.emit(run(start, end));
    }
}
