//! `[hosts."books.example"]`: settings of one host, under its name.

use std::collections::BTreeMap;

use super::draft::HostDraft;
use super::error::{Complaint, Problem, ProblemKind};
use super::report::{LayerReport, Name, home_of, put_known};
use super::schema::Setting;
use super::suggest;
use super::written::{Key, Node, Value};
use crate::model::HostKey;

/// The names of the same settings for all hosts, and in other tools.
const NAMES_ELSEWHERE: &[(&str, &str)] = &[
    ("per_host_concurrency", "concurrency"),
    ("auth", "basic"),
    ("password", "basic"),
    ("user", "basic"),
    ("token", "bearer"),
    ("proxies", "proxy"),
    ("header", "headers"),
];

/// Puts the table of one host into the draft.
pub(super) fn put(
    hosts: &mut BTreeMap<HostKey, HostDraft>,
    known: &[Setting<HostDraft>],
    (key, node): (&Key, &Node),
    report: &mut LayerReport,
) {
    let name = format!("hosts.{:?}", key.name);
    let host = match key.name.parse::<HostKey>() {
        Ok(host) => host,
        Err(error) => {
            report.problems.push(Complaint::new(error.to_string()).about(&name, &key.place, None));
            return;
        }
    };
    let Value::Table(entries) = &node.value else {
        let complaint = Complaint::new("must be a table");
        let help = format!("write [{name}] with its settings below it");
        report.problems.push(node.problem(&name, complaint.with_help(help)));
        return;
    };
    let settings = hosts.entry(host.clone()).or_default();
    for (entry, node) in entries {
        match known.iter().find(|setting| setting.name == entry.name) {
            Some(setting) => {
                // The same name for all ways to write the host.
                let dotted = &setting_name(&host, setting.name);
                let keys = &["hosts", host.as_str(), setting.name];
                put_known(settings, setting, Name { dotted, keys }, node, report);
            }
            None => report.problems.push(unknown(known, key, entry, node)),
        }
    }
}

/// The full name of a host's setting.
pub(super) fn setting_name(host: &HostKey, name: &str) -> String {
    format!("hosts.\"{host}\".{name}")
}

fn unknown(known: &[Setting<HostDraft>], host: &Key, key: &Key, node: &Node) -> Problem {
    let message = format!("unknown setting `hosts.{:?}.{}`", host.name, key.name);
    let problem = Problem::new(ProblemKind::UnknownName, message, key.place.clone());
    if matches!(node.value, Value::Table(_)) {
        let help = format!("put the name of the host in quotes: hosts.\"{}.{}\"", host.name, key.name);
        return problem.with_help(help);
    }
    let names = || known.iter().map(|setting| setting.name);
    let elsewhere = NAMES_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == key.name).map(|(_, ours)| *ours);
    if let Some(meant) = elsewhere.or_else(|| suggest::nearest(&key.name, names())) {
        return problem.with_help(format!("did you mean `{meant}`?"));
    }
    let all: Vec<&str> = names().collect();
    let problem = problem.with_help(format!("the settings of a host are {}", all.join(", ")));
    match home_of(&key.name) {
        Some(home) => problem.with_help(format!("`{home}` counts for all hosts")),
        None => problem,
    }
}
