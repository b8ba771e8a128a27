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
    let mut text = format!("{HEAD}#\n# These rules were found on {}.\n", comment(url, 200));
    let line = |text: &mut String, rule: &StarterRule, path: &str| {
        text.push_str(&format!("{} = {}", rule.name, rule.rule));
        if let Some(example) = example(path) {
            text.push_str(&format!("  # {}", comment(&example, EXAMPLE)));
        }
        text.push('\n');
    };
    let mut is_open = false;
    for group in starter.groups.iter().filter(|group| !group.rules.is_empty()) {
        text.push_str(if is_open { "\n" } else { "\n[extract]\n" });
        is_open = true;
        text.push_str(&format!("# {}\n", comment(&group.about, 300)));
        for rule in &group.rules {
            line(&mut text, rule, &rule.name);
        }
    }
    for group in &starter.groups {
        let Some(each) = &group.each else { continue };
        text.push_str(&format!("\n# {}\n[extract.{}]\neach = {}\n", comment(&group.about, 300), each.name, each.each));
        for rule in &each.rules {
            line(&mut text, rule, &format!("{}.{}", each.name, rule.name));
        }
        text.push_str(&format!("# With `--rows {}`, a table (CSV) has a row for each of these.\n", each.name));
    }
    if starter.groups.is_empty() {
        text.push_str("# The page has nothing for which a rule is known.\n");
        text.push_str(EMPTY);
    }
    text
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
