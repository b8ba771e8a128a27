//! Measures the CPU time of a page after it was fetched: of decode, parse and extract together, and of extract alone.
//! The unit is a microsecond.
//!
//! `cargo bench --bench extract`. The pages are the generated pages of `against_single`, in three sizes. Each line has
//! the smallest and the median time of many passes over the pages. To compare two versions, run them alternately, and
//! compare the smallest times.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../against_single/pages.rs"]
#[expect(dead_code, reason = "the other benchmark uses the rest")]
mod pages;
mod rules;

use std::hint::black_box;

use gleaner::scrape::extract::{Extractor, PageFacts};
use gleaner::scrape::{Document, decode, parse_into};
use rustix::time::{ClockId, clock_gettime};
use url::Url;

use pages::Kind;

/// Returns the URL of the page.
fn at() -> Url {
    Url::parse("http://shop.example/shelf/page.html").expect("a URL")
}

/// The number of different pages of a kind, and of passes over them.
const PAGES: usize = 8;
const PASSES: usize = 60;

fn main() {
    println!(
        "{:<10} {:<22} {:>14} {:>14} {:>14} {:>14}",
        "pages", "rules", "all min", "median", "extract min", "median"
    );
    let url = at();
    for kind in Kind::ALL {
        let bodies: Vec<String> = (0..PAGES).map(|number| pages::page(kind, number)).collect();
        for (name, fields) in rules::sets() {
            let extractor = Extractor::of(&fields).expect("the rules compile");
            let mut document = Document::new();
            let all = measured(kind, || {
                for body in &bodies {
                    let decoded = decode(body.as_bytes(), Some("text/html; charset=utf-8"), None);
                    parse_into(&mut document, &decoded.text, decoded.encoding).expect("a page");
                    black_box(extractor.extract(&document, &PageFacts::of(&url)).expect("data"));
                }
            });
            let documents: Vec<Document> =
                bodies.iter().map(|body| gleaner::scrape::parse(body).expect("a page")).collect();
            let alone = measured(kind, || {
                for document in &documents {
                    black_box(extractor.extract(document, &PageFacts::of(&url)).expect("data"));
                }
            });
            println!(
                "{:<10} {name:<22} {:>14.1} {:>14.1} {:>14.1} {:>14.1}",
                kind.name(),
                all.0,
                all.1,
                alone.0,
                alone.1
            );
        }
    }
}

/// Returns the smallest and the median time of a page.
fn measured(kind: Kind, mut pass: impl FnMut()) -> (f64, f64) {
    let repeat = if kind == Kind::Small { 20 } else { 1 };
    let mut times: Vec<f64> = (0..PASSES)
        .map(|_| {
            let begun = cpu_time();
            for _ in 0..repeat {
                pass();
            }
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let pages = (repeat * PAGES) as f64;
            (cpu_time() - begun) / pages
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[0], times[PASSES / 2])
}

/// Returns the CPU time of this thread in microseconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "less than a day")]
    let micros = (time.tv_sec * 1_000_000) as f64 + time.tv_nsec as f64 / 1_000.0;
    micros
}
