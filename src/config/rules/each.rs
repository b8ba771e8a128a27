//! Reads rules that make objects.

use super::clashes::{NEEDS_ELEMENTS, NEEDS_TEXT, selects_elements};
use super::reader::{Around, At, Reader, entry};
use super::source::Found;
use crate::config::error::Complaint;
use crate::config::written::{Key, Node, Table, Value};
use crate::config::{checks, suggest};
use crate::scrape::extract::{EachRule, Fields, Root, Rule, Source};

/// The keys of the table of an `each`.
pub(super) const KEYS: &[&str] =
    &["css", "xpath", "json", "structured", "table", "links", "feed", "article", "has", "not"];

impl Reader {
    /// Reads a table with `each`: all its other keys are fields.
    pub(super) fn each(&mut self, at: At<'_>, table: &Table, (key, node): (&Key, &Node)) -> Option<Rule> {
        let before = self.problems.len();
        let each = self.objects(&format!("{}.{}", at.name, key.name), at, (key, node));
        // Without a valid `each`, it is unknown what the fields are made from. The page permits every source.
        let around = match &each {
            Some(source) if source.gives_json() => Around::Json,
            Some(_) => Around::Element,
            None => Around::Page,
        };
        let mut fields = Fields::new();
        for (key, node) in table.iter().filter(|(key, _)| key.name != "each") {
            let name = &format!("{}.{}", at.name, key.name);
            let rule = self.rule(At { name, place: &key.place, around, outer: None }, node);
            fields.extend(rule.map(|rule| (key.name.clone(), rule)));
        }
        if table.len() == 1 {
            let help = "add the fields of its objects, such as text = \"span::text\"";
            self.refuse_at(at.name, at.place, "has `each`, but no fields", help);
        }
        (self.problems.len() == before).then_some(Rule::Each(EachRule { each: each?, fields }))
    }

    /// Reads what the objects are made from.
    fn objects(&mut self, name: &str, at: At<'_>, (key, node): (&Key, &Node)) -> Option<Source> {
        match (&node.value, node.string()) {
            (Value::Table(table), _) => self.objects_of_table(At { name, place: &key.place, ..at }, table),
            (_, Some(css)) => {
                self.check(name, node, checks::each(css))?;
                let source = Source::from(Root::Css(css.to_owned()));
                let found = Found { source, in_brackets: false, place: &node.place, name: None };
                self.check_place(At { name, ..at }, &found).then_some(found.source)
            }
            _ => {
                let complaint = Complaint::new("must be a selector, such as \"div.quote\"");
                let help =
                    "or a table: { xpath = \"//div\" }, { json = \"$.items[*]\" } or { css = \"div\", has = \"a\" }";
                self.refuse(name, node, complaint.with_help(help));
                None
            }
        }
    }

    fn objects_of_table(&mut self, at: At<'_>, table: &Table) -> Option<Source> {
        let before = self.problems.len();
        for (key, _) in table.iter().filter(|(key, _)| !KEYS.contains(&key.name.as_str())) {
            let help = match suggest::nearest(&key.name, KEYS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys of `each` are {}; fields stand beside `each`", KEYS.join(", ")),
            };
            self.refuse_at(&format!("{}.{}", at.name, key.name), &key.place, "is not a key of `each`", &help);
        }
        let has_source = table.iter().any(|(key, _)| !matches!(key.name.as_str(), "has" | "not"));
        if !has_source {
            let help = "such as css = \"div.quote\", xpath = \"//div\" or json = \"$.items[*]\"";
            self.refuse_at(at.name, at.place, "needs a source", help);
        }
        if self.problems.len() > before {
            return None;
        }
        let found = self.source(At { outer: None, ..at }, table)?;
        self.check_objects(at, table, &found);
        (self.problems.len() == before).then_some(found.source)
    }

    /// Checks that a source can give several elements, or several values of JSON.
    fn check_objects(&mut self, at: At<'_>, table: &Table, found: &Found<'_>) {
        let Source { root, json, .. } = &found.source;
        let name = |key: &str| format!("{}.{key}", at.name);
        for key in ["has", "not"] {
            if let Some((key, _)) = entry(table, key)
                && !selects_elements(root)
            {
                self.refuse_at(&name(&key.name), &key.place, NEEDS_ELEMENTS.0, NEEDS_ELEMENTS.1);
            }
        }
        match (root, json) {
            (Root::Css(css), None) => {
                if let Some((key, node)) = entry(table, "css") {
                    self.check(&name(&key.name), node, checks::each(css));
                }
            }
            (Root::Css(css), Some(_)) if checks::takes_elements(css) => {
                if let Some((key, _)) = entry(table, "json") {
                    self.refuse_at(&name(&key.name), &key.place, NEEDS_TEXT.0, NEEDS_TEXT.1);
                }
            }
            (Root::XPath(xpath), None) if !checks::finds_elements(xpath) => {
                let message = "finds other things than elements, which `each` needs";
                self.refuse_at(&name("xpath"), found.place, message, "end the expression with an element, as in //div");
            }
            (Root::Css(_) | Root::XPath(_) | Root::Body, _) | (_, Some(_)) => {}
            (_, None) => {
                let key = found.name.unwrap_or_default();
                let message = "gives one list or object, but `each` needs several values";
                self.refuse_at(&name(key), found.place, message, "add a `json` path, such as json = \"$[*]\"");
            }
        }
    }
}
