//! A length of time as people write it: `50ms`, `2s`, `1m 30s` (the units of the `humantime` crate).

use std::time::Duration;

use serde_json::json;

use crate::config::error::Complaint;
use crate::config::written::{Node, Value};

/// The longest. No limit needs to be longer, and adding this to the current time never overflows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Zero, or longer.
pub(in crate::config) fn read(node: &Node) -> Result<Duration, Complaint> {
    let Some(text) = node.string().filter(|text| text.trim().parse::<f64>().is_err()) else {
        return Err(without_unit(node));
    };
    let duration = humantime::parse_duration(text).map_err(|error| malformed(text, &error))?;
    if let Some(at) = ambiguous_unit(text) {
        let help = format!("minutes are written {}", node.as_written("5m"));
        return Err(Complaint::new("must not be given in months or years").at(at).with_help(help));
    }
    if duration > LONGEST {
        return Err(Complaint::new("must not be longer than 365 days"));
    }
    Ok(duration)
}

/// Longer than zero.
pub(in crate::config) fn positive(node: &Node) -> Result<Duration, Complaint> {
    let duration = read(node)?;
    if duration.is_zero() {
        return Err(Complaint::new("must be longer than zero"));
    }
    Ok(duration)
}

/// Finds a month or a year. `M` is a month and `m` is a minute: somebody who writes `M` means minutes.
fn ambiguous_unit(text: &str) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    for unit in text.split_inclusive(|c: char| !c.is_alphabetic()) {
        let word = unit.trim_end_matches(|c: char| !c.is_alphabetic());
        if matches!(word, "M" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years") {
            return Some(start..start + word.len());
        }
        start += unit.len();
    }
    None
}

fn expected() -> Complaint {
    Complaint::new("must be a duration such as \"50ms\", \"2s\" or \"1m\"")
}

fn without_unit(node: &Node) -> Complaint {
    let number = match &node.value {
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bare(text) | Value::String(text) => text.trim().to_owned(),
        _ => return expected(),
    };
    if number.starts_with(|c: char| c.is_ascii_digit()) {
        expected().with_help(format!("give it a unit: {}", node.as_written(&format!("{number}s"))))
    } else {
        expected()
    }
}

fn malformed(text: &str, error: &humantime::DurationError) -> Complaint {
    use humantime::DurationError;
    match error {
        DurationError::UnknownUnit { start, end, unit, .. } if !unit.is_empty() => {
            expected().at(*start..*end).with_help("the units are ms, s, m, h and days")
        }
        DurationError::InvalidCharacter(at) | DurationError::NumberExpected(at) => {
            let length = text[*at..].chars().next().map_or(0, char::len_utf8);
            expected().at(*at..at + length)
        }
        DurationError::NumberOverflow => Complaint::new("must be a duration from 1ns to 365 days"),
        _ => expected(),
    }
}

/// The form of [`read`](fn@read), as JSON Schema: numbers, which may have decimals, each with a unit.
pub(in crate::config) fn form() -> serde_json::Value {
    let number = r"[0-9][0-9\s]*(\.\s*[0-9][0-9\s]*)?";
    let pattern = format!(r"^(\s*{number}({}))+\s*$", UNITS.join("|"));
    json!({ "type": "string", "pattern": pattern })
}

/// The form of [`positive`]: it has another digit than 0.
pub(in crate::config) fn positive_form() -> serde_json::Value {
    let mut form = form();
    form["not"] = json!({ "pattern": "^[^1-9]*$" });
    form
}

/// The units of `humantime`, without months and years.
const UNITS: &[&str] = &[
    "nanos", "nsec", "ns", "usec", "us", "\u{b5}s", "millis", "msec", "ms", "seconds", "second", "secs", "sec", "s",
    "minutes", "minute", "mins", "min", "m", "hours", "hour", "hrs", "hr", "h", "days", "day", "d", "weeks", "week",
    "wks", "wk", "w",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let table = [
            ("50ms", Duration::from_millis(50)),
            ("2s", Duration::from_secs(2)),
            ("1m", Duration::from_secs(60)),
            ("1m 30s", Duration::from_secs(90)),
            ("1.5s", Duration::from_millis(1500)),
            ("2h", Duration::from_secs(7200)),
            ("365days", LONGEST),
            ("0s", Duration::ZERO),
        ];
        for (written, expected) in table {
            assert_eq!(read(&sample::toml(&format!("'{written}'"))), Ok(expected), "{written}");
            assert_eq!(read(&sample::flag(written)), Ok(expected), "{written}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_the_way_out() {
        // (as in a file, what is wrong inside the string, the way out)
        let table = [
            ("5", None, Some("give it a unit: \"5s\"")),
            ("0.5", None, Some("give it a unit: \"0.5s\"")),
            ("'5'", None, Some("give it a unit: \"5s\"")),
            ("-5", None, None),
            ("'inf'", None, None),
            ("''", None, None),
            ("'5 parsecs'", Some(2..9), Some("the units are ms, s, m, h and days")),
            ("'-5s'", Some(0..1), None),
            ("'soon'", Some(0..1), None),
            ("'5s€'", Some(2..5), None),
            ("true", None, None),
            ("['5s']", None, None),
        ];
        for (written, at, help) in table {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert_eq!(complaint.message, expected().message, "{written}");
            assert_eq!(complaint.at, at, "{written}");
            assert_eq!(complaint.help.as_deref(), help, "{written}");
        }
        let complaint = read(&sample::flag("5")).expect_err("it has no unit");
        assert_eq!(complaint.help.as_deref(), Some("give it a unit: 5s"));
    }

    #[test]
    fn months_and_endless_limits_are_refused() {
        let table = [
            ("'10M'", "must not be given in months or years"),
            ("'1h 2months'", "must not be given in months or years"),
            ("'53weeks'", "must not be longer than 365 days"),
            ("'99999999999999999999s'", "must be a duration from 1ns to 365 days"),
        ];
        for (written, expected) in table {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert_eq!(complaint.message, expected, "{written}");
        }
        assert_eq!(ambiguous_unit("1h 2months"), Some(4..10));
    }

    #[test]
    fn zero_is_refused_where_it_makes_no_sense() {
        assert_eq!(positive(&sample::toml("'0ms'")), Err(Complaint::new("must be longer than zero")));
        assert_eq!(positive(&sample::toml("'1ms'")), Ok(Duration::from_millis(1)));
    }
}
