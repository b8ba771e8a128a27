//! Turns elements and text into the fields of a record.
//!
//! A value is made in four steps: select -> `re` -> trim -> type. The modules in reading order:
//!
//! - `rules`: the rules of the settings; `page`: the rules of a run without `[extract]`; `plan`: the compiled rules
//! - `selection`: parses and matches selectors, which are CSS plus our own pseudo-elements
//! - `extractor`: runs a plan on a page and writes the JSON directly as bytes
//! - `refresh`: finds the URL to which a page refreshes
//! - `link`, `pattern`, `number`, `date`, `value`: turn the selected text into a value
//! - `locale`: how numbers and dates are written in 15 languages
//! - `extractor_tests`: tests of the extractor; `peers_tests`: writes values to compare them with those of other libraries

mod date;
mod extractor;
mod link;
mod locale;
mod number;
mod page;
mod pattern;
#[cfg(test)]
mod peers_tests;
mod plan;
mod refresh;
mod rules;
mod selection;
mod value;

pub use date::{Dates, DatesError};
pub use extractor::Extractor;
pub use locale::Locale;
pub use number::{Evidence, Notation, Tally, decimal, evidence, integer};
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
