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
    /// How many numbers fit only the decimal mark that the rules expect.
    pub as_expected: u32,
    /// How many numbers look as if they have the other decimal mark: `1.234` if a point is expected.
    pub otherwise: u32,
}
