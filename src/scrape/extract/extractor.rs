//! Turns a document into one line of JSON.

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
use crate::scrape::document::Dom;
use crate::scrape::parse::Document;

/// The most data that one page may give, in bytes of JSON: the largest answer that a worker can send. Rules that select
/// the markup of nested elements can turn a few kilobytes of page into gigabytes.
const MAX_DATA: usize = 64 << 20;

/// The deepest page that `:has(..)` is matched on. Matching it uses stack space for each level.
const MAX_DEPTH_OF_HAS: usize = 2_000;

/// The capacity for matches of a field that is kept from page to page.
const KEPT_HITS: usize = 4096;

/// Compiled rules. Each worker makes one and uses it for every page.
#[derive(Debug)]
pub struct Extractor {
    plan: Plan,
    /// The names in the selectors.
    symbols: Symbols,
    fields: usize,
    takes_links: bool,
    uses_has: bool,
}

impl Extractor {
    /// Compiles rules. `None` stands for the rules that extract the page's title, description, canonical, language,
    /// headings and links.
    ///
    /// # Errors
    /// Fails at the first rule that contradicts itself or whose selector or regular expression is invalid.
    pub fn new(fields: Option<&Fields>) -> Result<Self, RuleError> {
        let mut symbols = Symbols::new();
        let plan = match fields {
            Some(fields) => Plan::new(fields, &mut symbols)?,
            None => Plan::new(&page::fields(), &mut symbols)?,
        };
        let (fields, takes_links, uses_has) = (plan.count(), plan.takes_links(), plan.uses_has());
        Ok(Self { plan, symbols, fields, takes_links, uses_has })
    }

    /// Extracts the fields as one line of JSON, in the order of the rules.
    ///
    /// `final_url` is the URL of the page. Relative links are resolved against it if the page has no `<base>`.
    ///
    /// # Errors
    /// Fails at stage `extract`, and the message names the field: `missing_field` if a required value is missing,
    /// `bad_value` if a value does not fit its type, `too_large` if there is more data than a worker can send. A page
    /// that nests too deeply for `:has(..)` is also `too_large`; this message names no field.
    pub fn extract(&self, document: &Document, final_url: &Url) -> Result<Bytes, Failure> {
        let dom = &document.dom;
        if self.uses_has && dom.depth() > MAX_DEPTH_OF_HAS {
            let message = format!("match `:has(..)`: the page nests elements more than {MAX_DEPTH_OF_HAS} deep");
            return Err(Failure::new(FailureKind::TooLarge, Stage::Extract, message));
        }
        let links = self.takes_links.then(|| Links::of_document(dom, final_url));
        let Buffers { mut marks, mut hits, nodes } = BUFFERS.take();
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
        BUFFERS.set(Buffers { marks, hits, nodes });
        done.map(|()| out.into())
    }
}

/// Memory that is reused from page to page.
#[derive(Default)]
struct Buffers {
    marks: Marks,
    hits: Vec<Vec<Hit>>,
    nodes: Vec<Hit>,
}

thread_local! {
    static BUFFERS: Cell<Buffers> = Cell::default();
}

/// A node that a field's selector matched: its place in the document, and the index of the take in the field's `takes`.
type Hit = (u32, u32);

/// The extraction of one page.
struct Run<'a, 'o> {
    dom: &'a Dom,
    links: Option<Links>,
    scanner: Scanner<'o>,
    /// The matches of each field in the object that is being written, by the field's number.
    hits: Vec<Vec<Hit>>,
    /// The nodes that give the values of the current field, if they differ from the matched elements.
    nodes: Vec<Hit>,
    out: Vec<u8>,
    /// The current position in the data, for messages.
    path: Vec<Step<'o>>,
}

#[derive(Clone, Copy)]
enum Step<'o> {
    Field(&'o str),
    Index(usize),
}

impl<'a, 'o> Run<'a, 'o> {
    /// Writes the object that `plan` makes from the document, or from `scope` and everything below it.
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
            // The list is put back at the end. Meanwhile the fields of nested objects, which have other numbers, use
            // other lists.
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
        // Two branches may match the same element, which counts once.
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

    /// Returns the nodes that give the values, in document order: text nodes for `::text`, and elements otherwise.
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
        // Elements were found in document order. Their text nodes are out of order if matched elements nest.
        if !nodes.is_sorted() {
            nodes.sort_unstable();
        }
        nodes.dedup();
        let is_attribute = |take: &&Take| matches!(take, Take::Attribute(_));
        if field.takes.iter().filter(is_attribute).count() > 1 {
            // Several attributes of one element come in the order of the page.
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

    /// Returns the text that a node gives, if any.
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

    /// Returns the current path, such as `quotes[3].author`.
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

/// Calls `found` for each string that a rule makes from one selected text: `re`, then trim.
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
