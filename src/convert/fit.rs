//! Reads a value of JSON as the type of its column.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize as _;

use crate::model::{ValueKind, whole};

/// A value that is neither a list nor an object, as a column has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fitted<'a> {
    Text(Cow<'a, str>),
    /// The digits, as in JSON.
    Number(&'a str),
    Integer(i64),
    Boolean(bool),
    /// A date.
    Date(Date),
    /// A point in time. A text without an offset counts as UTC.
    Time(Timestamp),
}

/// Reads a value. A text column takes any value: what is not a string is JSON. `None` if the value does not fit. Lists
/// and objects fit no type but text.
pub(super) fn fit<'a>(kind: &ValueKind, json: &'a str) -> Option<Fitted<'a>> {
    Some(match (kind, json.as_bytes().first()?) {
        (ValueKind::Text, b'"') => Fitted::Text(string(json)?),
        (ValueKind::Text, _) => Fitted::Text(Cow::Borrowed(json)),
        (ValueKind::Boolean, b't') => Fitted::Boolean(true),
        (ValueKind::Boolean, b'f') => Fitted::Boolean(false),
        (ValueKind::Number, b'-' | b'0'..=b'9') => Fitted::Number(json),
        (ValueKind::Integer, b'-' | b'0'..=b'9') => Fitted::Integer(whole(json)?),
        (ValueKind::Date, b'"') => {
            let text = string(json)?;
            // A date with a time would lose it.
            Fitted::Date(text.parse().ok().filter(|date: &Date| date.to_string() == *text)?)
        }
        (ValueKind::DateTime, b'"') => {
            let text = string(json)?;
            let has_time = text.contains(['T', 't', ' ']);
            let without_offset =
                || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok().filter(|_| has_time)?).ok();
            Fitted::Time(text.parse().ok().or_else(without_offset)?)
        }
        _ => return None,
    })
}

/// The text of a string of JSON.
fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    String::deserialize(&mut serde_json::Deserializer::from_str(json)).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_types_or_are_known_not_to() {
        use ValueKind::{Boolean, Date, DateTime, Integer, Number, Text};
        let text = |text: &'static str| Some(Fitted::Text(Cow::Borrowed(text)));
        let time = |micros| Some(Fitted::Time(Timestamp::from_microsecond(micros).expect("in range")));
        let date = |text: &str| Some(Fitted::Date(text.parse().expect("a date")));
        let table = [
            (Text, r#""a""#, text("a")),
            (Text, r#""a\"\n\u00e9\u0000""#, text("a\"\né\0")),
            (Text, r#""""#, text("")),
            (Text, "1.50", text("1.50")),
            (Text, "true", text("true")),
            (Text, r#"[1,"a"]"#, text(r#"[1,"a"]"#)),
            (Text, r#"{"a":null}"#, text(r#"{"a":null}"#)),
            (Text, r#""\ud800""#, None),
            (Number, "1.50", Some(Fitted::Number("1.50"))),
            (Number, "-1e999", Some(Fitted::Number("-1e999"))),
            (Number, "9007199254740993", Some(Fitted::Number("9007199254740993"))),
            (Number, r#""1""#, None),
            (Number, "true", None),
            (Number, "[1]", None),
            (Integer, "9007199254740993", Some(Fitted::Integer(9_007_199_254_740_993))),
            (Integer, "-9223372036854775808", Some(Fitted::Integer(i64::MIN))),
            (Integer, "1.0", Some(Fitted::Integer(1))),
            (Integer, "12e2", Some(Fitted::Integer(1200))),
            (Integer, "1.5", None),
            (Integer, "9223372036854775808", None),
            (Integer, "1e999", None),
            (Integer, r#""1""#, None),
            (Boolean, "true", Some(Fitted::Boolean(true))),
            (Boolean, "false", Some(Fitted::Boolean(false))),
            (Boolean, "0", None),
            (Boolean, r#""true""#, None),
            (Date, r#""2024-02-29""#, date("2024-02-29")),
            (Date, r#""0001-01-01""#, date("0001-01-01")),
            (Date, r#""2023-02-29""#, None),
            (Date, r#""2024-03-01T10:00:00""#, None),
            (Date, "20240301", None),
            (DateTime, r#""1970-01-01T00:00:01.000002Z""#, time(1_000_002)),
            (DateTime, r#""1970-01-01T02:00:01+02:00""#, time(1_000_000)),
            (DateTime, r#""1970-01-01T00:00:01""#, time(1_000_000)),
            (DateTime, r#""1969-12-31T23:59:59Z""#, time(-1_000_000)),
            (DateTime, r#""noon""#, None),
            (DateTime, r#""2024-03-01""#, None),
            (DateTime, "1", None),
            (Text.listed(), "[]", None),
            (ValueKind::Object(Vec::new()), "{}", None),
            (Text, "", None),
        ];
        for (kind, json, expected) in table {
            assert_eq!(fit(&kind, json), expected, "{kind:?} {json}");
        }
    }
}
