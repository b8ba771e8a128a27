//! Killed or interrupted runs, and runs that resume them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Finished, PROMPTLY, Run, Server, scrape, values, wait_until};
use rustix::process::Signal;
use serde_json::Value;

/// Time limit for a second signal to end the run. Only the fastest of three runs must meet it, because the machine may
/// be busy.
const AT_ONCE: Duration = Duration::from_millis(200);

/// One worker with two pages at a time. Later flags override these.
const SLOW: [&str; 4] = ["--set", "pool.workers=1", "--set", "pool.concurrency=2"];

/// Bytes of records that are a considerable part of a run, but far from all of it.
const SOME_RECORDS: u64 = 6000;

/// A folder with a list, the output's path, and the flags of the runs.
struct Job {
    folder: tempfile::TempDir,
    list: PathBuf,
    output: PathBuf,
    flags: Vec<String>,
}

impl Job {
    fn new(lines: &[String], output: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("list");
        fs::write(&list, lines.join("\n")).expect("written");
        let output = folder.path().join(output);
        let flags = flags.iter().map(ToString::to_string).collect();
        Self { folder, list, output, flags }
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = scrape([self.list.as_os_str()]);
        command.arg("--output").arg(&self.output).args(&self.flags).args(more);
        command
    }

    fn start(&self, more: &[&str]) -> Run {
        Run::start(self.command(more))
    }

    #[track_caller]
    fn to_end(&self, more: &[&str]) -> Finished {
        Run::to_end(self.command(more))
    }

    /// The path of a file beside the output.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.output.file_name().expect("a name").to_owned();
        name.push(suffix);
        self.output.with_file_name(name)
    }

    fn length(&self, suffix: &str) -> u64 {
        fs::metadata(self.beside(suffix)).map_or(0, |metadata| metadata.len())
    }

    /// The names of all files in the folder except the list, and what stands beside a complete output.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .expect("the file exists")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name != "list" && Path::new(name).extension().is_none_or(|extension| extension != "rules"))
            .collect();
        names.sort();
        names
    }

    /// Starts a run, and kills it after some checkpoints.
    fn killed_after_a_checkpoint(&self, more: &[&str]) {
        let before = self.length(".part");
        let run = self.start(more);
        wait_until("some checkpoints", PROMPTLY, || self.length(".part") > before + SOME_RECORDS);
        run.signal(Signal::KILL);
        assert_eq!(run.finish().signal, Some(9));
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.output).expect("the output exists")
    }
}

fn pages(server: &Server, kind: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| server.url(&format!("{kind}/{n}"))).collect()
}

/// The records without keys that may differ between runs; sorted if their order is that of completion.
fn comparable(text: &str, order: &str) -> Vec<Value> {
    let mut values = values(text);
    for value in &mut values {
        if let Some(record) = value.as_object_mut().filter(|record| record.contains_key("seq")) {
            for key in ["elapsed_ms", "worker", "attempts", "fetched_at"] {
                assert!(record.remove(key).is_some(), "{record:?}");
            }
        }
    }
    if order == "completion" {
        values.sort_by_key(|value| value["seq"].as_u64().map_or_else(|| value.to_string(), |seq| format!("{seq:09}")));
    }
    values
}

fn parses(path: &Path) -> bool {
    match fs::read_to_string(path) {
        Ok(text) if text.starts_with('[') => serde_json::from_str::<Value>(&text).is_ok(),
        Ok(text) => text.ends_with('\n') && text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()),
        // The file does not exist yet.
        Err(_) => true,
    }
}

#[test]
fn a_coordinator_killed_repeatedly_loses_nothing_and_repeats_little() {
    const KILLS: u64 = 8;
    let server = Server::start();
    let mut list = pages(&server, "/sleep/15", 2000);
    // Failures, one of them without a request, and a slow page that holds back all later records.
    list[17] = server.url("/status/404");
    list[300] = "nonsense".to_owned();
    list[900] = server.url("/sleep/4000/slow");
    let flags = ["-w", "2", "--concurrency", "4", "--max-tasks-per-worker", "50"];
    let undisturbed = Job::new(&list, "out.json", &["-w", "2", "--concurrency", "50"]);
    undisturbed.to_end(&[]).exited(3);
    let expected = comparable(&undisturbed.text(), "input");

    let job = Job::new(&list, "out.json", &flags);
    let before = server.log().len();
    // A fixed sequence of pseudo-random numbers (Knuth's MMIX constants) makes failures reproducible.
    let mut state = 11_u64;
    let mut repeated_at_most = 0;
    for kill in 0..KILLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_millis(1200 + (state >> 33) % 1800);
        let requests = server.log().len();
        let run = job.start(if kill == 0 { &[] } else { &["--resume"] });
        let begun = Instant::now();
        wait_until("the time of the kill", PROMPTLY, || {
            assert!(parses(&job.output), "the output is complete whenever it exists");
            begun.elapsed() >= after || job.output.exists()
        });
        run.signal(Signal::KILL);
        let run = run.finish();
        assert!(run.signal == Some(9) || run.code == Some(3), "{}", run.stderr);
        repeated_at_most += server.log().len() - requests;
    }
    if !job.output.exists() {
        job.to_end(&["--resume"]).exited(3);
    }
    assert!(comparable(&job.text(), "input") == expected, "the same records");
    assert_eq!(job.files(), ["out.json"]);
    let requests = server.log().len() - before;
    assert!(requests >= 1998 && requests <= 1998 + repeated_at_most, "{requests}");
}

#[test]
fn a_run_that_is_killed_every_one_and_a_half_seconds_makes_progress() {
    const KILLS: usize = 5;
    // One and a half seconds at 200 requests per second.
    const BETWEEN_KILLS: usize = 300;
    const REPEATED_AT_MOST: usize = 80;
    let server = Server::start();
    // All records are written at once, or all wait for a page that never arrives.
    for (name, first, order) in
        [("flowing", "/ok/first", "input"), ("held back", "/hang", "input"), ("as they come", "/hang", "completion")]
    {
        let mut list = vec![server.url(first)];
        list.extend(pages(&server, "/sleep/20", BETWEEN_KILLS * (KILLS + 1)));
        let job = Job::new(
            &list,
            "out.jsonl",
            &[
                "-w",
                "1",
                "--concurrency",
                "8",
                "--no-robots",
                "--order",
                order,
                "--set",
                "politeness.rate=200",
                "--set",
                "politeness.per_host_concurrency=0",
            ],
        );
        let mut seen = BTreeSet::new();
        let begun = server.log().len();
        for kill in 0..KILLS {
            let before = server.log().len();
            let run = job.start(if kill == 0 { &[] } else { &["--resume"] });
            wait_until("three hundred requests", PROMPTLY, || server.log().len() >= before + BETWEEN_KILLS);
            run.signal(Signal::KILL);
            assert_eq!(run.finish().signal, Some(9));
            wait_until("the end of its requests", PROMPTLY, || server.in_flight() == 0);
            let log = server.log();
            let repeated = log[before..].iter().filter(|access| !seen.insert(access.path.clone())).count();
            assert!(repeated <= REPEATED_AT_MOST, "{name}: kill {kill} cost {repeated} requests");
        }
        let progress = seen.len();
        assert!(
            progress > (BETWEEN_KILLS - REPEATED_AT_MOST) * KILLS,
            "{name}: {progress} of {}",
            server.log().len() - begun
        );
        assert!(job.length(".part.log") > 0, "{name}");
    }
}

#[test]
fn every_format_shape_and_order_can_be_resumed() {
    let server = Server::start();
    let mut list = pages(&server, "/sleep/10", 600);
    list[5] = server.url("/status/404");
    for (format, record, order) in [
        ("json", "full", "input"),
        ("json", "data", "completion"),
        ("jsonl", "data", "input"),
        ("jsonl", "full", "completion"),
    ] {
        let record = format!("output.record={record}");
        let flags = [SLOW[0], SLOW[1], SLOW[2], SLOW[3], "-f", format, "--order", order, "--set", &record];
        let job = Job::new(&list, "out", &flags);
        let before = server.log().len();
        job.killed_after_a_checkpoint(&[]);
        assert!(!job.output.exists());
        let run = job.to_end(&["--resume", "--concurrency", "16"]).exited(3);
        let expected = ["600 tasks, ", " of them done by an earlier run: 599 with data, 1 failed (http_status x 1)"];
        assert!(expected.iter().all(|part| run.stderr.contains(part)), "{}", run.stderr);
        let again = server.log().len() - before - 600;
        assert!(again < 300, "{again} of 600 pages were fetched twice");
        let undisturbed = Job::new(&list, "out", &flags);
        undisturbed.to_end(&["--concurrency", "50"]).exited(3);
        assert!(comparable(&job.text(), order) == comparable(&undisturbed.text(), order), "{flags:?}");
        assert_eq!(job.files(), ["out"]);
    }
}

#[test]
fn an_interrupted_run_keeps_finished_records_and_says_how_to_resume() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 40);
    // A slow early page makes most finished records wait, and another page ends while the run stops.
    list[3] = server.url("/hang");
    list[39] = server.url("/sleep/700/39");
    let job = Job::new(&list, "out.jsonl", &["-w", "1", "--concurrency", "8"]);
    let run = job.start(&[]);
    wait_until("all but two", PROMPTLY, || server.log().len() == 40 && server.in_flight() == 2);
    run.signal(Signal::INT);
    let run = run.finish().exited(130);
    assert!(run.stderr.contains("39 tasks were done when the run was interrupted"), "{}", run.stderr);
    assert!(run.stderr.contains("to continue: "), "{}", run.stderr);
    assert!(!job.output.exists());
    fs::write(&job.list, fs::read_to_string(&job.list).expect("the file exists").replace("/ok/7", "/ok/x"))
        .expect("written");
    job.to_end(&["--resume"]).exited(2);
    fs::write(&job.list, list.join("\n")).expect("written");
    let requests = server.log().len();
    let summary = job.folder.path().join("summary");
    let run = job
        .to_end(&[
            "--resume",
            "--timeout",
            "300ms",
            "--max-retries",
            "0",
            "--summary",
            summary.to_str().expect("UTF-8"),
        ])
        .exited(3);
    assert_eq!(server.log().len() - requests, 1, "only the unfinished page is fetched");
    let expected = "40 tasks, 39 of them done by an earlier run: 39 with data, 1 failed (timeout x 1)";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let summary: Value = serde_json::from_str(&fs::read_to_string(summary).expect("the file exists")).expect("JSON");
    let counts = ["tasks", "ok", "failed", "resumed", "requests"].map(|key| summary[key].as_u64().expect("a count"));
    assert_eq!(counts, [40, 39, 1, 39, 1]);
    assert_eq!(values(&job.text()).len(), 40);
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let server = Server::start();
    let list = [pages(&server, "/ok", 5), vec![server.url("/hang")]].concat();
    let took = || {
        let job = Job::new(&list, "out.jsonl", &["-w", "1", "-v"]);
        let run = job.start(&[]);
        wait_until("the hanging page", PROMPTLY, || run.stderr_so_far().matches("200 in").count() == 5);
        run.signal(Signal::TERM);
        wait_until("the first message", PROMPTLY, || run.stderr_so_far().contains("another signal stops it now"));
        let begun = Instant::now();
        run.signal(Signal::INT);
        let run = run.finish().exited(143);
        assert!(run.stderr.contains("5 tasks were done when the run was interrupted"), "{}", run.stderr);
        assert!(run.stderr.contains("to continue: "), "{}", run.stderr);
        begun.elapsed()
    };
    let took = [took(), took(), took()];
    assert!(took.into_iter().min() < Some(AT_ONCE), "{took:?}");
}

#[test]
fn an_unfinished_output_is_neither_overwritten_nor_resumed_with_other_settings() {
    let server = Server::start();
    let list = pages(&server, "/sleep/10", 1000);
    let flags = [
        SLOW[0],
        SLOW[1],
        SLOW[2],
        SLOW[3],
        // The list must not be read further than necessary.
        "--no-robots",
        "--set",
        "politeness.per_host_concurrency=0",
        "--set",
        "extract.title=h1::text",
        "-H",
        "X-Of: our-secret",
        "-H",
        "Cookie: a",
    ];
    let job = Job::new(&list, "out.jsonl", &flags);
    job.killed_after_a_checkpoint(&[]);
    let part = job.beside(".part");
    let kept = fs::read(&part).expect("the file exists");
    // The server may still receive requests of the killed run, but over existing connections.
    let (requests, connections) = (server.log().len(), server.connections());
    let refused = |more: &[&str], expected: &str| {
        let run = job.to_end(more).exited(2);
        assert_eq!(run.stderr, format!("error: {expected}\n"), "{more:?}");
        assert_eq!(server.connections(), connections, "{more:?} fetched something");
    };
    let part = part.display();
    refused(
        &[],
        &format!(
            "start `{part}`: it is left over from an unfinished run; continue it with --resume, or discard it with \
             --restart"
        ),
    );
    let resume = |what: &str| {
        format!(
            "resume `{part}`: {what} since it was started; undo the change, or discard the unfinished output with \
             --restart"
        )
    };
    refused(&["--resume", "-f", "json"], &resume("`output.format` has changed"));
    refused(&["--resume", "--set", "extract.title=title::text"], &resume("`extract.title` has changed"));
    refused(&["--resume", "--set", "fetch.max_body=1MiB"], &resume("`fetch.max_body` has changed"));
    refused(&["--resume", "-u", "other"], &resume("`fetch.user_agent` has changed"));
    refused(
        &["--resume", "-H", "X-Of: them", "--order", "completion"],
        &resume("`fetch.headers.x-of`, `output.order` have changed"),
    );
    let manifest = job.beside(".part.manifest");
    let written = fs::read_to_string(&manifest).expect("there");
    assert!(!written.to_lowercase().contains("headers.cookie") && !written.contains("our-secret"), "{written}");
    let version = env!("CARGO_PKG_VERSION");
    fs::write(&manifest, written.replace(&format!("\"{version}\""), "\"0.0.1\"")).expect("written");
    refused(
        &["--resume"],
        &format!(
            "resume `{part}`: it was started by gleaner 0.0.1, but this is gleaner {version}; undo the change, or \
             discard the unfinished output with --restart"
        ),
    );
    // Other versions may write another form.
    for other in ["", "{}", "{\"version\":\"0.0.1\",\"settings\":[]}", "\u{1}\u{2}"] {
        fs::write(&manifest, other).expect("written");
        let why = "its manifest cannot be read, because it is damaged or of another version of gleaner; finish it with the \
                   version that began it, or discard it with --restart";
        refused(&["--resume"], &format!("resume `{part}`: {why}"));
    }
    fs::write(&manifest, &written).expect("written");

    // A changed line, a missing line, an additional line at the beginning.
    let changed = |line: &str, to: &str| list.join("\n").replacen(line, to, 1);
    let texts = [
        changed(&list[2], "http://127.0.0.1:1/"),
        changed(&format!("{}\n", list[0]), ""),
        format!("{}\n{}", list[1], list.join("\n")),
    ];
    for text in texts {
        fs::write(&job.list, text).expect("written");
        let run = job.to_end(&["--resume"]).exited(2);
        let begins = "error: resume: the list has changed since the unfinished output was started: it differs somewhere from task \
                      0 to task ";
        assert!(run.stderr.starts_with(begins), "{}", run.stderr);
        assert!(run.stderr.ends_with("; give the original list, or discard the unfinished output with --restart\n"));
    }
    fs::write(&job.list, list[..3].join("\n")).expect("written");
    let run = job.to_end(&["--resume"]).exited(2);
    assert!(run.stderr.contains("it ends after 3 tasks, but had at least "), "{}", run.stderr);
    fs::write(&job.list, list.join("\n")).expect("written");
    let run = job.to_end(&["--resume", "--limit", "3"]).exited(2);
    assert!(run.stderr.contains("--limit 3 ends the list before task "), "{}", run.stderr);
    assert_eq!(server.connections(), connections, "nothing was fetched");
    assert!(fs::read(job.beside(".part")).expect("the file exists").len() <= kept.len());

    // Settings that may change, all together, and a cookie, which may have expired.
    let others =
        ["-w", "2", "--concurrency", "9", "-t", "7s", "--max-retries", "1", "-H", "Cookie: b", "--limit", "999"];
    job.to_end(&[&["--resume"][..], &others].concat()).exited(0);
    assert_eq!(values(&job.text()).len(), 999);
    assert!(server.log().len() < requests + 999, "the run was resumed");
}

#[test]
fn restart_discards_an_unfinished_output() {
    let server = Server::start();
    let job = Job::new(&pages(&server, "/sleep/10", 800), "out.json", &SLOW);
    job.killed_after_a_checkpoint(&[]);
    fs::write(&job.list, pages(&server, "/ok", 3).join("\n")).expect("written");
    job.to_end(&["--restart"]).exited(0);
    let again = server.log().iter().filter(|access| access.path.starts_with("/ok/")).count();
    assert_eq!((values(&job.text()).len(), again), (3, 3));
    assert_eq!(job.files(), ["out.json"]);
    // The two flags exclude each other.
    job.to_end(&["--restart", "--resume"]).exited(2);
}

#[test]
fn without_an_unfinished_output_resume_begins_a_new_run() {
    let server = Server::start();
    let job = Job::new(&pages(&server, "/ok", 3), "out.json", &[]);
    for (flags, is_said) in [(&["--resume"][..], true), (&["--resume"], true), (&["--resume", "-q"], false)] {
        // A finished output is not resumed (`repair.rs`). Without its rules, nobody knows whether it is one.
        fs::remove_file(job.beside(".rules")).ok();
        let run = job.to_end(flags).exited(0);
        assert_eq!(run.stderr.contains("there is no unfinished output for "), is_said, "{}", run.stderr);
        assert_eq!(values(&job.text()).len(), 3);
    }
    assert_eq!(server.log().len(), 9, "a complete output is fetched again");
    let mut stream = scrape(["--resume", "http://127.0.0.1:1/"]);
    let run = Run::to_end({
        stream.arg("-q");
        stream
    });
    assert_eq!(
        run.exited(2).stderr,
        "error: resume standard output: only a regular file can be resumed; name one with --output, or leave out --resume\n"
    );
}

#[test]
fn a_run_killed_before_its_first_checkpoint_is_begun_again() {
    let server = Server::start();
    let job = Job::new(&pages(&server, "/ok", 5), "out.json", &[]);
    let slow = Job::new(&[server.url("/ok/0"), server.url("/hang")], "out.json", &[]);
    for flags in [&["--resume"][..], &["--restart"]] {
        let run = slow.start(&[]);
        wait_until("a record", PROMPTLY, || slow.length(".part") > 0);
        run.signal(Signal::KILL);
        run.finish();
        // A power cut may leave the log empty.
        fs::write(slow.beside(".part.log"), "").expect("written");
        let list = fs::read(&job.list).expect("the file exists");
        fs::write(&slow.list, list).expect("written");
        slow.to_end(flags).exited(0);
        assert_eq!(values(&slow.text()).len(), 5);
        fs::remove_file(&slow.output).expect("removed");
        fs::write(&slow.list, format!("{}\n{}", server.url("/ok/0"), server.url("/hang"))).expect("written");
    }
}

#[test]
fn a_piped_list_can_be_resumed() {
    let server = Server::start();
    let list = pages(&server, "/sleep/10", 700);
    let job = Job::new(&list, "out.jsonl", &[]);
    let start = |more: &[&str]| {
        let mut command = scrape(["-", SLOW[0], SLOW[1], SLOW[2], SLOW[3]]);
        command.arg("--output").arg(&job.output).args(more);
        Run::fed(command, list.join("\n").into_bytes())
    };
    let run = start(&[]);
    wait_until("some checkpoints", PROMPTLY, || job.length(".part") > SOME_RECORDS);
    run.signal(Signal::KILL);
    run.finish();
    let requests = server.log().len();
    start(&["--resume", "--concurrency", "20"]).finish().exited(0);
    assert_eq!(values(&job.text()).len(), 700);
    assert!(server.log().len() - requests < 690);
}

#[test]
fn only_one_run_may_write_an_output_at_a_time() {
    let server = Server::start();
    let job = Job::new(&[server.url("/sleep/600/0"), server.url("/sleep/600/1")], "out.jsonl", &["--concurrency", "1"]);
    for more in [&[][..], &["--restart"], &["--resume"]] {
        // Otherwise there is nothing to resume.
        fs::remove_file(&job.output).ok();
        let runs = [job.start(more), job.start(more), job.start(more)].map(Run::finish);
        let refused: Vec<&Finished> = runs.iter().filter(|run| run.code == Some(2)).collect();
        assert_eq!(refused.len(), 2, "{runs:?}");
        for run in refused {
            assert!(run.stderr.contains("another run is writing it at this moment"), "{}", run.stderr);
        }
        assert!(runs.iter().any(|run| run.code == Some(0)), "{runs:?}");
        assert_eq!(values(&job.text()).len(), 2);
        assert_eq!(job.files(), ["out.jsonl"]);
    }
}

#[test]
fn a_run_on_a_full_disk_can_be_resumed_on_a_larger_one() {
    // The disk is full in the middle of the run, or after the last page, when records are still in a buffer.
    full_disk("/sleep/10", 900, &SLOW);
    full_disk("/ok", 600, &["-w", "2"]);
}

fn full_disk(kind: &str, count: usize, flags: &[&str]) {
    let server = Server::start();
    let list = pages(&server, kind, count);
    let job = Job::new(&list, "out.jsonl", flags);
    // A file may have at most 120 blocks of 512 bytes. The signal for this limit is ignored.
    let run = Run::to_end({
        let gleaner = job.command(&[]);
        let mut shell = crate::support::shell("trap '' XFSZ; ulimit -f 120; exec \"$0\" \"$@\"");
        shell.args(gleaner.get_args());
        shell
    })
    .exited(1);
    let part = job.beside(".part");
    assert!(run.stderr.contains(&format!("write to `{}`", part.display())), "{}", run.stderr);
    assert!(run.stderr.contains("to continue: "), "{}", run.stderr);
    let requests = server.log().len();
    job.to_end(&["--resume", "--concurrency", "20"]).exited(0);
    assert_eq!(values(&job.text()).len(), count);
    let again = server.log().len() - requests;
    assert!(again < count - 10, "{again} of {count} pages of {kind} were fetched twice");
}

#[test]
fn links_in_place_of_files_beside_the_output_are_neither_read_nor_written() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/hang")];
    let victim_text = "the only copy\n";
    for suffix in [".part", ".part.log", ".part.pending", ".part.manifest"] {
        for is_hard in [false, true] {
            let job = Job::new(&list, "out.jsonl", &SLOW);
            let run = job.start(&[]);
            wait_until("a checkpoint", PROMPTLY, || job.length(".part.log") > 0);
            run.signal(Signal::KILL);
            run.finish();
            let (victim, place) = (job.folder.path().join("victim"), job.beside(suffix));
            let kept = fs::read(&place).expect("the run was killed");
            fs::rename(&place, &victim).expect("the folder is ours");
            if is_hard { fs::hard_link(&victim, &place) } else { symlink(&victim, &place) }
                .expect("the folder is ours");
            let asked = server.log().len();
            let run = job.to_end(&["--resume"]).exited(2);
            let why = if is_hard { "it has a second name (a hard link)" } else { "it is a symbolic link" };
            assert!(run.stderr.contains(&format!("`{}`: {why}", place.display())), "{suffix}: {}", run.stderr);
            assert_eq!(fs::read(&victim).expect("the file exists"), kept, "{suffix}");
            assert_eq!(server.log().len(), asked, "nothing is fetched");
        }
        // The same for a new run. A link in place of the `.part` counts as an unfinished output.
        let job = Job::new(&list[..1], "out.jsonl", &[]);
        let victim = job.folder.path().join("victim");
        fs::write(&victim, victim_text).expect("the folder is ours");
        symlink(&victim, job.beside(suffix)).expect("the folder is ours");
        let expected = if [".part", ".part.manifest"].contains(&suffix) { 2 } else { 0 };
        job.to_end(&[]).exited(expected);
        job.to_end(&["--restart"]).exited(if suffix == ".part.manifest" { 2 } else { 0 });
        assert_eq!(fs::read_to_string(&victim).expect("the file exists"), victim_text, "{suffix}");
    }
}

#[test]
fn files_beside_the_output_are_private_and_the_complete_output_gets_its_permissions() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/hang")];
    let mode = |path: &Path| fs::metadata(path).expect("the file exists").permissions().mode() & 0o777;
    // The mode of the old output, and of the complete one. Without an old output, the umask decides.
    for (before, expected) in [(None, 0o640), (Some(0o600), 0o600), (Some(0o664), 0o664)] {
        let job = Job::new(&list, "out.jsonl", &SLOW);
        if let Some(before) = before {
            fs::write(&job.output, "").expect("the folder is ours");
            fs::set_permissions(&job.output, fs::Permissions::from_mode(before)).expect("the file is ours");
        }
        let with_umask = |more: &[&str]| {
            let command = job.command(more);
            let mut shell = Command::new("sh");
            shell.args(["-c", "umask 027; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
            shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            shell
        };
        let run = Run::start(with_umask(&[]));
        wait_until("a checkpoint", PROMPTLY, || job.length(".part.log") > 0);
        run.signal(Signal::KILL);
        run.finish();
        for suffix in [".part", ".part.log", ".part.pending", ".part.manifest"] {
            assert_eq!(mode(&job.beside(suffix)), 0o600, "{suffix}");
        }
        Run::to_end(with_umask(&["--resume", "-t", "1s", "--max-retries", "0"])).exited(3);
        assert_eq!(mode(&job.output), expected, "{before:?}");
    }
}
