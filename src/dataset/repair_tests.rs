use std::fs;
use std::path::Path;

use super::*;
use crate::input::{Format as ListFormat, Input, Options, Source};
use crate::sink::Format;

/// A record of JSON. `A` in upper case is data, `a` a failure of the kind `dns`, `x` one of the kind `timeout`.
fn json(seq: usize, letter: char) -> String {
    let (data, failure) = match letter {
        'x' => ("null", "{\"kind\":\"timeout\"}"),
        letter if letter.is_lowercase() => ("null", "{\"kind\":\"dns\"}"),
        _ => ("1", "null"),
    };
    let url = url(letter);
    format!("{{\"seq\":{seq},\"url\":\"{url}\",\"data\":{data},\"failure\":{failure}}}")
}

fn row(seq: usize, letter: char) -> String {
    let kind = match letter {
        'x' => "timeout",
        letter if letter.is_lowercase() => "dns",
        _ => "",
    };
    let row = format!("{seq},{},{kind}", url(letter));
    // Some records have two rows.
    if letter == 'B' { format!("{row},1\n{row},2\n") } else { format!("{row},\"1\n\"\n") }
}

fn url(letter: char) -> String {
    format!("http://h/{}", letter.to_lowercase())
}

fn text(format: Format, letters: &str) -> String {
    let records = letters.chars().enumerate();
    match format {
        Format::Json => {
            let records: Vec<String> = records.map(|(seq, letter)| json(seq, letter)).collect();
            format!("[\n{}\n]\n", records.join(",\n"))
        }
        Format::Csv => {
            format!("seq,url,failure_kind,n\n{}", records.map(|(seq, letter)| row(seq, letter)).collect::<String>())
        }
        _ => records.map(|(seq, letter)| json(seq, letter) + "\n").collect(),
    }
}

fn list(folder: &Path, letters: &str) -> Input {
    let path = folder.join("list");
    let lines: String = letters.chars().map(|letter| url(letter) + "\n").collect();
    fs::write(&path, lines).expect("written");
    let options = Options { format: Some(ListFormat::Text), ..Options::default() };
    Input::open(&[Source::File(path)], None, None).and_then(|input| input.reading(options)).expect("a list")
}

/// Which tasks keep a record (`k`) or are fetched (`.`), and what else is found.
fn compared(format: Format, old: &str, listed: &str, mode: &Mode) -> Result<(String, Comparison), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    fs::write(&path, old).expect("written");
    let dataset = Dataset::open(&path, format).map_err(|error| error.to_string())?;
    let compared = compare(&dataset, list(folder.path(), listed).start(), mode).map_err(|error| error.to_string())?;
    let marks = (0..listed.len() as u64).map(|seq| if compared.kept.keeps(seq) { 'k' } else { '.' }).collect();
    Ok((marks, compared))
}

#[test]
fn a_repair_fetches_failures_again_and_keeps_all_other_records() {
    let all = Mode::Repair(Vec::new());
    let some = Mode::Repair(vec![FailureKind::Timeout, FailureKind::Tls]);
    for format in [Format::Json, Format::Jsonl, Format::Csv] {
        for (old, mode, expected, kept_failures) in [
            ("ABcxE", &all, "kk..k", 0),
            ("ABcxE", &some, "kkk.k", 1),
            ("ABCDE", &all, "kkkkk", 0),
            ("abcdx", &all, ".....", 0),
            ("abcdx", &some, "kkkk.", 4),
            ("", &all, "", 0),
        ] {
            let listed = old.to_lowercase();
            let (marks, compared) = compared(format, &text(format, old), &listed, mode).expect(old);
            assert_eq!(marks, expected, "{format:?} {old}");
            let keeps = expected.matches('k').count() as u64;
            assert_eq!((compared.keeps, compared.kept_failures), (keeps, kept_failures), "{format:?} {old}");
            assert_eq!(compared.fetches, old.len() as u64 - keeps, "{format:?} {old}");
        }
    }
}

#[test]
fn a_repair_names_the_first_difference_to_the_list() {
    let all = Mode::Repair(Vec::new());
    for format in [Format::Json, Format::Jsonl, Format::Csv] {
        for (old, listed, expected) in [
            ("ABC", "abd", "record 2 is of `http://h/c`, but task 2 of the list is `http://h/d`"),
            ("ABC", "ab", "the list has 2 tasks, but it goes on with a record of `http://h/c`"),
            ("ABC", "abcd", "it has 3 records, but the list goes on with `http://h/d`"),
        ] {
            let error = compared(format, &text(format, old), listed, &all).expect_err(old);
            assert!(error.contains(expected), "{format:?} {old} {listed}: {error}");
        }
    }
    let unordered = [json(1, 'B'), json(0, 'A')].join("\n");
    let error = compared(Format::Jsonl, &unordered, "ab", &all).expect_err("completion");
    assert!(error.contains("record 0 has the seq 1") && error.contains("--order completion"), "{error}");
    let table = "url,failure_kind\nhttp://h/a,\n";
    let error = compared(Format::Csv, table, "a", &all).expect_err("no seq");
    assert!(error.contains("it has no column `seq`"), "{error}");
}

#[test]
fn an_update_finds_records_with_data_by_their_url_and_each_once() {
    for format in [Format::Json, Format::Jsonl, Format::Csv] {
        for (old, listed, expected, dropped) in [
            ("ABC", "abc", "kkk", 0),
            ("ABC", "cadb", "kk.k", 0),
            ("AbC", "abc", "k.k", 0),
            ("ABCD", "b", "k", 3),
            ("AAA", "aa", "kk", 1),
            ("AA", "aaa", "kk.", 0),
            ("aA", "aa", "k.", 0),
            ("", "ab", "..", 0),
            ("AB", "", "", 2),
        ] {
            let (marks, compared) = compared(format, &text(format, old), listed, &Mode::Update).expect(old);
            assert_eq!(marks, expected, "{format:?} {old} {listed}");
            assert_eq!(compared.dropped, dropped, "{format:?} {old} {listed}");
        }
    }
}

#[test]
fn records_of_one_url_are_taken_in_their_order_and_get_new_numbers() {
    let old = text(Format::Jsonl, "ABAaA").replacen("\"data\":1", "\"data\":\"first\"", 1);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out");
    fs::write(&path, old).expect("written");
    let dataset = Dataset::open(&path, Format::Jsonl).expect("a file");
    let mut compared = compare(&dataset, list(folder.path(), "xaaa").start(), &Mode::Update).expect("alike");
    let mut bytes = Vec::new();
    for seq in 1..4 {
        compared.kept.copy(seq, &mut bytes).expect("readable");
        bytes.push(b'\n');
    }
    let expected =
        [json(1, 'A').replace(":1,\"failure", ":\"first\",\"failure"), json(2, 'A'), json(3, 'A')].join("\n") + "\n";
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), expected);
}

#[test]
fn a_compressed_output_is_read_like_a_plain_one() {
    let plain = text(Format::Csv, "AbC");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::Write::write_all(&mut packed, plain.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.csv.gz");
    for (bytes, error) in [(&packed[..], None), (&packed[..packed.len() - 9], Some("read the output"))] {
        fs::write(&path, bytes).expect("written");
        match (Dataset::open(&path, Format::Csv), error) {
            (Ok(dataset), None) => {
                let all = Mode::Repair(Vec::new());
                let compared = compare(&dataset, list(folder.path(), "abc").start(), &all).expect("alike");
                assert_eq!((compared.keeps, compared.fetches), (2, 1));
            }
            (Err(error), Some(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (result, _) => panic!("{result:?}"),
        }
    }
}
