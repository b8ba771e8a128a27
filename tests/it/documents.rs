//! Checks that the documents agree with the program.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use gleaner::config::{self, Loaded, Sources};
use gleaner::exit_code::Exit;
use gleaner::model::{FailureKind, Stage};
use proc_macro2::{TokenStream, TokenTree};
use serde::de::DeserializeOwned;

/// README's first command: the main task of the program.
const RUN: &str =
    "cargo run --release -- run fixtures/books.txt --site fixtures/site -c config/books.toml -o books.json";

/// README's second command.
const TEST: &str = "cargo test";

#[test]
fn the_readme_shows_the_two_commands_on_separate_lines() {
    let commands: Vec<String> = blocks(&read("README.md"), "sh").concat();
    assert_eq!(commands, [RUN, TEST], "the first block of commands");
}

#[test]
fn files_of_the_first_command_exist() {
    for word in RUN.split(' ').filter(|word| word.contains('/')) {
        assert!(path(word).exists(), "{word}");
    }
}

#[test]
fn ci_ends_with_the_test_command_of_the_readme() {
    let script = read(".ci/run");
    assert_eq!(script.lines().last(), Some(TEST));
    for needed in [
        "set -euo pipefail",
        "cargo fmt --all --check",
        "cargo clippy --locked --workspace --all-targets -- -D warnings",
    ] {
        assert!(script.lines().any(|line| line == needed), "{needed}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path(".ci/run")).expect("the script exists").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "the script is executable");
    }
}

#[test]
fn the_readme_has_at_most_250_lines() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 250, "README.md has {lines} lines: move details to docs/");
}

#[test]
fn the_readme_leads_to_every_document() {
    let readme = read("README.md");
    for document in documents().iter().filter(|document| *document != "README.md") {
        assert!(readme.contains(&format!("]({document})")), "README.md has no link to {document}");
    }
}

#[test]
fn the_documented_options_of_run_are_those_of_the_program() {
    let says = help(&["run", "--help"]);
    let is_usage = |block: &Vec<String>| block.iter().any(|line| line.starts_with("Usage: gleaner run"));
    let usage = blocks(&read("docs/settings.md"), "text").into_iter().find(is_usage).expect("there is a usage block");
    assert!(
        usage == says,
        "replace the usage block of docs/settings.md by what `gleaner run --help` prints:\n\n{}",
        says.join("\n")
    );
}

#[test]
fn the_documented_errors_are_those_of_the_program() {
    let documented = blocks(&read("docs/settings.md"), "console");
    let block = documented.iter().find(|block| block[0] == "$ gleaner check -c bad.toml").expect("there is an example");
    let folder = tempfile::tempdir().expect("a folder");
    let settings = "[extract]\ntitle = \"h1::txt\"\nprice = { css = \".price::text\", type = \"numbr\" }\n";
    fs::write(folder.path().join("bad.toml"), settings).expect("written");
    let mut check = crate::support::gleaner();
    let check = check.args(["check", "-c", "bad.toml"]).current_dir(folder.path()).output().expect("it runs");
    let error = String::from_utf8(check.stderr).expect("UTF-8");
    assert_eq!(error.lines().map(str::trim_end).collect::<Vec<_>>(), block[1..]);
}

#[test]
fn the_help_names_every_format() {
    let wrong =
        crate::support::gleaner().args(["run", "--format", "?", "http://127.0.0.1/"]).output().expect("it runs");
    let error = String::from_utf8(wrong.stderr).expect("UTF-8");
    let (_, listed) = error.split_once("must be one of ").unwrap_or_else(|| panic!("no formats are listed: {error}"));
    let listed = listed.lines().next().unwrap_or_default();
    let formats: Vec<&str> = listed.split('"').skip(1).step_by(2).filter(|word| *word != "auto").collect();
    assert!(formats.len() > 2, "these cannot be all: {error}");

    let help = help(&["run", "--help"]);
    let of_flag = help.iter().skip_while(|line| !line.contains("--format <FORMAT>")).skip(1);
    let said = of_flag.take_while(|line| !line.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric()).collect();
    for format in formats {
        assert!(words.contains(&format), "the help of --format (src/cli/args.rs) does not name {format}: {said}");
    }
}

/// All exit codes. A new variant does not compile until it is in this list.
fn exit_codes() -> [String; 8] {
    [
        Exit::Success,
        Exit::CannotGoOn,
        Exit::Usage,
        Exit::SomeFailed,
        Exit::LimitReached,
        Exit::Signal(1),
        Exit::Signal(2),
        Exit::Signal(15),
    ]
    .map(|exit| match exit {
        Exit::Success | Exit::CannotGoOn | Exit::Usage | Exit::SomeFailed | Exit::LimitReached | Exit::Signal(_) => {
            exit.code().to_string()
        }
    })
}

#[test]
fn the_documented_exit_codes_are_those_of_the_program() {
    let listed: Vec<String> =
        table(&read("docs/records.md"), "| code |").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(listed, exit_codes());
}

#[test]
fn the_exit_codes_in_the_help_are_those_of_the_program() {
    for arguments in [&["--help"][..], &["run", "--help"]] {
        let help = help(arguments);
        let listed = help.iter().skip_while(|line| *line != "Exit codes:").skip(1);
        let codes: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(codes, exit_codes(), "{arguments:?}");
    }
}

#[test]
fn every_setting_that_a_message_a_comment_or_a_document_names_exists() {
    let defaults: toml::Table = toml::from_str(config::defaults()).expect("the defaults are TOML");
    let mut wrong = Vec::new();
    let mut counts = [0, 0];
    let of_sources = sources().into_iter().map(|file| (texts_of_source(&read(&file)), file));
    let of_documents = documents().into_iter().chain(settings_files()).map(|file| (vec![read(&file)], file));
    for (kind, (texts, file)) in of_sources.map(|found| (0, found)).chain(of_documents.map(|found| (1, found))) {
        for (section, key) in texts.iter().flat_map(|text| named_settings(text, &defaults)) {
            counts[kind] += 1;
            // Hosts and fields have any names; a word in capitals stands for any setting.
            let any_name =
                matches!(section.as_str(), "hosts" | "extract") || key.chars().all(|c| c.is_ascii_uppercase());
            if !any_name && !defaults[&section].as_table().is_some_and(|section| section.contains_key(&key)) {
                wrong.push(format!("{file}: {section}.{key}"));
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 50), "these cannot be all: {counts:?}");
    assert!(wrong.is_empty(), "these are not settings: {wrong:#?}");
}

#[test]
fn settings_are_found_in_texts_however_they_are_written() {
    let defaults: toml::Table = toml::from_str(config::defaults()).expect("the defaults are TOML");
    let source = r#"
        // As pool.concurrency says; http://cache.example/
        //! `pool.workers`
        /// as fetch.timeout, `limits.deadline`.
        fn f() { g("see `tls.insecure` (limits.max_host_failures): pool.x", cache.path, xpool.workers) } // fetch.y
        const A: &str = "my.pool.workers, pool.rs, pool.map(1), mypool.workers, [pool], output. output.json, //";
    "#;
    let texts = texts_of_source(source);
    let names: BTreeSet<String> = texts
        .iter()
        .flat_map(|text| named_settings(text, &defaults))
        .map(|(section, key)| format!("{section}.{key}"))
        .collect();
    let expected = [
        "pool.concurrency",
        "pool.workers",
        "fetch.timeout",
        "limits.deadline",
        "tls.insecure",
        "limits.max_host_failures",
        "pool.x",
        "fetch.y",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
}

#[test]
fn the_documented_failures_are_those_of_the_program() {
    let kinds: Vec<&str> = variants::<FailureKind>().into_iter().map(FailureKind::as_str).collect();
    let stages: Vec<&str> = variants::<Stage>().into_iter().map(Stage::as_str).collect();
    assert!(kinds.contains(&"worker_memory") && stages.contains(&"parse"), "{kinds:?} {stages:?}");

    let rows = table(&read("docs/records.md"), "| `failure.kind` |");
    let listed: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(listed, kinds);
    let named: BTreeSet<&str> = rows.iter().flat_map(|row| row[1].split(", ")).collect();
    assert_eq!(named, stages.into_iter().collect(), "the table names every stage and no other");
}

#[test]
fn every_toml_block_in_a_document_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut count = 0;
    for document in documents() {
        for block in blocks(&read(&document), "toml") {
            let file = folder.path().join("block.toml");
            fs::write(&file, block.join("\n")).expect("written");
            if let Err(error) = load(&file) {
                panic!("{document}: {error}\n\n{}", block.join("\n"));
            }
            count += 1;
        }
    }
    assert!(count >= 2, "some blocks are missing: {count}");
}

#[test]
fn every_settings_file_that_comes_along_loads() {
    for file in settings_files() {
        if let Err(error) = load(&path(&file)) {
            panic!("{file}: {error}");
        }
    }
}

#[test]
fn the_changelog_begins_with_unreleased_changes() {
    let changelog = read("CHANGELOG.md");
    let first = changelog.lines().find(|line| line.starts_with("## "));
    assert_eq!(first, Some("## Unreleased"));
}

#[test]
fn documented_recipes_exist() {
    let justfile = read("justfile");
    let is_recipe = |line: &&str| !line.starts_with(['#', ' ']) && line.contains(':');
    let recipes: BTreeSet<&str> =
        justfile.lines().filter(is_recipe).filter_map(|line| line.split([' ', ':']).next()).collect();
    let known = [
        "bench",
        "bench-extract",
        "bench-parse",
        "bench-schedule",
        "check",
        "compare-parsers",
        "defaults",
        "fix",
        "fuzz",
        "list",
        "pictures",
        "soak",
        "test",
    ];
    assert_eq!(recipes, BTreeSet::from(known));
    assert!(justfile.contains("    .ci/run\n"), "`just check` runs the CI script");
    let manifest = read("Cargo.toml");
    for bench in justfile.split("cargo bench --bench ").skip(1).filter_map(|rest| rest.split_whitespace().next()) {
        assert!(manifest.contains(&format!("name = \"{bench}\"")), "there is no benchmark `{bench}`");
    }
}

#[test]
fn files_named_in_documents_exist() {
    for document in documents() {
        let text = read(&document);
        let in_ticks = text.split('`').skip(1).step_by(2);
        let in_links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let folders = ["src/", "crates/", "tests/", "config/", "docs/", "fixtures/", "examples/", "benches/", ".ci/"];
        let is_ours = |name: &&str| folders.iter().any(|folder| name.starts_with(folder)) && !name.contains(' ');
        let is_page = |name: &&str| !name.contains("://") && !name.starts_with('#');
        for file in in_ticks.filter(is_ours) {
            assert!(path(file).exists(), "{document} speaks of {file}");
        }
        // A link is relative to the document.
        let folder = path(&document).parent().expect("a document is in a folder").to_owned();
        for link in in_links.filter(is_page) {
            let file = link.split('#').next().unwrap_or_default();
            assert!(folder.join(file).exists(), "{document} links to {link}");
        }
    }
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut code = String::new();
    let mut folders = ["src", "crates", "tests"].map(path).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                code += &fs::read_to_string(&path).expect("the file can be read");
            }
        }
    }
    let mut wrong = Vec::new();
    let mut count = 0;
    for document in documents() {
        let text = read(&document);
        // A sentence with underscores is the name of a test.
        let is_sentence = |name: &&str| {
            let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            is_name && name.matches('_').count() >= 4
        };
        for name in text.split('`').skip(1).step_by(2).filter(is_sentence) {
            count += 1;
            if !code.contains(&format!("fn {name}(")) {
                wrong.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(count > 50, "some names are missing: {count}");
    assert!(wrong.is_empty(), "these tests do not exist: {wrong:#?}");
}

// ---- parsing -----------------------------------------------------------------------------------------------------

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines that the program prints for these arguments.
fn help(arguments: &[&str]) -> Vec<String> {
    let help = crate::support::gleaner().args(arguments).stdin(Stdio::null()).output().expect("gleaner runs");
    assert!(help.status.success(), "{help:?}");
    String::from_utf8(help.stdout).expect("UTF-8").lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The source files without their tests.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![path("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            let name = path.file_stem().expect("the path has a name").to_string_lossy().into_owned();
            if name == "tests" || name.ends_with("_tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    assert!(found.len() > 100, "some are missing: {}", found.len());
    found
}

/// The texts of a source: its strings, its documentation and its comments, without those of its tests.
fn texts_of_source(source: &str) -> Vec<String> {
    let code = source.split("\n#[cfg(test)]").next().unwrap_or_default();
    let tokens: TokenStream = code.parse().expect("the source is valid Rust");
    let mut texts = Vec::new();
    collect_strings(tokens, &mut texts);
    // The tokens are without comments. What looks like a comment in a string is looked at twice.
    let comments = code.lines().filter_map(|line| line.split_once("// ").map(|(_, comment)| comment.to_owned()));
    texts.extend(comments);
    texts
}

/// The settings that a text names, by section and key.
fn named_settings(text: &str, sections: &toml::Table) -> Vec<(String, String)> {
    const FILES: [&str; 8] = ["", "rs", "txt", "json", "jsonl", "toml", "md", "example"];
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (dot, _) in text.match_indices('.') {
        let section = text[..dot].rsplit(|c| !is_name(c)).next().unwrap_or_default();
        let key: String = text[dot + 1..].chars().take_while(|c| is_name(*c)).collect();
        let before = text[..dot - section.len()].chars().next_back();
        // A path, or a name of more than two parts whose first is not a section.
        let is_part = matches!(before, Some('.' | '/' | '-'));
        let is_call = text[dot + 1 + key.len()..].starts_with('(');
        if sections.contains_key(section) && !is_part && !FILES.contains(&key.as_str()) && !is_call {
            found.push((section.to_owned(), key));
        }
    }
    found
}

fn collect_strings(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect_strings(group.stream(), found),
            TokenTree::Literal(literal) => found.push(literal.to_string()),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// All documents, at the top and in `docs/`.
fn documents() -> Vec<String> {
    let documents = [files(".", "md"), files("docs", "md")].concat();
    assert!(documents.len() >= 5, "{documents:?}");
    documents
}

/// The settings files that come along.
fn settings_files() -> Vec<String> {
    let found = [files("config", "toml"), files("fixtures", "toml")].concat();
    assert!(found.len() > 3, "{found:?}");
    found
}

/// The files of a folder with this extension.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let names = fs::read_dir(path(folder)).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|found| found == extension))
        .map(|name| if folder == "." { name } else { format!("{folder}/{name}") })
        .collect()
}

/// The fenced blocks of a language, by lines.
fn blocks(document: &str, language: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let block: Vec<String> =
                lines.by_ref().take_while(|line| *line != "```").map(|line| line.trim_end().to_owned()).collect();
            if info == language {
                found.push(block);
            }
        }
    }
    found
}

/// The cells of the table whose first row begins with `head`, without backquotes.
fn table(document: &str, head: &str) -> Vec<Vec<String>> {
    let rows: Vec<Vec<String>> = document
        .lines()
        .skip_while(|line| !line.starts_with(head))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    assert!(!rows.is_empty(), "no table begins with {head}");
    rows
}

/// All values of an enum. serde lists their names in the error for an unknown one.
fn variants<T: DeserializeOwned>() -> Vec<T> {
    let Err(error) = serde_json::from_str::<T>("\"?\"") else { panic!("`?` is not a variant") };
    let text = error.to_string();
    let expected = text.split("expected one of ").nth(1).unwrap_or_else(|| panic!("{text}"));
    let names = expected.split('`').skip(1).step_by(2);
    names.map(|name| serde_json::from_str(&format!("\"{name}\"")).expect("serde named it")).collect()
}

/// The settings of a file, and of nothing else.
fn load(file: &Path) -> Result<Loaded, config::SettingsError> {
    config::load(&Sources {
        config: Some(file.to_owned()),
        folder: path("."),
        user: 0,
        // The examples use this variable.
        environment: ["API_TOKEN"].map(|name| (name.into(), "x".into())).into(),
        flags: Vec::new(),
        cpus: NonZeroUsize::MIN,
    })
}
