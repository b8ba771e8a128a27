//! Finds the article of a page: its main text, without what stands around it, and what the page says about it.
//!
//! ```text
//! document ──unwanted──> without menus, forms, comments .. ──measure──> how much text and how many links each element has
//!          ──root──> the element that holds most of the running text ──output──> text, HTML, Markdown
//! ```
//!
//! The ideas are those of Readability (Mozilla) and trafilatura: running text is long and has few links, and the names
//! of classes tell what a part of the page is. All steps are loops over the list of nodes, so that the time grows with
//! the length of the page and not with its depth. No second tree is built.
//!
//! - `words`: words in names and texts that give away what a part of a page is
//! - `unwanted`: decides which parts do not belong to any article
//! - `measure`: counts text, text of links, and running text
//! - `root`: chooses the element that holds the article
//! - `edges`: leaves out what stands before, between and after the text of an article: its title, lines about its author
//! - `output`: writes the text and the HTML of what is left
//! - `about`: title, byline, date, language, site and excerpt
//! - `linked_data`: what JSON-LD says about the article
//! - `fixture_tests`: pages with their texts, and the file for `tests/peers`

mod about;
mod edges;
#[cfg(test)]
mod fixture_tests;
mod linked_data;
mod measure;
mod output;
mod root;
mod unwanted;
mod words;

use super::link::Links;
use super::markdown::markdown_without;
use crate::scrape::document::{Dom, known};
use crate::scrape::json::Json;
use measure::Measures;
use root::Root;

/// The deepest nesting of a page that may have an article. Real pages stay below 100.
pub(super) const DEEPEST: usize = 500;

/// The least text of an article, in characters. A shorter text is an article only if the page says so.
const LEAST_TEXT: u32 = 250;
const LEAST_DECLARED_TEXT: u32 = 60;

/// The most text of a page that may have an article, in bytes. The article is copied several times, as text and markup.
const LONGEST: usize = 16 << 20;

/// Why a page is not searched for an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooLarge {
    #[error("the page nests elements more than {DEEPEST} deep, so no article is searched")]
    Deep,
    #[error("the page has more than {LONGEST} bytes of text, so no article is searched")]
    Long,
}

/// Returns the article of a page, or `None` if the page has none, such as a list of articles.
///
/// The object has the keys `title`, `byline`, `date`, `language`, `site`, `excerpt`, `text` and `html`, and `markdown` if
/// it is asked for. A missing value is null. `date` is as the page writes it. `text` has no title and no captions; its
/// blocks are separated by blank lines. Links are absolute.
///
/// # Errors
/// Fails if the page nests too deeply, or has too much text.
pub(super) fn article(dom: &Dom, links: &Links, with_markdown: bool) -> Result<Option<Json>, TooLarge> {
    if dom.depth() > DEEPEST {
        return Err(TooLarge::Deep);
    }
    if dom.texts(dom.whole()).map(str::len).sum::<usize>() > LONGEST {
        return Err(TooLarge::Long);
    }
    let about = about::About::of(dom);
    let found = find(dom, &about, unwanted::Strictness::Names);
    // A page whose names are misleading: `class="sidebar"` around everything.
    let found = found.or_else(|| find(dom, &about, unwanted::Strictness::Links));
    let Some((kept, Root { whole: root, .. })) = found else { return Ok(None) };
    let text = output::text(dom, root, &kept);
    let mut entries = about.entries(&text);
    entries.push(("html".to_owned(), Json::String(output::html(dom, root, links, &kept))));
    if with_markdown {
        let markdown = markdown_without(dom, root, Some(links), &|at| !kept.contains(at));
        entries.push(("markdown".to_owned(), Json::String(markdown)));
    }
    entries.insert(entries.len() - 1 - usize::from(with_markdown), ("text".to_owned(), Json::String(text)));
    Ok(Some(Json::Object(entries)))
}

/// Returns the nodes that belong to the article, and the element that holds it.
fn find(dom: &Dom, about: &about::About, strictness: unwanted::Strictness) -> Option<(Kept, Root)> {
    let mut kept = Kept::all(dom);
    unwanted::leave_out(dom, &mut kept, strictness);
    let measures = Measures::of(dom, &kept);
    unwanted::leave_out_links(dom, &measures, &mut kept);
    let measures = Measures::of(dom, &kept);
    let root = root::find(dom, &measures, &kept, about.title.as_deref())?;
    edges::leave_out(dom, root, &mut kept, about);
    let measures = Measures::of(dom, &kept);
    let found = measures.at(root.whole);
    let least = if about.is_article || is_declared(dom, root.text) { LEAST_DECLARED_TEXT } else { LEAST_TEXT };
    let is_list = found.running * 4 < found.text;
    (found.text >= least && (about.is_article || !is_list)).then_some((kept, root))
}

/// Whether the element is an `<article>` or the `<main>` of the page, or inside of one.
fn is_declared(dom: &Dom, root: u32) -> bool {
    let mut ancestors = std::iter::successors(Some(root), |at| (*at > 0).then(|| dom.node(*at).parent()));
    ancestors.any(|at| dom.node(at).is_html(known::ARTICLE) || dom.node(at).is_html(known::MAIN))
}

/// The nodes that are kept.
struct Kept(Vec<bool>);

impl Kept {
    fn all(dom: &Dom) -> Self {
        Self(vec![true; dom.nodes().len()])
    }

    fn contains(&self, at: u32) -> bool {
        self.0[at as usize]
    }

    /// Leaves out a node and everything below it.
    fn leave_out(&mut self, dom: &Dom, at: u32) {
        self.0[at as usize..dom.node(at).end as usize].fill(false);
    }
}
