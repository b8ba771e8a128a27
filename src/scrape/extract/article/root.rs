//! Chooses the element that holds the article.

use super::Kept;
use super::edges::simplified;
use super::measure::Measures;
use super::unwanted::text_of;
use crate::scrape::document::{Dom, known};
use crate::scrape::extract::markdown::{is_data_table, look};

/// How much of the running text a part must have, in percent, to stand for the whole.
const MOST: u32 = 75;

/// How many levels above the text a lead may be.
const FARTHEST_LEAD: usize = 3;

/// Where an article is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Root {
    /// The element that holds the text.
    pub(super) text: u32,
    /// The element around it that also has the title and maybe a lead, or the same element.
    pub(super) whole: u32,
}

/// Finds the smallest element that holds nearly all of the running text.
pub(super) fn find(dom: &Dom, measures: &Measures, kept: &Kept, title: Option<&str>) -> Option<Root> {
    let body = dom.elements(dom.whole()).find(|at| dom.node(*at).is_html(known::BODY))?;
    if measures.at(body).running == 0 {
        return None;
    }
    let mut root = body;
    loop {
        let all = measures.at(root).running;
        let children = || dom.children(root).filter(|at| dom.node(*at).is_element() && kept.contains(*at));
        let Some(largest) = children().max_by_key(|at| measures.at(*at).running) else { break };
        let its = measures.at(largest).running;
        let share = |part: u32| u64::from(part) * 100;
        let is_most = share(its) >= u64::from(all) * u64::from(MOST);
        // One of several articles, which is much longer than the others.
        let is_main_article = dom.node(largest).is_html(known::ARTICLE) && share(its) >= u64::from(all) * 50 && {
            let mut others = children().filter(|at| *at != largest && dom.node(*at).is_html(known::ARTICLE));
            others.all(|at| measures.at(at).running * 2 < its)
        };
        // Parts of one text often have the same class.
        let class = dom.attribute(largest, known::CLASS).unwrap_or_default();
        let is_part = |at: &u32| dom.attribute(*at, known::CLASS).is_some_and(|its| !its.is_empty() && its == class);
        let has_other_parts = children()
            .filter(|at| *at != largest)
            .filter(is_part)
            .any(|at| share(measures.at(at).running) >= u64::from(its) * 5);
        let is_most = is_most && !has_other_parts;
        let is_data = dom.node(largest).is_html(known::TABLE) && is_data_table(dom, largest);
        if is_data || !(is_most || is_main_article) || !is_container(dom, largest) {
            break;
        }
        root = largest;
    }
    let text = declared(dom, root, measures, kept).unwrap_or(root);
    let ancestors = || std::iter::successors(Some(text), |at| (*at > body).then(|| dom.node(*at).parent()));
    let article = ancestors().find(|at| dom.node(*at).is_html(known::ARTICLE));
    let whole = article.or_else(|| ancestors().take(FARTHEST_LEAD + 1).find(|at| has_title(dom, *at, text, title)));
    let whole = whole.unwrap_or(text);
    Some(Root { text, whole })
}

/// Whether the title of the article stands in an element before the text.
fn has_title(dom: &Dom, at: u32, text: u32, title: Option<&str>) -> bool {
    let Some(title) = title.map(simplified) else { return false };
    let before = dom.elements(at + 1..text).filter(|at| look::is_block(dom.node(*at).name())).take(200);
    let mut short = before.filter(|at| dom.node(*at).end - *at < 10);
    short.any(|at| simplified(&text_of(dom, at)) == title)
}

/// Whether an element can hold an article.
fn is_container(dom: &Dom, at: u32) -> bool {
    matches!(
        dom.node(at).name(),
        known::DIV
            | known::SECTION
            | known::ARTICLE
            | known::MAIN
            | known::FORM
            | known::CENTER
            | known::TABLE
            | known::TBODY
            | known::TR
            | known::TD
            | known::SPAN
            | known::FONT
            | known::DETAILS
    )
}

/// Returns the only element in the root that the page declares to be the body of its article, if it has half of the
/// text.
fn declared(dom: &Dom, root: u32, measures: &Measures, kept: &Kept) -> Option<u32> {
    let is_body = |at: &u32| {
        dom.attribute(*at, known::ITEMPROP)
            .is_some_and(|value| value.split_ascii_whitespace().any(|it| it.eq_ignore_ascii_case("articleBody")))
    };
    let mut found = dom.elements(dom.descendants(root)).filter(|at| kept.contains(*at)).filter(is_body);
    let first = found.next()?;
    let is_only = found.next().is_none();
    (is_only && measures.at(first).running * 2 >= measures.at(root).running).then_some(first)
}
