//! The same page parsed by html5ever and by the parser of this folder.

use encoding_rs::UTF_8;

use super::{Declined, Parser};
use crate::scrape::document::Dom;
use crate::scrape::parse::reference;

/// Both parsers with what they keep from page to page.
#[derive(Default)]
pub(crate) struct Comparison {
    parser: Parser,
    ours: Option<Dom>,
    reference: Option<Dom>,
}

/// What became of a comparison that shows no difference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    Same,
    /// Ours asks html5ever to parse the page.
    Declined(Declined),
    /// html5ever gives the page up, since it counts work that ours need not do.
    GivenUp,
}

impl Comparison {
    /// Parses a page with both. Says where the documents differ.
    pub(crate) fn compare(&mut self, page: &str) -> Result<Compared, String> {
        self.compare_with(page, |_| {})
    }

    pub(super) fn compare_with(&mut self, page: &str, damage: impl FnOnce(&mut Dom)) -> Result<Compared, String> {
        let ours = self.ours.get_or_insert_with(Dom::new);
        if let Err(declined) = self.parser.parse(page, UTF_8, ours) {
            return Ok(Compared::Declined(declined));
        }
        damage(ours);
        ours.check()?;
        let Ok(html) = reference(page) else { return Ok(Compared::GivenUp) };
        let theirs = self.reference.get_or_insert_with(Dom::new);
        theirs.copy_reference(&html, UTF_8);
        theirs.check()?;
        match ours.difference(theirs) {
            None => Ok(Compared::Same),
            Some(difference) => Err(difference),
        }
    }
}

/// Fails if the two parsers make different documents of a page.
#[cfg(fuzzing)]
pub(crate) fn check(page: &str) {
    if let Err(difference) = Comparison::default().compare(page) {
        panic!("{difference}");
    }
}
