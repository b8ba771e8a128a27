//! Puts the values of known settings into the draft, and collects the problems of a layer.

use super::draft::{Headers, InForce, Noted, Placed, replace};
use super::element::header;
use super::error::{Complaint, Problem};
use super::plan::Affects;
use super::schema::elsewhere::NAMES_ELSEWHERE;
use super::schema::{Read, SECTIONS, Setting};
use super::secrets;
use super::written::{Key, Node, Value};

/// The results of reading a layer, besides the values.
#[derive(Default)]
pub(super) struct LayerReport {
    pub(super) problems: Vec<Problem>,
    /// The settings that are in force from now on.
    pub(super) notes: Vec<Noted>,
}

/// The name of a setting: dotted, and key by key.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) dotted: &'a str,
    pub(super) keys: &'a [&'a str],
}

impl LayerReport {
    /// Notes a setting that is in force from now on, and what its value means.
    pub(super) fn note(&mut self, name: Name<'_>, node: &Node, affects: Affects, meaning: String) {
        let shown = InForce {
            name: name.dotted.to_owned(),
            value: secrets::shown(secrets::of(name.keys), &node.value),
            place: node.place.clone(),
            is_default: false,
        };
        self.notes.push(Noted { shown, affects, meaning, is_header: false });
    }

    fn note_header(&mut self, name: Name<'_>, node: &Node, affects: Affects, meaning: String) {
        self.note(name, node, affects, meaning);
        if let Some(noted) = self.notes.last_mut() {
            noted.is_header = true;
        }
    }
}

/// Puts the value of a setting where it belongs.
pub(super) fn put_known<S>(home: &mut S, setting: &Setting<S>, name: Name<'_>, node: &Node, report: &mut LayerReport) {
    match (&setting.read, &node.value) {
        (Read::Value(read) | Read::Secret(read) | Read::Url(read), _) => match read(home, node) {
            Ok(meaning) => report.note(name, node, setting.affects, meaning),
            Err(complaint) => report.problems.push(node.problem(name.dotted, complaint)),
        },
        (Read::Headers(of), Value::Table(entries)) => {
            for (key, node) in entries {
                match put_header(of(home), name.dotted, key, node) {
                    Ok(meaning) => {
                        // In lower case, because names that differ only in case are one header.
                        let dotted = &format!("{}.{}", name.dotted, key.name.to_ascii_lowercase());
                        let keys = &[name.keys, &[&key.name]].concat();
                        let may_change = header::has_credentials(&key.name);
                        let affects = if may_change { Affects::Nothing } else { setting.affects };
                        report.note_header(Name { dotted, keys }, node, affects, meaning);
                    }
                    Err(problem) => report.problems.push(problem),
                }
            }
        }
        (Read::Headers(_), _) => {
            let complaint = Complaint::new("must be a table");
            report.problems.push(node.problem(name.dotted, complaint.with_help("write { NAME = \"value\" }")));
        }
    }
}

/// Puts a header among the others. Gives what it means.
fn put_header(headers: &mut Headers, name: &str, key: &Key, node: &Node) -> Result<String, Problem> {
    let setting = format!("{name}.{}", key.name);
    header::check_name(&key.name).map_err(|complaint| complaint.about(&setting, &key.place, None))?;
    let value = header::read_value(node).map_err(|complaint| node.problem(&setting, complaint))?;
    let meaning = value.meaning();
    let place = node.place.clone();
    // The names of headers have no case, so a flag's `accept` replaces a file's `Accept`.
    replace(headers, &key.name, Placed { value, place }, str::eq_ignore_ascii_case);
    Ok(meaning)
}

/// The full name of a setting that exists, but in another section or under another name.
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
