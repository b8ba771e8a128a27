//! Pages that are not fetched: archives (WARC) and folders of saved pages.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;
use serde_json::Value;

use crate::raw_server::{RawServer, Reply};
use crate::support::{Finished, PROMPTLY, Record, Run, Server, gleaner, records, scrape, values, wait_until};

/// Settings under which a single request would take longer than the test.
const IMPOLITE_TO_ASK: [&str; 4] = ["--set", "politeness.delay=1h", "--set", "politeness.rate=1"];

const TITLE: [&str; 2] = ["--set", "extract.title=title::text"];

fn run_in(folder: &Path, arguments: &[&str]) -> Finished {
    Run::to_end(command_in(folder, arguments))
}

fn command_in(folder: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = scrape(["--set", "output.format=jsonl"]);
    command.current_dir(folder).args(TITLE).args(arguments);
    command
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn record(kind: &str, url: &str, fields: &str, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n\
         WARC-Record-ID: <urn:uuid:{url}>\r\n{fields}Content-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn response(url: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", body.len());
    record("response", url, "", (head + body).as_bytes())
}

/// A URL that no request can reach.
fn url(n: usize) -> String {
    format!("http://h{}.invalid/{n}", n % 7)
}

fn page(n: usize) -> String {
    format!("<title>page {n}</title><a href=next>n</a>{}", "<p>some text</p>".repeat(50 + n % 50))
}

/// What a record says in short: its URL, and its title or the kind of its failure.
fn short(record: &Record) -> String {
    let result = match record.kind() {
        "" => record.raw().replace("{\"title\":", "").replace('}', ""),
        kind => kind.to_owned(),
    };
    format!("{} {result}", record.url)
}

#[test]
fn an_archive_gives_the_same_records_however_it_is_packed() {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = [
        record("warcinfo", "", "", b"software: test\r\n"),
        record("request", &url(0), "", b"GET /0 HTTP/1.1\r\n\r\n"),
        response(&url(0), &page(0)),
        record("response", &url(1), "", b"HTTP/1.1 404 Not Found\r\n\r\nno"),
        record("response", &url(2), "", b"HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n"),
        record("revisit", &url(3), "", b""),
        record("response", "dns:h.invalid", "", b"x"),
        response(&url(4), &page(4)),
    ];
    let members: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
    let plain = parts.concat();
    let files = [
        ("plain.warc", plain.clone()),
        ("members.warc.gz", members.clone()),
        ("whole.warc.gz", gzip(&plain)),
        ("a.warc.zst", zstd::encode_all(plain.as_slice(), 1).expect("memory takes it")),
        ("other", members.clone()),
        ("-", members),
    ];
    let expected = [
        format!("{} \"page 0\"", url(0)),
        format!("{} http_status", url(1)),
        format!("{} http_status", url(2)),
        format!("{} truncated", url(3)),
        format!("{} \"page 4\"", url(4)),
    ];
    for (name, bytes) in files {
        let flags: &[&str] = if name.contains(".warc") { &[] } else { &["--input-format", "warc"] };
        let arguments = [&[name, "--summary", "s.json"], flags, &IMPOLITE_TO_ASK].concat();
        let command = command_in(folder.path(), &arguments);
        let run = if name == "-" {
            Run::fed(command, bytes).finish()
        } else {
            fs::write(folder.path().join(name), bytes).expect("written");
            Run::to_end(command)
        };
        let run = run.exited(3);
        let records = records(&run.stdout);
        assert_eq!(records.iter().map(short).collect::<Vec<_>>(), expected, "{name}");
        for (seq, record) in (0..).zip(&records) {
            assert_eq!((record.seq, record.attempts, record.cached), (seq, 0, None), "{name}");
            let input = record.input.as_ref().expect("carried");
            assert_eq!(input["warc_date"], "2026-01-02T03:04:05Z");
            assert_eq!(input["warc_record_id"], format!("urn:uuid:{}", record.url));
            let is_read = record.kind() != "truncated";
            let time = is_read.then_some("2026-01-02T03:04:05.000Z");
            assert_eq!((record.fetched_at.as_deref(), record.worker.is_some()), (time, is_read), "{name}");
        }
        assert_eq!(records[0].final_url.as_deref(), Some(url(0).as_str()));
        assert_eq!((records[0].status, records[2].status), (Some(200), Some(301)));
        assert_eq!(records[0].bytes, page(0).len() as u64);
        let summary: Value =
            serde_json::from_slice(&fs::read(folder.path().join("s.json")).expect("a summary")).expect("JSON");
        assert_eq!(
            (&summary["requests"], &summary["robots_requests"], &summary["tasks"]),
            (&0.into(), &0.into(), &5.into())
        );
        assert!(summary["bytes"].as_u64().is_some_and(|bytes| bytes > 1000), "{summary}");
    }
}

#[test]
fn a_stored_page_gives_the_data_that_its_server_gives() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let fetched = server.url("/ok/7");
    let rules = [
        "--set",
        "extract.all={ css = 'html' }",
        "--set",
        "extract.links={ css = 'a::url', all = true }",
        "--set",
        "extract.type={ fact = 'header:content-type' }",
        "--set",
        "extract.url={ fact = 'final_url' }",
        "--set",
        "extract.status={ fact = 'status' }",
    ];
    let first = run_in(folder.path(), &[&[fetched.as_str()], rules.as_slice()].concat()).exited(0);
    let body = sent_by(&fetched);
    fs::write(folder.path().join("a.warc"), record("response", &fetched, "", &body)).expect("written");
    let second = run_in(folder.path(), &[&["a.warc"], rules.as_slice()].concat()).exited(0);
    let (first, second) = (records(&first.stdout), records(&second.stdout));
    assert_eq!(first[0].raw(), second[0].raw());
    assert_eq!((first[0].bytes, &first[0].final_url), (second[0].bytes, &second[0].final_url));
}

/// The bytes that a server sends for a URL, until it closes the connection.
fn sent_by(url: &str) -> Vec<u8> {
    use std::io::Read as _;
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = std::net::TcpStream::connect(host).expect("connected");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("received");
    answer
}

#[test]
fn the_time_of_a_stored_page_is_that_of_its_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = "<title>T</title><time>yesterday</time>";
    fs::write(folder.path().join("a.warc"), response(&url(0), body)).expect("written");
    let rules = [
        "--set",
        "extract.at={ fact = 'fetched_at' }",
        "--set",
        "extract.day={ css = 'time', type = 'date' }",
        "--set",
        "extract.id={ fact = 'input:warc_record_id' }",
    ];
    let run = run_in(folder.path(), &[&["a.warc"], rules.as_slice()].concat()).exited(0);
    let data: Value = serde_json::from_str(records(&run.stdout)[0].raw()).expect("JSON");
    assert_eq!(data["at"], "2026-01-02T03:04:05.000Z");
    assert_eq!(data["day"], "2026-01-01");
    assert_eq!(data["id"], format!("urn:uuid:{}", url(0)));

    let undated =
        String::from_utf8(response(&url(0), body)).expect("UTF-8").replace("2026-01-02T03:04:05Z", "long ago");
    fs::write(folder.path().join("b.warc"), undated).expect("written");
    let run = run_in(folder.path(), &[&["b.warc"], &rules[..2]].concat()).exited(0);
    let record = &records(&run.stdout)[0];
    let data: Value = serde_json::from_str(record.raw()).expect("JSON");
    assert_eq!((&data["at"], record.fetched_at.as_deref()), (&Value::Null, None));
}

#[test]
fn lists_archives_and_saved_pages_are_one_list() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("pages");
    fs::create_dir_all(pages.join("sub")).expect("made");
    let saved = format!("<!-- saved from url=(0022){} -->{}", url(3), page(3));
    fs::write(pages.join("b.html"), saved).expect("written");
    fs::write(pages.join("a.html"), page(2)).expect("written");
    fs::write(pages.join("sub/c"), page(4)).expect("written");
    fs::write(pages.join("sub/c.headers"), format!("HTTP/1.1 200 OK\r\nContent-Location: {}\r\n\r\n", url(4)))
        .expect("written");
    fs::write(pages.join("sub/d.html"), "x").expect("written");
    fs::write(pages.join("sub/d.html.headers"), "HTTP/1.1 404 Not Found\r\n\r\n").expect("written");
    fs::write(folder.path().join("a.warc"), response(&url(1), &page(1))).expect("written");
    fs::write(folder.path().join("l.txt"), server.url("/ok/0")).expect("written");
    let rules = ["--set", "extract.link={ css = 'a::url' }", "--set", "extract.file={ fact = 'input:file' }"];
    let base = ["l.txt", "a.warc", "--pages", "pages"];
    let run = run_in(folder.path(), &[base.as_slice(), &rules[..2]].concat()).exited(3);
    let all = records(&run.stdout);
    let file = |name: &str| url::Url::from_file_path(pages.join(name)).expect("absolute").to_string();
    let urls: Vec<&str> = all.iter().map(|record| record.url.as_str()).collect();
    assert_eq!(urls, [server.url("/ok/0"), url(1), file("a.html"), url(3), url(4), file("sub/d.html")]);
    let kinds: Vec<&str> = all.iter().map(Record::kind).collect();
    assert_eq!(kinds, ["", "", "", "", "", "http_status"]);
    let link = |n: usize| all[n].data.as_ref().map(|data| data.get().to_owned()).unwrap_or_default();
    assert!(link(2).contains(&format!("\"link\":\"{}\"", file("next"))), "{}", link(2));
    assert!(link(3).contains("\"link\":\"http://h3.invalid/next\""), "{}", link(3));
    assert_eq!(all[2].final_url.as_deref(), Some(file("a.html").as_str()));
    assert_eq!(all[4].input.as_ref().expect("carried")["file"], "sub/c");
    assert!(all[2].fetched_at.is_some() && all[0].attempts == 1 && all[2].attempts == 0);
    assert_eq!(server.log().iter().filter(|access| access.path == "/ok/0").count(), 1);

    let alone = run_in(folder.path(), &[&["--pages", "pages"], rules.as_slice(), &IMPOLITE_TO_ASK].concat()).exited(3);
    let alone = records(&alone.stdout);
    assert_eq!(
        alone.iter().map(|record| &record.url).collect::<Vec<_>>(),
        all[2..].iter().map(|it| &it.url).collect::<Vec<_>>()
    );
    assert!(alone[0].raw().contains("\"file\":\"a.html\""), "{}", alone[0].raw());
    let checked = {
        let mut command = gleaner();
        command.current_dir(folder.path()).args(["check", "a.warc", "--pages", "pages"]);
        Run::to_end(command).exited(0)
    };
    assert!(checked.stdout.contains("5 tasks, 0 of them without a valid URL"), "{}", checked.stdout);
    let table = run_in(folder.path(), &["a.warc", "--pages", "pages", "--format", "csv", "--limit", "2"]).exited(0);
    assert!(table.stdout.starts_with("warc_date,warc_record_id,file,seq,url,"), "{}", table.stdout);
}

#[test]
fn what_cannot_be_read_is_refused_or_ends_the_run_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole: Vec<u8> = (0..3).flat_map(|n| gzip(&response(&url(n), &page(n)))).collect();
    let damaged = [&response(&url(0), &page(0))[..], b"junk"].concat();
    let zstd = zstd::encode_all([response(&url(0), &page(0)), response(&url(1), &page(1))].concat().as_slice(), 1);
    let zstd = zstd.expect("memory takes it");
    // The end is missing before the first byte of the last member.
    let torn_later = [&whole[..], &gzip(&response(&url(3), &page(3)))[..8]].concat();
    let mut followed = whole.clone();
    followed.extend(b"<html>");
    let files: [(&str, &[u8]); 10] = [
        ("torn-later.warc.gz", &torn_later),
        ("torn.warc.zst", &zstd[..zstd.len() - 20]),
        ("followed.warc.gz", &followed),
        ("text.warc", b"http://h.invalid/\n"),
        ("arc.warc", b"filedesc://x.arc 0.0.0.0 20260101 text/plain 1\n"),
        ("damaged.warc", &damaged),
        ("torn.warc.gz", &whole[..whole.len() - 30]),
        ("empty.warc", b""),
        ("pages/a.html", b"A"),
        ("good.warc.gz", &whole),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
    let table: [(&[&str], i32, usize, &str); 17] = [
        (&["torn.warc.zst"], 2, 0, "the zstd data ends in the middle: is the file complete?"),
        (&["torn-later.warc.gz"], 2, 0, "the gzip data ends in the middle: is the file complete?"),
        (&["torn-later.warc.gz", "--force-list"], 1, 3, "the gzip data ends in the middle: is the file complete?"),
        (&["followed.warc.gz"], 2, 0, "is followed by bytes that are not gzip"),
        (&["followed.warc.gz", "--force-list"], 1, 3, "is followed by bytes that are not gzip"),
        (&["text.warc"], 2, 0, "it is not a WARC archive"),
        (&["arc.warc"], 2, 0, "older ARC format"),
        (&["damaged.warc"], 2, 0, "no record begins here"),
        (&["damaged.warc", "--force-list"], 1, 1, "no record begins here"),
        (&["torn.warc.gz"], 3, 3, "the archive ends in the middle of the record at byte"),
        (&["empty.warc"], 0, 0, "no `response` records"),
        (&["--pages", "none"], 2, 0, "the folder of pages `none`"),
        (&["--pages", "text.warc"], 2, 0, "the folder of pages `text.warc`"),
        (&["pages"], 2, 0, "--pages reads saved pages"),
        (&["--pages", "pages", "-o", "pages/out.jsonl"], 2, 0, "name a file outside of their folder"),
        (&["--pages", "pages", "--summary", "pages/s.json"], 2, 0, "name a file outside of their folder"),
        (
            &["good.warc.gz", "--set", "extract.x={ fact = 'input:sku' }"],
            2,
            0,
            "but it has only warc_date, warc_record_id",
        ),
    ];
    for (arguments, code, count, part) in table {
        let run = run_in(folder.path(), arguments).exited(code);
        assert_eq!(records(&run.stdout).len(), count, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
    }
    let torn = run_in(folder.path(), &["torn.warc.gz"]);
    let kinds: Vec<String> = records(&torn.stdout).iter().map(|record| record.kind().to_owned()).collect();
    assert_eq!(kinds, ["", "", "truncated"]);
    // The reader leaves out the first one, and the worker refuses the second one.
    let [long, longer] = [2 << 20, 200 << 10].map(|length| format!("<title>T</title>{}", "x".repeat(length)));
    let large = [response(&url(0), &long), response(&url(1), &longer), response(&url(2), &page(2))].concat();
    fs::write(folder.path().join("large.warc"), large).expect("written");
    let limited = run_in(folder.path(), &["large.warc", "--set", "fetch.max_body=100KiB"]).exited(3);
    let limited: Vec<String> = records(&limited.stdout).iter().map(short).collect();
    let expected = [format!("{} too_large", url(0)), format!("{} too_large", url(1)), format!("{} \"page 2\"", url(2))];
    assert_eq!(limited, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_pages_use_neither_the_cache_nor_cookies() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: max-age=999\r\n";
    let sent = format!("{head}Content-Length: 22\r\n\r\n<title>fetched</title>");
    let server = RawServer::start(vec![Reply::new(sent)]).await;
    let page = server.url("a");
    let folder = tempfile::tempdir().expect("a folder");
    let kept = format!("{head}Set-Cookie: stored=1\r\n\r\n<title>stored</title>");
    fs::write(folder.path().join("a.warc"), record("response", &page, "", kept.as_bytes())).expect("written");
    let flags =
        ["--no-robots", "--set", "cache.path=c.redb", "--set", "cookies.enabled=true", "--set", "cookies.save=jar.txt"];
    let run = |list: &str| {
        let run = run_in(folder.path(), &[&[list], flags.as_slice()].concat());
        assert_eq!(run.code, Some(0), "{list}: {} {}", run.stdout, run.stderr);
        let jar = fs::read_to_string(folder.path().join("jar.txt")).expect("a jar");
        let record = records(&run.stdout).remove(0);
        (record.raw().to_owned(), record.attempts, record.cached, jar.contains("stored"))
    };
    let data = |title: &str| format!("{{\"title\":\"{title}\"}}");
    // The cache has another page of the same URL after the first run, and still has it after the archive was read.
    assert_eq!(run(&page), (data("fetched"), 1, Some(false), false));
    assert_eq!(run("a.warc"), (data("stored"), 0, Some(false), false));
    assert_eq!(run(&page), (data("fetched"), 0, Some(true), false));
    assert_eq!(server.connections(), 1);
}

/// Makes an archive and a folder of the same pages. Returns the arguments for each.
fn many(folder: &Path, count: usize) -> [Vec<&'static str>; 2] {
    let mut archive = Vec::new();
    fs::create_dir(folder.join("pages")).expect("made");
    for n in 0..count {
        let status = if n % 50 == 7 { "500 Bad" } else { "200 OK" };
        let block = format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\n\r\n{}", page(n));
        archive.extend(gzip(&record("response", &url(n), "", block.as_bytes())));
        let mut name = String::new();
        write!(name, "pages/{n:05}").expect("written");
        fs::write(folder.join(name), page(n)).expect("written");
    }
    fs::write(folder.join("a.warc.gz"), archive).expect("written");
    [vec!["a.warc.gz"], vec!["--pages", "pages"]]
}

fn comparable(text: &str) -> Vec<Value> {
    let mut values = values(text);
    for record in values.iter_mut().filter_map(Value::as_object_mut) {
        for key in ["elapsed_ms", "worker", "attempts"] {
            assert!(record.remove(key).is_some(), "{record:?}");
        }
    }
    values
}

#[test]
fn a_killed_run_over_stored_pages_resumes_where_it_was() {
    const COUNT: usize = 3000;
    let folder = tempfile::tempdir().expect("a folder");
    for source in many(folder.path(), COUNT) {
        let of = |name: &str| folder.path().join(name);
        let flags = ["-w", "2", "--concurrency", "4", "--max-tasks-per-worker", "200"];
        let run = |output: &str, more: &[&str]| {
            command_in(folder.path(), &[source.as_slice(), &flags, &["-o", output], more].concat())
        };
        let code = if source[0] == "--pages" { 0 } else { 3 };
        Run::to_end(run("whole.jsonl", &["--restart"])).exited(code);
        let expected = comparable(&fs::read_to_string(of("whole.jsonl")).expect("an output"));
        assert_eq!(expected.len(), COUNT);

        let mut kills = 0;
        while !of("out.jsonl").exists() {
            let before = fs::metadata(of("out.jsonl.part")).map_or(0, |metadata| metadata.len());
            let running = Run::start(run("out.jsonl", if kills == 0 { &[] } else { &["--resume"] }));
            wait_until("some checkpoints, or the end", PROMPTLY, || {
                let part = fs::metadata(of("out.jsonl.part")).map_or(0, |metadata| metadata.len());
                part > before + 100_000 || of("out.jsonl").exists()
            });
            running.signal(Signal::KILL);
            let ended = running.finish();
            assert!(ended.signal == Some(9) || ended.code == Some(code), "{}", ended.stderr);
            kills += 1;
        }
        assert!(kills > 2, "it was killed {kills} times");
        let resumed = comparable(&fs::read_to_string(of("out.jsonl")).expect("an output"));
        assert!(resumed == expected, "the same records");
        fs::remove_file(of("out.jsonl")).expect("removed");
    }
}

#[test]
fn a_resumed_run_refuses_another_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let [archive, _] = many(folder.path(), 2000);
    let flags = ["-w", "1", "-o", "out.jsonl"];
    let part = folder.path().join("out.jsonl.part");
    let running = Run::start(command_in(folder.path(), &[archive.as_slice(), &flags].concat()));
    wait_until("a checkpoint", PROMPTLY, || fs::metadata(&part).is_ok_and(|metadata| metadata.len() > 50_000));
    running.signal(Signal::KILL);
    assert_eq!(running.finish().signal, Some(9));
    let other: Vec<u8> = (1..2001).flat_map(|n| gzip(&response(&url(n), &page(n)))).collect();
    fs::write(folder.path().join("a.warc.gz"), other).expect("written");
    let run = run_in(folder.path(), &[archive.as_slice(), &flags, &["--resume"]].concat()).exited(2);
    assert!(run.stderr.contains("the list has changed"), "{}", run.stderr);
}

#[test]
fn workers_that_are_killed_cost_no_stored_page() {
    const COUNT: usize = 1500;
    let folder = tempfile::tempdir().expect("a folder");
    let [archive, _] = many(folder.path(), COUNT);
    let flags = ["-w", "2", "-o", "out.jsonl"];
    let running = Run::start(command_in(folder.path(), &[archive.as_slice(), &flags].concat()));
    let part = folder.path().join("out.jsonl.part");
    for kill in 1..=3 {
        wait_until("records, or the end", PROMPTLY, || {
            folder.path().join("out.jsonl").exists() || fs::metadata(&part).is_ok_and(|it| it.len() > kill * 60_000)
        });
        running.workers().first().iter().for_each(|worker| worker.signal(Signal::KILL));
    }
    let ended = running.within(Duration::from_secs(60)).finish().exited(3);
    let records = records(&fs::read_to_string(folder.path().join("out.jsonl")).expect("an output"));
    assert_eq!(records.len(), COUNT, "{}", ended.stderr);
    for (n, record) in records.iter().enumerate() {
        assert_eq!((record.seq, &record.url), (n as u64, &url(n)));
        assert_eq!(record.kind(), if n % 50 == 7 { "http_status" } else { "" }, "{record:?}");
    }
}

#[test]
fn large_stored_pages_in_parallel_do_not_exceed_a_workers_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let large = format!("<title>large</title>{}", "x".repeat(9 << 20));
    let archive: Vec<u8> = (0..20).flat_map(|n| gzip(&response(&url(n), &large))).collect();
    fs::write(folder.path().join("a.warc.gz"), archive).expect("written");
    let flags = ["a.warc.gz", "-w", "1", "--concurrency", "16", "--set", "pool.max_memory_per_worker=120MiB"];
    let run = run_in(folder.path(), &flags).exited(0);
    assert_eq!(records(&run.stdout).len(), 20);
    assert!(!run.stderr.contains("memory"), "no worker was killed: {}", run.stderr);
}

#[test]
fn check_looks_at_a_folder_of_saved_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("pages")).expect("made");
    fs::write(folder.path().join("pages/a.html"), page(1)).expect("written");
    let check = |pages: &str| {
        let mut command = gleaner();
        command.current_dir(folder.path()).args(["check", "--pages", pages]);
        Run::to_end(command)
    };
    let checked = check("pages").exited(0);
    assert!(checked.stdout.contains("1 task, 0 of them without a valid URL"), "{}", checked.stdout);
    check("none").exited(2);
}
