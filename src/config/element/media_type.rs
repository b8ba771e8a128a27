//! A media type such as `application/xml`, or all types of a kind: `application/*`.

use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::written::Node;
use crate::scrape;

/// `type/subtype` or `type/*`, in lower case. JSON is refused, because it is read as JSON and not as HTML.
pub(in crate::config) fn read(node: &Node) -> Result<String, Complaint> {
    let Some(text) = node.string() else {
        return Err(Complaint::new("must contain strings such as \"application/octet-stream\""));
    };
    let lower = text.to_ascii_lowercase();
    // The characters of RFC 6838, 4.2.
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    match lower.split_once('/') {
        Some((kind, subtype)) if is_name(kind) && (is_name(subtype) || subtype == "*") => {}
        _ => {
            let complaint =
                Complaint::new("must contain types such as \"application/octet-stream\" or \"application/*\"");
            return Err(complaint);
        }
    }
    if scrape::is_json(&lower) {
        let complaint = Complaint::new("cannot contain JSON, because JSON is not read as HTML");
        return Err(
            complaint.with_help("remove it, and add a rule that reads JSON, such as title = { json = \"$.title\" }")
        );
    }
    Ok(lower)
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    let name = r"[A-Za-z0-9!#$&^_.+-]+";
    json!({ "type": "string", "pattern": format!(r"^{name}/({name}|\*)$") })
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::config::element::sample;

    #[test]
    fn a_type_has_two_names_of_which_the_second_may_stand_for_all() {
        for (written, expected) in [("'Application/X-Foo'", "application/x-foo"), ("'image/*'", "image/*")] {
            assert_eq!(read(&sample::toml(written)).as_deref(), Ok(expected), "{written}");
        }
        for written in ["''", "'html'", "'*/*'", "'*'", "'a/b/c'", "'a/b; c=d'", "'a/'", "1"] {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert!(complaint.message.starts_with("must contain"), "{written}: {}", complaint.message);
        }
        for written in ["'application/json'", "'application/LD+json'"] {
            let complaint = read(&sample::toml(written)).expect_err(written);
            assert_eq!(complaint.message, "cannot contain JSON, because JSON is not read as HTML", "{written}");
        }
    }
}
