//! Writes the entries of feeds, to compare them with those of feedparser (`tests/peers/compare_feeds.py`).

use std::env;
use std::fs;
use std::io::Write as _;

use serde_json::json;

use super::tests::{FEEDS, URL, entries};

/// `GLEANER_PEERS=feeds.jsonl cargo test --lib feeds_are_written_for_peers -- --ignored`
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn feeds_are_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = fs::File::create(file).expect("a file");
    for (text, _) in FEEDS {
        let line = json!({ "text": text, "url": URL, "entries": entries(text) });
        writeln!(out, "{line}").expect("room on the disk");
    }
}
