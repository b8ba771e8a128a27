//! Compares Gleaner with the simplest program for the same work: one process, a multi-thread tokio runtime, reqwest,
//! scraper and `buffer_unordered`. Both have the same pages, selectors, number of requests in flight, and allocator.
//!
//! ```text
//! cargo bench --bench against_single              # 31 pairs of each; about ten minutes on two cores
//! PAIRS=5 cargo bench --bench against_single      # a first look
//! ONLY=small cargo bench --bench against_single   # one kind of page
//! ```
//!
//! Every figure is a median of ratios. Each ratio comes from two runs in a row, and the order alternates, because the
//! speed of a machine changes over time. A single pair may be off by 10 %. A time is that of a whole process, with its
//! start and end. CPU is the user and system time of a process and all its children. The server is a separate process.
//! Its CPU time is not counted, but it runs on the same machine.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod measure;
mod pages;
mod server;
mod single;

use std::process::{Command, ExitCode};

use measure::{Measured, Pair, measure};
use pages::Kind;
use server::Server;

/// The total number of requests in flight, and the number of worker processes or threads.
const IN_FLIGHT: usize = 32;
const WORKERS: usize = 2;

fn main() -> ExitCode {
    match std::env::var("BENCH_ROLE").as_deref() {
        Ok("server") => server::serve(),
        Ok("single") => single::run(),
        _ => return if compare().is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
    }
    ExitCode::SUCCESS
}

fn compare() -> Option<()> {
    let pairs = number("PAIRS").unwrap_or(31);
    let only = std::env::var("ONLY").ok();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let server = Server::start()?;
    let folder = tempfile::tempdir().ok()?;
    let bench = Bench { server, folder, pairs };
    println!(
        "{pairs} pairs each; a ratio is Gleaner's value to that of the other program: median (lowest to highest)\n"
    );
    println!("| what | pages/s | CPU per page |");
    println!("| --- | --- | --- |");
    for kind in Kind::ALL {
        if wanted(kind.name()) {
            let ratios = bench.pairs(kind, &|| bench.gleaner(kind, None), &|| bench.single(kind));
            println!("| {}, against a single process | {} | {} |", kind.title(), ratios.rate(), ratios.cpu());
        }
    }
    for quota in [1000, 100] {
        if wanted("quota") {
            let kind = Kind::Catalogue;
            let ratios = bench.pairs(kind, &|| bench.gleaner(kind, Some(quota)), &|| bench.gleaner(kind, None));
            println!("| quota of {quota}, against none, {} | {} | {} |", kind.title(), ratios.rate(), ratios.cpu());
        }
    }
    if wanted("latency") {
        let mut times: Vec<f64> = (0..pairs.min(7)).map(|_| bench.latency().wall).collect();
        times.sort_by(f64::total_cmp);
        println!("\n2,000 pages that answer after a second: {:.2} s", times[times.len() / 2]);
    }
    Some(())
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

struct Bench {
    server: Server,
    folder: tempfile::TempDir,
    pairs: usize,
}

impl Bench {
    /// Runs two commands alternately. In every other pair, the first command runs first.
    fn pairs(&self, kind: Kind, one: &dyn Fn() -> Command, other: &dyn Fn() -> Command) -> measure::Ratios {
        // The first run is not counted, because it reads files and pages for the first time.
        self.checked(&mut one(), kind.count());
        self.checked(&mut other(), kind.count());
        let pairs = (0..self.pairs).map(|pair| {
            if pair % 2 == 0 {
                let one = self.checked(&mut one(), kind.count());
                Pair { one, other: self.checked(&mut other(), kind.count()) }
            } else {
                let other = self.checked(&mut other(), kind.count());
                Pair { one: self.checked(&mut one(), kind.count()), other }
            }
        });
        measure::Ratios::of(&pairs.collect::<Vec<_>>())
    }

    /// Measures a command, which must write this number of lines.
    fn checked(&self, command: &mut Command, lines: usize) -> Measured {
        let measured = measure(command);
        let written = std::fs::read(self.output()).unwrap_or_default();
        let count = String::from_utf8_lossy(&written).lines().count();
        assert_eq!(count, lines, "{command:?} wrote {count} of {lines} records");
        measured
    }

    fn output(&self) -> std::path::PathBuf {
        self.folder.path().join("out.jsonl")
    }

    fn list(&self, kind: Kind) -> std::path::PathBuf {
        let path = self.folder.path().join(kind.name());
        if !path.exists() {
            let base = self.server.base();
            let lines: Vec<String> =
                (0..kind.count()).map(|number| format!("{base}/{}/{number}", kind.name())).collect();
            std::fs::write(&path, lines.join("\n")).expect("the list is written");
        }
        path
    }

    fn gleaner(&self, kind: Kind, quota: Option<usize>) -> Command {
        let mut command = gleaner(&self.list(kind), &self.output());
        command.args(["--workers", &WORKERS.to_string(), "--concurrency", &(IN_FLIGHT / WORKERS).to_string()]);
        command.args(["--max-tasks-per-worker", &quota.unwrap_or(0).to_string()]);
        command
    }

    fn single(&self, kind: Kind) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.env("BENCH_ROLE", "single").arg(self.list(kind)).arg(self.output());
        command
    }

    fn latency(&self) -> Measured {
        let list = self.folder.path().join("latency");
        let base = self.server.base();
        let lines: Vec<String> = (0..2000).map(|number| format!("{base}/slow/{number}")).collect();
        std::fs::write(&list, lines.join("\n")).expect("the list is written");
        let mut command = gleaner(&list, &self.output());
        command.args(["--workers", &WORKERS.to_string(), "--concurrency", "1000"]);
        self.checked(&mut command, 2000)
    }
}

fn gleaner(list: &std::path::Path, output: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gleaner"));
    command.arg("run").arg(list).arg("--output").arg(output).args(["--quiet", "--restart", "--no-robots"]);
    command.args(["--set", "politeness.per_host_concurrency=0"]);
    for rule in single::RULES {
        command.args(["--set", rule]);
    }
    command
}
