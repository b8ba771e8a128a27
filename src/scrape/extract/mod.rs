//! Turns elements and text into the fields of a record.
//!
//! A value is made in four steps: select -> `re` -> trim -> type. The modules in reading order:
//!
//! - `rules`: the rules of the settings; `page`: the rules of a run without `[extract]`; `plan`: the compiled rules
//! - `selection`: parses and matches selectors, which are CSS plus our own pseudo-elements
//! - `extractor`: runs a plan on a page and writes the JSON directly as bytes
//! - `refresh`: finds the URL to which a page refreshes
//! - `markdown`: turns an element into Markdown; `article`: finds the main text of a page
//! - `link`, `pattern`, `number`, `value`: turn the selected text into a value
//! - `extractor_tests`: tests of the extractor

#[cfg_attr(not(test), expect(dead_code, reason = "the rules that use it come next"))]
mod article;
mod extractor;
mod link;
#[cfg_attr(not(test), expect(dead_code, reason = "the rules that use it come next"))]
mod markdown;
mod number;
mod page;
mod pattern;
mod plan;
mod refresh;
mod rules;
mod selection;
mod value;

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
