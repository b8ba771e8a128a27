//! Workers as a user sees them: their number, which process did which task, and when a worker is replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use crate::support::{PROMPTLY, Run, Server, gleaner, records, scrape_list, wait_until};
use serde_json::Value;

/// Additional time that a batch of one-second pages may take on a busy machine.
const TOLERANCE: Duration = Duration::from_millis(800);

/// Runs Gleaner over `tasks` fast pages; checks that all succeed in order; returns the records and the summary.
fn over(tasks: usize, flags: &[&str]) -> (Vec<crate::support::Record>, Value) {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary.json");
    let list: Vec<String> = (0..tasks).map(|n| server.url(&format!("/ok/{n}"))).collect();
    // robots.txt must not be counted as a page.
    let flags =
        [flags, &["--no-robots", "--set", "extract.title=title::text", "--summary", summary.to_str().expect("UTF-8")]];
    let run = scrape_list(&list, flags.concat()).finish().exited(0);
    let records = records(&run.stdout);
    assert_eq!(records.len(), tasks);
    for (n, record) in records.iter().enumerate() {
        assert_eq!((record.raw(), record.attempts), (format!("{{\"title\":\"{n}\"}}").as_str(), 1));
    }
    assert_eq!(server.log().len(), tasks, "every page is requested once");
    let summary = fs::read_to_string(&summary).expect("the summary exists");
    (records, serde_json::from_str(&summary).expect("JSON"))
}

/// The number of jobs of each worker in a summary.
fn jobs(summary: &Value) -> Vec<u64> {
    let workers = summary["workers"].as_array().expect("a list");
    workers.iter().map(|worker| worker["jobs"].as_u64().expect("a number")).collect()
}

#[test]
fn with_a_quota_of_one_every_task_has_its_own_worker() {
    let (records, summary) = over(1000, &["-w", "4", "--max-tasks-per-worker", "1"]);
    assert_eq!(jobs(&summary), [1; 1000]);
    let workers = summary["workers"].as_array().expect("a list");
    // Pids may be reused among a thousand processes. Slot and generation are unique.
    let identities: BTreeSet<_> = workers.iter().map(|w| (w["slot"].as_u64(), w["generation"].as_u64())).collect();
    assert_eq!(identities.len(), 1000);
    assert!(workers.iter().all(|worker| worker["tasks"] == 1), "{workers:?}");
    let ends = &summary["workers_by_end"];
    assert_eq!(ends["quota"].as_u64(), Some(1000), "{ends}");
    let recorded: BTreeSet<_> =
        records.iter().map(|record| u64::from(record.worker.expect("a worker's pid"))).collect();
    let listed: BTreeSet<_> = workers.iter().filter_map(|worker| worker["pid"].as_u64()).collect();
    assert_eq!(recorded, listed);
}

#[test]
fn no_worker_exceeds_its_quota_at_any_concurrency() {
    for (quota, concurrency, tasks) in [("5", "10", 100), ("3", "64", 100), ("7", "1", 50)] {
        let flags = ["-w", "2", "--max-tasks-per-worker", quota, "--concurrency", concurrency];
        let (records, summary) = over(tasks, &flags);
        let quota: u64 = quota.parse().expect("a number");
        assert!(jobs(&summary).iter().all(|jobs| *jobs <= quota), "{summary}");
        assert_eq!(jobs(&summary).iter().sum::<u64>(), tasks as u64);
        let mut by_pid = BTreeMap::<_, u64>::new();
        for record in &records {
            *by_pid.entry(record.worker).or_default() += 1;
        }
        assert!(by_pid.values().all(|tasks| *tasks <= quota), "{by_pid:?}");
    }
}

#[test]
fn there_are_no_more_workers_than_tasks_and_without_a_quota_none_is_replaced() {
    for (workers, tasks, most) in [("8", 3, 3), ("2", 60, 2), ("1", 60, 1), ("8", 0, 0)] {
        let (_, summary) = over(tasks, &["-w", workers]);
        assert!(jobs(&summary).len() <= most, "{workers} workers for {tasks} tasks: {summary}");
    }
}

#[test]
fn each_worker_uses_its_full_concurrency() {
    for (workers, concurrency, most) in [("1", "1", 1), ("1", "8", 8), ("3", "2", 6)] {
        let server = Server::start();
        let list: Vec<String> = (0..24).map(|n| server.url(&format!("/sleep/50/{n}"))).collect();
        scrape_list(&list, ["-w", workers, "--concurrency", concurrency]).finish().exited(0);
        assert_eq!(server.most_in_flight(), most, "{workers} x {concurrency}");
    }
}

#[test]
fn a_limit_on_open_files_that_is_too_low_is_an_error_before_the_run() {
    let run = |limit: u32, arguments: &[&str]| {
        let mut command = crate::support::shell(&format!("ulimit -n {limit} && exec \"$0\" run \"$@\""));
        command.args(["books.txt", "-c", "../config/books.toml", "-q"]).args(arguments);
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).output().expect("the shell runs")
    };
    let list = ["--limit", "20", "--site", "site"];
    for (limit, settings, wanted) in [
        (100, ["-w", "1", "--concurrency", "69"], Some("105")),
        (100, ["-w", "18", "--concurrency", "1"], Some("122")),
        (100, ["-w", "4", "--concurrency", "14"], Some("104")),
        (100, ["-w", "4", "--concurrency", "13"], None),
    ] {
        let output = run(limit, &[&settings[..], &list].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        match wanted {
            Some(wanted) => {
                assert_eq!(output.status.code(), Some(2), "{settings:?}: {stderr}");
                assert!(
                    stderr.contains(&format!("one process needs about {wanted} open files and connections")),
                    "{stderr}"
                );
                assert!(stderr.contains("this system allows 100: raise the limit (ulimit -n)"), "{stderr}");
            }
            None => assert_eq!(output.status.code(), Some(0), "{settings:?}: {stderr}"),
        }
    }
}

#[test]
fn the_soft_limit_on_open_files_does_not_limit_a_run() {
    let server = Server::start();
    let list: String = (0..100).map(|n| server.url(&format!("/sleep/300/{n}")) + "\n").collect();
    let mut command = crate::support::shell("ulimit -S -n 60 && exec \"$0\" run - --no-robots \"$@\"");
    command.args(["-w", "1", "--concurrency", "100", "--max-retries", "0"]);
    command.args(["--set", "politeness.per_host_concurrency=0", "-x", "none"]);
    Run::fed(command, list.into_bytes()).finish().exited(0);
    assert_eq!(server.most_in_flight(), 100);
}

/// The shortage is made by taking descriptors from the only worker while it works, and lasts longer than `fetch.timeout`.
#[cfg(target_os = "linux")]
#[test]
fn a_shortage_of_open_files_fails_what_it_hits_and_counts_against_no_host() {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
    let (first, other) = (Server::start(), Server::start());
    let pages = (1..=6).map(|n| other.url(&format!("/ok/{n}")));
    let list: Vec<String> = std::iter::once(first.url("/sleep/700/0")).chain(pages).collect();
    let run = scrape_list(
        &list,
        [
            "-w",
            "1",
            "--concurrency",
            "1",
            "--no-robots",
            "--timeout",
            "1s",
            "--max-retries",
            "0",
            "--set",
            "limits.max_host_failures=1",
            // Limits can be set from outside only for a process of the same user.
            "--set",
            "pool.user=same",
        ],
    );
    wait_until("the first page is asked for", PROMPTLY, || first.in_flight() == 1);
    let worker = i32::try_from(run.workers()[0].pid).ok().and_then(Pid::from_raw);
    let most = getrlimit(Resource::Nofile).maximum;
    let allow = |current| prlimit(worker, Resource::Nofile, Rlimit { current, maximum: most }).expect("a limit");
    allow(Some(3));
    wait_until("two pages have failed", PROMPTLY, || run.stdout_so_far().lines().count() >= 3);
    allow(most);
    let run = run.finish().exited(3);
    let records = records(&run.stdout);
    assert_eq!(records.iter().filter(|record| record.failure.is_some()).count(), 2, "{}", run.stdout);
    assert!(records[1..3].iter().all(|record| record.kind() == "connect"), "{}", run.stdout);
    assert!(run.stdout.contains("ulimit -n"), "{}", run.stdout);
}

#[test]
fn a_list_that_ends_while_workers_are_replaced_ends_the_run() {
    for tasks in [1, 2, 3, 5, 8] {
        over(tasks, &["-w", "3", "--max-tasks-per-worker", "1", "--concurrency", "1"]);
    }
}

/// One part of the demonstration: its heading, each worker's pid and number of pages, and its duration.
#[derive(Debug)]
struct Shown {
    heading: String,
    pages: Vec<(u32, usize)>,
    seconds: f64,
}

fn shown(output: &str) -> Vec<Shown> {
    let mut parts: Vec<Shown> = Vec::new();
    for line in output.lines() {
        if line.contains("worker") && !line.starts_with(' ') && line.starts_with(|c: char| c.is_ascii_digit()) {
            parts.push(Shown { heading: line.to_owned(), pages: Vec::new(), seconds: 0.0 });
        }
        let Some(part) = parts.last_mut() else { continue };
        if let Some(worker) = line.strip_prefix("  pid ") {
            let pid = worker.split_whitespace().next().and_then(|pid| pid.parse().ok()).expect("a pid");
            part.pages.push((pid, worker.matches("Page ").count()));
        } else if let Some(seconds) = line.trim().strip_suffix(" s") {
            part.seconds = seconds.parse().expect("a time");
        }
    }
    // The first line, about the number of pages, looks like a heading but has no duration.
    parts.retain(|part| part.seconds > 0.0);
    parts
}

#[test]
fn the_demonstration_shows_workers_and_quotas_and_how_the_time_falls() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("demo.html");
    let mut command = gleaner();
    command.args(["demo", "--report"]).arg(&report);
    let run = Run::start(command).finish().exited(0);
    let parts = shown(&run.stdout);
    for (heading, workers, seconds) in
        [("1 worker", 1, 7), ("2 workers", 2, 4), ("7 workers", 7, 1), ("2 workers with a quota of 2", 4, 4)]
    {
        let exactly = |part: &&Shown| part.heading.split([':', '(']).next().expect("a heading").trim_end() == heading;
        let part = parts.iter().find(exactly).unwrap_or_else(|| panic!("no {heading} in {}", run.stdout));
        let pids: BTreeSet<u32> = part.pages.iter().map(|(pid, _)| *pid).collect();
        assert_eq!((part.pages.len(), pids.len()), (workers, workers), "{}", run.stdout);
        assert_eq!(part.pages.iter().map(|(_, pages)| pages).sum::<usize>(), 7, "{}", run.stdout);
        let most = if workers == 4 { 2 } else { 7_usize.div_ceil(workers) };
        assert!(part.pages.iter().all(|(_, pages)| *pages <= most), "{}", run.stdout);
        let time = Duration::from_secs_f64(part.seconds);
        let least = Duration::from_secs(seconds);
        assert!((least..least + TOLERANCE).contains(&time), "{heading} took {time:?}");
    }
    assert!(run.stdout.contains("(new)") && run.stdout.contains("batch 2: Page "), "{}", run.stdout);
    let report = std::fs::read_to_string(report).expect("a report");
    let sections: Vec<&str> = report.split("<h2>").skip(1).collect();
    assert_eq!(sections.len(), parts.len(), "{report}");
    for (section, part) in sections.iter().zip(&parts) {
        assert!(section.starts_with(part.heading.as_str()), "{section}");
        for (pid, pages) in &part.pages {
            assert_eq!(section.matches(&format!(">pid {pid}</text>")).count(), 1, "{section}");
            assert!(*pages > 0, "{pid}");
        }
        assert_eq!(section.matches("<title>pid ").count(), part.pages.len(), "{section}");
        for page in 1..=7 {
            assert_eq!(section.matches(&format!("<title>Page {page}</title>")).count(), 1, "{section}");
        }
    }
}

#[test]
fn the_report_of_the_demonstration_is_made_even_if_nobody_reads_what_it_prints() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crate::support::shell(r#"{ "$0" demo --report demo.html; echo $? >code; } | head -n 1"#);
    command.current_dir(&folder);
    let run = Run::start(command).finish().exited(0);
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("code").trim(), "0", "{run:?}");
    assert!(read("demo.html").contains("2 workers with a quota of 2"));
}

/// A line for each process with its pid, and a block for each page.
#[test]
fn the_demonstration_is_a_picture_on_a_terminal_with_room_for_it() {
    let on_terminal = |columns: u32, environment: &str| {
        let program = env!("CARGO_BIN_EXE_gleaner");
        let line = format!("stty cols {columns} rows 40; {environment} exec {program} demo");
        let mut command = crate::support::shell(r#"exec script -qec "$1" /dev/null"#);
        command.arg(line).env("TERM", "xterm-256color");
        Run::start(command)
    };
    // The runs sleep for most of their time.
    let [plain, coloured, narrow] = [(80, "NO_COLOR=1"), (100, ""), (40, "NO_COLOR=1")]
        .map(|(columns, environment)| (columns, on_terminal(columns, environment)))
        .map(|(columns, run)| (columns, run.finish().exited(0).stdout));
    for (columns, output) in [&plain, &coloured] {
        let lines: Vec<String> = output.lines().filter(|line| line.contains("  pid ")).map(without_escapes).collect();
        let pages = lines.iter().map(|line| line.matches("Page ").count()).sum::<usize>();
        assert!(lines.len() >= 1 + 2 + 7 + 4 && pages >= 4 * 7, "{output}");
        let is_narrow = |line: &str| without_escapes(line).trim_end().chars().count() < *columns as usize;
        assert!(output.lines().all(is_narrow), "{output}");
        assert!(!output.contains("batch"), "{output}");
        assert_eq!(lines.iter().filter(|line| line.contains(" new")).count(), 2, "{output}");
    }
    assert!(!plain.1.contains('\u{1b}') && coloured.1.contains('\u{1b}'), "{}{}", plain.1, coloured.1);
    assert!(narrow.1.contains("  pid ") && narrow.1.contains("batch 1: Page 1"), "the table: {}", narrow.1);
}

fn without_escapes(line: &str) -> String {
    let mut text = String::new();
    let mut parts = line.split('\u{1b}');
    text.extend(parts.next());
    text.extend(parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)));
    text
}
