//! `true` or `false`.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The boolean, without quotes.
pub(in crate::config) fn read(node: &Node) -> Result<bool, Complaint> {
    node.boolean().ok_or_else(|| {
        let complaint = Complaint::new("must be true or false");
        match node.string() {
            Some(text @ ("true" | "false")) => complaint.with_help(format!("write {text} without quotes")),
            _ => complaint,
        }
    })
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "boolean" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_boolean_has_no_quotes() {
        assert_eq!(read(&sample::toml("true")), Ok(true));
        assert_eq!(read(&sample::flag("false")), Ok(false));
        let table = [("1", None), ("'yes'", None), ("'true'", Some("write true without quotes"))];
        for (written, help) in table {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert_eq!((complaint.message.as_str(), complaint.help.as_deref()), ("must be true or false", help));
        }
    }
}
