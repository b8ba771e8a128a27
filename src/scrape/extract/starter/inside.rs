//! The fields of a block: what most blocks have at the same place.

use std::collections::HashSet;

use super::super::probe::{escaped, find};
use super::super::value;
use super::StarterRule;
use super::blocks::name;
use super::toml::{Names, string};
use crate::scrape::document::{Dom, known};

/// The blocks that are compared, and the most fields.
const SAMPLE: usize = 20;
const MOST_FIELDS: usize = 12;
/// The longest text of a field, in bytes. A longer one consists of several.
const LONGEST: usize = 600;
/// The most places of a block that are compared.
const MOST_PLACES: usize = 400;

/// A field that most blocks have.
#[derive(Debug)]
pub(super) struct Field {
    words: String,
    selector: String,
    take: &'static str,
    /// Whether a block has several of them.
    is_list: bool,
    is_price: bool,
}

impl Field {
    pub(super) fn rule(self, names: &mut Names) -> StarterRule {
        let name = names.of(&self.words, "text");
        let text = string(&format!("{}{}", self.selector, self.take));
        match (self.is_price, self.is_list) {
            (true, _) => {
                let rule = StarterRule::new(name, format!("{{ css = {text}, type = \"number\" }}"));
                StarterRule { simpler: Some(text), ..rule }
            }
            (false, true) => StarterRule::new(name, format!("[{text}]")),
            (false, false) => StarterRule::new(name, text),
        }
    }
}

/// What is taken from the elements at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Text,
    /// The `title` of an element whose text is cut.
    Title,
    Time,
    Link,
    Image,
}

/// What blocks have at a place.
struct Place {
    selector: String,
    words: String,
    what: What,
    /// The blocks that have it, and how many of it they have together.
    blocks: usize,
    count: usize,
    values: Vec<String>,
    /// The first element of the first block that has it, and this block.
    first: (u32, u32),
}

/// Returns the fields of blocks.
pub(super) fn fields(dom: &Dom, blocks: &[u32]) -> Vec<Field> {
    let sample = &blocks[..blocks.len().min(SAMPLE)];
    let mut places: Vec<Place> = Vec::new();
    for block in sample {
        let mut of_block: HashSet<usize> = HashSet::new();
        for at in dom.elements(dom.subtree(*block)).take(MOST_PLACES) {
            for (what, value) in gives(dom, at, *block) {
                let selector = selector(dom, at, *block);
                let known = places.iter().position(|place| place.what == what && place.selector == selector);
                let nth = known.unwrap_or(places.len());
                if known.is_none() {
                    if places.len() >= MOST_PLACES {
                        continue;
                    }
                    let words = words(dom, at, what);
                    let (values, first) = (Vec::new(), (at, *block));
                    places.push(Place { selector, words, what, blocks: 0, count: 0, values, first });
                }
                let place = &mut places[nth];
                place.count += 1;
                if of_block.insert(nth) {
                    place.blocks += 1;
                    place.values.push(value);
                }
            }
        }
    }
    let mut fields: Vec<Field> = Vec::new();
    let mut seen: HashSet<Vec<String>> = HashSet::new();
    // A block has one link that matters, and one picture.
    let mut single: HashSet<What> = HashSet::new();
    for place in places {
        let is_frequent = 5 * place.blocks >= 3 * sample.len();
        // A text that is the same in all blocks is a label.
        let varies = place.values.iter().collect::<HashSet<_>>().len() > 1;
        let is_single = matches!(place.what, What::Link | What::Image);
        if !is_frequent
            || !varies
            || !finds_it(dom, &place)
            || (is_single && !single.insert(place.what))
            || !seen.insert(place.values.clone())
        {
            continue;
        }
        let is_text = matches!(place.what, What::Text | What::Title);
        let is_price = is_text && place.values.iter().all(|value| is_price(value));
        let is_list = is_text && !is_price && 2 * place.count >= 3 * place.blocks;
        let take = match place.what {
            What::Text => "::text-content",
            What::Title => "::attr(title)",
            What::Time => "::attr(datetime)",
            What::Link | What::Image => "::url",
        };
        fields.push(Field { words: place.words, selector: place.selector, take, is_list, is_price });
        if fields.len() >= MOST_FIELDS {
            break;
        }
    }
    fields
}

/// Whether the first match of the selector is the element for which it was made. `span` also matches `span.text`.
fn finds_it(dom: &Dom, place: &Place) -> bool {
    let (at, block) = place.first;
    let found = find(dom, Some(block), std::slice::from_ref(&place.selector));
    found[0].first() == Some(&at)
}

/// Returns what an element gives, and the value.
fn gives(dom: &Dom, at: u32, block: u32) -> Vec<(What, String)> {
    let mut given = Vec::new();
    let attribute = |name| dom.attribute(at, name).map(str::trim).filter(|value| !value.is_empty());
    let own = value::fold(dom.children(at).filter(|child| dom.node(*child).is_text()).map(|child| dom.text(child)));
    // `Tags:` is the label of the elements inside.
    let has_text = !value::is_blank(&own) && !own.trim().ends_with(':');
    let is_inline = matches!(dom.node(at).name(), known::B | known::I | known::EM | known::STRONG | known::BR);
    let is_in_text = dom.node(at).parent() != block
        && at != block
        && dom.children(dom.node(at).parent()).any(|it| dom.node(it).is_text() && !value::is_blank(dom.text(it)));
    if let Some(time) = dom_attribute(dom, at, "datetime") {
        given.push((What::Time, time));
    } else if has_text && !(is_inline && is_in_text) {
        let text = value::trim(value::fold(dom.texts(dom.subtree(at))).into()).into_owned();
        // Many pages cut a long text, and have the whole of it in `title`.
        let begin = text.trim_end_matches(['.', '…']);
        let title = dom_attribute(dom, at, "title").filter(|title| title.starts_with(begin));
        match title {
            Some(title) => given.push((What::Title, title)),
            None if text.len() <= LONGEST => given.push((What::Text, text)),
            None => {}
        }
    }
    if dom.node(at).name() == known::A
        && let Some(link) = attribute(known::HREF)
    {
        given.push((What::Link, link.to_owned()));
    }
    if dom.node(at).name() == known::IMG
        && let Some(source) = attribute(known::SRC)
    {
        given.push((What::Image, source.to_owned()));
    }
    given
}

/// Returns the value of the attribute of this name, which need not be a known one.
fn dom_attribute(dom: &Dom, at: u32, name: &str) -> Option<String> {
    let found = dom.attributes(at).iter().find(|attribute| dom.name_text(attribute.name()) == name);
    found.map(|attribute| dom.value(attribute).trim().to_owned()).filter(|value| !value.is_empty())
}

/// Returns a selector of an element inside of a block: its name with its first class. Without a class, the element
/// around it comes before it.
fn selector(dom: &Dom, at: u32, block: u32) -> String {
    if at == block {
        return ":scope".to_owned();
    }
    let own = with_class(dom, at);
    let parent = dom.node(at).parent();
    if own.contains('.') || parent == block {
        return own;
    }
    format!("{} {own}", with_class(dom, parent))
}

fn with_class(dom: &Dom, at: u32) -> String {
    let class = dom.attribute(at, known::CLASS).and_then(|classes| classes.split_ascii_whitespace().next());
    // A class with digits is often the number of this element.
    let class = class.filter(|class| !class.contains(|c: char| c.is_ascii_digit()));
    let name = name(dom, at);
    class.map_or_else(|| name.clone(), |class| format!("{name}.{}", escaped(class)))
}

/// Returns words for the name of a field.
fn words(dom: &Dom, at: u32, what: What) -> String {
    let name = dom.name_text(dom.node(at).name());
    let around = dom.name_text(dom.node(dom.node(at).parent()).name());
    let is_heading = |name: &str| matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
    match what {
        What::Link => return "link".to_owned(),
        What::Image => return "image".to_owned(),
        What::Time => return "date".to_owned(),
        What::Title => return "title".to_owned(),
        What::Text if is_heading(name) || is_heading(around) => return "title".to_owned(),
        What::Text => {}
    }
    let item = dom_attribute(dom, at, "itemprop");
    let class = dom.attribute(at, known::CLASS).and_then(|classes| classes.split_ascii_whitespace().next());
    let words = item.or_else(|| class.map(str::to_owned));
    words.unwrap_or_else(|| if dom.is_xml() { name.to_owned() } else { "text".to_owned() })
}

/// Whether a text is a number with a sign of a currency.
fn is_price(text: &str) -> bool {
    let has_sign = text.contains(['$', '€', '£', '¥', '₹', '₽', '₺', '₩']);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    has_sign
        && digits > 0
        && letters <= 8
        && text.split(char::is_whitespace).filter(|word| word.contains(|c: char| c.is_ascii_digit())).count() == 1
}
