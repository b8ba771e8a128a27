//! Which settings are secrets. Neither errors nor lists of settings show them.
//!
//! Variables in them (`${NAME}`) are shown, because they say where a secret is, not what it is.

use std::ops::Range;

use super::element::{header, template};
use super::schema::{self, Keys, Read, Setting};
use super::written::{Node, Table, Value};

/// What of a value must not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    Nothing,
    /// User name and password in a URL.
    UserInfo,
    All,
}

/// What must not be shown of a setting, whose name is given key by key.
pub(super) fn of(keys: &[&str]) -> Secrecy {
    let [section, keys @ ..] = keys else { return Secrecy::Nothing };
    match (schema::section(section).map(|section| &section.keys), keys) {
        (Some(Keys::Known(settings)), keys) => of_setting(settings, keys),
        (Some(Keys::Hosts(settings)), [_, keys @ ..]) => of_setting(settings, keys),
        _ => Secrecy::Nothing,
    }
}

/// What must not be shown of the setting that the first of the keys names, or of the part of it that the others name.
fn of_setting<S>(settings: &[Setting<S>], keys: &[&str]) -> Secrecy {
    let [name, parts @ ..] = keys else { return Secrecy::Nothing };
    match settings.iter().find(|setting| setting.name == *name).map(|setting| &setting.read) {
        Some(Read::Secret(_)) => Secrecy::All,
        Some(Read::Url(_)) => Secrecy::UserInfo,
        Some(Read::Headers(_)) if parts.first().is_some_and(|name| header::has_credentials(name)) => Secrecy::All,
        Some(Read::Headers(_) | Read::Value(_)) | None => Secrecy::Nothing,
    }
}

/// The value as lists of settings show it, on one line.
pub(super) fn shown(secrecy: Secrecy, value: &Value) -> String {
    match secrecy {
        Secrecy::Nothing => value.to_string(),
        Secrecy::All => "(hidden)".to_owned(),
        Secrecy::UserInfo => match value {
            Value::Array(nodes) => {
                let nodes: Vec<String> = nodes.iter().map(|node| shown(secrecy, &node.value)).collect();
                format!("[{}]", nodes.join(", "))
            }
            value => {
                let mut text = value.to_string();
                if let Some(at) = user_info(&text) {
                    text.replace_range(at, "(hidden)");
                }
                text
            }
        },
    }
}

/// Hides the secrets of a layer in the text that it was read from, in all errors from now on. A layer that several flags set
/// together has several texts, but no secrets.
pub(super) fn hide(layer: &Table) {
    let mut secrets = Vec::new();
    for (key, node) in layer {
        collect(&mut vec![&key.name], node, &mut secrets);
    }
    if let Some((_, node)) = layer.first() {
        node.place.text().hide(secrets);
    }
}

fn collect<'n>(keys: &mut Vec<&'n str>, node: &'n Node, secrets: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Table(entries) => {
            for (key, node) in entries {
                keys.push(&key.name);
                collect(keys, node, secrets);
                keys.pop();
            }
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| collect(keys, node, secrets)),
        _ => {
            let written = node.place.written();
            let start = node.place.start();
            let mut hidden = match of(keys) {
                Secrecy::Nothing => return,
                Secrecy::All => 0..written.len(),
                Secrecy::UserInfo => user_info(written).unwrap_or_default(),
            };
            for variable in template::variables(written) {
                if variable.start >= hidden.start && variable.end <= hidden.end {
                    secrets.push(start + hidden.start..start + variable.start);
                    hidden.start = variable.end;
                }
            }
            secrets.push(start + hidden.start..start + hidden.end);
        }
    }
}

/// Finds the user name and the password in a text that is meant as a URL.
fn user_info(text: &str) -> Option<Range<usize>> {
    let end = text.rfind('@')?;
    let start =
        text[..end].find("://").map_or_else(|| usize::from(text.starts_with(['"', '\''])), |at| at + "://".len());
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::{Secrecy, of, shown};
    use crate::config::element::sample;

    #[test]
    fn secrets_are_known_by_the_names_of_their_settings() {
        let table: [(&[&str], Secrecy); 12] = [
            (&["fetch", "headers", "Cookie"], Secrecy::All),
            (&["fetch", "headers", "Accept"], Secrecy::Nothing),
            (&["hosts", "h", "headers", "authorization"], Secrecy::All),
            (&["hosts", "basic", "delay"], Secrecy::Nothing),
            (&["hosts", "h", "basic"], Secrecy::All),
            (&["hosts", "h", "bearer"], Secrecy::All),
            (&["hosts", "h", "proxy"], Secrecy::UserInfo),
            (&["network", "proxies"], Secrecy::UserInfo),
            (&["hosts", "h", "bearer", "not", "a table"], Secrecy::All),
            (&["hosts", "h"], Secrecy::Nothing),
            (&["extract", "bearer"], Secrecy::Nothing),
            (&["unknown", "bearer"], Secrecy::Nothing),
        ];
        for (keys, secrecy) in table {
            assert_eq!(of(keys), secrecy, "{keys:?}");
        }
    }

    #[test]
    fn a_url_is_shown_without_user_name_and_password() {
        let table = [
            ("'http://u:p@h:1'", r#""http://(hidden)@h:1""#),
            ("['http://h', 'u:p@q@h']", r#"["http://h", "(hidden)@h"]"#),
            ("'none'", r#""none""#),
        ];
        for (written, expected) in table {
            assert_eq!(shown(Secrecy::UserInfo, &sample::toml(written).value), expected, "{written}");
        }
        assert_eq!(shown(Secrecy::All, &sample::toml("'x'").value), "(hidden)");
    }
}
