//! Tests the whole text of errors in settings, for every source. Each section has a file with its table:
//!
//! - `names`: unknown names, and text that is not TOML
//! - `pool`: `[pool]`
//! - `fetch`: `[fetch]`
//! - `network`: `[network]`
//! - `cookies`: `[cookies]`
//! - `cache`: `[cache]`
//! - `extract`: `[extract]`
//! - `rules`: single rules of `[extract]`
//! - `output`: `[output]`
//! - `elsewhere`: flags and environment variables

mod cache;
mod cookies;
mod elsewhere;
mod extract;
mod fetch;
mod names;
mod network;
mod output;
mod pool;
mod rules;

use super::{file, nothing};
use crate::config::{Flag, ProblemKind};

/// What is wrong in files, and what is said about it.
const TABLES: [&[Row]; 7] =
    [names::ROWS, pool::ROWS, fetch::ROWS, network::ROWS, cache::ROWS, extract::ROWS, output::ROWS];

/// (what is wrong, the file, the text of the error)
type Row = (&'static str, &'static str, &'static str);

#[test]
fn what_is_wrong_in_a_file_is_shown_at_its_place_with_the_way_out() {
    for (what, written, expected) in TABLES.concat() {
        let found = file(written).error().to_string();
        assert!(
            found == expected,
            "row \"{what}\" in src/config/tests/errors: expected\n\n{expected}\n\nand the error is\n\n{found}"
        );
    }
}

#[test]
fn everything_that_is_wrong_is_reported_in_the_order_of_the_sources() {
    let error = file("[pool]\nworkers = 0\n[pol]\n")
        .variable("GLEANER_FETCH_TIMEOUT", "1")
        .variable("GLEANER_EXTRACT_A", "{")
        .flag(Flag::set("pool.workers=2"))
        .flag(Flag::set("pool.workers"))
        .error();
    let found: Vec<(ProblemKind, String)> = error
        .problems()
        .iter()
        .map(|problem| (problem.kind(), problem.place().map_or(String::new(), ToString::to_string)))
        .collect();
    let expected = [
        (ProblemKind::BadValue, "gleaner.toml:2:11"),
        (ProblemKind::UnknownName, "gleaner.toml:3:2"),
        (ProblemKind::Syntax, "environment variable GLEANER_EXTRACT_A"),
        (ProblemKind::BadValue, "environment variable GLEANER_FETCH_TIMEOUT"),
        (ProblemKind::Syntax, "flag --set"),
    ];
    assert_eq!(found, expected.map(|(kind, place)| (kind, place.to_owned())));
}

#[test]
fn within_a_file_the_order_is_that_of_the_lines() {
    let error = file("\u{feff}pool.workers = 0\nfetch.timeout = 1\npool.concurrency = 0\n").error();
    let places: Vec<String> =
        error.problems().iter().filter_map(|problem| problem.place().map(ToString::to_string)).collect();
    let expected = ["gleaner.toml:1:16", "gleaner.toml:2:17", "gleaner.toml:3:20"];
    assert_eq!(places, expected);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let missing = nothing().config("nope.toml").error();
    let first = missing.problems()[0].message().to_owned();
    assert!(first.starts_with("cannot read the settings file `nope.toml`: "), "{first}");
    assert!(missing.to_string().ends_with("\n --> nope.toml"), "{missing}");
    assert_eq!(missing.problems()[0].kind(), ProblemKind::Unreadable);

    let endless = nothing().config("/dev/zero").error();
    let expected = "cannot read the settings file `/dev/zero`: it is larger than 16 MiB";
    assert_eq!(endless.problems()[0].message(), expected);

    // The file belongs to whoever runs this test, so any other user must not read it unasked.
    let mut foreign = file("[pool]\nworkers = 1\n");
    foreign.sources.user += 1;
    let error = foreign.error();
    assert_eq!(error.problems()[0].kind(), ProblemKind::Untrusted);
    let text = error.to_string();
    for part in ["`gleaner.toml`", "belongs to another user", " --> gleaner.toml", "--config gleaner.toml"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(foreign.config("gleaner.toml").plan().pool.workers.get(), 1, "a file that was named is read");

    let folder = nothing().config(".").error();
    assert_eq!(folder.problems()[0].kind(), ProblemKind::Unreadable);

    let latin = file(b"[pool]\nworkers = 1 # f\xFCr alle\n").error().to_string();
    let expected = "the settings file is not UTF-8\n --> gleaner.toml:2:16\n  |\n\
                    2 | workers = 1 # f\u{fffd}r alle\n  |                ^\n  \
                    = help: save it as UTF-8, which TOML requires";
    assert_eq!(latin, expected);
}

#[test]
fn errors_are_fragments_without_a_full_stop() {
    for (what, written, _) in TABLES.concat() {
        for problem in file(written).error().problems() {
            let message = problem.message();
            assert!(!message.ends_with('.'), "{what}: {message}");
            assert!(!message.starts_with(char::is_uppercase), "{what}: {message}");
        }
    }
}
