//! Which namespace each prefix stands for while a document is read (Namespaces in XML 1.0).

use std::collections::HashMap;

use crate::scrape::document::{Dom, Name, Qualifier, XML, XMLNS};

/// The number of a namespace in the document. 0 is no namespace.
type Uri = u32;

/// The prefixes that are in scope. Looking up a prefix takes the same time at every depth.
#[derive(Debug)]
pub(super) struct Namespaces {
    /// `None` is the default namespace.
    bound: HashMap<Option<Name>, Uri>,
    /// What `bound` had before, for each declaration of an open element.
    before: Vec<(Option<Name>, Option<Uri>)>,
    uris: HashMap<Box<str>, Uri>,
    texts: Vec<Box<str>>,
    qualifiers: HashMap<(Option<Name>, Uri), Qualifier>,
}

impl Namespaces {
    pub(super) fn new(dom: &mut Dom) -> Self {
        let mut it = Self {
            bound: HashMap::new(),
            before: Vec::new(),
            uris: HashMap::from([(Box::default(), 0)]),
            texts: vec![Box::default()],
            qualifiers: HashMap::from([((None, 0), Qualifier::NONE)]),
        };
        for (prefix, uri) in [("xml", XML), ("xmlns", XMLNS)] {
            let (prefix, uri) = (dom.names.intern(prefix), it.number(uri));
            it.bound.insert(Some(prefix), uri);
        }
        it
    }

    /// Declares a prefix, or the default namespace, until [`Self::leave`].
    ///
    /// # Errors
    /// Fails if the declaration is not allowed.
    pub(super) fn declare(&mut self, dom: &mut Dom, prefix: &str, uri: &str) -> Result<(), String> {
        if prefix == "xmlns" || uri == XMLNS {
            return Err("the prefix `xmlns` cannot be declared".to_owned());
        }
        if (prefix == "xml") != (uri == XML) {
            return Err(format!("the prefix `xml` and the namespace {XML} belong together"));
        }
        if uri.is_empty() && !prefix.is_empty() {
            return Err(format!("the prefix `{prefix}` cannot stand for no namespace"));
        }
        let prefix = (!prefix.is_empty()).then(|| dom.names.intern(prefix));
        let uri = self.number(uri);
        let before = self.bound.insert(prefix, uri);
        self.before.push((prefix, before));
        Ok(())
    }

    /// Returns the number of declarations of all open elements, for [`Self::leave`].
    pub(super) fn count(&self) -> usize {
        self.before.len()
    }

    /// Forgets the declarations after the first `count`.
    pub(super) fn leave(&mut self, count: usize) {
        while self.before.len() > count
            && let Some((prefix, before)) = self.before.pop()
        {
            match before {
                Some(uri) => self.bound.insert(prefix, uri),
                None => self.bound.remove(&prefix),
            };
        }
    }

    /// Returns the qualifier of a name with this prefix, and the number of its namespace. The default namespace only
    /// counts for elements.
    ///
    /// # Errors
    /// Fails if the prefix is not declared.
    pub(super) fn resolve(
        &mut self,
        dom: &mut Dom,
        prefix: &str,
        is_element: bool,
    ) -> Result<(Qualifier, Uri), String> {
        let name = (!prefix.is_empty()).then(|| dom.names.intern(prefix));
        let uri = match self.bound.get(&name) {
            Some(uri) if name.is_some() || is_element => *uri,
            None if name.is_some() => return Err(format!("the prefix `{prefix}` is not declared")),
            _ => 0,
        };
        if let Some(qualifier) = self.qualifiers.get(&(name, uri)) {
            return Ok((*qualifier, uri));
        }
        let qualifier = dom.qualifiers.add(prefix, &self.texts[uri as usize]);
        let qualifier = qualifier.ok_or("the document uses too many prefixes and namespaces")?;
        self.qualifiers.insert((name, uri), qualifier);
        Ok((qualifier, uri))
    }

    fn number(&mut self, uri: &str) -> Uri {
        if let Some(number) = self.uris.get(uri) {
            return *number;
        }
        let number = Uri::try_from(self.texts.len()).unwrap_or(Uri::MAX);
        self.texts.push(uri.into());
        self.uris.insert(uri.into(), number);
        number
    }
}
