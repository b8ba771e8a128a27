//! The extraction rules of the settings: plain values that are sent to the workers.
//!
//! Nothing is compiled here. `Extractor::new` compiles the rules once per worker. `config` compiles them beforehand
//! too, so that a bad selector is an error with its position in the file, instead of a failure for each of ten million
//! pages.

use serde::{Deserialize, Serialize};

/// The fields of one object, in the order of the settings.
pub type Fields = Vec<(String, Rule)>;

/// The rule of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Rule {
    /// A value, or a list of values.
    Value(ValueRule),
    /// One object for each element that `each` matches.
    Each {
        /// A CSS selector without a pseudo-element.
        each: String,
        /// The fields of each object. As in parsel, their selectors match the element itself and everything below it.
        /// `:scope` matches the element itself.
        fields: Fields,
    },
}

/// A value: select -> `re` -> trim -> type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueRule {
    /// A CSS selector. Every branch of a comma list may end in one of our pseudo-elements (`h1::text`).
    pub css: String,
    /// Whether the value is the first match that is not empty, or a list of all matches.
    pub arity: Arity,
    /// The type of the value.
    pub kind: ValueType,
    /// Whether the whole page fails as `missing_field` if the page (or an `each` object) does not have the value.
    pub required: bool,
    /// Replaces a missing single value. `None` means `null`.
    pub default: Option<Scalar>,
    /// Whether to remove white space at both ends, and text nodes that are only white space.
    pub trim: bool,
    /// A regular expression. The strings that it yields follow parsel's rules.
    pub re: Option<String>,
}

impl ValueRule {
    /// Makes the rule that a selector without other settings stands for.
    pub fn new(css: impl Into<String>, arity: Arity) -> Self {
        Self { css: css.into(), arity, kind: ValueType::String, required: false, default: None, trim: true, re: None }
    }
}

/// How many values a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arity {
    /// The first match that is not empty, or `null` if there is none.
    One,
    /// A list of all matches, in document order.
    Many,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueType {
    /// The text.
    String,
    /// A decimal number. Currency signs and grouping are accepted.
    Number,
    /// A whole number. Currency signs and grouping are accepted.
    Integer,
    /// `true`/`false`, `yes`/`no`, `1`/`0`, `on`/`off`, in any case.
    Boolean,
    /// The markup of the matched element (outer HTML). The pseudo-element is ignored.
    Html,
}

/// A default value in the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Text.
    String(String),
    /// A whole number.
    Integer(i64),
    /// A decimal number.
    Float(f64),
    /// True or false.
    Boolean(bool),
}
