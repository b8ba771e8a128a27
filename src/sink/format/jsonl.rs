//! JSON Lines (<https://jsonlines.org>): one value a line, each with a `\n` after it.

use super::{Form, Layout, Shape};

pub(super) const EXTENSIONS: &[&str] = &["jsonl", "ndjson", "jl"];

pub(super) fn layout(shape: Shape) -> Layout {
    Layout {
        form: Form::Object(shape),
        opening: Vec::new(),
        between: b"",
        after: b"\n",
        closing: b"",
        empty: Vec::new(),
    }
}
