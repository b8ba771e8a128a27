//! Represents names of elements and attributes as numbers.
//!
//! A page has few names and many elements. Each name is looked up once, when it is read, and is a number from then on.
//! The known names have the same numbers in every document. The names of a single page come after them, and are
//! forgotten with the page.
//!
//! The page chooses the stored names, so the hash uses random keys: no page can be written whose names all collide.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::known::TEXTS;

/// A name. Within one document, equal numbers mean equal names. Known names have the same number in all documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name(u32);

impl Name {
    pub(super) const fn known(number: u32) -> Self {
        Self(number)
    }

    /// Returns the name with this text, if it is a known name.
    pub(crate) fn find_known(text: &str) -> Option<Self> {
        let number = TEXTS.iter().position(|known| *known == text)?;
        u32::try_from(number).ok().map(Self)
    }

    /// Whether it is a known name.
    pub(crate) const fn is_known(self) -> bool {
        (self.0 as usize) < KNOWN
    }

    /// Returns its number. Known names have the smallest numbers, without gaps: `0..KNOWN`.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

/// The number of known names.
pub(crate) const KNOWN: usize = TEXTS.len();

/// The size of a table with room for the known names and some more. All sizes are powers of two.
const SMALL: usize = 2048;

/// Larger tables are not kept for the next page.
const LARGEST_KEPT: usize = 16 * SMALL;

/// The names of one document.
#[derive(Debug)]
pub(crate) struct Names {
    /// A hash table with open addressing: a name is at the position of its hash, or after it before the first empty
    /// slot.
    slots: Vec<Slot>,
    /// The positions of the page's names in `slots`, in the order in which they were added.
    added: Vec<u32>,
    /// The texts of the page's names, one after another. `ends` holds the end of each.
    texts: String,
    ends: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The text itself if it has at most eight bytes, or else its hash.
    key: u64,
    /// The length of the text in bytes. 0 marks an empty slot.
    length: u32,
    name: u32,
}

/// The keys of the hash, and a table with the known names. The whole process shares them.
static START: LazyLock<([u64; 2], Vec<Slot>)> = LazyLock::new(|| {
    let random = || RandomState::new().hash_one(0);
    let keys = [random(), random() | 1];
    let mut slots = vec![Slot::default(); SMALL];
    for (text, name) in TEXTS.iter().zip(0..) {
        put(&mut slots, keys, Slot { key: key(keys, text), length: length(text), name });
    }
    (keys, slots)
});

impl Names {
    pub(super) fn new() -> Self {
        Self { slots: START.1.clone(), added: Vec::new(), texts: String::new(), ends: Vec::new() }
    }

    /// Forgets the names of the page.
    pub(super) fn clear(&mut self) {
        if self.slots.len() > LARGEST_KEPT {
            *self = Self::new();
        }
        // Known names were added first, so no search for a known name passes a slot that is emptied here.
        for at in self.added.drain(..) {
            self.slots[at as usize] = Slot::default();
        }
        self.texts.clear();
        self.ends.clear();
    }

    /// Returns the number of a name, if it is a known name or a name of the document.
    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        let key = key(START.0, text);
        self.find_key(key, length(text), text)
    }

    /// Returns the number of a name of at most eight bytes, which are given as one little-endian word.
    #[inline]
    pub(in crate::scrape) fn find_word(&self, word: u64, length: u32) -> Option<Name> {
        self.find_slot(word, length, |_| true)
    }

    /// Returns the number of a name, and adds the name if it is new. The text must not be empty.
    pub(in crate::scrape) fn intern(&mut self, text: &str) -> Name {
        let key = key(START.0, text);
        if let Some(name) = self.find_key(key, length(text), text) {
            return name;
        }
        let number = length_of(KNOWN + self.ends.len());
        self.texts.push_str(text);
        self.ends.push(length(&self.texts));
        if 2 * (KNOWN + self.ends.len()) > self.slots.len() {
            self.grow();
        } else {
            self.added.push(put(&mut self.slots, START.0, Slot { key, length: length(text), name: number }));
        }
        Name(number)
    }

    /// Returns the text of a name of this document.
    pub(crate) fn text(&self, name: Name) -> &str {
        let number = name.0 as usize;
        match TEXTS.get(number) {
            Some(text) => text,
            None => self.text_of_page(number - KNOWN),
        }
    }

    fn text_of_page(&self, nth: usize) -> &str {
        let start = if nth == 0 { 0 } else { self.ends[nth - 1] };
        &self.texts[start as usize..self.ends[nth] as usize]
    }

    fn find_key(&self, key: u64, length: u32, text: &str) -> Option<Name> {
        self.find_slot(key, length, |name| length <= 8 || self.text(name) == text)
    }

    #[inline]
    fn find_slot(&self, key: u64, length: u32, is_it: impl Fn(Name) -> bool) -> Option<Name> {
        let mask = self.slots.len() - 1;
        let mut at = place(START.0, key, mask);
        loop {
            let slot = &self.slots[at];
            if slot.key == key && slot.length == length && length > 0 && is_it(Name(slot.name)) {
                return Some(Name(slot.name));
            }
            if slot.length == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let keys = START.0;
        let mut slots = vec![Slot::default(); 4 * self.slots.len()];
        for slot in START.1.iter().filter(|slot| slot.length > 0) {
            put(&mut slots, keys, *slot);
        }
        self.added.clear();
        for nth in 0..self.ends.len() {
            let text = self.text_of_page(nth);
            let slot = Slot { key: key(keys, text), length: length(text), name: length_of(KNOWN + nth) };
            self.added.push(put(&mut slots, keys, slot));
        }
        self.slots = slots;
    }
}

/// Adds a name that is not in the table yet.
fn put(slots: &mut [Slot], keys: [u64; 2], slot: Slot) -> u32 {
    let mask = slots.len() - 1;
    let mut at = place(keys, slot.key, mask);
    while slots[at].length > 0 {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
    length_of(at)
}

/// A text of at most eight bytes is its own key.
fn key(keys: [u64; 2], text: &str) -> u64 {
    let bytes = text.as_bytes();
    if bytes.len() <= 8 {
        return word(bytes);
    }
    let mut hash = keys[0] ^ bytes.len() as u64;
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        hash = fold(hash ^ u64::from_le_bytes(*eight), keys[1]);
    }
    fold(hash ^ word(rest), keys[1])
}

/// Returns at most eight bytes as one word.
#[inline]
pub(in crate::scrape) fn word(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

#[inline]
fn place(keys: [u64; 2], key: u64, mask: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps less than that")]
    let hash = fold(key ^ keys[0], keys[1]) as usize;
    hash & mask
}

/// Mixes two numbers. The upper half of a product depends on all bits of both, the lower half on the low bits.
#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    #[expect(clippy::cast_possible_truncation, reason = "the halves are wanted")]
    let halves = (product as u64, (product >> 64) as u64);
    halves.0 ^ halves.1
}

fn length(text: &str) -> u32 {
    length_of(text.len())
}

fn length_of(length: usize) -> u32 {
    u32::try_from(length).expect("names of a page fit into 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::super::known;
    use super::{KNOWN, LARGEST_KEPT, Name, Names, TEXTS};

    #[test]
    fn known_names_have_the_same_numbers_everywhere() {
        let names = Names::new();
        for (text, number) in TEXTS.iter().zip(0..) {
            let name = names.find(text).expect(text);
            assert_eq!((name.number(), names.text(name)), (number, *text));
            assert_eq!((Name::find_known(text), name.is_known()), (Some(name), true));
        }
        assert_eq!(names.find("div"), Some(known::DIV));
        assert_eq!(names.find("foreignObject"), Some(known::FOREIGN_OBJECT));
        assert_eq!(TEXTS.len(), TEXTS.iter().collect::<std::collections::HashSet<_>>().len(), "a name is listed twice");
    }

    #[test]
    fn a_name_is_found_until_the_page_is_cleared() {
        let mut names = Names::new();
        // Names of eight and of nine bytes, prefixes of others, the same word with another length, several scripts.
        let texts =
            ["z", "z-", "x-button", "x-buttons", "data-something-long", "data-something-longer", "ÿ", "名前名前"];
        for _ in 0..3 {
            for text in texts {
                assert_eq!(names.find(text), None, "{text}");
            }
            let numbers: Vec<_> = texts.iter().map(|text| names.intern(text)).collect();
            for (text, number) in texts.iter().zip(numbers) {
                assert_eq!((names.intern(text), names.find(text)), (number, Some(number)), "{text}");
                assert_eq!(names.text(number), *text);
                assert!(number.number() as usize >= KNOWN && !number.is_known());
                assert_eq!(Name::find_known(text), None);
            }
            assert_eq!(names.find(""), None);
            names.clear();
        }
    }

    #[test]
    fn the_large_table_of_a_page_with_many_names_is_not_kept() {
        let mut names = Names::new();
        for length in [1, 20] {
            let numbers: Vec<_> = (0..50_000).map(|n| names.intern(&format!("n{n:0length$}"))).collect();
            assert!(names.slots.len() > LARGEST_KEPT);
            for (n, number) in numbers.into_iter().enumerate() {
                let text = format!("n{n:0length$}");
                assert_eq!((names.find(&text), names.text(number)), (Some(number), text.as_str()));
            }
            names.clear();
            assert!(names.slots.len() <= LARGEST_KEPT);
            assert_eq!(names.find("n1"), None);
            assert_eq!(names.find("div"), Some(known::DIV));
        }
    }
}
