//! A list of values of one type.

use serde_json::json;

use crate::config::error::Complaint;
use crate::config::written::{Node, Value};

/// The values, each read by `item`. Outside of a file, a single bare value is a list of one.
pub(in crate::config) fn read<T>(
    node: &Node,
    item: impl Fn(&Node) -> Result<T, Complaint>,
) -> Result<Vec<T>, Complaint> {
    let nodes = match &node.value {
        Value::Array(nodes) => nodes.as_slice(),
        Value::Bare(_) => std::slice::from_ref(node),
        _ => {
            let complaint = Complaint::new("must be a list");
            return Err(complaint.with_help("put it in brackets"));
        }
    };
    nodes.iter().map(|node| item(node).map_err(|complaint| complaint.of(&node.place, node.string()))).collect()
}

/// The form of a list in a file, as JSON Schema. `item` is that of its values.
pub(in crate::config) fn form(item: &serde_json::Value) -> serde_json::Value {
    json!({ "type": "array", "items": item })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::{count, sample};

    #[test]
    fn a_list_is_in_brackets_and_outside_of_files_may_be_one_bare_value() {
        assert_eq!(read(&sample::toml("[1, 2]"), count::any), Ok(vec![1, 2]));
        assert_eq!(read(&sample::toml("[]"), count::any), Ok(vec![]));
        assert_eq!(read(&sample::flag("[1, 2]"), count::any), Ok(vec![1, 2]));
        assert_eq!(read(&sample::flag("3"), count::any), Ok(vec![3]));
        let complaint = read(&sample::toml("3"), count::any).expect_err("no list");
        assert_eq!((&*complaint.message, complaint.help.as_deref()), ("must be a list", Some("put it in brackets")));
    }

    #[test]
    fn what_is_wrong_with_an_item_is_said_at_its_place() {
        let node = sample::toml("[1, -2]");
        let complaint = read(&node, count::any).expect_err("a bad item");
        let shown = node.problem("x", complaint).to_string();
        assert!(shown.contains("gleaner.toml:1:9") && shown.ends_with("^^"), "{shown}");
    }
}
