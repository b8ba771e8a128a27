//! `gleaner try` and `gleaner init`, as a person uses them.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Finished, Run, Server, fixture, gleaner};

/// A user with an own cache folder, in an empty folder.
struct User {
    home: TempDir,
    folder: TempDir,
}

impl User {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Self { home: folder(), folder: folder() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = gleaner();
        command.args(arguments).env("XDG_CACHE_HOME", self.home.path()).current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Run::to_end(self.command(arguments))
    }

    /// Runs `gleaner try --json` and reads what it writes.
    fn look(&self, arguments: &[&str], code: i32) -> Value {
        let run = self.run(&[&["try", "--json"], arguments].concat()).exited(code);
        assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
        serde_json::from_str(&run.stdout).expect("JSON")
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("the folder is ours");
        path.display().to_string()
    }
}

fn site() -> String {
    fixture("site").display().to_string()
}

#[test]
fn a_page_is_fetched_once_and_again_if_asked() {
    let (server, user) = (Server::start(), User::new());
    let url = server.url("/ok/1");
    let first = user.look(&[&url, "title::text-content"], 0);
    assert_eq!(first["copy"], "fetched");
    assert_eq!(first["fields"][0]["sources"][0]["matches"], 1);
    let second = user.look(&[&url, "//title/text()"], 0);
    assert_eq!((second["copy"].as_str(), second["data"]["//title/text()"][0].is_string()), (Some("kept"), true));
    assert_eq!((server.hits("/ok/1"), server.robots_hits()), (1, 1));
    assert_eq!(user.look(&[&url, "title", "--again"], 0)["copy"], "fetched");
    assert_eq!(server.hits("/ok/1"), 2);
    // Another request may have another answer.
    assert_eq!(user.look(&[&url, "title", "-H", "Accept-Language: de"], 0)["copy"], "fetched");
    assert_eq!(user.look(&[&url, "title", "-u", "other"], 0)["copy"], "fetched");
    assert_eq!(server.hits("/ok/1"), 4);

    let folder = user.home.path().join("gleaner/try");
    let files: Vec<_> = fs::read_dir(folder).expect("the folder").flatten().collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_copy_gives_the_same_as_the_page_itself() {
    let user = User::new();
    let arguments = ["quotes.html", "--site", &site(), "h1::text-content", "a::url", "//meta/@charset"];
    let (mut first, mut second) = (user.look(&arguments, 0), user.look(&arguments, 0));
    assert_eq!((first["copy"].as_str(), second["copy"].as_str()), (Some("fetched"), Some("kept")));
    for report in [&mut first, &mut second] {
        report["copy"] = Value::Null;
        report["age_s"] = Value::Null;
    }
    assert_eq!(first, second);
    assert_eq!(first["final_url"], "http://site.localhost/quotes.html");
}

#[test]
fn a_page_that_fails_says_why_and_is_not_kept() {
    let (server, user) = (Server::with_robots("User-agent: *\nDisallow: /ok/\n"), User::new());
    let denied = user.look(&[&server.url("/ok/1"), "h1"], 3);
    assert_eq!((denied["failure"]["kind"].as_str(), server.hits("/ok/1")), (Some("robots_denied"), 0));
    user.look(&[&server.url("/ok/1"), "h1", "--no-robots"], 0);
    for _ in 0..2 {
        let missing = user.look(&[&server.url("/status/404"), "h1"], 3);
        assert_eq!(missing["failure"]["kind"], "http_status");
    }
    assert_eq!(server.hits("/status/404"), 2);
    let text = user.run(&["try", &server.url("/status/404"), "h1"]).exited(3);
    assert!(text.stdout.starts_with("the page fails (http_status): get http://"), "{}", text.stdout);
    // A redirect is followed, and the copy has the URL of its end.
    let moved = user.look(&[&server.url("/redirect/2"), "h1", "--no-robots"], 0);
    assert_ne!(moved["url"], moved["final_url"]);
}

#[test]
fn files_and_standard_input_are_pages_too() {
    let user = User::new();
    let html = user.file("page.html", b"<!-- saved from url=(0018)http://h/a/b.html --><h1>T</h1><a href=c>x</a>");
    let json = user.file("page.json", br#"{"items": [{"name": "a"}]}"#);
    let unnamed = user.file("page", br#" [{"name": "a"}]"#);
    let xml = user.file("page.xml", b"<a><Name>x</Name></a>");
    let table = [
        (&html, "a::url", "html", "http://h/a/c"),
        (&json, "$.items[0].name", "json", "a"),
        (&unnamed, "$[*].name", "json", "a"),
        (&xml, "Name::text", "xml", "x"),
    ];
    for (file, selector, kind, value) in table {
        let report = user.look(&[file, selector], 0);
        assert_eq!((report["kind"].as_str(), report["copy"].as_str()), (Some(kind), Some("file")), "{file}");
        assert_eq!(report["data"][selector][0], value, "{file}");
        assert_eq!(report["fields"][0]["sources"][0]["hint"], Value::Null, "{file}");
    }
    let mut child = user.command(&["try", "-", "h1::text"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("it is piped").write_all(b"<h1>In</h1>").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && text.contains("\"In\"") && text.starts_with("standard input\n"), "{text}");
    // Nothing of a file is kept.
    assert!(!user.home.path().join("gleaner").exists());
}

#[test]
fn the_rules_of_the_settings_are_tried_if_no_selector_is_given() {
    let user = User::new();
    let rules = "[extract]\nname = \"h1::text-content\"\nprice = { css = \".price\", type = \"number\" }\n\
                 none = \".prise\"\n[extract.items]\neach = \"li\"\nof = \"b::text\"\n";
    user.file("gleaner.toml", rules.as_bytes());
    let page = user.file("p.html", b"<h1>N</h1><p class=price>cheap</p><ul><li><b>1</b><li><b>2</b><li>x</ul>");
    let report = user.look(&[&page], 0);
    let data = serde_json::json!({"name": "N", "price": null, "none": null, "items": [{"of": "1"}, {"of": "2"}, {"of": null}]});
    assert_eq!(report["data"], data);
    let coverage = serde_json::json!({"fields": 5, "with_values": 3, "empty": ["none"], "bad": ["price"]});
    assert_eq!(report["coverage"], coverage);
    assert_eq!(
        (report["warnings"][0]["field"].as_str(), report["warnings"][0]["problem"].as_str()),
        (Some("price"), Some("bad_value"))
    );
    let text = user.run(&["try", &page]).exited(0).stdout;
    for part in [
        "name = \"N\"\n  css h1::text-content: 1 match\n    \"N\"  1:1  html > body > h1\n",
        "none = null\n  css .prise: nothing\n    `.prise` finds nothing\n    did you mean `.price`? (1)\n",
        "items.of = \"1\", \"2\", null\n",
        "warning: price does not fit its type",
        "3 of 5 fields with values; empty: none; values that do not fit: price\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "there are colours only on a terminal: {text}");
    // A required field that is missing fails the page, and what the rules find is shown all the same.
    let required = ["--set", "extract.none={css=\".prise\",required=true}"];
    let report = user.look(&[&[page.as_str()], &required[..]].concat(), 3);
    assert_eq!((report["failure"]["kind"].as_str(), report["data"].is_null()), (Some("missing_field"), true));
    assert_eq!(report["fields"][0]["sources"][0]["matches"], 1);
}

#[test]
fn wrong_arguments_are_usage_errors_that_name_the_thing() {
    let user = User::new();
    let page = user.file("p.html", b"<p>");
    let folder = user.folder.path().display().to_string();
    let table: [(&[&str], &str); 9] = [
        (&["try", &page, "p::txt"], "use `p::txt`: selector: unknown pseudo-element `::txt`"),
        (&["try", &page, "//p["], "use `//p[`: XPath expression:"),
        (&["try", &page, "$.a["], "use `$.a[`: JSON path:"),
        (&["try", "example.org/page", "p"], "read `example.org/page` (a URL starts with http:// or https://)"),
        (&["try", &folder, "p"], "it is a folder"),
        (&["try", &page, "p", "--set", "fetch.max_body=1"], "fetch.max_body"),
        (&["try"], "required arguments were not provided"),
        (&["init", "-o", &page], "it exists already, and is not overwritten"),
        (&["init", "-o", "nowhere/x.toml"], "there is no folder `nowhere`, create it (mkdir -p nowhere)"),
    ];
    for (arguments, part) in table {
        let run = user.run(arguments).exited(2);
        assert!(run.stderr.contains(part) && run.stdout.is_empty(), "{arguments:?}: {}{}", run.stdout, run.stderr);
    }
    assert_eq!(fs::read(&page).expect("it is still there"), b"<p>");
}

#[test]
fn a_page_cannot_control_the_terminal() {
    let user = User::new();
    let hostile = "<title>\u{1b}]0;x\u{7}</title><p class='\u{1b}[31m' title='\u{9b}1m\u{202e}'>\u{1b}[2Ja\u{85}</p>";
    let page = user.file("p.html", hostile.as_bytes());
    for json in [&[][..], &["--json"]] {
        let arguments = [&["try", &page, "title::text", "p", "p.a", "p::attr(titel)", "p::attr(title)"], json].concat();
        let run = user.run(&arguments).exited(0);
        assert!(!run.stdout.contains(|c: char| c.is_control() && c != '\n'), "{:?}", run.stdout);
    }
}

#[test]
fn a_page_that_keeps_its_worker_busy_fails_and_the_command_ends() {
    let user = User::new();
    let page = user.file("p.html", "<div><p class=a>x".repeat(40_000).as_bytes());
    let report = user.look(&[&page, "div div p::text-content", "--set", "pool.task_timeout=50ms"], 3);
    assert_eq!(report["failure"]["kind"], "worker_timeout");
    let text = user.run(&["try", &page, "div p.b", "--set", "pool.task_timeout=50ms"]).exited(3).stdout;
    assert!(text.contains("the page fails (worker_timeout): "), "{text}");
}

#[test]
fn a_folder_that_cannot_be_used_costs_only_the_copy() {
    let (server, user) = (Server::start(), User::new());
    fs::write(user.home.path().join("gleaner"), "a file").expect("the folder is ours");
    for _ in 0..2 {
        let run = user.run(&["try", &server.url("/ok/1"), "title"]).exited(0);
        assert!(run.stderr.contains("the page is not kept for the next call"), "{}", run.stderr);
    }
    assert_eq!(server.hits("/ok/1"), 2);
}

// ---- init --------------------------------------------------------------------------------------------------------

#[test]
fn a_starter_file_is_written_once_and_is_valid() {
    let user = User::new();
    let run = user.run(&["init"]).exited(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "wrote gleaner.toml\n"));
    user.run(&["check"]).exited(0);
    let written = fs::read_to_string(user.folder.path().join("gleaner.toml")).expect("it is there");
    assert!(written.starts_with("#:schema ./gleaner.schema.json\n"), "{written}");
    let again = user.run(&["init"]).exited(2);
    assert!(again.stderr.contains("write `gleaner.toml`: it exists already"), "{}", again.stderr);
    assert_eq!(user.run(&["init", "-o", "-"]).exited(0).stdout, written);
    let failed = user.run(&["init", "no-such-file.html", "-o", "x.toml"]).exited(2);
    assert!(failed.stderr.contains("no-such-file.html") && !user.folder.path().join("x.toml").exists());
}

/// The pages of a folder below `fixtures`, as paths in it.
fn pages(folder: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let mut folders = vec![fixture(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| ["html", "xml", "json"].iter().any(|known| it == *known)) {
                let below = path.strip_prefix(fixture(folder)).expect("it is inside");
                pages.push(below.display().to_string());
            }
        }
    }
    pages.sort();
    pages
}

/// Checks the settings that `init` writes for some pages: `check` accepts them, and each field has data in a run.
fn rules_work(folder: &str, pages: &[String]) {
    let user = User::new();
    let root = fixture(folder).display().to_string();
    for (nth, page) in pages.iter().enumerate() {
        let (settings, output) = (format!("{nth}.toml"), format!("{nth}.jsonl"));
        let of_site = ["--site", root.as_str()];
        user.run(&[&["init", page, "-o", &settings], &of_site[..]].concat()).exited(0);
        user.run(&["check", "-c", &settings]).exited(0);
        let url = format!("http://site.localhost/{page}");
        let run = ["run", &url, "-c", &settings, "-o", &output];
        user.run(&[&run[..], &of_site[..], &["--set", "output.record=data"]].concat()).exited(0);
        let data = fs::read_to_string(user.folder.path().join(&output)).expect("it is written");
        let data: Value = serde_json::from_str(&data).expect("JSON");
        let fields = data.as_object().expect("an object");
        assert!(!fields.is_empty(), "{page} has no fields");
        let text = fs::read_to_string(user.folder.path().join(&settings)).expect("it is written");
        // Only a page in which nothing is found gets the example.
        if !text.contains("The page has nothing") {
            let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            let empty: Vec<&String> =
                fields.iter().filter(|(_, value)| is_empty(value)).map(|(name, _)| name).collect();
            assert!(empty.is_empty(), "{page}: {empty:?} have no value\n{text}");
        }
    }
}

#[test]
fn init_writes_rules_that_work_for_the_pages_of_the_recipes() {
    rules_work("recipes", &pages("recipes"));
}

#[test]
fn init_writes_rules_that_work_for_the_pages_of_the_site() {
    // All books have one template, and so have the pages of the catalogue.
    let is_one_of_many = |page: &String| page.starts_with("books/") || page.starts_with("catalogue/");
    let all = pages("site");
    let (many, few): (Vec<String>, Vec<String>) = all.into_iter().partition(is_one_of_many);
    let some = many.into_iter().step_by(9);
    rules_work("site", &few.into_iter().chain(some).collect::<Vec<_>>());
}

#[test]
fn init_finds_what_a_list_page_repeats() {
    let user = User::new();
    let text = user.run(&["init", "catalogue/page-1.html", "--site", &site(), "-o", "-"]).exited(0).stdout;
    for line in [
        "each = \"article.card\"",
        "title = \"h3 a::attr(title)\"  # The Bear Who Collected Corners",
        "price = { css = \"p.price::text-content\", type = \"number\" }  # £7.99",
        "stock = \"p.stock::text-content\"  # In stock",
    ] {
        assert!(text.lines().any(|its| its == line), "{line}\n{text}");
    }
}

// ---- docs/first-steps.md -----------------------------------------------------------------------------------------

/// Removes what is different in each run.
fn without_chance(line: &str) -> String {
    let age = regex::Regex::new("the copy of [^ ]+ ago").expect("an expression");
    age.replace(line.trim_end(), "the copy of _ ago").into_owned()
}

/// Compares output with what is printed, where a line `...` stands for any lines.
fn assert_printed(command: &str, output: &str, printed: &[String]) {
    // The line about the run has its time.
    let is_time = |line: &&str| line.ends_with(" s") && line.contains(" with data");
    let mut lines = output.lines().filter(|line| !is_time(line)).map(without_chance);
    let mut is_gap = false;
    for line in printed {
        if line == "..." {
            is_gap = true;
            continue;
        }
        let line = without_chance(line);
        let found = if is_gap { lines.any(|its| its == line) } else { lines.next().as_ref() == Some(&line) };
        assert!(found, "`{command}` does not print this line there: {line}\n{output}");
        is_gap = false;
    }
    assert!(is_gap || lines.next().is_none(), "`{command}` prints more\n{output}");
}

#[test]
fn the_first_steps_work_as_they_are_printed() {
    let document =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/first-steps.md")).expect("it exists");
    let user = User::new();
    std::os::unix::fs::symlink(fixture(""), user.folder.path().join("fixtures")).expect("a link");
    let program = Path::new(env!("CARGO_BIN_EXE_gleaner")).parent().expect("a folder").display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
    let mut steps = 0;
    for block in document.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let mut lines = block.lines().peekable();
        while let Some(line) = lines.next() {
            let command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {line}"));
            let mut printed = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                printed.push(line.to_owned());
            }
            let mut shell = crate::support::shell(&format!("({command}) 2>&1"));
            shell.env("PATH", &path).env("XDG_CACHE_HOME", user.home.path()).current_dir(user.folder.path());
            let run = Run::to_end(shell).exited(0);
            assert_printed(command, &run.stdout, &printed);
            steps += 1;
        }
    }
    assert!(steps >= 6, "some are missing: {steps}");
}
