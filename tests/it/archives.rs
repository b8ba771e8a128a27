//! Web archives of runs: what they keep of each response, and that interrupted runs keep them whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::bufread::GzDecoder;
use gleaner::model::{Reach, Visit};
use gleaner::scrape::{FetchSettings, Scraper, Settings};
use rustix::process::Signal;

use crate::raw_server::settings::patient;
use crate::raw_server::{RawServer, Reply, Then, compressed};
use crate::support::{Finished, PROMPTLY, Run, Server, records, scrape, scrape_list, values, wait_until};

/// A record of an archive.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) fields: BTreeMap<String, String>,
    /// The head of the HTTP message, without the empty line.
    pub(crate) head: String,
    body: Vec<u8>,
}

impl Kept {
    fn is(&self, kind: &str) -> bool {
        self.fields["WARC-Type"] == kind
    }

    fn url(&self) -> &str {
        &self.fields["WARC-Target-URI"]
    }

    /// The status in the first line of a response.
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }
}

/// Reads an archive, and fails if it is not a sequence of whole members with one whole record each.
#[track_caller]
fn read(mut bytes: &[u8]) -> Vec<Kept> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let mut record = Vec::new();
        let mut member = GzDecoder::new(bytes);
        member.read_to_end(&mut record).unwrap_or_else(|error| panic!("record {}: {error}", all.len()));
        bytes = member.into_inner();
        let (fields, block) = split(&record);
        let mut lines = fields.lines();
        assert_eq!(lines.next(), Some("WARC/1.1"));
        let fields = lines.map(|line| line.split_once(": ").expect("a field"));
        let fields: BTreeMap<_, _> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let length: usize = fields["Content-Length"].parse().expect("a length");
        assert_eq!(&block[length..], b"\r\n\r\n", "{fields:?}");
        let (head, body) = if fields["WARC-Type"] == "warcinfo" {
            (String::from_utf8_lossy(&block[..length]).into_owned(), Vec::new())
        } else {
            let (head, body) = split(&block[..length]);
            (head, body.to_vec())
        };
        all.push(Kept { fields, head, body });
    }
    all
}

/// Splits bytes at the first empty line.
fn split(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an empty line");
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), &bytes[end + 4..])
}

pub(crate) fn read_file(path: &Path) -> Vec<Kept> {
    read(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The path and the status of each response, sorted.
fn responses(all: &[Kept], origin: &str) -> Vec<(String, u16)> {
    let responses = all.iter().filter(|kept| kept.is("response"));
    let mut found: Vec<_> = responses.map(|kept| (kept.url().replace(origin, ""), kept.status())).collect();
    found.sort();
    found
}

#[test]
fn every_response_of_a_run_is_in_its_archive_and_the_records_are_as_without_one() {
    let mut outputs = Vec::new();
    for with_archive in [false, true] {
        let server = Server::with_robots("User-agent: *\nDisallow: /private\n");
        let folder = tempfile::tempdir().expect("a folder");
        let archive = folder.path().join("pages.warc.gz");
        let paths = [
            "/ok/1",
            "/redirect/2",
            "/status/404",
            "/flaky/1/5?retry-after=0",
            "/private",
            "/big/300000",
            "/set-cookie/a=b",
            "/loop",
        ];
        let list = paths.map(|path| server.url(path));
        let output = folder.path().join("out.jsonl");
        let mut flags = vec!["--output".into(), output.clone().into_os_string()];
        if with_archive {
            flags.extend(["--archive".into(), archive.clone().into_os_string()]);
        }
        scrape_list(&list, flags).finish().exited(3);
        let text = fs::read_to_string(&output).expect("the output");
        let origin = server.url("");
        let mut records = values(&text.replace(&origin, "http://h"));
        for record in records.iter_mut().filter_map(|record| record.as_object_mut()) {
            record.retain(|key, _| !["elapsed_ms", "worker", "fetched_at"].contains(&key.as_str()));
        }
        outputs.push(records);
        let mut files: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
        files.sort();
        if !with_archive {
            assert_eq!(files, ["out.jsonl", "out.jsonl.rules"]);
            continue;
        }
        assert_eq!(files, ["out.jsonl", "out.jsonl.rules", "pages.warc.gz"]);
        let all = read_file(&archive);
        let expected = [
            ("/big/300000", 200),
            ("/flaky/1/5?retry-after=0", 200),
            ("/flaky/1/5?retry-after=0", 503),
            ("/loop", 302),
            ("/ok/0", 200),
            ("/ok/1", 200),
            ("/redirect/1", 302),
            ("/redirect/2", 302),
            ("/robots.txt", 200),
            ("/set-cookie/a=b", 200),
            ("/status/404", 404),
        ];
        assert_eq!(responses(&all, &origin), expected.map(|(path, status)| (path.to_owned(), status)));
        assert!(all[0].is("warcinfo") && all[0].head.contains("robots: obey"), "{:?}", all[0]);
        for pair in all[1..].chunks(2) {
            let [response, request] = pair else { panic!("a record without its partner: {pair:?}") };
            assert!(response.is("response") && request.is("request"));
            assert_eq!(request.fields["WARC-Concurrent-To"], response.fields["WARC-Record-ID"]);
            for field in ["WARC-Date", "WARC-Target-URI", "WARC-IP-Address"] {
                assert_eq!(request.fields[field], response.fields[field]);
            }
            assert_eq!(response.fields["WARC-IP-Address"], "127.0.0.1");
        }
        let ids: BTreeSet<_> = all.iter().map(|kept| &kept.fields["WARC-Record-ID"]).collect();
        assert_eq!(ids.len(), all.len(), "no two records have the same id");
    }
    assert_eq!(outputs[0], outputs[1]);
}

/// The records of one visit with these settings: the response and the request.
async fn archived(settings: FetchSettings, url: &str) -> Vec<Kept> {
    let scraper = Scraper::new(Settings { fetch: settings, ..Settings::default() }).expect("a scraper");
    let mut visit = Visit::new(url.parse().expect("a URL"), Reach::Listed);
    let (_, members) = scraper.visit_archived(&visit, || {}).await;
    assert!(members.is_empty(), "nobody asked for them");
    visit.archive = Some(7);
    read(&scraper.visit_archived(&visit, || {}).await.1)
}

fn settings() -> FetchSettings {
    FetchSettings { idle_timeout: Duration::from_millis(300), ..patient(100_000) }
}

/// What a reply is an example of, the reply, the head and the body in the archive, and why the body is not whole.
type Case<'a> = (&'a str, Reply, String, &'a [u8], Option<&'a str>);

#[tokio::test]
async fn a_body_is_kept_as_it_is_sent_and_its_head_describes_it() {
    let page = b"<title>a</title>".repeat(20);
    let gzip = compressed::gzip(&page).await;
    let long = b"x".repeat(90_000);
    let chunked = |body: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    let reply =
        |head: &str, body: &[u8]| Reply::new([head.replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat());
    let plain = "HTTP/1.1 200 OK\ncontent-type: text/html";
    let length = |length: usize| format!("{plain}\ncontent-length: {length}");
    let cases: Vec<Case<'_>> = vec![
        ("a length", reply(&length(320), &page), length(320), &page, None),
        ("chunks", reply(&format!("{plain}\nTransfer-Encoding: chunked"), &chunked(&page)), length(320), &page, None),
        ("no length", reply(plain, &page).then(Then::Close), length(320), &page, None),
        (
            "a coding",
            reply(&format!("{plain}\ncontent-encoding: gzip\ntransfer-encoding: chunked"), &chunked(&gzip)),
            format!("{plain}\ncontent-encoding: gzip\ncontent-length: {}", gzip.len()),
            &gzip,
            None,
        ),
        (
            "a coding of the transfer",
            reply(&format!("{plain}\ntransfer-encoding: gzip, chunked"), &chunked(&gzip)),
            format!("{plain}\ncontent-encoding: gzip\ncontent-length: {}", gzip.len()),
            &gzip,
            None,
        ),
        (
            "a coding that is not valid",
            reply(&format!("{plain}\ncontent-encoding: gzip\ncontent-length: 90000"), &long),
            format!("{plain}\ncontent-encoding: gzip\ncontent-length: 90000"),
            &long,
            None,
        ),
        (
            "other words and names",
            reply("HTTP/1.0 200 Fine, thanks\nContent-Type: text/html\nX-A: 1\nX-A: \u{e9}", &page).then(Then::Close),
            "HTTP/1.0 200 Fine, thanks\ncontent-type: text/html\nx-a: 1\nx-a: \u{e9}\ncontent-length: 320".to_owned(),
            &page,
            None,
        ),
        (
            "a long error",
            reply("HTTP/1.1 404 Not Found\ncontent-length: 90000", &long),
            "HTTP/1.1 404 Not Found\ncontent-length: 90000".to_owned(),
            &long,
            None,
        ),
        (
            "a redirect to nowhere",
            reply("HTTP/1.1 302 Found\nlocation: http://[\ncontent-length: 3", b"abc"),
            "HTTP/1.1 302 Found\nlocation: http://[\ncontent-length: 3".to_owned(),
            b"abc",
            None,
        ),
        ("no content", reply("HTTP/1.1 204 No Content", b""), "HTTP/1.1 204 No Content".to_owned(), b"", None),
        (
            "an image",
            reply("HTTP/1.1 200 OK\ncontent-type: image/png\ncontent-length: 90000", &long),
            "HTTP/1.1 200 OK\ncontent-type: image/png\ncontent-length: 0".to_owned(),
            b"",
            Some("unspecified"),
        ),
        (
            "a broken connection",
            reply(&length(320), &page[..100]).then(Then::Close),
            length(100),
            &page[..100],
            Some("disconnect"),
        ),
        (
            "a server that stops",
            reply(&length(320), &page[..100]).then(Then::Hang),
            length(100),
            &page[..100],
            Some("time"),
        ),
        ("too long by its head", reply(&length(90_000_000), &page), length(0), b"", Some("length")),
    ];
    for (what, reply, head, body, truncated) in cases {
        let server = RawServer::start(vec![reply.clone(), reply]).await;
        let all = archived(settings(), &server.url("a?b#c")).await;
        let [response, request] = &all[..] else { panic!("{what}: {all:?}") };
        assert_eq!(response.head.replace("\r\n", "\n"), head, "{what}");
        assert!(response.body == body, "{what}: {} bytes", response.body.len());
        assert_eq!(response.fields.get("WARC-Truncated").map(String::as_str), truncated, "{what}");
        assert_eq!(response.url(), server.url("a?b"), "{what}");
        let first = request.head.lines().next();
        assert_eq!(first, Some("GET /a?b HTTP/1.1"), "{what}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long_is_kept_up_to_the_limit() {
    let endless = Reply::new("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n").then(Then::Repeat(b"abc"));
    let missing = Reply::new("HTTP/1.1 404 Not Found\r\n\r\n").then(Then::Repeat(b"abc"));
    for (reply, most) in [(endless, 2_000_000), (missing, 2_000_000)] {
        let server = RawServer::start(vec![reply.clone(), reply]).await;
        let all = archived(settings(), &server.url("a")).await;
        assert_eq!(all[0].fields["WARC-Truncated"], "length");
        let length = all[0].body.len();
        assert!(length > 90_000 && length < most, "{length}");
        assert!(all[0].body.starts_with(b"abcabc"));
    }
}

#[tokio::test]
async fn secrets_of_requests_are_sent_but_not_archived() {
    let page = Reply::new("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n");
    let server = RawServer::start(vec![page.clone(), page]).await;
    let header = |name: &str| (name.to_owned(), "s3cret".to_owned());
    let headers = ["Authorization", "Cookie", "X-Api-Key", "Proxy-Authorization"].map(header);
    let mut headers = headers.to_vec();
    headers.push(("Accept-Language".to_owned(), "de".to_owned()));
    let url = server.url("a").replace("http://", "http://user:s3cret@");
    let all = archived(FetchSettings { headers, ..settings() }, &url).await;
    let sent = server.requests().concat();
    assert!(sent.contains("x-api-key: s3cret") && sent.contains("cookie: s3cret"), "{sent}");
    let text = format!("{all:?}");
    assert!(!text.contains("s3cret") && !text.contains("czNjcmV0"), "{text}");
    let expected = format!(
        "GET /a HTTP/1.1\nhost: {}\naccept-encoding: gzip, deflate, br, zstd\naccept-language: de\naccept: \
         text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\nuser-agent: test/1",
        server.address()
    );
    let mut lines: Vec<_> = all[1].head.lines().collect();
    lines[2..].sort_unstable();
    assert_eq!(lines.join("\n"), expected);
}

/// A list, an output and an archive in a folder.
struct Job {
    folder: tempfile::TempDir,
    flags: Vec<String>,
}

impl Job {
    fn new(list: &[String], flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("list"), list.join("\n")).expect("written");
        Self { folder, flags: flags.iter().map(ToString::to_string).collect() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = scrape(["list", "-o", "out.jsonl"]);
        command.current_dir(self.folder.path()).args(&self.flags).args(more);
        command
    }

    #[track_caller]
    fn to_end(&self, more: &[&str]) -> Finished {
        Run::to_end(self.command(more))
    }

    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let mut names: Vec<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn length(&self, name: &str) -> u64 {
        fs::metadata(self.path(name)).map_or(0, |metadata| metadata.len())
    }

    /// Starts a run, and kills it after some records are confirmed.
    fn killed_after_a_checkpoint(&self) {
        let run = Run::start(self.command(ARCHIVE));
        // An entry of the log has less than 50 bytes here.
        wait_until("some checkpoints", PROMPTLY, || self.length("out.jsonl.part.log") > 100);
        run.signal(Signal::KILL);
        assert_eq!(run.finish().signal, Some(9));
    }

    /// Fails if there is a record whose response is not in the archive.
    fn assert_complete(&self, origin: &str, count: usize) {
        let records = records(&fs::read_to_string(self.path("out.jsonl")).expect("the output"));
        assert_eq!(records.len(), count);
        let archived: BTreeSet<_> = responses(&read_file(&self.path("a.warc.gz")), origin).into_iter().collect();
        for record in records {
            let path = record.url.replace(origin, "");
            assert!([200, 404].iter().any(|status| archived.contains(&(path.clone(), *status))), "{path} is missing");
        }
        assert_eq!(self.files(), ["a.warc.gz", "list", "out.jsonl", "out.jsonl.rules"]);
    }
}

const ARCHIVE: &[&str] = &["--archive", "a.warc.gz"];
const RESUMED: &[&str] = &["--archive", "a.warc.gz", "--resume"];
const RESUMED_SOON: &[&str] = &["--resume", "-t", "100ms", "--max-retries", "0"];
const SLOW: &[&str] = &["-w", "1", "--concurrency", "4", "--no-robots"];

fn slow_pages(server: &Server, count: usize) -> Vec<String> {
    (0..count).map(|n| server.url(&format!("/sleep/10/{n}"))).collect()
}

#[test]
fn a_run_killed_ten_times_has_a_whole_archive_with_the_response_of_every_record() {
    const KILLS: u64 = 10;
    let server = Server::start();
    let mut list = slow_pages(&server, 1200);
    list[17] = server.url("/status/404");
    list[300] = server.url("/sleep/3000/slow");
    let job = Job::new(&list, &["-w", "2", "--concurrency", "4", "--max-tasks-per-worker", "50", "--no-robots"]);
    // A fixed sequence of pseudo-random numbers (Knuth's MMIX constants) makes failures reproducible.
    let mut state = 11_u64;
    for kill in 0..KILLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let after = Duration::from_millis(300 + (state >> 33) % 900);
        let run = Run::start(job.command(if kill == 0 { ARCHIVE } else { RESUMED }));
        let begun = Instant::now();
        let output = job.path("out.jsonl");
        wait_until("the time of the kill", PROMPTLY, || begun.elapsed() >= after || output.exists());
        run.signal(Signal::KILL);
        let run = run.finish();
        assert!(run.signal == Some(9) || run.code == Some(3), "{}", run.stderr);
    }
    if !job.path("out.jsonl").exists() {
        job.to_end(RESUMED).exited(3);
    }
    job.assert_complete(&server.url(""), 1200);
}

#[test]
fn a_resumed_run_goes_on_in_an_archive_that_already_has_its_name() {
    let server = Server::start();
    let job = Job::new(&slow_pages(&server, 300), SLOW);
    job.killed_after_a_checkpoint();
    // As after a crash between the two renames at the end of a run.
    fs::rename(job.path("a.warc.gz.part"), job.path("a.warc.gz")).expect("renamed");
    let before = server.log().len();
    job.to_end(RESUMED).exited(0);
    assert!(server.log().len() - before < 300, "the run is resumed");
    job.assert_complete(&server.url(""), 300);
}

#[test]
fn a_run_that_died_before_its_first_record_begins_its_archive_anew() {
    for output in ["out.jsonl", "out.csv", "out.jsonl.gz"] {
        let server = Server::start();
        let job = Job::new(&[server.url("/sleep/60000/a")], SLOW);
        let flags = ["-o", output, "--archive", "a.warc.gz"];
        let mut command = scrape(["list"]);
        command.current_dir(job.folder.path()).args(SLOW).args(flags);
        let run = Run::start(command);
        wait_until("the request", PROMPTLY, || server.log().len() == 1);
        run.signal(Signal::KILL);
        assert_eq!(run.finish().signal, Some(9));
        assert!(job.length("a.warc.gz.part") > 0, "{output}");
        let mut command = scrape(["list"]);
        command.current_dir(job.folder.path()).args(SLOW).args(flags).args(RESUMED_SOON);
        let run = Run::to_end(command).exited(3);
        assert!(run.stderr.contains("the run starts from the beginning"), "{output}: {}", run.stderr);
        assert_eq!(job.files(), ["a.warc.gz", "list", output, &format!("{output}.rules")]);
    }
}

#[test]
fn an_archive_is_resumed_only_with_its_run() {
    let server = Server::start();
    let job = Job::new(&slow_pages(&server, 300), SLOW);
    job.killed_after_a_checkpoint();
    let before = job.files();
    let others = "start `./a.warc.gz.part`".replace("./", &format!("{}/", job.folder.path().display()));
    let table: [(&[&str], &str); 5] = [
        (&["--resume"], "`--archive` has changed since it was started"),
        (&["--resume", "--archive", "b.warc.gz"], "`--archive` has changed since it was started"),
        (ARCHIVE, "continue it with --resume, or discard it with --restart"),
        (&["-o", "other.jsonl", "--archive", "a.warc.gz"], &others),
        (&["-o", "other.jsonl", "--archive", "a.warc.gz", "--resume"], &others),
    ];
    for (flags, expected) in table {
        let mut command = scrape(["list"]);
        command.current_dir(job.folder.path()).args(SLOW).args(flags);
        if !flags.contains(&"-o") {
            command.args(["-o", "out.jsonl"]);
        }
        let run = Run::to_end(command).exited(2);
        assert!(run.stderr.contains(expected), "{flags:?}: {}", run.stderr);
        assert_eq!(job.files(), before, "{flags:?}");
    }
    fs::rename(job.path("a.warc.gz.part"), job.path("elsewhere")).expect("renamed");
    let run = job.to_end(RESUMED).exited(2);
    assert!(run.stderr.contains("its archive") && run.stderr.contains("is missing; put it back"), "{}", run.stderr);
    // An archive of another run is in its place.
    fs::write(job.path("a.warc.gz"), b"another one").expect("written");
    let run = job.to_end(RESUMED).exited(2);
    assert!(run.stderr.contains("is missing; put it back"), "{}", run.stderr);
    assert_eq!(fs::read(job.path("a.warc.gz")).expect("it stays"), b"another one");
    fs::rename(job.path("elsewhere"), job.path("a.warc.gz.part")).expect("renamed");
    job.to_end(RESUMED).exited(0);
    job.assert_complete(&server.url(""), 300);
}

#[test]
fn a_full_disk_ends_the_run_and_a_resumed_run_has_the_whole_archive() {
    let server = Server::start();
    let job = Job::new(&slow_pages(&server, 600), SLOW);
    // A file may have at most 200 blocks of 512 bytes. The signal for this limit is ignored.
    let run = Run::to_end({
        let mut shell = crate::support::shell("trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"");
        shell.current_dir(job.folder.path()).args(job.command(ARCHIVE).get_args());
        shell
    })
    .exited(1);
    let part = job.path("a.warc.gz.part");
    assert!(run.stderr.contains(&format!("write to `{}`", part.display())), "{}", run.stderr);
    assert!(run.stderr.contains("allow larger files (ulimit -f)"), "{}", run.stderr);
    assert!(run.stderr.contains("to continue: "), "{}", run.stderr);
    read_file(&part);
    let before = server.log().len();
    job.to_end(RESUMED).exited(0);
    assert!(server.log().len() - before < 600 - 10, "the finished pages are not fetched again");
    job.assert_complete(&server.url(""), 600);
}

#[test]
fn an_archive_beside_standard_output_is_whole_or_left_with_a_word() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (archive, part) = (folder.path().join("a.warc.gz"), folder.path().join("a.warc.gz.part"));
    let flags = ["--archive", archive.to_str().expect("a path"), "--no-robots"];
    let list = [server.url("/ok/1"), server.url("/ok/2")];
    scrape_list(&list, flags).finish().exited(0);
    assert!(!part.exists());
    let found = responses(&read_file(&archive), &server.url(""));
    assert_eq!(found, [("/ok/1".to_owned(), 200), ("/ok/2".to_owned(), 200)]);

    let run = scrape_list(&[server.url("/ok/3"), server.url("/hang")], flags);
    wait_until("the first record", PROMPTLY, || run.stdout_so_far().ends_with("}\n"));
    wait_until("the other request", PROMPTLY, || server.hits("/hang") == 1);
    run.signal(Signal::INT);
    run.signal(Signal::INT);
    let run = run.finish().exited(130);
    assert!(run.stderr.contains(&format!("what it has is in `{}`", part.display())), "{}", run.stderr);
    assert_eq!(responses(&read_file(&part), &server.url("")), [("/ok/3".to_owned(), 200)]);
    assert_eq!(read_file(&archive).len(), 5, "the archive of the first run stays");
    let run = scrape_list(&list, flags).finish().exited(2);
    assert!(run.stderr.contains("discard it with --restart"), "{}", run.stderr);
    scrape_list(&list, flags.iter().chain(&["--restart"])).finish().exited(0);
    assert!(!part.exists());
}

#[test]
fn an_archive_that_cannot_be_written_is_refused_before_the_first_request() {
    let server = Server::start();
    let list = [server.url("/ok/1")];
    let job = Job::new(&list, &[]);
    fs::create_dir(job.path("folder.warc.gz")).expect("a folder");
    fs::hard_link(job.path("list"), job.path("list.warc.gz")).expect("a link");
    let table: [(&[&str], &str); 7] = [
        (&["--archive", "a.warc"], "its name must end in .warc.gz, such as pages.warc.gz"),
        (&["--archive", "a.gz"], "its name must end in .warc.gz"),
        (&["--archive", ".warc.gz"], "its name must end in .warc.gz"),
        (&["--archive", "folder.warc.gz"], "it is a folder"),
        (&["--archive", "nowhere/a.warc.gz"], "there is no folder"),
        (&["--archive", "list.warc.gz"], "that is the list, name another file"),
        (&["--archive", "a.warc.gz", "--summary", "a.warc.gz.part"], "that is the file beside the archive"),
    ];
    for (flags, expected) in table {
        let run = job.to_end(flags).exited(2);
        assert!(run.stderr.contains(expected), "{flags:?}: {}", run.stderr);
    }
    let mut same = scrape(["list", "-f", "jsonl", "-o", "a.warc.gz", "--archive", "a.warc.gz"]);
    same.current_dir(job.folder.path());
    let run = Run::to_end(same).exited(2);
    assert!(run.stderr.contains("that is the output, name another file"), "{}", run.stderr);
    assert!(server.log().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_as_a_list_gives_the_records_of_the_run_that_wrote_it() {
    let page = "<!doctype html><title>日本語, é</title><h1>One</h1><p>some text</p>".repeat(200).into_bytes();
    let coded = |coding: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{coding}");
        let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
        Reply::new([head.as_bytes(), body].concat())
    };
    let in_chunks = |codings: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{codings}");
        let head = format!("{head}\r\n\r\n{:x}\r\n", body.len());
        Reply::new([head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat())
    };
    let (gzip, cyrillic) = (compressed::gzip(&page).await, b"<title>\xd6\xe5\xed\xe0</title>");
    let head = |line: &str| Reply::new(format!("{line}\r\nContent-Length: 9\r\n\r\n<p>text</p").into_bytes());
    let replies = vec![
        coded("", &page),
        coded("Content-Encoding: gzip\r\n", &gzip),
        coded("Content-Encoding: br\r\n", &compressed::brotli(&page).await),
        coded("Content-Encoding: zstd\r\n", &compressed::zstd(&page).await),
        coded("Content-Encoding: deflate\r\n", &compressed::deflate(&page).await),
        in_chunks("Transfer-Encoding: chunked", &page),
        in_chunks("Content-Encoding: gzip\r\nTransfer-Encoding: chunked", &gzip),
        in_chunks("Transfer-Encoding: gzip, chunked", &gzip),
        coded("Content-Language: ru\r\n", b""),
        Reply::new(
            [b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=windows-1251\r\n\r\n", &cyrillic[..]].concat(),
        )
        .then(Then::Close),
        head("HTTP/1.1 404 Not Found\r\nContent-Type: text/html"),
        head("HTTP/1.1 503 Busy"),
        Reply::new(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99\r\n\r\n<p>".to_vec())
            .then(Then::Close),
    ];
    let count = replies.len();
    let server = RawServer::start(replies).await;
    let list: Vec<String> = (0..count).map(|n| server.url(&format!("{n}?a=b"))).collect();
    let job = Job::new(&list, &["-w", "1", "--concurrency", "1", "--max-retries", "0", "--no-robots"]);
    let run = job.command(ARCHIVE);
    let again = {
        let mut command = scrape(["a.warc.gz", "-o", "again.jsonl", "--keep-none", "-w", "1"]);
        command.current_dir(job.folder.path());
        command
    };
    let runs = move || [run, again].map(|command| Run::to_end(command).exited(3));
    tokio::task::spawn_blocking(runs).await.expect("two runs");
    let [live, stored] = ["out.jsonl", "again.jsonl"].map(|name| {
        let mut records = values(&fs::read_to_string(job.path(name)).expect("the output"));
        for record in records.iter_mut().filter_map(|record| record.as_object_mut()) {
            record.retain(|key, _| !["attempts", "elapsed_ms", "worker", "fetched_at"].contains(&key.as_str()));
            if let Some(failure) = record["failure"].as_object_mut() {
                failure.retain(|key, _| key == "kind" || key == "status");
            }
        }
        records
    });
    assert_eq!((live.len(), stored.len()), (count, count));
    let (cut, whole) = live.split_last().expect("records");
    assert_eq!(whole, &stored[..count - 1]);
    // A record of an archive that is cut has no status.
    assert_eq!(cut["failure"]["kind"], "truncated");
    assert_eq!(stored[count - 1]["failure"]["kind"], "truncated");
}

/// Writes an archive and what the server sent into a folder, for `tests/peers/own_archives.py`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a folder in GLEANER_ARCHIVES; .ci/run runs it"]
async fn archives_are_written_for_peers() {
    let folder = PathBuf::from(std::env::var_os("GLEANER_ARCHIVES").expect("a folder"));
    fs::create_dir_all(&folder).expect("created");
    let page =
        "<!doctype html><meta charset=utf-8><title>日本語, é</title>\r\n\r\n\n<p>\0</p>".repeat(300).into_bytes();
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/html";
    let (gzip, brotli, zlib) =
        (compressed::gzip(&page).await, compressed::brotli(&page).await, compressed::zlib(&page).await);
    let two_members = [&gzip[..], &gzip].concat();
    let of_length = |head: &str, body: &[u8]| {
        let head = format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len());
        Reply::new([head.as_bytes(), body].concat())
    };
    let chunked = |head: &str, body: &[u8]| {
        let head = format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
        Reply::new([head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat())
    };
    let coded = |coding: &str| format!("{ok}\r\nContent-Encoding: {coding}");
    let broken =
        Reply::new([ok.as_bytes(), b"\r\nContent-Length: 99999\r\n\r\n", &page[..]].concat()).then(Then::Close);
    let cases: Vec<(u16, Reply, &[u8], &[u8])> = vec![
        (200, of_length(ok, &page), &page, &page),
        (200, chunked(ok, &page), &page, &page),
        (200, of_length(&coded("gzip"), &gzip), &gzip, &page),
        (200, chunked(&coded("br"), &brotli), &brotli, &page),
        (200, chunked(&coded("deflate"), &zlib), &zlib, &page),
        (200, of_length(&coded("gzip"), &two_members), &two_members, &[]),
        (200, of_length(ok, b""), b"", b""),
        (404, of_length("HTTP/1.1 404 No such page: é", &page), &page, &page),
        (200, broken, &page, &page),
        (200, Reply::new([ok.as_bytes(), b"\r\n\r\n", &page].concat()).then(Then::Close), &page, &page),
    ];
    let replies = cases.iter().map(|(_, reply, ..)| reply.clone()).collect();
    let server = RawServer::start(replies).await;
    let mut sent = String::new();
    let mut list = String::new();
    for (number, (status, _, body, plain)) in cases.iter().enumerate() {
        // warcio decodes only the first member.
        let plain = (*body != two_members).then_some(plain);
        let of = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
        let path = format!("/{number}?q=%C3%A9");
        let line = serde_json::json!({ "path": path, "status": status, "sent": of(body), "plain": plain.map(|plain| of(plain)) });
        sent.extend([line.to_string(), "\n".to_owned()]);
        list.extend([server.url(path.trim_start_matches('/')), "\n".to_owned()]);
    }
    fs::write(folder.join("sent.jsonl"), sent).expect("written");
    fs::write(folder.join("list.txt"), list).expect("written");
    let mut command = scrape(["list.txt", "-o", "out.jsonl", "--archive", "pages.warc.gz", "--restart", "--no-robots"]);
    command.current_dir(&folder).args(["-w", "1", "--concurrency", "1", "--max-retries", "0"]);
    tokio::task::spawn_blocking(|| Run::to_end(command).exited(3)).await.expect("a run");
}
