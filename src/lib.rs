//! Gleaner: a list of URLs goes in, an ordered dataset comes out, through a pool of worker processes.
//!
//! Data flows one way, and the only way back is another try:
//!
//! ```text
//! list -> input -> schedule -> pool =pipe=> worker: scrape = fetch -> decode -> parse -> extract
//! file <- sink  <- schedule <- pool <=pipe= answer
//! ```
//!
//! In reading order, with what each may import (`tests/it/architecture.rs` holds the table):
//!
//! | module | what it is | imports |
//! | --- | --- | --- |
//! | [`model`] | the words: task, outcome, failure, record | nothing of ours |
//! | `gleaner_pool` | a pool of processes for any job: the crate in `crates/pool` | nothing of ours |
//! | [`cache`] | what pages gave in earlier runs | `model`, `own_files` |
//! | [`input`] | lists -> tasks | `model` |
//! | [`robots`] | robots.txt: which URLs may be fetched | `model` |
//! | [`scrape`] | a URL -> an answer | `model`, `robots` |
//! | [`schedule`] | what is fetched when, what follows from an answer | `model`, `robots` |
//! | [`cookies`] | what servers want to be reminded of | nothing of ours |
//! | [`own_files`] | files that a run keeps for itself, opened safely | nothing of ours |
//! | [`sink`] | outcomes -> bytes on disk, in order | `model`, `own_files`, `streams` |
//! | [`streams`] | standard input and output, and what is wrong with them | nothing of ours |
//! | [`coordinator`] | the loop that joins them | all of these |
//! | [`config`] | settings -> a plan | the options of these |
//! | [`cli`] | the command line | everything |
//! | [`exit_code`] | what the process says at its end | nothing of ours |

pub mod cache;
pub mod cli;
pub mod config;
pub mod cookies;
pub mod coordinator;
pub mod exit_code;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod input;
pub mod model;
pub mod own_files;
pub mod robots;
pub mod schedule;
pub mod scrape;
pub mod sink;
pub mod streams;
