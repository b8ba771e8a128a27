//! Pages that are JSON.

use super::super::facts::PageFacts;
use super::super::feed;
use super::super::probe::member;
use super::page::entries_of;
use super::toml::{Names, string};
use super::{StarterEach, StarterGroup, StarterRule};
use crate::scrape::json::Json;

/// The most fields of an object.
const MOST_FIELDS: usize = 20;
/// How deep objects are searched for fields, and for the list.
const DEPTH: usize = 3;
const LIST_DEPTH: usize = 4;
/// The objects of a list whose keys count.
const SAMPLE: usize = 20;

/// A value in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    /// The keys that lead to it, as words.
    pub(super) words: String,
    /// The path to it, without `$`.
    pub(super) path: String,
    /// Whether the path leads to the elements of a list.
    pub(super) is_list: bool,
}

impl Leaf {
    /// Makes a rule. `source` writes the source for a path, without `$`.
    pub(super) fn rule(&self, names: &mut Names, source: impl Fn(&str) -> String) -> StarterRule {
        let name = names.of(&self.words, "value");
        let all = if self.is_list { ", all = true" } else { "" };
        StarterRule::new(name, format!("{{ {}{all} }}", source(&self.path)))
    }
}

/// Returns the texts, numbers and truth values of an object, and the lists of them.
pub(super) fn leaves(object: &Json) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    add(object, "", "", 0, &mut leaves);
    leaves
}

fn add(json: &Json, words: &str, path: &str, depth: usize, leaves: &mut Vec<Leaf>) {
    let Json::Object(entries) = json else { return };
    for (key, value) in entries {
        if leaves.len() >= MOST_FIELDS {
            return;
        }
        let words = if words.is_empty() { key.clone() } else { format!("{words} {key}") };
        let path = format!("{path}{}", member(key));
        match value {
            Json::Bool(_) | Json::Number(_) | Json::String(_) => leaves.push(Leaf { words, path, is_list: false }),
            Json::Object(_) if depth + 1 < DEPTH => add(value, &words, &path, depth + 1, leaves),
            Json::Array(values) => match values.first() {
                Some(Json::Object(_)) if depth + 1 < DEPTH => {
                    add(&values[0], &words, &format!("{path}[0]"), depth + 1, leaves);
                }
                Some(Json::Bool(_) | Json::Number(_) | Json::String(_)) => {
                    leaves.push(Leaf { words, path: format!("{path}[*]"), is_list: true });
                }
                _ => {}
            },
            Json::Null | Json::Object(_) => {}
        }
    }
}

/// Finds rules for a document.
pub(super) fn groups(json: &Json, names: &mut Names, facts: &PageFacts<'_>) -> Vec<StarterGroup> {
    if let Some(group) = feed::json_feed(json, facts.final_url).and_then(|entries| entries_of(&entries, names)) {
        return vec![group];
    }
    let mut longest = None;
    find_list(json, "$", "", 0, &mut longest);
    let mut about = StarterGroup { about: "The document".to_owned(), ..StarterGroup::default() };
    let is_inside = |leaf: &Leaf| {
        let list = longest.as_ref().map(|list: &List<'_>| list.path.as_str());
        list.is_some_and(|list| format!("${}", leaf.path).starts_with(&format!("{list}[")))
    };
    for leaf in leaves(json).iter().filter(|leaf| !is_inside(leaf)) {
        about.rules.push(leaf.rule(names, |path| format!("json = {}", string(&format!("${path}")))));
    }
    let list = longest.and_then(|list| of_list(&list, names));
    std::iter::once(about).chain(list).collect()
}

/// A list of objects.
struct List<'j> {
    values: &'j [Json],
    path: String,
    /// Its key.
    words: String,
}

/// Finds the longest list of objects that is not inside of another one.
fn find_list<'j>(json: &'j Json, path: &str, words: &str, depth: usize, longest: &mut Option<List<'j>>) {
    match json {
        Json::Array(values)
            if values.iter().any(|value| matches!(value, Json::Object(_)))
                && longest.as_ref().is_none_or(|list| list.values.len() < values.len()) =>
        {
            *longest = Some(List { values, path: path.to_owned(), words: words.to_owned() });
        }
        Json::Object(entries) if depth < LIST_DEPTH => {
            for (key, value) in entries {
                find_list(value, &format!("{path}{}", member(key)), key, depth + 1, longest);
            }
        }
        _ => {}
    }
}

fn of_list(list: &List<'_>, names: &mut Names) -> Option<StarterGroup> {
    let sample = &list.values[..list.values.len().min(SAMPLE)];
    let mut found: Vec<(Leaf, usize)> = Vec::new();
    for leaf in sample.iter().flat_map(leaves) {
        match found.iter_mut().find(|(known, _)| known.path == leaf.path) {
            Some((_, count)) => *count += 1,
            None => found.push((leaf, 1)),
        }
    }
    let mut inner = Names::default();
    let often = found.iter().filter(|(_, count)| 2 * count >= sample.len()).take(MOST_FIELDS);
    let rules = often.map(|(leaf, _)| leaf.rule(&mut inner, |path| format!("json = {}", string(&format!("${path}")))));
    let rules: Vec<StarterRule> = rules.collect();
    if rules.is_empty() {
        return None;
    }
    let name = names.of(&list.words, "items");
    let each = StarterEach { name, each: format!("{{ json = {} }}", string(&format!("{}[*]", list.path))), rules };
    Some(StarterGroup {
        about: format!("A list of {}", list.values.len()),
        each: Some(each),
        ..StarterGroup::default()
    })
}
