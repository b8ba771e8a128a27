//! Turns elements and text into the fields of a record.
//!
//! A value is made in four steps: select -> `re` -> trim -> type. The modules in reading order:
//!
//! - `rules`: the rules of the settings; `page`: the rules of a run without `[extract]`; `plan`: the compiled rules
//! - `selection`: parses and matches selectors, which are CSS plus our own pseudo-elements
//! - `extractor`: runs a plan on a page and writes the JSON directly as bytes
//! - `feed`: reads the entries of RSS, Atom and JSON Feed
//! - `refresh`: finds the URL to which a page refreshes
//! - `xml_base`: the bases of links in XML
//! - `link`, `pattern`, `number`, `value`: turn the selected text into a value
//! - `extractor_tests`: tests of the extractor; `xml_tests`: selectors on documents of XML

mod extractor;
#[allow(dead_code, reason = "no rule can ask for it yet")]
pub(in crate::scrape) mod feed;
mod link;
mod number;
mod page;
mod pattern;
mod plan;
mod refresh;
mod rules;
mod selection;
mod value;
mod xml_base;
#[cfg(test)]
mod xml_tests;

pub use extractor::Extractor;
pub use pattern::{PatternError, check_regex};
pub use plan::{RuleError, RuleErrorKind};
pub(super) use refresh::elsewhere;
pub use rules::{Arity, Fields, Rule, Scalar, ValueRule, ValueType};
pub use selection::{Selection, SelectionError};

/// Checks rules without keeping the compiled form: fails exactly if `Extractor::new` fails.
///
/// # Errors
/// Fails at the first rule that contradicts itself or whose selector or regular expression is invalid.
pub fn check(fields: &Fields) -> Result<(), RuleError> {
    plan::Plan::new(fields, &mut selection::Symbols::new()).map(drop)
}
