use super::super::tests::read;
use crate::input::options::{Format, Keep, Options};
use crate::model::{FailureKind, Stage, Task};

const ANSWER: &str = "HTTP/1.1 200 OK\r\n\r\n<title>T</title>";

fn record(kind: &str, target: &str, fields: &str, block: &str) -> String {
    let target = if target.is_empty() { String::new() } else { format!("WARC-Target-URI: {target}\r\n") };
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\n{target}WARC-Date: 2026-11-28T10:20:30Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n{fields}\
         Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

fn tasks(archive: &str, options: &Options) -> Vec<Task> {
    let read = read(archive.as_bytes(), Format::Warc, options);
    assert_eq!(read.error, None, "{archive}");
    read.tasks
}

#[test]
fn responses_of_http_urls_are_tasks_in_the_order_of_the_archive() {
    let table = [
        ("response", "http://h/a", "", Some("http://h/a")),
        ("Response", "HTTPS://H/b", "", Some("https://h/b")),
        ("response", "<http://h/c>", "", Some("http://h/c")),
        ("response", "http://h/d e", "", Some("http://h/d%20e")),
        ("response", "http://u:p@h/f", "", Some("http://u:p@h/f")),
        ("response", "dns:h", "", None),
        ("response", "ftp://h/", "", None),
        ("response", "", "", None),
        ("request", "http://h/a", "", None),
        ("resource", "http://h/a", "", None),
        ("metadata", "http://h/a", "", None),
        ("conversion", "http://h/a", "", None),
        ("continuation", "http://h/a", "WARC-Segment-Number: 2\r\n", None),
        ("warcinfo", "", "", None),
        ("x-unknown", "http://h/a", "", None),
    ];
    let archive: String = table.iter().map(|(kind, target, fields, _)| record(kind, target, fields, ANSWER)).collect();
    let tasks = tasks(&archive, &Options::default());
    let urls: Vec<&str> = table.iter().filter_map(|(.., url)| *url).collect();
    assert_eq!(tasks.iter().map(|task| task.url.as_ref().expect("a URL").as_str()).collect::<Vec<_>>(), urls);
    let lines: Vec<&str> = tasks.iter().map(|task| task.line.as_str()).collect();
    assert_eq!(lines, ["http://h/a", "HTTPS://H/b", "http://h/c", "http://h/d e", "http://h/f"]);
    for task in &tasks {
        let stored = task.stored.as_ref().expect("an answer");
        assert_eq!(&stored.bytes[..], ANSWER.as_bytes());
        assert_eq!(stored.at.map(crate::model::rfc_3339).as_deref(), Some("2026-11-28T10:20:30.000Z"));
        let carried = "{\"warc_date\":\"2026-11-28T10:20:30Z\",\"warc_record_id\":\"urn:uuid:1\"}";
        assert_eq!(task.input.json(), Some(carried));
    }
}

#[test]
fn an_answer_that_the_archive_does_not_have_is_a_task_that_fails() {
    use FailureKind::{InvalidUrl, TooLarge, Truncated};
    let long = "x".repeat(1001);
    let cut = record("response", "http://h/", "", ANSWER);
    let table: [(String, FailureKind, &str); 10] = [
        (record("revisit", "http://h/", "", ""), Truncated, "its record is a `revisit`"),
        (
            record("revisit", "http://h/", "WARC-Refers-To-Target-URI: http://u:p@h/old\r\n", ANSWER),
            Truncated,
            "the same as an earlier one (that of http://h/old)",
        ),
        (record("response", "http://h/", "WARC-Truncated: length\r\n", ANSWER), Truncated, "`WARC-Truncated: length`"),
        (record("response", "http://h/", "WARC-Segment-Number: 1\r\n", ANSWER), Truncated, "several segments"),
        (
            record("response", "http://h/", "", &long),
            TooLarge,
            "1001 bytes, and at most 1000 are read (`fetch.max_body`",
        ),
        (cut[..cut.len() - 10].to_owned(), Truncated, "the archive ends after 29 bytes of its record"),
        (cut.replace("Content-Length: 35", "Content-Length: 9223372036854775808"), Truncated, "ends after 39 bytes"),
        (record("response", "http://", "", ANSWER), InvalidUrl, "no host"),
        (record("response", "http://a..b/", "", ANSWER), InvalidUrl, "nothing between two dots"),
        (record("response", "http://h/\u{fffd}\0", "", ANSWER), InvalidUrl, "NUL"),
    ];
    for (archive, kind, part) in table {
        let options = Options { max_stored: 1000, ..Options::default() };
        let tasks = tasks(&archive, &options);
        assert_eq!((tasks.len(), tasks[0].stored.is_none()), (1, true), "{archive}");
        let failure = tasks[0].url.as_ref().expect_err(&archive);
        assert_eq!(failure.kind, kind, "{}", failure.message);
        assert!(failure.message.contains(part), "{}", failure.message);
        assert_eq!(failure.stage == Stage::List, kind == InvalidUrl, "{}", failure.message);
    }
}

#[test]
fn an_archive_that_is_damaged_or_cut_off_elsewhere_is_an_error() {
    let first = record("response", "http://h/", "", ANSWER);
    let request = record("request", "http://h/", "", "GET / HTTP/1.1\r\n\r\n");
    let table = [
        (first.clone() + &request[..request.len() - 10], 1, "the archive ends in the middle of the record at byte 183"),
        (first.clone() + "WARC/1.0\r\nWARC-Type: resp", 1, "the archive ends in the head of a record"),
        (first.clone() + "<html>", 1, "no record begins here"),
        (first.replace("Content-Length: 35", "Content-Length: 30") + &request, 1, "no record begins here"),
        ("http://h/\nhttp://h/b\n".to_owned(), 0, "byte 0 of the unpacked archive: it is not a WARC archive"),
    ];
    for (archive, count, part) in table {
        let read = read(archive.as_bytes(), Format::Warc, &Options::default());
        assert_eq!(read.tasks.len(), count, "{archive}");
        assert!(read.error.as_ref().is_some_and(|error| error.contains(part)), "{archive}: {:?}", read.error);
    }
}

#[test]
fn records_carry_what_the_options_keep_and_a_date_that_is_not_valid_is_no_time() {
    let archive = record("response", "http://h/", "", ANSWER).replace("2026-11-28T10:20:30Z", "yesterday");
    let keep = Keep::Only(vec!["warc_date".to_owned(), "other".to_owned()]);
    let kept = tasks(&archive, &Options { keep, ..Options::default() });
    assert_eq!(kept[0].input.json(), Some("{\"warc_date\":\"yesterday\"}"));
    assert_eq!(kept[0].stored.as_ref().expect("an answer").at, None);
    let none = tasks(&archive, &Options { keep: Keep::Only(Vec::new()), ..Options::default() });
    assert_eq!(none[0].input.json(), None);
}
