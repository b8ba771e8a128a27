//! Rules, compiled: what an extractor walks through for each page.

use super::pattern::{Pattern, PatternError};
use super::rules::{Arity, Fields, Rule, ValueRule, ValueType};
use super::selection::{Branch, Selection, SelectionError, Take};
use super::{json, value};

/// The fields of one object.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) fields: Vec<Field>,
    /// All branches of all fields, so that one walk over the elements serves them all.
    pub(super) branches: Vec<(Branch, Origin)>,
}

/// Whose branch it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The place of the field in its plan.
    pub(super) field: usize,
    /// The place of what the branch takes in the field's `takes`.
    pub(super) take: u32,
}

/// One field of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// The name as JSON, with the colon.
    pub(super) key: Vec<u8>,
    /// What its branches take, without repetition, in the order of the values that one element gives.
    pub(super) takes: Vec<Take>,
    pub(super) content: Content,
}

/// What a field holds.
#[derive(Debug)]
pub(super) enum Content {
    Value(Value),
    Each(Plan),
}

/// How a value is made of what was selected.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) css: String,
    pub(super) arity: Arity,
    pub(super) kind: ValueType,
    pub(super) required: bool,
    /// What stands for a missing single value, as JSON.
    pub(super) default: Vec<u8>,
    pub(super) trim: bool,
    pub(super) pattern: Option<Pattern>,
}

/// A rule that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} of field `{path}`")]
pub struct RuleError {
    /// The field, with those around it: `quotes.text`.
    pub path: String,
    /// What is wrong with it, and where.
    #[source]
    pub kind: RuleErrorKind,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleErrorKind {
    /// In `css`.
    #[error("selector: {0}")]
    Selector(SelectionError),
    /// In `each`.
    #[error("`each`: {0}")]
    Each(SelectionError),
    /// In `re`.
    #[error("regular expression: {0}")]
    Pattern(PatternError),
    /// `default` for a list, which is never missing but empty.
    #[error("a list takes no `default`, it is empty where nothing matches: leave it out")]
    DefaultOfList,
    /// `default` beside `required`.
    #[error("a `required` value takes no `default`: leave one of them out")]
    DefaultOfRequired,
}

impl Plan {
    pub(super) fn new(fields: &Fields) -> Result<Self, RuleError> {
        Self::below(fields, "")
    }

    fn below(fields: &Fields, path: &str) -> Result<Self, RuleError> {
        let mut plan = Self { fields: Vec::with_capacity(fields.len()), branches: Vec::new() };
        for (name, rule) in fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let at = |kind| RuleError { path: path.clone(), kind };
            let (branches, content) = match rule {
                Rule::Value(rule) => {
                    let (branches, value) = compile_value(rule).map_err(at)?;
                    (branches, Content::Value(value))
                }
                Rule::Each { each, fields } => {
                    let selection = Selection::parse_elements(each).map_err(RuleErrorKind::Each).map_err(at)?;
                    (selection.branches, Content::Each(Self::below(fields, &path)?))
                }
            };
            plan.push(name, branches, content);
        }
        Ok(plan)
    }

    fn push(&mut self, name: &str, branches: Vec<Branch>, content: Content) {
        let mut takes: Vec<Take> = branches.iter().map(|branch| branch.take.clone()).collect();
        takes.sort();
        takes.dedup();
        let field = self.fields.len();
        for branch in branches {
            let take = takes.iter().position(|take| *take == branch.take).unwrap_or_default();
            let take = u32::try_from(take).expect("a selector has fewer than 2^32 branches");
            self.branches.push((branch, Origin { field, take }));
        }
        let mut key = Vec::new();
        json::string(&mut key, name);
        key.push(b':');
        self.fields.push(Field { name: name.to_owned(), key, takes, content });
    }

    /// Whether `:has(..)` stands in any selector, at any depth.
    pub(super) fn has_has(&self) -> bool {
        self.branches.iter().any(|(branch, _)| branch.has)
            || self.fields.iter().any(|field| matches!(&field.content, Content::Each(plan) if plan.has_has()))
    }

    /// Whether any field, at any depth, takes links.
    pub(super) fn takes_links(&self) -> bool {
        self.fields.iter().any(|field| {
            field.takes.contains(&Take::Url) || matches!(&field.content, Content::Each(plan) if plan.takes_links())
        })
    }
}

fn compile_value(rule: &ValueRule) -> Result<(Vec<Branch>, Value), RuleErrorKind> {
    let mut branches = Selection::parse(&rule.css).map_err(RuleErrorKind::Selector)?.branches;
    if rule.kind == ValueType::Html {
        for branch in &mut branches {
            branch.take = Take::OuterHtml;
        }
    }
    let default = match (&rule.default, rule.arity) {
        (None, _) => b"null".to_vec(),
        (Some(_), Arity::Many) => return Err(RuleErrorKind::DefaultOfList),
        (Some(_), Arity::One) if rule.required => return Err(RuleErrorKind::DefaultOfRequired),
        (Some(default), Arity::One) => value::scalar(default),
    };
    let pattern = rule.re.as_deref().map(Pattern::new).transpose().map_err(RuleErrorKind::Pattern)?;
    let value = Value {
        css: rule.css.clone(),
        arity: rule.arity,
        kind: rule.kind,
        required: rule.required,
        default,
        trim: rule.trim,
        pattern,
    };
    Ok((branches, value))
}
