//! Lists as CSV, TSV, JSON and JSON Lines, compressed or not, with what they carry.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;

use crate::support::{Finished, PROMPTLY, Record, Run, Server, gleaner, records, scrape, wait_until};

fn run_in(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = scrape(["--format", "jsonl"]);
    command.current_dir(folder).args(arguments);
    Run::to_end(command)
}

fn check_in(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = gleaner();
    command.current_dir(folder).arg("check").args(arguments);
    Run::to_end(command)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).expect("memory takes it")
}

/// `input` as it is written, or nothing.
fn carried(record: &Record) -> String {
    record.input.as_ref().map_or_else(String::new, ToString::to_string)
}

#[test]
fn lists_of_all_formats_are_read_in_order_and_carry_their_other_columns() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let url = |n: u32| server.url(&format!("/ok/{n}"));
    let files: [(&str, Vec<u8>); 7] = [
        ("a.csv", format!("sku,URL\n\"1,\"\"x\",{}\n", url(0)).into_bytes()),
        ("b.tsv.gz", [gzip(&format!("URL\tn\n{}\t2\n", url(1))), gzip(&format!("{}\t3\n", url(2)))].concat()),
        (
            "c.jsonl.zst",
            [zstd(&format!("{{\"URL\": \"{}\", \"n\": 1.50}}\n", url(3))), zstd("{\"URL\": null}\n")].concat(),
        ),
        ("d.json", format!("[{{\"URL\": [\"{}\", \"{}\"], \"t\": [1, null]}}]", url(4), url(5)).into_bytes()),
        ("e.txt", format!("# text\n{}\n", url(6)).into_bytes()),
        ("f.dat", gzip(&url(7))),
        ("g.csv", format!("\u{feff}URL\n{}\n", url(9)).encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    let mut arguments = vec!["--url-field", "URL"];
    for (name, text) in &files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let single = url(8);
    arguments.extend(files[..6].iter().map(|(name, _)| *name));
    arguments.extend([single.as_str(), "g.csv"]);
    let run = run_in(folder.path(), &arguments).exited(0);
    let records = records(&run.stdout);
    assert!(records.iter().map(|record| record.url.clone()).eq((0..10).map(url)), "{}", run.stdout);
    let inputs: Vec<String> = records.iter().map(carried).collect();
    let two = "{\"t\":[1,null]}";
    assert_eq!(
        inputs,
        ["{\"sku\":\"1,\\\"x\"}", "{\"n\":\"2\"}", "{\"n\":\"3\"}", "{\"n\":1.5}", two, two, "", "", "", ""]
    );
    assert!(run.stdout.contains("\"input\":{\"n\":1.50},\"final_url\""), "digits are kept: {}", run.stdout);
    let checked = check_in(folder.path(), &arguments).exited(0);
    assert!(checked.stdout.contains("10 tasks, 0 of them without a valid URL"), "{}", checked.stdout);
}

#[test]
fn standard_input_has_the_format_that_the_flag_says() {
    let server = Server::start();
    let url = server.url("/ok/0");
    let table: [(&[&str], String, &str); 4] = [
        (&["--input-format", "csv"], format!("a,b,url\n1,2,{url}\n"), "{\"a\":\"1\",\"b\":\"2\"}"),
        (
            &["--input-format", "csv", "--keep", "b", "--url-column", "3"],
            format!("a,b,c\n1,2,{url}\n"),
            "{\"b\":\"2\"}",
        ),
        (&["--set", "input.format=jsonl", "--keep-none"], format!("{{\"url\": \"{url}\", \"a\": 1}}"), ""),
        (
            &["--input-format", "json", "--url-field", "data.links"],
            format!("[{{\"data\": {{\"links\": [\"{url}\"]}}, \"a\": {{}}}}]"),
            "{\"a\":{}}",
        ),
    ];
    for (flags, list, input) in table {
        let mut command = scrape(["-", "--format", "jsonl"]);
        command.args(flags);
        let run = Run::fed(command, list.clone().into_bytes()).finish().exited(0);
        let records = records(&run.stdout);
        assert_eq!((records.len(), carried(&records[0]).as_str()), (1, input), "{list}");
    }
}

#[test]
fn a_rule_reads_a_column_of_the_list() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("l.csv"), format!("url,sku\n{},007\n", server.url("/ok/0"))).expect("written");
    let set = "extract.sku={ fact = 'input:sku' }";
    let run = run_in(folder.path(), &["l.csv", "--set", set]).exited(0);
    assert_eq!(records(&run.stdout)[0].raw(), "{\"sku\":\"007\"}");
}

#[test]
fn a_list_that_cannot_be_read_is_refused_before_the_first_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let files: [(&str, &[u8]); 11] = [
        ("columns.csv", b"name,page\nA,http://h/\n"),
        ("noheader.csv", b"http://h/a\nhttp://h/b\n"),
        ("quote.csv", b"url,n\nhttp://h/a,\"x\n"),
        ("latin.csv", b"url,n\nhttp://h/a,caf\xe9\n"),
        ("object.json", b"{\"url\": \"http://h/\"}"),
        ("open.json", b"[{\"url\": \"http://h/\"}"),
        ("keys.jsonl", b"{\"uri\": \"http://h/\"}\n"),
        ("table.list", b"url,n\nhttp://h/a,1\nx,2\n"),
        ("rows.list", b"n,page\n1,http://h/a\n"),
        ("good.csv", b"url,sku\nhttp://h/a,1\n"),
        ("semicolons.csv", b"url;n\nhttp://h/a;1\n"),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let cut = gzip("http://h/a\nhttp://h/b\n");
    fs::write(folder.path().join("cut.gz"), &cut[..cut.len() - 4]).expect("written");
    fs::write(folder.path().join("text.txt"), "http://h/a\n").expect("written");
    let set = "extract.a={ fact = 'input:skuu' }";
    let table: [(&[&str], &[&str]); 19] = [
        (&["text.txt", "--url-column", "page"], &["--url-column needs a list in CSV or TSV", "--input-format csv"]),
        (&["good.csv", "--url-field", "page"], &["--url-field needs a list in JSON", "--input-format jsonl"]),
        (&["--pages", "nowhere"], &["read the folder of pages `nowhere`"]),
        (&["semicolons.csv"], &["single column, `url;n`: its cells seem to be separated by semicolons"]),
        (
            &["columns.csv"],
            &["the list `columns.csv`: none of its columns is called url, link or href", "1 `name`, 2 `page`"],
        ),
        (&["columns.csv", "--url-column", "pages"], &["no column `pages`", "did you mean `page`?"]),
        (&["columns.csv", "--url-column", "1"], &["its only task is not a URL", "--url-column"]),
        (&["noheader.csv"], &["first row has the URL `http://h/a`", "--input-format txt"]),
        (&["quote.csv"], &["a quote is not closed in the row that begins at line 2 (byte 6)"]),
        (&["latin.csv"], &["line 2 is not UTF-8 but probably windows-1252"]),
        (&["object.json"], &["it does not begin with `[`", "--input-format jsonl"]),
        (&["open.json"], &["it ends before the `]` of the array"]),
        (&["keys.jsonl"], &["none of its 1 values has a URL at `url`, did you mean `uri`?"]),
        (&["table.list"], &["its first line has names of columns, it looks like CSV (--input-format csv reads it)"]),
        (&["rows.list"], &["none of its 2 lines is a URL, it looks like CSV (--input-format csv reads it)"]),
        (&["cut.gz"], &["the gzip data ends in the middle"]),
        (&["good.csv", "--keep", "skuu"], &["no other column `skuu` to keep", "did you mean `sku`?"]),
        (&["good.csv", "--set", set], &["input:skuu", "did you mean `sku`?"]),
        (&["text.txt", "--set", set], &["a list of lines has no columns"]),
    ];
    for (arguments, parts) in table {
        for run in [run_in(folder.path(), arguments), check_in(folder.path(), arguments)] {
            let run = run.exited(2);
            for part in parts {
                assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
            }
        }
    }
}

#[test]
fn a_row_that_is_not_a_task_gets_a_record_that_says_why() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let list = format!("url,n\n{},1\nhttp://h/a,b,2\n\n,3\nftp://h/,4\n", server.url("/ok/0"));
    fs::write(folder.path().join("l.csv"), list).expect("written");
    let run = run_in(folder.path(), &["l.csv"]).exited(3);
    let records = records(&run.stdout);
    let expected = [
        ("", "{\"n\":\"1\"}"),
        ("line 3: the row has 3 cells, but the header has 2", ""),
        ("no URL: it is empty", "{\"n\":\"3\"}"),
        ("the scheme is `ftp`", "{\"n\":\"4\"}"),
    ];
    assert_eq!(records.len(), expected.len());
    for (record, (message, input)) in records.iter().zip(expected) {
        let own = record.failure.as_ref().map_or("", |failure| &failure.message);
        assert!(own.starts_with(message) && own.is_empty() == message.is_empty(), "{own}");
        assert_eq!(carried(record), input);
    }
}

#[test]
fn a_list_that_breaks_off_in_the_middle_keeps_the_records_before_it_and_zeros_give_a_warning() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let lines: String = (0..30).map(|n| server.url(&format!("/ok/{n}")) + "\n").collect();
    let table = "url\n".to_owned() + &lines;
    let (one, cut) = (gzip(&lines), gzip(&"http://h/\n".repeat(1000)));
    let files: [(&str, Vec<u8>, i32, &str); 5] = [
        ("cut.gz", [&one[..], &cut[..cut.len() - 9]].concat(), 1, "the gzip data ends in the middle"),
        (
            "cut.zst",
            {
                let two = zstd(&lines);
                [&two[..], &two[..two.len() - 1]].concat()
            },
            1,
            "the zstd data ends in the middle",
        ),
        (
            "quote.csv",
            (table.clone() + "\"http://h/").into_bytes(),
            1,
            "a quote is not closed in the row that begins at line 32",
        ),
        ("tail.csv.gz", [gzip(&table), b"tail".to_vec()].concat(), 1, "followed by bytes that are not gzip"),
        ("zeros.csv.gz", [gzip(&table), vec![0; 100_000]].concat(), 0, "zeros after the end of its gzip data"),
    ];
    for (name, bytes, code, message) in files {
        fs::write(folder.path().join(name), bytes).expect("written");
        let run = run_in(folder.path(), &[name]).exited(code);
        assert!(run.stderr.contains(message), "{name}: {}", run.stderr);
        let lines = run.stdout.lines().filter(|line| line.contains("/ok/")).count();
        assert!(lines >= 30, "{name}: {lines} records");
    }
    let check = check_in(folder.path(), &["zeros.csv.gz"]).exited(0);
    assert!(check.stderr.contains("zeros after the end"), "{}", check.stderr);
}

/// A run over `list.csv` into `out.jsonl`.
fn resumable(folder: &Path, more: &[&str]) -> Command {
    let mut command = scrape(["list.csv", "-o", "out.jsonl", "-w", "1", "--concurrency", "2"]);
    command.current_dir(folder).args(more);
    command
}

#[test]
fn a_killed_run_resumes_its_table_unless_a_carried_cell_or_what_is_kept_has_changed() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let rows: Vec<String> = (0..400).map(|n| format!("{},c{n}\n", server.url(&format!("/sleep/10/{n}")))).collect();
    let list = format!("url,n\n{}", rows.concat());
    let path = folder.path().join("list.csv");
    fs::write(&path, &list).expect("written");
    let run = Run::start(resumable(folder.path(), &[]));
    let part = folder.path().join("out.jsonl.part");
    wait_until("some records", PROMPTLY, || fs::metadata(&part).is_ok_and(|part| part.len() > 6000));
    run.signal(Signal::KILL);
    assert_eq!(run.finish().signal, Some(9));

    fs::write(&path, list.replacen(",c3\n", ",other\n", 1)).expect("written");
    let changed = Run::to_end(resumable(folder.path(), &["--resume"])).exited(2);
    assert!(changed.stderr.contains("the list has changed"), "{}", changed.stderr);
    fs::write(&path, &list).expect("written");
    let other = Run::to_end(resumable(folder.path(), &["--resume", "--keep-none"])).exited(2);
    assert!(other.stderr.contains("input.keep"), "{}", other.stderr);

    Run::to_end(resumable(folder.path(), &["--resume"])).exited(0);
    let text = fs::read_to_string(folder.path().join("out.jsonl")).expect("the output exists");
    let inputs = records(&text);
    assert!(inputs.iter().map(carried).eq((0..400).map(|n| format!("{{\"n\":\"c{n}\"}}"))));
}

/// The peak memory of a process, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_table_takes_no_more_memory_than_a_short_one() {
    const ROWS: usize = 200_000;
    // A tenth of what the rows take.
    const MOST: u64 = 8 << 20;
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("list.csv");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("made");
    // A run may also hold records that wait for a slow disk.
    let mut command = gleaner();
    command.current_dir(&folder).args(["check", "list.csv"]);
    let run = Run::start(command);
    let mut list = fs::OpenOptions::new().write(true).open(&fifo).expect("the run reads it");
    let text = "x".repeat(400);
    let mut write = |text: String| list.write_all(text.as_bytes()).expect("the run reads it");
    write("n,url,text\n".to_owned());
    let mut write_rows =
        |rows: std::ops::Range<usize>| rows.for_each(|n| write(format!("{n},http://h/{n},\"{text}\"\n")));
    write_rows(0..ROWS / 10);
    let early = peak_memory(run.pid());
    write_rows(ROWS / 10..ROWS);
    let late = peak_memory(run.pid());
    drop(list);
    let run = run.finish().exited(0);
    assert!(run.stdout.contains("200000 tasks, 0 of them"), "{}", run.stdout);
    assert!(late < early + MOST, "{early} bytes after a tenth of the rows, {late} after all");
}
