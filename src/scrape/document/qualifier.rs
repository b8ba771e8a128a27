//! The prefixes and namespaces of names in a document of XML (Namespaces in XML 1.0), as numbers.
//!
//! A document uses few of them, so each node and attribute only holds a number of two bytes.

/// The namespaces that have a meaning here.
pub(in crate::scrape) const HTML: &str = "http://www.w3.org/1999/xhtml";
pub(in crate::scrape) const SVG: &str = "http://www.w3.org/2000/svg";
pub(in crate::scrape) const MATH_ML: &str = "http://www.w3.org/1998/Math/MathML";
pub(in crate::scrape) const XLINK: &str = "http://www.w3.org/1999/xlink";
pub(in crate::scrape) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(in crate::scrape) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// A prefix as it is written, with the namespace that it stands for. Names of HTML have [`Qualifier::NONE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Qualifier(u16);

impl Qualifier {
    /// No prefix and no namespace.
    pub(crate) const NONE: Self = Self(0);
}

/// The qualifiers of one document.
#[derive(Debug)]
pub(in crate::scrape) struct Qualifiers(Vec<(Box<str>, Box<str>)>);

impl Qualifiers {
    pub(super) fn new() -> Self {
        Self(vec![(Box::default(), Box::default())])
    }

    /// Forgets all but [`Qualifier::NONE`].
    pub(super) fn clear(&mut self) {
        self.0.truncate(1);
        self.0.shrink_to(64);
    }

    /// Adds a prefix with its namespace. Returns `None` if the document has too many: 65,536.
    pub(in crate::scrape) fn add(&mut self, prefix: &str, uri: &str) -> Option<Qualifier> {
        let number = u16::try_from(self.0.len()).ok()?;
        self.0.push((prefix.into(), uri.into()));
        Some(Qualifier(number))
    }

    pub(in crate::scrape) fn prefix(&self, qualifier: Qualifier) -> &str {
        &self.0[usize::from(qualifier.0)].0
    }

    pub(in crate::scrape) fn uri(&self, qualifier: Qualifier) -> &str {
        &self.0[usize::from(qualifier.0)].1
    }
}
