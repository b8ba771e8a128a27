//! A run under constant fire. Short here; `just soak` runs the long forms.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{Process, Record, Run, Server, records, scrape_list};

/// A worker is hit this often.
const INTERVAL: Duration = Duration::from_millis(100);
/// What a coordinator may grow by after its start: records that wait for a task which was in a stopped worker.
const GROWTH: u64 = 32 << 20;

/// The same shots in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("small")
    }
}

/// What a coordinator holds while it runs.
#[derive(Debug, Default)]
struct Holdings {
    memory: Vec<u64>,
    files: Vec<usize>,
    zombies: usize,
}

impl Holdings {
    fn look(&mut self, pid: u32) {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let Some(kilobytes) = resident.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()) else {
            return;
        };
        self.memory.push(kilobytes << 10);
        self.files.push(fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count));
        let zombies = children(pid).into_iter().filter(|child| state(*child) == Some('Z')).count();
        self.zombies = self.zombies.max(zombies);
    }

    fn assert_flat(&self, workers: usize) {
        let warm = self.memory.len() / 5;
        let (Some(early), Some(most)) = (self.memory.get(warm), self.memory.iter().max()) else { return };
        assert!(*most < early + GROWTH, "memory grew from {early} to {most}");
        let (Some(early), Some(last)) = (self.files.iter().take(warm + 1).max(), self.files.last()) else { return };
        // A worker being replaced has twice the files for a moment.
        assert!(*last <= early + 4 * workers, "descriptors grew from {early} to {last}");
        assert!(self.zombies <= 2 * workers, "{} zombies at once", self.zombies);
    }
}

fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    list.flat_map(|task| {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
    })
    .collect()
}

fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

/// Shoots at the workers of `run` until it ends.
fn shoot(run: &Run, dice: &mut Dice, holdings: &mut Holdings) -> BTreeMap<&'static str, usize> {
    let shots = [("SIGKILL", Signal::KILL), ("SIGSEGV", Signal::SEGV), ("SIGSTOP", Signal::STOP)];
    let mut hits = BTreeMap::new();
    while Process::running(run.pid()).is_some() {
        let begun = Instant::now();
        let workers = run.workers();
        if !workers.is_empty() {
            let (name, signal) = shots[dice.roll(shots.len())];
            let worker = workers[dice.roll(workers.len())];
            worker.signal(signal);
            if signal == Signal::SEGV {
                // The first one that no bad access has caused passes a Rust program by.
                worker.signal(signal);
            }
            *hits.entry(name).or_default() += 1;
        }
        holdings.look(run.pid());
        std::thread::sleep(INTERVAL.saturating_sub(begun.elapsed()));
    }
    hits
}

fn data(records: &[Record]) -> Vec<&str> {
    records.iter().map(Record::raw).collect()
}

/// `tasks` pages of a few milliseconds, twice: left alone, and under fire.
fn a_run_under_fire(tasks: usize) {
    let server = Server::start();
    let list: Vec<String> = (0..tasks).map(|number| server.url(&format!("/sleep/5/{number}"))).collect();
    let arguments = ["-w", "4", "--concurrency", "4", "--max-tasks-per-worker", "50", "--set", "pool.task_timeout=1s"];
    let calm = scrape_list(&list, arguments).within(Duration::from_secs(120)).finish().exited(0);
    let calm = records(&calm.stdout);
    let run = scrape_list(&list, arguments).within(Duration::from_secs(600));
    let mut holdings = Holdings::default();
    let hits = shoot(&run, &mut Dice(0x5eed), &mut holdings);
    let run = run.finish().exited(0);
    let fired = records(&run.stdout);
    assert_eq!(fired.iter().map(|record| record.seq).collect::<Vec<_>>(), (0..tasks as u64).collect::<Vec<_>>());
    assert!(data(&fired) == data(&calm), "the data differs");
    assert!(hits.values().sum::<usize>() > tasks / 1000, "{hits:?}");
    holdings.assert_flat(4);
}

#[test]
fn a_short_run_under_fire_gives_what_a_calm_one_gives() {
    a_run_under_fire(2_000);
}

#[test]
#[ignore = "takes minutes: just soak"]
fn a_long_run_under_fire_gives_what_a_calm_one_gives() {
    a_run_under_fire(20_000);
}

#[test]
#[ignore = "takes minutes: just soak"]
fn memory_stays_flat_over_a_long_list() {
    let server = Server::start();
    for order in ["input", "completion"] {
        let list: Vec<String> = (0..300_000).map(|number| server.url(&format!("/ok/{}", number % 100))).collect();
        let run = scrape_list(&list, ["-w", "2", "--order", order, "-o", "/dev/null"]).within(Duration::from_secs(900));
        let mut holdings = Holdings::default();
        while Process::running(run.pid()).is_some() {
            holdings.look(run.pid());
            std::thread::sleep(INTERVAL);
        }
        run.finish().exited(0);
        let warm = holdings.memory.len() / 5;
        let (early, most) = (holdings.memory[warm], *holdings.memory.iter().max().expect("some"));
        assert!(most < early + (10 << 20), "{order}: memory grew from {early} to {most}");
    }
}
