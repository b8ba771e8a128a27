//! Compressed outputs, Parquet and `SQLite`: the same values as in JSON Lines, however often the run is killed.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{PROMPTLY, Run, Server, gleaner, scrape, values, wait_until};

/// The formats that this program writes, which depends on its features.
fn converted() -> Vec<&'static str> {
    let all = [("parquet", cfg!(feature = "parquet")), ("db", cfg!(feature = "sqlite"))];
    all.into_iter().filter(|(_, is_built_in)| *is_built_in).map(|(extension, _)| extension).collect()
}

/// The text of a packed file.
fn unpacked(path: &Path) -> String {
    let (file, mut text) = (fs::File::open(path).expect("a file"), String::new());
    let read = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text),
        _ => zstd::Decoder::new(file).expect("zstd").read_to_string(&mut text),
    };
    read.expect("valid");
    text
}

/// What a run is about to write, without what may differ between two runs: a line for each record.
fn comparable(path: &Path) -> Vec<String> {
    match path.extension().and_then(|extension| extension.to_str()) {
        #[cfg(feature = "sqlite")]
        Some("db") => rows_of_database(path),
        #[cfg(feature = "parquet")]
        Some("parquet") => rows_of_parquet(path),
        _ if path.to_string_lossy().ends_with(".csv.zst") => {
            unpacked(path).lines().skip(1).map(str::to_owned).collect()
        }
        _ => {
            let mut records = values(&unpacked(path));
            for record in &mut records {
                for key in OF_ONE_RUN {
                    record.as_object_mut().expect("a record").remove(key);
                }
            }
            records.iter().map(Value::to_string).collect()
        }
    }
}

const OF_ONE_RUN: [&str; 4] = ["elapsed_ms", "worker", "attempts", "fetched_at"];

#[cfg(feature = "sqlite")]
fn rows_of_database(path: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(path).expect("a database");
    let mut statement = database.prepare("SELECT rowid, * FROM records ORDER BY rowid").expect("the table");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row<'_>| {
        let cells = names.iter().enumerate().filter(|(_, name)| !OF_ONE_RUN.contains(&name.as_str()));
        let cells = cells.map(|(nth, name)| Ok(format!("{name}={}", shown(row.get_ref(nth)?))));
        cells.collect::<Result<Vec<_>, rusqlite::Error>>().map(|cells| cells.join(" "))
    };
    statement.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
}

#[cfg(feature = "sqlite")]
fn shown(cell: rusqlite::types::ValueRef<'_>) -> String {
    match cell {
        rusqlite::types::ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        other => format!("{other:?}"),
    }
}

#[cfg(feature = "parquet")]
fn rows_of_parquet(path: &Path) -> Vec<String> {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    let file = SerializedFileReader::new(fs::File::open(path).expect("a file")).expect("Parquet");
    let rows = file.get_row_iter(None).expect("rows");
    let shown = |row: parquet::record::Row| {
        let cells = row.get_column_iter().filter(|(name, _)| !OF_ONE_RUN.contains(&name.as_str()));
        cells.map(|(name, cell)| format!("{name}={cell}")).collect::<Vec<_>>().join(" ")
    };
    rows.map(|row| shown(row.expect("a row"))).collect()
}

/// A folder with a list and the outputs of its runs.
struct Job {
    folder: tempfile::TempDir,
    list: PathBuf,
}

impl Job {
    fn new(lines: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join("list");
        fs::write(&list, lines.join("\n")).expect("written");
        Self { folder, list }
    }

    fn path(&self, output: &str) -> PathBuf {
        self.folder.path().join(output)
    }

    fn command(&self, output: &str, more: &[&str]) -> Command {
        let mut command = scrape([self.list.as_os_str()]);
        command.arg("-o").arg(self.path(output)).args(["-w", "2", "--concurrency", "8"]).args(more);
        if output.ends_with(".csv.zst") {
            // Without the columns that differ between two runs.
            command.args(["--columns", "seq,url,final_url,status,failure_kind,failure_message,bytes"]);
        }
        command
    }

    /// The names of all files, but for what stands beside complete outputs.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| Path::new(name).extension().is_none_or(|extension| extension != "rules"));
        names.sort();
        names
    }
}

#[test]
fn a_run_killed_at_ten_moments_is_what_an_undisturbed_run_writes() {
    const KILLS: u64 = 10;
    let server = Server::start();
    let mut list: Vec<String> = (0..600).map(|n| server.url(&format!("/sleep/20/{n}"))).collect();
    list[17] = server.url("/status/404");
    list[300] = "nonsense".to_owned();
    let packed = ["json.gz", "csv.zst"];
    for extension in packed.into_iter().chain(converted()) {
        let job = Job::new(&list);
        let undisturbed = format!("undisturbed.{extension}");
        let flags = ["--set", "pool.concurrency=50"];
        Run::to_end(job.command(&undisturbed, &flags)).exited(3);
        let expected = comparable(&job.path(&undisturbed));
        assert_eq!(expected.len(), 600, "{extension}");

        let output = format!("killed.{extension}");
        // A killed process may leave the records beside the output that was just made of them.
        let part = job.path(&format!("{output}.part"));
        let is_done = || job.path(&output).exists() && !part.exists();
        // The log of a packed output has an entry every two seconds only.
        let longest = if packed.contains(&extension) { 2400 } else { 600 };
        // A fixed sequence of pseudo-random numbers (Knuth's MMIX constants) makes failures reproducible.
        let mut state = 17_u64;
        for kill in 0..KILLS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if is_done() {
                break;
            }
            let after = Duration::from_millis(300 + (state >> 33) % longest);
            let slow: &[&str] = &["--set", "pool.concurrency=1", "--resume"];
            let run = Run::start(job.command(&output, &slow[..if kill == 0 { 2 } else { 3 }]));
            let begun = Instant::now();
            wait_until("the time of the kill", PROMPTLY, || begun.elapsed() >= after);
            run.signal(Signal::KILL);
            let run = run.finish();
            assert!(run.signal == Some(9) || run.code == Some(3), "{extension}: {}", run.stderr);
        }
        if !is_done() {
            Run::to_end(job.command(&output, &["--resume"])).exited(3);
        }
        assert!(comparable(&job.path(&output)) == expected, "{extension}");
        let left = job.files().into_iter().find(|name| matches!(name.rsplit('.').next(), Some("part" | "converted")));
        assert_eq!(left, None, "{extension}");
    }
}

#[test]
fn a_packed_output_continues_after_its_last_member() {
    let server = Server::start();
    let list: Vec<String> = (0..1500).map(|n| server.url(&format!("/sleep/20/{n}"))).collect();
    let job = Job::new(&list);
    let slow = ["--set", "pool.workers=1", "--set", "pool.concurrency=4"];
    let run = Run::start(job.command("out.jsonl.gz", &slow));
    let log = job.path("out.jsonl.gz.part.log");
    wait_until("a checkpoint", PROMPTLY, || fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0));
    run.signal(Signal::KILL);
    assert_eq!(run.finish().signal, Some(9));
    let before = server.log().len();
    let run = Run::to_end(job.command("out.jsonl.gz", &["--resume"])).exited(0);
    assert!(run.stderr.contains(" of them done by an earlier run"), "{}", run.stderr);
    assert!(server.log().len() - before < 1500, "the pages of the first member are not fetched again");
    let records = values(&unpacked(&job.path("out.jsonl.gz")));
    let seqs: Vec<u64> = records.iter().map(|record| record["seq"].as_u64().expect("a number")).collect();
    assert!(seqs.iter().copied().eq(0..1500), "{seqs:?}");
}

#[test]
fn a_packed_output_on_a_full_disk_keeps_whole_members() {
    const COUNT: usize = 1200;
    let server = Server::start();
    // Text that packs badly: the digits of a pseudo-random number (Knuth's MMIX constants).
    let mut state = 1_u64;
    let mut digits = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", state ^ (state >> 29))
    };
    let list: Vec<String> =
        (0..COUNT).map(|_| server.url(&format!("/sleep/10/{}{}{}", digits(), digits(), digits()))).collect();
    let job = Job::new(&list);
    // A file may have at most 80 blocks of 512 bytes: more than the records of two seconds, and less than all of them. The
    // signal for this limit is ignored.
    let slow = ["--rate", "250"];
    let mut limited = crate::support::shell("trap '' XFSZ; ulimit -f 80; exec \"$0\" \"$@\"");
    limited.args(job.command("out.jsonl.gz", &slow).get_args());
    let run = Run::to_end(limited).exited(1);
    assert!(run.stderr.contains("out.jsonl.gz.part` (the records written before are kept)"), "{}", run.stderr);
    assert!(run.stderr.contains("to continue: "), "{}", run.stderr);
    let requests = server.log().len();
    let run = Run::to_end(job.command("out.jsonl.gz", &["--resume"])).exited(0);
    assert!(run.stderr.contains(" of them done by an earlier run"), "{}", run.stderr);
    assert!(server.log().len() - requests < COUNT, "what is in whole members is not fetched again");
    let records = values(&unpacked(&job.path("out.jsonl.gz")));
    let urls: Vec<&str> = records.iter().filter_map(|record| record["url"].as_str()).collect();
    assert_eq!(urls, list);
}

#[test]
fn the_name_of_an_output_packs_it_and_one_run_reads_what_another_has_packed() {
    let server = Server::start();
    let job = Job::new(&[server.url("/ok/1"), server.url("/ok/2")]);
    for output in ["a.jsonl.gz", "b.jsonl.zst", "c.gz"] {
        let more: &[&str] = if output == "c.gz" { &["--format", "jsonl"] } else { &[] };
        Run::to_end(job.command(output, more)).exited(0);
        let mut again = scrape([job.path(output).as_os_str()]);
        again.args(["--url-field", "url", "--input-format", "jsonl", "--keep-none", "-f", "jsonl"]);
        let again = Run::to_end(again).exited(0);
        let urls = |text: &str| values(text).iter().map(|record| record["url"].clone()).collect::<Vec<_>>();
        assert_eq!(urls(&again.stdout), urls(&unpacked(&job.path(output))), "{output}");
        assert_eq!(urls(&again.stdout).len(), 2, "{output}");
    }
}

#[test]
fn a_format_that_cannot_be_written_is_refused_before_the_first_request() {
    let server = Server::start();
    let job = Job::new(&[server.url("/ok/1")]);
    let mut table: Vec<(&str, &[&str], &str)> = vec![
        ("out.parquet.gz", &[], "cannot be compressed as a whole; leave out the last extension"),
        ("out.gz", &["-f", "sqlite"], "cannot be compressed as a whole"),
        ("out.jsonl.bz2", &[], "`.bz2` is not a format that gleaner writes"),
        ("out.jsonl", &["--columns", "seq"], "--columns needs csv, tsv, parquet or sqlite"),
    ];
    for (extension, feature) in [("parquet", "parquet"), ("db", "sqlite")] {
        let output: &'static str = if extension == "db" { "out.db" } else { "out.parquet" };
        if converted().contains(&extension) {
            table.push((output, &["--rows", "links"], "--rows) needs csv or tsv"));
            table.push((output, &["--set", "extract.seq=h1"], "write the field `seq`"));
            table.push((
                "/dev/null",
                if extension == "db" { &["-f", "sqlite"] } else { &["-f", "parquet"] },
                "regular file",
            ));
        } else {
            let message: &'static str = if feature == "sqlite" {
                "without the feature `sqlite`: `cargo install --path . --features sqlite` in the folder of its source builds it in, or write out.csv"
            } else {
                "without the feature `parquet`: `cargo install --path . --features parquet` in the folder of its source builds it in, or write out.jsonl"
            };
            table.push((output, &[], message));
        }
    }
    if cfg!(feature = "sqlite") {
        table.push(("out.db", &["--set", "extract.Title=h1", "--set", "extract.title=h2"], "`Title` and `title`"));
    }
    for (output, more, message) in table {
        let run = Run::to_end(job.command(output, more)).exited(2);
        assert!(run.stderr.contains(message), "{output} {more:?}: {}", run.stderr);
    }
    assert!(server.log().is_empty(), "no request was sent");
    assert_eq!(job.files(), ["list"]);
}

/// A folder of pages for `--site`, the list, and rules with each type of value.
fn every_type() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let texts =
        ["plain", "a,b", "say \"a\"", "two\nlines", "a&#13;b", "a\tb", "=1+1", "日本語, 👩‍🔧", "\\n", "NA", "00012"];
    let mut list = "url,sku,note\n".to_owned();
    for (nth, text) in (0..40_u64).zip(texts.into_iter().cycle()) {
        let mut page = format!("<!doctype html><meta charset=utf-8><h1>{text}</h1><pre>{text}</pre><pre>{nth}</pre>");
        if nth % 5 == 0 {
            // Packed outputs get several members.
            page.extend(["<pre>", &format!("{nth} {text} ").repeat(400_000 / (text.len() + 4)), "</pre>"]);
        }
        if nth % 4 > 0 {
            let more = format!(
                "<b class=price>{nth}.50 EUR</b><i class=count>{}</i><time>2024-02-{:02}</time><s>{}</s>\
                 <u>2024-02-28T10:00:0{}Z</u><q>{nth}/2024</q>",
                u64::try_from(i64::MAX).expect("positive") - 7 * nth,
                1 + nth % 29,
                if nth % 2 == 0 { "yes" } else { "no" },
                nth % 10,
            );
            page.push_str(&more);
        }
        for item in 0..nth % 3 {
            page.extend([format!("<li><b>item {item} {text}</b><i>{item}</i></li>")]);
        }
        fs::write(folder.path().join(format!("{nth}.html")), page).expect("written");
        list.extend([format!("{nth}.html,{nth:04},\"n, \"\"{nth}\"\"\"\n")]);
    }
    list += "missing.html,x,\nhttp://[bad,y,\n";
    fs::write(folder.path().join("list.csv"), list).expect("written");
    let rules = [
        "extract.title=h1::text",
        r#"extract.words={ css = "pre::text", all = true, trim = false }"#,
        r#"extract.price={ css = ".price::text", type = "number" }"#,
        r#"extract.counted={ css = ".count::text", type = "integer" }"#,
        r#"extract.counts={ css = "pre::text", type = "integer", all = true }"#,
        r#"extract.stock={ css = "s::text", type = "boolean" }"#,
        r#"extract.day={ css = "time::text", type = "date" }"#,
        r#"extract.at={ css = "u::text", type = "datetime" }"#,
        r#"extract.part={ css = "q::text", re = "(?<nth>\\d+)/(?<year>\\d+)" }"#,
        r#"extract.items={ each = "li", name = "b::text", count = { css = "i::text", type = "integer" } }"#,
        r#"extract.found={ structured = "open_graph" }"#,
        r#"extract.answer={ fact = "status" }"#,
    ];
    let flags = rules.iter().flat_map(|rule| ["--set".to_owned(), (*rule).to_owned()]).collect();
    (folder, flags)
}

/// A run over these pages.
fn over(folder: &tempfile::TempDir, flags: &[String], output: &Path, more: &[&str]) -> Command {
    let mut command = gleaner();
    command.arg("run").arg(folder.path().join("list.csv")).arg("--site").arg(folder.path()).args(flags);
    command.arg("-o").arg(output).args(more);
    command
}

/// Writes the same run in all formats into a folder, for `tests/peers/formats.py`.
#[test]
#[ignore = "needs a folder in GLEANER_FORMATS; .ci/run runs it"]
fn formats_are_written_for_peers() {
    let into = PathBuf::from(std::env::var_os("GLEANER_FORMATS").expect("a folder"));
    let _ = fs::remove_dir_all(&into);
    fs::create_dir_all(&into).expect("created");
    let (pages, flags) = every_type();
    let plain = ["json", "jsonl", "csv", "tsv", "json.gz", "jsonl.gz", "csv.gz", "json.zst", "jsonl.zst", "csv.zst"];
    for extension in plain.into_iter().chain(converted()) {
        Run::to_end(over(&pages, &flags, &into.join(format!("records.{extension}")), &[])).exited(3);
    }
    for extension in ["jsonl.gz", "jsonl.zst"].into_iter().chain(converted()) {
        let output = into.join(format!("records.empty.{extension}"));
        Run::to_end(over(&pages, &flags, &output, &["--limit", "0"])).exited(0);
    }
}

#[test]
fn a_run_holds_the_same_values_in_formats_with_types() {
    let (pages, flags) = every_type();
    let output = |extension: &str| pages.path().join(format!("out.{extension}"));
    Run::to_end(over(&pages, &flags, &output("jsonl.gz"), &[])).exited(3);
    let expected = values(&unpacked(&output("jsonl.gz")));
    assert_eq!(expected.len(), 42);
    for extension in converted() {
        let run =
            Run::to_end(over(&pages, &flags, &output(extension), &["--columns", "url,seq,failure_kind"])).exited(3);
        assert!(!run.stderr.contains("do not fit the types of their columns"), "{}", run.stderr);
        let rows = comparable(&output(extension));
        assert_eq!(rows.len(), expected.len(), "{extension}");
        for (row, record) in rows.iter().zip(&expected) {
            let url = record["url"].as_str().expect("a URL");
            assert!(row.contains(url) && row.contains(record["input"]["sku"].as_str().expect("a cell")), "{row}");
        }
    }
}
