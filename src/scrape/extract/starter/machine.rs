//! Data for machines: JSON-LD and `OpenGraph`.

use super::super::probe::member;
use super::super::structured;
use super::json::{Leaf, leaves};
use super::toml::{Names, string};
use super::{StarterEach, StarterGroup, StarterRule};
use crate::scrape::document::Dom;
use crate::scrape::json::Json;

/// The most types of objects, and the most fields of each.
const MOST_TYPES: usize = 3;
const MOST_FIELDS: usize = 14;
/// From how many objects of a type on each becomes an object of the data.
const MANY: usize = 3;
/// The most objects that are looked at.
const MOST_OBJECTS: usize = 2_000;

/// Types that describe the site and its pages, and not what a page is about.
const OF_SITES: [&str; 14] = [
    "WebSite",
    "WebPage",
    "CollectionPage",
    "ItemPage",
    "SearchAction",
    "Organization",
    "BreadcrumbList",
    "ListItem",
    "ItemList",
    "ImageObject",
    "SiteNavigationElement",
    "ReadAction",
    "WPHeader",
    "WPFooter",
];

/// Finds rules for JSON-LD and `OpenGraph`.
pub(super) fn groups(dom: &Dom, names: &mut Names) -> Vec<StarterGroup> {
    let json_ld = structured::json_ld(dom).list;
    let mut objects = Vec::new();
    add_objects(&json_ld, &mut objects);
    let mut types: Vec<&str> = Vec::new();
    for (kind, _) in &objects {
        if !OF_SITES.contains(kind) && !types.contains(kind) {
            types.push(kind);
        }
    }
    // An object inside of another one is a part of it, which has its own fields there.
    let mut groups: Vec<StarterGroup> = Vec::new();
    for kind in types.into_iter().take(MOST_TYPES) {
        let of_kind: Vec<&Json> = objects.iter().filter(|(its, _)| *its == kind).map(|(_, object)| *object).collect();
        groups.extend(of_type(kind, &of_kind, names));
    }
    groups.push(open_graph(dom, names));
    groups
}

/// Collects the objects that have a type, without those inside of them. The lists and `@graph` around them are searched.
fn add_objects<'j>(json: &'j Json, objects: &mut Vec<(&'j str, &'j Json)>) {
    if objects.len() >= MOST_OBJECTS {
        return;
    }
    match json {
        Json::Array(values) => values.iter().for_each(|value| add_objects(value, objects)),
        Json::Object(entries) => {
            let kind = match json.get("@type") {
                Some(Json::String(kind)) => Some(kind.as_str()),
                _ => None,
            };
            if let Some(kind) = kind {
                objects.push((kind, json));
            }
            let is_around = kind.is_none_or(|kind| OF_SITES.contains(&kind));
            for (key, value) in entries {
                let holds = matches!(key.as_str(), "@graph" | "itemListElement" | "item" | "mainEntity");
                if holds || (is_around && kind.is_none()) {
                    add_objects(value, objects);
                }
            }
        }
        _ => {}
    }
}

fn of_type(kind: &str, objects: &[&Json], names: &mut Names) -> Option<StarterGroup> {
    let path = format!("$..[?@['@type']=='{}']", kind.replace('\\', "\\\\").replace('\'', "\\'"));
    let leaves: Vec<Leaf> = leaves(objects[0]).into_iter().filter(|leaf| !leaf.path.contains("['@")).collect();
    let leaves = &leaves[..leaves.len().min(MOST_FIELDS)];
    if leaves.is_empty() {
        return None;
    }
    if objects.len() >= MANY {
        let mut inner = Names::default();
        let rules =
            leaves.iter().map(|leaf| leaf.rule(&mut inner, |path| format!("json = {}", string(&format!("${path}")))));
        let name = names.of(&format!("{kind}s"), "objects");
        let each = format!("{{ structured = \"json_ld\", json = {} }}", string(&path));
        let each = StarterEach { name, each, rules: rules.collect() };
        let about = format!("The {} objects of type {kind} in JSON-LD", objects.len());
        return Some(StarterGroup { about, each: Some(each), ..StarterGroup::default() });
    }
    let rules = leaves.iter().map(|leaf| {
        let leaf = Leaf { words: format!("{kind} {}", leaf.words), ..leaf.clone() };
        leaf.rule(names, |its| format!("structured = \"json_ld\", json = {}", string(&format!("{path}{its}"))))
    });
    Some(StarterGroup { about: format!("JSON-LD: {kind}"), rules: rules.collect(), each: None })
}

fn open_graph(dom: &Dom, names: &mut Names) -> StarterGroup {
    let mut group = StarterGroup { about: "OpenGraph".to_owned(), ..StarterGroup::default() };
    let Json::Object(entries) = structured::open_graph(dom) else { return group };
    for (key, value) in entries.iter().take(MOST_FIELDS) {
        let list = if matches!(value, Json::Array(_)) { "[0]" } else { "" };
        let path = string(&format!("${}{list}", member(key)));
        let rule = format!("{{ structured = \"open_graph\", json = {path} }}");
        group.rules.push(StarterRule::new(names.of(key, "property"), rule));
    }
    group
}
