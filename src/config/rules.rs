//! `[extract]`: the value of a field -> the rule for what is extracted.
//!
//! A string is the first match. A string in brackets is every match. A table with `css` is the same with options. A table
//! with `each` is one object for each element.

use crate::scrape::extract::{Arity, EachRule, Fields, Root, Rule, Scalar, Source, ValueRule, ValueType};

use super::checks;
use super::draft::{Draft, replace};
use super::element::choice;
use super::error::{Complaint, Problem, ProblemKind};
use super::suggest;
use super::written::{Key, Node, Table, Value};

const TYPES: &[(&str, ValueType)] = &[
    ("string", ValueType::String),
    ("number", ValueType::Number),
    ("integer", ValueType::Integer),
    ("boolean", ValueType::Boolean),
    ("html", ValueType::Html),
];

/// The keys of a table with `css`.
const OPTIONS: &[&str] = &["css", "type", "required", "default", "trim", "re"];

/// The names of the options in other tools.
const NAMES_ELSEWHERE: &[(&str, &str)] = &[
    ("selector", "css"),
    ("sel", "css"),
    ("iterator", "each"),
    ("foreach", "each"),
    ("for_each", "each"),
    ("regex", "re"),
    ("pattern", "re"),
    ("strip", "trim"),
];

/// Reads the field `key` of `[extract]`, whose full name is `name`, and puts it among the fields. Gives what it means. Errs
/// with everything that is wrong with it.
pub(super) fn put(draft: &mut Draft, name: &str, (key, node): (&Key, &Node)) -> Result<String, Vec<Problem>> {
    let rule = read(name, key, node)?;
    let meaning = format!("{rule:?}");
    // A field of one layer replaces that of another as a whole, and takes its position among the fields.
    replace(&mut draft.extract, &key.name, rule, |one, other| one == other);
    Ok(meaning)
}

fn read(name: &str, key: &Key, node: &Node) -> Result<Rule, Vec<Problem>> {
    let mut reader = Reader { problems: Vec::new() };
    let rule = if key.name == "each" && node.string().is_some() {
        reader.refuse_key(
            name,
            key,
            "must be inside of a field",
            "write it below [extract.NAME], with the fields of the objects",
        );
        None
    } else {
        reader.rule(name, key, node)
    };
    match rule {
        Some(rule) if reader.problems.is_empty() => Ok(rule),
        _ => Err(reader.problems),
    }
}

/// Goes through a rule and collects what is wrong. A method gives `None` if it has found something.
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn rule(&mut self, name: &str, key: &Key, node: &Node) -> Option<Rule> {
        let Value::Table(table) = &node.value else {
            let (css, arity) = self.selection(name, node)?;
            return Some(Rule::Value(ValueRule::new(css, arity)));
        };
        let has = |wanted: &str| table.iter().find(|(key, _)| key.name == wanted);
        match (has("css"), has("each")) {
            (Some(_), None) => self.value(name, table).map(Rule::Value),
            (None, Some(_)) => self.each(name, key, table),
            (Some((css, _)), Some(_)) => {
                let message = "cannot stand beside `each`";
                let help = "`css` takes one value, `each` makes an object of each element: remove one of them";
                self.refuse_key(&format!("{name}.css"), css, message, help);
                None
            }
            (None, None) => {
                self.refuse_neither(name, key, table);
                None
            }
        }
    }

    /// Reads a selector, and whether one of its matches is wanted or all: `"h1::text"` or `["a::url"]`.
    fn selection(&mut self, name: &str, node: &Node) -> Option<(String, Arity)> {
        let (node, arity) = match &node.value {
            Value::Array(values) => (self.only(name, node, values)?, Arity::Many),
            _ => (node, Arity::One),
        };
        let Some(css) = node.string() else {
            let complaint = Complaint::new("must be a selector");
            let help = "write \"h1::text\" (the first match), [\"a::url\"] (every match), or a table with css or each";
            self.refuse(name, node, complaint.with_help(help));
            return None;
        };
        self.check(name, node, checks::selector(css))?;
        Some((css.to_owned(), arity))
    }

    /// Gives the only string of a list.
    fn only<'n>(&mut self, name: &str, node: &Node, values: &'n [Node]) -> Option<&'n Node> {
        let complaint = match values {
            [value] if value.string().is_some() => return Some(value),
            [value, ..] if matches!(value.value, Value::Table(_)) => {
                let help = format!("write [{name}] with single brackets: its `each` makes the list");
                Complaint::new("must be one table").with_help(help)
            }
            _ => Complaint::new("must be one selector in brackets (which gives a list of its matches)")
                .with_help("join several selectors with commas: [\"h1::text, h2::text\"]"),
        };
        self.refuse(name, node, complaint);
        None
    }

    /// Reads a table with `css`.
    fn value(&mut self, name: &str, table: &Table) -> Option<ValueRule> {
        let mut rule = ValueRule::new("", Arity::One);
        let (mut default, mut re) = (None, None);
        let (mut has_type, mut has_selection) = (true, false);
        for (key, node) in table {
            let option = format!("{name}.{}", key.name);
            match key.name.as_str() {
                "css" => {
                    if let Some((css, arity)) = self.selection(&option, node) {
                        (rule.source, rule.arity) = (Source::from(Root::Css(css)), arity);
                        has_selection = true;
                    }
                }
                "type" => {
                    let kind = self.check(&option, node, choice::read(node, TYPES));
                    has_type = kind.is_some();
                    rule.kind = kind.unwrap_or(rule.kind);
                }
                "required" => rule.required = self.boolean(&option, node).unwrap_or_default(),
                "trim" => rule.steps.trim = self.boolean(&option, node).unwrap_or_default(),
                "default" => default = Some((key, node)),
                "re" => re = Some(node),
                _ => self.refuse_option(&option, key),
            }
        }
        if let Some(node) = re {
            // If the selector is not valid, it is unknown whether a list is meant. Then the pattern may have any groups.
            let arity = if has_selection { rule.arity } else { Arity::Many };
            rule.steps.re = self.regex(&format!("{name}.re"), node, arity);
        }
        // Without a valid type, a default cannot be checked.
        if let Some((key, node)) = default
            && has_type
        {
            rule.default = self.default(&format!("{name}.default"), key, node, &rule);
        }
        self.problems.is_empty().then_some(rule)
    }

    /// Reads a table with `each`: all its other keys are fields.
    fn each(&mut self, name: &str, key: &Key, table: &Table) -> Option<Rule> {
        let mut each = String::new();
        let mut fields = Fields::new();
        for (key, node) in table {
            let field = format!("{name}.{}", key.name);
            if key.name != "each" {
                let rule = self.rule(&field, key, node);
                fields.extend(rule.map(|rule| (key.name.clone(), rule)));
            } else if let Some(css) = node.string() {
                self.check(&field, node, checks::each(css));
                css.clone_into(&mut each);
            } else {
                self.refuse(&field, node, Complaint::new("must be a selector, such as \"div.quote\""));
            }
        }
        if table.len() == 1 {
            let help = "add the fields of its objects, such as text = \"span::text\"";
            self.refuse_key(name, key, "has `each`, but no fields", help);
        }
        self.problems.is_empty().then(|| Rule::Each(EachRule { each: Source::from(Root::Css(each)), fields }))
    }

    fn boolean(&mut self, option: &str, node: &Node) -> Option<bool> {
        let truth = node.boolean().ok_or_else(|| Complaint::new("must be true or false"));
        self.check(option, node, truth)
    }

    fn regex(&mut self, option: &str, node: &Node, arity: Arity) -> Option<String> {
        let pattern = node.string().ok_or_else(|| Complaint::new("must be a string"));
        let pattern = self.check(option, node, pattern)?;
        self.check(option, node, checks::regex(pattern, arity))?;
        Some(pattern.to_owned())
    }

    /// Reads a default, which must fit the rest of the rule.
    fn default(&mut self, option: &str, key: &Key, node: &Node, rule: &ValueRule) -> Option<Scalar> {
        if rule.required {
            let help = "a page without a match fails or gets the default: remove one of the two";
            self.refuse_key(option, key, "contradicts `required = true`", help);
            return None;
        }
        if rule.arity == Arity::Many {
            self.refuse_key(option, key, "cannot be used for a list", "a list without matches is empty");
            return None;
        }
        let scalar = match (rule.kind, &node.value) {
            (ValueType::String | ValueType::Html, Value::String(text) | Value::Bare(text)) => {
                Some(Scalar::String(text.clone()))
            }
            (ValueType::Boolean, _) => node.boolean().map(Scalar::Boolean),
            (ValueType::Integer | ValueType::Number, _) => match node.number() {
                Some(Value::Integer(number)) => i64::try_from(number).ok().map(Scalar::Integer),
                // JSON has neither infinity nor NaN.
                Some(Value::Float(number)) if rule.kind == ValueType::Number && number.is_finite() => {
                    Some(Scalar::Float(number))
                }
                _ => None,
            },
            _ => None,
        };
        let expected = match rule.kind {
            ValueType::String => "must be a string, as `type` is \"string\"",
            ValueType::Html => "must be a string, as `type` is \"html\"",
            ValueType::Number => "must be a number, as `type` is \"number\"",
            ValueType::Integer => "must be a whole number of 64 bits, as `type` is \"integer\"",
            ValueType::Boolean => "must be true or false, as `type` is \"boolean\"",
            _ => "must be a string",
        };
        self.check(option, node, scalar.ok_or_else(|| Complaint::new(expected)))
    }

    fn check<T>(&mut self, name: &str, node: &Node, result: Result<T, Complaint>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(complaint) => {
                self.refuse(name, node, complaint);
                None
            }
        }
    }

    fn refuse(&mut self, name: &str, node: &Node, complaint: Complaint) {
        self.problems.push(node.problem(name, complaint));
    }

    fn refuse_key(&mut self, name: &str, key: &Key, message: &str, help: &str) {
        let message = format!("`{name}` {message}");
        let problem = Problem::new(ProblemKind::BadValue, message, key.place.clone());
        self.problems.push(problem.with_help(help));
    }

    fn refuse_option(&mut self, option: &str, key: &Key) {
        let problem = Problem::new(ProblemKind::UnknownName, format!("unknown option `{option}`"), key.place.clone());
        let meant = meant(&key.name).filter(|meant| *meant != "each");
        self.problems.push(match meant {
            Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
            None => problem.with_help(format!("the options of a value are {}", OPTIONS.join(", "))),
        });
    }

    fn refuse_neither(&mut self, name: &str, key: &Key, table: &Table) {
        let message = format!("`{name}` needs `css` (a value) or `each` (an object per element)");
        let misspelt = table.iter().find_map(|(key, _)| {
            meant(&key.name).filter(|meant| matches!(*meant, "css" | "each")).map(|meant| (key, meant))
        });
        let (place, help) = match misspelt {
            Some((key, meant)) => (&key.place, format!("did you mean `{meant}`?")),
            None => (&key.place, format!("add css = \"SELECTOR\", or {name}.each = \"SELECTOR\" to make objects")),
        };
        let problem = Problem::new(ProblemKind::BadValue, message, place.clone());
        self.problems.push(problem.with_help(help));
    }
}

/// The option that `name` may stand for.
fn meant(name: &str) -> Option<&'static str> {
    let elsewhere = NAMES_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name);
    let known = OPTIONS.iter().copied().chain(["each"]);
    elsewhere.map(|(_, ours)| *ours).or_else(|| suggest::nearest(name, known))
}
