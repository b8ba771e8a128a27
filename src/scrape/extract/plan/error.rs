//! What can be wrong with a rule.

use super::super::date::DatesError;
use super::super::pattern::PatternError;
use super::super::selection::SelectionError;
use super::super::xpath::XPathError;
use crate::scrape::json::JsonPathError;

/// A rule that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} of field `{path}`")]
pub struct RuleError {
    /// The path of the field: `quotes.text`.
    pub path: String,
    /// What is wrong, and where.
    #[source]
    pub kind: RuleErrorKind,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleErrorKind {
    /// The selector in `css`, `table`, `has` or `not`.
    #[error("selector: {0}")]
    Selector(SelectionError),
    /// The selector in `each`.
    #[error("`each`: {0}")]
    Each(SelectionError),
    /// The expression in `xpath`.
    #[error("XPath expression: {0}")]
    XPath(XPathError),
    /// The path in `json`.
    #[error("JSON path: {0}")]
    JsonPath(JsonPathError),
    /// The regular expression in `re`.
    #[error("regular expression: {0}")]
    Pattern(PatternError),
    /// `format` or `timezone`.
    #[error("{0}")]
    Date(DatesError),
    /// The expression in `each` can find something else than elements.
    #[error("`each`: the XPath expression must find elements, not texts, attributes or a single value")]
    EachWithoutElements,
    /// There are more fields than a worker can count.
    #[error("the rules have more than 100000 fields: too many")]
    TooManyFields,
    /// `locale` is not a language that is known.
    #[error("`locale`: `{0}` is not a known language")]
    Locale(String),
    /// The `re` of a single value has several groups. A single value takes only one string.
    #[error(
        "a single value takes one group of its `re`, which has {0}: write the others as `(?:..)`, or name all of them \
         `(?P<name>..)` to get an object"
    )]
    SeveralGroups(usize),
    /// The `re` makes objects, so there is no text for later steps and a type.
    #[error("an `re` with named groups makes objects, so no other step and no `type` can follow: remove them")]
    StepsAfterObjects,
    /// A list has a `default`, but a list without matches is empty and never missing.
    #[error("a list cannot have a `default`, because it is empty if nothing matches: remove `default`")]
    DefaultOfList,
    /// A value has both `default` and `required`.
    #[error("a `required` value cannot have a `default`: remove one of them")]
    DefaultOfRequired,
    /// A rule reads the whole page, but is inside of an `each`.
    #[error("`{0}` reads the whole page, so it cannot be inside of `each`: move it out")]
    WholePage(&'static str),
    /// A rule reads elements, but the `each` around it selects JSON.
    #[error("`{0}` reads elements, but the `each` around it selects values of JSON: use `json`")]
    ElementsInJson(&'static str),
    /// A rule reads JSON, but the `each` around it selects elements.
    #[error("`json` alone reads JSON, but the `each` around it selects elements: add `css` to select the text to read")]
    JsonInElements,
}
