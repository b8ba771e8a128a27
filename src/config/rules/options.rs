//! Reads the options of a value: its steps, its type, and how it is written on a page.

use super::names::{DECIMALS, SOURCES, TYPES};
use super::reader::Reader;
use super::{notation, scalar};
use crate::config::checks;
use crate::config::element::choice;
use crate::config::error::Complaint;
use crate::config::written::{Node, Table, Value};
use crate::scrape::extract::{Case, Notation, Scalar, Steps, ValueType};

/// What a table says about a value. `None` is what it does not say.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) all: Option<bool>,
    pub(super) re: Option<String>,
    pub(super) trim: Option<bool>,
    pub(super) replace: Option<Vec<(String, String)>>,
    pub(super) split: Option<String>,
    pub(super) strip: Option<String>,
    pub(super) lower: Option<bool>,
    pub(super) upper: Option<bool>,
    pub(super) map: Option<Vec<(String, Scalar)>>,
    pub(super) join: Option<String>,
    pub(super) kind: Option<ValueType>,
    pub(super) notation: Notation,
}

impl Options {
    /// Fills in what these options do not say with those of the table around them.
    pub(super) fn or(self, outer: &Self) -> Self {
        let (own_case, outer) = (self.lower.or(self.upper), outer.clone());
        let mut options = Self {
            all: self.all.or(outer.all),
            re: self.re.or(outer.re),
            trim: self.trim.or(outer.trim),
            replace: self.replace.or(outer.replace),
            split: self.split.or(outer.split),
            strip: self.strip.or(outer.strip),
            map: self.map.or(outer.map),
            join: self.join.or(outer.join),
            kind: self.kind.or(outer.kind),
            ..self
        };
        if own_case.is_none() {
            (options.lower, options.upper) = (outer.lower, outer.upper);
        }
        notation::inherit(&mut options.notation, &outer.notation);
        options
    }

    pub(super) fn steps(&self) -> Steps {
        let case = match (self.lower, self.upper) {
            (Some(true), _) => Some(Case::Lower),
            (_, Some(true)) => Some(Case::Upper),
            _ => None,
        };
        Steps {
            re: self.re.clone(),
            trim: self.trim.unwrap_or(true),
            replace: self.replace.clone().unwrap_or_default(),
            split: self.split.clone(),
            strip: self.strip.clone(),
            case,
            map: self.map.clone().unwrap_or_default(),
            join: self.join.clone(),
        }
    }

    /// Whether any step needs a text. A value of JSON is given as it is otherwise.
    pub(super) fn change_text(&self) -> bool {
        let Steps { re, trim: _, replace, split, strip, case, map, join } = self.steps();
        let texts = [re, split, strip, join];
        self.trim == Some(true)
            || texts.iter().any(Option::is_some)
            || !replace.is_empty()
            || case.is_some()
            || !map.is_empty()
    }
}

impl Reader {
    /// Reads all keys but those of the source, `default` and `required`.
    pub(super) fn options(&mut self, name: &str, table: &Table) -> Options {
        let mut options = Options::default();
        for (key, node) in table {
            let option = &format!("{name}.{}", key.name);
            match key.name.as_str() {
                "all" => options.all = self.boolean(option, node),
                "re" => options.re = self.regex(option, node),
                "trim" => options.trim = self.boolean(option, node),
                "replace" => options.replace = self.replacements(option, node),
                "split" => options.split = self.text(option, node),
                "strip" => options.strip = self.characters(option, node),
                "lower" => options.lower = self.boolean(option, node),
                "upper" => options.upper = self.boolean(option, node),
                "map" => options.map = self.map(option, node),
                "join" => options.join = self.string(option, node).map(str::to_owned),
                "type" => options.kind = self.check(option, node, choice::read(node, TYPES)),
                "decimal" => options.notation.decimal = self.check(option, node, choice::read(node, DECIMALS)),
                "locale" => options.notation.locale = self.locale(option, node),
                "format" => options.notation.format = self.checked(option, node, checks::format),
                "timezone" => options.notation.timezone = self.checked(option, node, checks::timezone),
                "default" | "required" | "has" | "not" => {}
                source if SOURCES.contains(&source) => {}
                _ => self.refuse_option(option, key),
            }
        }
        options
    }

    fn regex(&mut self, name: &str, node: &Node) -> Option<String> {
        let pattern = self.text(name, node)?;
        self.check(name, node, checks::regex(&pattern))?;
        Some(pattern)
    }

    fn locale(&mut self, name: &str, node: &Node) -> Option<String> {
        let written = self.text(name, node)?;
        self.check(name, node, checks::locale(&written)).map(str::to_owned)
    }

    fn checked(&mut self, name: &str, node: &Node, check: fn(&str) -> Result<(), Complaint>) -> Option<String> {
        let text = self.text(name, node)?;
        self.check(name, node, check(&text))?;
        Some(text)
    }

    /// Reads the characters of `strip`. In other tools, `strip` is what `trim` is here.
    fn characters(&mut self, name: &str, node: &Node) -> Option<String> {
        if matches!(node.value, Value::Boolean(_)) {
            let complaint = Complaint::new("must have the characters to remove from both ends, such as \"()\"");
            self.refuse(name, node, complaint.with_help("did you mean `trim`? It is about white space"));
            return None;
        }
        self.text(name, node)
    }

    /// Reads `[["from", "to"], ..]`, or a single pair.
    fn replacements(&mut self, name: &str, node: &Node) -> Option<Vec<(String, String)>> {
        let complaint =
            || Complaint::new("must be pairs of texts").with_help("write [[\"from\", \"to\"], [\"another\", \"to\"]]");
        let pairs = match &node.value {
            Value::Array(texts) if !texts.is_empty() && texts.iter().all(|text| text.string().is_some()) => {
                std::slice::from_ref(node)
            }
            Value::Array(pairs) if !pairs.is_empty() => pairs.as_slice(),
            _ => {
                self.refuse(name, node, complaint());
                return None;
            }
        };
        let mut replacements = Vec::new();
        for pair in pairs {
            let texts = if let Value::Array(texts) = &pair.value { texts.as_slice() } else { &[] };
            let strings: Vec<&str> = texts.iter().filter_map(Node::string).collect();
            match (texts, strings.as_slice()) {
                ([from, _], ["", _]) => {
                    self.refuse(name, from, Complaint::new("must not replace an empty text"));
                }
                ([_, _], [from, to]) => replacements.push(((*from).to_owned(), (*to).to_owned())),
                _ => self.refuse(name, pair, complaint()),
            }
        }
        (replacements.len() == pairs.len()).then_some(replacements)
    }

    fn map(&mut self, name: &str, node: &Node) -> Option<Vec<(String, Scalar)>> {
        let Value::Table(entries) = &node.value else {
            let complaint = Complaint::new("must be a table of texts and their values");
            self.refuse(name, node, complaint.with_help("write { \"in stock\" = true, \"sold out\" = false }"));
            return None;
        };
        if entries.is_empty() {
            let complaint =
                Complaint::new("must not be empty").with_help("a text that it does not list is a bad value");
            self.refuse(name, node, complaint);
            return None;
        }
        let values = entries.iter().filter_map(|(key, node)| {
            let value = self.check(&format!("{name}.{}", key.name), node, scalar::read(node))?;
            Some((key.name.clone(), value))
        });
        let values: Vec<_> = values.collect();
        (values.len() == entries.len()).then_some(values)
    }
}
