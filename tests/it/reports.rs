//! The summary of a run and its report: `--summary`, `--report`, `gleaner report`, `gleaner schema summary`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::json_schema::is_valid;
use crate::support::{ClosedPort, PROMPTLY, Run, Server, fixture, gleaner, scrape, wait_until};

fn schema() -> Value {
    let mut command = gleaner();
    command.args(["schema", "summary"]);
    serde_json::from_str(&Run::to_end(command).exited(0).stdout).expect("JSON")
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// `gleaner report` of a summary.
fn report(summary: &Path) -> Command {
    let mut command = gleaner();
    command.arg("report").arg(summary);
    command
}

/// Summaries of runs that differ in what they have, each with what it is a summary of.
fn summaries(folder: &Path) -> Vec<(&'static str, Value)> {
    let server = Server::start();
    let path = |name: &str| folder.join(name);
    let mut found = Vec::new();
    let mut run = |name: &'static str, exit: i32, arguments: &[String]| {
        let (summary, page) = (path("summary.json"), path("report.html"));
        let mut command = scrape(arguments);
        command.arg("--summary").arg(&summary).arg("--report").arg(&page);
        Run::to_end(command).exited(exit);
        let made = Run::to_end(report(&summary)).exited(0).stdout;
        assert!(made == fs::read_to_string(&page).expect("a report"), "{name}: two reports of one run differ");
        found.push((name, read(&summary)));
    };
    let flag = |text: &str| text.to_owned();
    let output = |name: &str| [flag("-o"), path(name).display().to_string()];
    let pages = ["/ok/1", "/status/404", "/redirect/1", "/flaky/1/2?retry-after=0", "/ok/2"].map(|it| server.url(it));
    run("complete", 3, &[&pages[..], &output("complete.jsonl")].concat());
    run("standard output", 3, &[&pages[..], &[flag("-f"), flag("jsonl"), flag("--limit"), flag("2")]].concat());
    let cached = [flag("--cache"), path("pages.cache").display().to_string()];
    run("cached", 3, &[&pages[..], &output("cached.jsonl"), &cached].concat());
    run("finished", 3, &[&pages[..], &output("complete.jsonl"), &[flag("--resume")]].concat());
    let entries = "<urlset><url><loc>http://site.localhost/page.html</loc></url></urlset>";
    fs::write(path("sitemap.xml"), entries).expect("written");
    fs::write(path("page.html"), "<title>A page</title>").expect("written");
    let site = ["--sitemap", "http://site.localhost/sitemap.xml", "--site"].map(flag);
    run("sitemap", 0, &[&site[..], &[folder.display().to_string()], &output("sitemap.jsonl")].concat());
    let stopped = ["--max-failures", "0"].map(flag);
    let one_by_one = ["-w", "1", "--concurrency", "1"].map(flag);
    run("failures", 4, &[&pages[1..2], &pages, &output("failures.jsonl"), &stopped, &one_by_one].concat());
    // More hosts than a summary has.
    let hosts: Vec<String> = (0..210).map(|host| format!("http://127.0.{host}.1:1/")).collect();
    let list = path("hosts.txt");
    fs::write(&list, hosts.join("\n")).expect("written");
    let quick = [flag("--no-robots"), flag("--max-retries"), flag("0")];
    run("many hosts", 3, &[&[list.display().to_string()], &output("hosts.jsonl")[..], &quick].concat());

    let list = path("slow.txt");
    fs::write(&list, [server.url("/ok/4"), server.url("/hang")].join("\n")).expect("written");
    let mut interrupted = scrape([&list]);
    let summary = path("interrupted.json");
    interrupted.args(output("slow.jsonl")).arg("--summary").arg(&summary);
    let going = Run::start(interrupted);
    wait_until("the slow page is asked for", PROMPTLY, || server.in_flight() > 0);
    going.signal(Signal::INT);
    going.finish().exited(130);
    found.push(("interrupted", read(&summary)));
    let mut resumed = scrape([&list]);
    let summary = path("resumed.json");
    resumed.args(output("slow.jsonl")).args(["--resume", "--deadline", "50ms", "--summary"]).arg(&summary);
    Run::to_end(resumed).exited(4);
    found.push(("resumed", read(&summary)));
    found
}

/// All keys in the schema, as docs/records.md names them: `workers[].pid`.
fn keys(schema: &Value, before: &str, into: &mut BTreeSet<String>) {
    if let Some(items) = schema.get("items") {
        keys(items, &format!("{before}[]"), into);
    }
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let name = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
        keys(schema, &name, into);
        into.insert(name);
    }
}

/// The value with one key less or more, at every place.
fn wrong_ones(value: &Value) -> Vec<Value> {
    let mut wrong = Vec::new();
    match value {
        Value::Object(entries) => {
            // Counts by kind and by end have any keys.
            let has_any_key = entries.values().all(Value::is_u64) && !entries.contains_key("tasks");
            for key in entries.keys().filter(|_| !has_any_key) {
                let mut less = entries.clone();
                less.remove(key);
                wrong.push(Value::from(less));
            }
            let mut more = entries.clone();
            more.insert("another key".to_owned(), json!("text"));
            wrong.push(Value::from(more));
            for (key, value) in entries {
                wrong.extend(wrong_ones(value).into_iter().map(|part| {
                    let mut whole = entries.clone();
                    whole.insert(key.clone(), part);
                    Value::from(whole)
                }));
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                wrong.extend(wrong_ones(first).into_iter().map(|part| json!([part])));
            }
        }
        _ => {}
    }
    wrong
}

/// Keys that a summary has only if there is something to say.
const OPTIONAL: [&str; 5] = ["resumed", "listing_requests", "cached", "other_hosts", "output"];

/// What a summary may also be, and what no summary is: another version, a key less or more at any place.
fn variations(summary: &Value) -> Vec<(Value, bool)> {
    let mut required = summary.clone();
    let entries = required.as_object_mut().expect("an object");
    OPTIONAL.iter().for_each(|key| drop(entries.remove(*key)));
    let versions = [json!(1), json!(3), json!("2"), Value::Null].map(|version| {
        let mut wrong = summary.clone();
        wrong["version"] = version;
        wrong
    });
    let wrong = wrong_ones(&required).into_iter().chain(versions).map(|wrong| (wrong, false));
    [(summary.clone(), true), (required.clone(), true)].into_iter().chain(wrong).collect()
}

/// The schema with summaries of real runs, and with what no summary is.
pub(crate) fn schema_and_summaries() -> (Value, Vec<(Value, bool)>) {
    let folder = tempfile::tempdir().expect("a folder");
    let summaries = summaries(folder.path());
    (schema(), summaries.iter().flat_map(|(_, summary)| variations(summary)).collect())
}

#[test]
fn the_summaries_of_all_sorts_of_runs_fit_the_schema_and_others_do_not() {
    let schema = schema();
    let folder = tempfile::tempdir().expect("a folder");
    let summaries = summaries(folder.path());
    let mut seen = BTreeSet::new();
    for (name, summary) in &summaries {
        seen.extend(summary.as_object().expect("an object").keys().cloned());
        for (value, is_summary) in variations(summary) {
            assert_eq!(is_valid(&schema, &value), is_summary, "{name}: {value:#}");
        }
    }
    let of_schema: BTreeSet<String> = schema["properties"].as_object().expect("properties").keys().cloned().collect();
    assert_eq!(seen, of_schema, "each key is in one of the summaries");
    let endings: Vec<_> = summaries.iter().map(|(name, summary)| (*name, summary["ending"].as_str())).collect();
    let expected = [
        ("complete", "complete"),
        ("standard output", "complete"),
        ("cached", "complete"),
        ("finished", "complete"),
        ("sitemap", "complete"),
        ("failures", "failures"),
        ("many hosts", "complete"),
        ("interrupted", "interrupted"),
        ("resumed", "deadline"),
    ];
    assert_eq!(endings, expected.map(|(name, ending)| (name, Some(ending))));
}

#[test]
fn every_key_of_the_summary_is_documented_and_the_other_way_round() {
    let schema = schema();
    let (mut in_program, mut of_times) = (BTreeSet::new(), BTreeSet::new());
    keys(&schema, "", &mut in_program);
    keys(&schema["definitions"]["times"], "", &mut of_times);
    // `other_hosts` is described as a whole.
    in_program.retain(|key| !key.starts_with("other_hosts."));
    let text = fs::read_to_string(fixture("../docs/records.md")).expect("the document");
    let section = text.split("## The summary").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("a section");
    let tables: Vec<BTreeSet<String>> = section
        .split("|---|---|\n")
        .skip(1)
        .map(|table| {
            let rows = table.lines().take_while(|line| line.starts_with('|'));
            let cells = rows.filter_map(|row| row.split('|').nth(1));
            cells.flat_map(|cell| cell.split(", ").map(|key| key.trim().trim_matches('`').to_owned())).collect()
        })
        .collect();
    assert_eq!(tables, [in_program, of_times]);
}

#[test]
fn what_is_not_a_summary_has_no_report_and_the_error_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("summary.json");
    let table: [(&[u8], &str); 9] = [
        (br#"{"version":1,"tasks":1,"ok":1,"failed":0}"#, "it is of an older version of gleaner"),
        (br#"{"version":3}"#, "its version is 3, and this gleaner knows version 2"),
        (br#"{"version":2,"tasks":1}"#, "missing field"),
        (br#"{"version":2,"tasks":-1}"#, "invalid value"),
        (b"{}", "it is not a summary that `gleaner run --summary FILE` writes"),
        (b"[1]", "it is not a summary that `gleaner run --summary FILE` writes"),
        (b"{\"seq\":0,\"url\":\"http://h/\"}\n{\"seq\":1}\n", "it is not a summary"),
        (b"", "it is not a summary"),
        (b"\xff\x00<html>", "it is not a summary"),
    ];
    for (content, part) in table {
        fs::write(&path, content).expect("written");
        let output = folder.path().join("report.html");
        let mut command = report(&path);
        command.arg("-o").arg(&output);
        let run = Run::to_end(command).exited(2);
        assert!(run.stderr.starts_with(&format!("error: read the summary `{}`: ", path.display())), "{}", run.stderr);
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        assert!(!output.exists(), "{part}");
    }
    let deep = format!("{{\"version\":2,\"a\":{}", "[".repeat(1_000_000));
    for (name, content) in [("deep.json", deep), ("missing.json", String::new())] {
        let path = folder.path().join(name);
        if !content.is_empty() {
            fs::write(&path, content).expect("written");
        }
        assert!(Run::to_end(report(&path)).exited(2).stderr.contains(name), "{name}");
    }
    assert!(Run::to_end(report(folder.path())).exited(2).stderr.contains("it is a folder"));
    let large = fs::File::create(folder.path().join("large.json")).expect("created");
    large.set_len((64 << 20) + 1).expect("a sparse file");
    let run = Run::to_end(report(&folder.path().join("large.json"))).exited(2);
    assert!(run.stderr.contains("it is larger than 64 MiB"), "{}", run.stderr);
}

#[test]
fn a_report_never_takes_the_place_of_its_summary_which_may_come_from_standard_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let server = Server::start();
    let mut command = scrape([server.url("/ok/1")]);
    Run::to_end({
        command.args(["-o", "/dev/null", "--summary"]).arg(path("summary.json"));
        command
    })
    .exited(0);
    let summary = fs::read(path("summary.json")).expect("written");
    fs::hard_link(path("summary.json"), path("hard.json")).expect("linked");
    std::os::unix::fs::symlink("summary.json", path("soft.json")).expect("linked");
    for name in ["summary.json", "hard.json", "soft.json"] {
        let mut command = report(&path("summary.json"));
        command.arg("-o").arg(path(name));
        let said = Run::to_end(command).exited(2).stderr;
        let words = format!("error: write the report to `{}`: that is the summary, ", path(name).display());
        assert!(said.starts_with(&words), "{said}");
        assert!(fs::read(path("summary.json")).expect("it is there") == summary, "{name}");
    }
    let page = Run::to_end(report(&path("summary.json"))).exited(0).stdout;
    assert_eq!(Run::fed(report(Path::new("-")), summary).finish().exited(0).stdout, page);
}

#[test]
fn closing_files_that_cannot_be_written_cost_neither_each_other_nor_the_closing_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let server = Server::start();
    // The second run is finished already.
    for resumed in ["", "--resume"] {
        let with = |files: [&str; 4]| {
            let mut command = scrape([server.url("/ok/1")]);
            command.current_dir(&folder).args(["-o", "out.jsonl"]).args(files);
            command.args((!resumed.is_empty()).then_some(resumed));
            Run::to_end(command).exited(1).stderr
        };
        let words = if resumed.is_empty() { "written to out.jsonl" } else { "`out.jsonl` is finished" };
        let no_room = |what: &str| format!("error: write the {what} to `/dev/full`: No space left on device");
        let said = with(["--summary", "/dev/full", "--report", "report.html"]);
        assert!(said.contains(words) && said.contains(&no_room("summary")), "{said}");
        assert!(path("report.html").exists(), "{said}");
        let said = with(["--summary", "/dev/full", "--report", "/dev/full"]);
        let all = [words, &no_room("summary"), &no_room("report")];
        assert!(all.iter().all(|words| said.contains(words)), "{said}");
        fs::remove_file(path("report.html")).expect("it is there");
    }
}

#[test]
fn an_example_of_a_failure_to_connect_says_the_reason_of_the_system() {
    let folder = tempfile::tempdir().expect("a folder");
    let closed = ClosedPort::new();
    for robots in [&[][..], &["--no-robots"]] {
        let summary = folder.path().join("summary.json");
        let mut command = scrape([format!("http://{}/", closed.addr)]);
        command.args(["-o", "/dev/null", "--max-retries", "0", "--summary"]).arg(&summary).args(robots);
        let said = Run::to_end(command).exited(3).stderr;
        let message = read(&summary)["failures_by_status"][0]["examples"][0]["message"].to_string();
        assert!(message.contains("Connection refused") && said.contains("Connection refused"), "{message}: {said}");
    }
}

#[test]
fn neither_the_summary_nor_the_report_has_a_secret() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let with = |url: &str, user: &str| url.replace("http://", &format!("http://{user}@"));
    let here = server.url("/ok/1");
    let settings = format!(
        "[hosts.'a.example']\nbearer = 'SECRET-1'\nheaders = {{ X-Key = 'SECRET-2' }}\nproxy = 'http://u:SECRET-3@127.0.0.1:1'\n\
         [hosts.'b.example']\nbasic = 'u:SECRET-4'\n[network]\nproxies = ['none']\n[fetch]\nheaders = {{ X-Other = 'SECRET-5' }}\n\
         [cookies]\nenabled = true\nload = '{}'\n",
        path("cookies.txt").display()
    );
    fs::write(path("gleaner.toml"), settings).expect("written");
    fs::write(path("cookies.txt"), "127.0.0.1\tFALSE\t/\tFALSE\t0\tname\tSECRET-6\n").expect("written");
    let list = [
        with(&here, "u:SECRET-7"),
        with(&server.url("/status/404"), "u:SECRET-8"),
        "//u:SECRET-9@h/".to_owned(),
        "u:SECRET-15@h/".to_owned(),
    ];
    fs::write(path("list.txt"), list.join("\n")).expect("written");
    let sitemap = "<urlset></urlset>";
    fs::write(path("sitemap.xml"), sitemap).expect("written");
    let mut command = scrape(["list.txt", &with(&server.url("/ok/2"), "u:SECRET-10")]);
    command.current_dir(&folder).env("GLEANER_HOSTS_TOKEN", "SECRET-11");
    command.args(["-c", "gleaner.toml", "-H", "Cookie: a=SECRET-12", "-H", "X-Third: SECRET-13"]);
    command.args(["--set", "hosts.'c.example'.bearer=SECRET-14", "--sitemap", "sitemap.xml", "-o", "out.jsonl"]);
    command.args(["--summary", "summary.json", "--report", "report.html"]);
    command.env_remove("GLEANER_HOSTS_TOKEN");
    command.arg("-vv");
    let said = Run::to_end(command).exited(3).stderr;
    assert!(!said.contains("SECRET"), "{said}");
    for name in ["summary.json", "report.html"] {
        let text = fs::read_to_string(path(name)).expect("written");
        assert!(!text.contains("SECRET"), "{name}: {text}");
        assert!(text.contains("(hidden)") && text.contains("x-third") && text.contains("a.example"), "{name}: {text}");
    }
    let summary = read(&path("summary.json"));
    let plain = server.url("/ok/2");
    assert_eq!(summary["lists"], json!(["list.txt", plain, "sitemap.xml"]), "{summary}");
    assert_eq!(summary["output"], "out.jsonl");
}

#[test]
fn connecting_is_measured_for_new_connections_alone() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary.json");
    let pages: Vec<String> = (0..6).map(|page| server.url(&format!("/ok/{page}"))).collect();
    let mut command = scrape(&pages);
    command.args(["-w", "1", "--concurrency", "1", "-o", "/dev/null", "--no-robots", "--summary"]).arg(&summary);
    Run::to_end(command).exited(0);
    let latency = read(&summary)["latency"].clone();
    let count = |phase: &str| latency[phase]["count"].as_u64();
    assert_eq!((count("connect"), count("first_byte")), (Some(1), Some(6)), "{latency:#}");
    assert!(latency["connect"]["max_s"].as_f64() > Some(0.0), "{latency:#}");
    assert!(latency["connect"]["max_s"].as_f64() <= latency["first_byte"]["max_s"].as_f64(), "{latency:#}");
}
