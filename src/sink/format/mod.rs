//! The bytes of a record, and the separators between records.
//!
//! - `object`: writes one record as JSON
//! - `json`: the format of one JSON array
//! - `jsonl`: the format of one JSON value per line

mod json;
mod jsonl;
mod object;

use crate::model::Record;

/// The layout of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON array with one record per line: `[`, records separated by `,`, `]`. It is `[]` if there are no records.
    #[default]
    Json,
    /// One JSON value per line, and nothing else.
    Jsonl,
}

/// The form of one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// An object with all information about the task.
    #[default]
    Full,
    /// Only the data, or `null` for a failure.
    Data,
}

/// The parts of a layout around the records.
pub(super) struct Layout {
    /// The extensions of files with this layout, in lower case.
    pub(super) extensions: &'static [&'static str],
    /// Appends the bytes of one record.
    pub(super) write: fn(Shape, &Record, &mut Vec<u8>),
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
    const ALL: [Self; 2] = [Self::Json, Self::Jsonl];

    /// Returns the format of files with this extension, which is in lower case, or `None` if there is no such format.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.layout().extensions.contains(&extension))
    }

    /// All extensions of which [`Format::of_extension`] knows a format.
    pub fn extensions() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().flat_map(|format| format.layout().extensions).copied()
    }

    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Json => &json::LAYOUT,
            Self::Jsonl => &jsonl::LAYOUT,
        }
    }

    /// Appends the bytes of the record, without the parts of the layout.
    pub(super) fn write(self, shape: Shape, record: &Record, into: &mut Vec<u8>) {
        (self.layout().write)(shape, record, into);
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn a_file_has_the_format_of_its_extension_and_no_extension_has_two() {
        let table = [
            ("json", Some(Format::Json)),
            ("jsonl", Some(Format::Jsonl)),
            ("ndjson", Some(Format::Jsonl)),
            ("jl", Some(Format::Jsonl)),
            ("csv", None),
            ("", None),
        ];
        for (extension, expected) in table {
            assert_eq!(Format::of_extension(extension), expected, "{extension}");
        }
        for format in Format::ALL {
            for extension in format.layout().extensions {
                assert_eq!(Format::of_extension(extension), Some(format), "{extension}");
            }
        }
    }
}
