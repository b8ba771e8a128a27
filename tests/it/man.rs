//! `gleaner man`: manual pages.

use std::process::Command;

use crate::support::{Run, gleaner};

fn page(arguments: &[&str]) -> String {
    let mut command = gleaner();
    command.arg("man").args(arguments);
    Run::to_end(command).exited(0).stdout
}

/// All commands that the page of `gleaner` names.
fn commands() -> Vec<String> {
    let root = page(&[]);
    let named = root.lines().filter_map(|line| line.strip_prefix("gleaner\\-")?.strip_suffix("(1)"));
    named.map(str::to_owned).collect()
}

#[test]
fn there_is_a_page_for_gleaner_and_for_each_command_that_is_not_hidden() {
    let commands = commands();
    for known in ["run", "check", "demo", "schema", "completions", "man"] {
        assert!(commands.iter().any(|command| command == known), "{known} is not in {commands:?}");
    }
    assert!(!commands.iter().any(|command| command == "worker"), "{commands:?}");
    for command in &commands {
        let page = page(&[command]);
        assert!(page.contains(&format!(".TH gleaner-{command} 1")), "{page}");
        assert!(page.contains("SEE ALSO"), "{page}");
    }
    let run = page(&["run"]);
    for part in
        ["\\-\\-max\\-tasks\\-per\\-worker", ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\nevery task has data", "\\fB143\\fR"]
    {
        assert!(run.contains(part), "{part}: {run}");
    }
    for name in ["worker", "nonsense"] {
        let mut command = gleaner();
        command.args(["man", name]);
        let error = Run::to_end(command).exited(2).stderr;
        assert!(error.contains("the commands are run, "), "{error}");
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
    for command in std::iter::once(String::new()).chain(commands()) {
        let arguments: Vec<&str> = [command.as_str()].into_iter().filter(|command| !command.is_empty()).collect();
        let file = folder.path().join(format!("page-{command}.1"));
        std::fs::write(&file, page(&arguments)).expect("written");
        let mut man = Command::new("man");
        man.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8"]).arg(&file);
        man.env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80").env("MANROFFSEQ", "").env("MANPAGER", "cat");
        let run = Run::to_end(man).exited(0);
        assert_eq!(run.stderr, "", "{command}");
        assert!(run.stdout.lines().count() > 10, "{command}: {}", run.stdout);
    }
}
