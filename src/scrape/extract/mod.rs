//! Turns elements and text into the fields of a record.
//!
//! A value is made in this order: source -> steps -> type. The modules in reading order:
//!
//! - `rules`: the rules of the settings; `plan`: the compiled rules
//! - `facts`: what is known about a page beside its content
//! - `selection`: parses and matches selectors, which are CSS plus our own pseudo-elements
//! - `xpath`: `XPath` expressions, in place of selectors; `nearest`: suggests a name for a misspelt one
//! - `extractor`: prepares the extraction of a page; `run`: runs a plan and writes the JSON directly as bytes
//! - `structured`, `table`, `page_links`, `feed`, `article`, `markdown`: sources that are ready to use
//! - `refresh`: finds the URL to which a page refreshes
//! - `link`, `xml_base`, `pattern`, `value`: links, regular expressions and texts
//! - `locale`, `number`, `date`: values as people write them
//! - `warnings`: what was wrong with single values; `data_schema`: the JSON Schema of the data that rules give
//! - `probe`: looks at a page with rules, in place of extracting; `starter`: finds rules that fit a page
//! - `extractor_tests`, `table_tests`: tests of the extractor and of tables; `xml_tests`: selectors on documents of XML;
//!   `shaping_tests`: sources, steps and types together; `hostile_tests`: pages that mean harm
//! - `peers_tests`: writes rules with what they find, to compare it with parsel;
//!   `values_peers_tests`: writes how numbers and dates are read

mod article;
mod data_schema;
mod date;
mod extractor;
mod facts;
mod feed;
#[cfg(test)]
mod hostile_tests;
mod link;
mod locale;
mod markdown;
mod nearest;
mod number;
mod page_links;
mod pattern;
#[cfg(test)]
mod peers_tests;
mod plan;
mod probe;
mod refresh;
mod rules;
mod run;
mod selection;
#[cfg(test)]
mod shaping_tests;
mod starter;
mod structured;
mod table;
mod value;
#[cfg(test)]
mod values_peers_tests;
mod warnings;
mod xml_base;
#[cfg(test)]
mod xml_tests;
mod xpath;

pub use crate::scrape::json::JsonPathError;
pub use data_schema::data_schema;
pub use date::DatesError;
pub(in crate::scrape) use extractor::Content;
pub use extractor::{Extracted, Extractor, FieldInfo};
pub use facts::PageFacts;
pub use locale::Locale;
pub use number::MarkCount;
pub use pattern::{PatternError, check_regex, makes_objects};
pub use plan::{RuleError, RuleErrorKind, joined};
pub use probe::{FailureReport, FieldReport, Hint, MatchReport, Part, Report, SourceReport, WarningReport};
pub(super) use refresh::elsewhere;
pub use rules::{
    Arity, Case, Decimal, EachRule, Extraction, Fact, Fields, FirstOf, Notation, Preset, Root, Rule, Scalar, Source,
    Steps, Structured, ValueRule, ValueType,
};
pub use selection::{Selection, SelectionError};
pub use starter::{Starter, StarterEach, StarterGroup, StarterRule};
pub use warnings::warnings_schema;
pub(crate) use warnings::{Problem, Warnings};
pub use xpath::{XPath, XPathError, XPathType};
