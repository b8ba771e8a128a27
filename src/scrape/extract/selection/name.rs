//! Names and values in selectors: the types that the `selectors` crate needs.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hasher};

use cssparser::{ToCss, serialize_identifier, serialize_string};
use precomputed_hash::PrecomputedHash;

use crate::scrape::document::{Dom, Name};

/// The local name of an element or of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scrape::extract) struct LocalName {
    text: Box<str>,
    /// Its number, if it is one of the names known to all documents. Most selectors only use known names.
    known: Option<Name>,
    /// The prefix and the rest, if the name is written with a colon. In XML, it then means an element or attribute that
    /// is written so. In HTML, names may contain colons.
    parts: Option<Box<(Box<str>, LocalName)>>,
}

impl LocalName {
    /// Takes the name as written: case matters.
    pub(in crate::scrape::extract) fn new(text: &str) -> Self {
        let parts = text.split_once(':').map(|(prefix, local)| Box::new((prefix.into(), Self::new(local))));
        Self { text: text.into(), known: Name::find_known(text), parts }
    }

    pub(super) fn known(&self) -> Option<Name> {
        self.known
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has a colon.
    pub(super) fn is_qualified(&self) -> bool {
        self.parts.is_some()
    }

    /// Whether it is written with a colon and means `name` with this prefix.
    pub(super) fn is_with_prefix(&self, dom: &Dom, prefix: &str, name: Name) -> bool {
        self.parts.as_ref().is_some_and(|parts| &*parts.0 == prefix && parts.1.is(dom, name))
    }

    /// Whether `name`, a name of `dom`, is the same name.
    pub(super) fn is(&self, dom: &Dom, name: Name) -> bool {
        match self.known {
            Some(known) => name == known,
            None => !name.is_known() && dom.name_text(name) == &*self.text,
        }
    }
}

impl PartialOrd for LocalName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for LocalName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl From<&str> for LocalName {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl ToCss for LocalName {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        serialize_identifier(&self.text, dest)
    }
}

impl PrecomputedHash for LocalName {
    fn precomputed_hash(&self) -> u32 {
        hash(&self.text)
    }
}

/// A class, an id, or the value that an attribute is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::scrape::extract) struct Text(Box<str>);

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl ToCss for Text {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        serialize_string(&self.0, dest)
    }
}

impl PrecomputedHash for Text {
    fn precomputed_hash(&self) -> u32 {
        hash(&self.0)
    }
}

/// The namespace that a selector names: a prefix, as it is written in the document. Rules declare no prefixes, and pages
/// usually all use the same one. The empty prefix means no namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::scrape::extract) struct Prefix(Box<str>);

impl Prefix {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Prefix {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl PrecomputedHash for Prefix {
    fn precomputed_hash(&self) -> u32 {
        hash(&self.0)
    }
}

/// A pseudo-class that the crate does not match itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scrape::extract) enum PseudoClass {
    /// `:contains("x", "y")`: the text of the element and of everything below it contains one of these. Case matters.
    /// cssselect has `:contains` for one text, and soupsieve has `:-soup-contains` for one or several.
    Contains(Box<[Text]>),
}

impl ToCss for PseudoClass {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        let Self::Contains(texts) = self;
        dest.write_str(":contains(")?;
        for (nth, text) in texts.iter().enumerate() {
            dest.write_str(if nth > 0 { ", " } else { "" })?;
            text.to_css(dest)?;
        }
        dest.write_char(')')
    }
}

/// The crate requires hashes for its bloom filters, which this program does not use.
fn hash(text: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "any 32 bits of a hash are a hash")]
    let half = hasher.finish() as u32;
    half
}
