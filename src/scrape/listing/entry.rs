//! One entry of a sitemap or a feed, while it is read.

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

use crate::model::{LONGEST_URL, Listed, ListingWriter};

/// The longest text about an entry besides its URL, in bytes. A longer one is left out. Dates and words are shorter.
const LONGEST_FACT: usize = 256;

/// A child element of an entry that says something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Loc,
    Lastmod,
    Changefreq,
    Priority,
    /// `<guid>`: the URL of an item of RSS without a `<link>`.
    Guid,
    /// `<link href="..">` of Atom, which has no text.
    LinkElement,
}

#[derive(Debug, Default)]
pub(super) struct Entry {
    loc: Option<String>,
    lastmod: Option<String>,
    changefreq: Option<String>,
    priority: Option<String>,
    guid: Option<String>,
}

impl Entry {
    /// Takes what the attributes of a field say. Returns whether the text of the field counts too.
    pub(super) fn begin(&mut self, field: Field, element: &BytesStart<'_>) -> bool {
        let attribute = |name: &str| {
            let found = element.html_attributes().with_checks(false).flatten().find(|found| found.key.0 == name)?;
            let value = found.normalized_value(XmlVersion::Implicit1_0);
            // A bare `&` is an error here, and common in URLs.
            Some(value.map_or_else(|_| found.value.replace("&amp;", "&"), |value| value.to_string()))
        };
        match field {
            Field::LinkElement => {
                let rel = attribute("rel").unwrap_or_default();
                if self.loc.is_none() && (rel.is_empty() || rel.eq_ignore_ascii_case("alternate")) {
                    self.loc = attribute("href").map(|href| href.trim().to_owned());
                }
                false
            }
            Field::Guid => !attribute("isPermaLink").is_some_and(|it| it.eq_ignore_ascii_case("false")),
            Field::Loc | Field::Lastmod | Field::Changefreq | Field::Priority => true,
        }
    }

    /// Takes the text of a field. The first one of each field counts.
    pub(super) fn end(&mut self, field: Field, text: &str) {
        let text = text.trim();
        let slot = match field {
            Field::Loc => &mut self.loc,
            Field::Guid => &mut self.guid,
            Field::Lastmod => &mut self.lastmod,
            Field::Changefreq => &mut self.changefreq,
            Field::Priority => &mut self.priority,
            Field::LinkElement => return,
        };
        let is_url = matches!(field, Field::Loc | Field::Guid);
        if slot.is_none() && (is_url || !text.is_empty() && text.len() <= LONGEST_FACT) {
            *slot = Some(text.to_owned());
        }
    }

    /// Writes the entry, and begins the next one. An entry without a URL is not written.
    pub(super) fn finish(&mut self, listing: &mut ListingWriter) {
        let Self { loc, lastmod, changefreq, priority, guid } = std::mem::take(self);
        let guid = guid.filter(|guid| guid.starts_with("http://") || guid.starts_with("https://"));
        let written = loc.clone().filter(|loc| !loc.is_empty());
        if let Some(loc) = written.or(guid).or(loc) {
            let (lastmod, changefreq, priority) = (lastmod.as_deref(), changefreq.as_deref(), priority.as_deref());
            listing.push(Listed { loc: &loc, lastmod, changefreq, priority });
        }
    }
}

/// Adds text to a field, up to a length that no URL has.
pub(super) fn append(text: &mut String, more: &str) {
    let room = (LONGEST_URL + 1).saturating_sub(text.len());
    if more.len() <= room {
        text.push_str(more);
    } else {
        text.extend(more.chars().take(room));
    }
}
