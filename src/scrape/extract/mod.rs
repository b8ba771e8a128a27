//! Turns elements and text into the fields of a record.
//!
//! A value is made in four steps: select -> `re` -> trim -> type. The modules in reading order:
//!
//! - `rules`: the rules of the settings; `page`: the rules of a run without `[extract]`; `plan`: the compiled rules
//! - `selection`: parses and matches selectors, which are CSS plus our own pseudo-elements
//! - `xpath`: `XPath` expressions, in place of selectors; `nearest`: suggests a name for a misspelt one
//! - `extractor`: runs a plan on a page and writes the JSON directly as bytes
//! - `table`: reads the rows of an HTML table; `page_links`: lists all links of a page
//! - `refresh`: finds the URL to which a page refreshes
//! - `link`, `pattern`, `number`, `value`: turn the selected text into a value
//! - `extractor_tests`, `table_tests`: tests of the extractor and of tables
//! - `peers_tests`: writes rules with what they find, to compare it with parsel

mod extractor;
mod link;
mod nearest;
mod number;
mod page;
#[cfg_attr(not(test), expect(dead_code, reason = "the extractor calls it as soon as rules have the key `links`"))]
mod page_links;
mod pattern;
#[cfg(test)]
mod peers_tests;
mod plan;
mod refresh;
mod rules;
mod selection;
#[cfg_attr(not(test), expect(dead_code, reason = "the extractor calls it as soon as rules have the key `table`"))]
mod table;
mod value;
#[cfg_attr(not(test), expect(dead_code, reason = "the extractor calls it as soon as rules have the key `xpath`"))]
mod xpath;

pub use extractor::Extractor;
pub use pattern::{PatternError, check_regex};
pub use plan::{RuleError, RuleErrorKind};
pub(super) use refresh::elsewhere;
pub use rules::{Arity, Fields, Rule, Scalar, ValueRule, ValueType};
pub use selection::{Selection, SelectionError};
pub use xpath::{XPath, XPathError, XPathType};

/// Checks rules without keeping the compiled form: fails exactly if `Extractor::new` fails.
///
/// # Errors
/// Fails at the first rule that contradicts itself or whose selector or regular expression is invalid.
pub fn check(fields: &Fields) -> Result<(), RuleError> {
    plan::Plan::new(fields, &mut selection::Symbols::new()).map(drop)
}
