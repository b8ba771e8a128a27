//! What passes from tokenization to tree construction (WHATWG HTML, 13.2.5).

use crate::scrape::document::{Kind, Name};

/// A stretch of the page, or of the texts beside it, or of the list of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Run {
    pub(super) const EMPTY: Self = Self { start: 0, length: 0 };

    pub(super) fn end(self) -> u32 {
        self.start + self.length
    }
}

/// A start tag. Its attributes are in the document's list already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) name: Name,
    pub(super) attributes: Run,
    pub(super) self_closing: bool,
}

/// A comment, or a processing instruction: tree construction treats both alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remark {
    pub(super) kind: Kind,
    pub(super) run: Run,
}

/// A document type is not among them: `Construction::doctype` and `late_doctype` take it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token {
    Start(Tag),
    End(Name),
    /// Never empty, and without U+0000.
    Text(Run, Split),
    /// U+0000 where it is not replaced by U+FFFD at once.
    Null,
    Comment(Remark),
    Eof,
}

/// Whether a text has been cut into pieces that are white space altogether or not at all. Some insertion modes want that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    Not,
    Space,
    Other,
}

/// A document type, as far as it has been read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doctype {
    pub(super) name: Option<Run>,
    pub(super) public: Option<Run>,
    pub(super) system: Option<Run>,
    pub(super) force_quirks: bool,
}
