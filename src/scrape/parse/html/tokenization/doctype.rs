//! Document types (13.2.5.53 - 13.2.5.68), and the quirks mode that follows from them (13.2.6.4.1).

use html5ever::tree_builder::QuirksMode;

use super::super::token::{Doctype, Run};
use super::Tokenizer;
use super::bytes::is_space;

/// The identifier that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identifier {
    Public,
    System,
}

impl Tokenizer<'_> {
    /// 13.2.5.53, DOCTYPE state. `<!doctype` ends at `from`.
    pub(super) fn doctype(&mut self, from: usize) {
        let mut doctype = Doctype::default();
        self.at = from;
        let is_whole = self.doctype_parts(&mut doctype).is_some();
        doctype.force_quirks |= !is_whole;
        if !is_whole {
            self.at = self.bytes.len();
        }
        if self.construction.is_initial() {
            let quirks = self.quirks(&doctype);
            let parts = [doctype.name, doctype.public, doctype.system].map(|part| part.unwrap_or(Run::EMPTY));
            self.construction.doctype(parts, quirks);
        } else {
            self.construction.late_doctype();
        }
    }

    /// Reads a whole document type. Returns `None` if the page ends before it and that is an error.
    fn doctype_parts(&mut self, doctype: &mut Doctype) -> Option<()> {
        // 13.2.5.54, before DOCTYPE name state.
        if self.skip_space()? == b'>' {
            doctype.force_quirks = true;
            self.at += 1;
            return Some(());
        }
        // 13.2.5.55, DOCTYPE name state.
        let start = self.at;
        let length = self.bytes[start..].iter().position(|byte| is_space(*byte) || *byte == b'>');
        let end = length.map_or(self.bytes.len(), |length| start + length);
        let name = &self.text[start..end];
        doctype.name = Some(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.construction.push_side(&name.to_ascii_lowercase().replace('\0', "\u{fffd}"))
        } else {
            self.replaced(start, end)
        });
        self.at = end;
        // 13.2.5.56, after DOCTYPE name state.
        if self.skip_space()? == b'>' {
            self.at += 1;
            return Some(());
        }
        let word = self.bytes.get(self.at..self.at + 6).unwrap_or_default();
        let kind = if word.eq_ignore_ascii_case(b"public") {
            Identifier::Public
        } else if word.eq_ignore_ascii_case(b"system") {
            Identifier::System
        } else {
            doctype.force_quirks = true;
            self.bogus_doctype();
            return Some(());
        };
        self.at += 6;
        self.doctype_identifier(doctype, kind)
    }

    /// 13.2.5.57 and 13.2.5.63, after DOCTYPE public/system keyword state, and the state that follows it.
    fn doctype_identifier(&mut self, doctype: &mut Doctype, kind: Identifier) -> Option<()> {
        match self.skip_space()? {
            quote @ (b'"' | b'\'') => {
                if self.quoted_identifier(doctype, kind, quote)? {
                    return Some(());
                }
            }
            b'>' => {
                doctype.force_quirks = true;
                self.at += 1;
                return Some(());
            }
            _ => {
                doctype.force_quirks = true;
                self.bogus_doctype();
                return Some(());
            }
        }
        // 13.2.5.61 and 13.2.5.67, after DOCTYPE public/system identifier state.
        match (self.skip_space()?, kind) {
            (b'>', _) => self.at += 1,
            (b'"' | b'\'', Identifier::Public) => return self.doctype_identifier(doctype, Identifier::System),
            (_, kind) => {
                doctype.force_quirks |= kind == Identifier::Public;
                self.bogus_doctype();
            }
        }
        Some(())
    }

    /// 13.2.5.59 and others, DOCTYPE public/system identifier (quoted) state. Returns whether the document type ends
    /// there.
    fn quoted_identifier(&mut self, doctype: &mut Doctype, kind: Identifier, quote: u8) -> Option<bool> {
        let start = self.at + 1;
        let length = self.bytes[start..].iter().position(|byte| *byte == quote || *byte == b'>');
        let end = length.map_or(self.bytes.len(), |length| start + length);
        let text = Some(self.replaced(start, end));
        match kind {
            Identifier::Public => doctype.public = text,
            Identifier::System => doctype.system = text,
        }
        let is_abrupt = self.byte(end)? == b'>';
        doctype.force_quirks |= is_abrupt;
        self.at = end + 1;
        Some(is_abrupt)
    }

    /// 13.2.5.68, bogus DOCTYPE state. The end of the page also ends it.
    fn bogus_doctype(&mut self) {
        let length = self.bytes[self.at..].iter().position(|byte| *byte == b'>');
        self.at = length.map_or(self.bytes.len(), |length| self.at + length + 1);
    }

    /// Moves to the next character that is not white space, and returns it.
    fn skip_space(&mut self) -> Option<u8> {
        while is_space(self.byte(self.at)?) {
            self.at += 1;
        }
        self.byte(self.at)
    }

    /// 13.2.6.4.1: returns the quirks mode of a document with this document type.
    fn quirks(&self, doctype: &Doctype) -> QuirksMode {
        let is_html = doctype.name.is_some_and(|name| self.construction.stretch(name) == "html");
        if doctype.force_quirks || !is_html {
            return QuirksMode::Quirks;
        }
        let lower = |run: Option<Run>| run.map(|run| self.construction.stretch(run).to_ascii_lowercase());
        let (public, system) = (lower(doctype.public), lower(doctype.system));
        let public = public.as_deref().unwrap_or("");
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| public.starts_with(prefix));
        if QUIRKY_PUBLIC.contains(&public) || system.as_deref() == Some(QUIRKY_SYSTEM) || begins(QUIRKY_PREFIXES) {
            QuirksMode::Quirks
        } else if begins(LIMITED_PREFIXES) {
            QuirksMode::LimitedQuirks
        } else if begins(HTML4_PREFIXES) {
            if system.is_some() { QuirksMode::LimitedQuirks } else { QuirksMode::Quirks }
        } else {
            QuirksMode::NoQuirks
        }
    }
}

const QUIRKY_PUBLIC: [&str; 3] = ["-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html"];

const QUIRKY_SYSTEM: &str = "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

const QUIRKY_PREFIXES: &[&str] = &[
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html 2.0 level 1//",
    "-//ietf//dtd html 2.0 level 2//",
    "-//ietf//dtd html 2.0 strict level 1//",
    "-//ietf//dtd html 2.0 strict level 2//",
    "-//ietf//dtd html 2.0 strict//",
    "-//ietf//dtd html 2.0//",
    "-//ietf//dtd html 2.1e//",
    "-//ietf//dtd html 3.0//",
    "-//ietf//dtd html 3.2 final//",
    "-//ietf//dtd html 3.2//",
    "-//ietf//dtd html 3//",
    "-//ietf//dtd html level 0//",
    "-//ietf//dtd html level 1//",
    "-//ietf//dtd html level 2//",
    "-//ietf//dtd html level 3//",
    "-//ietf//dtd html strict level 0//",
    "-//ietf//dtd html strict level 1//",
    "-//ietf//dtd html strict level 2//",
    "-//ietf//dtd html strict level 3//",
    "-//ietf//dtd html strict//",
    "-//ietf//dtd html//",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//",
];

const LIMITED_PREFIXES: &[&str] = &["-//w3c//dtd xhtml 1.0 frameset//", "-//w3c//dtd xhtml 1.0 transitional//"];

const HTML4_PREFIXES: &[&str] = &["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"];
