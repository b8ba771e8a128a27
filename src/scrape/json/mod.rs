//! Values of JSON that the rules select from and make.
//!
//! - `Json`: a value. A number keeps the digits that the page wrote, and an object keeps the order of its keys.
//! - `write`: writes strings and values as JSON

mod write;

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

/// shim
#[derive(Debug)]
pub(in crate::scrape) struct JsonPath;
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonPathError {
    pub offset: usize,
    pub length: usize,
    pub message: String,
    pub suggestion: Option<String>,
}
impl JsonPath {
    pub(in crate::scrape) fn new(_: &str) -> Result<Self, JsonPathError> {
        Ok(Self)
    }
    pub(in crate::scrape) fn select<'j>(&self, j: &'j Json) -> Result<Vec<&'j Json>, String> {
        Ok(vec![j])
    }
}
pub(in crate::scrape) fn parse(_: &str) -> Result<Json, String> {
    Ok(Json::Null)
}
