//! Checks the data that the rules extract from the bundled site, and that it does not depend on how workers share the
//! work.

use std::fs;

use crate::support::{Run, config, fixture, records, scrape};

/// A list, its rules, and the data that parsel extracts with them.
const SETS: [(&str, &str, &str); 4] = [
    ("books.txt", "books.toml", "expected/books.jsonl"),
    ("quotes.txt", "quotes.toml", "expected/quotes.jsonl"),
    ("catalogue.txt", "links.toml", "expected/catalogue.jsonl"),
    ("charsets.txt", "../fixtures/charsets.toml", "expected/charsets.jsonl"),
];

/// A run over a list of pages of the bundled site.
fn run_over(list: &str, rules: Option<&str>) -> std::process::Command {
    let mut command = scrape([fixture(list)]);
    command.arg("--site").arg(fixture("site"));
    if let Some(rules) = rules {
        command.arg("--config").arg(config(rules));
    }
    command
}

fn tasks(list: &str) -> Vec<String> {
    let list = fs::read_to_string(fixture(list)).expect("the list exists");
    list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn the_main_task_writes_records_in_list_order_with_the_data_that_parsel_finds() {
    let folder = tempfile::tempdir().expect("a folder");
    for (list, rules, expected) in SETS {
        let output = folder.path().join("out.json");
        let mut command = run_over(list, Some(rules));
        command.args(["--set", "output.record=full", "--format", "json", "--output"]).arg(&output);
        let run = Run::to_end(command).exited(0);
        assert_eq!(run.stdout, "", "{list}");
        let records = records(&fs::read_to_string(&output).expect("the output exists"));
        let expected = fs::read_to_string(fixture(expected)).expect("the file exists");
        assert_eq!(records.iter().map(|record| record.url.as_str()).collect::<Vec<_>>(), tasks(list), "{list}");
        for (record, expected) in records.iter().zip(expected.lines()) {
            assert_eq!(record.raw(), expected, "{}", record.url);
            assert_eq!((record.status, record.attempts), (Some(200), 1), "{}", record.url);
            assert_eq!(record.final_url, Some(format!("http://site.localhost/{}", record.url)));
        }
        assert_eq!(records.len(), expected.lines().count(), "{list}");
    }
}

#[test]
fn output_of_data_alone_equals_the_expected_file_byte_for_byte() {
    for (list, rules, expected) in SETS {
        let mut command = run_over(list, Some(rules));
        command.args(["--set", "output.record=data", "--format", "jsonl"]);
        let run = Run::to_end(command).exited(0);
        assert_eq!(run.stdout, fs::read_to_string(fixture(expected)).expect("the file exists"), "{list}");
    }
}

#[test]
fn data_does_not_depend_on_workers_quota_or_concurrency() {
    let answers = |workers: &str, quota: &str, concurrency: &str| -> Vec<String> {
        let mut command = run_over("everything.txt", Some("links.toml"));
        command.args(["-w", workers, "--max-tasks-per-worker", quota, "--concurrency", concurrency]);
        let run = Run::to_end(command).exited(3);
        let answer = |record: &crate::support::Record| format!("{} {} {}", record.url, record.raw(), record.kind());
        records(&run.stdout).iter().map(answer).collect()
    };
    let sequential = answers("1", "0", "1");
    assert_eq!(sequential.len(), 15);
    assert_eq!(sequential.iter().filter(|answer| answer.contains(r#"{"title":"#)).count(), 10);
    for workers in ["1", "2", "7"] {
        for quota in ["0", "1"] {
            for concurrency in ["1", "64"] {
                let parallel = answers(workers, quota, concurrency);
                assert_eq!(parallel, sequential, "{workers} workers, quota {quota}, concurrency {concurrency}");
            }
        }
    }
}
