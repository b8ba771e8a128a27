//! robots.txt (RFC 9309): which URLs of an origin we may ask for, and how often.
//!
//! In reading order: `token` is the name by which files call us; `records` reads a file line by line, as leniently as
//! Google's published parser; `path` brings rules and URLs into one form, so that they can be compared octet by octet;
//! [`Rules`] is what of a file concerns us; [`Answer`] is what asking for one gave.
//!
//! Written by hand, since no crate that is kept has rules that are small, can be sent from process to process, know the
//! token as RFC 9309 means it, and take a bounded time however hostile the file is.
//!
//! Absent on purpose: fetching (`scrape`), and when a file is asked for, kept and obeyed (`schedule`). And what Google's
//! parser does beyond RFC 9309 and its own documentation: `Allow: /index.html` is no `Allow: /$` here.

mod answer;
#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod path;
mod records;
mod rules;
#[cfg(test)]
mod rules_tests;
mod token;

pub use answer::Answer;
pub use records::MAX_FILE;
pub use rules::Rules;
pub use token::product_token;
