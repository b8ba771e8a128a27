//! `gleaner completions`: scripts for shells.

use std::process::Command;

use crate::support::{Run, gleaner};

fn script(shell: &str) -> String {
    let mut command = gleaner();
    command.args(["completions", shell]);
    Run::to_end(command).exited(0).stdout
}

/// What bash offers behind this line, one word on each line.
fn offered(line: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("gleaner.bash"), script("bash")).expect("written");
    let mut bash = Command::new("bash");
    // As bash itself calls the function of `complete -F`.
    let complete = r#"
        set -u
        source gleaner.bash || exit 1
        complete -p gleaner | grep -q -- '-F _gleaner ' || { complete -p gleaner; exit 1; }
        read -ra COMP_WORDS <<<"$1"
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _gleaner gleaner "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    bash.args(["--norc", "-c", complete, "bash", line]).current_dir(folder.path());
    let run = Run::to_end(bash).exited(0);
    assert_eq!(run.stderr, "", "{line}");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_options_with_and_without_run() {
    let table: [(&str, &[&str]); 6] = [
        ("gleaner run --max-t", &["--max-tasks-per-worker"]),
        ("gleaner --max-t", &["--max-tasks-per-worker"]),
        ("gleaner run urls.txt --max-r", &["--max-retries"]),
        ("gleaner check --url-", &["--url-column", "--url-field"]),
        ("gleaner comp", &["completions"]),
        ("gleaner run --progress al", &["always"]),
    ];
    for (line, expected) in table {
        assert_eq!(offered(line), expected, "{line}");
    }
    assert_eq!(offered("gleaner wor"), [""], "a hidden command is not offered");
}

#[test]
fn there_is_a_script_for_each_shell_without_hidden_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = script(shell);
        assert!(text.contains("max-tasks-per-worker") && text.contains("completions"), "{shell}");
        // `worker` is a hidden command, and part of the names of options.
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| *word == "worker");
        let in_help = text.matches("in each worker").count()
            + text.matches("Replace a worker").count()
            + text.matches("pool of worker").count();
        assert_eq!(words.count(), in_help, "{shell}");
        assert_eq!(text, script(shell), "{shell}: the script is the same each time");
    }
    let mut unknown = gleaner();
    unknown.args(["completions", "tcsh"]);
    let error = Run::to_end(unknown).exited(2).stderr;
    assert!(error.contains("[possible values: bash, elvish, fish, powershell, zsh]"), "{error}");
}

/// Other shells at least parse their script, if they are installed.
#[test]
fn shells_parse_their_scripts() {
    let folder = tempfile::tempdir().expect("a folder");
    for (shell, no_run) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let file = folder.path().join(shell);
        std::fs::write(&file, script(shell)).expect("written");
        let Ok(output) = Command::new(shell).arg(no_run).arg(&file).output() else { continue };
        assert!(output.status.success() && output.stderr.is_empty(), "{shell}: {output:?}");
    }
}
