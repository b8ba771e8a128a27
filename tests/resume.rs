//! Runs that die, and runs that go on from them.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use support::{Finished, PROMPTLY, Run, Server, scrape, values, wait_until};

/// A second signal takes no longer: in the quickest of a few runs, for a machine may have other things to do as well.
const AT_ONCE: Duration = Duration::from_millis(200);

/// One worker with two pages at a time; flags that come later beat these.
const SLOWLY: [&str; 4] = ["--set", "pool.workers=1", "--set", "pool.concurrency=2"];

/// Bytes of records that are a good part of a run, and far from all of it.
const A_GOOD_PART: u64 = 6000;

/// A folder with a list in it, and what is to be done with both.
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

    /// A file beside the output.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.output.file_name().expect("a name").to_owned();
        name.push(suffix);
        self.output.with_file_name(name)
    }

    fn length(&self, suffix: &str) -> u64 {
        fs::metadata(self.beside(suffix)).map_or(0, |metadata| metadata.len())
    }

    /// Everything in the folder but the list.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .expect("there")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name != "list")
            .collect();
        names.sort();
        names
    }

    /// Runs until a good part is known to be done, and kills it.
    fn killed_after_a_checkpoint(&self, more: &[&str]) {
        let before = self.length(".part");
        let run = self.start(more);
        wait_until("some checkpoints", PROMPTLY, || self.length(".part") > before + A_GOOD_PART);
        run.signal(Signal::KILL);
        assert_eq!(run.finish().signal, Some(9));
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.output).expect("the output is there")
    }
}

fn pages(server: &Server, kind: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| server.url(&format!("{kind}/{n}"))).collect()
}

/// The records without what may differ between two runs; as a set where the order is not that of the list.
fn comparable(text: &str, order: &str) -> Vec<Value> {
    let mut values = values(text);
    for value in &mut values {
        if let Some(record) = value.as_object_mut().filter(|record| record.contains_key("seq")) {
            for key in ["elapsed_ms", "worker", "attempts"] {
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
        // It is not there yet.
        Err(_) => true,
    }
}

#[test]
fn a_coordinator_killed_again_and_again_loses_nothing_and_hardly_repeats_itself() {
    const KILLS: u64 = 8;
    let server = Server::start();
    let mut list = pages(&server, "/sleep/15", 2000);
    // Failures, one of them before the first request, and a page that holds back all that come after it.
    list[17] = server.url("/status/404");
    list[300] = "nonsense".to_owned();
    list[900] = server.url("/sleep/4000/slow");
    let flags = ["-w", "2", "--concurrency", "4", "--max-tasks-per-worker", "50"];
    let undisturbed = Job::new(&list, "out.json", &["-w", "2", "--concurrency", "50"]);
    undisturbed.to_end(&[]).exited(3);
    let expected = comparable(&undisturbed.text(), "input");

    let job = Job::new(&list, "out.json", &flags);
    let before = server.log().len();
    // A fixed stream of pseudo-random numbers (Knuth's MMIX constants), so that a failure can be repeated.
    let mut state = 11_u64;
    let mut repeated_at_most = 0;
    for kill in 0..KILLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_millis(1200 + (state >> 33) % 1800);
        let requests = server.log().len();
        let run = job.start(if kill == 0 { &[] } else { &["--resume"] });
        let begun = Instant::now();
        wait_until("its moment to die", PROMPTLY, || {
            assert!(parses(&job.output), "a torn file has the output's name");
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
fn a_run_that_is_killed_every_one_and_a_half_seconds_gets_on() {
    const KILLS: usize = 5;
    // At 200 requests a second: a second and a half.
    const BETWEEN_KILLS: usize = 300;
    const REPEATED_AT_MOST: usize = 80;
    let server = Server::start();
    // All records leave at once; or all of them wait for one that never comes.
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
        let got_on = seen.len();
        assert!(
            got_on > (BETWEEN_KILLS - REPEATED_AT_MOST) * KILLS,
            "{name}: {got_on} of {}",
            server.log().len() - begun
        );
        assert!(job.length(".part.log") > 0, "{name}");
    }
}

#[test]
fn every_format_shape_and_order_can_be_gone_on_with() {
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
        let flags = [SLOWLY[0], SLOWLY[1], SLOWLY[2], SLOWLY[3], "-f", format, "--order", order, "--set", &record];
        let job = Job::new(&list, "out", &flags);
        let before = server.log().len();
        job.killed_after_a_checkpoint(&[]);
        assert!(!job.output.exists());
        let run = job.to_end(&["--resume", "--concurrency", "16"]).exited(3);
        let said = ["600 tasks, ", " of them done by an earlier run: 599 with data, 1 failed (1 http_status)"];
        assert!(said.iter().all(|part| run.stderr.contains(part)), "{}", run.stderr);
        let again = server.log().len() - before - 600;
        assert!(again < 300, "{again} of 600 pages were fetched twice");
        let undisturbed = Job::new(&list, "out", &flags);
        undisturbed.to_end(&["--concurrency", "50"]).exited(3);
        assert!(comparable(&job.text(), order) == comparable(&undisturbed.text(), order), "{flags:?}");
        assert_eq!(job.files(), ["out"]);
    }
}

#[test]
fn a_run_that_is_interrupted_keeps_all_that_is_done_and_says_how_to_go_on() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 40);
    // The head is slow, so most of what is done waits; and something is in flight that ends within the grace.
    list[3] = server.url("/hang");
    list[39] = server.url("/sleep/700/39");
    let job = Job::new(&list, "out.jsonl", &["-w", "1", "--concurrency", "8"]);
    let run = job.start(&[]);
    wait_until("all but two", PROMPTLY, || server.log().len() == 40 && server.in_flight() == 2);
    run.signal(Signal::INT);
    let run = run.finish().exited(130);
    assert!(run.stderr.contains("39 tasks were done when the run was interrupted"), "{}", run.stderr);
    assert!(run.stderr.contains("run the same with --resume to go on"), "{}", run.stderr);
    assert!(!job.output.exists());
    fs::write(&job.list, fs::read_to_string(&job.list).expect("there").replace("/ok/7", "/ok/x")).expect("written");
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
    assert_eq!(server.log().len() - requests, 1, "only what was not done is fetched");
    let said = "40 tasks, 39 of them done by an earlier run: 39 with data, 1 failed (1 timeout)";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    let summary: Value = serde_json::from_str(&fs::read_to_string(summary).expect("there")).expect("JSON");
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
        wait_until("what hangs", PROMPTLY, || run.stderr_so_far().matches("200 in").count() == 5);
        run.signal(Signal::TERM);
        wait_until("the grace", PROMPTLY, || run.stderr_so_far().contains("another signal ends that"));
        let begun = Instant::now();
        run.signal(Signal::INT);
        let run = run.finish().exited(143);
        assert!(run.stderr.contains("5 tasks were done when the run was interrupted"), "{}", run.stderr);
        assert!(run.stderr.contains("run the same with --resume to go on"), "{}", run.stderr);
        begun.elapsed()
    };
    let took = [took(), took(), took()];
    assert!(took.into_iter().min() < Some(AT_ONCE), "{took:?}");
}

#[test]
fn what_is_left_over_is_neither_overwritten_nor_mixed_with_something_else() {
    let server = Server::start();
    let list = pages(&server, "/sleep/10", 1000);
    let flags = [
        SLOWLY[0],
        SLOWLY[1],
        SLOWLY[2],
        SLOWLY[3],
        // So that the list is not read farther than it is needed.
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
    let kept = fs::read(&part).expect("there");
    // What the dead run had sent may come to the server's notice later; it came over the connections that there are.
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
            "begin `{part}`: it is left over from a run that did not end; go on with it (--resume) or throw it away \
             (--restart)"
        ),
    );
    let resume = |what: &str| {
        format!("resume `{part}`: {what} since it was begun; set it back, or throw the left-over away with --restart")
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
            "resume `{part}`: it was begun by gleaner 0.0.1, and this is gleaner {version}; set it back, or throw the \
             left-over away with --restart"
        ),
    );
    fs::write(&manifest, &written).expect("written");

    // The list: a line changed, one missing, one more at the beginning, the end gone.
    let changed = |line: &str, to: &str| list.join("\n").replacen(line, to, 1);
    let texts = [
        changed(&list[2], "http://127.0.0.1:1/"),
        changed(&format!("{}\n", list[0]), ""),
        format!("{}\n{}", list[1], list.join("\n")),
    ];
    for text in texts {
        fs::write(&job.list, text).expect("written");
        let run = job.to_end(&["--resume"]).exited(2);
        let begins = "error: resume: the list has changed since the left-over output was begun: it differs somewhere from task \
                      0 to task ";
        assert!(run.stderr.starts_with(begins), "{}", run.stderr);
        assert!(run.stderr.ends_with("; give the list as it was, or throw the left-over away with --restart\n"));
    }
    fs::write(&job.list, list[..3].join("\n")).expect("written");
    let run = job.to_end(&["--resume"]).exited(2);
    assert!(run.stderr.contains("it ends after 3 tasks, and had at least "), "{}", run.stderr);
    fs::write(&job.list, list.join("\n")).expect("written");
    let run = job.to_end(&["--resume", "--limit", "3"]).exited(2);
    assert!(run.stderr.contains("--limit 3 ends the list before task "), "{}", run.stderr);
    assert_eq!(server.connections(), connections, "nothing was fetched");
    assert!(fs::read(job.beside(".part")).expect("there").len() <= kept.len());

    // What may change, together; and a cookie, which may have run out.
    let others =
        ["-w", "2", "--concurrency", "9", "-t", "7s", "--max-retries", "1", "-H", "Cookie: b", "--limit", "999"];
    job.to_end(&[&["--resume"][..], &others].concat()).exited(0);
    assert_eq!(values(&job.text()).len(), 999);
    assert!(server.log().len() < requests + 999, "it went on");
}

#[test]
fn a_left_over_is_thrown_away_when_asked() {
    let server = Server::start();
    let job = Job::new(&pages(&server, "/sleep/10", 800), "out.json", &SLOWLY);
    job.killed_after_a_checkpoint(&[]);
    fs::write(&job.list, pages(&server, "/ok", 3).join("\n")).expect("written");
    job.to_end(&["--restart"]).exited(0);
    let again = server.log().iter().filter(|access| access.path.starts_with("/ok/")).count();
    assert_eq!((values(&job.text()).len(), again), (3, 3));
    assert_eq!(job.files(), ["out.json"]);
    // Both at once mean nothing.
    job.to_end(&["--restart", "--resume"]).exited(2);
}

#[test]
fn with_nothing_left_over_to_resume_is_to_begin() {
    let server = Server::start();
    let job = Job::new(&pages(&server, "/ok", 3), "out.json", &[]);
    for (flags, said) in [(&["--resume"][..], true), (&["--resume"], true), (&["--resume", "-q"], false)] {
        let run = job.to_end(flags).exited(0);
        assert_eq!(run.stderr.contains("nothing is left over of "), said, "{}", run.stderr);
        assert_eq!(values(&job.text()).len(), 3);
    }
    assert_eq!(server.log().len(), 9, "a complete output is made anew");
    let mut stream = scrape(["--resume", "http://127.0.0.1:1/"]);
    let run = Run::to_end({
        stream.arg("-q");
        stream
    });
    assert_eq!(
        run.exited(2).stderr,
        "error: resume standard output: only a file can be gone on with, name one with --output or leave --resume out\n"
    );
}

#[test]
fn a_run_that_died_before_its_first_checkpoint_is_begun_anew() {
    let server = Server::start();
    let job = Job::new(&pages(&server, "/ok", 5), "out.json", &[]);
    let slow = Job::new(&[server.url("/ok/0"), server.url("/hang")], "out.json", &[]);
    for flags in [&["--resume"][..], &["--restart"]] {
        let run = slow.start(&[]);
        wait_until("a record", PROMPTLY, || slow.length(".part") > 0);
        run.signal(Signal::KILL);
        run.finish();
        // As a power cut leaves it.
        fs::write(slow.beside(".part.log"), "").expect("written");
        let list = fs::read(&job.list).expect("there");
        fs::write(&slow.list, list).expect("written");
        slow.to_end(flags).exited(0);
        assert_eq!(values(&slow.text()).len(), 5);
        fs::remove_file(&slow.output).expect("removed");
        fs::write(&slow.list, format!("{}\n{}", server.url("/ok/0"), server.url("/hang"))).expect("written");
    }
}

#[test]
fn a_list_that_was_piped_is_piped_again() {
    let server = Server::start();
    let list = pages(&server, "/sleep/10", 700);
    let job = Job::new(&list, "out.jsonl", &[]);
    let start = |more: &[&str]| {
        let mut command = scrape(["-", SLOWLY[0], SLOWLY[1], SLOWLY[2], SLOWLY[3]]);
        command.arg("--output").arg(&job.output).args(more);
        Run::fed(command, list.join("\n").into_bytes())
    };
    let run = start(&[]);
    wait_until("some checkpoints", PROMPTLY, || job.length(".part") > A_GOOD_PART);
    run.signal(Signal::KILL);
    run.finish();
    let requests = server.log().len();
    start(&["--resume", "--concurrency", "20"]).finish().exited(0);
    assert_eq!(values(&job.text()).len(), 700);
    assert!(server.log().len() - requests < 690);
}

#[test]
fn of_two_runs_on_one_output_one_is_refused() {
    let server = Server::start();
    let job = Job::new(&[server.url("/sleep/600/0"), server.url("/sleep/600/1")], "out.jsonl", &["--concurrency", "1"]);
    for more in [&[][..], &["--restart"], &["--resume"]] {
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
fn a_disk_that_is_full_keeps_what_is_done_and_a_larger_one_goes_on() {
    // Full in the middle of the run, and when all pages are done and wait in the last buffer.
    full_disk("/sleep/10", 900, &SLOWLY);
    full_disk("/ok", 600, &["-w", "2"]);
}

fn full_disk(kind: &str, count: usize, flags: &[&str]) {
    let server = Server::start();
    let list = pages(&server, kind, count);
    let job = Job::new(&list, "out.jsonl", flags);
    // No file may have more than so many blocks of 512 bytes; the signal that would say so is not wanted.
    let run = Run::to_end({
        let gleaner = job.command(&[]);
        let mut shell = support::shell("trap '' XFSZ; ulimit -f 120; exec \"$0\" \"$@\"");
        shell.args(gleaner.get_args());
        shell
    })
    .exited(1);
    let part = job.beside(".part");
    assert!(run.stderr.contains(&format!("write to `{}`", part.display())), "{}", run.stderr);
    assert!(run.stderr.contains("run the same with --resume to go on"), "{}", run.stderr);
    let requests = server.log().len();
    job.to_end(&["--resume", "--concurrency", "20"]).exited(0);
    assert_eq!(values(&job.text()).len(), count);
    let again = server.log().len() - requests;
    assert!(again < count - 10, "{again} of {count} pages of {kind} were fetched twice");
}

#[test]
fn what_somebody_has_put_in_the_place_of_a_file_beside_the_output_is_neither_read_nor_written() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/hang")];
    let victim_text = "the only copy\n";
    for suffix in [".part", ".part.log", ".part.pending", ".part.manifest"] {
        for is_hard in [false, true] {
            let job = Job::new(&list, "out.jsonl", &SLOWLY);
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
            let why = if is_hard { "it has another name as well (a hard link)" } else { "it is a symbolic link" };
            assert!(run.stderr.contains(&format!("`{}`: {why}", place.display())), "{suffix}: {}", run.stderr);
            assert_eq!(fs::read(&victim).expect("it is there"), kept, "{suffix}");
            assert_eq!(server.log().len(), asked, "nothing is fetched");
        }
        // Before a run that begins, too. A link in the place of the `.part` is a left-over.
        let job = Job::new(&list[..1], "out.jsonl", &[]);
        let victim = job.folder.path().join("victim");
        fs::write(&victim, victim_text).expect("the folder is ours");
        symlink(&victim, job.beside(suffix)).expect("the folder is ours");
        let expected = if [".part", ".part.manifest"].contains(&suffix) { 2 } else { 0 };
        job.to_end(&[]).exited(expected);
        job.to_end(&["--restart"]).exited(if suffix == ".part.manifest" { 2 } else { 0 });
        assert_eq!(fs::read_to_string(&victim).expect("it is there"), victim_text, "{suffix}");
    }
}

#[test]
fn files_beside_the_output_are_for_their_owner_alone_until_the_whole_gets_its_permissions() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/hang")];
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    // What the output had before; a new one gets what the umask leaves.
    for (before, expected) in [(None, 0o640), (Some(0o600), 0o600), (Some(0o664), 0o664)] {
        let job = Job::new(&list, "out.jsonl", &SLOWLY);
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
