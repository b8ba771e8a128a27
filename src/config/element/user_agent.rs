//! The `User-Agent` header, in which `{version}` stands for the version of Gleaner.

use serde_json::{Value, json};

use crate::config::element::header;
use crate::config::error::Complaint;
use crate::config::written::Node;

/// A header value that is not empty, with the version filled in.
pub(in crate::config) fn read(node: &Node) -> Result<String, Complaint> {
    let Some(text) = node.string() else {
        return Err(Complaint::new("must be a string"));
    };
    if text.trim().is_empty() {
        return Err(Complaint::new("must not be empty").with_help("say who you are: a name and a URL or an address"));
    }
    header::check_value(text)?;
    Ok(text.replace("{version}", env!("CARGO_PKG_VERSION")))
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "type": "string", "pattern": header::VALUE, "not": { "pattern": r"^\s*$" } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn the_version_is_filled_in_and_the_rest_stays() {
        let version = env!("CARGO_PKG_VERSION");
        let table = [
            ("'me/{version} (+https://example.org)'", format!("me/{version} (+https://example.org)")),
            ("'{versions}'", "{versions}".to_owned()),
        ];
        for (written, expected) in table {
            assert_eq!(read(&sample::toml(written)), Ok(expected), "{written}");
        }
    }

    #[test]
    fn a_user_agent_that_says_nothing_is_refused() {
        let table = [
            ("''", "must not be empty"),
            ("' '", "must not be empty"),
            ("1", "must be a string"),
            (r#""a\nb""#, "must not have control characters (a line break is one)"),
        ];
        for (written, expected) in table {
            assert_eq!(read(&sample::toml(written)).expect_err(written).message, expected, "{written}");
        }
    }
}
