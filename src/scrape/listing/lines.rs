//! A text with a URL on each line.

use bytes::Bytes;

use crate::model::{Listed, ListingWriter, Lists, parse_url};

/// Reads a text. Its first line must be an http(s) URL; a later line that is not a URL is an entry all the same.
pub(super) fn read(text: &str) -> Result<Bytes, String> {
    let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).peekable();
    let is_url = |line: &&str| parse_url(line, None).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !lines.peek().is_some_and(is_url) {
        return Err("it is neither XML nor a text with a URL on each line".to_owned());
    }
    let mut listing = ListingWriter::new(Lists::Pages);
    lines.for_each(|loc| listing.push(Listed { loc, ..Listed::default() }));
    Ok(listing.into_bytes())
}
