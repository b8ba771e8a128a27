//! Reads sitemaps, sitemap indexes and feeds as streams of events. Nothing of the document is kept but its entries, and
//! no entity of a DTD is expanded. Elements are found by their places and names, with the prefix that the root has.

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Prefix, QName};

use super::entry::{Entry, Field, append};
use crate::model::{ListingWriter, Lists, excerpt};

/// The longest name of an element in a message, in bytes.
const SHOWN: usize = 60;

/// The form of a document, by its root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Urlset,
    Index,
    /// RSS 0.9x to 2.0: `rss > channel > item`.
    Rss,
    /// RSS 1.0: `rdf:RDF > item`.
    Rdf,
    Atom,
}

impl Form {
    fn of(root: &str) -> Option<Self> {
        Some(match root {
            "urlset" => Self::Urlset,
            "sitemapindex" => Self::Index,
            "rss" => Self::Rss,
            "RDF" => Self::Rdf,
            "feed" => Self::Atom,
            _ => return None,
        })
    }

    fn lists(self) -> Lists {
        if self == Self::Index { Lists::Sitemaps } else { Lists::Pages }
    }

    /// The name of an entry, and its depth; the root has depth 1.
    fn entry(self) -> (&'static str, usize) {
        match self {
            Self::Urlset => ("url", 2),
            Self::Index => ("sitemap", 2),
            Self::Rss => ("item", 3),
            Self::Rdf => ("item", 2),
            Self::Atom => ("entry", 2),
        }
    }

    fn field(self, name: &str) -> Option<Field> {
        Some(match (self, name) {
            (Self::Urlset | Self::Index, "loc") | (Self::Rss | Self::Rdf, "link") => Field::Loc,
            (Self::Urlset | Self::Index, "lastmod") | (Self::Rss, "pubDate") | (Self::Atom, "updated") => {
                Field::Lastmod
            }
            (Self::Urlset, "changefreq") => Field::Changefreq,
            (Self::Urlset, "priority") => Field::Priority,
            (Self::Rss, "guid") => Field::Guid,
            (Self::Atom, "link") => Field::LinkElement,
            _ => return None,
        })
    }
}

/// Where the stream of events is.
struct Walk {
    form: Form,
    /// The prefix of the elements that count.
    prefix: Option<String>,
    /// The number of open elements.
    depth: usize,
    in_entry: bool,
    field: Option<Field>,
    text: String,
    entry: Entry,
    listing: ListingWriter,
}

/// Reads a document. An `&` that begins no reference is taken as it is, because it is common in URLs.
pub(super) fn read(text: &str) -> Result<Bytes, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    reader.config_mut().expand_empty_elements = true;
    let mut walk: Option<Walk> = None;
    loop {
        let event = reader.read_event().map_err(|error| {
            let line = line_of(text, reader.error_position());
            format!("it is not well-formed: {}, in line {line}", excerpt(&error.to_string(), 2 * SHOWN))
        })?;
        match (event, &mut walk) {
            (Event::Start(element), None) => walk = Some(Walk::new(element.name())?),
            (Event::Start(element), Some(walk)) => walk.start(&element),
            (Event::End(_), Some(walk)) => walk.end(),
            (Event::Text(text), Some(walk)) => walk.text(&text.xml10_content()),
            (Event::CData(text), Some(walk)) => walk.text(&text.xml10_content()),
            (Event::GeneralRef(reference), Some(walk)) => walk.reference(&reference),
            (Event::Eof, walk) => {
                return match walk.take() {
                    None => Err("it has no element".to_owned()),
                    Some(walk) if walk.depth > 0 => Err("it is cut off: its elements do not end".to_owned()),
                    Some(walk) => Ok(walk.listing.into_bytes()),
                };
            }
            _ => {}
        }
    }
}

impl Walk {
    fn new(root: QName<'_>) -> Result<Self, String> {
        let (name, prefix) = root.decompose();
        let name = name.into_inner();
        let Some(form) = Form::of(name) else {
            let name = if name.eq_ignore_ascii_case("html") {
                return Err("it is HTML, not a sitemap".to_owned());
            } else {
                excerpt(name, SHOWN)
            };
            return Err(format!("its root element is `{name}`, not urlset, sitemapindex, rss, feed or RDF"));
        };
        // The elements of RSS 1.0 have another namespace than its root.
        let prefix = prefix.filter(|_| form != Form::Rdf).map(|prefix| prefix.into_inner().to_owned());
        let (text, entry, listing) = (String::new(), Entry::default(), ListingWriter::new(form.lists()));
        Ok(Self { form, prefix, depth: 1, in_entry: false, field: None, text, entry, listing })
    }

    fn start(&mut self, element: &BytesStart<'_>) {
        self.depth += 1;
        let (name, prefix) = element.name().decompose();
        if prefix.map(Prefix::into_inner) != self.prefix.as_deref() {
            return;
        }
        let (entry, depth) = self.form.entry();
        if self.depth == depth && name.into_inner() == entry {
            self.in_entry = true;
        } else if self.in_entry && self.depth == depth + 1 {
            let field = self.form.field(name.into_inner());
            self.field = field.filter(|field| self.entry.begin(*field, element));
            self.text.clear();
        }
    }

    fn end(&mut self) {
        let (_, depth) = self.form.entry();
        if self.depth == depth + 1
            && let Some(field) = self.field.take()
        {
            self.entry.end(field, &self.text);
        }
        if self.depth == depth && std::mem::take(&mut self.in_entry) {
            self.entry.finish(&mut self.listing);
        }
        self.depth -= 1;
    }

    /// Takes text, if it stands right in a field. An element in a field, such as markup, says nothing.
    fn text(&mut self, text: &str) {
        if self.field.is_some() && self.depth == self.form.entry().1 + 1 {
            append(&mut self.text, text);
        }
    }

    /// A reference that XML itself does not define is taken as it is written.
    fn reference(&mut self, reference: &BytesRef<'_>) {
        match (reference.resolve_char_ref(), resolve_predefined_entity(reference)) {
            (Ok(Some(character)), _) => self.text(character.encode_utf8(&mut [0; 4])),
            (_, Some(text)) => self.text(text),
            _ => self.text(&format!("&{};", &**reference)),
        }
    }
}

fn line_of(text: &str, position: u64) -> usize {
    let end = usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
    1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..end]).count()
}
