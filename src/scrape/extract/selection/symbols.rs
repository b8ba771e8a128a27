//! What selectors name, each name as a bit: of which names an element has is one number, its mask.
//!
//! All selectors of an extractor share one set of names. A 64-bit mask has a bit of its own for the first names; what a
//! selector says in these is decided exactly by looking at masks. The names after those share a few bits, which only
//! say that an element may have a name.

use super::name::{LocalName, Text};
use crate::scrape::document::{AttributeNamespace, Dom, KNOWN, Name, Namespace, known, word};

/// A set of names, a bit for each.
pub(super) type Mask = u64;

/// Every element has this one.
pub(super) const ELEMENT: Mask = 1 << 63;

/// The root of the document: `:root`.
pub(super) const ROOT: Mask = 1 << 62;

/// What `:scope` means. It differs from scan to scan, so marks never have it.
pub(super) const SCOPE: Mask = 1 << 61;

/// So many names have a bit of their own.
const OWN_BITS: usize = 56;

/// The names after those share so many bits.
const SHARED_BITS: usize = 61 - OWN_BITS;

/// A name as masks have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol {
    pub(super) bit: Mask,
    /// Whether the bit is its own.
    pub(super) exact: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// Elements of HTML are compared with the name in lower case, others with the name as it is written.
    Tag {
        lower: LocalName,
        exact: LocalName,
    },
    /// An attribute that an element has, in no name space. Names are compared as those of elements.
    Attribute {
        lower: LocalName,
        exact: LocalName,
    },
    Class(Text),
    Id(Text),
}

/// The names of all selectors of an extractor.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Symbols {
    named: Vec<(Named, Symbol)>,
    /// For elements of HTML, and for others.
    tags: [NameTable; 2],
    attributes: [NameTable; 2],
    classes: TextTable,
    ids: TextTable,
}

impl Symbols {
    pub(in crate::scrape::extract) fn new() -> Self {
        Self {
            named: Vec::new(),
            tags: [NameTable::new(), NameTable::new()],
            attributes: [NameTable::new(), NameTable::new()],
            classes: TextTable::new(),
            ids: TextTable::new(),
        }
    }

    pub(super) fn tag(&mut self, lower: &LocalName, exact: &LocalName) -> Symbol {
        let named = Named::Tag { lower: lower.clone(), exact: exact.clone() };
        let (symbol, is_new) = self.symbol(named);
        if is_new {
            self.tags[0].add(lower, symbol.bit);
            self.tags[1].add(exact, symbol.bit);
        }
        symbol
    }

    pub(super) fn attribute(&mut self, lower: &LocalName, exact: &LocalName) -> Symbol {
        let named = Named::Attribute { lower: lower.clone(), exact: exact.clone() };
        let (symbol, is_new) = self.symbol(named);
        if is_new {
            self.attributes[0].add(lower, symbol.bit);
            self.attributes[1].add(exact, symbol.bit);
        }
        symbol
    }

    pub(super) fn class(&mut self, class: &Text) -> Symbol {
        let (symbol, is_new) = self.symbol(Named::Class(class.clone()));
        if is_new {
            self.classes.add(class.as_str(), symbol.bit);
        }
        symbol
    }

    pub(super) fn id(&mut self, id: &Text) -> Symbol {
        let (symbol, is_new) = self.symbol(Named::Id(id.clone()));
        if is_new {
            self.ids.add(id.as_str(), symbol.bit);
        }
        symbol
    }

    /// The symbol of a name, and whether the name is a new one.
    fn symbol(&mut self, named: Named) -> (Symbol, bool) {
        if let Some((_, symbol)) = self.named.iter().find(|(it, _)| *it == named) {
            return (*symbol, false);
        }
        let nth = self.named.len();
        let exact = nth < OWN_BITS;
        let bit = if exact { nth } else { OWN_BITS + nth % SHARED_BITS };
        let symbol = Symbol { bit: 1 << bit, exact };
        self.named.push((named, symbol));
        (symbol, true)
    }

    /// The mask of the element at `at`.
    pub(super) fn of(&self, dom: &Dom, at: u32) -> Mask {
        let node = dom.node(at);
        let kind = usize::from(node.namespace() != Namespace::Html);
        let mut mask = ELEMENT | self.tags[kind].of(dom, node.name());
        let attributes = &self.attributes[kind];
        for attribute in dom.attributes(at) {
            let name = attribute.name();
            if attribute.namespace() == AttributeNamespace::None {
                if name == known::CLASS && !self.classes.is_empty() {
                    for class in dom.value(attribute).split_ascii_whitespace() {
                        mask |= self.classes.of(class);
                    }
                } else if name == known::ID {
                    mask |= self.ids.of(dom.value(attribute));
                }
                mask |= attributes.of(dom, name);
            }
        }
        mask
    }
}

/// Names of elements or attributes, and their bits.
#[derive(Debug)]
struct NameTable {
    /// By the number of the name.
    known: Box<[Mask]>,
    others: Vec<(LocalName, Mask)>,
}

impl NameTable {
    fn new() -> Self {
        Self { known: vec![0; KNOWN].into(), others: Vec::new() }
    }

    fn add(&mut self, name: &LocalName, bit: Mask) {
        match name.known() {
            Some(known) => self.known[known.number() as usize] |= bit,
            None => self.others.push((name.clone(), bit)),
        }
    }

    #[inline]
    fn of(&self, dom: &Dom, name: Name) -> Mask {
        match self.known.get(name.number() as usize) {
            Some(mask) => *mask,
            None => self.others.iter().filter(|(other, _)| other.is(dom, name)).fold(0, |mask, (_, bit)| mask | bit),
        }
    }
}

/// Classes or ids, and their bits.
#[derive(Debug)]
struct TextTable {
    /// By length; those of at least [`LONG`] bytes stand together.
    groups: [Vec<Entry>; LONG + 1],
    is_empty: bool,
}

const LONG: usize = 32;

#[derive(Debug)]
struct Entry {
    /// The first eight bytes.
    start: u64,
    text: Box<str>,
    bit: Mask,
}

impl TextTable {
    fn new() -> Self {
        Self { groups: std::array::from_fn(|_| Vec::new()), is_empty: true }
    }

    fn add(&mut self, text: &str, bit: Mask) {
        self.groups[text.len().min(LONG)].push(Entry { start: start(text), text: text.into(), bit });
        self.is_empty = false;
    }

    fn is_empty(&self) -> bool {
        self.is_empty
    }

    #[inline]
    fn of(&self, text: &str) -> Mask {
        let group = &self.groups[text.len().min(LONG)];
        if group.is_empty() {
            return 0;
        }
        let start = start(text);
        let is_it = |entry: &&Entry| entry.start == start && *entry.text == *text;
        group.iter().find(is_it).map_or(0, |entry| entry.bit)
    }
}

#[inline]
fn start(text: &str) -> u64 {
    word(&text.as_bytes()[..text.len().min(8)])
}
