//! Puts what one layer says (the defaults, the file, a variable, a flag) into the draft. All layers pass here, so an
//! unknown name or a bad value gives the same error wherever it was written.

use super::draft::Draft;
use super::error::{Complaint, Problem, ProblemKind};
use super::place::Origin;
use super::plan::Affects;
use super::report::{LayerReport, Name, home_of, put_known};
use super::schema::{self, Keys, SECTIONS, Section};
use super::suggest;
use super::written::{Key, Node, Table, Value};
use super::{hosts, secrets};

/// Puts every correct entry of `layer` into `draft`. Returns what is wrong, in the order of the text.
pub(super) fn apply(draft: &mut Draft, layer: &Table) -> Vec<Problem> {
    secrets::hide(layer);
    let mut report = LayerReport::default();
    for (key, node) in layer {
        match (schema::section(&key.name), &node.value) {
            (Some(section), Value::Table(entries)) => {
                for (key, node) in entries {
                    put(draft, section, (key, node), &mut report);
                }
            }
            (Some(_), _) => {
                let complaint = Complaint::new("is a section, not a setting");
                let help = format!("write [{0}] with its settings below it, or {0}.NAME = VALUE", key.name);
                report.problems.push(node.problem(&key.name, complaint.with_help(help)));
            }
            (None, _) => report.problems.push(unknown_section(key)),
        }
    }
    let LayerReport { mut problems, notes } = report;
    for noted in notes {
        draft.note(noted);
    }
    problems.sort_by_key(|problem| problem.place().map_or(0, super::Place::start));
    problems
}

fn put(draft: &mut Draft, section: &Section, (key, node): (&Key, &Node), report: &mut LayerReport) {
    let dotted = &format!("{}.{}", section.name, key.name);
    let name = Name { dotted, keys: &[section.name, &key.name] };
    match (&section.keys, section.setting(&key.name)) {
        (Keys::Free(read), _) => match read(draft, dotted, (key, node)) {
            Ok(meaning) => report.note(name, node, Affects::Data, meaning),
            Err(problems) => report.problems.extend(problems),
        },
        (Keys::Hosts(known), _) => hosts::put(&mut draft.hosts, known, (key, node), report),
        (Keys::Known(_), Some(setting)) => put_known(draft, setting, name, node, report),
        (Keys::Known(_), None) => report.problems.push(unknown_setting(section, key)),
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
