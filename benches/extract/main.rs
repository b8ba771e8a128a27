//! What a page costs after it was fetched: decode, parse, extract, and extract alone, in microseconds of CPU time.
//!
//! `cargo bench --bench extract`. The pages are those of `against_single`, made up in three sizes. Each line is the
//! smallest and the median of many passes over the pages; compare two versions by the smallest, in alternating runs.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../against_single/pages.rs"]
#[expect(dead_code, reason = "the other benchmark asks more of the pages")]
mod pages;
mod rules;

use std::hint::black_box;

use gleaner::scrape::extract::Extractor;
use gleaner::scrape::{Document, decode, parse_into};
use rustix::time::{ClockId, clock_gettime};
use url::Url;

use pages::Kind;

/// Where the page was found.
fn at() -> Url {
    Url::parse("http://shop.example/shelf/page.html").expect("a URL")
}

/// Different pages of a kind, and how often each is taken.
const PAGES: usize = 8;
const PASSES: usize = 60;

fn main() {
    println!(
        "{:<10} {:<22} {:>14} {:>14} {:>14} {:>14}",
        "pages", "rules", "all min", "median", "extract min", "median"
    );
    for kind in Kind::ALL {
        let bodies: Vec<String> = (0..PAGES).map(|number| pages::page(kind, number)).collect();
        for (name, fields) in rules::sets() {
            let extractor = Extractor::new(Some(&fields)).expect("the rules compile");
            let mut document = Document::new();
            let all = measured(kind, || {
                for body in &bodies {
                    let decoded = decode(body.as_bytes(), Some("text/html; charset=utf-8"), None);
                    parse_into(&mut document, &decoded.text, decoded.encoding).expect("a page");
                    black_box(extractor.extract(&document, &at()).expect("data"));
                }
            });
            let documents: Vec<Document> =
                bodies.iter().map(|body| gleaner::scrape::parse(body).expect("a page")).collect();
            let alone = measured(kind, || {
                for document in &documents {
                    black_box(extractor.extract(document, &at()).expect("data"));
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

/// The least and the median time of a page.
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

/// Of this thread, in microseconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "less than a day")]
    let micros = (time.tv_sec * 1_000_000) as f64 + time.tv_nsec as f64 / 1_000.0;
    micros
}
