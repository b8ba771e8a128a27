use serde::{Deserialize, Serialize};

/// How well the rules of one field fit one page, or all pages of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldCount {
    /// How many values the rules gave: for a list its elements, for `each` its objects.
    pub values: u32,
    /// How many times there was no value.
    pub empty: u32,
    /// How many values did not fit their type.
    pub bad: u32,
    /// How many numbers look as if a point is their decimal mark, such as `19.99`.
    pub points: u32,
    /// How many numbers look as if a comma is their decimal mark, such as `19,99` or `1.234`.
    pub commas: u32,
    /// How many of these were read as another number than the one that they look like.
    pub misread: u32,
}
