//! Puts what one layer says (the defaults, the file, a variable, a flag) into the settings. All layers pass here, so an
//! unknown name or a bad value is the same error wherever it was written.

use super::error::{Complaint, Problem, ProblemKind};
use super::known::{Found, home_of, put_known};
use super::place::Origin;
use super::rules;
use super::schema::{self, Keys, SECTIONS, Section};
use super::settings::{Settings, replace};
use super::suggest;
use super::written::{Key, Node, Table, Value};
use super::{hosts, secrets};

/// Puts every entry of `layer` that is right into `settings`. Returns what is wrong, in the order of the text.
pub(super) fn apply(settings: &mut Settings, layer: &Table) -> Vec<Problem> {
    secrets::hide(layer);
    let mut found = Found::default();
    for (key, node) in layer {
        match (schema::section(&key.name), &node.value) {
            (Some(section), Value::Table(entries)) => {
                for (key, node) in entries {
                    put(settings, section, (key, node), &mut found);
                }
            }
            (Some(_), _) => {
                let complaint = Complaint::new("is a section, no setting");
                let help = format!("write [{0}] with its settings below it, or {0}.NAME = VALUE", key.name);
                found.problems.push(node.problem(&key.name, complaint.with_help(help)));
            }
            (None, _) => found.problems.push(unknown_section(key)),
        }
    }
    let Found { mut problems, notes } = found;
    for (name, value, place) in notes {
        settings.note(&name, value, &place);
    }
    problems.sort_by_key(|problem| problem.place().map_or(0, super::Place::start));
    problems
}

fn put(settings: &mut Settings, section: &Section, (key, node): (&Key, &Node), found: &mut Found) {
    let name = format!("{}.{}", section.name, key.name);
    let keys = [section.name, &key.name];
    match (&section.keys, section.setting(&key.name)) {
        (Keys::Fields, _) => match rules::read(&name, key, node) {
            Ok(rule) => {
                // One layer's field replaces another's as a whole, and keeps its place among the fields.
                replace(&mut settings.extract, &key.name, rule, |one, other| one == other);
                found.note(&name, &keys, node);
            }
            Err(problems) => found.problems.extend(problems),
        },
        (Keys::Hosts(known), _) => hosts::put(&mut settings.hosts, known, (key, node), found),
        (Keys::Known(_), Some(setting)) => put_known(settings, setting, (&name, &keys), node, found),
        (Keys::Known(_), None) => found.problems.push(unknown_setting(section, key)),
    }
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
