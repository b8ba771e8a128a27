//! The bytes of a record, and the separators between records.

mod json;
mod jsonl;
mod object;

use crate::model::{Outcome, Record};

/// The layout of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON array with one record a line: `[`, records separated by `,`, `]`. `[]` if there are none.
    #[default]
    Json,
    /// One JSON value a line, and nothing else.
    Jsonl,
}

/// The form of one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// An object with all information about the task.
    #[default]
    Full,
    /// Only the data; `null` for a failure.
    Data,
}

/// The parts of a layout around the records.
pub(super) struct Layout {
    /// Before the first record.
    pub(super) opening: &'static [u8],
    /// Before every other record.
    pub(super) between: &'static [u8],
    /// After every record.
    pub(super) after: &'static [u8],
    /// At the end, if there are records.
    pub(super) closing: &'static [u8],
    /// The whole output, if there are no records.
    pub(super) empty: &'static [u8],
}

impl Format {
    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Json => &json::LAYOUT,
            Self::Jsonl => &jsonl::LAYOUT,
        }
    }

    /// Appends the bytes of the record, without the parts of the layout.
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
