//! JSON Lines (<https://jsonlines.org>): one value a line, each with a `
//! `.

use super::Layout;

pub(super) const LAYOUT: Layout = Layout { opening: b"", between: b"", after: b"\n", closing: b"", empty: b"" };
