//! JSON Lines (<https://jsonlines.org>): one value a line, each with a `
//! `.

use super::{Layout, object};

pub(super) const LAYOUT: Layout = Layout {
    extensions: &["jsonl", "ndjson", "jl"],
    write: object::write_as,
    opening: b"",
    between: b"",
    after: b"\n",
    closing: b"",
    empty: b"",
};
