//! What integration tests need: a web server that misbehaves on request, and `gleaner` run under watch.
//!
//! Linux and other Unixes; what looks into `/proc` ([`Run::workers`], [`assert_no_process_left`]) is for Linux.

#![allow(dead_code, unused_imports, reason = "each test file compiles this module anew and uses its own part of it")]

mod authority;
mod ledger;
mod process;
mod records;
mod run;
mod server;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use authority::Authority;
pub(crate) use ledger::Access;
pub(crate) use process::{Process, assert_no_process_left};
pub(crate) use records::{Record, parse, records, values};
pub(crate) use run::{
    Finished, Run, changes_behaviour, end_of, gleaner, in_clean_surroundings, scrape, scrape_list, shell,
};
pub(crate) use server::Server;

/// How long something may take that takes no time on an idle machine (a process ends, a request arrives).
/// Generous, since it is only ever waited out by a test that fails.
pub(crate) const PROMPTLY: Duration = Duration::from_secs(10);

/// How often a condition is looked at that nothing announces.
const POLL: Duration = Duration::from_millis(2);

/// Returns as soon as `condition` holds; fails the test, naming `what` it waited for, once `cap` has passed.
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
