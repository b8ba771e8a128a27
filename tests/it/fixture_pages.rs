//! Every field of every page: `fixtures/pages` has a folder for each case.
//!
//! - `page.html`, `page.json` or `page.xml`: the body of a page, in UTF-8. Or `page.http`: the whole response, a status
//!   line, headers, an empty line and the body. Its lines end in a line feed, and it needs no `content-length`.
//! - `rules.toml`: the settings of the user
//! - `expected.json`: an object with the `data` of the page and its `warnings`, if there are any; or with the `failure`
//!   of the page (`kind` and `message`); or with what the error of settings that are `refused` says. Then there is no
//!   page.
//!
//! A page goes the whole way: the reader of the settings, a server on loopback, the scraper. The page is at
//! `http://page.test/dir/page?q=1` in all expected data. It is task 7 of its list, whose columns are in `INPUT`.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use gleaner::config::{self, Sources};
use gleaner::model::{Answer, Reach, TaskFacts, Visit};
use gleaner::scrape::{Scraper, Settings};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::raw_server::{RawServer, Reply};
use crate::support::fixture;

/// Fewer cases mean that some were lost.
const LEAST_CASES: usize = 250;

/// The other columns of the list.
const INPUT: [(&str, &str); 2] = [("sku", "A-17"), ("shelf", "top")];

/// The short forms of pages, and their content types.
const TYPES: [(&str, &str); 3] = [
    ("page.html", "text/html; charset=utf-8"),
    ("page.json", "application/json"),
    ("page.xml", "application/xml; charset=utf-8"),
];

struct Case {
    name: String,
    folder: PathBuf,
    /// The whole response.
    page: Option<Vec<u8>>,
    expected: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected<'e> {
    #[serde(borrow)]
    data: Option<&'e RawValue>,
    #[serde(borrow)]
    warnings: Option<&'e RawValue>,
    #[serde(borrow)]
    failure: Option<&'e RawValue>,
    refused: Option<Vec<String>>,
}

#[tokio::test]
async fn every_page_of_the_fixtures_gives_the_data_that_is_written_beside_it() {
    let mut wrong = String::new();
    let mut count = 0;
    for case in cases(&fixture("pages")) {
        count += 1;
        let result = match case {
            Ok(case) => check(&case).await.map_err(|difference| format!("{}: {difference}", case.name)),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = result {
            writeln!(wrong, "\n{problem}").expect("a string takes all text");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= LEAST_CASES, "only {count} cases");
}

#[test]
fn a_folder_with_a_missing_or_an_unknown_file_is_refused() {
    let table: [(&[&str], Option<&str>); 9] = [
        (&["page.html", "rules.toml", "expected.json"], None),
        (&["page.http", "rules.toml", "expected.json"], None),
        (&["rules.toml", "expected.json"], None),
        (&["page.html", "rules.toml"], Some("expected.json is missing")),
        (&["page.html", "expected.json"], Some("rules.toml is missing")),
        (&["page.html", "rules.toml", "expected.json", "notes.md"], Some("notes.md is not a file of a case")),
        (&["page.htm", "rules.toml", "expected.json"], Some("page.htm is not a file of a case")),
        (&["page.html", "page.xml", "rules.toml", "expected.json"], Some("has several pages")),
        (&[], Some("rules.toml is missing")),
    ];
    for (files, problem) in table {
        let folder = tempfile::tempdir().expect("a folder");
        let case = folder.path().join("case");
        fs::create_dir(&case).expect("a folder");
        for file in files {
            fs::write(case.join(file), "HTTP/1.1 200 OK\n\n").expect("space on the disk");
        }
        let [found] = &cases(folder.path())[..] else { panic!("one folder is one case") };
        match (found, problem) {
            (Ok(_), None) => {}
            (Err(found), Some(problem)) => assert_eq!(found, &format!("case: {problem}")),
            (Ok(_), Some(problem)) => panic!("{files:?}: expected `{problem}`"),
            (Err(found), None) => panic!("{files:?}: {found}"),
        }
    }
}

/// Reads all cases, sorted by name.
fn cases(folder: &Path) -> Vec<Result<Case, String>> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    folders.iter().map(|folder| case(folder)).collect()
}

fn case(folder: &Path) -> Result<Case, String> {
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let problem = |what: &str| Err(format!("{name}: {what}"));
    let Ok(files) = fs::read_dir(folder) else { return problem("is not a folder") };
    let mut files: Vec<String> =
        files.map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    for needed in ["rules.toml", "expected.json"] {
        if !files.iter().any(|file| file == needed) {
            return problem(&format!("{needed} is missing"));
        }
    }
    let mut page = None;
    for file in files.iter().filter(|file| !matches!(file.as_str(), "rules.toml" | "expected.json")) {
        let content_type = TYPES.iter().find(|(short, _)| short == file).map(|(_, content_type)| *content_type);
        if content_type.is_none() && file != "page.http" {
            return problem(&format!("{file} is not a file of a case"));
        }
        if page.is_some() {
            return problem("has several pages");
        }
        let bytes = fs::read(folder.join(file)).expect("a file");
        page = Some(match content_type {
            Some(content_type) => response(&format!("HTTP/1.1 200 OK\ncontent-type: {content_type}"), &bytes),
            None => match bytes.windows(2).position(|two| two == b"\n\n") {
                Some(end) => response(&String::from_utf8_lossy(&bytes[..end]), &bytes[end + 2..]),
                None => return problem("page.http has no empty line after its headers"),
            },
        });
    }
    let expected = fs::read_to_string(folder.join("expected.json")).expect("a file");
    Ok(Case { name, folder: folder.to_owned(), page, expected })
}

/// Makes the bytes that a server sends.
fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let head = head.replace('\n', "\r\n");
    let mut bytes = format!("{head}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Scrapes the page of a case. Errs with what is different.
async fn check(case: &Case) -> Result<(), String> {
    let expected: Expected<'_> =
        serde_json::from_str(&case.expected).map_err(|error| format!("expected.json: {error}"))?;
    let results = [expected.data.is_some(), expected.failure.is_some(), expected.refused.is_some()];
    if results.iter().filter(|is_given| **is_given).count() != 1 {
        return Err("expected.json needs one of `data`, `failure` and `refused`".to_owned());
    }
    if expected.refused.is_some() && case.page.is_some() {
        return Err("has a page, but its settings are refused".to_owned());
    }
    let settings = settings(&case.folder);
    if let Some(words) = &expected.refused {
        let Err(error) = settings else { return Err("the settings are not refused".to_owned()) };
        let missing: Vec<_> = words.iter().filter(|words| !error.contains(*words)).collect();
        return if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?} is not in:\n{error}")) };
    }
    let page = case.page.as_ref().ok_or("needs a page")?;
    let scraper = Scraper::new(settings?).map_err(|error| error.to_string())?;
    let server = RawServer::start(vec![Reply::new(page.clone())]).await;
    let url = server.url("dir/page?q=1");
    let input = INPUT.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let task = TaskFacts { seq: 7, url: url.clone(), input };
    let mut visit = Visit::new(url.parse().expect("a URL"), Reach::Listed);
    visit.task = Some(Box::new(task));
    let (data, warnings, failure) = match scraper.visit(&visit, || {}).await.answer {
        Answer::Page(page) => (text(&page.data), text(&page.fit.warnings), String::new()),
        Answer::Failure(failure) => {
            let (kind, message) = (failure.kind.as_str(), &failure.message);
            (String::new(), String::new(), serde_json::json!({ "kind": kind, "message": message }).to_string())
        }
        other => return Err(format!("gave {other:?}")),
    };
    let address = server.address().to_string();
    let parts = [
        ("data", expected.data, data),
        ("warnings", expected.warnings, warnings),
        ("failure", expected.failure, failure),
    ];
    let differences = parts.into_iter().filter_map(|(name, expected, found)| {
        let expected = expected.map_or("", RawValue::get);
        difference(expected, &found.replace(&address, "page.test")).map(|lines| format!("{name} differs\n{lines}"))
    });
    let differences: String = differences.collect();
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

fn settings(folder: &Path) -> Result<Settings, String> {
    let sources = Sources {
        config: Some("rules.toml".into()),
        folder: folder.to_owned(),
        user: rustix::process::geteuid().as_raw(),
        environment: Vec::new(),
        flags: Vec::new(),
        cpus: NonZeroUsize::MIN,
    };
    config::load(&sources).map(|loaded| loaded.plan.scrape).map_err(|error| error.to_string())
}

fn text(json: &[u8]) -> String {
    String::from_utf8(json.to_vec()).expect("JSON is UTF-8")
}

/// Returns the lines that are different, or `None`. Order and the digits of numbers count; white space does not.
fn difference(expected: &str, found: &str) -> Option<String> {
    let (expected, found) = (lines(expected), lines(found));
    if expected == found {
        return None;
    }
    let same =
        |pairs: &mut dyn Iterator<Item = (&String, &String)>| pairs.take_while(|(one, other)| one == other).count();
    let before = same(&mut expected.iter().zip(&found));
    let after = same(&mut expected[before..].iter().rev().zip(found[before..].iter().rev()));
    let mut shown = String::new();
    for (mark, lines) in [("expected", &expected), ("found   ", &found)] {
        for line in &lines[before..lines.len() - after] {
            writeln!(shown, "  {mark} {line}").expect("a string takes all text");
        }
    }
    Some(shown)
}

/// Cuts JSON into a line for each value.
fn lines(json: &str) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    let (mut is_string, mut is_escaped) = (false, false);
    for it in json.chars().filter(|it| !it.is_control()) {
        if !is_string && it == ' ' {
            continue;
        }
        line.push(it);
        is_string ^= it == '"' && !is_escaped;
        is_escaped = is_string && it == '\\' && !is_escaped;
        if !is_string && matches!(it, ',' | '{' | '[' | '}' | ']') {
            lines.push(std::mem::take(&mut line));
        }
    }
    lines.extend(Some(line).filter(|line| !line.is_empty()));
    lines
}
