//! A number that may have decimals.

use serde_json::json;

use crate::config::error::Complaint;
use crate::config::written::{Node, Value};

/// 0 or more, and finite.
pub(in crate::config) fn read(node: &Node) -> Result<f64, Complaint> {
    let number = match node.number() {
        // A number above 2^53 is rounded. No setting needs one that large.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        Some(Value::Integer(number)) => Some(number as f64),
        Some(Value::Float(number)) => Some(number),
        _ => None,
    };
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .ok_or_else(|| Complaint::new("must be a number, 0 or more, such as 2 or 0.5"))
}

/// More than 0, and finite.
pub(in crate::config) fn positive(node: &Node) -> Result<f64, Complaint> {
    let number = read(node).ok().filter(|number| *number > 0.0);
    number.ok_or_else(|| Complaint::new("must be a number above 0, such as 2 or 0.5"))
}

/// The form of [`read`](fn@read), as JSON Schema.
pub(in crate::config) fn form() -> serde_json::Value {
    json!({ "type": "number", "minimum": 0 })
}

/// The form of [`positive`].
pub(in crate::config) fn positive_form() -> serde_json::Value {
    json!({ "type": "number", "exclusiveMinimum": 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn numbers_may_have_decimals_and_are_finite() {
        for (written, expected) in [("0", 0.0), ("2", 2.0), ("0.5", 0.5), ("1e3", 1000.0)] {
            assert_eq!(read(&sample::toml(written)), Ok(expected), "{written}");
            assert_eq!(read(&sample::flag(written)), Ok(expected), "{written}");
        }
        for written in ["-1", "-0.5", "inf", "nan", "'2'", "true"] {
            assert!(read(&sample::toml(written)).is_err(), "{written}");
        }
        assert!(positive(&sample::toml("0")).is_err());
        assert_eq!(positive(&sample::toml("0.1")), Ok(0.1));
    }
}
