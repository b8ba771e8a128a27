//! Outputs that are repaired, updated, or found to be finished.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Finished, PROMPTLY, Run, Server, scrape, wait_until};

/// Settings of a run that fails at the first failure of a page, and is as fast as the machine.
const ONCE: [&str; 7] = [
    "--max-retries",
    "0",
    "--set",
    "politeness.per_host_concurrency=0",
    "-w",
    "2",
    "--set=extract.title=\"title::text\"",
];

/// A folder with a list and an output.
struct Job {
    folder: tempfile::TempDir,
    list: PathBuf,
    output: PathBuf,
}

impl Job {
    fn new(lines: &[String], output: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (list, output) = (folder.path().join("list"), folder.path().join(output));
        let job = Self { folder, list, output };
        job.list_is(lines);
        job
    }

    fn list_is(&self, lines: &[String]) {
        fs::write(&self.list, lines.join("\n")).expect("written");
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = scrape([self.list.as_os_str()]);
        command.arg("--output").arg(&self.output).args(ONCE).args(more);
        command
    }

    #[track_caller]
    fn to_end(&self, more: &[&str]) -> Finished {
        Run::to_end(self.command(more))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.output).expect("the output exists")
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// `count` lines, of which each one in `every` fails at its first request.
fn list(server: &Server, count: usize, every: usize) -> Vec<String> {
    let path = |n: usize| if n % every == every / 2 { format!("/flaky/1/{n}") } else { format!("/ok/{n}") };
    (0..count).map(|n| server.url(&path(n))).collect()
}

/// The records of an output as they are written, without what stands between them.
fn records(path: &Path, text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.trim_end_matches(',').to_owned());
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => lines.filter(|line| line.starts_with('{')).collect(),
        Some("csv") => lines.skip(1).collect(),
        _ => lines.collect(),
    }
}

/// Checks that the records that failed before have data now, and that all others are the same bytes.
#[track_caller]
fn only_failures_changed(path: &Path, before: &str, after: &str, every: usize) {
    let (before, after) = (records(path, before), records(path, after));
    assert_eq!(before.len(), after.len());
    for (seq, (old, new)) in before.iter().zip(&after).enumerate() {
        if seq % every == every / 2 {
            assert!(old.contains("http_status") && !new.contains("http_status"), "{old}\n{new}");
            let is_next = new.starts_with(&format!("{{\"seq\":{seq},")) || new.starts_with(&format!("{seq},"));
            assert!(is_next && new.contains(&format!("/flaky/1/{seq}")), "{new}");
        } else {
            assert_eq!(old, new, "record {seq}");
        }
    }
}

#[test]
fn failures_are_fetched_again_and_the_bytes_of_all_other_records_stay() {
    for name in ["out.json", "out.jsonl", "out.csv"] {
        let server = Server::start();
        let lines = list(&server, 200, 10);
        let job = Job::new(&lines, name);
        job.to_end(&[]).exited(3);
        let (before, requests, robots) = (job.text(), server.log().len(), server.robots_hits());
        assert_eq!(requests, 200);
        let ended = job.to_end(&["--retry-failed"]).exited(0);
        assert!(ended.stderr.contains("180 records of") && ended.stderr.contains("20 to fetch"), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("200 tasks, 180 of them done by an earlier run: 200 with data"),
            "{}",
            ended.stderr
        );
        assert_eq!((server.log().len() - requests, server.robots_hits() - robots), (20, 1), "{name}");
        only_failures_changed(&job.output, &before, &job.text(), 10);
        assert_eq!(job.files(), ["list", name, &format!("{name}.rules")]);
        let repaired = job.text();
        let ended = job.to_end(&["--retry-failed"]).exited(0);
        assert!(ended.stderr.contains("has no failures, nothing was fetched: 200 records"), "{}", ended.stderr);
        assert_eq!((server.log().len() - requests, job.text()), (20, repaired), "{name}");
    }
}

#[test]
fn an_archive_is_not_replaced_by_one_of_the_failures_alone() {
    let server = Server::start();
    let job = Job::new(&list(&server, 20, 10), "out.jsonl");
    let (first, second) = (job.path("first.warc.gz"), job.path("second.warc.gz"));
    job.to_end(&["--archive", &first]).exited(3);
    let (archive, requests) = (fs::read(&first).expect("an archive"), server.log().len());
    let since = job.output.to_str().expect("UTF-8");
    for more in [&["--retry-failed"][..], &["--retry-failed", "--resume"], &["--since", since]] {
        let ended = job.to_end(&[more, &["--archive", &first]].concat()).exited(2);
        let expected = "first.warc.gz` would be replaced by one without the pages of the records that stay";
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
    }
    assert_eq!((server.log().len(), fs::read(&first).expect("an archive")), (requests, archive));
    job.to_end(&["--retry-failed", "--archive", &second]).exited(0);
    assert!(!fs::read(&second).expect("an archive").is_empty());
}

#[test]
fn a_compressed_output_is_repaired_and_updated_like_a_plain_one() {
    let server = Server::start();
    let lines = list(&server, 60, 10);
    let job = Job::new(&lines, "out.csv.gz");
    let unpacked = || {
        let (file, mut text) = (fs::File::open(&job.output).expect("a file"), String::new());
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("valid");
        text
    };
    let rows = ["--rows", "r", "--set=extract.r={each=\"html, title\", t=\"title::text\"}"];
    job.to_end(&rows).exited(3);
    let (before, requests) = (unpacked(), server.log().len());
    assert_eq!(before.lines().count(), 1 + 2 * 54 + 6, "{before}");
    job.to_end(&[&rows[..], &["--retry-failed"]].concat()).exited(0);
    let after = unpacked();
    assert_eq!((after.lines().count(), server.log().len() - requests), (1 + 2 * 60, 6));
    let kept = |text: &str| text.lines().filter(|row| row.contains("/ok/")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(kept(&after), kept(&before));
    job.list_is(&lines[30..]);
    let output = job.path("out.csv.gz");
    job.to_end(&[&rows[..], &["--since", &output]].concat()).exited(0);
    let expected: Vec<String> = after.lines().skip(1 + 2 * 30).map(str::to_owned).collect();
    let renumbered = unpacked()
        .lines()
        .skip(1)
        .enumerate()
        .map(|(nth, row)| {
            let (seq, rest) = row.split_once(',').expect("cells");
            assert_eq!(seq, (nth / 2).to_string());
            format!("{},{rest}", nth / 2 + 30)
        })
        .collect::<Vec<_>>();
    assert_eq!(renumbered, expected);
    assert_eq!(server.log().len() - requests, 6);
}

#[test]
fn a_repair_of_a_long_output_is_killed_and_resumed_in_the_middle() {
    const TASKS: usize = 10_000;
    const EVERY: usize = 33;
    const FAILED: usize = TASKS / EVERY;
    let server = Server::start();
    let job = Job::new(&list(&server, TASKS, EVERY), "out.jsonl");
    job.to_end(&["--concurrency", "64"]).exited(3);
    let (before, requests) = (job.text(), server.log().len());
    let slowly = ["--retry-failed", "--set", "politeness.rate=150", "--concurrency", "4"];
    let run = Run::start(job.command(&slowly));
    wait_until("half of the failures", PROMPTLY, || server.log().len() - requests > FAILED / 2);
    run.signal(Signal::KILL);
    assert_eq!(run.finish().signal, Some(9));
    assert!(job.text() == before, "the old output stays until the new one is complete");
    let part = fs::metadata(job.path("out.jsonl.part")).map_or(0, |part| part.len());
    assert!(part > 10_000, "some records were copied: {part}");
    let killed_after = server.log().len() - requests;
    assert!(killed_after < FAILED, "{killed_after}");
    let ended = job.to_end(&["--retry-failed"]).exited(2);
    assert!(ended.stderr.contains("continue it with --resume"), "{}", ended.stderr);
    let ended = job.to_end(&["--resume"]).exited(2);
    assert!(ended.stderr.contains("`--retry-failed`"), "{}", ended.stderr);
    assert_eq!(server.log().len() - requests, killed_after);
    let ended = job.to_end(&["--retry-failed", "--resume"]).exited(0);
    assert!(ended.stderr.contains(&format!("{TASKS} with data")), "{}", ended.stderr);
    // At most those that were in flight, or done in the last moments, are fetched again.
    let repeated = server.log().len() - requests - FAILED;
    assert!(repeated <= 150 / 2, "{repeated} requests were repeated");
    only_failures_changed(&job.output, &before, &job.text(), EVERY);
    assert_eq!(job.files(), ["list", "out.jsonl", "out.jsonl.rules"]);
}

#[test]
fn only_failures_of_the_chosen_kinds_are_fetched_again() {
    let server = Server::start();
    let lines = [server.url("/status/404"), "nonsense".to_owned(), server.url("/ok/1"), server.url("/reset")];
    let job = Job::new(&lines, "out.csv");
    job.to_end(&[]).exited(3);
    let (before, requests) = (job.text(), server.log().len());
    let kinds: Vec<&str> = before.lines().skip(1).map(|line| line.split(',').nth(4).expect("a kind")).collect();
    assert_eq!(kinds, ["http_status", "invalid_url", "", "truncated"], "{before}");
    let ended = job.to_end(&["--retry-failed", "--only", "truncated,dns", "--summary", "-"]).exited(3);
    let summary: Value = serde_json::from_str(&ended.stdout).expect("a summary");
    let failures = serde_json::json!({"http_status": 1, "invalid_url": 1, "truncated": 1});
    assert_eq!((&summary["failures"], &summary["resumed"]), (&failures, &serde_json::json!(3)), "{summary}");
    assert_eq!(server.log().len() - requests, 1);
    let ended = job.to_end(&["--retry-failed", "--only", "timeout", "--summary", "-"]).exited(3);
    assert!(
        ended.stderr.contains("has no failures of timeout, nothing was fetched: 4 records, 3 failed"),
        "{}",
        ended.stderr
    );
    assert!(ended.stdout.contains("\"tasks\":4,\"ok\":1,\"failed\":3"), "{}", ended.stdout);
    assert_eq!(server.log().len() - requests, 1);
    assert_eq!(records(&job.output, &before)[..3], records(&job.output, &job.text())[..3]);
}

#[test]
fn a_repair_that_cannot_be_right_is_refused_before_the_first_request() {
    let server = Server::start();
    let lines = list(&server, 6, 3);
    let job = Job::new(&lines, "out.csv");
    job.to_end(&[]).exited(3);
    let (before, requests) = (job.text(), server.log().len());
    let other_title = "--set=extract.title=\"h1::text\"";
    let old = job.path("old.csv");
    fs::copy(&job.output, &old).expect("copied");
    let table: [(&[&str], &str); 17] = [
        (&["--failed-out", "-"], "name a file that ends in .csv"),
        (&["--failed-out", "failed.json"], "they are written line by line"),
        (&["--failed-out", "nowhere/failed.csv"], "there is no folder `nowhere`, create it (mkdir -p nowhere)"),
        (&["--only", "dns"], "--retry-failed"),
        (&["--retry-failed", "--since", &old], "cannot be used with"),
        (&["--allow-changed-rules"], "it needs --retry-failed or --since"),
        (&["--retry-failed", "--only", "time-out"], "did you mean `timeout`?"),
        (&["--retry-failed", "--order", "completion"], "needs the order of the list"),
        (&["--retry-failed", "--set", "output.record=data"], "says neither URLs nor failures"),
        (
            &["--retry-failed", "--columns", "seq,url,failure_kind"],
            "it has a column `final_url`, which this run does not write",
        ),
        (&["--retry-failed", "--set", "output.dialect=excel"], "other rules made its records"),
        (&["--retry-failed", "--set", "output.dialect=excel", "--allow-changed-rules"], "another output.dialect"),
        (&["--retry-failed", other_title], "other rules made its records"),
        (&["--retry-failed", "--limit", "3"], "the list has 3 tasks, but it goes on with a record of"),
        (&["--since", &old], "`old.csv.rules` is missing, so nobody knows which rules"),
        (&["--since", "/nowhere/old.csv"], "there is no such file"),
        (&["--since", "old.jsonl"], "another format than the output"),
    ];
    for (flags, expected) in table {
        let ended = job.to_end(flags).exited(2);
        let stderr = ended.stderr.replace(&format!("{}/", job.folder.path().display()), "");
        assert!(stderr.contains(expected), "{flags:?}: {stderr}");
    }
    let mut from_pipe = scrape(["-"]);
    from_pipe.arg("--output").arg(&job.output).args(ONCE).arg("--retry-failed");
    let ended = Run::fed(from_pipe, lines.join("\n").into_bytes()).finish().exited(2);
    assert!(ended.stderr.contains("must be made of regular files"), "{}", ended.stderr);
    let mut to_pipe = scrape([job.list.as_os_str()]);
    to_pipe.args(ONCE).arg("--retry-failed");
    assert!(Run::to_end(to_pipe).exited(2).stderr.contains("name the output"));
    job.list_is(&[&lines[..5], &["http://h/other".to_owned()]].concat());
    let ended = job.to_end(&["--retry-failed"]).exited(2);
    assert!(ended.stderr.contains("but task 5 of the list is `http://h/other`"), "{}", ended.stderr);
    fs::write(&job.output, &before[..before.len() - 20]).expect("written");
    job.list_is(&lines);
    let ended = job.to_end(&["--retry-failed"]).exited(2);
    assert!(ended.stderr.contains("its record 5 has") && ended.stderr.contains("cells"), "{}", ended.stderr);
    assert_eq!(server.log().len(), requests);
    fs::write(&job.output, &before).expect("written");
    job.to_end(&["--retry-failed", other_title, "--allow-changed-rules"]).exited(0);
    assert_eq!(server.log().len() - requests, 2);
}

#[test]
fn an_update_fetches_only_what_the_older_output_has_no_data_for() {
    let page = |server: &Server, n: &str| server.url(&format!("/ok/{n}"));
    for format in ["json", "jsonl", "csv"] {
        let server = Server::start();
        let failing = server.url("/flaky/1/f");
        let old_list =
            [page(&server, "a"), page(&server, "gone"), failing.clone(), page(&server, "b"), page(&server, "a")];
        let job = Job::new(&old_list, &format!("old.{format}"));
        job.to_end(&[]).exited(3);
        let old = records(&job.output, &job.text());
        let requests = server.log().len();
        let new_list = [
            page(&server, "b"),
            page(&server, "new"),
            failing,
            page(&server, "a"),
            page(&server, "a"),
            page(&server, "a"),
        ];
        job.list_is(&new_list);
        let since = job.path(&format!("old.{format}"));
        for (output, expected_requests) in [(format!("new.{format}"), 3), (format!("old.{format}"), 6)] {
            let mut command = scrape([job.list.as_os_str()]);
            command.arg("--output").arg(job.path(&output)).args(ONCE).args(["--since", &since]);
            let ended = Run::to_end(command).exited(0);
            assert!(
                ended.stderr.contains("3 records of")
                    && ended.stderr.contains("3 to fetch, 1 of its records are no longer listed"),
                "{}",
                ended.stderr
            );
            assert_eq!(server.log().len() - requests, expected_requests, "{format}");
            let path = PathBuf::from(job.path(&output));
            let new = records(&path, &fs::read_to_string(&path).expect("written"));
            assert_eq!(new.len(), 6);
            let numbered = |record: &str, from: usize, to: usize| match format {
                "csv" => record.replacen(&from.to_string(), &to.to_string(), 1),
                _ => record.replacen(&format!("\"seq\":{from}"), &format!("\"seq\":{to}"), 1),
            };
            for (to, from) in [(0_usize, 3_usize), (3, 0), (4, 4)] {
                let (record, seq) = (&new[to], &old[from]);
                assert_eq!(*record, numbered(seq, from, to), "{format}");
            }
            for (seq, line) in new_list.iter().enumerate() {
                assert!(new[seq].contains(line.as_str()) && !new[seq].contains("http_status"), "{}", new[seq]);
            }
        }
    }
}

#[test]
fn failed_tasks_are_a_list_for_the_next_run() {
    for name in ["failed.csv", "failed.jsonl", "failed.txt"] {
        let server = Server::start();
        let job = Job::new(&list(&server, 40, 4), "out.jsonl");
        let failed = job.path(name);
        job.to_end(&["--failed-out", &failed]).exited(3);
        let text = fs::read_to_string(&failed).expect("written");
        assert_eq!(text.matches("the server answered 503").count(), 10, "{text}");
        let mut command = scrape([&failed]);
        command.args(ONCE).args(["-f", "jsonl"]);
        let ended = Run::to_end(command).exited(0);
        assert_eq!(ended.stdout.lines().count(), 10, "{}", ended.stdout);
        let ended = job.to_end(&["--failed-out", job.list.to_str().expect("UTF-8")]).exited(2);
        assert!(
            ended.stderr.contains("write the failed tasks to") && ended.stderr.contains("that is the list"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn the_list_of_failed_tasks_loses_and_repeats_nothing_in_a_run_that_is_killed() {
    let server = Server::start();
    // The first page holds back all records, so that they wait for it.
    let mut lines = vec![server.url("/sleep/2500/slow")];
    lines.extend((0..300).map(|n| server.url(&format!("/status/404?{n}"))));
    let job = Job::new(&lines, "out.json");
    let failed = job.path("failed.csv");
    let flags = ["--failed-out", &failed, "--set", "politeness.rate=100", "--concurrency", "4"];
    let run = Run::start(job.command(&flags));
    let count = || fs::read_to_string(&failed).map_or(0, |text| text.lines().count());
    wait_until("some failures", PROMPTLY, || count() > 60);
    run.signal(Signal::KILL);
    assert_eq!(run.finish().signal, Some(9));
    job.to_end(&[&flags[..], &["--resume"]].concat()).exited(3);
    let text = fs::read_to_string(&failed).expect("written");
    let mut tasks: Vec<u64> =
        text.lines().skip(1).map(|line| line.split(',').next().expect("a cell").parse().expect("a number")).collect();
    tasks.sort_unstable();
    assert!(tasks.iter().copied().eq(1..=300), "{tasks:?}");
}

#[test]
fn a_finished_output_is_not_resumed_and_an_output_of_another_list_is_made_anew() {
    let server = Server::start();
    let lines = list(&server, 8, 4);
    let job = Job::new(&lines, "out.json");
    job.to_end(&["--resume"]).exited(3);
    let (text, requests) = (job.text(), server.log().len());
    let ended = job.to_end(&["--resume"]).exited(3);
    assert!(ended.stderr.contains("is finished, nothing was fetched: 8 records, 2 failed"), "{}", ended.stderr);
    assert_eq!((job.text(), server.log().len()), (text, requests));
    job.to_end(&["--retry-failed"]).exited(0);
    assert!(job.to_end(&["--resume"]).exited(0).stderr.contains("8 records, 0 failed"));
    let requests = server.log().len();
    // Other rules, and a list that has grown.
    job.to_end(&["--resume", "--set=extract.title=\"h1::text\""]).exited(0);
    assert_eq!(server.log().len() - requests, 8);
    job.to_end(&["--resume", "--set", "output.record=data"]).exited(0);
    assert_eq!(server.log().len() - requests, 16);
    job.list_is(&list(&server, 9, 100));
    job.to_end(&["--resume"]).exited(0);
    assert_eq!(server.log().len() - requests, 25);
}
