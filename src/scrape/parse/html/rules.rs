//! Where html5ever 0.40 is not the Standard.
//!
//! Every page is compared with html5ever's tree, so these rules are html5ever's. Each has a name here, and the one
//! place that applies it asks for it by that name. Three more rules stand beside the lists that they concern. The
//! special elements lack `keygen`, `search` and those of SVG and `MathML` (`tags`). A document type is not a token once
//! the document has begun, so it does not part the texts of a table (`doctype`). Nothing has a shadow root (`head`).

use super::tags::{Sets, TABLE_BODY_OR_TABLE};

/// U+FEFF is dropped not only at the start of the page, but also after `</script>` and after an element that declares an
/// encoding. The Standard drops the first one alone (13.2.3.5).
pub(super) const DROPS_LATE_BYTE_ORDER_MARKS: bool = true;

/// A line end after `<pre>` stays if a parse error comes between the two, even one that gives no token, as `</>` and the
/// missing semicolon of `&#10` do. In the Standard only the next token counts (13.2.6.4.7).
pub(super) const ERRORS_KEEP_LINE_FEED: bool = true;

/// What "in table body" looks for before it ends one: `table`, `tbody`, `tfoot`. The Standard asks for `tbody`, `thead`,
/// `tfoot` (13.2.6.4.13).
pub(super) const TABLE_BODY_TO_END: Sets = TABLE_BODY_OR_TABLE;

/// An `annotation-xml` of `MathML` never holds HTML, whatever its `encoding` says, since scraper's tree does not answer
/// html5ever's question (13.2.6, "HTML integration point").
pub(super) const ANNOTATION_XML_HOLDS_HTML: bool = false;
