//! Puts what one layer says (the defaults, the file, a variable, a flag) into the settings. All layers pass here, so an
//! unknown name or a bad value is the same error wherever it was written.

use super::element::header;
use super::error::{Complaint, Problem, ProblemKind};
use super::place::Origin;
use super::rules;
use super::schema::{self, Keys, NAMES_ELSEWHERE, Read, SECTIONS, Section, Setting};
use super::settings::{Settings, replace};
use super::suggest;
use super::written::{Key, Node, Table, Value};

/// Puts every entry of `layer` that is right into `settings`. Returns what is wrong, in the order of the text.
pub(super) fn apply(settings: &mut Settings, layer: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, node) in layer {
        match (schema::section(&key.name), &node.value) {
            (Some(section), Value::Table(entries)) => {
                for (key, node) in entries {
                    put(settings, section, (key, node), &mut problems);
                }
            }
            (Some(_), _) => {
                let complaint = Complaint::new("is a section, no setting");
                let help = format!("write [{0}] with its settings below it, or {0}.NAME = VALUE", key.name);
                problems.push(node.problem(&key.name, complaint.with_help(help)));
            }
            (None, _) => problems.push(unknown_section(key)),
        }
    }
    problems.sort_by_key(|problem| problem.place().map_or(0, super::Place::start));
    problems
}

fn put(settings: &mut Settings, section: &Section, (key, node): (&Key, &Node), problems: &mut Vec<Problem>) {
    let name = format!("{}.{}", section.name, key.name);
    match (&section.keys, section.setting(&key.name)) {
        (Keys::Fields, _) => match rules::read(&name, key, node) {
            Ok(rule) => {
                // One layer's field replaces another's as a whole, and keeps its place among the fields.
                replace(&mut settings.extract, &key.name, rule, |one, other| one == other);
                settings.note(&name, node.value.to_string(), &node.place);
            }
            Err(found) => problems.extend(found),
        },
        (Keys::Known(_), Some(setting)) => put_known(settings, setting, &name, node, problems),
        (Keys::Known(_), None) => problems.push(unknown_setting(section, key)),
    }
}

fn put_known(settings: &mut Settings, setting: &Setting, name: &str, node: &Node, problems: &mut Vec<Problem>) {
    match (&setting.read, &node.value) {
        (Read::Value(read), _) => match read(settings, node) {
            Ok(()) => settings.note(name, node.value.to_string(), &node.place),
            Err(complaint) => problems.push(node.problem(name, complaint)),
        },
        (Read::Entries(read), Value::Table(entries)) => {
            for (key, node) in entries {
                match read(settings, key, node) {
                    Ok(()) => note_header(settings, name, key, node),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        (Read::Entries(_), _) => {
            let complaint = Complaint::new("must be a table");
            problems.push(node.problem(name, complaint.with_help("write { NAME = \"value\" }")));
        }
    }
}

/// Notes a header under its name in lower case, since names that differ in case alone are one header.
fn note_header(settings: &mut Settings, name: &str, key: &Key, node: &Node) {
    let value = if header::is_secret(&key.name) { "(hidden)".to_owned() } else { node.value.to_string() };
    settings.note(&format!("{name}.{}", key.name.to_ascii_lowercase()), value, &node.place);
}

fn unknown_section(key: &Key) -> Problem {
    let name = key.name.as_str();
    let problem = Problem::new(ProblemKind::UnknownName, format!("unknown section `{name}`"), key.place.clone());
    let sections = || SECTIONS.iter().map(|section| section.name);
    if let Some(home) = home_of(name) {
        return problem.with_help(format!("did you mean `{home}`?"));
    }
    if let Some(near) = suggest::nearest(name, sections()) {
        return problem.with_help(format!("did you mean `{near}`?"));
    }
    let all: Vec<&str> = sections().collect();
    problem.with_help(format!("the sections are {}", all.join(", ")))
}

fn unknown_setting(section: &Section, key: &Key) -> Problem {
    let message = format!("unknown setting `{}.{}`", section.name, key.name);
    let problem = Problem::new(ProblemKind::UnknownName, message, key.place.clone());
    let names = || section.settings().iter().map(|setting| setting.name);
    let near = suggest::nearest(&key.name, names()).map(|near| format!("{}.{near}", section.name));
    if let Some(meant) = home_of(&key.name).or(near) {
        let meant = match key.place.origin() {
            Origin::Variable(_) => super::sources::variable_name(&meant),
            _ => format!("`{meant}`"),
        };
        return problem.with_help(format!("did you mean {meant}?"));
    }
    let all: Vec<&str> = names().collect();
    problem.with_help(format!("the settings of [{}] are {}", section.name, all.join(", ")))
}

/// The full name of a setting that exists, but under another section or name.
fn home_of(name: &str) -> Option<String> {
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
