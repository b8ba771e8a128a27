//! Compiled rules, which the extractor runs on each page.

use super::pattern::{Pattern, PatternError};
use super::rules::{Arity, Fields, Rule, ValueRule, ValueType};
use super::selection::{Branch, Scan, Selection, SelectionError, Symbols, Take};
use super::value;
use crate::scrape::json;

/// The fields of one object.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) fields: Vec<Field>,
    /// All branches of all fields, so that each element is examined only once for all of them.
    pub(super) scan: Scan<Origin>,
}

/// The field to which a branch belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The field's number.
    pub(super) field: usize,
    /// The index of the branch's take in the field's `takes`.
    pub(super) take: u32,
}

/// One field of an object.
#[derive(Debug)]
pub(super) struct Field {
    /// The index of the field among all fields of the extractor, at any depth.
    pub(super) number: usize,
    pub(super) name: String,
    /// The name as JSON, with the colon.
    pub(super) key: Vec<u8>,
    /// The takes of its branches, without duplicates, in the order of the values that one element gives.
    pub(super) takes: Vec<Take>,
    pub(super) content: Content,
}

/// The content of a field.
#[derive(Debug)]
pub(super) enum Content {
    Value(Value),
    Each(Box<Plan>),
}

/// How to make a value from the selected text.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) css: String,
    pub(super) arity: Arity,
    pub(super) kind: ValueType,
    pub(super) required: bool,
    /// Replaces a missing single value, as JSON.
    pub(super) default: Vec<u8>,
    pub(super) trim: bool,
    pub(super) pattern: Option<Pattern>,
}

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
    /// The selector in `css`.
    #[error("selector: {0}")]
    Selector(SelectionError),
    /// The selector in `each`.
    #[error("`each`: {0}")]
    Each(SelectionError),
    /// The regular expression in `re`.
    #[error("regular expression: {0}")]
    Pattern(PatternError),
    /// The `re` of a single value has several groups. A single value takes only one string.
    #[error(
        "a single value takes one group of its `re`, which has {0}: write the others as `(?:..)`, or name the wanted one \
         `(?P<extract>..)`"
    )]
    SeveralGroups(usize),
    /// A list has a `default`, but a list without matches is empty and never missing.
    #[error("a list cannot have a `default`, because it is empty if nothing matches: remove `default`")]
    DefaultOfList,
    /// A value has both `default` and `required`.
    #[error("a `required` value cannot have a `default`: remove one of them")]
    DefaultOfRequired,
}

impl Plan {
    /// Compiles the rules. Adds the names of all selectors to `symbols`.
    pub(super) fn new(fields: &Fields, symbols: &mut Symbols) -> Result<Self, RuleError> {
        Compiler { symbols, fields: 0 }.plan(fields, "")
    }

    /// Whether any selector contains `:has(..)`, at any depth.
    pub(super) fn uses_has(&self) -> bool {
        self.scan.branches().any(|branch| branch.has)
            || self.fields.iter().any(|field| matches!(&field.content, Content::Each(plan) if plan.uses_has()))
    }

    /// Whether any field takes links, at any depth.
    pub(super) fn takes_links(&self) -> bool {
        self.fields.iter().any(|field| {
            field.takes.contains(&Take::Url) || matches!(&field.content, Content::Each(plan) if plan.takes_links())
        })
    }

    /// Returns the number of fields, at any depth.
    pub(super) fn count(&self) -> usize {
        let below = |field: &Field| match &field.content {
            Content::Value(_) => 0,
            Content::Each(plan) => plan.count(),
        };
        self.fields.iter().map(|field| 1 + below(field)).sum()
    }
}

/// Makes the plans of one extractor.
struct Compiler<'s> {
    symbols: &'s mut Symbols,
    /// The number of fields so far.
    fields: usize,
}

impl Compiler<'_> {
    fn plan(&mut self, rules: &Fields, path: &str) -> Result<Plan, RuleError> {
        let (mut fields, mut branches) = (Vec::with_capacity(rules.len()), Vec::new());
        for (name, rule) in rules {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let at = |kind| RuleError { path: path.clone(), kind };
            let number = self.fields;
            self.fields += 1;
            let (its_branches, content) = match rule {
                Rule::Value(rule) => {
                    let (branches, value) = compile_value(rule).map_err(at)?;
                    (branches, Content::Value(value))
                }
                Rule::Each { each, fields } => {
                    let selection = Selection::parse_elements(each).map_err(RuleErrorKind::Each).map_err(at)?;
                    (selection.branches, Content::Each(Box::new(self.plan(fields, &path)?)))
                }
            };
            fields.push(Field::new(number, name, &its_branches, content));
            let takes = &fields[fields.len() - 1].takes;
            branches.extend(its_branches.into_iter().map(|branch| {
                let take = takes.iter().position(|take| *take == branch.take).unwrap_or_default();
                let take = u32::try_from(take).expect("a selector has fewer than 2^32 branches");
                (branch, Origin { field: number, take })
            }));
        }
        Ok(Plan { fields, scan: Scan::new(branches, self.symbols) })
    }
}

impl Field {
    fn new(number: usize, name: &str, branches: &[Branch], content: Content) -> Self {
        let mut takes: Vec<Take> = branches.iter().map(|branch| branch.take.clone()).collect();
        takes.sort();
        takes.dedup();
        let mut key = Vec::new();
        json::string(&mut key, name);
        key.push(b':');
        Self { number, name: name.to_owned(), key, takes, content }
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
    if let Some(strings) = pattern.as_ref().map(Pattern::strings_of_a_match)
        && strings > 1
        && rule.arity == Arity::One
    {
        return Err(RuleErrorKind::SeveralGroups(strings));
    }
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
