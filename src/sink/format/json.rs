//! One JSON array with one record a line, like Scrapy's layout: every line except the first and the last is a record.

use super::Layout;

pub(super) const LAYOUT: Layout =
    Layout { opening: b"[\n", between: b",\n", after: b"", closing: b"\n]\n", empty: b"[]\n" };
