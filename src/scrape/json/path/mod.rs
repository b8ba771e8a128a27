//! Paths into JSON (RFC 9535): `$.items[*].price`.
//!
//! Written here and not taken from a crate: the crates select from `serde_json::Value`, which loses digits and the order
//! of keys, or recurse without a limit on the work.
//!
//! - `syntax`: what a path consists of
//! - `parse`: a text becomes a path; `strings`: its string literals
//! - `suggest`: guesses which path somebody meant who wrote another language
//! - `select`: finds the values of a path; `filter`: decides filter expressions; `budget`: limits the work
//! - `regexp`: the regular expressions of `match` and `search` (RFC 9485)
//! - `compliance_tests`: the test suite of the authors of the RFC
//! - `tests`: tables of paths, and paths without measure

mod budget;
#[cfg(test)]
mod compliance_tests;
mod filter;
mod parse;
mod regexp;
mod select;
mod strings;
mod suggest;
mod syntax;

use super::Json;

pub(in crate::scrape) use budget::TooMany;

/// A path that is ready to select.
#[derive(Debug, Clone)]
pub(in crate::scrape) struct JsonPath {
    segments: Vec<syntax::Segment>,
}

/// A text that is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", suggestion.as_ref().map(|path| format!("; write {path:?}")).unwrap_or_default())]
pub struct JsonPathError {
    /// The place of the error in the path, in bytes.
    pub offset: usize,
    /// The length of what is wrong, in bytes. It is 0 at the end of the path.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// The path that was probably meant. It is valid.
    pub suggestion: Option<String>,
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Fails if the text is not a path of RFC 9535, or if a regular expression in it is invalid.
    pub(in crate::scrape) fn new(text: &str) -> Result<Self, JsonPathError> {
        parse::path(text).map_err(|error| JsonPathError { suggestion: suggest::suggest(text), ..error })
    }

    /// Returns the values that the path selects, in the order of RFC 9535. `$` stands for `root`. A value that the path
    /// selects twice is in the result twice.
    ///
    /// # Errors
    /// Fails if the path needs far more work than the size of `root` explains.
    pub(in crate::scrape) fn select<'j>(&self, root: &'j Json) -> Result<Vec<&'j Json>, TooMany> {
        select::Run::new(root).nodes(&self.segments, root)
    }
}

#[cfg(test)]
mod tests;
