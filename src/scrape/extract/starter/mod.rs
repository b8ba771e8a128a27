//! Finds rules that fit a page, for `gleaner init`.
//!
//! - `page`: what a page says about itself: its title, its tables, its feeds, its article
//! - `machine`: data for machines: JSON-LD and `OpenGraph`
//! - `blocks`: the block that a list page repeats; `inside`: the fields of such a block
//! - `json`: pages that are JSON
//! - `toml`: writes rules as TOML, and names of fields
//! - `tests`: pages, and the rules that are found
//!
//! A rule here is a proposal. Whoever asks for it runs it on the page and drops what gives nothing.

mod blocks;
mod inside;
mod json;
mod machine;
mod page;
#[cfg(test)]
mod tests;
mod toml;

use serde::{Deserialize, Serialize};

use super::extractor::Content;
use super::facts::PageFacts;
use super::link::Links;
use toml::Names;

/// Rules that may fit a page. It travels from the worker as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starter {
    /// The rules in groups, in the order in which they should be written.
    pub groups: Vec<StarterGroup>,
}

/// Rules that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StarterGroup {
    /// What the rules are about, in a line.
    pub about: String,
    /// Fields of the page.
    pub rules: Vec<StarterRule>,
    /// A field with an object for each match.
    pub each: Option<StarterEach>,
}

/// The rule of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StarterRule {
    /// The name of the field.
    pub name: String,
    /// The rule as a value of TOML.
    pub rule: String,
    /// A simpler rule, if values do not fit this one.
    pub simpler: Option<String>,
}

/// A field with an object for each match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StarterEach {
    /// The name of the field.
    pub name: String,
    /// The value of `each`, as TOML.
    pub each: String,
    /// The fields of an object.
    pub rules: Vec<StarterRule>,
}

impl StarterRule {
    fn new(name: String, rule: impl Into<String>) -> Self {
        Self { name, rule: rule.into(), simpler: None }
    }
}

/// Finds rules for a page.
pub(super) fn rules(content: Content<'_>, facts: &PageFacts<'_>) -> Starter {
    let mut names = Names::default();
    let groups = match content {
        Content::Json(json, _) => json::groups(json, &mut names, facts),
        Content::Document(document) => {
            let links = Links::of_document(&document.dom, facts.final_url);
            let is_page = document.dom.is_page();
            let feed = (!is_page).then(|| page::feed(document, facts, &mut names)).flatten();
            let mut groups = vec![page::about(&document.dom, &links, &mut names)];
            groups.extend(machine::groups(&document.dom, &mut names));
            groups.push(page::tables(&document.dom, &mut names));
            groups.push(page::article(&document.dom, &links, &mut names));
            groups.extend(feed.or_else(|| blocks::group(&document.dom, &mut names)));
            groups
        }
    };
    let says_something = |group: &StarterGroup| !group.rules.is_empty() || group.each.is_some();
    Starter { groups: groups.into_iter().filter(says_something).collect() }
}
