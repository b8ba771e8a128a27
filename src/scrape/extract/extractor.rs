//! Turns a document into one line of JSON.

use std::cell::Cell;

use bytes::Bytes;
use serde::Serialize;

use super::facts::PageFacts;
use super::link::Links;
use super::plan::{self, Plan, RuleError};
use super::probe;
use super::rules::{Extraction, Fact, Fields};
use super::run::{Hit, Run, Work};
use super::selection::{Marks, Scanner, Symbols, Tree};
use super::starter;
use super::warnings::Warnings;
use super::xpath;
use crate::model::{Failure, FailureKind, FieldCount, Stage, escape_controls};
use crate::scrape::json::Json;
use crate::scrape::parse::Document;
use crate::scrape::settings::Purpose;

/// The deepest page that `:has(..)` is matched on. Matching it uses stack space for each level.
const MAX_DEPTH_OF_HAS: usize = 2_000;

/// Compiled rules. Each worker makes one and uses it for every page.
#[derive(Debug)]
pub struct Extractor {
    plan: Plan,
    /// The names in the selectors.
    symbols: Symbols,
    /// The number of selectors.
    selectors: usize,
    fields: Vec<FieldInfo>,
    needs: Needs,
    strict: bool,
    purpose: Purpose,
    /// The rules, if pages are only looked at.
    rules: Fields,
}

/// What the rules need.
#[derive(Debug)]
struct Needs {
    /// The base URL of a page.
    links: bool,
    /// Matching of `:has(..)`.
    has: bool,
    /// Pages of JSON too.
    json: bool,
}

/// A field at any depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldInfo {
    /// The names of the fields around it and its own name, such as `quotes.text`.
    pub path: String,
    /// Whether the settings name it, or a field around it. Otherwise it is from a ready-made set.
    pub is_of_settings: bool,
}

/// A page that was read.
#[derive(Debug, Clone, Copy)]
pub(in crate::scrape) enum Content<'p> {
    /// A document of HTML or XML.
    Document(&'p Document),
    /// A value of JSON. The document is empty, so rules for elements give nothing.
    Json(&'p Json, &'p Document),
}

/// What the rules made of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The fields as one line of JSON.
    pub data: Bytes,
    /// A list of warnings as one line of JSON, or nothing.
    pub warnings: Bytes,
    /// How well the rules of each field fit, in the order of [`Extractor::fields`].
    pub counts: Vec<FieldCount>,
}

impl Extractor {
    /// Compiles rules.
    ///
    /// # Errors
    /// Fails at the first rule that contradicts itself or does not compile.
    pub fn new(extraction: &Extraction) -> Result<Self, RuleError> {
        Self::with_purpose(extraction, Purpose::Data)
    }

    /// Compiles rules, to make of each page what the purpose says.
    ///
    /// # Errors
    /// Fails like `new`.
    pub(in crate::scrape) fn with_purpose(extraction: &Extraction, purpose: Purpose) -> Result<Self, RuleError> {
        let mut symbols = Symbols::new();
        let mut rules = plan::joined(extraction);
        let (plan, mut fields, selectors) = plan::compile(&rules, &mut symbols)?;
        if purpose != Purpose::Report {
            rules.clear();
        }
        for field in &mut fields {
            let is_around = |name: &str| field.path == *name || field.path.starts_with(&format!("{name}."));
            field.is_of_settings = extraction.fields.iter().any(|(name, _)| is_around(name));
        }
        let (sources, values) = (plan.sources(), plan.values());
        let is_json = |source: &&plan::Source| matches!(source.root, plan::Root::Body | plan::Root::Feed);
        let is_link = |value: &&plan::Value| matches!(value.kind, plan::Kind::Url | plan::Kind::Markdown);
        let needs = Needs {
            links: sources.iter().any(|source| source.uses_links()) || values.iter().any(is_link),
            has: plan.uses_has(),
            json: extraction.preset.is_some() || sources.iter().any(is_json),
        };
        Ok(Self { plan, symbols, selectors, fields, needs, strict: extraction.strict, purpose, rules })
    }

    /// Compiles the rules of some fields.
    ///
    /// # Errors
    /// Fails like `new`.
    pub fn of(fields: &Fields) -> Result<Self, RuleError> {
        Self::new(&fields.clone().into())
    }

    /// Returns all fields, at any depth, in the order of the rules.
    pub fn fields(&self) -> &[FieldInfo] {
        &self.fields
    }

    /// Whether a rule needs to know what the list says about a task.
    pub fn reads_task(&self) -> bool {
        self.reads(|fact| matches!(fact, Fact::Url | Fact::Seq | Fact::Input(_)))
    }

    /// The columns of the list that rules read, each once.
    pub fn input_columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        for source in self.plan.sources() {
            match &source.root {
                plan::Root::Fact(Fact::Input(column)) if !columns.contains(column) => columns.push(column.clone()),
                _ => {}
            }
        }
        columns
    }

    /// Whether the data of a page is the same for any task and at any time, so that a cache may keep it.
    pub fn is_repeatable(&self) -> bool {
        !self.reads_task() && !self.reads(|fact| *fact == Fact::FetchedAt)
    }

    fn reads(&self, is_it: impl Fn(&Fact) -> bool) -> bool {
        self.plan.sources().iter().any(|source| matches!(&source.root, plan::Root::Fact(fact) if is_it(fact)))
    }

    /// Whether a rule needs the headers of a response.
    pub(in crate::scrape) fn reads_headers(&self) -> bool {
        let is_date = |value: &&plan::Value| matches!(value.kind, plan::Kind::Date(_) | plan::Kind::DateTime(_));
        self.reads(|fact| matches!(fact, Fact::Header(_))) || self.plan.values().iter().any(is_date)
    }

    /// Whether a rule can read a body of JSON.
    pub(in crate::scrape) fn reads_json(&self) -> bool {
        self.needs.json
    }

    /// Extracts the fields, in the order of the rules.
    ///
    /// # Errors
    /// Fails at stage `extract`, and the message names the field: `missing_field` if a required value is missing,
    /// `bad_value` if a required value does not fit its type (or any value, if the rules are strict), `too_large` if
    /// there is more data than a worker can send. A page that nests too deeply for `:has(..)` is also `too_large`; this
    /// message names no field.
    pub fn extract(&self, document: &Document, facts: &PageFacts<'_>) -> Result<Extracted, Failure> {
        self.extract_from(Content::Document(document), facts, Warnings::default())
    }

    /// Like `extract`, for any kind of page, or makes what else the purpose says. `warnings` are those of the page so
    /// far.
    pub(in crate::scrape) fn extract_from(
        &self,
        content: Content<'_>,
        facts: &PageFacts<'_>,
        warnings: Warnings,
    ) -> Result<Extracted, Failure> {
        match self.purpose {
            Purpose::Data | Purpose::Response => self.data_of(content, facts, warnings),
            Purpose::Report => {
                let extracted = self.data_of(content, facts, warnings);
                Ok(self.said(&probe::report(self, &self.rules, content, facts, extracted)))
            }
            Purpose::Starter => Ok(self.said(&starter::rules(content, facts))),
        }
    }

    /// Makes the data of a page of what was found out about it.
    fn said(&self, about: &impl Serialize) -> Extracted {
        let mut data = serde_json::to_vec(about).expect("texts, numbers and lists can be written");
        escape_controls(&mut data, 0);
        let counts = vec![FieldCount::default(); self.fields.len()];
        Extracted { data: data.into(), warnings: Bytes::new(), counts }
    }

    fn data_of(&self, content: Content<'_>, facts: &PageFacts<'_>, warnings: Warnings) -> Result<Extracted, Failure> {
        let (document, body) = match content {
            Content::Document(document) => (document, None),
            Content::Json(json, document) => (document, Some(json)),
        };
        let dom = &document.dom;
        if self.needs.has && dom.depth() > MAX_DEPTH_OF_HAS {
            let message = format!("match `:has(..)`: the page nests elements more than {MAX_DEPTH_OF_HAS} deep");
            return Err(Failure::new(FailureKind::TooLarge, Stage::Extract, message));
        }
        let links = self.needs.links.then(|| Links::of_document(dom, facts.final_url));
        let Buffers { mut marks, mut hits, nodes } = BUFFERS.take();
        marks.fill(dom, &self.symbols);
        hits.resize_with(self.selectors.max(hits.len()), Vec::new);
        let (tree, xpath) = (Tree::new(dom), xpath::Tree::new(dom));
        let scanner = Scanner::new(&tree, &marks);
        let mut run = Run {
            document,
            dom,
            body,
            facts,
            links: links.as_ref(),
            xpath: &xpath,
            strict: self.strict,
            scanner,
            hits,
            nodes,
            spare: String::new(),
            whole: Vec::new(),
            work: Work::of(dom),
            out: Vec::with_capacity(1024),
            path: Vec::new(),
            warnings,
            counts: vec![FieldCount::default(); self.fields.len()],
        };
        let done = run.page(&self.plan);
        let Run { hits, nodes, out, warnings, counts, .. } = run;
        BUFFERS.set(Buffers { marks, hits, nodes });
        done.map(|()| Extracted { data: out.into(), warnings: warnings.finish().into(), counts })
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

#[cfg(test)]
#[path = "extractor_tests.rs"]
mod tests;
