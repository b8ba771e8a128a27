//! Suggests a known name for a misspelt one.

use crate::model;

/// How similar two names must be, from 0 to 1. Names of selectors are short, so one wrong letter counts much.
const ALIKE: f64 = 0.5;

/// Returns the known name that is most similar to a misspelt one.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    model::nearest(name, known.iter().copied(), ALIKE)
}
