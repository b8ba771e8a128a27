//! Checks that the bundled site, its lists, the example rules and the expected data fit together.

use std::fs;

use crate::support::fixture;
use serde_json::Value;

/// Lists with only valid pages, their rules, and the expected data.
const SETS: [(&str, &str, &str); 4] = [
    ("books.txt", "../config/books.toml", "expected/books.jsonl"),
    ("quotes.txt", "../config/quotes.toml", "expected/quotes.jsonl"),
    ("catalogue.txt", "../config/links.toml", "expected/catalogue.jsonl"),
    ("charsets.txt", "charsets.toml", "expected/charsets.jsonl"),
];

fn read(path: &str) -> String {
    fs::read_to_string(fixture(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn tasks(list: &str) -> Vec<String> {
    let tasks = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    read(list).lines().filter(tasks).map(str::to_owned).collect()
}

#[test]
fn every_line_of_a_list_is_a_page_with_expected_data() {
    for (list, _, expected) in SETS {
        let tasks = tasks(list);
        for task in &tasks {
            assert!(fixture("site").join(task).is_file(), "{list}: {task}");
        }
        assert_eq!(read(expected).lines().count(), tasks.len(), "{expected}");
    }
}

#[test]
fn the_list_of_books_contains_every_book_and_one_of_them_twice() {
    let mut tasks = tasks("books.txt");
    tasks.sort();
    assert_eq!(tasks.len(), 41);
    tasks.dedup();
    assert_eq!(tasks.len(), 40);
    assert_eq!(fs::read_dir(fixture("site/books")).expect("the folder exists").count(), 40);
}

#[test]
fn the_mixed_list_has_pages_missing_pages_and_invalid_urls() {
    let tasks = tasks("everything.txt");
    let (urls, paths): (Vec<_>, Vec<_>) = tasks.iter().partition(|line| line.contains(':'));
    assert_eq!(urls, ["ftp://oddmoor.example/catalogue.txt", "mailto:shop@oddmoor.example", "http://[bad", "http://"]);
    let missing = |path: &&&String| !fixture("site").join(path.split('?').next().unwrap_or(path)).is_file();
    assert_eq!(paths.iter().filter(missing).count(), 1);
}

/// The keys of an `[extract]` table, in order. A field with `each` is followed by the keys of its rules.
fn keys(rules: &toml::Table) -> Value {
    let fields = rules.iter().filter(|(key, _)| *key != "each");
    let below = |rule: &toml::Value| match rule {
        toml::Value::Table(table) if table.contains_key("each") => keys(table),
        _ => Value::Null,
    };
    Value::Array(fields.map(|(key, rule)| serde_json::json!([key, below(rule)])).collect())
}

/// Whether a JSON object has exactly these keys in this order.
fn has_keys(json: &mut &str, keys: &Value) -> bool {
    let fields = keys.as_array().into_iter().flatten();
    fields.enumerate().all(|(place, field)| {
        let name = format!("{}{}:", if place == 0 { "{" } else { "," }, field[0]);
        let Some(rest) = json.strip_prefix(name.as_str()) else {
            return false;
        };
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else {
            return false;
        };
        let text = &rest[..values.byte_offset()];
        *json = &rest[values.byte_offset()..];
        field[1].is_null() || value.as_array().is_some_and(|objects| each_has_keys(text, objects.len(), &field[1]))
    })
}

fn each_has_keys(list: &str, objects: usize, keys: &Value) -> bool {
    let mut rest = list;
    (0..objects).all(|_| {
        rest = &rest[1..];
        let fits = has_keys(&mut rest, keys);
        rest = rest.strip_prefix('}').unwrap_or_default();
        fits
    }) && rest == if objects == 0 { "[]" } else { "]" }
}

#[test]
fn expected_data_has_the_fields_of_the_rules_in_their_order() {
    for (_, rules, expected) in SETS {
        let settings: toml::Table = read(rules).parse().unwrap_or_else(|error| panic!("{rules}: {error}"));
        let keys = keys(settings["extract"].as_table().expect("rules are a table"));
        for line in read(expected).lines() {
            let mut rest = line;
            assert!(has_keys(&mut rest, &keys) && rest == "}", "{expected} differs from {rules} before {rest}");
        }
    }
}

#[test]
fn cases_from_parsel_are_complete() {
    for (file, least, keys) in [
        ("expected/parsel_cases.json", 60, ["html", "selector", "get", "getall"].as_slice()),
        ("expected/parsel_re_cases.json", 15, &["html", "selector", "re", "first", "all"]),
    ] {
        let cases: Vec<Value> = serde_json::from_str(&read(file)).expect("a list of cases");
        assert!(cases.len() >= least, "{file}");
        assert!(cases.iter().all(|case| keys.iter().all(|key| case.get(key).is_some())), "{file}");
    }
    let errors: Vec<String> = serde_json::from_str(&read("expected/parsel_errors.json")).expect("a list of selectors");
    assert!(errors.len() >= 15);
}
