//! Any text.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The text as it was written; may be empty.
pub(in crate::config) fn read(node: &Node) -> Result<String, Complaint> {
    node.string().map(str::to_owned).ok_or_else(|| {
        let complaint = Complaint::new("must be a string");
        match node.integer() {
            Some(number) => complaint.with_help(format!("put it in quotes: \"{number}\"")),
            None => complaint,
        }
    })
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
    fn a_text_is_in_quotes_in_a_file() {
        assert_eq!(read(&sample::toml("'a b'")).as_deref(), Ok("a b"));
        assert_eq!(read(&sample::flag("2")).as_deref(), Ok("2"));
        assert_eq!(read(&sample::toml("''")).as_deref(), Ok(""));
        let complaint = read(&sample::toml("2")).expect_err("a number");
        assert_eq!(
            (&*complaint.message, complaint.help.as_deref()),
            ("must be a string", Some("put it in quotes: \"2\""))
        );
        assert!(read(&sample::toml("['a']")).is_err());
    }
}
