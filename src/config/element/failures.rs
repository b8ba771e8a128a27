//! How many failures are too many: `none`, a number or a percentage.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;
use crate::model::MaxFailures;

/// `"none"` is no limit.
pub(in crate::config) fn read(node: &Node) -> Result<Option<MaxFailures>, Complaint> {
    let number = node.integer().and_then(|number| u64::try_from(number).ok());
    let text = node.string().map(str::trim);
    match (number, text) {
        (Some(number), _) => Ok(Some(MaxFailures::Count(number))),
        (None, Some("none")) => Ok(None),
        (None, Some(text)) => percentage(text).map(Some).ok_or_else(expected),
        (None, None) => Err(expected()),
    }
}

fn percentage(text: &str) -> Option<MaxFailures> {
    let percent: f64 = text.strip_suffix('%')?.trim_end().parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(MaxFailures::Percent(percent))
}

fn expected() -> Complaint {
    Complaint::new("must be a number of failures such as 100, a percentage of all records such as \"5%\", or \"none\"")
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    let percentage = r"0*(100(\.0*)?|[0-9]{1,2}(\.[0-9]*)?|\.[0-9]+)\s*%";
    json!({ "anyOf": [
        { "type": "integer", "minimum": 0 },
        { "type": "string", "pattern": format!(r"^\s*(none|{percentage})\s*$") },
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn limits_are_counts_percentages_or_none() {
        let table = [
            ("none", None),
            ("0", Some(MaxFailures::Count(0))),
            ("100", Some(MaxFailures::Count(100))),
            ("5%", Some(MaxFailures::Percent(5.0))),
            ("0.5 %", Some(MaxFailures::Percent(0.5))),
            ("100%", Some(MaxFailures::Percent(100.0))),
        ];
        for (written, expected) in table {
            assert_eq!(read(&sample::flag(written)), Ok(expected), "{written}");
        }
        assert_eq!(read(&sample::toml("'5%'")), Ok(Some(MaxFailures::Percent(5.0))));
        for written in ["-1", "101%", "-1%", "nan%", "%", "many", "", "0.5"] {
            assert_eq!(read(&sample::flag(written)), Err(expected()), "{written}");
        }
    }
}
