//! What to extract, as the settings say it: plain values that travel to the workers.
//!
//! Nothing here is compiled. `Extractor::new` compiles, once per worker; `config` does the same beforehand, so that
//! a bad selector is an error with its place in the file and not a failure of ten million pages.

use serde::{Deserialize, Serialize};

/// The fields of one object, in the order in which they are written.
pub type Fields = Vec<(String, Rule)>;

/// What one field holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// A value, or a list of values.
    Value(ValueRule),
    /// One object for each element that `each` matches.
    Each {
        /// A CSS selector without a pseudo-element.
        each: String,
        /// The fields of each object; their selectors look at the matched element and below it, as in parsel.
        /// `:scope` names the element itself.
        fields: Fields,
    },
}

/// A value: select -> `re` -> trim -> type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueRule {
    /// A CSS selector in which every branch of a comma list may end in one of our pseudo-elements (`h1::text`).
    pub css: String,
    /// The first match that is not empty, or all of them.
    pub arity: Arity,
    /// What the text must be read as.
    pub kind: ValueType,
    /// Whether a page (or an `each` object) without it fails the page as `missing_field`.
    pub required: bool,
    /// What stands in the place of a missing single value; `null` where absent.
    pub default: Option<Scalar>,
    /// Whether white space at both ends goes, and text nodes of white space alone with it.
    pub trim: bool,
    /// A regular expression, by parsel's rules for what it yields.
    pub re: Option<String>,
}

impl ValueRule {
    /// The rule that a bare string stands for.
    pub fn new(css: impl Into<String>, arity: Arity) -> Self {
        Self { css: css.into(), arity, kind: ValueType::String, required: false, default: None, trim: true, re: None }
    }
}

/// How many values a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arity {
    /// The first match that is not empty, else `null`.
    One,
    /// Every match, in document order: a list.
    Many,
}

/// What a value is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueType {
    /// The text.
    String,
    /// A decimal number; currency signs and grouping are accepted.
    Number,
    /// A whole number; currency signs and grouping are accepted.
    Integer,
    /// `true`/`false`, `yes`/`no`, `1`/`0`, `on`/`off`, whatever their case.
    Boolean,
    /// The matched element's own markup (outer HTML), whatever the pseudo-element would give.
    Html,
}

/// A default, written in the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Float(f64),
    /// A truth value.
    Boolean(bool),
}
