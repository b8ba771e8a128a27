//! The entries of a feed: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, and JSON Feed 1.0 and 1.1.
//!
//! An entry is an object with the names of Python's feedparser. All keys are always there:
//!
//! | key | value | RSS | Atom |
//! |---|---|---|---|
//! | `title` | text, or markup if the feed says or shows so | `title` | `title` |
//! | `link` | the absolute URL of the page | `link`, or a `guid` that is one | `link rel=alternate` |
//! | `id` | as written | `guid`, `rdf:about` | `id` |
//! | `published` | as written | `pubDate`, `dcterms:issued` | `published`, `issued` |
//! | `updated` | as written | `dc:date`, `dcterms:modified` | `updated`, `modified` |
//! | `author` | names, joined by a comma | `author`, `dc:creator` | `author`, as `name (email)` |
//! | `summary` | text or markup | `description` | `summary` |
//! | `content` | text or markup | `content:encoded` | `content` |
//! | `tags` | a list of texts | `category`, `dc:subject` | `category` |
//! | `enclosures` | a list of `{href, type, length}` | `enclosure` | `link rel=enclosure` |
//!
//! What is missing is `null` or an empty list. Links are absolute, by `xml:base` and the URL of the page. Markup is not
//! changed: links inside of it stay as they are.
//!
//! - `entry`: an entry, and how it becomes JSON
//! - `names`: the names of elements, whatever their prefixes
//! - `xml`: reads RSS and Atom
//! - `json_feed`: reads JSON Feed
//! - `tests`: tables of feeds
//! - `peers_tests`: writes the entries of feeds, to compare them with those of feedparser
//!
//! Absent on purpose: what a feed says about itself, reading dates, and cleaning markup.

mod entry;
mod json_feed;
mod names;
#[cfg(test)]
mod peers_tests;
#[cfg(test)]
mod tests;
mod xml;

pub(in crate::scrape) use json_feed::json_feed;
pub(in crate::scrape) use xml::feed;
