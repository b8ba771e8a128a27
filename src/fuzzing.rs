//! Entry points for the fuzz targets in `fuzz/`: they call the readers of foreign input. Built only with `--cfg
//! fuzzing`.
//!
//! Each function splits the fuzzer's bytes into the arguments of a reader. The checked properties are next to each
//! reader, in `any_bytes_tests.rs`; `cargo test` runs them too, on fewer inputs.

use crate::{config, coordinator, input, robots, scrape, sink};

/// The wire between pool and worker. Input: the lengths of the pieces, then the stream.
pub fn frame(bytes: &[u8]) {
    let (cuts, stream) = counted(bytes);
    gleaner_pool::any_bytes_tests::check(cuts, stream);
}

/// A page. Two parsers must build the same document from it.
pub fn html(bytes: &[u8]) {
    scrape::check_html(&String::from_utf8_lossy(bytes));
}

/// The files that an earlier run left behind. Input: a byte for the order, a byte for the length of the `.part`, the
/// `.part`, and a recipe for the journal's files.
pub fn journal(bytes: &[u8]) {
    let [order, length, rest @ ..] = bytes else { return };
    let (part, recipe) = rest.split_at(rest.len().min(usize::from(*length)));
    let order = if order % 2 == 0 { sink::Order::Input } else { sink::Order::Completion };
    sink::any_bytes_tests::check(order, part, recipe);
}

/// A list of URLs. Input: the lengths of the reads, then the list.
pub fn list(bytes: &[u8]) {
    let (cuts, list) = counted(bytes);
    input::any_bytes_tests::check(cuts, list);
}

/// A page. Input: a byte that chooses the `Content-Type`, a selector that ends with a zero byte, then the page.
pub fn page(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let (css, body) = at_zero(rest).unwrap_or((b"", rest));
    scrape::any_bytes_tests::check(*kind, &String::from_utf8_lossy(css), body);
}

/// A robots.txt. Input: a path that ends with a zero byte, then the file.
pub fn robots(bytes: &[u8]) {
    let (path, file) = at_zero(bytes).unwrap_or((b"/", bytes));
    robots::any_bytes_tests::check(&String::from_utf8_lossy(path), file);
}

/// Settings. Input: flags and variables, one per line, ending with a zero byte; then the file.
pub fn settings(bytes: &[u8]) {
    let (given, file) = at_zero(bytes).unwrap_or((b"", bytes));
    config::any_bytes_tests::check(file, &String::from_utf8_lossy(given));
}

/// A run with compromised workers. Input: a script of what they do; no processes are started.
pub fn worker(bytes: &[u8]) {
    coordinator::any_bytes_tests::check(bytes);
}

/// Splits off as many bytes as the first byte says (at most seven); returns them and the rest.
fn counted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some((count, rest)) = bytes.split_first() else { return (&[], &[]) };
    rest.split_at(rest.len().min(usize::from(count % 8)))
}

/// Splits at the first zero byte, which belongs to neither part.
fn at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..zero], &bytes[zero + 1..]))
}
