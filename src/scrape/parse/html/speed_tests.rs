//! Measures parsing against html5ever. `cargo test --release --lib parsing_takes -- --ignored --nocapture`

use std::hint::black_box;
use std::time::Duration;

use encoding_rs::UTF_8;
use rustix::time::{ClockId, clock_gettime};

use super::Parser;
use crate::scrape::document::Dom;
use crate::scrape::parse::reference;

#[path = "../../../../benches/against_single/pages.rs"]
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod pages;

use pages::{Kind, page};

/// The number of pairs of measurements. The two of a pair run one after another, so that both have the same clock
/// speed.
const PAIRS: usize = 41;

/// The number of bytes that one measurement parses.
const BYTES: usize = 2 << 20;

#[test]
#[ignore = "a measurement, for a quiet machine"]
#[expect(clippy::print_stdout, reason = "it prints what it measured")]
fn parsing_takes_a_fraction_of_the_time_of_the_reference() {
    let (mut parser, mut dom) = (Parser::default(), Dom::new());
    for kind in Kind::ALL {
        let pages: Vec<String> = (0..10).map(|number| page(kind, number)).collect();
        let rounds = (BYTES / pages.iter().map(String::len).sum::<usize>()).max(1);
        let mut ratios = Vec::new();
        let (mut ours, mut theirs_least) = (Duration::MAX, Duration::MAX);
        for _ in 0..PAIRS {
            let theirs = time(rounds, &pages, |page| {
                black_box(reference(page)).expect("a page");
            });
            let own = time(rounds, &pages, |page| {
                parser.parse(page, UTF_8, &mut dom).expect("a page");
                black_box(&dom);
            });
            ratios.push(own.as_secs_f64() / theirs.as_secs_f64());
            (ours, theirs_least) = (ours.min(own), theirs_least.min(theirs));
        }
        ratios.sort_unstable_by(f64::total_cmp);
        let count = u32::try_from(rounds * pages.len()).expect("some thousand pages");
        let micros = |time: Duration| (time / count).as_secs_f64() * 1e6;
        println!(
            "{:<24} ours {:>8.1} us  reference {:>8.1} us  minima {:.3}  median of ratios {:.3}",
            kind.title(),
            micros(ours),
            micros(theirs_least),
            micros(ours) / micros(theirs_least),
            ratios[PAIRS / 2]
        );
    }
}

fn time(rounds: usize, pages: &[String], mut parse: impl FnMut(&str)) -> Duration {
    let start = thread_time();
    for _ in 0..rounds {
        for page in pages {
            parse(black_box(page));
        }
    }
    thread_time().saturating_sub(start)
}

/// Returns the CPU time of this thread, because other programs may run on the same machine.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("less than a second"))
}
