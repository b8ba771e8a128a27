//! Reads values of the settings, such as defaults, and checks that they fit a type.

use crate::config::error::Complaint;
use crate::config::written::{Node, Value};
use crate::scrape::extract::{Scalar, ValueType};

/// Reads a string, a number or a boolean.
pub(super) fn read(node: &Node) -> Result<Scalar, Complaint> {
    of(node, ValueType::Json).ok_or_else(|| Complaint::new(expected(ValueType::Json)))
}

/// Reads a value that a field of this type can have.
pub(super) fn read_as(node: &Node, kind: ValueType) -> Result<Scalar, Complaint> {
    let scalar = of(node, kind).ok_or_else(|| Complaint::new(expected(kind)))?;
    let is_date = |text: &str| text.parse::<jiff::civil::Date>().is_ok() && !text.contains(['T', 't', ' ']);
    let is_time = |text: &str| text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok();
    match (&scalar, kind) {
        (Scalar::String(text), ValueType::Date) if !is_date(text) => {
            Err(Complaint::new("must be a date, as `type` is \"date\"").with_help("such as \"2024-03-01\""))
        }
        (Scalar::String(text), ValueType::DateTime) if !is_time(text) || is_date(text) => {
            Err(Complaint::new("must be a date with a time, as `type` is \"datetime\"")
                .with_help("such as \"2024-03-01T10:00:00Z\""))
        }
        _ => Ok(scalar),
    }
}

fn of(node: &Node, kind: ValueType) -> Option<Scalar> {
    let string = || node.string().map(|text| Scalar::String(text.to_owned()));
    let boolean = || node.boolean().map(Scalar::Boolean);
    let number = |may_have_fraction: bool| match node.number()? {
        Value::Integer(number) => i64::try_from(number).ok().map(Scalar::Integer),
        // JSON has neither infinity nor NaN.
        Value::Float(number) if may_have_fraction && number.is_finite() => Some(Scalar::Float(number)),
        _ => None,
    };
    match kind {
        ValueType::String
        | ValueType::Html
        | ValueType::Markdown
        | ValueType::Url
        | ValueType::Date
        | ValueType::DateTime => string(),
        ValueType::Boolean => boolean(),
        ValueType::Integer => number(false),
        ValueType::Number => number(true),
        // A value of a flag has no quotes, so a number comes first.
        ValueType::Json => number(true).or_else(boolean).or_else(string),
    }
}

fn expected(kind: ValueType) -> &'static str {
    match kind {
        ValueType::String => "must be a string, as `type` is \"string\"",
        ValueType::Html => "must be a string, as `type` is \"html\"",
        ValueType::Markdown => "must be a string, as `type` is \"markdown\"",
        ValueType::Url => "must be a string, as `type` is \"url\"",
        ValueType::Date => "must be a date in quotes, as `type` is \"date\"",
        ValueType::DateTime => "must be a date with a time in quotes, as `type` is \"datetime\"",
        ValueType::Number => "must be a number, as `type` is \"number\"",
        ValueType::Integer => "must be a whole number of 64 bits, as `type` is \"integer\"",
        ValueType::Boolean => "must be true or false, as `type` is \"boolean\"",
        ValueType::Json => "must be a string, a number (of 64 bits), true or false",
    }
}
