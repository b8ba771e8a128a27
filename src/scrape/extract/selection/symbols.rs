//! Represents each name in selectors as a bit. The names of an element are then one number, its mask.
//!
//! All selectors of an extractor share one set of names. In the 64-bit mask, the first names each have their own bit,
//! so masks decide exactly whether an element has them. The other names share a few bits, which only tell that an
//! element may have the name.

use super::name::{LocalName, Text};
use crate::scrape::document::{AttributeNamespace, Dom, KNOWN, Name, Namespace, known};

/// A set of names, one bit for each.
pub(super) type Mask = u64;

/// The bit that every element has.
pub(super) const ELEMENT: Mask = 1 << 63;

/// The bit of the root element: `:root`.
pub(super) const ROOT: Mask = 1 << 62;

/// The bit of `:scope`. It depends on the scan, so marks never contain it.
pub(super) const SCOPE: Mask = 1 << 61;

/// The number of names with their own bit.
const OWN_BITS: usize = 56;

/// The number of bits that all other names share.
const SHARED_BITS: usize = 61 - OWN_BITS;

/// The bit of a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Symbol {
    pub(super) bit: Mask,
    /// Whether no other name shares the bit.
    pub(super) exact: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Named {
    /// Elements of HTML are compared with the name in lower case, and others with the name as written.
    Tag {
        lower: LocalName,
        exact: LocalName,
    },
    /// An attribute without a namespace. Its name is compared like those of elements.
    Attribute {
        lower: LocalName,
        exact: LocalName,
    },
    Class(Text),
    Id(Text),
}

/// The names in all selectors of an extractor.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Symbols {
    named: Vec<(Named, Symbol)>,
    /// One table for elements of HTML, and one for other elements.
    tags: [NameTable; 2],
    attributes: [NameTable; 2],
    /// The names with colons, which mean a prefix in documents of XML.
    qualified_tags: Vec<(LocalName, Mask)>,
    qualified_attributes: Vec<(LocalName, Mask)>,
    classes: TextTable,
    ids: TextTable,
    /// Whether there are names other than tags.
    looks_at_attributes: bool,
}

impl Symbols {
    pub(in crate::scrape::extract) fn new() -> Self {
        Self {
            named: Vec::new(),
            tags: [NameTable::new(), NameTable::new()],
            attributes: [NameTable::new(), NameTable::new()],
            qualified_tags: Vec::new(),
            qualified_attributes: Vec::new(),
            classes: TextTable::new(),
            ids: TextTable::new(),
            looks_at_attributes: false,
        }
    }

    pub(super) fn tag(&mut self, lower: &LocalName, exact: &LocalName) -> Symbol {
        let named = Named::Tag { lower: lower.clone(), exact: exact.clone() };
        let (symbol, is_new) = self.symbol(named);
        if is_new {
            self.tags[0].add(lower, symbol.bit);
            self.tags[1].add(exact, symbol.bit);
            self.qualified_tags.extend(exact.is_qualified().then(|| (exact.clone(), symbol.bit)));
        }
        symbol
    }

    pub(super) fn attribute(&mut self, lower: &LocalName, exact: &LocalName) -> Symbol {
        let named = Named::Attribute { lower: lower.clone(), exact: exact.clone() };
        let (symbol, is_new) = self.symbol(named);
        if is_new {
            self.attributes[0].add(lower, symbol.bit);
            self.attributes[1].add(exact, symbol.bit);
            self.qualified_attributes.extend(exact.is_qualified().then(|| (exact.clone(), symbol.bit)));
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

    /// Returns the symbol of a name, and whether the name is new.
    fn symbol(&mut self, named: Named) -> (Symbol, bool) {
        if let Some((_, symbol)) = self.named.iter().find(|(it, _)| *it == named) {
            return (*symbol, false);
        }
        let nth = self.named.len();
        let exact = nth < OWN_BITS;
        let bit = if exact { nth } else { OWN_BITS + nth % SHARED_BITS };
        let symbol = Symbol { bit: 1 << bit, exact };
        self.looks_at_attributes |= !matches!(named, Named::Tag { .. });
        self.named.push((named, symbol));
        (symbol, true)
    }

    /// Returns the mask of the element at `at`.
    #[inline]
    pub(super) fn of<'d>(&self, dom: &'d Dom, at: u32, recent: &mut Recent<'d>) -> Mask {
        if dom.is_xml() {
            return self.of_xml(dom, at, recent);
        }
        let node = dom.node(at);
        let kind = usize::from(node.namespace() != Namespace::Html);
        let mut mask = ELEMENT | self.tags[kind].of(dom, node.name());
        if !self.looks_at_attributes {
            return mask;
        }
        for attribute in dom.attributes(at) {
            let name = attribute.name();
            if attribute.namespace() != AttributeNamespace::None {
                continue;
            }
            if name == known::CLASS && !self.classes.is_empty() {
                mask |= recent.of(dom.value(attribute), &self.classes);
            } else if name == known::ID {
                mask |= self.ids.of(dom.value(attribute));
            }
            mask |= self.attributes[kind].of(dom, name);
        }
        mask
    }

    /// Returns the mask of an element of XML. All names keep their case, and a name with a colon means one with a prefix.
    #[inline(never)]
    fn of_xml<'d>(&self, dom: &'d Dom, at: u32, recent: &mut Recent<'d>) -> Mask {
        let with_prefix = |list: &[(LocalName, Mask)], qualifier, name| {
            let of_it = list.iter().filter(|(it, _)| it.is_with_prefix(dom, dom.prefix(qualifier), name));
            of_it.fold(0, |mask, (_, bit)| mask | bit)
        };
        let node = dom.node(at);
        let mut mask = ELEMENT | self.tags[1].of(dom, node.name());
        mask |= with_prefix(&self.qualified_tags, node.qualifier(), node.name());
        if !self.looks_at_attributes {
            return mask;
        }
        for attribute in dom.attributes(at) {
            let name = attribute.name();
            if attribute.namespace() != AttributeNamespace::None {
                mask |= with_prefix(&self.qualified_attributes, attribute.qualifier(), name);
                continue;
            }
            if name == known::CLASS {
                mask |= recent.of(dom.value(attribute), &self.classes);
            } else if name == known::ID {
                mask |= self.ids.of(dom.value(attribute));
            }
            mask |= self.attributes[1].of(dom, name);
        }
        mask
    }
}

/// Caches the masks of recent `class` values of a page: most elements have the same classes as others.
pub(super) struct Recent<'d>([(&'d str, Mask); RECENT]);

const RECENT: usize = 64;

impl<'d> Recent<'d> {
    pub(super) fn new() -> Self {
        // An empty value has no classes, so its mask is 0.
        Self([("", 0); RECENT])
    }

    #[inline]
    fn of(&mut self, value: &'d str, classes: &TextTable) -> Mask {
        let (start, end) = ends(value);
        let mix = (start ^ end.rotate_left(32) ^ value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper bits of a product depend on all bits of the factors.
        let (text, mask) = &mut self.0[(mix >> 58) as usize % RECENT];
        if *text != value {
            let all = value.split_ascii_whitespace().fold(0, |mask, class| mask | classes.of(class));
            (*text, *mask) = (value, all);
        }
        *mask
    }
}

/// The bits of the names of elements or attributes.
#[derive(Debug)]
struct NameTable {
    /// Indexed by the number of the name.
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

/// The bits of classes or ids.
#[derive(Debug)]
struct TextTable {
    /// Grouped by length. The last group holds texts of [`LONG`] bytes or more.
    groups: [Vec<Entry>; LONG + 1],
    is_empty: bool,
}

const LONG: usize = 32;

#[derive(Debug)]
struct Entry {
    /// The first and last bytes of the text.
    ends: (u64, u64),
    text: Box<str>,
    bit: Mask,
}

impl TextTable {
    fn new() -> Self {
        Self { groups: std::array::from_fn(|_| Vec::new()), is_empty: true }
    }

    fn add(&mut self, text: &str, bit: Mask) {
        self.groups[text.len().min(LONG)].push(Entry { ends: ends(text), text: text.into(), bit });
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
        let ends = ends(text);
        // Up to sixteen bytes, two texts of the same length are equal if their ends are equal.
        let is_it = |entry: &&Entry| entry.ends == ends && (text.len() <= 16 || *entry.text == *text);
        group.iter().find(is_it).map_or(0, |entry| entry.bit)
    }
}

/// Returns the first eight and the last eight bytes. They overlap if the text has fewer than sixteen bytes. Texts of
/// fewer than eight bytes are read in smaller pieces, which still cover all bytes.
#[inline]
fn ends(text: &str) -> (u64, u64) {
    let bytes = text.as_bytes();
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
    }
    (bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), 0)
}

#[cfg(test)]
mod tests {
    use super::{RECENT, Recent, TextTable};

    #[test]
    fn texts_that_differ_at_any_position_are_distinguished_at_every_length() {
        let texts: Vec<String> = (0..40)
            .flat_map(|length| {
                let plain = "a".repeat(length);
                let changed = (0..length).map(|at| format!("{}b{}", &plain[..at], &plain[at + 1..]));
                std::iter::once(plain.clone()).chain(changed).collect::<Vec<_>>()
            })
            .collect();
        for bits in texts.chunks(64) {
            let mut table = TextTable::new();
            for (nth, text) in bits.iter().enumerate() {
                table.add(text, 1 << nth);
            }
            for text in &texts {
                let expected = bits.iter().position(|it| it == text).map_or(0, |nth| 1 << nth);
                assert_eq!(table.of(text), expected, "{text}");
            }
        }
    }

    #[test]
    fn cached_masks_belong_to_the_right_value() {
        let mut table = TextTable::new();
        table.add("x", 1);
        table.add("y", 2);
        // More values than cache entries, of the same length and with the same ends.
        let values: Vec<(String, u64)> = (0..20 * RECENT)
            .map(|nth| {
                let (class, mask) = [("x", 1), ("y", 2), ("z", 0)][nth % 3];
                (format!("beginning {class} {:04} the-end", nth / 3), mask)
            })
            .collect();
        let mut recent = Recent::new();
        for _ in 0..2 {
            for (value, mask) in &values {
                assert_eq!(recent.of(value, &table), *mask, "{value}");
            }
        }
        assert_eq!(recent.of("", &table), 0);
        assert_eq!(recent.of("\ny  x\t", &table), 3);
    }
}
