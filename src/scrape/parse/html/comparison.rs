//! Parses a page with html5ever and with the parser of this folder, and compares the documents.

use encoding_rs::UTF_8;

use super::rules::{Correction, Off};
use super::{Declined, Parser};
use crate::scrape::document::Dom;
use crate::scrape::parse::reference;

/// Both parsers, with the memory that they keep from page to page.
pub(crate) struct Comparison {
    parser: Parser,
    ours: Dom,
    reference: Dom,
}

/// The result of a comparison that found no forbidden difference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Same,
    /// The documents differ, and the page has reached these cases in which html5ever does not follow the Standard.
    Corrected(Vec<Correction>),
    /// Our parser declines the page.
    Declined(Declined),
    /// html5ever gives the page up, because it counts work that our parser does not need.
    GivenUp,
}

impl Comparison {
    /// Makes our parser follow the rules of html5ever. No difference is allowed.
    pub(crate) fn by_rules_of_html5ever() -> Self {
        let mut comparison = Self::by_the_standard();
        comparison.parser.lists.corrections.off = Off::All;
        comparison
    }

    /// Makes our parser follow the Standard, as in the program. A difference is allowed if the page reaches a
    /// correction.
    pub(crate) fn by_the_standard() -> Self {
        Self { parser: Parser::default(), ours: Dom::new(), reference: Dom::new() }
    }

    /// Parses a page with both parsers. An error describes a forbidden difference.
    pub(crate) fn compare(&mut self, page: &str) -> Result<Compared, String> {
        self.compare_with(page, |_| {})
    }

    pub(super) fn compare_with(&mut self, page: &str, damage: impl FnOnce(&mut Dom)) -> Result<Compared, String> {
        if let Err(declined) = self.parser.parse(page, UTF_8, &mut self.ours) {
            return Ok(Compared::Declined(declined));
        }
        damage(&mut self.ours);
        self.ours.check()?;
        let Ok(html) = reference(page) else { return Ok(Compared::GivenUp) };
        self.reference.copy_reference(&html, UTF_8);
        self.reference.check()?;
        let Some(difference) = self.ours.difference(&self.reference) else { return Ok(Compared::Same) };
        let corrections = &self.parser.lists.corrections;
        if corrections.off == Off::All || corrections.reached.is_empty() {
            return Err(difference);
        }
        Ok(Compared::Corrected(corrections.reached.clone()))
    }
}

/// Fails if the documents of the two parsers differ and no correction explains it.
#[cfg(fuzzing)]
pub(crate) fn check(page: &str) {
    for mut comparison in [Comparison::by_rules_of_html5ever(), Comparison::by_the_standard()] {
        if let Err(difference) = comparison.compare(page) {
            panic!("{difference}");
        }
    }
}
