//! Values of JSON that the rules select from and make.
//!
//! - `Json`: a value. A number keeps the digits that the page wrote, and an object keeps the order of its keys.
//! - `parse`: reads JSON; `body`: reads the body of an answer that is JSON
//! - `path`: selects values by a path (RFC 9535)
//! - `number`: compares numbers by value
//! - `write`: writes strings and values as JSON
//! - `tests`: tests of reading

mod body;
mod number;
mod parse;
mod path;
mod write;

pub(in crate::scrape) use body::parse_body;
pub(in crate::scrape) use parse::{JsonError, parse, parse_script};
pub(in crate::scrape) use path::JsonPath;
pub use path::JsonPathError;
pub(in crate::scrape) use write::{string, value};

/// A value of JSON.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scrape) enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written, such as `1.50` or `12345678901234567890`. It is valid JSON.
    Number(Box<str>),
    /// A string, without escapes.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// The keys and values of an object, in the order of the page. No key occurs twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Returns the value of a key, if this is an object that has the key.
    pub(in crate::scrape) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

#[cfg(test)]
mod tests;
