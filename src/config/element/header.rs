//! A request header: a name and a value that RFC 9110 allows. The `http` crate checks them, which also sends them.

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;

use super::template::{self, Template};
use crate::config::error::Complaint;
use crate::config::written::{Node, Value};

/// Headers that belong to one connection, which the HTTP client alone sets (RFC 9110, 7.6.1; RFC 9112, 6).
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that carry credentials. Lists of settings do not show them. They may change between two runs that share an
/// output, because tokens expire.
const CREDENTIALS: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// A regular expression for the name of a header (RFC 9110, 5.1).
pub(in crate::config) const NAME: &str = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/// A regular expression for the whole value of a header.
pub(super) const VALUE: &str = r"^[^\x00-\x08\x0a-\x1f\x7f]*$";

/// Checks a name, which must be one that settings may set.
pub(in crate::config) fn check_name(name: &str) -> Result<(), Complaint> {
    let Ok(parsed) = HeaderName::try_from(name) else {
        return Err(Complaint::new("is not a valid header name")
            .with_help("a name has letters, digits and any of !#$%&'*+-.^_`|~"));
    };
    if parsed == reqwest::header::USER_AGENT {
        return Err(Complaint::new("has its own setting").with_help("set fetch.user_agent"));
    }
    if OF_THE_CONNECTION.contains(&parsed.as_str()) {
        return Err(Complaint::new("cannot be set: it belongs to the connection"));
    }
    Ok(())
}

/// Reads a value: any text without control characters except tabs. It may name environment variables.
pub(in crate::config) fn read_value(node: &Node) -> Result<Template, Complaint> {
    match (&node.value, node.string()) {
        (_, Some(text)) => check_value(text).and_then(|()| template::parse(text)),
        (Value::Integer(_) | Value::Float(_) | Value::Boolean(_), None) => {
            let help = format!("write it with quotes: {}", node.as_written(&node.value.to_string()));
            Err(Complaint::new("must be a string").with_help(help))
        }
        _ => Err(Complaint::new("must be a string")),
    }
}

/// Checks a value. The complaint has the place of the first character that no header value may have.
pub(super) fn check_value(text: &str) -> Result<(), Complaint> {
    if HeaderValue::from_str(text).is_ok() {
        return Ok(());
    }
    let wrong = text.char_indices().find(|(_, c)| c.is_ascii_control() && *c != '\t');
    let complaint = Complaint::new("must not have control characters (a line break is one)");
    Err(match wrong {
        Some((at, c)) => complaint.at(at..at + c.len_utf8()),
        None => complaint,
    })
}

/// Whether the header of this name carries credentials.
pub(in crate::config) fn has_credentials(name: &str) -> bool {
    CREDENTIALS.contains(&name.to_ascii_lowercase().as_str())
}

/// The form of a table of headers, as JSON Schema.
pub(in crate::config) fn form() -> serde_json::Value {
    json!({
        "type": "object",
        "propertyNames": { "pattern": format!("^{NAME}$") },
        "additionalProperties": { "type": "string", "pattern": VALUE },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn names_are_tokens_that_are_not_ours_to_set() {
        for name in ["Accept", "accept-language", "X-Api.Key_2", "Host", "Cookie"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let table = [
            ("", "is not a valid header name"),
            ("Accept Language", "is not a valid header name"),
            ("Accept:", "is not a valid header name"),
            ("Überschrift", "is not a valid header name"),
            ("User-Agent", "has its own setting"),
            ("Content-Length", "cannot be set: it belongs to the connection"),
            ("transfer-encoding", "cannot be set: it belongs to the connection"),
        ];
        for (name, expected) in table {
            assert_eq!(check_name(name).expect_err(name).message, expected, "{name}");
        }
    }

    #[test]
    fn values_are_text_without_control_characters() {
        for (written, expected) in [("'en'", "en"), ("''", ""), ("'a, b;q=0.5'", "a, b;q=0.5"), ("'naïve'", "naïve")]
        {
            assert_eq!(read_value(&sample::toml(written)), template::parse(expected), "{written}");
        }
        assert_eq!(read_value(&sample::flag("1")), template::parse("1"));
        let table = [
            (r#""a\r\nHost: b""#, "must not have control characters (a line break is one)", Some(1..2)),
            ("1", "must be a string", None),
            ("['en']", "must be a string", None),
        ];
        for (written, message, at) in table {
            let complaint = read_value(&sample::toml(written)).expect_err(written);
            assert_eq!((complaint.message.as_str(), complaint.at), (message, at), "{written}");
        }
    }

    #[test]
    fn headers_with_credentials_are_known() {
        for (name, expected) in [("Authorization", true), ("COOKIE", true), ("Accept", false)] {
            assert_eq!(has_credentials(name), expected, "{name}");
        }
    }
}
