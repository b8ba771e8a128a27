//! An HTTP status for an error.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// From 400 to 599; no other status is an error (RFC 9110, section 15).
pub(in crate::config) fn read(node: &Node) -> Result<u16, Complaint> {
    let status = node.integer().and_then(|number| u16::try_from(number).ok());
    let failed = status.filter(|status| (400..600).contains(status));
    failed.ok_or_else(|| Complaint::new("must contain HTTP statuses from 400 to 599"))
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "integer", "minimum": 400, "maximum": 599 })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::config::element::sample;

    #[test]
    fn only_failures_are_statuses_to_try_again_after() {
        for status in [400, 503, 599] {
            assert_eq!(read(&sample::toml(&status.to_string())), Ok(status));
        }
        for written in ["200", "399", "600", "-1", "'503'", "5.03"] {
            assert!(read(&sample::toml(written)).is_err(), "{written}");
        }
    }
}
