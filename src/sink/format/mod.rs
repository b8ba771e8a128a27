//! A record -> its bytes, and what stands between the records.

mod json;
mod jsonl;
mod object;

use crate::model::{Outcome, Record};

/// The layout of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON array, one record a line: `[`, records with `,` between them, `]`; `[]` where there are none.
    #[default]
    Json,
    /// One JSON value a line, nothing else.
    Jsonl,
}

/// What stands for one task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// An object with all there is to say about it.
    #[default]
    Full,
    /// The bare data; `null` for a failure.
    Data,
}

/// What a layout has around its records.
pub(super) struct Layout {
    /// Before the first record.
    pub(super) opening: &'static [u8],
    /// Before each other record.
    pub(super) between: &'static [u8],
    /// After each record.
    pub(super) after: &'static [u8],
    /// At the end, when there were records.
    pub(super) closing: &'static [u8],
    /// All there is when there were none.
    pub(super) empty: &'static [u8],
}

impl Format {
    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Json => &json::LAYOUT,
            Self::Jsonl => &jsonl::LAYOUT,
        }
    }

    /// Appends the record's own bytes, without what the layout has around them.
    pub(super) fn write(self, shape: Shape, record: &Record, into: &mut Vec<u8>) {
        match (self, shape) {
            (Self::Json | Self::Jsonl, Shape::Full) => object::write(record, into),
            (Self::Json | Self::Jsonl, Shape::Data) => match &record.outcome {
                Outcome::Page(page) => into.extend_from_slice(&page.data),
                Outcome::Failure(_) => into.extend_from_slice(b"null"),
            },
        }
    }
}
