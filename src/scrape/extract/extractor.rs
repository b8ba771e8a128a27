//! A document -> one line of JSON.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use bytes::Bytes;
use url::Url;

use super::link::Links;
use super::plan::{Content, Field, Origin, Plan, RuleError, Value};
use super::rules::{Arity, Fields};
use super::selection::{Matcher, Take, Tree};
use super::{page, value};
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::document::{Dom, known};
use crate::scrape::parse::Document;

/// The most data that one page may give, in bytes of JSON: what a worker can hand over. Rules that take the markup of
/// nested elements can make gigabytes of a page of some kilobytes.
const MAX_DATA: usize = 64 << 20;

/// How deep a page may nest where a selector has `:has(..)`, whose matching takes some of the stack for each level.
const MAX_DEPTH_OF_HAS: usize = 2_000;

/// Compiled rules. Made once per worker, used for every page.
#[derive(Debug)]
pub struct Extractor {
    plan: Plan,
    takes_links: bool,
    has_has: bool,
}

impl Extractor {
    /// Compiles rules; `None` are those for the page's title, description, canonical, language, headings and links.
    ///
    /// # Errors
    /// At the first rule whose selector or regular expression is none, or that contradicts itself.
    pub fn new(fields: Option<&Fields>) -> Result<Self, RuleError> {
        let plan = match fields {
            Some(fields) => Plan::new(fields)?,
            None => Plan::new(&page::fields())?,
        };
        Ok(Self { takes_links: plan.takes_links(), has_has: plan.has_has(), plan })
    }

    /// Extracts the fields as one line of JSON, in the order of the rules.
    ///
    /// `final_url` is where the page was found: what relative links are relative to, where the page has no `<base>`.
    ///
    /// # Errors
    /// With stage `extract`: `missing_field` where a required value is missing, `bad_value` where a value does not
    /// fit its type; `too_large` where there is more data than a worker can hand over. The message names the field.
    pub fn extract(&self, document: &Document, final_url: &str) -> Result<Bytes, Failure> {
        let dom = &document.dom;
        if self.has_has && dom.depth() > MAX_DEPTH_OF_HAS {
            let message = format!("match `:has(..)`: the page nests elements more than {MAX_DEPTH_OF_HAS} deep");
            return Err(Failure::new(FailureKind::TooLarge, Stage::Extract, message));
        }
        let links = self.takes_links.then(|| Links::new(Url::parse(final_url).ok(), base_href(dom), dom.encoding()));
        let mut run = Run {
            dom,
            tree: &Tree::new(dom),
            links,
            matcher: Matcher::default(),
            out: Vec::with_capacity(1024),
            path: Vec::new(),
        };
        run.object(&self.plan, None)?;
        Ok(run.out.into())
    }
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
    tree: &'o Tree<'a>,
    links: Option<Links>,
    matcher: Matcher,
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
        let mut hits: Vec<Vec<Hit>> = vec![Vec::new(); plan.fields.len()];
        let range = scope.map_or_else(|| self.dom.whole(), |at| self.dom.subtree(at));
        let scope = scope.map(|at| self.tree.element(at));
        self.matcher.scan(self.tree, self.dom.elements(range), scope, &plan.branches, |at, origin: &Origin| {
            hits[origin.field].push((at, origin.take));
        });
        self.out.push(b'{');
        for (nth, (field, hits)) in plan.fields.iter().zip(hits).enumerate() {
            if nth > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.key);
            self.path.push(Step::Field(&field.name));
            match &field.content {
                Content::Value(value) => self.value(field, value, hits)?,
                Content::Each(plan) => self.list_of_objects(plan, hits)?,
            }
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn list_of_objects(&mut self, plan: &'o Plan, mut hits: Vec<Hit>) -> Result<(), Failure> {
        // An element that two branches match is one element.
        hits.dedup();
        self.out.push(b'[');
        for (nth, (at, _)) in hits.into_iter().enumerate() {
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

    fn value(&mut self, field: &Field, rule: &Value, hits: Vec<Hit>) -> Result<(), Failure> {
        let hits = self.in_document_order(field, hits);
        let mut count = 0_usize;
        let start = self.out.len();
        if rule.arity == Arity::Many {
            self.out.push(b'[');
        }
        for hit in hits {
            let Some(text) = self.take(&field.takes[hit.1 as usize], hit.0, rule.trim) else { continue };
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
    fn in_document_order(&self, field: &Field, hits: Vec<Hit>) -> Vec<Hit> {
        let mut nodes = if field.takes.contains(&Take::Text) {
            let mut nodes = Vec::with_capacity(hits.len());
            for (at, take) in hits {
                if field.takes[take as usize] == Take::Text {
                    let texts = self.dom.children(at).filter(|at| self.dom.node(*at).is_text());
                    nodes.extend(texts.map(|text| (text, take)));
                } else {
                    nodes.push((at, take));
                }
            }
            nodes
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
