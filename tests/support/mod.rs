//! Tools for integration tests: a web server that misbehaves on request, and a runner for `gleaner` with a time limit.
//!
//! They work on Linux and other Unixes, except functions that use `/proc` ([`Run::workers`],
//! [`assert_no_process_left`]): these need Linux.

#![allow(dead_code, unused_imports, reason = "each test file compiles this module and uses only a part of it")]

mod authority;
mod closed_port;
pub(crate) mod json_schema;
mod ledger;
mod process;
mod records;
mod run;
mod server;
mod terminal;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use authority::Authority;
pub(crate) use closed_port::ClosedPort;
pub(crate) use ledger::Access;
pub(crate) use process::{Process, assert_no_process_left};
pub(crate) use records::{Record, parse, records, values};
pub(crate) use run::{
    Finished, Run, changes_behaviour, end_of, gleaner, in_clean_surroundings, scrape, scrape_list, shell,
};
pub(crate) use server::Server;
pub(crate) use terminal::Terminal;

/// Time limit for things that are immediate on an idle machine (a process ends, a request arrives). It is generous,
/// because only a failing test waits that long.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(10);

/// Time between two checks of a condition.
const POLL: Duration = Duration::from_millis(2);

/// Waits until `condition` holds. Fails the test after `cap` and names `what` it waited for.
#[track_caller]
pub(crate) fn wait_until(what: &str, cap: Duration, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < cap, "waited {cap:?} in vain: {what}");
        thread::sleep(POLL);
    }
}

/// A file or folder below `fixtures/`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", path].iter().collect()
}

/// A file below `config/`.
pub(crate) fn config(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "config", path].iter().collect()
}
