//! Tables: a run whose output is CSV or TSV.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{PROMPTLY, Run, Server, gleaner, scrape, values, wait_until};

/// The rows of a table. An own reader, so that the test does not depend on the writer.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                cell.push('"');
                characters.next();
            }
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => cell.push(character),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ if character == delimiter => row.push(std::mem::take(&mut cell)),
            _ => cell.push(character),
        }
    }
    assert!(!is_quoted && cell.is_empty() && row.is_empty(), "the text ends with a line: {text}");
    rows
}

/// The rows by the names of their columns.
fn records(text: &str, delimiter: char) -> Vec<BTreeMap<String, String>> {
    let mut rows = rows(text, delimiter).into_iter();
    let header = rows.next().expect("a header");
    rows.map(|row| {
        assert_eq!(row.len(), header.len(), "{row:?}");
        header.iter().cloned().zip(row).collect()
    })
    .collect()
}

/// A folder with pages for `--site`.
fn site(pages: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, page) in pages {
        fs::write(folder.path().join(name), format!("<!doctype html><meta charset=utf-8>{page}")).expect("written");
    }
    folder
}

/// A run over files of a site, to standard output.
fn over(site: &tempfile::TempDir, list: &[&str], flags: &[&str]) -> crate::support::Finished {
    let file = site.path().join("list.txt");
    fs::write(&file, list.join("\n")).expect("written");
    let mut command: Command = gleaner();
    command.arg("run").arg(&file).arg("--site").arg(site.path()).args(flags);
    Run::to_end(command)
}

/// A value of JSON as the text of a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace('\0', "\u{FFFD}"),
        other => other.to_string(),
    }
}

const TITLE: &str = "extract.title=h1::text";
const WORDS: &str = r#"extract.words={ css = "p::text", all = true, trim = false }"#;
const FIRST: &str = r#"extract.first={ css = "p::text", trim = false }"#;

#[test]
fn a_run_holds_the_same_values_in_every_format() {
    let pages = site(&[
        ("a.html", "<h1>A, \"b\"</h1><p>x\ny</p><p>=1 👩‍🔧</p><b class=n>7</b>"),
        ("b.html", "<p>a&#13;b</p><h1>tab\there</h1>"),
        ("c.html", "nothing"),
    ]);
    let list = ["a.html", "missing.html", "b.html", "c.html", "http://[bad"];
    let number = r#"extract.number={ css = ".n", type = "integer" }"#;
    let flags = ["--set", TITLE, "--set", WORDS, "--set", FIRST, "--set", number, "--format"];
    let output = |format: &str| over(&pages, &list, &[&flags[..], &[format]].concat()).exited(3).stdout;
    let expected = values(&output("json"));
    assert_eq!(expected.len(), 5);
    assert_eq!(expected[2]["data"]["first"], "a\rb");
    for (format, delimiter) in [("csv", ','), ("tsv", '\t')] {
        let text = output(format);
        let found = records(&text, delimiter);
        assert_eq!(found.len(), expected.len(), "{text}");
        for (row, record) in found.iter().zip(&expected) {
            for key in ["seq", "url", "final_url", "status", "attempts", "bytes"] {
                assert_eq!(row[key], cell(&record[key]), "{key} in {format}");
            }
            for key in ["kind", "stage", "message"] {
                assert_eq!(row[&format!("failure_{key}")], cell(&record["failure"][key]), "{key} in {format}");
            }
            for key in ["title", "words", "first", "number"] {
                assert_eq!(row[key], cell(&record["data"][key]), "{key} in {format}");
            }
            assert_eq!(row["fetched_at"].is_empty(), record["fetched_at"].is_null());
        }
    }
}

#[test]
fn each_element_of_a_field_can_be_a_row() {
    let pages = site(&[
        ("a.html", "<h1>A</h1><ul><li><b>one</b><i>1</i></li><li><b>two, too</b></li></ul>"),
        ("b.html", "<h1>B</h1>"),
    ]);
    let items = r#"extract.items={ each = "li", name = "b::text", count = "i::text" }"#;
    let flags = ["--set", TITLE, "--set", items, "--rows", "items", "-f", "csv", "--columns", "seq,status"];
    let text = over(&pages, &["a.html", "missing.html", "b.html"], &flags).exited(3).stdout;
    assert_eq!(
        text,
        "seq,status,title,items.name,items.count\n0,200,A,one,1\n0,200,A,\"two, too\",\n1,404,,,\n2,200,B,,\n"
    );
    // The same field in one cell.
    let flags = ["--set", items, "-f", "csv", "--set", "output.record=data"];
    let text = over(&pages, &["b.html", "missing.html"], &flags).exited(3).stdout;
    assert_eq!(text, "items\n[]\n\"\"\n");
}

#[test]
fn a_table_for_excel_has_a_mark_and_its_line_ends_and_may_disarm_formulas() {
    let pages = site(&[("a.html", "<h1>=1+1</h1><p>a</p><p>b</p>")]);
    let flags = ["--set", TITLE, "--set", WORDS, "-f", "csv", "--columns", "seq", "--set", "output.list_separator=|"];
    let run = |more: &[&str]| over(&pages, &["a.html"], &[&flags[..], more].concat()).exited(0).stdout;
    assert_eq!(run(&[]), "seq,title,words\n0,=1+1,a|b\n");
    let excel = ["--set", "output.dialect=excel"];
    assert_eq!(run(&excel), "\u{FEFF}seq,title,words\r\n0,=1+1,a|b\r\n");
    let disarmed = [&excel[..], &["--set", "output.escape_formulas=true"]].concat();
    assert_eq!(run(&disarmed), "\u{FEFF}seq,title,words\r\n0,'=1+1,a|b\r\n");
}

#[test]
fn settings_that_make_no_table_are_refused_before_the_run_and_the_way_out_works() {
    let pages = site(&[("a.html", "<h1>A</h1>")]);
    let status = "extract.status=h1::text";
    let table: [(&[&str], &str); 7] = [
        (&["-f", "csv", "--set", status], "leave that column out of output.columns (--columns seq,url,final_url,"),
        (&["-f", "csv", "--columns", "seq,url,seq"], "write the column `seq` twice"),
        (&["-f", "csv", "--columns", "seq,uri"], "`output.columns` must be one of \"seq\", \"url\""),
        (&["-f", "csv", "--rows", "title", "--set", TITLE], "output.rows must name a field with `each`"),
        (&["-f", "jsonl", "--rows", "title"], "output.rows (--rows) needs csv or tsv"),
        (&["--columns", "seq"], "--columns needs csv, tsv, parquet or sqlite"),
        (&["-f", "csv", "--set", "output.escape_formulas=true"], "needs output.dialect = \"excel\""),
    ];
    for (flags, message) in table {
        let run = over(&pages, &["a.html"], flags).exited(2);
        assert!(run.stderr.contains(message), "{flags:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let way_out = ["-f", "csv", "--set", status, "--columns", "seq,url"];
    assert_eq!(over(&pages, &["a.html"], &way_out).exited(0).stdout, "seq,url,status\n0,a.html,A\n");
}

#[test]
fn the_columns_of_a_list_stand_before_those_of_the_run() {
    let pages = site(&[("a.html", "<h1>A</h1>"), ("b.html", "<h1>B</h1>")]);
    let run = |name: &str, list: &str, flags: &[&str]| {
        let file = pages.path().join(name);
        fs::write(&file, list).expect("written");
        let mut command: Command = gleaner();
        command.arg("run").arg(&file).arg("--site").arg(pages.path()).args(["-f", "csv", "--set", TITLE]).args(flags);
        Run::to_end(command)
    };
    let table = "sku,url,note\n1.50,a.html,\"x, \"\"y\"\"\"\n,b.html,\n";
    let written = run("list.csv", table, &["--columns", "seq"]).exited(0).stdout;
    assert_eq!(written, "sku,note,seq,title\n1.50,\"x, \"\"y\"\"\",0,A\n,,1,B\n");
    let written = run("list.csv", table, &["--columns", "seq", "--keep", "note"]).exited(0).stdout;
    assert_eq!(written, "note,seq,title\n\"x, \"\"y\"\"\",0,A\n,1,B\n");
    let lines = "{\"url\":\"a.html\",\"n\":1}\n{\"url\":\"b.html\"}\n";
    let written = run("list.jsonl", lines, &["--columns", "seq"]).exited(0).stdout;
    assert_eq!(written, "input,seq,title\n\"{\"\"n\"\":1}\",0,A\n,1,B\n");
    let clash = run("list.csv", "url,title\na.html,x\n", &[]).exited(2);
    assert!(clash.stderr.contains("write the column `title` of the list"), "{}", clash.stderr);
}

#[test]
fn a_killed_run_resumes_to_the_table_of_an_undisturbed_one() {
    const KILLS: u64 = 10;
    let server = Server::start();
    let mut list: Vec<String> = (0..600).map(|n| server.url(&format!("/sleep/15/{n}"))).collect();
    list[17] = server.url("/status/404");
    list[300] = "nonsense".to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("list");
    fs::write(&file, list.join("\n")).expect("written");
    let command = |name: &str, more: &[&str]| {
        let mut command = scrape([file.as_os_str()]);
        command.arg("-o").arg(folder.path().join(name)).args(["-w", "2", "--concurrency", "4", "--rows", "parts"]);
        let parts = r#"extract.parts={ each = "h1, title", text = "::text" }"#;
        command.args(["--set", parts, "--columns", "seq,url,final_url,status,failure_kind,bytes"]).args(more);
        command
    };
    Run::to_end(command("whole.csv", &[])).exited(3);
    let whole = fs::read_to_string(folder.path().join("whole.csv")).expect("the output");
    assert!(rows(&whole, ',').len() > 1001, "pages have two rows: {whole}");
    let output = folder.path().join("out.csv");
    // A fixed sequence of pseudo-random numbers (Knuth's MMIX constants) makes failures reproducible.
    let mut state = 5_u64;
    for kill in 0..KILLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let run = Run::start(command("out.csv", if kill == 0 { &[] } else { &["--resume"] }));
        let requests = server.log().len() + 20 + usize::try_from((state >> 33) % 40).expect("small");
        wait_until("some requests", PROMPTLY, || server.log().len() > requests || output.exists());
        run.signal(Signal::KILL);
        run.finish();
        if output.exists() {
            break;
        }
    }
    if !output.exists() {
        Run::to_end(command("out.csv", &["--resume"])).exited(3);
    }
    let resumed = fs::read_to_string(&output).expect("the output");
    assert!(resumed == whole, "the same bytes");
    assert_eq!(resumed.matches("seq,url").count(), 1, "one header");
}

/// Writes `table.csv` and `records.jsonl` of the same pages into a folder, for `tests/peers/tables.py`.
#[test]
#[ignore = "needs a folder in GLEANER_TABLES; .ci/run runs it"]
fn tables_are_written_for_peers() {
    // With the columns about the task, there are 1,900.
    const FIELDS: usize = 1887;
    let folder = std::path::PathBuf::from(std::env::var_os("GLEANER_TABLES").expect("a folder"));
    fs::create_dir_all(&folder).expect("created");
    let texts = [
        "plain",
        "a,b",
        "say \"a\"",
        "\"",
        "two\nlines",
        "a&#13;b",
        "a&#13;\nb",
        "a\tb",
        "=1+1",
        "-7",
        "' -- ",
        "日本語, 👩‍🔧",
        "&lt;b&gt;",
        "a;b|c",
        "\\",
        "\\n",
        "NA",
        "00012",
        "1e5",
        "é\u{301}",
    ];
    let page = |seed: usize| {
        let mut page = format!("<!doctype html><meta charset=utf-8><title>{seed}</title>");
        for nth in 0..FIELDS - 3 {
            page.extend([
                format!("<pre id=f{nth}>"),
                texts[(nth + seed) % texts.len()].to_owned(),
                "</pre>".to_owned(),
            ]);
        }
        page
    };
    let pages = site(&[]);
    let names: Vec<String> = (0..20).map(|seed| format!("{seed}.html")).collect();
    for (seed, name) in names.iter().enumerate() {
        fs::write(pages.path().join(name), page(seed)).expect("written");
    }
    let mut rules =
        String::from("[extract]\ntitle = \"title::text\"\nall = { css = \"pre::text\", all = true, trim = false }\n");
    rules += "items = { each = \"pre\", id = \"::attr(id)\", text = \"::text\" }\n";
    for nth in 0..FIELDS - 3 {
        rules.extend(["f", &nth.to_string(), " = { css = \"#f", &nth.to_string(), "::text\", trim = false }\n"]);
    }
    let config = pages.path().join("rules.toml");
    fs::write(&config, rules).expect("written");
    let list: Vec<&str> = names.iter().map(String::as_str).chain(["missing.html"]).collect();
    for name in ["table.csv", "records.jsonl"] {
        let output = folder.join(name);
        let flags = ["-c", config.to_str().expect("UTF-8"), "--restart", "-o", output.to_str().expect("UTF-8")];
        over(&pages, &list, &flags).exited(3);
    }
}
