//! Outputs that are written in another format.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Finished, Run, Server, fixture, gleaner, scrape, values};

/// Columns that differ between two runs.
const OF_RUN: [&str; 4] = ["elapsed_ms", "worker", "fetched_at", "attempts"];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file exists")
    }

    fn convert(&self, from: &str, into: &str, flags: &[&str]) -> Finished {
        let mut command = gleaner();
        command.current_dir(self.0.path()).arg("convert").args([from, into]).args(flags);
        Run::to_end(command)
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).expect("a folder").flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The cells of a table, by the csv module's rules, without the columns of one run.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut reader, mut rows) = (csv_core::Reader::new(), Vec::new());
    let (mut input, mut out, mut ends) = (text.as_bytes(), vec![0; text.len() + 1], vec![0; 1000]);
    loop {
        let (result, read, _, count) = reader.read_record(input, &mut out, &mut ends);
        input = &input[read..];
        if !matches!(result, csv_core::ReadRecordResult::Record) {
            break;
        }
        let starts = std::iter::once(0).chain(ends[..count].iter().copied());
        let row =
            starts.zip(&ends[..count]).map(|(start, end)| String::from_utf8_lossy(&out[start..*end]).into_owned());
        rows.push(row.collect::<Vec<_>>());
    }
    let kept: Vec<bool> = rows[0].iter().map(|name| !OF_RUN.contains(&name.as_str())).collect();
    let keep = |row: Vec<String>| row.into_iter().zip(&kept).filter(|(_, kept)| **kept).map(|(cell, _)| cell).collect();
    rows.into_iter().map(keep).collect()
}

/// The bundled site as an output in this format.
fn scraped(folder: &Folder, name: &str, flags: &[&str]) {
    let mut command = scrape([fixture("everything.txt").as_os_str()]);
    command.arg("--site").arg(fixture("site")).arg("-c").arg(config()).arg("-o").arg(folder.path(name)).args(flags);
    Run::to_end(command).exited(3);
}

fn config() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "config", "books.toml"].iter().collect()
}

#[test]
fn a_converted_output_is_what_a_run_writes_in_that_format() {
    let folder = Folder::new();
    scraped(&folder, "out.json", &["--set", "output.record=full"]);
    scraped(&folder, "run.csv", &["--set", "output.record=full"]);
    let config = config();
    let rules = ["-c", config.to_str().expect("UTF-8"), "--set", "output.record=full"];
    let ended = folder.convert("out.json", "out.csv", &rules).exited(0);
    assert!(ended.stderr.contains("records converted"), "{}", ended.stderr);
    assert_eq!(cells(&folder.read("out.csv")), cells(&folder.read("run.csv")));
    // Without rules, the columns are those of the data, in the order of their first appearance.
    folder.convert("out.json", "data.tsv.gz", &[]).exited(0);
    folder.convert("data.tsv.gz", "data.csv", &["--quiet"]).exited(0);
    assert_eq!(cells(&folder.read("data.csv")), cells(&folder.read("run.csv")));
    folder.convert("out.json", "out.jsonl.zst", &[]).exited(0);
    folder.convert("out.jsonl.zst", "back.json", &[]).exited(0);
    assert_eq!(folder.read("back.json"), folder.read("out.json"), "byte for byte");
    folder.convert("out.csv", "of-csv.jsonl", &rules).exited(0);
    let without_causes = |text: &str| {
        let mut values = values(text);
        for failure in values.iter_mut().filter_map(|value| value["failure"].as_object_mut()) {
            failure.remove("causes");
        }
        values
    };
    assert_eq!(without_causes(&folder.read("of-csv.jsonl")), without_causes(&folder.read("out.json")));
    folder.convert("of-csv.jsonl", "again.csv", &rules).exited(0);
    assert_eq!(folder.read("again.csv"), folder.read("out.csv"), "byte for byte");
    assert!(folder.names().iter().all(|name| !name.contains(".part")), "{:?}", folder.names());
}

#[test]
fn values_keep_their_digits_and_elements_become_rows_and_elements_again() {
    let folder = Folder::new();
    let data = "{\"n\":1.50,\"big\":12345678901234567890,\"t\":\"01\",\"none\":null,\"r\":[{\"x\":1e5,\"y\":\"a,\\\"b\"},{\"x\":2}],\"o\":{\"p\":true}}\n\
                null\n{\"r\":[],\"extra\":[1, 2]}\n";
    fs::write(folder.path("in.jsonl"), data).expect("written");
    folder.convert("in.jsonl", "out.csv", &[]).exited(0);
    let expected = "n,big,t,none,r,o.p,extra\n\
                    1.50,12345678901234567890,01,,\"[{\"\"x\"\":1e5,\"\"y\"\":\"\"a,\\\"\"b\"\"},{\"\"x\"\":2}]\",true,\n\
                    ,,,,,,\n,,,,[],,\"[1, 2]\"\n";
    assert_eq!(folder.read("out.csv"), expected);
    folder.convert("in.jsonl", "rows.csv", &["--rows", "r"]).exited(0);
    let expected = "n,big,t,none,r.x,r.y,o.p,extra\n\
                    1.50,12345678901234567890,01,,1e5,\"a,\"\"b\",true,\n\
                    1.50,12345678901234567890,01,,2,,true,\n,,,,,,,\n,,,,,,,\"[1, 2]\"\n";
    assert_eq!(folder.read("rows.csv"), expected);
    folder.convert("out.csv", "back.jsonl", &[]).exited(0);
    let first: Value = serde_json::from_str(folder.read("back.jsonl").lines().next().expect("a record")).expect("JSON");
    assert_eq!((&first["t"], &first["o"]["p"], &first["r"][0]["y"]), (&"01".into(), &true.into(), &"a,\"b".into()));
    assert!(folder.read("back.jsonl").contains("\"n\":1.50,\"big\":12345678901234567890,"));
    let server = Server::start();
    let mut command = scrape([server.url("/ok/1"), server.url("/status/404")]);
    command.args(["--set=extract.r={each=\"html\", t=\"title::text\"}", "--set=extract.t=\"title::text\"", "-o"]);
    command.arg(folder.path("run.json"));
    Run::to_end(command).exited(3);
    folder.convert("run.json", "run.csv", &["--rows", "r", "--columns", "seq,url,failure_kind"]).exited(0);
    let (one, two) = (server.url("/ok/1"), server.url("/status/404"));
    assert_eq!(folder.read("run.csv"), format!("seq,url,failure_kind,r.t,t\n0,{one},,1,1\n1,{two},http_status,,\n"));
    folder.convert("run.json", "whole.csv", &["--rows", "r"]).exited(0);
    folder.convert("whole.csv", "again.json", &["--rows", "r"]).exited(0);
    let data = values(&folder.read("again.json"))[0]["data"].clone();
    // The cells decide what is a number.
    assert_eq!(data, serde_json::json!({"r": [{"t": 1}], "t": 1}));
}

#[test]
fn a_conversion_that_loses_something_or_cannot_be_done_is_refused_and_leaves_no_file() {
    let folder = Folder::new();
    let full = "{\"seq\":0,\"url\":\"u\",\"final_url\":null,\"status\":null,\"data\":null,\"failure\":{\"kind\":\"dns\",\
                \"stage\":\"fetch\",\"message\":\"m\",\"causes\":[]},\"attempts\":1,\"elapsed_ms\":0.0,\"bytes\":0,\"worker\":null,\
                \"fetched_at\":null}\n";
    for (name, text) in [
        ("full.jsonl", full.to_owned()),
        ("torn.json", "[\n{\"a\":1},\n{\"a\"".to_owned()),
        ("late.jsonl", "{\"a\":1}\n".repeat(10_000) + "{\n"),
        ("list.jsonl", "[1]\n".to_owned()),
        ("a.csv", "a,b\n1,2\n".to_owned()),
        ("odd.csv", "a,b\n1\n".to_owned()),
        ("data.jsonl", "{\"a\":1,\"b\":2}\n".to_owned()),
        ("x.parquet", "PAR1".to_owned()),
    ] {
        fs::write(folder.path(name), text).expect("written");
    }
    std::os::unix::fs::symlink("a.csv", folder.path("link.tsv")).expect("linked");
    let before = folder.names();
    let table: [(&str, &str, &[&str], &str); 14] = [
        ("none.json", "out.csv", &[], "read the output `none.json`"),
        ("full.txt", "out.csv", &[], "its extension must be that of an output"),
        ("x.parquet", "out.csv", &[], "can be read again"),
        ("data.jsonl", "out.txt", &[], "is not a format that gleaner writes"),
        ("a.csv", "a.csv", &[], "that is the file to convert"),
        ("a.csv", "link.tsv", &[], "that is the file to convert"),
        ("torn.json", "out.jsonl", &[], "ends before the end of its array, after 1 record,"),
        ("late.jsonl", "out.json", &[], "its record 10000 is not JSON"),
        ("list.jsonl", "out.csv", &[], "not an object"),
        ("odd.csv", "out.json", &[], "has 1 cell, but the header has 2"),
        ("data.jsonl", "out.json", &["--columns", "seq"], "--columns needs csv, tsv, parquet or sqlite"),
        ("data.jsonl", "out.csv", &["--columns", "seq"], "the records are only data"),
        ("data.jsonl", "out.csv", &["--rows", "a"], "rows of the field `a`"),
        ("data.jsonl", "out.csv", &["--set=extract.a=\"p\""], "convert the field `b`: the rules do not name it"),
    ];
    for (from, into, flags, expected) in table {
        let ended = folder.convert(from, into, flags);
        assert!(matches!(ended.code, Some(1 | 2)), "{from} {into}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{from} {into}: {}", ended.stderr);
        assert_eq!(folder.names(), before, "{from} {into}");
    }
    folder.convert("full.jsonl", "out.csv", &[]).exited(0);
    assert!(folder.read("out.csv").lines().nth(1).expect("a row").starts_with("0,u,,,dns,fetch,m,1,0.0,0,,,"));
}

#[test]
fn a_conversion_on_a_full_disk_leaves_no_file_and_says_so() {
    let folder = Folder::new();
    fs::write(folder.path("in.jsonl"), "{\"a\":1}\n".repeat(50_000)).expect("written");
    let before = folder.names();
    // A file may have at most 80 blocks of 512 bytes. The signal for this limit is ignored.
    let mut limited = crate::support::shell("trap '' XFSZ; ulimit -f 80; exec \"$0\" \"$@\"");
    let mut convert = gleaner();
    convert.arg("convert").args([folder.path("in.jsonl"), folder.path("out.json")]);
    let ended = Run::to_end({
        limited.args(convert.get_args());
        limited
    })
    .exited(1);
    let removed = "were removed: run the conversion again";
    assert!(ended.stderr.contains("ulimit -f") && ended.stderr.contains(removed), "{}", ended.stderr);
    assert_eq!(folder.names(), before);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_database_has_the_values_of_the_records_with_their_types() {
    let folder = Folder::new();
    let data = "{\"n\":1.5,\"i\":7,\"t\":\"01\",\"l\":[1,2],\"none\":null}\nnull\n{\"i\":-1}\n";
    fs::write(folder.path("in.jsonl"), data).expect("written");
    folder.convert("in.jsonl", "out.db", &[]).exited(0);
    let database = rusqlite::Connection::open(folder.path("out.db")).expect("a database");
    let mut statement =
        database.prepare("SELECT typeof(n), n, typeof(i), i, t, l FROM records ORDER BY rowid").expect("the table");
    let cell = |row: &rusqlite::Row<'_>, nth| row.get_ref(nth).map(|cell| format!("{cell:?}"));
    let rows = statement.query_map([], |row| (0..6).map(|nth| cell(row, nth)).collect::<Result<Vec<_>, _>>());
    let rows: Vec<String> = rows.expect("rows").map(|row| row.expect("a row").join(" ")).collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[0].contains("Real(1.5)") && rows[0].contains("Integer(7)"), "{rows:?}");
    assert!(rows[2].contains("Integer(-1)") && rows[2].contains("Null"), "{rows:?}");
}

#[cfg(not(feature = "sqlite"))]
#[test]
fn a_format_that_is_not_built_in_is_refused() {
    let folder = Folder::new();
    fs::write(folder.path("in.jsonl"), "{}\n").expect("written");
    let ended = folder.convert("in.jsonl", "out.db", &[]).exited(2);
    assert!(ended.stderr.contains("without the feature `sqlite`"), "{}", ended.stderr);
}

#[test]
fn an_output_that_is_read_in_several_pieces_is_converted_as_a_whole() {
    let folder = Folder::new();
    // The output is read a quarter of a megabyte at a time, first for its columns and then for its records.
    let record = |seq: usize| {
        let url = format!("http://h/{seq}");
        let data = serde_json::json!({ "title": format!("{seq} {}", "x".repeat(1_000)) });
        let record = serde_json::json!({
            "seq": seq, "url": url, "final_url": url, "status": 200, "data": data, "failure": null, "attempts": 1,
            "elapsed_ms": 1.0, "bytes": 1, "worker": 1, "fetched_at": null
        });
        record.to_string() + "\n"
    };
    let records: String = (0..1_000).map(record).collect::<Vec<_>>().concat();
    fs::write(folder.path("a.jsonl"), &records).expect("written");
    folder.convert("a.jsonl", "a.json", &[]).exited(0);
    folder.convert("a.jsonl", "a.jsonl.gz", &[]).exited(0);
    for from in ["a.jsonl", "a.json", "a.jsonl.gz"] {
        for into in ["out.csv", "out.tsv", "out.jsonl"] {
            folder.convert(from, into, &[]).exited(0);
            let lines = folder.read(into).lines().count();
            assert_eq!(lines, if into == "out.jsonl" { 1_000 } else { 1_001 }, "{from} to {into}");
            fs::remove_file(folder.path(into)).expect("removed");
        }
    }
}
