//! Turns an element into Markdown: `CommonMark` with the tables, strikethrough and task lists of GitHub's dialect (GFM).
//!
//! ```text
//! elements ──walk──> pieces of a paragraph ──inline──> its lines ──lines──> lines with `> ` and indentation
//! ```
//!
//! Nothing here recurses over the depth of the page, and the time grows with its length alone. Text keeps its meaning:
//! a character that Markdown would read as markup is escaped, and others are not.
//!
//! - `walk`: visits the elements and decides what each of them becomes
//! - `look`: what an element's names and attributes say about it
//! - `inline`: the pieces of one paragraph, heading or cell, and their Markdown
//! - `escape`: escapes text, links and titles
//! - `lines`: writes lines below the marks of quotes and lists
//! - `table`: tables that GFM can express
//! - `tests`: tables of elements and their Markdown; `peers_tests`: writes Markdown for `tests/peers`

mod escape;
mod inline;
mod lines;
pub(super) mod look;
mod table;
mod walk;

use super::link::Links;
use crate::scrape::document::Dom;
use crate::scrape::parse::parse;
pub(super) use table::is_data as is_data_table;

/// Returns the Markdown of the node at `at` and everything below it. It has no blank lines at its ends, and no line end
/// after its last line.
///
/// `links` makes links absolute. Without it, they stay as they are written. A link that is not a valid URL becomes text.
pub(super) fn markdown(dom: &Dom, at: u32, links: Option<&Links>) -> String {
    markdown_without(dom, at, links, &|_| false)
}

/// Returns the Markdown of a text that is markup, such as a value of JSON. `None` if parsing it takes too much work.
pub(super) fn of_markup(markup: &str, links: Option<&Links>) -> Option<String> {
    let document = parse(markup).ok()?;
    let root = document.dom.children(0).find(|at| document.dom.node(*at).is_element())?;
    Some(markdown(&document.dom, root, links))
}

/// Like `markdown`, without the nodes for which `skipped` is true, and everything below them.
pub(super) fn markdown_without(dom: &Dom, at: u32, links: Option<&Links>, skipped: &dyn Fn(u32) -> bool) -> String {
    walk::Source { dom, links, skipped }.markdown(at)
}

#[cfg(test)]
mod peers_tests;
#[cfg(test)]
mod tests;
