//! Measures how many megabytes of HTML a second several parsers read on one thread.
//!
//! `cargo bench --manifest-path benches/parse/Cargo.toml`, or `just bench-parse`. The pages are the generated pages of
//! `against_single`, in three sizes. The parsers run one after another on the same pages, many times, so that all have the
//! same clock speed on average. Each number is the best of these passes, in CPU time.
//!
//! The parsers do not do the same: Gleaner, html5ever with scraper, and Lexbor build the document of the HTML Standard.
//! `tl` builds a tree by rules of its own. lol_html builds no tree; here it only looks at each element.
//! Lexbor is called from Python, which needs the package `selectolax`.

#[path = "../against_single/pages.rs"]
#[allow(dead_code)]
mod pages;

use std::fs;
use std::hint::black_box;
use std::process::Command;

use gleaner::scrape::{Document, decode, parse_into};
use pages::Kind;
use rustix::time::{ClockId, clock_gettime};
use scraper::Html;

/// The number of different pages of a kind, and of passes over them.
const PAGES: usize = 10;
const PASSES: usize = 41;

/// The least number of bytes of a pass.
const BYTES: usize = 2 << 20;

const PARSERS: [&str; 5] = ["Gleaner", "html5ever", "tl", "lol_html", "Lexbor"];

fn main() {
    println!("{:<24}{}", "MB/s", PARSERS.map(|name| format!("{name:>12}")).concat());
    for kind in Kind::ALL {
        let pages: Vec<String> = (0..PAGES).map(|number| pages::page(kind, number)).collect();
        let rates = [&rates(&pages)[..], &[lexbor(&pages)]].concat();
        let shown: String =
            rates.iter().map(|rate| rate.map_or(format!("{:>12}", "-"), |it| format!("{it:>12.0}"))).collect();
        println!("{:<24}{shown}", kind.title());
    }
}

/// Returns the rates of the parsers in Rust.
fn rates(pages: &[String]) -> [Option<f64>; 4] {
    let mut document = Document::new();
    let mut gleaner = |page: &str| {
        let decoded = decode(page.as_bytes(), Some("text/html; charset=utf-8"), None);
        parse_into(&mut document, &decoded.text, decoded.encoding).expect("a page");
        black_box(&document);
    };
    let mut html5ever = |page: &str| drop(black_box(Html::parse_document(page)));
    let mut tl = |page: &str| drop(black_box(tl::parse(page, tl::ParserOptions::default()).expect("a page")));
    let mut parsers: [&mut dyn FnMut(&str); 4] = [&mut gleaner, &mut html5ever, &mut tl, &mut lol_html];
    let bytes: usize = pages.iter().map(String::len).sum();
    let rounds = BYTES.div_ceil(bytes);
    let mut best = [f64::MAX; 4];
    for _ in 0..PASSES {
        for (best, parser) in best.iter_mut().zip(&mut parsers) {
            let begun = cpu_time();
            for page in (0..rounds).flat_map(|_| pages) {
                parser(black_box(page));
            }
            *best = best.min(cpu_time() - begun);
        }
    }
    best.map(|seconds| Some((rounds * bytes) as f64 / 1e6 / seconds))
}

/// Looks at each element, and writes the page nowhere.
fn lol_html(page: &str) {
    let mut elements = 0_u32;
    let count = lol_html::element!("*", |_| {
        elements += 1;
        Ok(())
    });
    let settings = lol_html::Settings::new().append_element_content_handler(count);
    let mut rewriter = lol_html::HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(page.as_bytes()).expect("a page");
    rewriter.end().expect("a page");
    black_box(elements);
}

/// Returns the rate of Lexbor, or says why there is none.
fn lexbor(pages: &[String]) -> Option<f64> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, page) in pages.iter().enumerate() {
        fs::write(folder.path().join(number.to_string()), page).expect("room on the disk");
    }
    let here = env!("CARGO_MANIFEST_DIR");
    let of_peers = format!("{here}/../../target/peers/bin/python");
    let python = if fs::exists(&of_peers).unwrap_or(false) { &of_peers } else { "python3" };
    let output = Command::new(python).arg(format!("{here}/lexbor.py")).arg(folder.path()).output();
    let rate = output.ok().and_then(|it| String::from_utf8(it.stdout).ok()?.trim().parse().ok());
    if rate.is_none() {
        eprintln!("Lexbor was not measured: {python} has no package selectolax (pip install selectolax==1.0.2)");
    }
    rate
}

/// Returns the CPU time of this thread in seconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
