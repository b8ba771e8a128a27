//! A document -> one line of JSON.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use bytes::Bytes;
use url::Url;

use super::link::Links;
use super::plan::{Content, Field, Plan, RuleError, Value};
use super::rules::{Arity, Fields};
use super::selection::{Marks, Scanner, Symbols, Take, Tree};
use super::{page, value};
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::document::{Dom, known};
use crate::scrape::parse::Document;

/// The most data that one page may give, in bytes of JSON: what a worker can hand over. Rules that take the markup of
/// nested elements can make gigabytes of a page of some kilobytes.
const MAX_DATA: usize = 64 << 20;

/// How deep a page may nest where a selector has `:has(..)`, whose matching takes some of the stack for each level.
const MAX_DEPTH_OF_HAS: usize = 2_000;

/// How many hits of a field are kept room for from page to page.
const KEPT_HITS: usize = 4096;

/// Compiled rules. Made once per worker, used for every page.
#[derive(Debug)]
pub struct Extractor {
    plan: Plan,
    /// The names in its selectors.
    symbols: Symbols,
    fields: usize,
    takes_links: bool,
    has_has: bool,
}

impl Extractor {
    /// Compiles rules; `None` are those for the page's title, description, canonical, language, headings and links.
    ///
    /// # Errors
    /// At the first rule whose selector or regular expression is none, or that contradicts itself.
    pub fn new(fields: Option<&Fields>) -> Result<Self, RuleError> {
        let mut symbols = Symbols::new();
        let plan = match fields {
            Some(fields) => Plan::new(fields, &mut symbols)?,
            None => Plan::new(&page::fields(), &mut symbols)?,
        };
        let (fields, takes_links, has_has) = (plan.count(), plan.takes_links(), plan.has_has());
        Ok(Self { plan, symbols, fields, takes_links, has_has })
    }

    /// Extracts the fields as one line of JSON, in the order of the rules.
    ///
    /// `final_url` is where the page was found: what relative links are relative to, where the page has no `<base>`.
    ///
    /// # Errors
    /// With stage `extract`: `missing_field` where a required value is missing, `bad_value` where a value does not
    /// fit its type; `too_large` where there is more data than a worker can hand over. The message names the field.
    pub fn extract(&self, document: &Document, final_url: &Url) -> Result<Bytes, Failure> {
        let dom = &document.dom;
        if self.has_has && dom.depth() > MAX_DEPTH_OF_HAS {
            let message = format!("match `:has(..)`: the page nests elements more than {MAX_DEPTH_OF_HAS} deep");
            return Err(Failure::new(FailureKind::TooLarge, Stage::Extract, message));
        }
        let links = self.takes_links.then(|| Links::new(final_url, base_href(dom), dom.encoding()));
        let Room { mut marks, mut hits, nodes } = ROOM.take();
        marks.fill(dom, &self.symbols);
        hits.resize_with(self.fields.max(hits.len()), Vec::new);
        let tree = Tree::new(dom);
        let mut run = Run {
            dom,
            links,
            scanner: Scanner::new(&tree, &marks),
            hits,
            nodes,
            out: Vec::with_capacity(1024),
            path: Vec::new(),
        };
        let done = run.object(&self.plan, None);
        let Run { hits, nodes, out, .. } = run;
        ROOM.set(Room { marks, hits, nodes });
        done.map(|()| out.into())
    }
}

/// Memory that one page after another uses.
#[derive(Default)]
struct Room {
    marks: Marks,
    hits: Vec<Vec<Hit>>,
    nodes: Vec<Hit>,
}

thread_local! {
    static ROOM: Cell<Room> = Cell::default();
}

/// The first `<base>` that has a `href`.
pub(super) fn base_href(dom: &Dom) -> Option<&str> {
    let mut bases = dom.walk(dom.whole()).filter(|at| dom.node(*at).is_html(known::BASE));
    bases.find_map(|at| dom.attribute(at, known::HREF))
}

/// A node that a field's selector found: its place in the document, and which of the field's takes it is for.
type Hit = (u32, u32);

/// The extraction of one page.
struct Run<'a, 'o> {
    dom: &'a Dom,
    links: Option<Links>,
    scanner: Scanner<'o>,
    /// What each field's selector found in the object that is being written, by the field's number.
    hits: Vec<Vec<Hit>>,
    /// What gives the values of the field that is being written, if that is not what its selector found.
    nodes: Vec<Hit>,
    out: Vec<u8>,
    /// Where in the data we are, for messages.
    path: Vec<Step<'o>>,
}

#[derive(Clone, Copy)]
enum Step<'o> {
    Field(&'o str),
    Index(usize),
}

impl<'a, 'o> Run<'a, 'o> {
    /// Writes the object that `plan` makes of the document, or of `scope` and what is below it.
    fn object(&mut self, plan: &'o Plan, scope: Option<u32>) -> Result<(), Failure> {
        for field in &plan.fields {
            self.hits[field.number].clear();
        }
        self.scanner.scan(scope, &plan.scan, |at, origin| self.hits[origin.field].push((at, origin.take)));
        self.out.push(b'{');
        for (nth, field) in plan.fields.iter().enumerate() {
            if nth > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.key);
            self.path.push(Step::Field(&field.name));
            // Given back at the end: the fields of a list's objects have other numbers.
            let mut hits = std::mem::take(&mut self.hits[field.number]);
            match &field.content {
                Content::Value(value) => self.value(field, value, &mut hits)?,
                Content::Each(plan) => self.list_of_objects(plan, &mut hits)?,
            }
            hits.shrink_to(KEPT_HITS);
            self.hits[field.number] = hits;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn list_of_objects(&mut self, plan: &'o Plan, hits: &mut Vec<Hit>) -> Result<(), Failure> {
        // An element that two branches match is one element.
        hits.dedup();
        self.out.push(b'[');
        for (nth, &(at, _)) in hits.iter().enumerate() {
            if nth > 0 {
                self.out.push(b',');
            }
            if self.out.len() > MAX_DATA {
                return Err(self.too_large());
            }
            self.path.push(Step::Index(nth));
            self.object(plan, Some(at))?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn value(&mut self, field: &Field, rule: &Value, hits: &mut Vec<Hit>) -> Result<(), Failure> {
        let mut nodes = std::mem::take(&mut self.nodes);
        let done = self.list_of_values(field, rule, self.in_document_order(field, hits, &mut nodes));
        self.nodes = nodes;
        done
    }

    fn list_of_values(&mut self, field: &Field, rule: &Value, nodes: &[Hit]) -> Result<(), Failure> {
        let mut count = 0_usize;
        let start = self.out.len();
        if rule.arity == Arity::Many {
            self.out.push(b'[');
        }
        for &(at, take) in nodes {
            let Some(text) = self.take(&field.takes[take as usize], at, rule.trim) else { continue };
            let done = for_each_string(rule, text, |text| {
                if rule.arity == Arity::One && text.is_empty() {
                    return ControlFlow::Continue(());
                }
                if count > 0 {
                    self.out.push(b',');
                }
                count += 1;
                if self.out.len() + text.len() > MAX_DATA {
                    return ControlFlow::Break(Some(self.too_large()));
                }
                if !value::write(&mut self.out, &text, rule.kind) {
                    return ControlFlow::Break(Some(self.bad_value(rule, &text)));
                }
                if rule.arity == Arity::One { ControlFlow::Break(None) } else { ControlFlow::Continue(()) }
            });
            match done {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(None) => break,
                ControlFlow::Break(Some(failure)) => return Err(failure),
            }
        }
        if count == 0 && rule.required {
            return Err(self.missing(rule));
        }
        match rule.arity {
            Arity::Many => self.out.push(b']'),
            Arity::One if self.out.len() == start => self.out.extend_from_slice(&rule.default),
            Arity::One => {}
        }
        Ok(())
    }

    /// The nodes that give the values: the text nodes of the elements whose text is taken, else the elements.
    fn in_document_order<'h>(
        &self,
        field: &Field,
        hits: &'h mut Vec<Hit>,
        texts: &'h mut Vec<Hit>,
    ) -> &'h mut Vec<Hit> {
        let nodes = if field.takes.contains(&Take::Text) {
            texts.clear();
            texts.shrink_to(KEPT_HITS);
            for &(at, take) in &*hits {
                if field.takes[take as usize] == Take::Text {
                    let below = self.dom.children(at).filter(|at| self.dom.node(*at).is_text());
                    texts.extend(below.map(|text| (text, take)));
                } else {
                    texts.push((at, take));
                }
            }
            texts
        } else {
            hits
        };
        // Elements were found in order; their texts are not where matched elements nest.
        if !nodes.is_sorted() {
            nodes.sort_unstable();
        }
        nodes.dedup();
        let is_attribute = |take: &&Take| matches!(take, Take::Attribute(_));
        if field.takes.iter().filter(is_attribute).count() > 1 {
            // Those of one element come in the order in which the page wrote them.
            nodes.sort_by_cached_key(|&(at, take)| {
                let place = match &field.takes[take as usize] {
                    Take::Attribute(name) => name.of(self.dom, at).map(|(place, _)| place),
                    _ => None,
                };
                (at, place, take)
            });
        }
        nodes
    }

    /// What a node gives, if it gives anything.
    fn take(&self, take: &Take, at: u32, trim: bool) -> Option<Cow<'a, str>> {
        match take {
            Take::Text => {
                let text = self.dom.text(at);
                (!trim || !value::is_blank(text)).then_some(Cow::Borrowed(text))
            }
            Take::OuterHtml => Some(self.dom.outer_html(at).into()),
            Take::InnerHtml => Some(self.dom.inner_html(at).into()),
            Take::TextContent => Some(value::fold(self.dom.texts(self.dom.subtree(at))).into()),
            Take::Url => Some(self.links.as_ref()?.of(self.dom, at)?.into()),
            Take::Attribute(name) => name.of(self.dom, at).map(|(_, value)| Cow::Borrowed(value)),
        }
    }

    fn bad_value(&self, rule: &Value, text: &str) -> Failure {
        let message = format!(
            "read field `{}` as {}: it is `{}`",
            self.path(),
            value::type_name(rule.kind),
            value::shorten(text)
        );
        Failure::new(FailureKind::BadValue, Stage::Extract, message)
    }

    fn too_large(&self) -> Failure {
        let message = format!(
            "extract field `{}`: the page's data is larger than {MAX_DATA} bytes; extract less of it",
            self.path()
        );
        Failure::new(FailureKind::TooLarge, Stage::Extract, message)
    }

    fn missing(&self, rule: &Value) -> Failure {
        let message = format!("find required field `{}`: nothing matches `{}`", self.path(), rule.css);
        Failure::new(FailureKind::MissingField, Stage::Extract, message)
    }

    /// `quotes[3].author`.
    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => write!(path, ".{name}").expect("a string takes all text"),
                Step::Index(nth) => write!(path, "[{nth}]").expect("a string takes all text"),
            }
        }
        path
    }
}

/// The strings that a rule makes of one selected text: `re`, then trim.
fn for_each_string<B>(
    rule: &Value,
    text: Cow<'_, str>,
    mut found: impl FnMut(Cow<'_, str>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let trim = |text| if rule.trim { value::trim(text) } else { text };
    let Some(pattern) = &rule.pattern else { return found(trim(text)) };
    pattern.find_in(&text, |string| found(trim(string)))
}

#[cfg(test)]
#[path = "extractor_tests.rs"]
mod tests;
