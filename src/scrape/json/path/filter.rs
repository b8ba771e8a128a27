//! Decides whether a filter expression is true for a value (RFC 9535, section 2.3.5.2).

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::{Json, number};
use super::budget::TooMany;
use super::regexp;
use super::select::Run;
use super::syntax::{Comparable, Logical, Match, Operator, Pattern};

/// The steps that compiling a pattern of the document costs.
const STEPS_OF_A_PATTERN: usize = 5_000;

impl<'j> Run<'j> {
    pub(super) fn is_true(&self, filter: &Logical, current: &'j Json) -> Result<bool, TooMany> {
        match filter {
            Logical::Or(parts) => {
                for part in parts {
                    if self.is_true(part, current)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Logical::And(parts) => {
                for part in parts {
                    if !self.is_true(part, current)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Logical::Not(part) => Ok(!self.is_true(part, current)?),
            Logical::Exists(query) if query.is_singular() => Ok(self.single(query, current)?.is_some()),
            Logical::Exists(query) => Ok(!self.query(query, current)?.is_empty()),
            Logical::Compare(left, operator, right) => {
                let (left, right) = (self.value(left, current)?, self.value(right, current)?);
                self.compares(left.as_deref(), *operator, right.as_deref())
            }
            Logical::Matches(parts) => self.matches(parts, current),
        }
    }

    /// Returns the value of a comparable. `None` is the RFC's "Nothing".
    fn value<'a>(&self, comparable: &'a Comparable, current: &'j Json) -> Result<Option<Cow<'a, Json>>, TooMany>
    where
        'j: 'a,
    {
        Ok(match comparable {
            Comparable::Literal(json) => Some(Cow::Borrowed(json)),
            Comparable::Query(query) => self.single(query, current)?.map(Cow::Borrowed),
            Comparable::Count(query) => Some(Cow::Owned(whole_number(self.query(query, current)?.len()))),
            Comparable::Value(query) => match self.query(query, current)?[..] {
                [only] => Some(Cow::Borrowed(only)),
                _ => None,
            },
            Comparable::Length(of) => {
                let length = match self.value(of, current)?.as_deref() {
                    Some(Json::String(text)) => {
                        self.budget.spend_text(text.len())?;
                        Some(text.chars().count())
                    }
                    Some(Json::Array(values)) => Some(values.len()),
                    Some(Json::Object(entries)) => Some(entries.len()),
                    _ => None,
                };
                length.map(|length| Cow::Owned(whole_number(length)))
            }
        })
    }

    fn compares(&self, left: Option<&Json>, operator: Operator, right: Option<&Json>) -> Result<bool, TooMany> {
        Ok(match operator {
            Operator::Equal => self.equals(left, right)?,
            Operator::NotEqual => !self.equals(left, right)?,
            Operator::Less => self.is_less(left, right)?,
            Operator::LessOrEqual => self.is_less(left, right)? || self.equals(left, right)?,
            Operator::Greater => self.is_less(right, left)?,
            Operator::GreaterOrEqual => self.is_less(right, left)? || self.equals(left, right)?,
        })
    }

    fn equals(&self, left: Option<&Json>, right: Option<&Json>) -> Result<bool, TooMany> {
        match (left, right) {
            (Some(left), Some(right)) => self.are_equal(left, right),
            (left, right) => Ok(left.is_none() && right.is_none()),
        }
    }

    fn are_equal(&self, left: &Json, right: &Json) -> Result<bool, TooMany> {
        self.budget.spend(1)?;
        Ok(match (left, right) {
            (Json::Number(left), Json::Number(right)) => {
                self.budget.spend_text(left.len().max(right.len()))?;
                number::compare(left, right) == Ordering::Equal
            }
            (Json::String(left), Json::String(right)) => {
                self.budget.spend_text(left.len().min(right.len()))?;
                left == right
            }
            (Json::Array(left), Json::Array(right)) if left.len() == right.len() => {
                for (left, right) in left.iter().zip(right) {
                    if !self.are_equal(left, right)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Json::Object(left), Json::Object(right)) if left.len() == right.len() => {
                for (nth, (key, value)) in left.iter().enumerate() {
                    // The keys are usually in the same order.
                    let same = right.get(nth).filter(|(other, _)| other == key).map(|(_, value)| value);
                    let other = if same.is_some() {
                        same
                    } else {
                        self.budget.spend(right.len())?;
                        right.iter().find(|(other, _)| other == key).map(|(_, value)| value)
                    };
                    let Some(other) = other else { return Ok(false) };
                    if !self.are_equal(value, other)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Json::Bool(left), Json::Bool(right)) => left == right,
            (Json::Null, Json::Null) => true,
            _ => false,
        })
    }

    /// Only numbers and strings have an order.
    fn is_less(&self, left: Option<&Json>, right: Option<&Json>) -> Result<bool, TooMany> {
        Ok(match (left, right) {
            (Some(Json::Number(left)), Some(Json::Number(right))) => {
                self.budget.spend_text(left.len().max(right.len()))?;
                number::compare(left, right) == Ordering::Less
            }
            (Some(Json::String(left)), Some(Json::String(right))) => {
                self.budget.spend_text(left.len().min(right.len()))?;
                left < right
            }
            _ => false,
        })
    }

    fn matches(&self, parts: &Match, current: &'j Json) -> Result<bool, TooMany> {
        let text = self.value(&parts.text, current)?;
        let Some(Json::String(text)) = text.as_deref() else { return Ok(false) };
        self.budget.spend_text(text.len())?;
        match &parts.pattern {
            Pattern::Known(regex) => Ok(regex.is_match(text)),
            Pattern::Unknown(pattern) => {
                let pattern = self.value(pattern, current)?;
                let Some(Json::String(pattern)) = pattern.as_deref() else { return Ok(false) };
                self.budget.spend(STEPS_OF_A_PATTERN)?;
                self.budget.spend_text(pattern.len())?;
                Ok(regexp::compile(pattern, parts.whole).is_ok_and(|regex| regex.is_match(text)))
            }
        }
    }
}

fn whole_number(number: usize) -> Json {
    Json::Number(number.to_string().into())
}
