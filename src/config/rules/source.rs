//! Reads where values come from.

use reqwest::header::HeaderName;

use super::clashes;
use super::names::{BEFORE_JSON, SOURCES, STRUCTURED};
use super::reader::{At, Reader, entry};
use super::scalar;
use crate::config::element::choice;
use crate::config::error::Complaint;
use crate::config::place::Place;
use crate::config::written::{Key, Node, Table};
use crate::config::{checks, suggest};
use crate::scrape::extract::{Fact, Root, Source};

/// A source, and how it was written.
pub(super) struct Found<'t> {
    pub(super) source: Source,
    /// Whether brackets ask for a list.
    pub(super) in_brackets: bool,
    /// The place of its key, or of a selector that stands alone.
    pub(super) place: &'t Place,
    /// The name of its key, if it has one.
    pub(super) name: Option<&'t str>,
}

/// The facts that have one word.
pub(super) const FACTS: &[(&str, Fact)] = &[
    ("url", Fact::Url),
    ("final_url", Fact::FinalUrl),
    ("status", Fact::Status),
    ("fetched_at", Fact::FetchedAt),
    ("seq", Fact::Seq),
];

impl Reader {
    /// Reads the source of a table that has one.
    pub(super) fn source<'t>(&mut self, at: At<'_>, table: &'t Table) -> Option<Found<'t>> {
        let is_source = |key: &Key| SOURCES.contains(&key.name.as_str());
        let mut sources = table.iter().filter(|(key, _)| is_source(key) && key.name != "json");
        let first = sources.next();
        let json = entry(table, "json");
        for (key, _) in sources {
            let first = first.map_or("", |(key, _)| key.name.as_str());
            self.refuse_second(at, key, first);
        }
        let (key, node) = match (first, json) {
            (Some((key, node)), _) => (key, node),
            (None, Some(json)) => json,
            (None, None) => return None,
        };
        if json.is_some() && key.name != "json" && !BEFORE_JSON.contains(&key.name.as_str()) {
            let (json, _) = json?;
            self.refuse_second(at, json, &key.name);
        }
        let path = json.map(|(key, node)| self.json(&format!("{}.{}", at.name, key.name), node));
        let root = if key.name == "json" { Some((Root::Body, false)) } else { self.root(at.name, key, node) };
        let inside = self.inside(at.name, table);
        let (root, in_brackets) = root?;
        let (json, json_in_brackets) =
            path.map_or(Some((None, false)), |path| path.map(|(it, list)| (Some(it), list)))?;
        let (has, not) = inside?;
        let in_brackets = in_brackets || json_in_brackets;
        let found =
            Found { source: Source { root, has, not, json }, in_brackets, place: &key.place, name: Some(&key.name) };
        self.check_place(at, &found).then_some(found)
    }

    fn refuse_second(&mut self, at: At<'_>, key: &Key, first: &str) {
        let message = format!("cannot stand beside `{first}`");
        let help =
            "a rule has one source: remove one of them, or write { first_of = [.., ..] } to try one after another";
        self.refuse_at(&format!("{}.{}", at.name, key.name), &key.place, &message, help);
    }

    /// Reads a source other than `json`, and whether it stands in brackets.
    fn root(&mut self, name: &str, key: &Key, node: &Node) -> Option<(Root, bool)> {
        let name = &format!("{name}.{}", key.name);
        let single = |root: Root| Some((root, false));
        match key.name.as_str() {
            "css" => {
                let (css, in_brackets) = self.expression(name, "selector", node, checks::selector)?;
                Some((Root::Css(css), in_brackets))
            }
            "xpath" => {
                let (xpath, in_brackets) = self.expression(name, "expression", node, checks::xpath)?;
                Some((Root::XPath(xpath), in_brackets))
            }
            "table" => {
                let (css, in_brackets) = self.expression(name, "selector", node, checks::elements)?;
                Some((Root::Table(css), in_brackets))
            }
            "structured" => {
                let what = choice::read(node, STRUCTURED);
                single(Root::Structured(self.check(name, node, what)?))
            }
            "links" => self.is_true(name, node).and_then(|()| single(Root::Links)),
            "feed" => self.is_true(name, node).and_then(|()| single(Root::Feed)),
            "article" => self.is_true(name, node).and_then(|()| single(Root::Article { markdown: false })),
            "const" => {
                let value = scalar::read(node);
                single(Root::Const(self.check(name, node, value)?))
            }
            _ => {
                let fact = fact(node);
                single(Root::Fact(self.check(name, node, fact)?))
            }
        }
    }

    fn json(&mut self, name: &str, node: &Node) -> Option<(String, bool)> {
        self.expression(name, "path", node, checks::json_path)
    }

    /// Reads a selector, an expression or a path, and whether it stands in brackets.
    fn expression(
        &mut self,
        name: &str,
        what: &str,
        node: &Node,
        check: fn(&str) -> Result<(), Complaint>,
    ) -> Option<(String, bool)> {
        let (node, in_brackets) = self.text_or_list(name, what, node)?;
        let text = self.string(name, node)?;
        self.check(name, node, check(text))?;
        Some((text.to_owned(), in_brackets))
    }

    /// Reads `has` and `not`.
    fn inside(&mut self, name: &str, table: &Table) -> Option<(Option<String>, Option<String>)> {
        let mut selector = |key: &str| {
            let Some((_, node)) = entry(table, key) else { return Some(None) };
            let name = &format!("{name}.{key}");
            let css = self.string(name, node)?;
            self.check(name, node, checks::elements(css))?;
            Some(Some(css.to_owned()))
        };
        let (has, not) = (selector("has"), selector("not"));
        Some((has?, not?))
    }

    /// Checks that a source can give a value where it stands.
    pub(super) fn check_place(&mut self, at: At<'_>, found: &Found<'_>) -> bool {
        let Some((message, help)) = clashes::misplaced(&found.source.root, at.around) else { return true };
        let name = found.name.map_or_else(|| at.name.to_owned(), |key| format!("{}.{key}", at.name));
        self.refuse_at(&name, found.place, message, help);
        false
    }
}

/// Reads a fact: one word, `header:NAME` or `input:COLUMN`.
fn fact(node: &Node) -> Result<Fact, Complaint> {
    let written = node.string().unwrap_or_default();
    if let Some((_, fact)) = FACTS.iter().find(|(word, _)| *word == written) {
        return Ok(fact.clone());
    }
    match written.split_once(':') {
        Some(("header", name)) => match HeaderName::try_from(name) {
            Ok(name) => Ok(Fact::Header(name.as_str().to_owned())),
            Err(_) => Err(Complaint::new("needs the valid name of a header after \"header:\"")
                .at("header:".len()..written.len())
                .with_help("such as \"header:content-type\"; a name has letters, digits and any of !#$%&'*+-.^_`|~")),
        },
        Some(("input", "")) => Err(Complaint::new("needs the name of a column after \"input:\"")
            .with_help("such as \"input:sku\", where `sku` is a column of the list")),
        Some(("input", column)) => Ok(Fact::Input(column.to_owned())),
        _ => Err(unknown_fact(node)),
    }
}

fn unknown_fact(node: &Node) -> Complaint {
    let words = FACTS.iter().map(|(word, _)| *word).chain(["header:NAME", "input:COLUMN"]);
    let all: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    let complaint = Complaint::new(format!("must be one of {}", all.join(", ")));
    let Some(written) = node.string() else { return complaint };
    let (word, rest) = written.split_once(':').map_or((written, None), |(word, rest)| (word, Some(rest)));
    let known = FACTS.iter().map(|(word, _)| *word).chain(["header", "input"]);
    match (suggest::nearest(word, known), rest) {
        (Some("header"), None | Some("")) => complaint.with_help("did you mean \"header:NAME\"?"),
        (Some("input"), None | Some("")) => complaint.with_help("did you mean \"input:COLUMN\"?"),
        (Some(near @ ("header" | "input")), Some(rest)) => {
            complaint.with_help(format!("did you mean {}?", node.as_written(&format!("{near}:{rest}"))))
        }
        (Some(near), _) => complaint.with_help(format!("did you mean {}?", node.as_written(near))),
        (None, _) => complaint,
    }
}
