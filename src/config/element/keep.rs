//! What of a list is carried into its records: `"all"`, or a list of names.

use serde_json::json;

use super::{list, text};
use crate::config::error::Complaint;
use crate::config::written::{Node, Value};
use crate::input::Keep;

/// All, or the names. Outside of a file, one bare word other than `all` is a list of one.
pub(in crate::config) fn read(node: &Node) -> Result<Keep, Complaint> {
    match &node.value {
        Value::Bare(word) | Value::String(word) if word == "all" => Ok(Keep::All),
        Value::Bare(_) | Value::Array(_) => list::read(node, text::read).map(Keep::Only),
        _ => Err(Complaint::new("must be \"all\" or a list of names").with_help("[] keeps none")),
    }
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> serde_json::Value {
    json!({ "anyOf": [{ "const": "all" }, list::form(&text::form())] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn all_or_a_list_of_names_is_kept() {
        let only = |names: &[&str]| Ok(Keep::Only(names.iter().map(ToString::to_string).collect()));
        assert_eq!(read(&sample::toml("'all'")), Ok(Keep::All));
        assert_eq!(read(&sample::flag("all")), Ok(Keep::All));
        assert_eq!(read(&sample::toml("[]")), only(&[]));
        assert_eq!(read(&sample::toml("['all', 'b']")), only(&["all", "b"]));
        assert_eq!(read(&sample::flag("sku")), only(&["sku"]));
        for bad in ["'sku'", "true", "[1]"] {
            assert!(read(&sample::toml(bad)).is_err(), "{bad}");
        }
    }
}
