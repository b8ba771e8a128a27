//! A short text without line breaks, such as a separator or the name of a field.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;

/// The longest text, in bytes.
const LONGEST: usize = 200;

/// The text, which may be empty. A tab is the only control character that it may contain.
pub(in crate::config) fn read(node: &Node) -> Result<String, Complaint> {
    let is_control = |character: char| character.is_control() && character != '\t';
    match node.string() {
        Some(text) if text.len() <= LONGEST && !text.contains(is_control) => Ok(text.to_owned()),
        Some(_) => Err(Complaint::new(format!(
            "must be a text of at most {LONGEST} bytes on one line, without control characters"
        ))),
        None => Err(Complaint::new("must be a text").with_help("put it in quotes")),
    }
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "string", "maxLength": LONGEST, "pattern": r"^[^\x00-\x08\x0a-\x1f\x7f-\x9f]*$" })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::config::element::sample;

    #[test]
    fn a_text_is_short_and_on_one_line() {
        for (written, expected) in [("''", ""), ("'|'", "|"), ("\"\\t\"", "\t"), ("'; '", "; "), ("'naïve'", "naïve")]
        {
            assert_eq!(read(&sample::toml(written)).as_deref(), Ok(expected), "{written}");
        }
        assert_eq!(read(&sample::flag("items")).as_deref(), Ok("items"));
        let long = format!("'{}'", "x".repeat(201));
        let table = [
            ("\"a\\nb\"", "must be a text of at most 200 bytes"),
            ("\"a\\u0000\"", "must be a text of at most 200 bytes"),
            (&long, "must be a text of at most 200 bytes"),
            ("7", "must be a text"),
            ("['a']", "must be a text"),
        ];
        for (written, message) in table {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert!(complaint.message.starts_with(message), "{written}: {}", complaint.message);
        }
    }
}
