//! Puts the value of a setting where it belongs, once it is known which one it is.

use super::element::header;
use super::error::{Complaint, Problem};
use super::place::Place;
use super::schema::{NAMES_ELSEWHERE, Read, SECTIONS, Setting};
use super::secrets;
use super::settings::{Given, Headers, replace};
use super::written::{Key, Node, Value};

/// What was found in a layer, beside what went into the settings.
#[derive(Default)]
pub(super) struct Found {
    pub(super) problems: Vec<Problem>,
    /// Names of settings, values as they may be shown, and places.
    pub(super) notes: Vec<(String, String, Place)>,
}

impl Found {
    /// Notes a setting that is in force from now on; `keys` are its name key by key.
    pub(super) fn note(&mut self, name: &str, keys: &[&str], node: &Node) {
        let value = secrets::shown(secrets::of(keys), &node.value);
        self.notes.push((name.to_owned(), value, node.place.clone()));
    }
}

/// Puts the value of a setting, whose name is given dotted and key by key, where it belongs.
pub(super) fn put_known<S>(
    home: &mut S,
    setting: &Setting<S>,
    (name, keys): (&str, &[&str]),
    node: &Node,
    found: &mut Found,
) {
    match (&setting.read, &node.value) {
        (Read::Value(read), _) => match read(home, node) {
            Ok(()) => found.note(name, keys, node),
            Err(complaint) => found.problems.push(node.problem(name, complaint)),
        },
        (Read::Headers(of), Value::Table(entries)) => {
            for (key, node) in entries {
                match put_header(of(home), name, key, node) {
                    Ok(()) => {
                        // In lower case, since names that differ in case alone are one header.
                        let header = format!("{name}.{}", key.name.to_ascii_lowercase());
                        found.note(&header, &[keys, &[&key.name]].concat(), node);
                    }
                    Err(problem) => found.problems.push(problem),
                }
            }
        }
        (Read::Headers(_), _) => {
            let complaint = Complaint::new("must be a table");
            found.problems.push(node.problem(name, complaint.with_help("write { NAME = \"value\" }")));
        }
    }
}

fn put_header(headers: &mut Headers, name: &str, key: &Key, node: &Node) -> Result<(), Problem> {
    let setting = format!("{name}.{}", key.name);
    header::check_name(&key.name).map_err(|complaint| complaint.about(&setting, &key.place, None))?;
    let value = header::read_value(node).map_err(|complaint| node.problem(&setting, complaint))?;
    let place = node.place.clone();
    // Header names have no case, so a flag's `accept` replaces a file's `Accept`.
    replace(headers, &key.name, Given { value, place }, str::eq_ignore_ascii_case);
    Ok(())
}

/// The full name of a setting that exists, but under another section or name.
pub(super) fn home_of(name: &str) -> Option<String> {
    let of_another_section = SECTIONS
        .iter()
        .find(|section| section.setting(name).is_some())
        .map(|section| format!("{}.{name}", section.name));
    of_another_section.or_else(|| {
        let lower = name.to_lowercase().replace('-', "_");
        let known = NAMES_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == lower);
        known.map(|(_, ours)| (*ours).to_owned())
    })
}
