//! Microdata: the items of a page (WHATWG HTML, "Microdata").

use std::collections::{HashMap, HashSet};

use super::item_text::item_text;
use crate::scrape::document::{Dom, Kind, Name, known};
use crate::scrape::extract::link::Links;
use crate::scrape::json::Json;

/// How deep items may be inside of each other. Each takes three levels of JSON.
const MAX_DEPTH: usize = 40;

/// How many nodes any page may make us read, plus some for each node. Nested items read the same text again.
const STEPS: usize = 1_000_000;
const STEPS_OF_A_NODE: usize = 8;

/// How many bytes of values any page may give, plus some for each byte.
const BYTES: usize = 8 << 20;
const BYTES_OF_A_BYTE: usize = 2;

/// The items of a page need too much time or space, because they are nested or refer to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::scrape::extract) enum TooLarge {
    /// Items are deep inside of each other.
    #[error("items nest more than {MAX_DEPTH} deep")]
    Depth,
    /// The same parts belong to many items.
    #[error("too many items contain or refer to the same parts of the page")]
    Work,
}

/// Returns the items of a page as a list of `{type, id, value}` or `{type, id, properties}`, as extruct does:
///
/// - a single value is not in a list, and an item without properties has a `value`
/// - an item is only once in the list, inside of the item that it is a property of; a second reference gives `null`
///
/// The differences to extruct follow the standard: a `time` without `datetime` has its text as value, a missing link is
/// an empty text, an element counts once as a property of an item, and an item that another one refers to is inside of
/// that one wherever it stands.
///
/// # Errors
/// Fails if the items need far more work than the size of the page explains.
pub(in crate::scrape::extract) fn microdata(dom: &Dom, links: &Links) -> Result<Json, TooLarge> {
    let has_items = dom.attributes.iter().any(|attribute| attribute.name() == known::ITEMSCOPE);
    if !has_items {
        return Ok(Json::Array(Vec::new()));
    }
    let mut reader = Reader {
        dom,
        links,
        itemref: dom.names.find("itemref"),
        itemid: dom.names.find("itemid"),
        ids: None,
        seen: HashSet::new(),
        steps: STEPS + STEPS_OF_A_NODE * dom.nodes().len(),
        bytes: BYTES + BYTES_OF_A_BYTE * dom.page.len(),
    };
    let scopes: Vec<u32> = dom.elements(dom.whole()).filter(|at| reader.is_item(*at)).collect();
    let mut items: Vec<(u32, Json)> = Vec::new();
    // Items that are no property come first, so that they get the items that they refer to.
    for is_property in [false, true] {
        for scope in &scopes {
            if dom.attribute(*scope, known::ITEMPROP).is_some() == is_property
                && let Some(item) = reader.item(*scope, 0)?
            {
                items.push((*scope, item));
            }
        }
    }
    items.sort_by_key(|(scope, _)| *scope);
    Ok(Json::Array(items.into_iter().map(|(_, item)| item).collect()))
}

struct Reader<'a> {
    dom: &'a Dom,
    links: &'a Links,
    /// The names that pages use rarely, if this page uses them.
    itemref: Option<Name>,
    itemid: Option<Name>,
    /// The first element of each `id`. It is made for the first `itemref`.
    ids: Option<HashMap<&'a str, u32>>,
    /// The items that are in the result already.
    seen: HashSet<u32>,
    steps: usize,
    bytes: usize,
}

impl Reader<'_> {
    fn is_item(&self, at: u32) -> bool {
        self.dom.attribute(at, known::ITEMSCOPE).is_some()
    }

    fn step(&mut self, count: usize) -> Result<(), TooLarge> {
        self.steps = self.steps.checked_sub(count).ok_or(TooLarge::Work)?;
        Ok(())
    }

    fn weigh(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(TooLarge::Work)?;
        Ok(())
    }

    /// Returns the item at `scope`, or `None` if it is in the result already. The recursion is bounded by `depth`.
    fn item(&mut self, scope: u32, depth: usize) -> Result<Option<Json>, TooLarge> {
        if depth == MAX_DEPTH {
            return Err(TooLarge::Depth);
        }
        if !self.seen.insert(scope) {
            return Ok(None);
        }
        let mut entries = Vec::new();
        let types: Vec<&str> =
            self.dom.attribute(scope, known::ITEMTYPE).unwrap_or_default().split_ascii_whitespace().collect();
        match types[..] {
            [] => {}
            [only] => entries.push(("type".to_owned(), only.into())),
            _ => entries.push(("type".to_owned(), Json::Array(types.iter().map(|kind| (*kind).into()).collect()))),
        }
        let id = self.itemid.and_then(|itemid| self.dom.attribute(scope, itemid));
        if !types.is_empty()
            && let Some(id) = id.filter(|id| !id.is_empty())
        {
            entries.push(("id".to_owned(), id.trim().into()));
        }
        let mut properties = Properties::default();
        for member in self.members(scope)? {
            let value = self.value(member, depth)?;
            let names = self.dom.attribute(member, known::ITEMPROP).unwrap_or_default();
            for (nth, name) in names.split_ascii_whitespace().enumerate() {
                // Only the first name takes no further memory.
                self.weigh(name.len() + if nth > 0 { weight(&value) } else { 0 })?;
                properties.add(name, value.clone());
            }
        }
        entries.push(if properties.entries.is_empty() {
            ("value".to_owned(), self.plain_value(scope)?)
        } else {
            ("properties".to_owned(), properties.into_json())
        });
        Ok(Some(Json::Object(entries)))
    }

    /// Returns the elements that are properties of an item: those in it, then those that its `itemref` names.
    fn members(&mut self, scope: u32) -> Result<Vec<u32>, TooLarge> {
        let mut members = Vec::new();
        self.members_below(scope, &mut members)?;
        let itemref = self.itemref.and_then(|itemref| self.dom.attribute(scope, itemref));
        let Some(itemref) = itemref else { return Ok(members) };
        let dom = self.dom;
        let ids = self.ids.get_or_insert_with(|| {
            let mut ids = HashMap::new();
            for at in dom.elements(dom.whole()) {
                if let Some(id) = dom.attribute(at, known::ID) {
                    ids.entry(id).or_insert(at);
                }
            }
            ids
        });
        let roots: Vec<u32> = itemref.split_ascii_whitespace().filter_map(|id| ids.get(id).copied()).collect();
        let mut read = HashSet::new();
        for root in roots.into_iter().filter(|root| read.insert(*root)) {
            let is_property = dom.attribute(root, known::ITEMPROP).is_some();
            if is_property {
                members.push(root);
            }
            if !(is_property && self.is_item(root)) {
                self.members_below(root, &mut members)?;
            }
        }
        let mut once = HashSet::new();
        members.retain(|member| once.insert(*member));
        Ok(members)
    }

    /// Finds the properties below an element, but not those of items in it.
    fn members_below(&mut self, root: u32, members: &mut Vec<u32>) -> Result<(), TooLarge> {
        let mut next = root + 1;
        while next < self.dom.node(root).end {
            self.step(1)?;
            let node = self.dom.node(next);
            let is_element = node.is_element();
            if is_element && self.dom.attribute(next, known::ITEMPROP).is_some() {
                members.push(next);
            }
            let is_closed = node.kind() == Kind::Fragment || is_element && self.is_item(next);
            next = if is_closed { node.end } else { next + 1 };
        }
        Ok(())
    }

    /// Returns the value of a property: an item, or a text.
    fn value(&mut self, at: u32, depth: usize) -> Result<Json, TooLarge> {
        if self.is_item(at) {
            return Ok(self.item(at, depth + 1)?.unwrap_or(Json::Null));
        }
        self.plain_value(at)
    }

    /// Returns the value of an element by its name (WHATWG HTML, "the value of a property").
    fn plain_value(&mut self, at: u32) -> Result<Json, TooLarge> {
        let text_of = |name: Name| self.dom.attribute(at, name);
        let text: String = match self.dom.node(at).name() {
            known::META => text_of(known::CONTENT).unwrap_or_default().to_owned(),
            known::AUDIO | known::EMBED | known::IFRAME | known::IMG | known::SOURCE | known::TRACK | known::VIDEO => {
                self.link(text_of(known::SRC))
            }
            known::A | known::AREA | known::LINK => self.link(text_of(known::HREF)),
            known::OBJECT => self.link(text_of(known::DATA)),
            known::DATA | known::METER => text_of(known::VALUE).unwrap_or_default().to_owned(),
            known::TIME if text_of(known::DATETIME).is_some() => {
                text_of(known::DATETIME).unwrap_or_default().to_owned()
            }
            _ => match text_of(known::CONTENT) {
                // Not in the standard, but in examples of schema.org.
                Some(content) if !content.is_empty() => content.to_owned(),
                _ => {
                    if let Some(input) = self.input(at) {
                        return Ok(input);
                    }
                    self.step((self.dom.node(at).end - at) as usize)?;
                    item_text(self.dom, at)
                }
            },
        };
        self.weigh(text.len())?;
        Ok(Json::String(text))
    }

    fn link(&self, link: Option<&str>) -> String {
        let Some(link) = link else { return String::new() };
        self.links.resolve(link).map_or_else(|| link.trim().to_owned(), String::from)
    }

    /// Returns what a field of a form says about the input of an action (schema.org, "Potential actions", part 4).
    fn input(&self, at: u32) -> Option<Json> {
        let property = self.dom.attribute(at, known::ITEMPROP)?;
        if !property.ends_with("-input") && !property.ends_with("-output") {
            return None;
        }
        let mut entries = Vec::new();
        if self.dom.attribute(at, known::REQUIRED).is_some() {
            entries.push(("valueRequired".to_owned(), Json::Bool(true)));
        }
        if let Some(name) = self.dom.attribute(at, known::NAME).filter(|name| !name.is_empty()) {
            entries.push(("valueName".to_owned(), name.into()));
        }
        Some(Json::Object(entries))
    }
}

/// The memory of a value, in bytes.
fn weight(json: &Json) -> usize {
    size_of::<Json>()
        + match json {
            Json::String(text) => text.len(),
            Json::Array(values) => values.iter().map(weight).sum(),
            Json::Object(entries) => entries.iter().map(|(key, value)| key.len() + weight(value)).sum(),
            _ => 0,
        }
}

/// The properties of an item, in the order of their first values.
#[derive(Default)]
struct Properties<'a> {
    entries: Vec<(&'a str, Vec<Json>)>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Properties<'a> {
    fn add(&mut self, name: &'a str, value: Json) {
        let at = *self.places.entry(name).or_insert(self.entries.len());
        if at == self.entries.len() {
            self.entries.push((name, Vec::new()));
        }
        self.entries[at].1.push(value);
    }

    fn into_json(self) -> Json {
        let one_or_list =
            |mut values: Vec<Json>| if values.len() == 1 { values.remove(0) } else { Json::Array(values) };
        Json::Object(self.entries.into_iter().map(|(name, values)| (name.to_owned(), one_or_list(values))).collect())
    }
}
