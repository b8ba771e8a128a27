//! Decides which form a rule has: a string, a string in brackets, or one of three tables.

use super::names;
use super::options::Options;
use super::reader::{At, Reader, entry};
use super::source::Found;
use super::value::Written;
use crate::config::checks;
use crate::config::error::{Complaint, Problem, ProblemKind};
use crate::config::written::{Key, Node, Table, Value};
use crate::scrape::extract::{Root, Rule, Source};

impl Reader {
    pub(super) fn rule(&mut self, at: At<'_>, node: &Node) -> Option<Rule> {
        let Value::Table(table) = &node.value else {
            let found = self.selection(at, node)?;
            let written = Written { at, table: &Table::new(), found, required: false };
            return self.value(&written, Options::default()).map(Rule::Value);
        };
        if let Some((key, each)) = entry(table, "each") {
            return self.each(at, table, (key, each));
        }
        if let Some((key, rules)) = entry(table, "first_of") {
            return self.first_of(at, table, (key, rules));
        }
        if !table.iter().any(|(key, _)| names::SOURCES.contains(&key.name.as_str())) {
            self.refuse_sourceless(at, table);
            return None;
        }
        self.value_table(at, table).map(Rule::Value)
    }

    /// Reads a rule that is nothing but a selector: `"h1::text"` or `["a::url"]`.
    fn selection<'n>(&mut self, at: At<'_>, node: &'n Node) -> Option<Found<'n>> {
        let (text, in_brackets) = self.text_or_list(at.name, "selector", node)?;
        let Some(css) = text.string() else {
            let complaint = Complaint::new("must be a selector");
            let help = "write \"h1::text\" (the first match), [\"a::url\"] (every match), or a table with css or each";
            self.refuse(at.name, text, complaint.with_help(help));
            return None;
        };
        let checked = checks::selector(css).map_err(|complaint| match language(css) {
            Some(key) => {
                let written = text.as_written(css);
                complaint.with_help(format!("write {{ {key} = {written} }} if this is not CSS"))
            }
            None => complaint,
        });
        self.check(at.name, text, checked)?;
        let source = Source::from(Root::Css(css.to_owned()));
        let found = Found { source, in_brackets, place: &text.place, name: None };
        self.check_place(at, &found).then_some(found)
    }

    /// Gives the value itself, or the only one in brackets, and whether there were brackets. `what`: what the value is.
    pub(super) fn text_or_list<'n>(&mut self, name: &str, what: &str, node: &'n Node) -> Option<(&'n Node, bool)> {
        let Value::Array(values) = &node.value else { return Some((node, false)) };
        let complaint = match values.as_slice() {
            [value] if value.string().is_some() => return Some((value, true)),
            [value, ..] if matches!(value.value, Value::Table(_)) => {
                let help = format!(
                    "write [{name}] with single brackets: its `each` makes the list; a table with another source makes a \
                     list with all = true"
                );
                Complaint::new("must be one table").with_help(help)
            }
            _ => {
                let message = format!("must be one {what} in brackets (which gives a list of its matches)");
                let joined = "selectors joined with commas, [\"h1::text, h2::text\"], give the matches of all of them";
                let help = "first_of = [\"h1::text\", \"h2::text\"] gives the first that has a value";
                Complaint::new(message).with_help(match what {
                    "selector" => format!("{help}; {joined}"),
                    _ => "first_of = [{ .. }, { .. }] gives the first that has a value".to_owned(),
                })
            }
        };
        self.refuse(name, node, complaint);
        None
    }

    pub(super) fn refuse_option(&mut self, option: &str, key: &Key) {
        let problem = Problem::new(ProblemKind::UnknownName, format!("unknown option `{option}`"), key.place.clone());
        let help = match names::meant(&key.name).filter(|meant| *meant != "each") {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the options of a value are {}", names::options().collect::<Vec<_>>().join(", ")),
        };
        self.push(problem.with_help(help));
    }

    fn refuse_sourceless(&mut self, at: At<'_>, table: &Table) {
        let name = at.name;
        let message = format!("`{name}` needs a source, such as `css`, or `each` (an object per match)");
        let misspelt = table.iter().find_map(|(key, _)| {
            names::meant(&key.name).filter(|meant| names::SOURCES.contains(meant)).map(|meant| (key, meant))
        });
        let (place, help) = if let Some((key, meant)) = misspelt {
            (&key.place, format!("did you mean `{meant}`?"))
        } else {
            let (each, sources) = names::SOURCES.split_last().unwrap_or((&"", &[]));
            (at.place, format!("the sources are {}; {name}.{each} = \"SELECTOR\" makes objects", sources.join(", ")))
        };
        self.push(Problem::new(ProblemKind::BadValue, message, place.clone()).with_help(help));
    }
}

/// The key for a text that is not CSS, but looks like another language.
pub(in crate::config) fn language(text: &str) -> Option<&'static str> {
    match text {
        _ if text.starts_with(['$', '@']) => Some("json"),
        _ if text.starts_with(['/', '(']) || text.starts_with("./") => Some("xpath"),
        _ => None,
    }
}
