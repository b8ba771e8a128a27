//! Counts failures by kind and status, with examples.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{FailureCount, FailureExample};
use crate::model::{Failure, FailureKind, excerpt};

/// The most examples of one kind and status.
pub(super) const EXAMPLES: usize = 20;

/// The most kinds and statuses in the summary.
pub(super) const LISTED: usize = 100;

/// The most bytes of a URL or a message in an example.
const LONGEST: usize = 300;

/// Counts failures. There are few kinds and at most 1,000 statuses, so the memory is bounded.
#[derive(Debug, Default)]
pub struct Failures(HashMap<(FailureKind, Option<u16>), FailureCount>);

impl Failures {
    /// Counts a failed task.
    pub fn add(&mut self, seq: u64, url: &str, failure: &Failure) {
        let key = (failure.kind, failure.status);
        let counted = self.0.entry(key).or_insert_with(|| FailureCount {
            kind: Cow::Borrowed(failure.kind.as_str()),
            status: failure.status,
            count: 0,
            examples: Vec::new(),
        });
        counted.count += 1;
        if counted.examples.len() < EXAMPLES {
            let brief = |text: &str| excerpt(text, LONGEST).into_owned();
            counted.examples.push(FailureExample { seq, url: brief(url), message: brief(&message(failure)) });
        }
    }

    /// The counts, the largest first.
    pub fn counts(&self) -> Vec<FailureCount> {
        let mut counts: Vec<FailureCount> = self.0.values().cloned().collect();
        counts.sort_by(|one, other| {
            other.count.cmp(&one.count).then_with(|| (&one.kind, one.status).cmp(&(&other.kind, other.status)))
        });
        counts.truncate(LISTED);
        counts
    }
}

/// Why a task failed. A message that ends with the name of the host does not say why there is no connection. The deepest
/// cause does ("Connection refused").
fn message(failure: &Failure) -> Cow<'_, str> {
    let names_host_alone =
        [FailureKind::Dns, FailureKind::Connect].contains(&failure.kind) && failure.message.ends_with('`');
    match failure.causes.last() {
        Some(cause) if names_host_alone => Cow::Owned(format!("{}: {cause}", failure.message)),
        _ => Cow::Borrowed(&failure.message),
    }
}
