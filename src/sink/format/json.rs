//! One JSON array with one record a line, like Scrapy's layout: every line except the first and the last is a record.

use super::{Layout, object};

pub(super) const LAYOUT: Layout = Layout {
    extensions: &["json"],
    write: object::write_as,
    opening: b"[\n",
    between: b",\n",
    after: b"",
    closing: b"\n]\n",
    empty: b"[]\n",
};
