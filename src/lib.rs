//! Gleaner: a list of URLs goes in, an ordered dataset comes out, through a pool of worker processes.
//!
//! Data flows one way. The only way back is a retry:
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
//! | [`model`] | the shared types: task, outcome, failure, record | nothing of ours |
//! | `gleaner_pool` | a pool of processes for any job: the crate in `crates/pool` | nothing of ours |
//! | [`cache`] | answers of earlier runs, on disk | `model`, `own_files` |
//! | [`input`] | lists -> tasks | `frame`, `model`, `streams`, `warc` |
//! | [`robots`] | robots.txt: which URLs may be fetched | `model` |
//! | [`scrape`] | a URL -> an answer | `model`, `robots` |
//! | [`observation`] | what can be seen of a run | `model`, `scrape` |
//! | [`report`] | a summary -> a page with pictures | `model`, `observation` |
//! | [`live`] | a run -> a page in a browser, and metrics | `coordinator`, `model`, `observation`, `report` |
//! | [`schedule`] | decides when a task is fetched and what follows from an answer | `model`, `robots` |
//! | [`cookies`] | the cookie jar: stores cookies and selects them for requests | nothing of ours |
//! | [`own_files`] | opens a run's private files safely | nothing of ours |
//! | [`dataset`] | reads outputs of earlier runs | `input`, `model`, `sink` |
//! | [`sink`] | outcomes -> bytes on disk, in order | `frame`, `model`, `own_files`, `streams`, `warc` |
//! | [`convert`] | finished records -> Parquet and `SQLite` | `model`, `sink`, the pool |
//! | [`streams`] | the standard streams, with checks | nothing of ours |
//! | [`warc`] | archives of the web | nothing of ours |
//! | [`coordinator`] | the loop that joins them | all of these |
//! | [`config`] | settings -> a plan | the options of these |
//! | [`cli`] | the command line | everything |
//! | [`exit_code`] | the exit codes | nothing of ours |
//! | [`frame`] | pieces of files that show whether they are complete | nothing of ours |

pub mod cache;
pub mod cli;
pub mod config;
pub mod convert;
pub mod cookies;
pub mod coordinator;
pub mod dataset;
pub mod exit_code;
pub mod frame;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod input;
pub mod live;
pub mod model;
pub mod observation;
pub mod own_files;
pub mod report;
pub mod robots;
pub mod schedule;
pub mod scrape;
pub mod sink;
pub mod streams;
pub mod warc;
