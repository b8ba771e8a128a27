//! The extraction of one page.
//!
//! - `items`: what a source gives: texts, values of JSON
//! - `elements`: the nodes that selectors match, and their texts
//! - `whole`: what is made from the whole page: structured data, feeds, articles
//! - `values`: writes values

mod elements;
mod items;
mod values;
mod whole;

use std::cell::Cell;
use std::rc::Rc;

use super::facts::PageFacts;
use super::link::Links;
use super::plan::{Content, Each, FirstOf, Plan};
use super::selection::Scanner;
use super::warnings::{Problem, Warnings};
use super::xpath;
use crate::model::{Failure, FailureKind, FieldCount, Stage};
use crate::scrape::document::Dom;
use crate::scrape::json::Json;
use crate::scrape::parse::Document;
use whole::Whole;

/// The most data that one page may give, in bytes of JSON: the largest answer that a worker can send. Rules that select
/// the markup of nested elements can turn a few kilobytes of page into gigabytes.
const MAX_DATA: usize = 64 << 20;

/// How many nodes may be looked at once more, because they are inside of several matches: some on every page, and some
/// for each node. Without a limit, elements that nest cost the square of the page's length.
const WORK: u64 = 20_000_000;
const WORK_OF_A_NODE: u64 = 200;

/// The capacity for matches of a selector that is kept from page to page.
const KEPT_HITS: usize = 4096;

/// A node that a selector matched: its place in the document, and the index of the take in the selector's `takes`.
pub(super) type Hit = (u32, u32);

/// A failure of the page. It is boxed to be small, because every value returns whether there is one.
type Failed = Box<Failure>;

/// The extraction of one page.
pub(super) struct Run<'a, 'o> {
    pub(super) document: &'a Document,
    pub(super) dom: &'a Dom,
    /// The page, if it is JSON.
    pub(super) body: Option<&'a Json>,
    pub(super) facts: &'a PageFacts<'a>,
    pub(super) links: Option<&'a Links>,
    /// The document for `XPath`.
    pub(super) xpath: &'a xpath::Tree<'a>,
    /// Whether a bad value fails the page.
    pub(super) strict: bool,
    pub(super) scanner: Scanner<'o>,
    /// The matches of each selector in the object that is being written, by the selector's number.
    pub(super) hits: Vec<Vec<Hit>>,
    /// The nodes that give the values of the current field, if they differ from the matched elements.
    pub(super) nodes: Vec<Hit>,
    /// Memory for the next link. The last one gives it back.
    pub(super) spare: String,
    /// What was made from the whole page so far. Several fields may need the same.
    pub(super) whole: Vec<(Whole, Option<Rc<Json>>)>,
    /// The work that is left.
    pub(super) work: Work,
    pub(super) out: Vec<u8>,
    /// The current position in the data, for messages.
    pub(super) path: Vec<Step<'o>>,
    pub(super) warnings: Warnings,
    /// How well the rules of each field fit, by the field's number.
    pub(super) counts: Vec<FieldCount>,
}

/// The work that is left for a page, in nodes.
pub(super) struct Work(Cell<u64>);

impl Work {
    pub(super) fn of(dom: &Dom) -> Self {
        Self(Cell::new(WORK + WORK_OF_A_NODE * dom.nodes().len() as u64))
    }

    /// Counts the node at `at` and everything below it.
    fn look_at(&self, dom: &Dom, at: u32) {
        let subtree = dom.subtree(at);
        self.0.set(self.0.get().saturating_sub(u64::from(subtree.end - subtree.start)));
    }

    fn is_done(&self) -> bool {
        self.0.get() == 0
    }
}

#[derive(Clone, Copy)]
pub(super) enum Step<'o> {
    Field(&'o str),
    Index(usize),
}

/// What an object is made from.
#[derive(Clone, Copy)]
enum Scope<'s> {
    Page,
    /// An element and everything below it.
    Element(u32),
    Json(&'s Json),
}

/// What an `each` finds.
enum Match<'s> {
    /// What an object is made from.
    Of(Scope<'s>),
    /// A text that must be JSON, but is not.
    NotJson(&'s str),
}

/// Whether a content has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gave {
    Value,
    Nothing,
    /// There is a value, but it does not fit its type.
    BadValue,
}

/// What happens if there is no value, or a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// A missing value gets its default, or fails the page if it is required. A bad one is a warning or fails the page.
    Counts,
    /// Another rule is tried next.
    TriesNext,
}

impl<'o> Run<'_, 'o> {
    /// Writes the object of the whole page.
    pub(super) fn page(&mut self, plan: &'o Plan) -> Result<(), Failure> {
        self.object(plan, Scope::Page).map_err(|failure| *failure)
    }

    fn object(&mut self, plan: &'o Plan, scope: Scope<'_>) -> Result<(), Failed> {
        for number in &plan.selected {
            self.hits[*number].clear();
        }
        let element = match scope {
            Scope::Page => Some(None),
            Scope::Element(at) => Some(Some(at)),
            Scope::Json(_) => None,
        };
        if let Some(element) = element {
            if let Some(at) = element {
                self.work.look_at(self.dom, at);
            }
            let hits = &mut self.hits;
            self.scanner.scan(element, &plan.scan, |at, origin| hits[origin.selected].push((at, origin.take)));
        }
        self.out.push(b'{');
        for (nth, field) in plan.fields.iter().enumerate() {
            if nth > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.key);
            self.path.push(Step::Field(&field.name));
            self.content(&field.content, field.number, scope, Missing::Counts)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn content(
        &mut self,
        content: &'o Content,
        number: usize,
        scope: Scope<'_>,
        missing: Missing,
    ) -> Result<Gave, Failed> {
        match content {
            Content::Value(value) => self.value(value, number, scope, missing),
            Content::FirstOf(first) => self.first_of(first, number, scope, missing),
            Content::Each(each) => self.each(each, number, scope, missing),
        }
    }

    /// Writes the first content that has a value. If none has one, the first bad value counts.
    fn first_of(
        &mut self,
        first: &'o FirstOf,
        number: usize,
        scope: Scope<'_>,
        missing: Missing,
    ) -> Result<Gave, Failed> {
        let (start, mark, count) = (self.out.len(), self.warnings.mark(), self.counts[number]);
        let (whole, must_fit) = (self.whole.len(), missing == Missing::Counts && (self.strict || first.required));
        let mut bad = None;
        for content in &first.contents {
            let gave = self.content(content, number, scope, Missing::TriesNext)?;
            let fits = !must_fit || self.counts[number].bad == count.bad;
            if gave == Gave::Value && fits {
                return Ok(Gave::Value);
            }
            self.out.truncate(start);
            self.counts[number] = count;
            if self.warnings.rewind(mark) {
                // Another field that needs the same must give its warnings again.
                self.whole.truncate(whole);
            }
            match gave {
                Gave::Nothing => {}
                Gave::BadValue => bad = bad.or(Some(content)),
                // A list has a bad value, which fails the page.
                Gave::Value => {
                    bad = Some(content);
                    break;
                }
            }
        }
        match (bad, missing) {
            (Some(_), Missing::TriesNext) => Ok(Gave::BadValue),
            (None, Missing::TriesNext) => Ok(Gave::Nothing),
            (Some(content), Missing::Counts) => {
                let strict = self.strict;
                self.strict |= first.required;
                self.content(content, number, scope, Missing::Counts)?;
                self.strict = strict;
                Ok(Gave::BadValue)
            }
            (None, Missing::Counts) if first.required => Err(self.missing("any of its rules").into()),
            (None, Missing::Counts) => {
                self.counts[number].empty += 1;
                self.out.extend_from_slice(&first.default);
                Ok(Gave::Nothing)
            }
        }
    }

    fn each(&mut self, each: &'o Each, number: usize, scope: Scope<'_>, missing: Missing) -> Result<Gave, Failed> {
        self.out.push(b'[');
        let (mut count, mut bad) = (0, 0);
        self.matches(&each.source, scope, &mut |run, inner| {
            let inner = match inner {
                Match::Of(inner) => inner,
                Match::NotJson(text) if run.strict && missing == Missing::Counts => {
                    return Err(run.bad_value("JSON", text).into());
                }
                Match::NotJson(text) => {
                    bad += 1;
                    run.warn(Problem::BadValue, text);
                    return Ok(());
                }
            };
            if count > 0 {
                run.out.push(b',');
            }
            if run.out.len() > MAX_DATA {
                return Err(run.too_large().into());
            }
            run.path.push(Step::Index(count));
            run.object(&each.plan, inner)?;
            run.path.pop();
            count += 1;
            Ok(())
        })?;
        self.out.push(b']');
        let counts = &mut self.counts[number];
        counts.values = counts.values.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        counts.bad = counts.bad.saturating_add(bad);
        counts.empty += u32::from(count == 0 && bad == 0);
        Ok(match (count, bad) {
            (0, 0) => Gave::Nothing,
            (0, _) => Gave::BadValue,
            _ => Gave::Value,
        })
    }

    /// Adds a warning about the current field.
    fn warn(&mut self, problem: Problem, value: &str) {
        let path = if self.warnings.are_full() { String::new() } else { self.path() };
        self.warnings.add(Some(&path), problem, value);
    }

    /// `kind`: the name of a type.
    fn bad_value(&self, kind: &str, text: &str) -> Failure {
        let message = format!("read field `{}` as {kind}: it is `{}`", self.path(), super::value::shorten(text));
        Failure::new(FailureKind::BadValue, Stage::Extract, message)
    }

    fn too_large(&self) -> Failure {
        let message = format!(
            "extract field `{}`: the page's data is larger than {MAX_DATA} bytes; extract less of it",
            self.path()
        );
        Failure::new(FailureKind::TooLarge, Stage::Extract, message)
    }

    fn too_much_work(&self) -> Failure {
        let message = format!(
            "extract field `{}`: so many of its matches are inside of each other that reading them takes too long",
            self.path()
        );
        Failure::new(FailureKind::TooLarge, Stage::Extract, message)
    }

    fn missing(&self, shown: &str) -> Failure {
        let message = format!("find required field `{}`: nothing matches `{shown}`", self.path());
        Failure::new(FailureKind::MissingField, Stage::Extract, message)
    }

    /// Returns the current path, such as `quotes[3].author`.
    fn path(&self) -> String {
        use std::fmt::Write as _;
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
