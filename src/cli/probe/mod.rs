//! One page at a time: `gleaner try` shows what selectors or rules find on a page, and `gleaner init` writes rules that
//! fit a page.
//!
//! - `page`: gets the page: fetches it as a run does, or takes the copy of an earlier call, or a file
//! - `kept`: the folder of these copies
//! - `read`: lets a worker read the page
//! - `look`: `gleaner try`; `selectors`: selectors of the command line become rules; `shown`: the report for people;
//!   `as_json`: the report for programs; `paint`: colours on a terminal
//! - `init`: `gleaner init`; `starter`: the text of the settings file
//!
//! Nothing of a page is parsed in this process. A worker reads every page, also one from a file or from a copy.

mod as_json;
mod init;
mod kept;
mod look;
mod page;
mod paint;
mod read;
mod selectors;
mod shown;
mod starter;

pub(super) use init::run as init;
pub(super) use look::run as look;
