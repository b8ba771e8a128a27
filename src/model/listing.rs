//! The entries of a sitemap. A worker writes them as bytes, and the reader of the list takes them one after another, so
//! that no process ever has all entries as values.
//!
//! ```text
//! what the entries are: 1 byte | an entry as postcard | an entry as postcard | ...
//! ```

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// The largest sitemap that is read, in decompressed bytes, unless `fetch.max_body` is larger: the limit of
/// <https://www.sitemaps.org/protocol.html>.
pub const MAX_SITEMAP: u64 = 50 << 20;

/// The file that is read for its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListingFile {
    /// A sitemap, a sitemap index, a feed, or a text with a URL on each line.
    Sitemap,
    /// A robots.txt, for its `Sitemap` lines.
    RobotsTxt,
}

/// What the entries of a listing are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// Pages: each is a task.
    Pages,
    /// Further sitemaps, of a sitemap index.
    Sitemaps,
    /// Further sitemaps, of a robots.txt.
    SitemapsOfRobotsTxt,
}

impl Lists {
    const ALL: [Self; 3] = [Self::Pages, Self::Sitemaps, Self::SitemapsOfRobotsTxt];

    fn mark(self) -> u8 {
        match self {
            Self::Pages => 0,
            Self::Sitemaps => 1,
            Self::SitemapsOfRobotsTxt => 2,
        }
    }
}

/// One entry. Its texts are as the file has them, without the white space around them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<'a> {
    /// The URL, which may be relative, empty, or no URL at all.
    pub loc: &'a str,
    /// When the page was changed.
    pub lastmod: Option<&'a str>,
    /// How often it changes.
    pub changefreq: Option<&'a str>,
    /// Its importance.
    pub priority: Option<&'a str>,
}

/// The names of what an entry says besides its URL, in the order of [`Listed::facts`].
pub const LISTED_FACTS: [&str; 3] = ["lastmod", "changefreq", "priority"];

impl<'a> Listed<'a> {
    /// What the entry says besides its URL: names and texts.
    pub fn facts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = [self.lastmod, self.changefreq, self.priority];
        LISTED_FACTS.into_iter().zip(texts).filter_map(|(name, text)| Some((name, text?)))
    }
}

/// Writes a listing, entry by entry.
#[derive(Debug)]
pub struct ListingWriter(Vec<u8>);

impl ListingWriter {
    /// A listing without entries.
    pub fn new(lists: Lists) -> Self {
        Self(vec![lists.mark()])
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: Listed<'_>) {
        let bytes = std::mem::take(&mut self.0);
        // This writes into memory, so it cannot fail.
        self.0 = postcard::to_extend(&entry, bytes).unwrap_or_default();
    }

    /// The listing as bytes. They are never empty.
    pub fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

/// Reads a listing, entry by entry.
#[derive(Debug, Clone)]
pub struct Listing {
    lists: Lists,
    entries: Bytes,
    /// Where the next entry begins.
    at: usize,
}

impl Listing {
    /// `None` if the bytes do not begin like a listing. Bytes of another process must pass
    /// [`is_valid`](Self::is_valid) first, or the entries end at the first one that is not valid.
    pub fn new(bytes: Bytes) -> Option<Self> {
        let lists = Lists::ALL.into_iter().find(|lists| bytes.first() == Some(&lists.mark()))?;
        Some(Self { lists, entries: bytes, at: 1 })
    }

    /// Whether the bytes are a listing. The time grows with their length.
    pub fn is_valid(bytes: &Bytes) -> bool {
        let Some(mut listing) = Self::new(bytes.clone()) else { return false };
        while listing.next_entry().is_some() {}
        listing.at == bytes.len()
    }

    /// What the entries are.
    pub fn lists(&self) -> Lists {
        self.lists
    }

    /// The next entry; `None` after the last one.
    pub fn next_entry(&mut self) -> Option<Listed<'_>> {
        let (entry, rest) = postcard::take_from_bytes::<Listed<'_>>(&self.entries[self.at..]).ok()?;
        self.at = self.entries.len() - rest.len();
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(loc: &str) -> Listed<'_> {
        Listed { loc, ..Listed::default() }
    }

    #[test]
    fn entries_are_read_back_in_order_with_what_they_say() {
        let entries = [
            listed("http://h/"),
            listed(""),
            Listed { lastmod: Some("2026-11-28"), changefreq: Some("daily"), priority: Some("0.5"), ..listed("é") },
        ];
        for lists in Lists::ALL {
            let mut writer = ListingWriter::new(lists);
            entries.iter().for_each(|entry| writer.push(*entry));
            let bytes = writer.into_bytes();
            assert!(Listing::is_valid(&bytes));
            let mut listing = Listing::new(bytes).expect("a listing");
            assert_eq!(listing.lists(), lists);
            for entry in entries {
                assert_eq!(listing.next_entry(), Some(entry));
            }
            assert_eq!(listing.next_entry(), None);
        }
        let facts: Vec<_> = entries[2].facts().collect();
        assert_eq!(facts, [("lastmod", "2026-11-28"), ("changefreq", "daily"), ("priority", "0.5")]);
        assert_eq!(entries[0].facts().count(), 0);
    }

    #[test]
    fn bytes_that_no_writer_made_are_refused_and_cause_no_panic() {
        let mut writer = ListingWriter::new(Lists::Pages);
        writer.push(listed("http://h/"));
        let good = writer.into_bytes();
        let table = [
            ("nothing", Bytes::new()),
            ("another first byte", Bytes::from_static(b"\x03")),
            ("a cut entry", good.slice(..good.len() - 1)),
            ("more after the last entry", [&good[..], b"\x09x"].concat().into()),
            ("a length beyond the end", Bytes::from_static(b"\0\xff\xff\xff\xff\x0f")),
            ("text that is not UTF-8", Bytes::from_static(b"\0\x01\xff\0\0\0")),
        ];
        for (what, bytes) in table {
            assert!(!Listing::is_valid(&bytes), "{what}");
            if let Some(mut listing) = Listing::new(bytes) {
                while listing.next_entry().is_some() {}
            }
        }
        assert!(Listing::is_valid(&Bytes::from_static(b"\0")), "a listing may have no entries");
    }
}
