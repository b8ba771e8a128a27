//! `gleaner schema`: the JSON Schemas say the same as the program.

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use gleaner::config::{self, ProblemKind, Sources};
use gleaner::scrape::extract::{data_schema, joined, warnings_schema};
use serde_json::Value;

use crate::support::json_schema::is_valid;
use crate::support::{Run, fixture, gleaner, values};

fn toml_of(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    serde_json::to_value(table).expect("a table is an object of JSON")
}

/// A value on one line of TOML, whose strings and numbers are those of JSON.
fn as_toml(value: &Value) -> String {
    let Some(object) = value.as_object() else { return value.to_string() };
    let entries: Vec<String> = object.iter().map(|(key, value)| format!("{key:?} = {}", as_toml(value))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// What the program says about the form of these settings. Whether they fit together is another question.
fn complaints(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("gleaner.toml");
    fs::write(&file, text).expect("written");
    let variables = ["BOOKS_KEY", "BOOKS_PASSWORD", "API_TOKEN", "PASSWORD", "API_KEY", "KEY"];
    let sources = Sources {
        config: Some(file),
        folder: folder.path().to_owned(),
        user: 0,
        environment: variables.map(|name| (name.into(), "x".into())).into(),
        flags: Vec::new(),
        cpus: NonZeroUsize::MIN,
    };
    let Err(error) = config::load(&sources) else { return Vec::new() };
    let is_of_form = |kind| matches!(kind, ProblemKind::BadValue | ProblemKind::UnknownName | ProblemKind::Syntax);
    let problems = error.problems().iter().filter(|problem| is_of_form(problem.kind()));
    problems.map(ToString::to_string).collect()
}

fn refused(text: &str) -> Option<String> {
    complaints(text).into_iter().next()
}

fn printed(arguments: &[&str]) -> Value {
    let mut command = gleaner();
    command.arg("schema").args(arguments);
    serde_json::from_str(&Run::to_end(command).exited(0).stdout).expect("JSON")
}

/// The blocks of TOML in our documents, and all files of settings.
fn all_settings() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["config", "docs", "."] {
        for entry in fs::read_dir(root.join(folder)).expect("the folder exists") {
            let path = entry.expect("an entry").path();
            let text = || fs::read_to_string(&path).expect("text");
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("toml") if folder == "config" => found.push((path.display().to_string(), text())),
                Some("md") => {
                    let text = text();
                    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
                    found.extend(blocks.map(|block| (path.display().to_string(), block.to_owned())));
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn every_settings_file_and_every_example_fits_the_schema() {
    let schema = config::settings_schema();
    let all = all_settings();
    assert!(all.len() > 25, "some are missing: {}", all.len());
    for (name, text) in all {
        assert!(is_valid(&schema, &toml_of(&text)), "{name}:\n{text}");
    }
}

#[test]
fn the_command_prints_the_schema_of_the_settings() {
    let schema = printed(&["settings"]);
    assert_eq!(schema, config::settings_schema());
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}

#[test]
fn the_schema_has_each_setting_with_its_default_and_nothing_else() {
    let schema = config::settings_schema();
    let defaults = toml_of(config::defaults());
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&schema["properties"]), names(&defaults));
    for (section, settings) in defaults.as_object().expect("sections") {
        let described = &schema["properties"][section];
        if matches!(section.as_str(), "hosts" | "extract") {
            continue;
        }
        assert_eq!(described["additionalProperties"], false, "{section}");
        assert_eq!(names(&described["properties"]), names(settings), "{section}");
        for (name, default) in settings.as_object().expect("settings") {
            let setting = &described["properties"][name];
            assert_eq!(setting["default"], *default, "{section}.{name}");
            assert!(setting["description"].as_str().is_some_and(|doc| doc.len() > 20), "{section}.{name}");
        }
    }
    let host = &schema["properties"]["hosts"]["additionalProperties"];
    assert_eq!(host["additionalProperties"], false);
    for (name, setting) in host["properties"].as_object().expect("settings") {
        let example = as_toml(&setting["examples"][0]);
        assert_eq!(refused(&format!("hosts.a.{name} = {example}")), None, "{name}");
    }
}

/// Values of all sorts, as TOML.
const VALUES: &[&str] = &[
    "true",
    "false",
    "0",
    "1",
    "8",
    "-1",
    "399",
    "400",
    "599",
    "600",
    "70000",
    "16777216",
    "4294967296",
    "0.5",
    "-0.5",
    "''",
    "' '",
    "'x'",
    "'auto'",
    "'none'",
    "'all'",
    "'5s'",
    "'0s'",
    "'1m 30s'",
    "'1h30m'",
    "'1.5h'",
    "' 2 days '",
    "'5'",
    "'5M'",
    "'5 months'",
    "'s'",
    "'1 s m'",
    "'\u{b5}s'",
    "'3\u{b5}s'",
    "'16MiB'",
    "'1.5 GB'",
    "'0KiB'",
    "'64k'",
    "'64KiBs'",
    "'.5MiB'",
    "'5%'",
    "'100%'",
    "'101%'",
    "'5 %'",
    "'text/html'",
    "'application/*'",
    "'text'",
    "'a/b/c'",
    "'url'",
    "'data.links'",
    "'data..links'",
    "'.'",
    "'csv'",
    "'jsonl'",
    "'parquet?'",
    "'full'",
    "'data'",
    "'1.2'",
    "'1.3'",
    "','",
    "'page'",
    "'own'",
    "'off'",
    "'require'",
    "'same'",
    "'direct'",
    "'deny'",
    "'host'",
    "'domain'",
    "'input'",
    "'excel'",
    "'a\tb'",
    "\"a\\nb\"",
    "\"\\u0007\"",
    "'http://127.0.0.1:3128'",
    "[]",
    "['x']",
    "['none']",
    "['url', 'seq']",
    "[408, 599]",
    "[200]",
    "[1.5]",
    "['text/html']",
    "[['a']]",
    "{ }",
    "{ a = 'b' }",
    "{ a = 1 }",
    "{ 'a b' = 'c' }",
    "{ a = \"b\\nc\" }",
    "{ x = { y = 1 } }",
];

#[test]
fn a_value_of_a_setting_fits_the_schema_if_the_program_reads_it() {
    // Only the program can tell whether a size with a unit is too small, a language or a user exists, or a text is a URL
    // or has a colon.
    let beyond_the_form = [
        "pool.max_memory_per_worker",
        "extraction.locale",
        "pool.user",
        "network.proxies",
        "hosts.\"a\".proxy",
        "hosts.\"a\".basic",
        "hosts.\"a\".bearer",
    ];
    let schema = config::settings_schema();
    let mut names = Vec::new();
    for (section, described) in schema["properties"].as_object().expect("sections") {
        let (prefix, settings) = match section.as_str() {
            "extract" => continue,
            "hosts" => ("hosts.\"a\"", &described["additionalProperties"]["properties"]),
            section => (section, &described["properties"]),
        };
        names.extend(settings.as_object().expect("settings").keys().map(|name| format!("{prefix}.{name}")));
    }
    assert!(names.len() > 60, "{names:?}");
    let mut wrong = Vec::new();
    for value in VALUES {
        let line = |name: &String| format!("{name} = {value}\n");
        let all = complaints(&names.iter().map(line).collect::<String>());
        for name in &names {
            let says = is_valid(&schema, &toml_of(&line(name)));
            let beginnings = [format!("`{name}` "), format!("`{name}.")];
            let complaint = all.iter().find(|complaint| beginnings.iter().any(|it| complaint.starts_with(it)));
            let is_beyond = says && beyond_the_form.contains(&name.as_str());
            if says != complaint.is_none() && !is_beyond {
                wrong.push(format!("{name} = {value}: the schema says {says}, the program {complaint:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The folders of `fixtures/pages`.
fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(fixture("pages")).expect("the folder exists");
    let cases: Vec<PathBuf> = folders.map(|entry| entry.expect("an entry").path()).collect();
    assert!(cases.len() > 250, "some are missing: {}", cases.len());
    cases
}

/// Rules that are wrong in their form, and one that is right and differs little.
const WRONG_RULES: &[(&str, &str)] = &[
    ("x = 1", "x = 'h1'"),
    ("x = ''", "x = 'h1'"),
    ("x = []", "x = ['a']"),
    ("x = ['a', 'b']", "x = ['a']"),
    ("x = [1]", "x = ['a']"),
    ("x = [{ css = 'a' }]", "x = { css = 'a' }"),
    ("x = { }", "x = { css = 'a' }"),
    ("x = { type = 'number' }", "x = { css = 'a', type = 'number' }"),
    ("x = { css = 'a', typ = 'number' }", "x = { css = 'a', type = 'number' }"),
    ("x = { css = 'a', type = 'numbr' }", "x = { css = 'a', type = 'number' }"),
    ("x = { css = 'a', xpath = '//a' }", "x = { xpath = '//a' }"),
    ("x = { fact = 'url', json = '$' }", "x = { links = true, json = '$[*].url' }"),
    ("x = { const = 1, json = '$' }", "x = { const = 1 }"),
    ("x = { links = false }", "x = { links = true }"),
    ("x = { links = 'a' }", "x = { links = true }"),
    ("x = { structured = 'rdfa' }", "x = { structured = 'json_ld' }"),
    ("x = { fact = 'title' }", "x = { fact = 'status' }"),
    ("x = { fact = 'header:' }", "x = { fact = 'header:etag' }"),
    ("x = { fact = 'header:a b' }", "x = { fact = 'header:etag' }"),
    ("x = { fact = 'input:' }", "x = { fact = 'input:sku' }"),
    ("x = { const = [1] }", "x = { const = 'a' }"),
    ("x = { css = 'a::text', re = '' }", "x = { css = 'a::text', re = 'b' }"),
    ("x = { css = 'a::text', trim = 'no' }", "x = { css = 'a::text', trim = false }"),
    ("x = { css = 'a::text', replace = [] }", "x = { css = 'a::text', replace = ['a', ''] }"),
    ("x = { css = 'a::text', replace = ['a'] }", "x = { css = 'a::text', replace = [['a', 'b'], ['c', '']] }"),
    ("x = { css = 'a::text', replace = [['', 'b']] }", "x = { css = 'a::text', replace = [['b', '']] }"),
    ("x = { css = 'a::text', strip = true }", "x = { css = 'a::text', strip = '()' }"),
    ("x = { css = 'a::text', map = { } }", "x = { css = 'a::text', map = { a = 1 } }"),
    ("x = { css = 'a::text', map = { a = [1] } }", "x = { css = 'a::text', map = { a = true } }"),
    ("x = { css = 'a', default = [] }", "x = { css = 'a', default = '' }"),
    ("x = { css = 'a', required = 1 }", "x = { css = 'a', required = true }"),
    ("x = { css = 'a', has = ['b'] }", "x = { css = 'a', has = 'b' }"),
    ("x = { first_of = [] }", "x = { first_of = ['a'] }"),
    ("x = { first_of = 'a' }", "x = { first_of = ['a', ['b']] }"),
    ("x = { first_of = ['a'], css = 'b' }", "x = { first_of = ['a'], default = 'b' }"),
    ("x = { first_of = ['a'], has = 'b' }", "x = { first_of = [{ css = 'a', has = 'b' }] }"),
    ("x = { first_of = [{ css = 'a', required = true }] }", "x = { first_of = [{ css = 'a' }], required = true }"),
    (
        "x = { first_of = [{ first_of = ['a'], default = 'b' }] }",
        "x = { first_of = [{ first_of = ['a'] }], default = 'b' }",
    ),
    ("x = { each = 'a' }", "x = { each = 'a', b = 'c' }"),
    ("x = { each = 1, b = 'c' }", "x = { each = 'a', css = 'c' }"),
    ("x = { each = { }, b = 'c' }", "x = { each = { css = 'a' }, b = 'c' }"),
    ("x = { each = { has = 'd' }, b = 'c' }", "x = { each = { css = 'a', has = 'd' }, b = 'c' }"),
    ("x = { each = { css = 'a', all = true }, b = 'c' }", "x = { each = { css = 'a' }, b = ['c'] }"),
    ("x = { each = 'a', b = { each = 'c', d = 1 } }", "x = { each = 'a', b = { each = 'c', d = 'e' } }"),
    ("x = { each = 'a', b = { css = 'c', d = 'e' } }", "x = { each = 'a', b = { css = 'c', default = 'e' } }"),
    ("each = 'a'", "each = { css = 'a' }"),
];

#[test]
fn a_rule_of_a_wrong_form_is_refused_by_the_schema_and_by_the_program() {
    let schema = config::settings_schema();
    for (wrong, right) in WRONG_RULES {
        let (wrong, right) = (format!("[extract]\n{wrong}"), format!("[extract]\n{right}"));
        assert!(!is_valid(&schema, &toml_of(&wrong)), "{wrong}");
        assert!(refused(&wrong).is_some(), "{wrong}");
        assert_eq!(refused(&right), None, "{right}");
        assert!(is_valid(&schema, &toml_of(&right)), "{right}");
    }
}

#[test]
fn settings_of_a_wrong_form_are_refused_by_the_schema_and_by_the_program() {
    let schema = config::settings_schema();
    let table = [
        "[pol]\nworkers = 1",
        "pool = 1",
        "workers = 1",
        "[pool]\nworker = 1",
        "[hosts]\na = 1",
        "[hosts.a]\ndelays = '1s'",
        "[hosts.'http://a/']\ndelay = '1s'",
        "[hosts.'*.a']\ndelay = '1s'",
        "[extract]\nx = { css = 'a', b = { c = 1 } }",
    ];
    for wrong in table {
        assert!(!is_valid(&schema, &toml_of(wrong)), "{wrong}");
        assert!(refused(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn every_rule_and_every_result_of_the_fixtures_fits_the_schemas() {
    let settings = config::settings_schema();
    let (mut pages, mut with_warnings) = (0, 0);
    for case in cases() {
        let name = case.display();
        let text = fs::read_to_string(case.join("rules.toml")).expect("there are rules");
        let expected = fs::read_to_string(case.join("expected.json")).expect("there is a result");
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        if !expected["refused"].is_null() {
            continue;
        }
        assert!(is_valid(&settings, &toml_of(&text)), "{name}");
        let sources = Sources {
            config: Some(case.join("rules.toml")),
            folder: case.clone(),
            user: 0,
            environment: Vec::new(),
            flags: Vec::new(),
            cpus: NonZeroUsize::MIN,
        };
        let extraction = config::load(&sources).expect("the rules are valid").plan.scrape.extract;
        if !expected["data"].is_null() {
            let schema = data_schema(&joined(&extraction), extraction.strict);
            assert!(is_valid(&schema, &expected["data"]), "{name}:\n{}\n{schema:#}", expected["data"]);
            assert!(!is_valid(&schema, &serde_json::json!({ "another": 1 })), "{name}");
            pages += 1;
        }
        if !expected["warnings"].is_null() {
            assert!(is_valid(&warnings_schema(), &expected["warnings"]), "{name}");
            with_warnings += 1;
        }
    }
    assert!(pages > 150 && with_warnings > 10, "{pages} {with_warnings}");
}

/// The schema that the command prints for these settings, and the records of a run with them over a small site.
fn schema_and_records(settings: &[&str], list: (&str, &str)) -> (Value, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let page = "<!doctype html><title>T</title><h1>A</h1><b>x</b><i>7</i><i>y</i>";
    fs::write(folder.path().join("a.html"), page).expect("written");
    fs::write(folder.path().join(list.0), list.1).expect("written");
    let mut run = gleaner();
    run.current_dir(folder.path()).args(["run", list.0, "--site", ".", "-f", "jsonl"]).args(settings);
    let records = values(&Run::to_end(run).exited(3).stdout);
    assert_eq!(records.len(), list.1.matches(".html").count() + list.1.matches("[bad").count(), "{settings:?}");
    let mut schema = gleaner();
    schema.current_dir(folder.path()).args(["schema", "records"]).args(settings);
    (serde_json::from_str(&Run::to_end(schema).exited(0).stdout).expect("JSON"), records)
}

/// Runs with pages, failures, warnings, what a list carries, a cache, and data alone.
fn runs() -> Vec<(Value, Vec<Value>)> {
    let table = ("list.csv", "url,sku\na.html,1\nmissing.html,2\nhttp://[bad,3\n");
    let text = ("list.txt", "a.html\nmissing.html\n");
    let rules = [
        "--select",
        "title=h1::text",
        "--select",
        r#"n={ css = ["i::text"], type = "integer" }"#,
        "--select",
        r#"p={ each = "b", t = "::text", u = { fact = "header:etag" } }"#,
        "--select",
        r#"m={ css = "b::text", map = { x = true, y = 2 } }"#,
        "--select",
        r#"g={ css = "h1::text", re = "(?P<a>A)(?P<b>B)?" }"#,
        "--select",
        r#"f={ first_of = [".none", { css = "i", type = "number", all = true }, { const = "c" }] }"#,
    ];
    let with = |more: &[&'static str]| [&rules[..], more].concat();
    let mut runs = vec![
        schema_and_records(&[], table),
        schema_and_records(&[], text),
        schema_and_records(&rules, table),
        schema_and_records(&with(&["--set", "output.record=data"]), text),
        schema_and_records(&with(&["--set", "cache.path=cache"]), text),
        schema_and_records(&with(&["--set", "input.keep=[]"]), table),
    ];
    for preset in ["page", "article", "links", "metadata"] {
        runs.push(schema_and_records(&["--set", &format!("extraction.preset={preset}")], text));
    }
    runs
}

/// The record without each of its keys that a record must have, and with one more.
fn no_records(record: &Value) -> Vec<Value> {
    let Some(keys) = record.as_object() else { return Vec::new() };
    let optional = ["input", "warnings"];
    let needed = keys.keys().filter(|key| record.get("seq").is_none() || !optional.contains(&key.as_str()));
    let less = needed.map(|key| {
        let mut less = keys.clone();
        less.remove(key);
        Value::from(less)
    });
    let mut more = keys.clone();
    more.insert("another".to_owned(), Value::Null);
    less.chain([Value::from(more)]).collect()
}

#[test]
fn the_records_of_a_run_fit_the_schema_of_its_settings() {
    let (mut with_input, mut with_warnings) = (0, 0);
    for (schema, records) in runs() {
        for record in &records {
            assert!(is_valid(&schema, record), "{record}\n{schema:#}");
            for wrong in no_records(record) {
                assert!(!is_valid(&schema, &wrong), "{wrong}\n{schema:#}");
            }
            with_input += usize::from(record.get("input").is_some());
            with_warnings += usize::from(record.get("warnings").is_some());
        }
    }
    assert!(with_input > 5 && with_warnings > 2, "{with_input} {with_warnings}");
}

/// Writes schemas with values, and whether these are valid, for `tests/peers/schemas.py`: an object on each line.
#[test]
#[ignore = "needs a file in GLEANER_SCHEMAS; .ci/run runs it"]
fn schemas_are_written_for_peers() {
    let file = std::env::var_os("GLEANER_SCHEMAS").expect("the name of a file");
    let mut lines = String::new();
    let mut add = |schema: &Value, values: &[(Value, bool)]| {
        let values: Vec<Value> =
            values.iter().map(|(value, valid)| serde_json::json!({ "value": value, "valid": valid })).collect();
        lines += &serde_json::json!({ "schema": schema, "values": values }).to_string();
        lines.push('\n');
    };
    let settings = config::settings_schema();
    let mut values: Vec<(Value, bool)> = all_settings().iter().map(|(_, text)| (toml_of(text), true)).collect();
    for (wrong, right) in WRONG_RULES {
        values.push((toml_of(&format!("[extract]\n{wrong}")), false));
        values.push((toml_of(&format!("[extract]\n{right}")), true));
    }
    for value in VALUES {
        for (section, described) in settings["properties"].as_object().expect("sections") {
            let Some(known) = described["properties"].as_object().filter(|_| section != "extract") else { continue };
            for name in known.keys() {
                let written = toml_of(&format!("{section}.{name} = {value}"));
                let valid = is_valid(&settings, &written);
                values.push((written, valid));
            }
        }
    }
    add(&settings, &values);
    for (schema, records) in runs() {
        let wrong = records.iter().flat_map(no_records).map(|wrong| (wrong, false));
        let values: Vec<(Value, bool)> = records.iter().cloned().map(|right| (right, true)).chain(wrong).collect();
        add(&schema, &values);
    }
    let (schema, summaries) = crate::reports::schema_and_summaries();
    add(&schema, &summaries);
    fs::write(file, lines).expect("written");
}
