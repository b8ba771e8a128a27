//! Leaves out what stands before, between and after the text of an article: its title, lines about its author, headings
//! of what was left out.

use std::collections::HashSet;

use super::about::About;
use super::measure::weight;
use super::root::Root;
use super::unwanted::text_of;
use super::{Kept, words};
use crate::scrape::document::{Dom, Name, known};
use crate::scrape::extract::markdown::look;

/// The longest line about the author or the day, in characters.
const LONGEST_CREDIT: u32 = 110;

/// The shortest paragraph that leads into an article although it is not inside of it, in characters.
const SHORTEST_LEAD: u32 = 60;

/// A block with text.
struct Block {
    at: u32,
    /// The level of a heading.
    level: Option<usize>,
    /// Its text, if it has no blocks in it.
    text: String,
    weight: u32,
}

/// Leaves out these blocks of the article.
pub(super) fn leave_out(dom: &Dom, root: Root, kept: &mut Kept, about: &About) {
    let title = about.title.as_deref().map(simplified).filter(|title| !title.is_empty());
    let byline = about.byline.as_deref().map(simplified).filter(|byline| byline.len() > 3);
    let text = dom.subtree(root.text);
    let (mut is_before_text, mut is_after_title) = (true, false);
    let mut around = HashSet::new();
    for block in &blocks(dom, root.whole, kept) {
        // A block comes once for each piece of text between its inner blocks.
        if !kept.contains(block.at) {
            continue;
        }
        let plain = simplified(&block.text);
        let lower = block.text.to_lowercase();
        let is_sentence = block.text.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '”', '»', '"']);
        let is_short = block.weight <= LONGEST_CREDIT;
        let is_same = title.as_ref().is_some_and(|title| plain == *title);
        is_after_title |= is_same || block.level == Some(1);
        let is_title = is_same
            || block.level == Some(1) && is_before_text
            || block.level.is_some()
                && title
                    .as_ref()
                    .is_some_and(|title| plain.strip_prefix("re").unwrap_or(&plain) == title || plain == *title);
        let is_notice =
            words::NOTICES.contains(&lower.trim_matches([' ', '-', '–', '—', '*', '·', '|', ':', '[', ']', '(', ')']));
        let is_credit = is_before_text
            && is_short
            && block.level.is_none()
            && !block.text.is_empty()
            && (byline.as_ref().is_some_and(|byline| plain.contains(byline))
                || !is_sentence
                    && (words::CREDITS.iter().any(|start| lower.starts_with(start)) || names_year(&block.text)));
        let is_around = block.at < text.start && dom.node(block.at).end >= text.end;
        let is_lead = is_after_title && block.level.is_none() && is_sentence && block.weight >= SHORTEST_LEAD;
        let is_apart = !(text.contains(&block.at) || is_lead && block.at < text.start);
        if is_around {
            if around.insert(block.at) {
                leave_out_words(dom, block.at, root.text, kept);
            }
        } else if is_title || is_notice || is_credit || is_apart || is_time(dom, block.at) || is_count(dom, block) {
            kept.leave_out(dom, block.at);
        }
        is_before_text &= block.level.is_some() || is_short;
    }
    leave_out_empty_headings(dom, root.whole, kept);
}

/// Leaves out the words that stand directly in an element around the text.
fn leave_out_words(dom: &Dom, around: u32, text: u32, kept: &mut Kept) {
    for child in dom.children(around).filter(|child| !dom.subtree(*child).contains(&text)) {
        let has_block = dom.elements(dom.subtree(child)).any(|at| look::is_block(dom.node(at).name()));
        if !has_block {
            kept.leave_out(dom, child);
        }
    }
}

/// Leaves out headings that have no text after them before the next heading of the same or a higher level.
fn leave_out_empty_headings(dom: &Dom, root: u32, kept: &mut Kept) {
    // The level of the next heading, if nothing stands between. The end of the article is a heading of level 0.
    let mut next = Some(0);
    for block in blocks(dom, root, kept).iter().rev() {
        match block.level {
            Some(level) if next.is_some_and(|next| next <= level) => kept.leave_out(dom, block.at),
            Some(level) => next = Some(level),
            None => next = None,
        }
    }
}

/// Returns the blocks that have text, in the order of the page.
fn blocks(dom: &Dom, root: u32, kept: &Kept) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Vec<u32> = vec![root];
    let mut outer = HashSet::from([root]);
    for at in dom.walk(dom.descendants(root)).filter(|at| kept.contains(*at)) {
        while open.len() > 1 && open.last().is_some_and(|last| dom.node(*last).end <= at) {
            open.pop();
        }
        let node = dom.node(at);
        let block = *open.last().unwrap_or(&root);
        if node.is_element() && look::is_block(node.name()) {
            outer.insert(block);
            open.push(at);
        } else if node.is_text() && !dom.text(at).trim().is_empty() && blocks.last().is_none_or(|last| last.at != block)
        {
            blocks.push(Block { at: block, level: level(dom, &open), text: String::new(), weight: u32::MAX });
        }
    }
    for block in blocks.iter_mut().filter(|block| !outer.contains(&block.at)) {
        block.text = text_of(dom, block.at);
        block.weight = weight(&block.text);
    }
    blocks
}

fn level(dom: &Dom, open: &[u32]) -> Option<usize> {
    const HEADINGS: [Name; 6] = [known::H1, known::H2, known::H3, known::H4, known::H5, known::H6];
    let heading = |at: &u32| HEADINGS.iter().position(|name| dom.node(*at).is_html(*name));
    open.iter().rev().take(3).find_map(heading).map(|nth| nth + 1)
}

/// Whether a block consists of one `<time>`.
fn is_time(dom: &Dom, at: u32) -> bool {
    let inside = &mut dom.elements(dom.descendants(at)).take(16);
    let Some(time) = inside.find(|below| dom.node(*below).is_html(known::TIME)) else { return false };
    let length = |at: u32| dom.texts(dom.descendants(at)).map(|text| text.trim().len()).take(64).sum::<usize>();
    length(at) <= length(time) + 12
}

/// Whether a block is a number alone, such as a count of votes.
fn is_count(dom: &Dom, block: &Block) -> bool {
    let is_plain = matches!(dom.node(block.at).name(), known::DIV | known::P | known::SECTION);
    is_plain && block.weight <= 4 && !block.text.is_empty() && block.text.chars().all(|char| char.is_ascii_digit())
}

/// Whether a text names a year of our time.
fn names_year(text: &str) -> bool {
    let mut numbers = text.split(|char: char| !char.is_ascii_digit());
    numbers.any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")))
}

/// Returns the letters and digits of a text, in lower case.
pub(super) fn simplified(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
