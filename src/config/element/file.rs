//! The name of a file, which need not exist yet.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The path; `None` for an empty string, which means that there is no file.
pub(in crate::config) fn read(node: &Node) -> Result<Option<PathBuf>, Complaint> {
    match node.string() {
        Some("") => Ok(None),
        Some(path) if path.contains('\0') => Err(Complaint::new("must not have null characters")),
        Some(path) => Ok(Some(PathBuf::from(path))),
        None => Err(Complaint::new("must be a string").with_help("write the name of a file, or \"\" for none")),
    }
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "string" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_path_is_any_text_and_an_empty_text_names_no_file() {
        let table = [("''", None), ("'a/b c.txt'", Some("a/b c.txt")), ("' '", Some(" "))];
        for (written, expected) in table {
            assert_eq!(read(&sample::toml(written)), Ok(expected.map(PathBuf::from)), "{written}");
        }
        assert_eq!(read(&sample::flag("1.txt")), Ok(Some(PathBuf::from("1.txt"))));
        for (written, expected) in [
            ("1", "must be a string"),
            ("false", "must be a string"),
            (r#""a\u0000""#, "must not have null characters"),
        ] {
            assert_eq!(read(&sample::toml(written)).expect_err(written).message, expected, "{written}");
        }
    }
}
