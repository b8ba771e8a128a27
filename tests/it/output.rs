//! The output of a run: records, formats, the summary, and messages for people.

use std::fs;
use std::process::Command;

use crate::support::{ClosedPort, Finished, Run, Server, config, gleaner, records, scrape, scrape_list, values};
use serde_json::Value;

/// The only rule of these tests.
const TITLE: [&str; 2] = ["--set", "extract.title=h1::text"];

fn title(mut command: Command) -> Finished {
    command.args(TITLE);
    Run::to_end(command)
}

fn urls(records: &[crate::support::Record]) -> Vec<&str> {
    records.iter().map(|record| record.url.as_str()).collect()
}

#[test]
fn a_record_has_the_documented_keys_in_order() {
    let server = Server::start();
    let lines = [server.url("/moved/302/7"), server.url("/status/404"), "nonsense".to_owned()];
    let output = scrape_list(&lines, TITLE).finish().exited(3).stdout;
    let [page, missing, nonsense] = &records(&output)[..] else { panic!("{output}") };
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(
        lines[0],
        format!(
            r#"{{"seq":0,"url":"{}","final_url":"{}","status":200,"data":{{"title":"Page 7"}},"failure":null,"attempts":1,"elapsed_ms":{:?},"bytes":{},"worker":{},"fetched_at":"{}"}}"#,
            server.url("/moved/302/7"),
            server.url("/ok/7"),
            page.elapsed_ms,
            page.bytes,
            page.worker.expect("a worker fetched it"),
            page.fetched_at.as_deref().expect("it was fetched"),
        )
    );
    assert!((250..350).contains(&page.bytes), "{}", page.bytes);
    let url = server.url("/status/404");
    assert_eq!(
        lines[1],
        format!(
            r#"{{"seq":1,"url":"{url}","final_url":"{url}","status":404,"data":null,"failure":{{"kind":"http_status","stage":"fetch","message":"get {url}: the server answered 404 Not Found","causes":[]}},"attempts":1,"elapsed_ms":{:?},"bytes":{},"worker":{},"fetched_at":"{}"}}"#,
            missing.elapsed_ms,
            missing.bytes,
            missing.worker.expect("a worker fetched it"),
            missing.fetched_at.as_deref().expect("it was fetched"),
        )
    );
    let message = &nonsense.failure.as_ref().expect("a failure").message;
    assert_eq!(
        lines[2],
        format!(
            r#"{{"seq":2,"url":"nonsense","final_url":null,"status":null,"data":null,"failure":{{"kind":"invalid_url","stage":"list","message":"{message}","causes":[]}},"attempts":0,"elapsed_ms":0.0,"bytes":0,"worker":null,"fetched_at":null}}"#,
        )
    );
}

#[test]
fn the_format_follows_the_option_or_else_the_extension() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let records = ["{\"title\":\"Page 0\"}", "{\"title\":\"Page 1\"}", "null"];
    let json = format!("[\n{}\n]\n", records.join(",\n"));
    let jsonl = format!("{}\n", records.join("\n"));
    for (name, flags, expected) in [
        ("a.json", &[][..], &json),
        ("a.jsonl", &[], &jsonl),
        ("a", &[], &json),
        ("b.jsonl", &["--format", "json"], &json),
        ("b.json", &["--format", "jsonl"], &jsonl),
        ("c.json", &["--set", "output.format=jsonl"], &jsonl),
        ("-", &[], &json),
        ("/dev/stdout", &["-f", "jsonl"], &jsonl),
    ] {
        let output = folder.path().join(name);
        let mut command = scrape([server.url("/ok/0"), server.url("/ok/1"), server.url("/status/410")]);
        command.args(["--set", "output.record=data"]).args(flags).arg("--output");
        command.arg(if name == "-" { "-".as_ref() } else { output.as_os_str() });
        let run = title(command).exited(3);
        let to_stdout = name == "-" || name.starts_with('/');
        let written = if to_stdout { run.stdout } else { fs::read_to_string(&output).expect("the output exists") };
        assert_eq!(&written, expected, "{name} {flags:?}");
    }
    let left: Vec<_> = fs::read_dir(&folder).expect("the folder exists").flatten().map(|file| file.path()).collect();
    let (rules, outputs): (Vec<_>, Vec<_>) =
        left.iter().partition(|path| path.extension().is_some_and(|end| end == "rules"));
    assert_eq!(
        (outputs.len(), rules.len()),
        (6, 6),
        "the outputs, what they were made with, and nothing else: {left:?}"
    );
}

#[test]
fn an_old_output_stays_until_the_new_one_is_complete() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl");
    fs::write(&output, "the old one").expect("written");
    let mut command = scrape([server.url("/ok/0"), server.url("/sleep/300/1")]);
    command.arg("--output").arg(&output);
    let run = Run::start(command);
    crate::support::wait_until("the second page", crate::support::PROMPTLY, || server.in_flight() == 1);
    assert_eq!(fs::read_to_string(&output).expect("the file exists"), "the old one");
    run.finish().exited(0);
    assert_eq!(records(&fs::read_to_string(&output).expect("the file exists")).len(), 2);
}

#[test]
fn lists_standard_input_and_urls_form_one_list_in_the_order_of_the_arguments() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let list = |name: &str, text: String| {
        fs::write(folder.path().join(name), text).expect("written");
        folder.path().join(name)
    };
    let given = ["/ok/a", "/ok/b", "/ok/c", "/ok/d", "/ok/e"].map(|path| server.url(path));
    // A byte-order mark, both kinds of line endings, a blank line, a comment, white space, no line ending at the end.
    let first = list("first", format!("\u{feff}{}\r\n\r\n# {}\n  {}\t", given[0], server.url("/no"), given[1]));
    let mut command = scrape([first.as_os_str(), given[2].as_ref(), "-".as_ref()]);
    command.arg(list("last", format!("{}\n", given[4]))).args(["-f", "jsonl"]).args(TITLE);
    let run = Run::fed(command, format!("{}\n", given[3]).into_bytes()).finish().exited(0);
    assert_eq!(urls(&records(&run.stdout)), given);
}

#[test]
fn a_limit_ends_the_list_early() {
    let server = Server::start();
    let list: Vec<String> = (0..50).map(|n| server.url(&format!("/ok/{n}"))).collect();
    for limit in [0, 1, 7, 50, 99] {
        let before = server.log().len();
        let run = scrape_list(&list, ["--limit", &limit.to_string()]).finish().exited(0);
        assert_eq!(records(&run.stdout).len(), limit.min(50));
        assert_eq!(server.log().len() - before, limit.min(50));
    }
}

#[test]
fn completion_order_does_not_wait_for_slow_pages() {
    let server = Server::start();
    let list = [server.url("/sleep/600/0"), server.url("/sleep/300/1"), server.url("/ok/2")];
    for (order, expected) in [("completion", [2, 1, 0]), ("input", [0, 1, 2])] {
        let run = scrape_list(&list, ["-w", "1", "--order", order]).finish().exited(0);
        let seqs: Vec<i64> = values(&run.stdout).iter().filter_map(|record| record["seq"].as_i64()).collect();
        assert_eq!(seqs, expected, "{order}");
    }
}

#[test]
fn a_record_is_written_as_soon_as_all_earlier_ones_are() {
    let server = Server::start();
    let run = scrape_list(&[server.url("/ok/0"), server.url("/hang")], TITLE);
    crate::support::wait_until("the first record", crate::support::PROMPTLY, || run.stdout_so_far().ends_with("}\n"));
    run.signal(rustix::process::Signal::TERM);
    run.finish().exited(143);
}

#[test]
fn flags_override_the_environment_which_overrides_the_file_which_overrides_the_default() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("gleaner.toml"), "fetch.user_agent = 'found'").expect("written");
    fs::write(folder.path().join("named.toml"), "fetch = { user_agent = 'named', headers = { X-Of = 'file' } }")
        .expect("written");
    let table: [(&[&str], &str, &str, &str); 6] = [
        (&[], "", "found", ""),
        (&["--config", "named.toml"], "", "named", "file"),
        (&["-c", "named.toml"], "environment", "environment", "file"),
        (&["-c", "named.toml", "--user-agent", "flag"], "environment", "flag", "file"),
        (&["--set", "fetch.user_agent=set"], "environment", "set", ""),
        (&["-u", "flag", "-H", "X-Of: flag", "-c", "named.toml"], "", "flag", "flag"),
    ];
    for (flags, environment, agent, header) in table {
        let mut command = scrape([server.url("/ok/0")]);
        command.args(flags).current_dir(&folder);
        if !environment.is_empty() {
            command.env("GLEANER_FETCH_USER_AGENT", environment);
        }
        Run::to_end(command).exited(0);
        let request = server.log().pop().expect("a request");
        let sent = |name: &str| request.headers.get(name).map_or("", |value| value.to_str().expect("text"));
        assert_eq!((sent("user-agent"), sent("x-of")), (agent, header), "{flags:?}");
    }
    Run::to_end(scrape([server.url("/ok/0")])).exited(0);
    let request = server.log().pop().expect("a request");
    assert!(request.headers["user-agent"].to_str().expect("text").starts_with("gleaner/"), "{request:?}");
}

#[test]
fn the_summary_has_the_documented_fields_and_correct_sums() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary.json");
    let paths = ["/ok/0", "/moved/301/1", "/flaky/1/2?retry-after=0", "/status/404", "/status/410"];
    let mut list: Vec<String> = paths.iter().map(|path| server.url(path)).collect();
    list.push("nonsense".to_owned());
    let flags = ["-w", "2", "--max-tasks-per-worker", "2", "--summary", summary.to_str().expect("UTF-8")];
    let run = scrape_list(&list, flags).finish().exited(3);
    let text = fs::read_to_string(&summary).expect("the summary exists");
    let summary: Value = serde_json::from_str(&text).expect("JSON");
    assert!(text.starts_with(r#"{"version":2,"gleaner":""#), "{text}");
    let counts = r#","ending":"complete","tasks":6,"ok":3,"failed":3,"failures":{"http_status":2,"invalid_url":1},"#;
    assert!(text.contains(counts), "{text}");
    assert!(
        text.contains(r#","requests":7,"robots_requests":1,"retries":1,"parsed_by_reference":0,"bytes":"#),
        "{text}"
    );
    assert!(text.contains(r#","workers":[{"generation":"#), "{text}");
    let workers = summary["workers"].as_array().expect("a list");
    let sum = |key: &str| workers.iter().filter_map(|worker| worker[key].as_u64()).sum::<u64>();
    assert_eq!((sum("tasks"), sum("jobs")), (5, 8), "{text}");
    let records = records(&run.stdout);
    for worker in workers {
        let keys: Vec<&str> = worker.as_object().expect("an object").keys().map(String::as_str).collect();
        let mut expected = ["pid", "slot", "generation", "tasks", "jobs", "started_s", "placed_s", "ended_s", "end"];
        expected.sort_unstable();
        assert_eq!(keys, expected, "{text}");
        assert!(worker["jobs"].as_u64() <= Some(2), "{text}");
        assert!(worker["started_s"].as_f64() <= worker["ended_s"].as_f64(), "{text}");
        let end = worker["end"].as_str().expect("a word");
        assert!(matches!((end, worker["jobs"].as_u64()), ("quota", Some(2)) | ("finished", Some(1))), "{text}");
        let own = records.iter().filter(|record| record.worker.map(u64::from) == worker["pid"].as_u64()).count();
        assert_eq!(worker["tasks"].as_u64(), Some(own as u64), "{text}");
    }
    assert!(
        run.stderr
            .contains("6 tasks: 3 with data, 3 failed (404 x 1, 410 x 1, invalid_url x 1); 7 requests, 1 retry, "),
        "{}",
        run.stderr
    );
}

#[test]
fn the_summary_counts_the_pages_that_html5ever_parsed() {
    let server = Server::start();
    for (parser, count) in [("own", 0), ("reference", 2)] {
        let folder = tempfile::tempdir().expect("a folder");
        let summary = folder.path().join("summary.json");
        let setting = format!("extraction.parser={parser}");
        let flags = ["--set", &setting, "--summary", summary.to_str().expect("UTF-8")];
        scrape_list(&[server.url("/ok/0"), server.url("/ok/1")], flags).finish().exited(0);
        let summary: Value =
            serde_json::from_str(&fs::read_to_string(&summary).expect("the summary is there")).expect("JSON");
        assert_eq!(summary["parsed_by_reference"], count, "{parser}");
    }
}

#[test]
fn a_summary_on_standard_output_follows_the_records() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["/dev/stdout", "/dev/fd/1", "-"] {
        let path = folder.path().join("both.jsonl");
        let file = fs::File::create(&path).expect("created");
        let mut command = scrape([server.url("/ok/0")]);
        // A file and not a pipe: in a file, the summary could overwrite the records.
        command.args(["-f", "jsonl", "-o", name, "--summary", name]).stdout(file).current_dir(folder.path());
        assert!(command.status().expect("gleaner runs").success(), "{name}");
        let text = fs::read_to_string(&path).expect("the file exists");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 2, "{name}: {text}");
        assert_eq!((&lines[0]["seq"], &lines[1]["tasks"]), (&Value::from(0), &Value::from(1)), "{name}: {text}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "{name} does not become a file");
    }
}

#[test]
fn a_summary_does_not_replace_a_device() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/dev/null", &link).expect("linked");
    let mut command = scrape([server.url("/ok/0"), "--summary".to_owned()]);
    Run::to_end({
        command.arg(&link);
        command
    })
    .exited(0);
    assert!(fs::symlink_metadata(&link).expect("the file exists").is_symlink(), "the link is not replaced");
}

#[test]
fn verbose_output_has_a_line_for_each_task_with_pid_url_status_and_time() {
    let server = Server::start();
    let closed = ClosedPort::new();
    let gone = format!("http://{closed}/gone");
    let list = [server.url("/sleep/50/0"), server.url("/status/404"), "nonsense".to_owned(), gone];
    let run = scrape_list(&list, ["-v", "-w", "1", "--max-retries", "0", "--no-robots"]).finish().exited(3);
    let output = records(&run.stdout);
    let pid = output[0].worker.expect("a worker fetched it");
    let lines: Vec<&str> = run.stderr.lines().filter(|line| line.contains("INFO")).collect();
    assert_eq!(lines.len(), 4, "{}", run.stderr);
    let line = |url: &str| *lines.iter().find(|line| line.ends_with(url)).unwrap_or_else(|| panic!("{}", run.stderr));
    // The log has whole milliseconds, and the record is rounded to tenths: 52.96 ms are 52 and 53.0.
    let took = line(&list[0]).split_once(&format!("worker {pid}: 200 in ")).expect("its words").1;
    let ms: f64 = took.split_once(" ms: ").and_then(|it| it.0.parse().ok()).expect("a number");
    let recorded = output[0].elapsed_ms;
    assert!(ms >= 50.0 && recorded >= ms && recorded <= ms + 1.0, "{recorded}: {}", run.stderr);
    assert!(line(&list[1]).contains(&format!("worker {pid}: 404 http_status in ")), "{}", run.stderr);
    let why = "no worker: invalid_url: no scheme: write https://nonsense, or give --site (nonsense)";
    assert!(line("(nonsense)").contains(why), "{}", run.stderr);
    let why = format!("worker {pid}: connect: connect to host `127.0.0.1`");
    let end = format!("({}, in ", list[3]);
    assert!(lines.iter().any(|line| line.contains(&why) && line.contains(&end)), "{}", run.stderr);
}

#[test]
fn quiet_output_has_only_errors() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/status/404")];
    assert_eq!(scrape_list(&list, ["-q"]).finish().exited(3).stderr, "");
    let closing = scrape_list(&list, ["-w", "1"]).finish().exited(3).stderr;
    let lines: Vec<&str> = closing.lines().collect();
    assert!(lines[0].starts_with("2 tasks: 1 with data, 1 failed (404 x 1); 2 requests, "), "{closing}");
    assert!(lines[0].contains(", 1 worker, ") && lines[0].ends_with(" s"), "{closing}");
    let example = format!("  {}: 404 http_status", list[1]);
    assert_eq!(lines[1..], [example.as_str()], "no log and no progress, only the closing words");
    let error = Run::to_end(scrape(["no-such-list", "-q"])).exited(2).stderr;
    assert!(error.contains("no-such-list"), "{error}");
}

#[test]
fn progress_is_drawn_on_request_and_otherwise_only_on_a_terminal() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/status/404"), server.url("/sleep/500/1")];
    for (when, drawn) in [("auto", false), ("full", false), ("never", false), ("always", true)] {
        let run = scrape_list(&list, ["--progress", when]).finish().exited(3);
        assert_eq!(run.stderr.contains("2/3"), drawn, "{when}: {:?}", run.stderr);
        assert_eq!(run.stderr.contains("\u{1b}["), drawn, "{when}: {:?}", run.stderr);
    }
}

#[test]
fn check_finds_invalid_lines_without_a_request() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("list");
    let closing = ["\n1 task, 0 of them without a valid URL\n", "\n2 tasks, 1 of them without a valid URL\n"];
    for ((line, code), closing) in [("", 0), ("nonsense\n", 3)].into_iter().zip(closing) {
        fs::write(&list, format!("{}\n{line}", server.url("/ok/0"))).expect("written");
        let mut command = gleaner();
        command.arg("check").arg(&list);
        let run = Run::to_end(command).exited(code);
        assert!(run.stdout.ends_with(closing), "{}", run.stdout);
        assert_eq!(run.stderr.contains("nonsense"), code == 3, "{}", run.stderr);
    }
    assert!(server.log().is_empty());
}

#[test]
fn check_shows_changed_settings_first_and_the_rest_on_request() {
    let check = |arguments: &[&str]| {
        let mut command = gleaner();
        command.args(["check", "--set", "pool.workers=3", "--set", "fetch.max_retries=2", "-c"]);
        command.arg(config("books.toml")).args(arguments);
        let stdout = Run::to_end(command).exited(0).stdout;
        stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (short, all) = (check(&[]), check(&["--all"]));
    assert_eq!(short[0], "pool.workers = 3  # flag --set");
    let (closing, different) = short.split_last().expect("check prints settings");
    assert!(closing.ends_with(" settings with their defaults (--all shows them)"), "{closing}");
    assert!(
        !different.iter().any(|line| line.contains("fetch.max_retries") || line.ends_with("# default")),
        "{short:?}"
    );
    assert!(different.iter().any(|line| line.starts_with("extract.")), "{short:?}");
    assert_eq!(&all[..different.len()], different);
    assert!(all.contains(&"fetch.max_retries = 2  # flag --set".to_owned()), "{all:?}");
    assert!(all.iter().any(|line| line == "pool.task_timeout = \"60s\"  # default"), "{all:?}");
    assert!(closing.contains(&format!("# {} settings", all.len() - different.len())), "{closing}");
}

#[test]
fn a_command_line_of_urls_is_a_run() {
    let server = Server::start();
    let mut command = gleaner();
    command.args(["-f", "ndjson", &server.url("/ok/0"), "-q", &server.url("/ok/1")]);
    assert_eq!(records(&Run::to_end(command).exited(0).stdout).len(), 2);
}

#[test]
fn errors_and_warnings_use_colour_like_claps_errors() {
    let coloured = |arguments: &[&str], variables: &[(&str, &str)], code: i32| {
        let mut command = gleaner();
        command.args(arguments).envs(variables.iter().copied());
        Run::to_end(command).exited(code).stderr
    };
    let server = Server::start();
    let page = server.url("/ok/0");
    let table: [&[(&str, &str)]; 6] = [
        &[],
        &[("CLICOLOR_FORCE", "1")],
        &[("CLICOLOR_FORCE", "0")],
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
        &[("CLICOLOR", "1")],
        &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")],
    ];
    let mut seen = Vec::new();
    for variables in table {
        let of_clap = coloured(&["run", "--nonsense"], variables, 2);
        let label = &of_clap[..of_clap.find(' ').expect("words")];
        let ours = coloured(&["run", "no-such-list"], variables, 2);
        assert!(ours.starts_with(&format!("{label} read the list")), "{variables:?}: {ours:?} and {of_clap:?}");
        let warning = coloured(&["run", &page, "--insecure"], variables, 0);
        assert_eq!(warning.contains("\u{1b}["), of_clap.contains("\u{1b}["), "{variables:?}: {warning:?}");
        assert!(warning.contains("WARN"), "{warning:?}");
        seen.push(of_clap.contains("\u{1b}["));
    }
    assert!(seen.contains(&true) && seen.contains(&false), "the table has both");
}

#[test]
fn the_option_for_colours_has_priority_over_the_environment_and_holds_for_every_message() {
    let server = Server::start();
    let page = server.url("/ok/0");
    let lines: [(&[&str], i32); 4] = [
        (&["run", "--nonsense"], 2),
        (&["run", "no-such-list"], 2),
        (&["run", &page, "--insecure"], 0),
        (&["nonsense"], 2),
    ];
    for (when, is_coloured) in [("always", true), ("never", false)] {
        for variables in [[("NO_COLOR", "1")], [("CLICOLOR_FORCE", "1")]] {
            for (line, code) in lines {
                let mut command = gleaner();
                command.args(line).args(["--color", when]).envs(variables);
                let said = Run::to_end(command).exited(code).stderr;
                assert_eq!(said.contains("\u{1b}["), is_coloured, "{line:?} --color {when} {variables:?}: {said:?}");
            }
        }
    }
    let mut wrong = gleaner();
    wrong.args(["run", "--color", "sometimes", "no-such-list"]);
    assert!(Run::to_end(wrong).exited(2).stderr.contains("[possible values: auto, always, never]"));
}
