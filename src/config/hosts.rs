//! `[hosts."books.example"]`: settings under a free name, which is a host.

use std::collections::BTreeMap;

use super::error::{Complaint, Problem, ProblemKind};
use super::known::{Found, home_of, put_known};
use super::schema::Setting;
use super::settings::Host;
use super::suggest;
use super::written::{Key, Node, Value};
use crate::model::HostKey;

/// What the same things are called for all hosts, and elsewhere.
const NAMES_ELSEWHERE: &[(&str, &str)] = &[
    ("per_host_concurrency", "concurrency"),
    ("auth", "basic"),
    ("password", "basic"),
    ("user", "basic"),
    ("token", "bearer"),
    ("proxies", "proxy"),
    ("header", "headers"),
];

/// Puts the table of one host into the settings.
pub(super) fn put(
    hosts: &mut BTreeMap<HostKey, Host>,
    known: &[Setting<Host>],
    (key, node): (&Key, &Node),
    found: &mut Found,
) {
    let name = format!("hosts.{:?}", key.name);
    let host = match key.name.parse::<HostKey>() {
        Ok(host) => host,
        Err(error) => {
            found.problems.push(Complaint::new(error.to_string()).about(&name, &key.place, None));
            return;
        }
    };
    let Value::Table(entries) = &node.value else {
        let complaint = Complaint::new("must be a table");
        let help = format!("write [{name}] with its settings below it");
        found.problems.push(node.problem(&name, complaint.with_help(help)));
        return;
    };
    let settings = hosts.entry(host.clone()).or_default();
    for (entry, node) in entries {
        match known.iter().find(|setting| setting.name == entry.name) {
            Some(setting) => {
                // Under the name that all ways to write it share.
                let name = setting_name(&host, setting.name);
                let keys = ["hosts", host.as_str(), setting.name];
                put_known(settings, setting, (&name, &keys), node, found);
            }
            None => found.problems.push(unknown(known, key, entry, node)),
        }
    }
}

/// The full name of a host's setting.
pub(super) fn setting_name(host: &HostKey, name: &str) -> String {
    format!("hosts.\"{host}\".{name}")
}

fn unknown(known: &[Setting<Host>], host: &Key, key: &Key, node: &Node) -> Problem {
    let message = format!("unknown setting `hosts.{:?}.{}`", host.name, key.name);
    let problem = Problem::new(ProblemKind::UnknownName, message, key.place.clone());
    if matches!(node.value, Value::Table(_)) {
        let help = format!("the name of a host stands in quotes: hosts.\"{}.{}\"", host.name, key.name);
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
        Some(home) => problem.with_help(format!("`{home}` is for all hosts")),
        None => problem,
    }
}
