//! The errors of the TOML parser, explained for people who do not know TOML well.

use std::ops::Range;
use std::sync::Arc;

use super::error::{Problem, ProblemKind};
use super::place::{Place, Text};

/// How the parser's messages begin if a value is a word without quotes. The message depends on the first letter of the
/// word: `fast` is an "invalid boolean", `1.5s` an "invalid float".
const ABOUT_BARE_VALUES: &[&str] = &[
    "string values must be quoted",
    "invalid boolean",
    "invalid float",
    "invalid mantissa",
    "invalid fraction",
    "invalid exponent",
    "invalid integer",
    "invalid datetime",
];

/// The characters that end a bare value.
const ENDS: &[char] = &[' ', '\t', '\r', '\n', ',', ']', '}', '#'];

/// The problems behind `errors`, whose spans begin `shift` bytes into `text`.
///
/// They are in the order of the text, and one for each line: further errors on the same line only come from how the parser
/// recovers.
pub(super) fn problems(errors: &[toml::de::Error], text: &Arc<Text>, shift: usize) -> Vec<Problem> {
    let end = text.content().len() - shift;
    let span = |error: &toml::de::Error| error.span().unwrap_or(end..end);
    let mut errors: Vec<&toml::de::Error> = errors.iter().collect();
    errors.sort_by_key(|error| span(error).start);
    errors.dedup_by_key(|error| Place::new(text, span(error).start + shift..text.content().len()).line_number());
    errors
        .into_iter()
        .map(|error| {
            let span = span(error);
            problem(error.message(), text, span.start + shift..span.end + shift)
        })
        .collect()
}

fn problem(message: &str, text: &Arc<Text>, span: Range<usize>) -> Problem {
    let syntax = |message: &str, span| Problem::new(ProblemKind::Syntax, message, Place::new(text, span));
    if message.starts_with("missing escaped value") {
        return syntax("a backslash in \"...\" begins an escape, but this is not a valid one", span)
            .with_help("write the text between single quotes, in which backslashes are just characters");
    }
    if !ABOUT_BARE_VALUES.iter().any(|begin| message.starts_with(begin)) {
        return syntax(message, span);
    }
    let value = bare_value(text.content(), span.start);
    match &text.content()[value.clone()] {
        "" => syntax("a value is missing", value),
        truth @ ("True" | "TRUE" | "False" | "FALSE") => syntax("true and false are written in lower case", value)
            .with_help(format!("write {}", truth.to_lowercase())),
        word => syntax("the value needs quotes", value).with_help(format!("write \"{word}\"")),
    }
}

/// The whole word around `at`: from the beginning of the value to its end.
fn bare_value(content: &str, at: usize) -> Range<usize> {
    let start = content[..at].rfind(['=', '[', ',', ' ', '\t', '\n']).map_or(0, |before| before + 1);
    let end = content[at..].find(ENDS).map_or(content.len(), |length| at + length);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::place::Origin;
    use crate::config::written;

    /// What is said of a file that holds `written`: message, line and column, help.
    fn said(written: &str) -> Vec<String> {
        let text = Text::new(Origin::File("g.toml".into()), written);
        let problems = written::document(&text).expect_err(written);
        problems.iter().map(|problem| problem.to_string().replace("\n -->", " -->")).collect()
    }

    #[test]
    fn values_without_quotes_are_told_to_have_them() {
        for word in ["5s", "1.5s", "-5s", "16MiB", "auto", "fast", "h1::text", ".price", "none"] {
            for (before, after) in [("a = ", ""), ("a = [", "]"), ("a = { b = ", " }"), ("a=", " # why")] {
                let line = format!("{before}{word}{after}\nb = 1\n");
                let problems = said(&line);
                let expected = format!("the value needs quotes --> g.toml:1:{}\n", before.len() + 1);
                assert_eq!(problems.len(), 1, "{line}");
                assert!(problems[0].starts_with(&expected), "{line}{}", problems[0]);
                assert!(problems[0].ends_with(&format!("help: write \"{word}\"")), "{line}{}", problems[0]);
            }
        }
    }

    #[test]
    fn other_slips_are_explained_too() {
        let table = [
            ("a = True", "true and false are written in lower case --> g.toml:1:5\n"),
            ("a = # nothing", "a value is missing --> g.toml:1:5\n"),
            ("a = ", "a value is missing --> g.toml:1:5\n"),
            (r#"a = "\d+""#, "a backslash in \"...\" begins an escape, but this is not a valid one --> g.toml:1:7\n"),
            ("[a", "unclosed table, expected `]` --> g.toml:1:3\n"),
            ("a = 1\na = 2", "duplicate key --> g.toml:2:1\n"),
        ];
        for (written, expected) in table {
            let problems = said(written);
            assert_eq!(problems.len(), 1, "{written}: {problems:?}");
            assert!(problems[0].starts_with(expected), "{written}: {}", problems[0]);
        }
    }

    #[test]
    fn errors_stand_in_the_order_of_the_text_one_a_line() {
        let problems = said("a = 1\na = 2\nb = = 3\n[c\n");
        let places: Vec<&str> = problems.iter().filter_map(|problem| problem.split(" --> ").nth(1)).collect();
        let places: Vec<&str> = places.iter().filter_map(|rest| rest.lines().next()).collect();
        assert_eq!(places, ["g.toml:2:1", "g.toml:3:5", "g.toml:4:3"]);
    }

    #[test]
    fn nesting_without_end_is_an_error_and_not_a_crash() {
        assert_eq!(said(&format!("a = {}", "[".repeat(100_000))).len(), 1);
    }
}
