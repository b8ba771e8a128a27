//! The tokens, which tokenization passes to tree construction (WHATWG HTML, 13.2.5).

use crate::scrape::document::{Kind, Name};

/// A range of the page, of the side text, or of the list of attributes. Positions of the side text continue after the
/// end of the page.
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

/// A start tag. Its attributes are already in the document's list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) name: Name,
    pub(super) attributes: Run,
    pub(super) self_closing: bool,
}

/// A comment or a processing instruction. Tree construction treats both in the same way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remark {
    pub(super) kind: Kind,
    pub(super) run: Run,
}

/// A token. Document types are not tokens here: `Construction::doctype` and `late_doctype` receive them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token {
    Start(Tag),
    End(Name),
    /// A text that is not empty and has no U+0000.
    Text(Run, Split),
    /// A U+0000 that tokenization does not replace by U+FFFD.
    Null,
    Comment(Remark),
    Eof,
}

/// Whether a text was split into pieces, so that each has only white space or none. Some insertion modes need such
/// pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    Not,
    Space,
    Other,
}

/// A document type. Parts that were not read are `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doctype {
    pub(super) name: Option<Run>,
    pub(super) public: Option<Run>,
    pub(super) system: Option<Run>,
    pub(super) force_quirks: bool,
}
