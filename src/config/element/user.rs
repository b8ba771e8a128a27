//! Which user workers run as: `auto`, `same`, a name, or numbers as for `chown`.

use gleaner_pool::User;
use serde_json::{Value, json};

use crate::config::error::Complaint;
use crate::config::plan::UserChoice;
use crate::config::written::Node;

/// `auto`, `same`, the name of a user, `uid:gid`, or a `uid`, which is then also the number of the group.
pub(in crate::config) fn read(node: &Node) -> Result<UserChoice, Complaint> {
    let complaint = || Complaint::new("must be \"auto\", \"same\", the name of a user, or \"uid:gid\"");
    let number = node.integer().map(|number| number.to_string());
    let text = node.string().or(number.as_deref()).ok_or_else(complaint)?;
    match text {
        "auto" => return Ok(UserChoice::Auto),
        "same" => return Ok(UserChoice::Same),
        _ => {}
    }
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && !text.contains(|c: char| c == ':' || c == '/' || c.is_whitespace() || c.is_control())
    };
    let (uid, gid) = text.split_once(':').unwrap_or((text, text));
    match (uid.parse(), gid.parse()) {
        (Ok(0), _) => Err(Complaint::new("must not be root: a page that takes over a worker must not get all rights")
            .with_help("\"same\" runs workers as the user of Gleaner")),
        (Ok(uid), Ok(gid)) => Ok(UserChoice::Given(User { uid, gid })),
        _ if is_name(text) => Ok(UserChoice::Named(text.to_owned())),
        _ => Err(complaint()),
    }
}

/// The form, as JSON Schema.
pub(in crate::config) fn form() -> Value {
    json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "integer", "minimum": 1 }] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::element::sample;

    #[test]
    fn a_user_is_a_word_a_name_or_numbers() {
        let given = |uid, gid| Some(UserChoice::Given(User { uid, gid }));
        let named = |name: &str| Some(UserChoice::Named(name.to_owned()));
        for (text, expected) in [
            ("auto", Some(UserChoice::Auto)),
            ("same", Some(UserChoice::Same)),
            ("nobody", named("nobody")),
            ("www-data", named("www-data")),
            ("1000", given(1000, 1000)),
            ("1000:100", given(1000, 100)),
            ("0", None),
            ("0:5", None),
            ("1000:", None),
            (":5", None),
            ("a:b", None),
            ("", None),
            ("a b", None),
        ] {
            assert_eq!(read(&sample::toml(&format!("{text:?}"))).ok(), expected, "{text:?}");
        }
        for (node, expected) in [
            (sample::toml("1000"), given(1000, 1000)),
            (sample::flag("1000"), given(1000, 1000)),
            (sample::flag("1000:5"), given(1000, 5)),
            (sample::flag("nobody"), named("nobody")),
            (sample::toml("-1"), None),
            (sample::toml("true"), None),
        ] {
            assert_eq!(read(&node).ok(), expected, "{node:?}");
        }
    }
}
