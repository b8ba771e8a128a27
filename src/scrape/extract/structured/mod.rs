//! What pages say about themselves for programs, in the shapes of [extruct](https://github.com/scrapinghub/extruct).
//!
//! - `json_ld`: the objects in `application/ld+json` scripts
//! - `open_graph`: the properties of `<meta property="og:..">`
//! - `microdata`: items with `itemscope` and `itemprop`; `item_text`: the text of an element, as extruct gives it
//! - `credits`: when the page was published, and by whom
//! - `peers_pages`, `peers_tests`: write pages and their data for the comparison with extruct
//! - `tests`: tables of pages, and hostile pages
//!
//! The content of templates does not count.

mod credits;
mod item_text;
mod json_ld;
mod microdata;
mod open_graph;
#[cfg(test)]
mod peers_pages;
#[cfg(test)]
mod peers_tests;

pub(super) use credits::{author, published};
pub(super) use json_ld::{JsonLd, UnreadScript, json_ld};
pub(super) use microdata::microdata;
pub(super) use open_graph::open_graph;

#[cfg(test)]
mod tests;
