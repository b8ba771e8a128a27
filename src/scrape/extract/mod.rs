//! Elements and text -> the fields of a record.
//!
//! A value is made in four steps: select -> `re` -> trim -> type. In reading order:
//!
//! - `rules`: what the settings say; `page`: the rules where they say nothing; `plan`: the rules, compiled
//! - `selection`: a selector string, the grammar of CSS with our pseudo-elements, and matching
//! - `extractor`: the walk through a plan, which writes JSON straight to bytes
//! - `refresh`: where a page leads by itself
//! - `link`, `pattern`, `number`, `value`, `json`: what becomes of the text that was selected

mod extractor;
mod json;
mod link;
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

/// Checks rules without keeping them: what `Extractor::new` would say.
///
/// # Errors
/// At the first rule whose selector or regular expression is none, or that contradicts itself.
pub fn check(fields: &Fields) -> Result<(), RuleError> {
    plan::Plan::new(fields, &mut selection::Symbols::new()).map(drop)
}
