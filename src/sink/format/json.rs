//! One JSON array with one record a line, like Scrapy's layout: every line except the first and the last is a record.

use super::{Form, Layout, Shape};

pub(super) const EXTENSIONS: &[&str] = &["json"];

pub(super) fn layout(shape: Shape) -> Layout {
    Layout {
        form: Form::Object(shape),
        opening: b"[\n".to_vec(),
        between: b",\n",
        after: b"",
        closing: b"\n]\n",
        empty: b"[]\n".to_vec(),
    }
}
