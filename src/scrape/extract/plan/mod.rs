//! Compiled rules, which the extractor runs on each page.
//!
//! - `compile`: makes a plan from rules
//! - `source`: compiled sources
//! - `steps`: compiled steps, and how they change a text
//! - `kind`: compiled types
//! - `preset`: the ready-made sets of fields
//! - `error`: what can be wrong with a rule

mod compile;
mod error;
mod kind;
mod preset;
mod source;
mod steps;

pub(super) use compile::compile;
pub use error::{RuleError, RuleErrorKind};
pub(super) use kind::Kind;
pub use preset::joined;
pub(super) use source::{Inside, Root, Selected, Source};
pub(super) use steps::{Shaped, Steps};

use super::rules::Arity;
use super::selection::Scan;

/// The fields of one object.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) fields: Vec<Field>,
    /// All branches of all selectors, so that each element is examined only once for all of them.
    pub(super) scan: Scan<Origin>,
    /// The numbers of these selectors.
    pub(super) selected: Vec<usize>,
}

/// The selector to which a branch belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The selector's number.
    pub(super) selected: usize,
    /// The index of the branch's take in the selector's `takes`.
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
    pub(super) content: Content,
}

/// The content of a field.
#[derive(Debug)]
pub(super) enum Content {
    Value(Box<Value>),
    FirstOf(FirstOf),
    Each(Box<Each>),
}

/// The first of several contents that has a value.
#[derive(Debug)]
pub(super) struct FirstOf {
    pub(super) contents: Vec<Content>,
    pub(super) required: bool,
    /// Replaces a missing value, as JSON.
    pub(super) default: Vec<u8>,
}

/// A list of objects.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) source: Source,
    pub(super) plan: Plan,
}

/// How to make a value from the selected text.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) source: Source,
    pub(super) arity: Arity,
    pub(super) steps: Steps,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// Replaces a missing single value, as JSON.
    pub(super) default: Vec<u8>,
}

impl Value {
    /// Whether it is written as a list.
    pub(super) fn is_list(&self) -> bool {
        self.steps.join.is_none() && (self.arity == Arity::Many || self.steps.split.is_some())
    }
}

impl Plan {
    /// Returns all sources, at any depth.
    pub(super) fn sources(&self) -> Vec<&Source> {
        let mut sources = Vec::new();
        self.fields.iter().for_each(|field| field.content.add_sources(&mut sources));
        sources
    }

    /// Returns all values, at any depth.
    pub(super) fn values(&self) -> Vec<&Value> {
        let mut values = Vec::new();
        self.fields.iter().for_each(|field| field.content.add_values(&mut values));
        values
    }

    /// Whether any selector contains `:has(..)`, at any depth.
    pub(super) fn uses_has(&self) -> bool {
        self.scan.branches().any(|branch| branch.has) || self.fields.iter().any(|field| field.content.uses_has())
    }
}

impl Content {
    fn add_sources<'p>(&'p self, sources: &mut Vec<&'p Source>) {
        match self {
            Self::Value(value) => sources.push(&value.source),
            Self::FirstOf(first) => first.contents.iter().for_each(|content| content.add_sources(sources)),
            Self::Each(each) => {
                sources.push(&each.source);
                each.plan.fields.iter().for_each(|field| field.content.add_sources(sources));
            }
        }
    }

    fn add_values<'p>(&'p self, values: &mut Vec<&'p Value>) {
        match self {
            Self::Value(value) => values.push(value),
            Self::FirstOf(first) => first.contents.iter().for_each(|content| content.add_values(values)),
            Self::Each(each) => each.plan.fields.iter().for_each(|field| field.content.add_values(values)),
        }
    }

    fn uses_has(&self) -> bool {
        match self {
            Self::Value(value) => value.source.uses_has(),
            Self::FirstOf(first) => first.contents.iter().any(Self::uses_has),
            Self::Each(each) => each.source.uses_has() || each.plan.uses_has(),
        }
    }
}
