//! Reads several rules for one field, of which the first that gives a value counts.

use super::names::{READING, STEPS};
use super::notation::{is_date, is_number};
use super::options::Options;
use super::reader::{At, Reader, entry};
use super::scalar;
use crate::config::error::Complaint;
use crate::config::written::{Key, Node, Table, Value};
use crate::scrape::extract::{FirstOf, Root, Rule, ValueRule, ValueType};

/// A table with `first_of`, whose options count for all its rules that do not set their own.
pub(super) struct Outer<'o> {
    name: &'o str,
    table: &'o Table,
    /// Its options and those of the tables around it.
    pub(super) options: Options,
    /// Whether all of that is right, so that more can be said about its rules.
    pub(super) is_valid: bool,
    around: Option<&'o Outer<'o>>,
}

impl<'o> Outer<'o> {
    /// Finds a key in this table or those around it, with the name of its table.
    pub(super) fn key(&self, name: &str) -> Option<(&'o str, &'o Key)> {
        let own = entry(self.table, name).map(|(key, _)| (self.name, key));
        own.or_else(|| self.around.and_then(|outer| outer.key(name)))
    }

    /// Finds a key and its value, with its full name.
    pub(super) fn entry(&self, name: &str) -> Option<(String, &'o Key, &'o Node)> {
        let own = entry(self.table, name).map(|(key, node)| (format!("{}.{name}", self.name), key, node));
        own.or_else(|| self.around.and_then(|outer| outer.entry(name)))
    }
}

impl Reader {
    /// Reads a table with `first_of`.
    pub(super) fn first_of(&mut self, at: At<'_>, table: &Table, (key, node): (&Key, &Node)) -> Option<Rule> {
        let before = self.problems.len();
        self.refuse_beside(at, table);
        let required = entry(table, "required")
            .and_then(|(key, node)| self.boolean(&format!("{}.{}", at.name, key.name), node))
            .unwrap_or_default();
        let own = self.options(at.name, table);
        let is_valid = self.problems.len() == before && at.outer.is_none_or(|outer| outer.is_valid);
        let options = at.outer.map_or(own.clone(), |outer| own.or(&outer.options));
        let outer = Outer { name: at.name, table, options, is_valid, around: at.outer };
        let rules = self.alternatives(At { outer: Some(&outer), ..at }, (key, node))?;
        if self.problems.len() > before {
            return None;
        }
        self.check_use(at, table, &rules);
        self.check_order(&format!("{}.first_of", at.name), node, &rules);
        let default = match entry(table, "default") {
            Some((key, node)) => {
                let name = &format!("{}.{}", at.name, key.name);
                if required {
                    let help = "a page without a match fails or gets the default: remove one of the two";
                    self.refuse_at(name, &key.place, "contradicts `required = true`", help);
                } else if rules.iter().all(is_list) {
                    self.refuse_at(name, &key.place, "cannot be used for a list", "a list without matches is empty");
                }
                let default = scalar::read_as(node, kind_of_default(&rules));
                if self.problems.len() == before { self.check(name, node, default) } else { None }
            }
            None => None,
        };
        (self.problems.len() == before).then_some(Rule::FirstOf(FirstOf { rules, required, default }))
    }

    fn refuse_beside(&mut self, at: At<'_>, table: &Table) {
        let sources = super::names::SOURCES.iter().filter(|name| !matches!(**name, "first_of" | "each"));
        for name in sources.copied().chain(["has", "not"]) {
            if let Some((key, _)) = entry(table, name) {
                let message = "cannot stand beside `first_of`";
                let help = "write it in one of the rules, such as first_of = [{ css = \"a::text\", has = \"b\" }, \"h1::text\"]";
                self.refuse_at(&format!("{}.{name}", at.name), &key.place, message, help);
            }
        }
    }

    fn alternatives(&mut self, at: At<'_>, (key, node): (&Key, &Node)) -> Option<Vec<Rule>> {
        let name = format!("{}.{}", at.name, key.name);
        let Value::Array(nodes) = &node.value else {
            let complaint = Complaint::new("must be a list of rules");
            self.refuse(&name, node, complaint.with_help("such as [\"h1::text\", { css = \"title::text\" }]"));
            return None;
        };
        if nodes.is_empty() {
            let complaint =
                Complaint::new("must not be empty").with_help("write rules, such as [\"h1::text\", \"title::text\"]");
            self.refuse(&name, node, complaint);
            return None;
        }
        let rules = nodes.iter().enumerate().map(|(nth, node)| {
            let name = &format!("{name}[{nth}]");
            self.refuse_of_field(name, node);
            self.rule(At { name, place: &node.place, ..at }, node)
        });
        let rules: Vec<Option<Rule>> = rules.collect();
        rules.into_iter().collect()
    }

    /// Refuses what only the field as a whole can say.
    fn refuse_of_field(&mut self, name: &str, node: &Node) {
        let Value::Table(table) = &node.value else { return };
        // Beside `each`, all keys are fields.
        if entry(table, "each").is_some() {
            return;
        }
        for key in ["required", "default"] {
            if let Some((key, _)) = entry(table, key) {
                let message = "is for the whole field, not for one of its rules";
                self.refuse_at(&format!("{name}.{}", key.name), &key.place, message, "write it beside `first_of`");
            }
        }
    }

    /// Refuses options that count for none of the rules.
    fn check_use(&mut self, at: At<'_>, table: &Table, rules: &[Rule]) {
        let mut values = Vec::new();
        rules.iter().for_each(|rule| add_values(rule, &mut values));
        let any = |is_it: fn(ValueType) -> bool| values.iter().any(|value| is_it(value.kind));
        for key in ["all"].iter().chain(STEPS).chain(READING) {
            let (is_used, needed, help) = match *key {
                "required" | "default" => continue,
                "format" | "timezone" => {
                    (any(is_date), "a date", "add type = \"date\" or type = \"datetime\", or remove it")
                }
                "decimal" => (any(is_number), "a number", "add type = \"number\" or type = \"integer\", or remove it"),
                "locale" => (any(is_date) || any(is_number), "a number or a date", "add a `type`, or remove it"),
                _ => (!values.is_empty(), "a value of the page", "remove it"),
            };
            if let Some((key, _)) = entry(table, key)
                && !is_used
            {
                let message = format!("has no effect, because none of the rules reads {needed}");
                self.refuse_at(&format!("{}.{}", at.name, key.name), &key.place, &message, help);
            }
        }
        let is_never_missing = matches!(rules.last(), Some(Rule::Value(rule)) if is_const(rule));
        for key in ["required", "default"] {
            if let Some((key, _)) = entry(table, key)
                && is_never_missing
            {
                let message = "has no effect, because `const` is never missing";
                self.refuse_at(&format!("{}.{}", at.name, key.name), &key.place, message, "remove one of them");
            }
        }
    }

    /// Refuses rules that are never tried.
    fn check_order(&mut self, name: &str, node: &Node, rules: &[Rule]) {
        let Value::Array(nodes) = &node.value else { return };
        let always = rules.iter().position(|rule| matches!(rule, Rule::Value(rule) if is_const(rule)));
        if let Some(nth) = always
            && let Some(node) = nodes.get(nth + 1)
        {
            let name = format!("{name}[{}]", nth + 1);
            self.refuse_at(
                &name,
                &node.place,
                "is never tried, because `const` always gives a value",
                "put `const` last",
            );
        }
    }
}

fn is_const(rule: &ValueRule) -> bool {
    matches!(rule.source.root, Root::Const(_))
}

/// Adds the values that are read from the page.
fn add_values<'r>(rule: &'r Rule, values: &mut Vec<&'r ValueRule>) {
    match rule {
        Rule::Value(rule) if is_const(rule) => {}
        Rule::Value(rule) => values.push(rule),
        Rule::FirstOf(first) => first.rules.iter().for_each(|rule| add_values(rule, values)),
        Rule::Each(_) => {}
    }
}

fn is_list(rule: &Rule) -> bool {
    match rule {
        Rule::Value(rule) => rule.is_list(),
        Rule::FirstOf(first) => first.rules.iter().all(is_list),
        Rule::Each(_) => true,
    }
}

/// The type that a default must have: that of the rules if they agree, or else any.
fn kind_of_default(rules: &[Rule]) -> ValueType {
    let mut values = Vec::new();
    rules.iter().for_each(|rule| add_values(rule, &mut values));
    match values.split_first() {
        Some((first, rest)) if first.steps.map.is_empty() && rest.iter().all(|rule| rule.kind == first.kind) => {
            first.kind
        }
        _ => ValueType::Json,
    }
}
