//! Keys of JSON, joined by dots, such as `data.links`.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The path as it was written. None of its keys is empty.
pub(in crate::config) fn read(node: &Node) -> Result<String, Complaint> {
    match node.string() {
        Some(path) if path.split('.').all(|key| !key.is_empty()) => Ok(path.to_owned()),
        _ => Err(Complaint::new("must be keys joined by dots, such as \"url\" or \"data.links\"")),
    }
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "string", "pattern": r"^[^.]+(\.[^.]+)*$" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_path_has_a_key_on_each_side_of_a_dot() {
        for path in ["url", "data.links", "a b.c"] {
            assert_eq!(read(&sample::flag(path)).as_deref(), Ok(path));
        }
        for bad in ["''", "'.'", "'a.'", "'a..b'", "1", "['a']"] {
            assert!(read(&sample::toml(bad)).is_err(), "{bad}");
        }
    }
}
