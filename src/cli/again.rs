//! The command that goes on where a run has stopped.

use std::env;
use std::ffi::OsString;
use std::path::Path;

/// The longest command that is shown, in bytes. A command line may name thousands of URLs.
const LONGEST: usize = 2_000;

/// The option that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Continues an unfinished run.
    Resume,
    /// Fetches the failures of a finished output again.
    RetryFailed,
}

impl Again {
    fn option(self) -> &'static str {
        match self {
            Self::Resume => "--resume",
            Self::RetryFailed => "--retry-failed",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Resume => "to continue",
            Self::RetryFailed => "to fetch the failures again",
        }
    }

    /// What to do now: the command of this process with the option, for a shell. If the command cannot be shown or would
    /// not work, words.
    pub(super) fn words(self) -> String {
        self.words_for(&env::args_os().collect::<Vec<_>>())
    }

    fn words_for(self, line: &[OsString]) -> String {
        match command(line, self) {
            Some(command) => format!("{}: {command}", self.purpose()),
            None => format!("run the same command with {} {}", self.option(), self.purpose()),
        }
    }
}

/// A command line with the option that goes on, quoted for a shell. `None` if it has a secret, reads a list from standard
/// input, has characters that control a terminal or no valid UTF-8, or is very long.
fn command(line: &[OsString], again: Again) -> Option<String> {
    let words: Option<Vec<&str>> = line.iter().map(|word| word.to_str()).collect();
    let words = words?;
    if words
        .iter()
        .any(|word| word.chars().any(|c| c.is_control() || crate::model::printable(&c.to_string()) != c.to_string()))
        || has_secret(&words)
        || words.iter().skip(1).any(|word| is_standard_input(word))
    {
        return None;
    }
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let mut kept = without_contradictions(&words[..end], again);
    kept.push(again.option());
    kept.extend(&words[end..]);
    let quoted: Result<Vec<_>, _> = kept.into_iter().map(shlex::try_quote).collect();
    Some(quoted.ok()?.join(" ")).filter(|command| command.len() <= LONGEST)
}

/// Leaves out what must not stand beside the option.
fn without_contradictions<'w>(words: &[&'w str], again: Again) -> Vec<&'w str> {
    let mut kept = Vec::new();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match (again, word) {
            (_, "--restart" | "--resume") | (Again::RetryFailed, "--retry-failed") => {}
            (Again::RetryFailed, "--since") => drop(words.next()),
            (Again::RetryFailed, word) if word.starts_with("--since=") => {}
            (_, word) => kept.push(word),
        }
    }
    kept
}

fn is_standard_input(word: &str) -> bool {
    word == "-"
        || [Path::new("/dev/stdin"), Path::new("/dev/fd/0"), Path::new("/proc/self/fd/0")].contains(&Path::new(word))
}

/// Whether a word may have a secret: a header that is not in a file, a password in a URL or a proxy, or a setting that
/// holds one.
fn has_secret(words: &[&str]) -> bool {
    let befores = [""].iter().chain(words);
    words.iter().zip(befores).any(|(word, before)| {
        let given = |short, long| value(before, word, short, long);
        given(Some('H'), "--header").is_some_and(|header| !header.is_empty() && !header.starts_with('@'))
            || given(Some('x'), "--proxy").is_some_and(|proxy| proxy.contains('@'))
            || given(None, "--set").is_some_and(is_secret_setting)
            || has_user_info(word)
    })
}

/// The value that a word gives to an option, whose name may be the word before.
fn value<'w>(before: &str, word: &'w str, short: Option<char>, long: &str) -> Option<&'w str> {
    let is_flags = |word: &str| word.starts_with('-') && !word.starts_with("--");
    if before == long || is_flags(before) && short.is_some_and(|short| before.ends_with(short)) {
        return Some(word);
    }
    let attached = || word.split_once(short?).filter(|_| is_flags(word)).map(|(_, value)| value);
    let value = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')).or_else(attached)?;
    // clap allows `-x=VALUE`.
    Some(value.strip_prefix('=').unwrap_or(value))
}

/// Whether a setting, written as `KEY=VALUE`, may be a secret. The value may be a table that has more keys.
fn is_secret_setting(setting: &str) -> bool {
    const SECRETS: [&str; 5] = ["headers", "basic", "bearer", "proxies", "proxy"];
    let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
    let is_table = value.trim_start().starts_with('{');
    key.split(['.', '"', '\'']).any(|part| SECRETS.contains(&part.trim()))
        || is_table && SECRETS.iter().any(|name| value.contains(name))
}

/// Whether a URL in this word has a user name or a password.
fn has_user_info(word: &str) -> bool {
    word.match_indices("://").any(|(at, _)| {
        let rest = &word[at + 3..];
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        authority.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(again: Again, line: &[&str]) -> String {
        again.words_for(&line.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_goes_on_and_can_be_pasted_into_a_shell() {
        use Again::{Resume, RetryFailed};
        let table: [(Again, &[&str], &str); 10] = [
            (Resume, &["gleaner", "run", "l.txt", "-o", "o.json"], "gleaner run l.txt -o o.json --resume"),
            (Resume, &["gleaner", "l.txt", "--restart", "-o", "o"], "gleaner l.txt -o o --resume"),
            (Resume, &["gleaner", "l.txt", "--resume", "-o", "o"], "gleaner l.txt -o o --resume"),
            (Resume, &["gleaner", "run", "-o", "o", "--", "l"], "gleaner run -o o --resume -- l"),
            (Resume, &["gleaner", "l", "--since", "old", "-o", "o"], "gleaner l --since old -o o --resume"),
            (RetryFailed, &["gleaner", "l", "--since", "old", "-o", "o"], "gleaner l -o o --retry-failed"),
            (RetryFailed, &["gleaner", "l", "--since=old", "-o", "o"], "gleaner l -o o --retry-failed"),
            (RetryFailed, &["gleaner", "l", "--retry-failed", "--resume"], "gleaner l --retry-failed"),
            (
                RetryFailed,
                &["./my gleaner", "http://h/?a=1&b=$2", "--select", "t=h1::text", "it's", ""],
                r#"'./my gleaner' 'http://h/?a=1&b=$2' --select t=h1::text "it's" '' --retry-failed"#,
            ),
            (
                Resume,
                &["gleaner", "http://日本.example/", "-H", "@secrets"],
                "gleaner http://日本.example/ -H @secrets --resume",
            ),
        ];
        for (again, line, expected) in table {
            let said = words(again, line);
            let command =
                said.strip_prefix(again.purpose()).and_then(|rest| rest.strip_prefix(": ")).expect("a command");
            let read = shlex::split(command).expect("a shell reads it");
            assert_eq!(read, shlex::split(expected).expect("a shell reads it"), "{command}");
            assert!(read.contains(&again.option().to_owned()));
        }
    }

    #[test]
    fn a_command_that_has_a_secret_or_would_not_work_is_not_shown() {
        let long = "x".repeat(3_000);
        let table: [&[&str]; 24] = [
            &["gleaner", "-"],
            &["gleaner", "/dev/stdin"],
            &["gleaner", "l", "-H", "Cookie: a"],
            &["gleaner", "l", "-HCookie: a"],
            &["gleaner", "l", "-qH", "Cookie: a"],
            &["gleaner", "l", "--header", "Authorization: a"],
            &["gleaner", "l", "--header=Authorization: a"],
            &["gleaner", "http://u:p@h/"],
            &["gleaner", "l", "--proxy=http://u:p@h:1"],
            &["gleaner", "l", "-x", "u:p@h:1"],
            &["gleaner", "l", "-xu:p@h:1"],
            &["gleaner", "l", "-x=u:p@h:1"],
            &["gleaner", "l", "-qxu:p@h:1"],
            &["gleaner", "l", "-qx", "u:p@h:1"],
            &["gleaner", "l", "--proxy=u:p@h:1"],
            &["gleaner", "l", "--set", "hosts.h={ bearer = \"a\" }"],
            &["gleaner", "l", "--set=fetch={headers={X-Key=\"a\"}}"],
            &["gleaner", "l", "--set", "fetch.headers.X-Key=a"],
            &["gleaner", "l", "--set", "hosts.\"h\".bearer=a"],
            &["gleaner", "l", "--set=hosts.'h'.basic=u:p"],
            &["gleaner", "l", "--set", "network.proxies=[\"u:p@h\"]"],
            &["gleaner", "\u{1b}[31m"],
            &["gleaner", "a\u{202e}b"],
            &["gleaner", &long],
        ];
        for line in table {
            assert_eq!(words(Again::Resume, line), "run the same command with --resume to continue", "{line:?}");
        }
        let bytes = std::os::unix::ffi::OsStringExt::from_vec(b"\xff".to_vec());
        assert!(command(&["gleaner".into(), bytes], Again::Resume).is_none());
    }
}
