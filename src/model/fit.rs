use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::FieldCount;

/// How well the rules fit a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// A list of warnings as one line of JSON, or nothing. The worker writes it; no later stage parses it again.
    pub warnings: Bytes,
    /// How well the rules of each field fit, in the order of the rules. An answer of a worker with more than 100,000 of
    /// them is refused.
    #[serde(deserialize_with = "super::few::read::<_, _, 100_000>")]
    pub counts: Vec<FieldCount>,
}
