//! The table as a settings file: every setting with its default and a comment. `config/default.toml` is a copy of it.

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::{Keys, SECTIONS, Section, Setting};
use crate::config::draft::HostDraft;

/// The widest line, in characters.
const WIDTH: usize = 120;

/// Where the comments of the settings of a host begin, in characters.
const REMARK: usize = 44;

/// What users read first.
const ABOUT: &str = "\
Gleaner's settings with their defaults. Copy what you want to change into `gleaner.toml` in the folder where you run \
Gleaner (or name another file with --config). What you leave out keeps the default.

Each setting can also come from the environment (GLEANER_POOL_WORKERS=4) or from the command line
(--set pool.workers=4). Some also have a flag of their own. A flag overrides the environment, the environment overrides \
the file, and the file overrides these defaults. `gleaner check` shows which value is in force and where it comes from.

Durations have a unit: \"50ms\", \"2s\", \"1m\", \"1h\". So do sizes: \"64KiB\", \"16MiB\", \"1GiB\" (powers of 1024), \
\"512KB\", \"16MB\" (powers of 1000). A size without a unit is a number of bytes.";

/// All settings with their defaults and comments, as TOML: the lowest layer of every run, and what users copy.
pub fn defaults() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(write);
    &TEXT
}

fn write() -> String {
    let mut text = String::new();
    comment(&mut text, ABOUT);
    for section in SECTIONS {
        text.push_str("\n\n");
        write_section(&mut text, section);
    }
    text
}

fn write_section(text: &mut String, section: &Section) {
    comment(text, section.doc);
    line(text, format_args!("[{}]", section.name));
    for Setting { name, default, doc, .. } in section.settings() {
        text.push('\n');
        comment(text, doc);
        line(text, format_args!("{name} = {default}"));
    }
    if let Keys::Hosts(settings) = section.keys {
        text.push_str("\n# [hosts.\"books.example\"]\n");
        for setting in settings {
            line(text, format_args!("# {}", example(setting)));
        }
    }
    if !section.remarks.is_empty() {
        text.push('\n');
        comment(text, section.remarks);
    }
}

/// A setting of a host with its comment, on one line.
fn example(setting: &Setting<HostDraft>) -> String {
    let Setting { name, default, doc, .. } = setting;
    format!("{:REMARK$}# {doc}", format!("{name} = {default}"))
}

/// The paragraphs of `doc`, each on as many lines as it needs. A line that is short enough stays as it is.
fn comment(text: &mut String, doc: &str) {
    for paragraph in doc.lines() {
        if paragraph.is_empty() {
            text.push_str("#\n");
            continue;
        }
        let mut rest = paragraph;
        while !rest.is_empty() {
            let (begin, end) = rest.split_at(fitting(rest, WIDTH - "# ".len()));
            line(text, format_args!("# {}", begin.trim_end()));
            rest = end;
        }
    }
}

/// How many bytes of `words` fit into a line: up to a space, unless a single word is too long.
fn fitting(words: &str, width: usize) -> usize {
    let Some((too_far, c)) = words.char_indices().nth(width) else { return words.len() };
    let after_space = |at: usize| at + " ".len();
    words[..too_far + c.len_utf8()].rfind(' ').or_else(|| words.find(' ')).map_or(words.len(), after_space)
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, comment, defaults};

    #[test]
    fn the_copy_that_users_read_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/config/default.toml");
        if std::env::var_os("GLEANER_WRITE_DEFAULTS").is_some() {
            std::fs::write(path, defaults()).expect("the copy can be written");
        }
        let copy = std::fs::read_to_string(path).expect("the copy can be read");
        assert!(
            copy == defaults(),
            "config/default.toml is out of date: run `just defaults` \
             (GLEANER_WRITE_DEFAULTS=1 cargo test --lib the_copy_that_users_read)"
        );
    }

    #[test]
    fn comments_are_wrapped_at_spaces_and_short_lines_stay_as_they_are() {
        let words = "word ".repeat(50);
        let address = "x".repeat(200);
        let mut text = String::new();
        comment(&mut text, &format!("a   = 1\n\n{}\n{address} end", words.trim_end()));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["# a   = 1", "#"]);
        assert_eq!(lines[2..5].iter().map(|line| line.matches("word").count()).collect::<Vec<_>>(), [23, 23, 4]);
        assert_eq!(lines[5..], [format!("# {address}"), "# end".to_owned()]);
        assert!(defaults().lines().all(|line| line.chars().count() <= WIDTH && line.trim_end() == line));
    }

    #[test]
    fn a_line_that_fits_exactly_is_not_cut() {
        let exact = format!("{} {}", "a".repeat(100), "b".repeat(WIDTH - 2 - 101));
        let mut text = String::new();
        comment(&mut text, &exact);
        comment(&mut text, &format!("{exact} c"));
        assert_eq!(text.lines().collect::<Vec<_>>(), [format!("# {exact}"), format!("# {exact}"), "# c".to_owned()]);
    }
}
