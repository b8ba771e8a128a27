//! The block that a list page repeats: a product, a quote, a result.
//!
//! Elements with the same name and the same classes, or of the same name inside of the same parent, may be such blocks.
//! The best ones have several fields in common (`inside`), and there are many of them. Menus count less.

use std::collections::HashMap;

use super::super::probe::{escaped, find};
use super::inside;
use super::toml::{Names, string};
use super::{StarterEach, StarterGroup};
use crate::scrape::document::{Dom, Name, known};

/// The fewest blocks, and the fewest fields of a block.
const FEWEST: usize = 3;
const FEWEST_FIELDS: usize = 2;
/// How many elements are looked at, how many kinds of blocks are compared, and how large blocks may be, in nodes.
const MOST_ELEMENTS: usize = 200_000;
const MOST_KINDS: usize = 40;
const LARGEST: u32 = 3_000;
/// The most classes that a selector has.
const MOST_CLASSES: usize = 8;

/// Elements that are no blocks, or whose content has other rules.
const NEVER: [Name; 20] = [
    known::HTML,
    known::BODY,
    known::HEAD,
    known::META,
    known::LINK,
    known::SCRIPT,
    known::STYLE,
    known::OPTION,
    known::TR,
    known::TD,
    known::TH,
    known::TBODY,
    known::THEAD,
    known::COL,
    known::BR,
    known::PATH,
    known::G,
    known::SOURCE,
    known::TITLE,
    known::INPUT,
];
/// Elements around menus.
const MENUS: [Name; 4] = [known::NAV, known::HEADER, known::FOOTER, known::ASIDE];

/// A kind of blocks.
struct Kind {
    blocks: Vec<u32>,
    /// The parent of all blocks, if they have no class.
    parent: Option<u32>,
}

/// Finds the block that a page repeats, and the rules for its fields.
pub(super) fn group(dom: &Dom, names: &mut Names) -> Option<StarterGroup> {
    let mut best: Option<(f64, String, Kind, Vec<inside::Field>)> = None;
    for kind in kinds(dom) {
        let Some(selector) = selector(dom, &kind) else { continue };
        let fields = inside::fields(dom, &kind.blocks);
        if fields.len() < FEWEST_FIELDS {
            continue;
        }
        let score = score(dom, &kind, fields.len());
        let is_better = best.as_ref().is_none_or(|(its, _, other, _)| {
            score > *its || (score >= *its && is_inside(dom, kind.blocks[0], other.blocks[0]))
        });
        if is_better {
            best = Some((score, selector, kind, fields));
        }
    }
    let (_, selector, kind, fields) = best?;
    let mut inner = Names::default();
    let rules = fields.into_iter().map(|field| field.rule(&mut inner)).collect();
    let words = dom.attribute(kind.blocks[0], known::CLASS).and_then(|classes| classes.split_ascii_whitespace().next());
    let plural = |word: &str| if word.ends_with('s') { word.to_owned() } else { format!("{word}s") };
    let name = names.of(&words.map_or_else(|| "items".to_owned(), plural), "items");
    let about = format!("The block that the page repeats, {} times", kind.blocks.len());
    let each = StarterEach { name, each: string(&selector), rules };
    Some(StarterGroup { about, each: Some(each), ..StarterGroup::default() })
}

/// Returns the kinds of blocks with the most text and elements first.
fn kinds(dom: &Dom) -> Vec<Kind> {
    let mut by_class: HashMap<(Name, &str), Vec<u32>> = HashMap::new();
    let mut by_parent: HashMap<(Name, u32), Vec<u32>> = HashMap::new();
    for at in dom.elements(dom.whole()).take(MOST_ELEMENTS) {
        let node = dom.node(at);
        let is_small = node.end() - at < LARGEST;
        if !is_small || NEVER.contains(&node.name()) || node.parent() == 0 {
            continue;
        }
        let classes = dom.attribute(at, known::CLASS).map(str::trim).filter(|classes| !classes.is_empty());
        match classes {
            Some(classes) => by_class.entry((node.name(), classes)).or_default().push(at),
            None => by_parent.entry((node.name(), node.parent())).or_default().push(at),
        }
    }
    let with_classes = by_class.into_values().map(|blocks| Kind { blocks, parent: None });
    let without = by_parent.into_iter().map(|((_, parent), blocks)| Kind { blocks, parent: Some(parent) });
    let is_apart = |kind: &Kind| {
        // A block does not contain another one.
        kind.blocks.len() >= FEWEST && kind.blocks.windows(2).all(|pair| dom.node(pair[0]).end() <= pair[1])
    };
    let mut kinds: Vec<Kind> = with_classes.chain(without).filter(is_apart).collect();
    let size = |kind: &Kind| kind.blocks.iter().map(|at| u64::from(dom.node(*at).end() - at)).sum::<u64>();
    // Equal sizes are compared by place, so that the same page always gives the same rules.
    kinds.sort_by_cached_key(|kind| (std::cmp::Reverse(size(kind)), kind.blocks[0]));
    kinds.truncate(MOST_KINDS);
    kinds
}

fn score(dom: &Dom, kind: &Kind, fields: usize) -> f64 {
    let mut around = dom.node(kind.blocks[0]).parent();
    let mut is_menu = false;
    while around != 0 {
        is_menu |= MENUS.contains(&dom.node(around).name());
        around = dom.node(around).parent();
    }
    let count = u32::try_from(kind.blocks.len()).unwrap_or(u32::MAX);
    let fields = u32::try_from(fields).unwrap_or(u32::MAX);
    f64::from(fields) * f64::from(count).ln() * if is_menu { 0.3 } else { 1.0 }
}

fn is_inside(dom: &Dom, at: u32, other: u32) -> bool {
    dom.descendants(other).contains(&at)
}

/// Returns a selector that matches exactly these blocks.
fn selector(dom: &Dom, kind: &Kind) -> Option<String> {
    let first = kind.blocks[0];
    let name = name(dom, first);
    let mut candidates = Vec::new();
    if let Some(parent) = kind.parent {
        let around = name_with(dom, parent);
        candidates.push(name.clone());
        candidates.extend(around.iter().map(|around| format!("{around} > {name}")));
        let grandparent = dom.node(parent).parent();
        if grandparent != 0 {
            let parent = self::name(dom, parent);
            candidates.extend(name_with(dom, grandparent).iter().map(|around| format!("{around} > {parent} > {name}")));
        }
    } else {
        let classes = dom.attribute(first, known::CLASS)?.split_ascii_whitespace().take(MOST_CLASSES);
        let classes: Vec<String> = classes.map(|class| format!(".{}", escaped(class))).collect();
        candidates.extend(classes.iter().map(|class| format!("{name}{class}")));
        candidates.push(format!("{name}{}", classes.concat()));
    }
    let found = find(dom, None, &candidates);
    let fits = |found: &Vec<u32>| *found == kind.blocks;
    candidates.into_iter().zip(found).find(|(_, found)| fits(found)).map(|(selector, _)| selector)
}

/// Returns selectors for an element by its id, its classes and its name.
fn name_with(dom: &Dom, at: u32) -> Vec<String> {
    let name = name(dom, at);
    let id = dom.attribute(at, known::ID).filter(|id| !id.is_empty()).map(|id| format!("{name}#{}", escaped(id)));
    let classes = dom.attribute(at, known::CLASS).unwrap_or_default().split_ascii_whitespace();
    let classes = classes.take(4).map(|class| format!("{name}.{}", escaped(class)));
    id.into_iter().chain(classes).chain([name.clone()]).collect()
}

/// Returns the name of an element as a selector.
pub(super) fn name(dom: &Dom, at: u32) -> String {
    let node = dom.node(at);
    let (prefix, name) = (dom.prefix(node.qualifier()), escaped(dom.name_text(node.name())));
    if dom.is_xml() && !prefix.is_empty() { format!("{}|{name}", escaped(prefix)) } else { name }
}
