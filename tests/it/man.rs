//! `gleaner man`: manual pages.

use std::process::Command;

use crate::support::{Run, gleaner};

fn page(arguments: &[&str]) -> String {
    let mut command = gleaner();
    command.arg("man").args(arguments);
    Run::to_end(command).exited(0).stdout
}

/// The words of all commands to which the pages lead, beginning with that of `gleaner`, which has none.
fn commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while at < all.len() {
        let words: Vec<String> = all[at].clone();
        let page = page(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let begin: String =
            ["gleaner"].into_iter().chain(words.iter().map(String::as_str)).flat_map(|it| [it, "\\-"]).collect();
        let named = page.lines().filter_map(|line| line.strip_prefix(&begin)?.strip_suffix("(1)"));
        all.extend(named.map(|name| [&words[..], &[name.to_owned()]].concat()));
        at += 1;
    }
    all
}

#[test]
fn there_is_a_page_for_gleaner_and_for_each_command_that_is_not_hidden() {
    let commands: Vec<String> = commands().iter().map(|words| words.join(" ")).collect();
    for known in [
        "",
        "run",
        "check",
        "demo",
        "schema",
        "schema settings",
        "schema records",
        "schema summary",
        "completions",
        "man",
        "report",
    ] {
        assert!(commands.iter().any(|command| command == known), "{known} is not in {commands:?}");
    }
    assert!(!commands.iter().any(|command| command == "worker"), "{commands:?}");
    for command in commands.iter().filter(|command| !command.is_empty()) {
        let page = page(&command.split(' ').collect::<Vec<_>>());
        assert!(page.contains(&format!(".TH gleaner-{} 1", command.replace(' ', "-"))), "{page}");
        assert!(page.contains("SEE ALSO"), "{page}");
    }
    let run = page(&["run"]);
    for part in
        ["\\-\\-max\\-tasks\\-per\\-worker", ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\nevery task has data", "\\fB143\\fR"]
    {
        assert!(run.contains(part), "{part}: {run}");
    }
    let table: [(&[&str], &str); 4] = [
        (&["worker"], "print the manual of `worker`: the commands are run, "),
        (&["nonsense"], "print the manual of `nonsense`: the commands are run, "),
        (&["schema", "record"], "print the manual of `schema record`: the commands are settings, records"),
        (&["run", "list"], "print the manual of `run list`: `run` has no commands of its own"),
    ];
    for (words, expected) in table {
        let mut command = gleaner();
        command.arg("man").args(words);
        let error = Run::to_end(command).exited(2).stderr;
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_page_depends_neither_on_the_terminal_nor_on_the_time() {
    let mut narrow = gleaner();
    narrow.args(["man", "run"]).env("COLUMNS", "20").env("TERM", "dumb").env("SOURCE_DATE_EPOCH", "1");
    let page = page(&["run"]);
    assert_eq!(Run::to_end(narrow).exited(0).stdout, page);
    let title = page.lines().find(|line| line.starts_with(".TH")).expect("a title");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(title, format!(".TH gleaner-run 1 \"\" \"gleaner {version}\""), "there is no date");
}

/// `man` finds nothing to complain about. `.ci/run` installs it and sets the variable with which it must be there.
#[test]
fn man_shows_all_pages_without_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let has_man = ["man", "groff"].iter().all(|program| Command::new(program).arg("--version").output().is_ok());
    if !has_man {
        assert!(std::env::var_os("GLEANER_REQUIRE_SERVERS").is_none(), "man-db and groff must be installed");
        return;
    }
    for words in commands() {
        let file = folder.path().join(format!("gleaner-{}.1", words.join("-")));
        std::fs::write(&file, page(&words.iter().map(String::as_str).collect::<Vec<_>>())).expect("written");
        let mut man = Command::new("man");
        man.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8"]).arg(&file);
        man.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").env("MANROFFSEQ", "").env("MANPAGER", "cat");
        let run = Run::to_end(man).exited(0);
        assert_eq!(run.stderr, "", "{words:?}");
        assert!(run.stdout.lines().count() > 10, "{words:?}: {}", run.stdout);
    }
}
