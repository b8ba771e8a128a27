//! Makes the rule of a value from its source and its options.

use super::clashes::{self, Facts, Reach};
use super::notation;
use super::options::Options;
use super::reader::{At, Reader, entry};
use super::scalar;
use super::source::Found;
use crate::config::checks;
use crate::config::error::Complaint;
use crate::config::written::{Key, Node, Table, Value};
use crate::scrape::extract::{Arity, Root, Scalar, ValueRule, ValueType};

/// A rule as it was written.
pub(super) struct Written<'w> {
    pub(super) at: At<'w>,
    /// Its table; empty if it has none.
    pub(super) table: &'w Table,
    pub(super) found: Found<'w>,
    pub(super) required: bool,
}

impl Reader {
    /// Reads a table with a source.
    pub(super) fn value_table(&mut self, at: At<'_>, table: &Table) -> Option<ValueRule> {
        let before = self.problems.len();
        let options = self.options(at.name, table);
        let required = match entry(table, "required") {
            Some((key, node)) => self.boolean(&format!("{}.{}", at.name, key.name), node).unwrap_or_default(),
            None => false,
        };
        let found = self.source(at, table);
        // What contradicts something that is wrong is not known.
        if self.problems.len() > before {
            return None;
        }
        self.value(&Written { at, table, found: found?, required }, options)
    }

    /// Makes a rule.
    pub(super) fn value(&mut self, written: &Written<'_>, own: Options) -> Option<ValueRule> {
        let Written { at, table, found, required } = written;
        if at.outer.is_some_and(|outer| !outer.is_valid) {
            return None;
        }
        let before = self.problems.len();
        let is_const = matches!(found.source.root, Root::Const(_));
        let options = match at.outer {
            // The options of a `first_of` are for what its rules find on the page.
            Some(outer) if !is_const => own.or(&outer.options),
            _ => own,
        };
        let groups = options.re.as_deref().map(checks::groups).unwrap_or_default();
        let facts = Facts::new(found, &options, *required, groups.are_named);
        self.check_clashes(written, &facts);
        let (mut kind, selects_all) = (facts.kind, facts.selects_all);
        if groups.strings > 1 && !selects_all && options.split.is_none() {
            self.refuse_groups(written, groups.strings);
        }
        let mut source = found.source.clone();
        if let Root::Const(value) = &mut source.root {
            *value = self.constant(written, options.kind)?;
        } else {
            self.check_map(written, &options);
        }
        let default = match entry(table, "default") {
            Some((key, node)) if self.problems.len() == before => {
                let kind = if facts.may_have_any_default { ValueType::Json } else { kind };
                self.check(&format!("{}.{}", at.name, key.name), node, scalar::read_as(node, kind))
            }
            _ => None,
        };
        if self.problems.len() > before {
            return None;
        }
        if let (Root::Article { markdown }, ValueType::Markdown, None) = (&mut source.root, kind, &source.json) {
            (*markdown, kind) = (true, ValueType::Json);
        }
        let arity = if selects_all { Arity::Many } else { Arity::One };
        let notation = notation::of_type(kind, options.notation.clone());
        Some(ValueRule { source, arity, steps: options.steps(), kind, notation, required: *required, default })
    }

    fn check_clashes(&mut self, written: &Written<'_>, facts: &Facts<'_>) {
        for clash in clashes::CLASHES.iter().filter(|clash| (clash.applies)(facts)) {
            for key in clash.keys {
                let own = entry(written.table, key).map(|(key, _)| (written.at.name, key));
                let found = match clash.reach {
                    Reach::Own => own,
                    Reach::Outer => own.or_else(|| written.at.outer.and_then(|outer| outer.key(key))),
                };
                if let Some((name, key)) = found
                    && facts.has_effect(&key.name)
                {
                    self.refuse_at(&format!("{name}.{}", key.name), &key.place, clash.message, clash.help);
                }
            }
        }
    }

    /// Finds the value of a key in the table of a rule or in those around it, with its name.
    fn written<'w>(written: &Written<'w>, name: &str) -> Option<(String, &'w Key, &'w Node)> {
        let own = entry(written.table, name).map(|(key, node)| (format!("{}.{name}", written.at.name), key, node));
        own.or_else(|| written.at.outer.and_then(|outer| outer.entry(name)))
    }

    fn refuse_groups(&mut self, written: &Written<'_>, strings: usize) {
        let Some((name, _, node)) = Self::written(written, "re") else { return };
        let help = "write (?:...) for the groups that do not count, (?P<extract>...) for the one that counts, or a name \
                    for each, as in (?P<year>...), to get an object; a list, css = [\"...\"], takes all of them";
        let complaint = Complaint::new(format!("has {strings} groups, but a single value takes only one"));
        self.refuse(&name, node, complaint.with_help(help));
    }

    /// Checks that the values of `map` fit the type, and that its texts can occur.
    fn check_map(&mut self, written: &Written<'_>, options: &Options) {
        let Some((name, _, node)) = Self::written(written, "map") else { return };
        let Value::Table(entries) = &node.value else { return };
        for (key, node) in entries {
            let name = &format!("{name}.{}", key.name);
            if let Some(kind) = options.kind.filter(|_| options.join.is_none()) {
                self.check(name, node, scalar::read_as(node, kind));
            }
            let cannot_occur = match (options.lower, options.upper) {
                (Some(true), _) => key.name.to_lowercase() != key.name,
                (_, Some(true)) => key.name.to_uppercase() != key.name,
                _ => false,
            };
            if cannot_occur {
                let message = "never occurs, because `lower` or `upper` changes the letters first";
                self.refuse_at(name, &key.place, message, "write it as it is after that step");
            }
        }
    }

    /// Reads a `const`, which must have the type of the field.
    fn constant(&mut self, written: &Written<'_>, own: Option<ValueType>) -> Option<Scalar> {
        let kind = own.or_else(|| written.at.outer?.options.kind).unwrap_or(ValueType::Json);
        let (key, node) = entry(written.table, "const")?;
        self.check(&format!("{}.{}", written.at.name, key.name), node, scalar::read_as(node, kind))
    }
}
