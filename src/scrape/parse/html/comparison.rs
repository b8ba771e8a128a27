//! The same page parsed by html5ever and by the parser of this folder.

use encoding_rs::UTF_8;

use super::rules::{Correction, Off};
use super::{Declined, Parser};
use crate::scrape::document::Dom;
use crate::scrape::parse::reference;

/// Both parsers with what they keep from page to page.
pub(crate) struct Comparison {
    parser: Parser,
    ours: Dom,
    reference: Dom,
}

/// What became of a comparison that shows no difference, or none that is not allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Same,
    /// The documents differ, and the page has reached these cases in which html5ever does not follow the Standard.
    Corrected(Vec<Correction>),
    /// Ours asks html5ever to parse the page.
    Declined(Declined),
    /// html5ever gives the page up, since it counts work that ours need not do.
    GivenUp,
}

impl Comparison {
    /// Ours follows the rules of html5ever: no difference is allowed.
    pub(crate) fn by_rules_of_html5ever() -> Self {
        let mut comparison = Self::by_the_standard();
        comparison.parser.lists.corrections.off = Off::All;
        comparison
    }

    /// Ours follows the Standard, as it does in the program: a difference is allowed on pages that reach a correction.
    pub(crate) fn by_the_standard() -> Self {
        Self { parser: Parser::default(), ours: Dom::new(), reference: Dom::new() }
    }

    /// Parses a page with both. Says where the documents differ.
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

/// Fails if the two parsers make different documents of a page for no reason.
#[cfg(fuzzing)]
pub(crate) fn check(page: &str) {
    for mut comparison in [Comparison::by_rules_of_html5ever(), Comparison::by_the_standard()] {
        if let Err(difference) = comparison.compare(page) {
            panic!("{difference}");
        }
    }
}
