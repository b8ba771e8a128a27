//! Limits the work of a path.
//!
//! `$..*..*..*` selects the same values again and again, and a filter with `$..*` walks the whole document for each
//! value. The limit is a count and not a time, so that a document fails on every machine or on none.

use std::cell::Cell;

use super::super::Json;

/// The steps that every document may take: about a hundredth of a second.
const STEPS: u64 = 1_000_000;

/// The additional steps for each value of the document.
const STEPS_OF_A_VALUE: u64 = 16;

/// How many bytes of text are compared or searched in one step.
const BYTES_OF_A_STEP: usize = 32;

/// A path that needs far more work than the size of its document explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path selects too many values of this document: name the keys that lead to the values")]
pub(in crate::scrape) struct TooMany;

/// The steps that are left.
pub(super) struct Budget<'j> {
    left: Cell<u64>,
    /// The document, until its values are counted.
    root: Cell<Option<&'j Json>>,
}

impl<'j> Budget<'j> {
    pub(super) fn new(root: &'j Json) -> Self {
        Self { left: Cell::new(STEPS), root: Cell::new(Some(root)) }
    }

    /// Takes steps away.
    pub(super) fn spend(&self, steps: usize) -> Result<(), TooMany> {
        let steps = steps as u64;
        if self.left.get() < steps
            && let Some(root) = self.root.take()
        {
            self.left.set(self.left.get() + STEPS_OF_A_VALUE * count(root));
        }
        self.left.set(self.left.get().checked_sub(steps).ok_or(TooMany)?);
        Ok(())
    }

    /// Takes the steps away that a text costs.
    pub(super) fn spend_text(&self, bytes: usize) -> Result<(), TooMany> {
        self.spend(1 + bytes / BYTES_OF_A_STEP)
    }
}

/// Counts the values of a document.
fn count(json: &Json) -> u64 {
    match json {
        Json::Array(values) => 1 + values.iter().map(count).sum::<u64>(),
        Json::Object(entries) => 1 + entries.iter().map(|(_, value)| count(value)).sum::<u64>(),
        _ => 1,
    }
}
