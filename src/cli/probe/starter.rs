//! The text of the settings file that `gleaner init` writes.

use super::shown::shortened;
use crate::model::printable;
use crate::scrape::extract::{Starter, StarterRule};

/// The longest example of a value in a comment, in characters.
const EXAMPLE: usize = 50;

/// What every starter file begins with. Editors use the first line.
const HEAD: &str = "\
#:schema ./gleaner.schema.json
# Settings of Gleaner. `gleaner schema settings > gleaner.schema.json` lets editors check this file as you type.
#
#   gleaner try URL                  what these rules find on a page, and where
#   gleaner check                    what each field will give
#   gleaner run urls.txt -o out.csv  the data of all pages in a list (or out.jsonl, out.json)
#
# All settings with their defaults: `gleaner check --all`.
";

/// The file without a page.
const EMPTY: &str = r#"
# Each key is a field of the data. `gleaner try URL 'h1::text-content'` shows what a selector finds.
[extract]
title = "title::text-content"               # the first match, or null
links = ["a::url"]                          # in brackets: every match
# price = { css = ".price::text-content", type = "number", required = true }
# name  = { structured = "json_ld", json = "$..name" }

# One object for each match, with fields of its own:
# [extract.items]
# each  = ".item"
# name  = "h3::text-content"
# link  = "a::url"

# [politeness]
# delay = "1s"                              # between two requests to a host
"#;

/// Returns the starter file for no page in particular.
pub(super) fn empty() -> String {
    format!("{HEAD}{EMPTY}")
}

/// Returns the starter file with the rules for a page. `example` gives a value of a field, by its path.
pub(super) fn of_page(url: &str, starter: &Starter, example: impl Fn(&str) -> Option<String>) -> String {
    let mut lines = vec![format!("{HEAD}#"), format!("# These rules were found on {}.", comment(url, 200))];
    let line = |rule: &StarterRule, path: &str| {
        let example = example(path).map(|example| format!("  # {}", comment(&example, EXAMPLE)));
        format!("{} = {}{}", rule.name, rule.rule, example.unwrap_or_default())
    };
    let mut is_open = false;
    for group in starter.groups.iter().filter(|group| !group.rules.is_empty()) {
        lines.push(if is_open { String::new() } else { "\n[extract]".to_owned() });
        is_open = true;
        lines.push(format!("# {}", comment(&group.about, 300)));
        lines.extend(group.rules.iter().map(|rule| line(rule, &rule.name)));
    }
    for group in &starter.groups {
        let Some(each) = &group.each else { continue };
        lines.push(format!("\n# {}\n[extract.{}]\neach = {}", comment(&group.about, 300), each.name, each.each));
        lines.extend(each.rules.iter().map(|rule| line(rule, &format!("{}.{}", each.name, rule.name))));
        lines.push(format!("# With `--rows {}`, a table (CSV) has a row for each of these.", each.name));
    }
    if starter.groups.is_empty() {
        lines.push(format!("# The page has nothing for which a rule is known.\n{}", EMPTY.trim_end()));
    }
    lines.join("\n") + "\n"
}

/// Makes a text fit into a comment of TOML: one line, without control characters.
fn comment(text: &str, most: usize) -> String {
    printable(&shortened(text, most)).replace('\t', " ")
}

#[cfg(test)]
mod tests {
    use super::{empty, of_page};
    use crate::scrape::extract::{Starter, StarterEach, StarterGroup, StarterRule};

    #[test]
    fn a_starter_file_is_valid_toml_whatever_the_page_says() {
        let hostile = "a\n[pool]\nworkers = 99\r\u{1b}\u{7f}";
        let rule = StarterRule { name: "title".to_owned(), rule: "\"h1::text\"".to_owned(), simpler: None };
        let each = StarterEach { name: "items".to_owned(), each: "\".x\"".to_owned(), rules: vec![rule.clone()] };
        let groups = vec![
            StarterGroup { about: hostile.to_owned(), rules: Vec::new(), each: Some(each) },
            StarterGroup { about: hostile.to_owned(), rules: vec![rule], each: None },
        ];
        let text = of_page(hostile, &Starter { groups }, |_| Some(hostile.to_owned()));
        let read: toml::Table = text.parse().expect("TOML");
        assert_eq!(read.keys().collect::<Vec<_>>(), ["extract"]);
        assert_eq!(read["extract"]["items"]["title"].as_str(), Some("h1::text"));
        for text in [empty(), of_page("http://h/", &Starter::default(), |_| None)] {
            let read: toml::Table = text.parse().expect("TOML");
            assert!(text.starts_with("#:schema ./gleaner.schema.json\n"));
            assert_eq!(read["extract"]["title"].as_str(), Some("title::text-content"));
        }
    }
}
