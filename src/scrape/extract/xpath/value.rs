//! Values and how they turn into each other (`XPath` 1.0, sections 3.4 and 4).

use std::borrow::Cow;
use std::collections::HashSet;

use super::expression::Order;
use super::tree::{Place, TooMuchWork, Tree};

/// The value of an expression.
#[derive(Debug)]
pub(super) enum Value<'d> {
    /// In document order, each once.
    Nodes(Vec<Place>),
    Text(Cow<'d, str>),
    Number(f64),
    Truth(bool),
}

impl<'d> Value<'d> {
    /// Converts it as `string()` does.
    pub(super) fn text(self, tree: &Tree<'d>) -> Result<Cow<'d, str>, TooMuchWork> {
        match self {
            Self::Nodes(nodes) => nodes.first().map_or(Ok(Cow::Borrowed("")), |first| tree.string_value(*first)),
            Self::Text(text) => Ok(text),
            Self::Number(number) => Ok(number_text(number).into()),
            Self::Truth(truth) => Ok(Cow::Borrowed(if truth { "true" } else { "false" })),
        }
    }

    /// Converts it as `number()` does.
    pub(super) fn number(self, tree: &Tree<'d>) -> Result<f64, TooMuchWork> {
        match self {
            Self::Nodes(_) | Self::Text(_) => Ok(text_number(&self.text(tree)?)),
            Self::Number(number) => Ok(number),
            Self::Truth(truth) => Ok(f64::from(u8::from(truth))),
        }
    }

    /// Converts it as `boolean()` does.
    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Truth(truth) => *truth,
        }
    }

    pub(super) fn nodes(self) -> Vec<Place> {
        match self {
            Self::Nodes(nodes) => nodes,
            // The compiler takes nothing but nodes where nodes are needed.
            _ => Vec::new(),
        }
    }
}

/// Whether two values are equal, or whether they are unequal. With nodes, both may hold: one of the nodes is enough.
#[expect(clippy::float_cmp, reason = "XPath compares numbers exactly")]
pub(super) fn equality<'d>(
    tree: &Tree<'d>,
    wanted: bool,
    one: Value<'d>,
    other: Value<'d>,
) -> Result<bool, TooMuchWork> {
    use Value::{Nodes, Number, Text, Truth};
    match (one, other) {
        (Truth(truth), value) | (value, Truth(truth)) => Ok((value.truth() == truth) == wanted),
        (Nodes(nodes), Number(number)) | (Number(number), Nodes(nodes)) => {
            any(&nodes, |node| Ok((text_number(&tree.string_value(node)?) == number) == wanted))
        }
        (Nodes(nodes), Text(text)) | (Text(text), Nodes(nodes)) => {
            any(&nodes, |node| Ok((tree.string_value(node)? == text) == wanted))
        }
        (Nodes(nodes), Nodes(others)) => {
            let texts = |nodes: Vec<Place>| nodes.into_iter().map(|node| tree.string_value(node)).collect();
            let (one, other): (Result<HashSet<_>, _>, Result<HashSet<_>, _>) = (texts(nodes), texts(others));
            let (one, other) = (one?, other?);
            if wanted {
                return Ok(!one.is_disjoint(&other));
            }
            // All pairs are equal only if all texts are the same.
            Ok(!one.is_empty() && !other.is_empty() && (one.len() > 1 || one != other))
        }
        (one @ Number(_), other) | (one, other @ Number(_)) => Ok((one.number(tree)? == other.number(tree)?) == wanted),
        (Text(one), Text(other)) => Ok((one == other) == wanted),
    }
}

/// Compares two values by `<`, `<=`, `>` or `>=`.
pub(super) fn order<'d>(tree: &Tree<'d>, order: Order, one: Value<'d>, other: Value<'d>) -> Result<bool, TooMuchWork> {
    let holds = |one: f64, other: f64| match order {
        Order::Less => one < other,
        Order::LessOrEqual => one <= other,
        Order::Greater => one > other,
        Order::GreaterOrEqual => one >= other,
    };
    // Nodes are compared with a boolean as a boolean.
    let (one, other) = match (one, other) {
        (nodes @ Value::Nodes(_), truth @ Value::Truth(_)) => (Value::Truth(nodes.truth()), truth),
        (truth @ Value::Truth(_), nodes @ Value::Nodes(_)) => (truth, Value::Truth(nodes.truth())),
        both => both,
    };
    // If any pair fits, the pair of the extremes fits.
    let (one, other) = (extremes(tree, one)?, extremes(tree, other)?);
    Ok(match order {
        Order::Less | Order::LessOrEqual => holds(one.0, other.1),
        Order::Greater | Order::GreaterOrEqual => holds(one.1, other.0),
    })
}

/// Returns the smallest and the largest number of a value. They are NaN if there is none.
fn extremes<'d>(tree: &Tree<'d>, value: Value<'d>) -> Result<(f64, f64), TooMuchWork> {
    let Value::Nodes(nodes) = value else {
        let number = value.number(tree)?;
        return Ok((number, number));
    };
    let mut extremes = (f64::NAN, f64::NAN);
    for node in nodes {
        let number = text_number(&tree.string_value(node)?);
        // `min` and `max` prefer a number to NaN.
        extremes = (extremes.0.min(number), extremes.1.max(number));
    }
    Ok(extremes)
}

fn any(nodes: &[Place], fits: impl Fn(Place) -> Result<bool, TooMuchWork>) -> Result<bool, TooMuchWork> {
    for node in nodes {
        if fits(*node)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether XML counts a character as white space. `XPath` knows no other.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Reads a number: digits with at most one point, and a minus before them. Anything else is NaN.
pub(super) fn text_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// Writes a number as `XPath`'s `string()` does: without an exponent, and without a point if it is whole.
pub(super) fn number_text(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    // Adding zero turns the negative zero into the positive one.
    (number + 0.0).to_string()
}

/// Writes a number as Python does, and so as parsel gives a number: `3.0`.
pub(super) fn python_text(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}
