//! The readers of what others wrote, for the fuzz targets in `fuzz/`: built only with `--cfg fuzzing`.
//!
//! Each function cuts the fuzzer's bytes into what a reader takes. What must hold of the reader stands beside it, in
//! `any_bytes_tests.rs`, which `cargo test` runs too, on fewer inputs.

use crate::{config, coordinator, input, robots, scrape, sink};

/// The wire between pool and worker: first the lengths of the pieces, then the stream.
pub fn frame(bytes: &[u8]) {
    let (cuts, stream) = counted(bytes);
    gleaner_pool::any_bytes_tests::check(cuts, stream);
}

/// A page, which two parsers must make the same document of.
pub fn html(bytes: &[u8]) {
    scrape::check_html(&String::from_utf8_lossy(bytes));
}

/// What an earlier run left: a byte that chooses the order, one that says how long the `.part` is, the `.part`, and a
/// recipe for the journal's files.
pub fn journal(bytes: &[u8]) {
    let [order, length, rest @ ..] = bytes else { return };
    let (part, recipe) = rest.split_at(rest.len().min(usize::from(*length)));
    let order = if order % 2 == 0 { sink::Order::Input } else { sink::Order::Completion };
    sink::any_bytes_tests::check(order, part, recipe);
}

/// A list of URLs: first the lengths of the reads, then the list.
pub fn list(bytes: &[u8]) {
    let (cuts, list) = counted(bytes);
    input::any_bytes_tests::check(cuts, list);
}

/// A page: a byte that chooses its `Content-Type`, a selector that ends with a zero byte, the page.
pub fn page(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let (css, body) = at_zero(rest).unwrap_or((b"", rest));
    scrape::any_bytes_tests::check(*kind, &String::from_utf8_lossy(css), body);
}

/// A robots.txt: a path that ends with a zero byte, then the file.
pub fn robots(bytes: &[u8]) {
    let (path, file) = at_zero(bytes).unwrap_or((b"/", bytes));
    robots::any_bytes_tests::check(&String::from_utf8_lossy(path), file);
}

/// Settings: flags and variables, one a line, that end with a zero byte; then the file.
pub fn settings(bytes: &[u8]) {
    let (given, file) = at_zero(bytes).unwrap_or((b"", bytes));
    config::any_bytes_tests::check(file, &String::from_utf8_lossy(given));
}

/// What workers do that were taken over: a script for a run without processes.
pub fn worker(bytes: &[u8]) {
    coordinator::any_bytes_tests::check(bytes);
}

/// As many bytes as the first byte says (at most seven), and what comes after them.
fn counted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = bytes.split_first() else { return (&[], &[]) };
    rest.split_at(rest.len().min(usize::from(count % 8)))
}

fn at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..zero], &bytes[zero + 1..]))
}
