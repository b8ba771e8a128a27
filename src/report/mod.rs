//! The report of a run: a summary goes in, one page of HTML comes out.
//!
//! The page needs no network and no JavaScript. Its pictures are SVG whose colours are variables of the style sheet, so
//! that they fit a light screen, a dark screen and paper. However long the run was, the page stays below 2 MB.
//!
//! - `page`: the sections of the page, in words and numbers
//! - `timeline`: the picture of the workers; `slots`: which rows, lanes and bars it has
//! - `lines`: pictures of values over time
//! - `bars`: the picture of latencies
//! - `axis`: round numbers for the axes of pictures
//! - `words`: numbers, times and sizes for people
//! - `tests`: tests of the whole page
//! - `report.html`, `body.html` and `comparison.html` are the templates of the page, of its sections, and of the sections of
//!   a page about several runs; `report.css` is the style sheet

#![expect(clippy::cast_precision_loss, reason = "places in pictures")]

mod axis;
mod bars;
mod lines;
mod page;
mod slots;
#[cfg(test)]
mod tests;
mod timeline;
pub(crate) mod words;

pub use page::{Pictured, comparison, fragment, page};
pub(crate) use page::{STYLE, text};
pub use timeline::PageBar;
