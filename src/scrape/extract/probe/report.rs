//! What looking at a page tells. It travels from the worker as JSON.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What rules find on a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// How the page was read: `html`, `xml` or `json`.
    pub kind: String,
    /// The number of its elements, or of its values if it is JSON.
    pub size: u64,
    /// What a run would write: an object with all fields. `None` if the page failed.
    pub data: Option<Box<RawValue>>,
    /// Why the page failed.
    pub failure: Option<FailureReport>,
    /// The warnings of the record.
    pub warnings: Vec<WarningReport>,
    /// The fields, at any depth, in the order of the rules.
    pub fields: Vec<FieldReport>,
}

/// Why a page has no data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureReport {
    /// The kind of failure, as records name it.
    pub kind: String,
    /// The stage, as records name it.
    pub stage: String,
    /// One line that names the thing that failed.
    pub message: String,
}

/// What was wrong with one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningReport {
    /// The place in the data, such as `books[3].price`. `None` for the whole page.
    #[serde(default)]
    pub field: Option<String>,
    /// What is wrong, in one word, as records name it.
    pub problem: String,
    /// The value, shortened.
    pub value: String,
}

/// What the rules of one field find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldReport {
    /// The names of the fields around it and its own name, such as `books.price`.
    pub field: String,
    /// How many values it has.
    pub values: u32,
    /// How many times it had no value.
    pub empty: u32,
    /// How many values did not fit its type.
    pub bad: u32,
    /// Its sources. A field with `first_of` has several.
    pub sources: Vec<SourceReport>,
}

/// What one source of a field matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The key of the source in the settings, such as `css`.
    pub language: String,
    /// The source as it was written.
    pub source: String,
    /// How many matches it has.
    pub matches: u64,
    /// The matches, up to a limit.
    pub shown: Vec<MatchReport>,
    /// What may help if there is no match.
    pub hint: Option<Hint>,
}

/// One match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchReport {
    /// Its text, shortened.
    pub value: String,
    /// Its place in the page, such as `html > body > p:nth-child(3)` or `$.items[0].name`.
    pub path: String,
    /// The line of the page where it begins, from 1, if it is known.
    pub line: Option<u64>,
    /// The column in that line, in characters from 1.
    pub column: Option<u64>,
}

/// Why a source finds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The longest part of it that matches something.
    pub longest: Option<Part>,
    /// The part, as long as that, with the next piece, which matches nothing.
    pub stops_at: Option<String>,
    /// More about this place, in words.
    pub notes: Vec<String>,
    /// What may have been meant, and how many matches that has.
    pub did_you_mean: Vec<Part>,
}

/// A selector, and how many matches it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The selector.
    pub selector: String,
    /// The number of its matches.
    pub matches: u64,
}
