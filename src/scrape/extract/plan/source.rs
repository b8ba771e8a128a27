//! Compiled sources.

use super::super::rules::{Fact, Structured};
use super::super::selection::{Scan, Take};
use super::super::xpath::XPath;
use crate::scrape::json::{Json, JsonPath};

/// Where values come from.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Source {
    pub(in crate::scrape::extract) root: Root,
    /// What must be true inside a selected element.
    pub(in crate::scrape::extract) inside: Option<Inside>,
    /// A path into the JSON that the root gives.
    pub(in crate::scrape::extract) json: Option<JsonPath>,
    /// The source as the settings write it, for messages.
    pub(in crate::scrape::extract) shown: String,
}

/// What a source selects first.
#[derive(Debug)]
pub(in crate::scrape::extract) enum Root {
    Css(Selected),
    XPath(XPath),
    Body,
    Structured(Structured),
    Table(Selected),
    Links,
    Feed,
    Article { markdown: bool },
    Const(Json),
    Fact(Fact),
}

/// A CSS selector, whose branches are in the plan's scan.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Selected {
    /// The number of the selector among all selectors of the extractor.
    pub(in crate::scrape::extract) number: usize,
    /// The takes of its branches, without duplicates, in the order of the values that one element gives.
    pub(in crate::scrape::extract) takes: Vec<Take>,
}

/// What must be true inside a selected element.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Inside {
    /// A selector that must match something.
    pub(in crate::scrape::extract) has: Option<Scan<()>>,
    /// A selector that must match nothing.
    pub(in crate::scrape::extract) not: Option<Scan<()>>,
}

impl Source {
    /// Whether it needs the base URL of the page.
    pub(in crate::scrape::extract) fn uses_links(&self) -> bool {
        match &self.root {
            Root::Css(selected) => selected.takes.contains(&Take::Url),
            Root::Structured(_) | Root::Links | Root::Feed | Root::Article { .. } => true,
            Root::XPath(_) | Root::Body | Root::Table(_) | Root::Const(_) | Root::Fact(_) => false,
        }
    }

    pub(super) fn uses_has(&self) -> bool {
        let scans = self.inside.iter().flat_map(|inside| [&inside.has, &inside.not]).flatten();
        scans.flat_map(Scan::branches).any(|branch| branch.has)
    }
}
