//! Reads sitemaps: bytes become a [`Listing`](crate::model::Listing).
//!
//! A sitemap is XML by <https://www.sitemaps.org/protocol.html> (`urlset`, `sitemapindex`), a feed (RSS 0.9x to 2.0,
//! RSS 1.0, Atom), or a text with a URL on each line. The first character decides between XML and text, and the root
//! element between the forms of XML. The media type does not count, because servers send sitemaps with any.
//!
//! - `xml`: reads XML as a stream, because a sitemap may have millions of entries
//! - `entry`: one entry while it is read
//! - `lines`: reads a text
//! - `tests`: tables of sitemaps; `any_bytes_tests`: sitemaps with arbitrary bytes
//!
//! Absent on purpose: `hreflang` alternates, and pictures, videos and news, which are not pages of the sitemap.

#[cfg(test)]
mod any_bytes_tests;
mod entry;
mod lines;
#[cfg(test)]
mod tests;
mod xml;

use bytes::Bytes;

use super::decode::decode_xml;
use crate::model::{Listed, ListingFile, ListingWriter, Lists};
use crate::robots;

/// Reads the entries of a file. `content_type` is its header.
///
/// # Errors
/// Says why the file is not a sitemap. The reason fits after "read X as a sitemap: ".
pub(super) fn read(file: ListingFile, bytes: &[u8], content_type: Option<&str>) -> Result<Bytes, String> {
    if file == ListingFile::RobotsTxt {
        let mut listing = ListingWriter::new(Lists::SitemapsOfRobotsTxt);
        for loc in robots::sitemaps(bytes) {
            listing.push(Listed { loc: &loc, ..Listed::default() });
        }
        return Ok(listing.into_bytes());
    }
    // Bytes that are not valid in the encoding become U+FFFD. So a bad byte costs one URL, and not all.
    let text = decode_xml(bytes, content_type).text;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.chars().next() {
        None => Err("it is empty".to_owned()),
        Some('<') => xml::read(text),
        Some(_) => lines::read(text),
    }
}
