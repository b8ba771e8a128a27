//! Runs whose processes are killed again and again. Short here; `just soak` runs the long versions.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{Process, Record, Run, Server, records, scrape_list};

/// Time between two signals to workers.
const INTERVAL: Duration = Duration::from_millis(100);
/// How much a coordinator's memory may grow after its start: records wait for a task that is in a stopped worker.
const GROWTH: u64 = 32 << 20;

/// A random generator that gives the same sequence in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("small")
    }
}

/// Samples of the resources that a coordinator uses.
#[derive(Debug, Default)]
struct Resources {
    memory: Vec<u64>,
    files: Vec<usize>,
    zombies: usize,
}

impl Resources {
    fn sample(&mut self, pid: u32) {
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
        // While a worker is being replaced, two processes have descriptors.
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

/// Sends signals to random workers of `run` until it ends; returns the number of each signal.
fn signal_workers(run: &Run, random: &mut Random, resources: &mut Resources) -> BTreeMap<&'static str, usize> {
    let signals = [("SIGKILL", Signal::KILL), ("SIGSEGV", Signal::SEGV), ("SIGSTOP", Signal::STOP)];
    let mut counts = BTreeMap::new();
    while Process::running(run.pid()).is_some() {
        let begun = Instant::now();
        let workers = run.workers();
        if !workers.is_empty() {
            let (name, signal) = signals[random.below(signals.len())];
            let worker = workers[random.below(workers.len())];
            worker.signal(signal);
            if signal == Signal::SEGV {
                // A Rust program survives the first SIGSEGV that was not caused by a bad access.
                worker.signal(signal);
            }
            *counts.entry(name).or_default() += 1;
        }
        resources.sample(run.pid());
        std::thread::sleep(INTERVAL.saturating_sub(begun.elapsed()));
    }
    counts
}

fn data(records: &[Record]) -> Vec<&str> {
    records.iter().map(Record::raw).collect()
}

/// Fetches `tasks` pages twice, without signals and with signals to the workers, and compares the data.
fn compare_with_signalled_workers(tasks: usize) {
    let server = Server::start();
    let list: Vec<String> = (0..tasks).map(|number| server.url(&format!("/sleep/5/{number}"))).collect();
    let arguments = ["-w", "4", "--concurrency", "4", "--max-tasks-per-worker", "50", "--set", "pool.task_timeout=1s"];
    let undisturbed = scrape_list(&list, arguments).within(Duration::from_secs(120)).finish().exited(0);
    let undisturbed = records(&undisturbed.stdout);
    let run = scrape_list(&list, arguments).within(Duration::from_secs(600));
    let mut resources = Resources::default();
    let counts = signal_workers(&run, &mut Random(0x5eed), &mut resources);
    let run = run.finish().exited(0);
    let disturbed = records(&run.stdout);
    assert_eq!(disturbed.iter().map(|record| record.seq).collect::<Vec<_>>(), (0..tasks as u64).collect::<Vec<_>>());
    assert!(data(&disturbed) == data(&undisturbed), "the data differs");
    assert!(counts.values().sum::<usize>() > tasks / 1000, "{counts:?}");
    resources.assert_flat(4);
}

#[test]
fn a_short_run_with_killed_workers_gives_the_data_of_an_undisturbed_run() {
    compare_with_signalled_workers(2_000);
}

#[test]
#[ignore = "takes minutes: just soak"]
fn a_long_run_with_killed_workers_gives_the_data_of_an_undisturbed_run() {
    compare_with_signalled_workers(20_000);
}

/// Also kills the coordinator again and again while workers get signals; each time, another run resumes.
fn compare_with_killed_coordinator(tasks: usize, kills: usize) {
    let server = Server::start();
    let list: Vec<String> = (0..tasks).map(|number| server.url(&format!("/sleep/5/{number}"))).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.json");
    let undisturbed =
        scrape_list(&list, ["-w", "4", "--concurrency", "4"]).within(Duration::from_secs(120)).finish().exited(0);
    // Half as fast, so that it does not finish before it was killed often enough.
    let mut arguments: Vec<&str> =
        "-w 2 --concurrency 4 --max-tasks-per-worker 50 --set pool.task_timeout=1s --restart -o".split(' ').collect();
    arguments.push(output.to_str().expect("a name"));
    let mut random = Random(0x5eed);
    let mut killed = 0;
    let ending = loop {
        let run = scrape_list(&list, &arguments).within(Duration::from_secs(600));
        arguments.retain(|argument| *argument != "--restart");
        if !arguments.contains(&"--resume") {
            arguments.push("--resume");
        }
        let time_to_live = Duration::from_millis(500 + random.below(3000) as u64);
        let begun = Instant::now();
        while Process::running(run.pid()).is_some() && (killed == kills || begun.elapsed() < time_to_live) {
            if let Some(worker) = run.workers().first() {
                worker.signal([Signal::KILL, Signal::STOP][random.below(2)]);
            }
            // If the output exists, it is complete at every moment.
            if let Ok(text) = fs::read_to_string(&output) {
                assert_eq!(records(&text).len(), tasks);
            }
            std::thread::sleep(INTERVAL);
        }
        if Process::running(run.pid()).is_none() {
            break run.finish();
        }
        run.signal(Signal::KILL);
        run.finish();
        killed += 1;
    };
    ending.exited(0);
    assert!(killed >= kills / 2, "the run finished after {killed} kills");
    let text = fs::read_to_string(&output).expect("the output exists");
    let (undisturbed, killed) = (records(&undisturbed.stdout), records(&text));
    assert_eq!(killed.iter().map(|record| record.seq).collect::<Vec<_>>(), (0..tasks as u64).collect::<Vec<_>>());
    assert!(data(&killed) == data(&undisturbed), "the data differs");
    let left: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["out.json"]);
}

#[test]
#[ignore = "takes minutes: just soak"]
fn a_long_run_that_is_killed_repeatedly_gives_the_data_of_an_undisturbed_run() {
    compare_with_killed_coordinator(20_000, 20);
}

#[test]
#[ignore = "takes minutes: just soak"]
fn memory_stays_flat_over_a_long_list() {
    let server = Server::start();
    for order in ["input", "completion"] {
        let list: Vec<String> = (0..300_000).map(|number| server.url(&format!("/ok/{}", number % 100))).collect();
        let run = scrape_list(&list, ["-w", "2", "--order", order, "-o", "/dev/null"]).within(Duration::from_secs(900));
        let mut resources = Resources::default();
        while Process::running(run.pid()).is_some() {
            resources.sample(run.pid());
            std::thread::sleep(INTERVAL);
        }
        run.finish().exited(0);
        let warm = resources.memory.len() / 5;
        let (early, most) = (resources.memory[warm], *resources.memory.iter().max().expect("a sample"));
        assert!(most < early + (10 << 20), "{order}: memory grew from {early} to {most}");
    }
}
