//! Sitemaps, indexes and feeds as lists.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::{Finished, PROMPTLY, Record, Run, gleaner, records, scrape, values, wait_until};

/// What a site answers.
#[derive(Clone)]
enum File {
    /// A body, and header lines.
    Body(Vec<u8>, &'static str),
    Moved(&'static str),
    Status(u16),
    /// No answer, ever.
    Hang,
}

fn text(body: impl Into<String>) -> File {
    File::Body(body.into().into_bytes(), "")
}

/// A web server whose files are given by path. `/p/..` is a page, and anything else is missing.
struct Site {
    addr: SocketAddr,
    files: Arc<Mutex<HashMap<String, File>>>,
    /// The paths of the requests, with their times.
    log: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Site {
    /// Starts a site. `BASE` in a text becomes its URL.
    fn start<'a>(files: impl IntoIterator<Item = (&'a str, File)>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let addr = listener.local_addr().expect("it is bound");
        let site = Self { addr, files: Arc::default(), log: Arc::default() };
        site.put(files);
        let (files, log) = (Arc::clone(&site.files), Arc::clone(&site.log));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, log) = (Arc::clone(&files), Arc::clone(&log));
                thread::spawn(move || serve(stream, &files, &log));
            }
        });
        site
    }

    fn put<'a>(&self, files: impl IntoIterator<Item = (&'a str, File)>) {
        let mut all = self.files.lock().expect("no panic");
        for (path, file) in files {
            let file = match file {
                File::Body(body, headers) if !body.starts_with(&[0x1f]) => {
                    File::Body(String::from_utf8_lossy(&body).replace("BASE", &self.url("")).into_bytes(), headers)
                }
                file => file,
            };
            all.insert(path.to_owned(), file);
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The paths of all requests.
    fn paths(&self) -> Vec<String> {
        self.log.lock().expect("no panic").iter().map(|(path, _)| path.clone()).collect()
    }

    fn hits(&self, path: &str) -> usize {
        self.paths().iter().filter(|own| *own == path).count()
    }
}

fn serve(mut stream: TcpStream, files: &Mutex<HashMap<String, File>>, log: &Mutex<Vec<(String, Instant)>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    while let Some(Ok(first)) = lines.next() {
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        lines.by_ref().map_while(Result::ok).find(String::is_empty);
        log.lock().expect("no panic").push((path.clone(), Instant::now()));
        let file = files.lock().expect("no panic").get(&path).cloned();
        let page = || text(format!("<!DOCTYPE html><title>{path}</title>"));
        let file = file.or_else(|| path.starts_with("/p/").then(page)).unwrap_or(File::Status(404));
        let (status, headers, body) = match file {
            File::Body(body, headers) => (200, headers.to_owned(), body),
            File::Moved(to) => (301, format!("location: {to}\r\n"), Vec::new()),
            File::Status(status) => (status, String::new(), Vec::new()),
            File::Hang => {
                lines.next();
                return;
            }
        };
        let kind = if path.starts_with("/p/") { "text/html" } else { "application/octet-stream" };
        let head =
            format!("HTTP/1.1 {status} S\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return;
        }
    }
}

fn urlset(locs: impl IntoIterator<Item = String>) -> String {
    let urls: Vec<String> = locs.into_iter().map(|loc| format!("<url><loc>{loc}</loc></url>")).collect();
    let urls = urls.concat();
    format!("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>")
}

fn index<'a>(locs: impl IntoIterator<Item = &'a str>) -> File {
    let sitemaps = locs.into_iter().map(|loc| format!("<sitemap><loc>{loc}</loc></sitemap>"));
    let sitemaps = sitemaps.collect::<Vec<_>>().concat();
    text(format!("<sitemapindex>{sitemaps}</sitemapindex>"))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn run(arguments: &[&str]) -> Finished {
    let mut command = scrape(["--format", "jsonl"]);
    command.args(arguments);
    Run::to_end(command)
}

/// Each record as its path, what it carried, and how it failed.
fn shown(site: &Site, records: &[Record]) -> Vec<String> {
    let one = |record: &Record| {
        let input = record.input.as_ref().map_or_else(String::new, |input| format!(" {input}"));
        let failure = record.failure.as_ref();
        let failure = failure.map_or_else(String::new, |failure| format!(" {} {}", failure.kind, failure.stage));
        format!("{}{input}{failure}", record.url.replace(&site.url(""), ""))
    };
    records.iter().map(one).collect()
}

#[test]
fn sitemaps_of_all_forms_are_walked_depth_first_and_children_that_fail_are_records_in_their_places() {
    let packed = gzip(urlset(["/p/gz".to_owned()]).as_bytes());
    let site = Site::start([
        ("/robots.txt", text("User-agent: *\nDisallow: /private")),
        ("/top.xml", index(["BASE/1.xml", "/empty.xml", "BASE/top.xml", "BASE/html.xml", "2.xml", "BASE/moved.xml"])),
        ("/1.xml", index(["BASE/11.xml", "BASE/12.xml", "BASE/missing.xml"])),
        ("/11.xml", index(["BASE/111.xml"])),
        // The first child is an index too, and the fourth level is one too many.
        ("/111.xml", index(["BASE/nothing.xml"])),
        (
            "/12.xml",
            text(
                "<urlset><url><loc>BASE/p/1?a&b</loc><lastmod>2026-11-28</lastmod><priority>0.5</priority></url>\
                 <url><loc>p/2</loc><changefreq>daily</changefreq></url><url><loc>ftp://h/</loc></url><url><loc/></url></urlset>",
            ),
        ),
        ("/empty.xml", text("<urlset/>")),
        ("/html.xml", text("<!DOCTYPE html><title>404</title>")),
        (
            "/2.xml",
            index([
                "BASE/a.xml.gz",
                "BASE/b.xml.gz",
                "BASE/t.txt",
                "BASE/r.rss",
                "BASE/f.atom",
                "BASE/private",
                "/1.xml",
                "mailto:x",
            ]),
        ),
        ("/a.xml.gz", File::Body(packed.clone(), "")),
        ("/b.xml.gz", File::Body(gzip(&packed), "content-encoding: gzip\r\n")),
        ("/t.txt", text("BASE/p/t1\r\n\r\nBASE/p/t2")),
        ("/r.rss", text("<rss><channel><item><link>BASE/p/r</link><pubDate>today</pubDate></item></channel></rss>")),
        ("/f.atom", text("<feed><entry><link href='p/f'/><updated>2026</updated></entry></feed>")),
        ("/moved.xml", File::Moved("/deep/moved.xml")),
        ("/deep/moved.xml", text(urlset(["../p/m".to_owned(), "BASE/status".to_owned()]))),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let summary = folder.path().join("summary").display().to_string();
    let run = run(&["--sitemap", &site.url("/top.xml"), "--summary", &summary, "-v"]).exited(3);
    assert_eq!(
        shown(&site, &records(&run.stdout)),
        [
            "/111.xml protocol list",
            "/p/1?a&b {\"lastmod\":\"2026-11-28\",\"priority\":\"0.5\"}",
            "/p/2 {\"changefreq\":\"daily\"}",
            "ftp://h/ invalid_url list",
            " invalid_url list",
            "/missing.xml http_status fetch",
            "/html.xml decode parse",
            "/p/gz",
            "/p/gz",
            "/p/t1",
            "/p/t2",
            "/p/r {\"lastmod\":\"today\"}",
            "/p/f {\"lastmod\":\"2026\"}",
            "/private robots_denied robots",
            "mailto:x invalid_url list",
            "/p/m",
            "/status http_status fetch",
        ]
    );
    for path in ["/top.xml", "/1.xml", "/111.xml", "/missing.xml", "/robots.txt"] {
        assert_eq!(site.hits(path), 1, "{path}");
    }
    assert_eq!((site.hits("/nothing.xml"), site.hits("/private")), (0, 0));
    let summary: Value = serde_json::from_str(&fs::read_to_string(summary).expect("written")).expect("JSON");
    // 15 files, and a redirect; /private was not requested.
    assert_eq!((summary["listing_requests"].as_u64(), summary["requests"].as_u64()), (Some(16), Some(10)), "{summary}");
    for part in ["sitemap http://", "/top.xml is named twice, and is read once", "/empty.xml has no entries"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

#[test]
fn a_sitemap_of_the_user_that_cannot_be_read_ends_the_run_before_anything_is_fetched() {
    let site = Site::start([
        ("/robots.txt", text("User-agent: *\nDisallow: /private")),
        ("/html", text("<html></html>")),
        ("/empty", text("")),
        ("/cut", text("<urlset><url>")),
        ("/good", text(urlset(["BASE/p/1".to_owned()]))),
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl").display().to_string();
    let table = [
        (site.url("/missing"), "404"),
        (site.url("/html"), "as a sitemap: it is HTML, not a sitemap"),
        (site.url("/empty"), "as a sitemap: it is empty"),
        (site.url("/cut"), "as a sitemap: it is cut off: its elements do not end"),
        (site.url("/private"), "forbids it"),
        (format!("robots:{}", site.url("")), "has no `Sitemap` line; name a sitemap by its URL (--sitemap URL)\n"),
        (
            "robots:127.0.0.1:1".to_owned(),
            "name a sitemap by its URL (--sitemap URL), or ask without TLS (--sitemap robots:http://127.0.0.1:1)\n",
        ),
        ("http://".to_owned(), "read a sitemap: its URL is not valid"),
        ("robots:".to_owned(), "`robots:` must be followed by a host"),
        ("no/such.xml".to_owned(), "read the sitemap `no/such.xml`"),
        ("http://127.0.0.1:1/s.xml".to_owned(), "connect"),
    ];
    for (sitemap, expected) in table {
        let page = site.url("/p/0");
        let good = site.url("/good");
        let arguments = [&page, "--sitemap", &good, "--sitemap", &sitemap, "-o", &output, "--max-retries", "0"];
        let run = run(&arguments).exited(2);
        assert!(run.stderr.contains(expected), "{sitemap}: {}", run.stderr);
        assert_eq!((site.hits("/p/0"), site.hits("/p/1")), (0, 0), "{sitemap}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "{sitemap}: nothing is left over");
    }
}

#[test]
fn the_sitemaps_that_a_robots_txt_names_are_read_after_the_lists() {
    let site = Site::start([
        ("/robots.txt", text("Sitemap: BASE/1.xml\nUser-agent: *\nDisallow:\nSitemap: /2.xml\nSitemap: BASE/none.xml")),
        ("/1.xml", text(urlset(["BASE/p/1".to_owned()]))),
        ("/2.xml", index(["BASE/21.xml"])),
        ("/21.xml", index(["BASE/22.xml"])),
        ("/22.xml", index(["BASE/23.xml"])),
        ("/23.xml", text(urlset(["BASE/p/2".to_owned()]))),
        ("/flaky.xml", File::Status(503)),
    ]);
    let run = run(&["--sitemap", &format!("robots:{}/x?y#z", site.url("")), &site.url("/p/0")]).exited(3);
    assert_eq!(shown(&site, &records(&run.stdout)), ["/p/0", "/p/1", "/p/2", "/none.xml http_status fetch"]);
}

#[test]
fn a_table_has_the_columns_of_a_sitemap_and_a_rule_reads_them() {
    let entry = "<url><loc>BASE/p/1</loc><priority>1</priority><lastmod>2026</lastmod></url>";
    let site = Site::start([("/s.xml", text(format!("<urlset>{entry}<url><loc>BASE/p/2</loc></url></urlset>")))]);
    let sitemap = site.url("/s.xml");
    let base = ["--sitemap", &sitemap, "-f", "csv", "--columns", "seq"];
    let table: [(&[&str], &str); 3] = [
        (&["--set", "extract.t=title::text"], "lastmod,changefreq,priority,seq,t\n2026,,1,0,/p/1\n,,,1,/p/2\n"),
        (&["--keep", "priority", "--set", "extract.t=title::text"], "priority,seq,t\n1,0,/p/1\n,1,/p/2\n"),
        (&["--keep-none", "--set", "extract.t={ fact = 'input:lastmod' }"], "seq,t\n0,\n1,\n"),
    ];
    for (more, expected) in table {
        let mut command = scrape(base);
        command.args(more);
        assert_eq!(Run::to_end(command).exited(0).stdout, expected, "{more:?}");
    }
    let refused = run(&["--sitemap", &sitemap, "--set", "extract.t={ fact = 'input:price' }"]).exited(2);
    let message = "a rule reads its column `price` (input:price), but it has only lastmod, changefreq, priority";
    assert!(refused.stderr.contains(message), "{}", refused.stderr);
}

#[test]
fn a_sitemap_is_requested_like_a_page_with_delays_and_retries_and_before_the_pages_of_its_host() {
    const DELAY: Duration = Duration::from_millis(120);
    const TOLERANCE: Duration = Duration::from_millis(20);
    let site = Site::start([
        ("/top.xml", index(["BASE/1.xml", "BASE/2.xml"])),
        ("/1.xml", text(urlset((0..8).map(|n| format!("BASE/p/{n}"))))),
        ("/2.xml", File::Status(503)),
    ]);
    let sitemap = site.url("/top.xml");
    let mut command = scrape(["--format", "jsonl", "--sitemap", &sitemap, "--no-robots", "--max-retries", "9"]);
    command.args(["--set", "politeness.delay=120ms"]);
    let run = Run::start(command);
    wait_until("the first try", PROMPTLY, || site.hits("/2.xml") > 0);
    site.put([("/2.xml", text(urlset(["BASE/p/last".to_owned()])))]);
    assert_eq!(records(&run.finish().exited(0).stdout).len(), 9);
    let log = site.log.lock().expect("no panic").clone();
    let place = |path: &str| log.iter().position(|(own, _)| own == path).expect("it was requested");
    assert!(place("/2.xml") <= place("/1.xml") + 3, "{log:?}");
    // The server may notice a single request late, but not all of them.
    let (first, last) = (log[0].1, log[log.len() - 1].1);
    let gaps = u32::try_from(log.len() - 1).expect("a few");
    assert!(last - first + TOLERANCE * gaps >= DELAY * gaps, "{log:?}");
}

#[test]
fn the_limit_of_tasks_ends_the_walk() {
    let site = Site::start([
        ("/top.xml", index(["BASE/1.xml", "BASE/2.xml"])),
        ("/1.xml", text(urlset((0..5).map(|n| format!("BASE/p/{n}"))))),
        ("/2.xml", File::Hang),
    ]);
    let run = run(&["--sitemap", &site.url("/top.xml"), "--limit", "5"]).exited(0);
    assert_eq!(records(&run.stdout).len(), 5);
    assert_eq!(site.hits("/2.xml"), 0);
}

#[test]
fn a_run_ends_while_the_reader_waits_for_a_sitemap() {
    let site = Site::start([
        ("/top.xml", index(["BASE/1.xml", "BASE/2.xml"])),
        ("/1.xml", text(urlset((0..5).map(|n| format!("BASE/p/{n}"))))),
        ("/2.xml", File::Hang),
    ]);
    for deadline in [false, true] {
        let mut command = scrape(["--format", "jsonl", "--sitemap", &site.url("/top.xml")]);
        if deadline {
            command.args(["--deadline", "1s"]);
        }
        let before = site.hits("/2.xml");
        let run = Run::start(command);
        wait_until("the sitemap that hangs, and the pages before it", PROMPTLY, || {
            site.hits("/2.xml") > before && run.stdout_so_far().lines().count() == 5
        });
        if !deadline {
            run.signal(Signal::INT);
            run.signal(Signal::INT);
        }
        let run = run.finish().exited(if deadline { 4 } else { 130 });
        assert_eq!(records(&run.stdout).len(), 5);
    }
}

/// The command of a run that writes `out.jsonl` in a folder.
fn to_file(folder: &Path, site: &Site, more: &[&str]) -> Command {
    let mut command = scrape(["--sitemap", &site.url("/top.xml"), "-w", "2", "--concurrency", "2"]);
    command.arg("-o").arg(folder.join("out.jsonl")).args(more);
    command
}

/// The records of a folder's output without what may differ between runs.
fn comparable(folder: &Path) -> Vec<Value> {
    let mut records = values(&fs::read_to_string(folder.join("out.jsonl")).expect("an output"));
    for record in records.iter_mut().filter_map(Value::as_object_mut) {
        for key in ["elapsed_ms", "worker", "attempts", "fetched_at"] {
            record.remove(key);
        }
    }
    records
}

/// A site of six sitemaps with 40 pages each, one that fails, and an index.
fn large_site() -> Site {
    let names: Vec<String> = (0..7).map(|n| format!("/{n}.xml")).collect();
    let site = Site::start([("/top.xml", index(names.iter().map(String::as_str)))]);
    for n in (0..7).filter(|n| *n != 3) {
        let pages = text(urlset((0..40).map(|page| format!("BASE/p/{n}/{page}"))));
        site.put([(names[n].as_str(), pages)]);
    }
    site
}

#[test]
fn a_run_that_is_killed_again_and_again_asks_for_each_sitemap_once_and_keeps_its_list() {
    const KILLS: usize = 10;
    let site = large_site();
    let undisturbed = tempfile::tempdir().expect("a folder");
    Run::to_end(to_file(undisturbed.path(), &site, &[])).exited(3);
    let expected = comparable(undisturbed.path());
    assert_eq!(expected.len(), 241);
    assert_eq!(fs::read_dir(undisturbed.path()).expect("a folder").count(), 2, "only the output and its rules stay");

    let folder = tempfile::tempdir().expect("a folder");
    let slow = ["--set", "politeness.rate=60"];
    let before = site.paths().len();
    let mut kills = 0;
    while kills < KILLS && !folder.path().join("out.jsonl").exists() {
        let more = if kills == 0 { &slow[..] } else { &[slow[0], slow[1], "--resume"] };
        let run = Run::start(to_file(folder.path(), &site, more));
        let begun = site.paths().len();
        // A growing number of requests: in the first sitemaps, and far behind them.
        wait_until("some requests", PROMPTLY, || {
            site.paths().len() >= begun + 3 + 4 * kills || folder.path().join("out.jsonl").exists()
        });
        run.signal(Signal::KILL);
        run.finish();
        kills += 1;
    }
    Run::to_end(to_file(folder.path(), &site, &["--resume"])).exited(3);
    assert_eq!(comparable(folder.path()), expected);
    let asked = |path: &str| site.paths()[before..].iter().filter(|own| *own == path).count();
    // One sitemap is under way at a time. If its answer was on its way at a kill, it is requested again.
    let again: usize = (0..7).map(|n| asked(&format!("/{n}.xml")) - 1).sum::<usize>() + asked("/top.xml") - 1;
    assert!(again <= kills, "{again} sitemaps were requested again after {kills} kills");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "only the output and its rules stay");
}

#[test]
fn a_resumed_run_reads_the_list_of_the_first_run_although_the_site_has_changed() {
    let site = large_site();
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run::start(to_file(folder.path(), &site, &["--set", "politeness.rate=100"]));
    wait_until("a part of the third sitemap", PROMPTLY, || site.hits("/p/2/5") > 0);
    wait_until("a checkpoint", PROMPTLY, || {
        fs::metadata(folder.path().join("out.jsonl.part")).is_ok_and(|part| part.len() > 5000)
    });
    let refused = Run::to_end(to_file(folder.path(), &site, &[]));
    assert_eq!(refused.code, Some(2), "another run writes it: {}", refused.stderr);
    run.signal(Signal::KILL);
    run.finish();
    assert!(folder.path().join("out.jsonl.part.sitemaps").exists());
    let refused = Run::to_end(to_file(folder.path(), &site, &[])).exited(2);
    assert!(refused.stderr.contains("continue it with --resume"), "{}", refused.stderr);

    // What was read is gone, and what was not read yet is longer. The sitemap that failed would work now.
    let before = site.paths().len();
    site.put([("/top.xml", File::Status(500)), ("/0.xml", text(urlset(["BASE/p/other".to_owned()])))]);
    site.put([("/3.xml", text(urlset(["BASE/p/3/0".to_owned()])))]);
    let resumed = Run::to_end(to_file(folder.path(), &site, &["--resume"]));
    assert!(resumed.code == Some(0) || resumed.code == Some(3), "{}", resumed.stderr);
    let urls: Vec<String> = comparable(folder.path()).iter().map(|it| it["url"].to_string()).collect();
    assert!(urls[0].ends_with("/p/0/0\"") && urls[79].ends_with("/p/1/39\""), "{urls:?}");
    let later = site.paths();
    assert!(!later[before..].iter().any(|path| path == "/top.xml" || path == "/0.xml"), "{later:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "only the output and its rules stay");

    // Another list is refused.
    let other = tempfile::tempdir().expect("a folder");
    let run = Run::start(to_file(other.path(), &large_site(), &["--set", "politeness.rate=100"]));
    wait_until("a checkpoint", PROMPTLY, || {
        fs::metadata(other.path().join("out.jsonl.part")).is_ok_and(|part| part.len() > 5000)
    });
    run.signal(Signal::KILL);
    run.finish();
    let refused = Run::to_end(to_file(other.path(), &site, &["--resume"])).exited(2);
    assert!(refused.stderr.contains("it had another sitemap; give the original list"), "{}", refused.stderr);
}

#[test]
fn check_names_the_sitemaps_and_requests_nothing() {
    let site = Site::start([]);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("list.txt"), "http://h/\n").expect("written");
    fs::write(folder.path().join("s.xml"), "<urlset/>").expect("written");
    let check = |arguments: &[&str]| {
        let mut command = gleaner();
        command.current_dir(folder.path()).arg("check").args(arguments);
        Run::to_end(command)
    };
    let url = site.url("/s.xml").replace("http://", "http://u:secret@");
    let run = check(&["list.txt", "s.xml", "--sitemap", &url, "--sitemap", "robots:h.example"]).exited(0);
    for part in [
        &format!("# the sitemap {} is read by a run, not by check", site.url("/s.xml")),
        "# the sitemap `s.xml` is read by a run, not by check",
        "# the sitemaps that https://h.example/robots.txt names",
        "1 task, 0 of them without a valid URL",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    assert!(!check(&["s.xml"]).exited(0).stdout.contains("tasks"));
    assert!(check(&["--sitemap", "s2.xml"]).exited(2).stderr.contains("read the sitemap `s2.xml`"));
    assert!(site.paths().is_empty());
}

#[test]
fn files_are_sitemaps_by_their_extension_or_by_the_flag_and_are_read_by_workers() {
    let site = Site::start([("/child.xml", text(urlset(["p/2".to_owned()])))]);
    let folder = tempfile::tempdir().expect("a folder");
    let one = urlset([site.url("/p/1")]);
    let utf16: Vec<u8> = one.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let rss = format!("<rss><channel><item><link>{}</link></item></channel></rss>", site.url("/p/1"));
    let atom = format!("<feed><entry><link href='{}'/></entry></feed>", site.url("/p/1"));
    let child = format!("<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>", site.url("/child.xml"));
    let files: [(&str, Vec<u8>); 9] = [
        ("a.xml", one.clone().into_bytes()),
        ("b.xml.gz", gzip(one.as_bytes())),
        ("c.XML", gzip(one.as_bytes())),
        ("d.rss", rss.into_bytes()),
        ("e.atom", atom.into_bytes()),
        ("f.xml", utf16),
        ("g.xml", zstd::encode_all(one.as_bytes(), 1).expect("memory takes it")),
        ("index.xml", child.into_bytes()),
        ("relative.xml", urlset(["p/1".to_owned()]).into_bytes()),
    ];
    let mut command = scrape(["--format", "jsonl"]);
    command.current_dir(folder.path());
    for (name, bytes) in &files {
        fs::write(folder.path().join(name), bytes).expect("written");
        command.arg(name);
    }
    let run = Run::to_end(command).exited(3);
    let mut expected = vec!["/p/1"; 7];
    expected.extend(["/p/2", "p/1 invalid_url list"]);
    assert_eq!(shown(&site, &records(&run.stdout)), expected);
    assert!(!site.paths().iter().any(|path| path.contains("xml") && path != "/child.xml"), "{:?}", site.paths());

    fs::write(folder.path().join("s.dat"), &one).expect("written");
    for (list, more) in [
        ("s.dat", &["--input-format", "sitemap"][..]),
        ("-", &["--input-format", "sitemap"]),
        ("--sitemap", &["s.dat"]),
        ("--sitemap", &["-"]),
    ] {
        let mut command = scrape(["--format", "jsonl", list]);
        command.current_dir(folder.path()).args(more);
        let run = Run::fed(command, one.clone().into_bytes()).finish().exited(0);
        assert_eq!(shown(&site, &records(&run.stdout)), ["/p/1"], "{list} {more:?}");
    }
    // As text, its only line is not a URL.
    let mut command = scrape(["a.xml", "--input-format", "txt"]);
    command.current_dir(folder.path());
    let refused = Run::to_end(command).exited(2);
    assert!(refused.stderr.contains("its only line is not a URL"), "{}", refused.stderr);

    // A relative URL in a file is one of the site.
    let mut command = scrape(["relative.xml", "--format", "jsonl"]);
    command.current_dir(folder.path()).arg("--site").arg(folder.path());
    let run = Run::to_end(command).exited(3);
    assert_eq!(records(&run.stdout)[0].url, "http://site.localhost/p/1");
}

#[test]
fn a_file_that_cannot_be_read_as_a_sitemap_ends_the_run_before_anything_is_fetched() {
    let site = Site::start([]);
    let folder = tempfile::tempdir().expect("a folder");
    let bomb = gzip(&vec![b' '; 51 << 20]);
    let table: [(&str, Vec<u8>, &str); 4] = [
        ("html.xml", b"<html>".to_vec(), "html.xml as a sitemap: it is HTML, not a sitemap"),
        ("bomb.xml.gz", bomb, "is larger than 52428800 bytes"),
        ("cut.xml.gz", gzip(urlset(["http://h/".to_owned()]).as_bytes())[..40].to_vec(), "cut.xml.gz"),
        ("long.xml", vec![b' '; (50 << 20) + 1], "it has more than 52428800 bytes, the limit for a sitemap"),
    ];
    for (name, bytes, expected) in table {
        fs::write(folder.path().join(name), bytes).expect("written");
        let mut command = scrape([&site.url("/p/1"), name]);
        command.current_dir(folder.path());
        let run = Run::to_end(command).exited(2);
        assert!(run.stderr.contains(expected), "{name}: {}", run.stderr);
    }
    assert!(site.paths().is_empty());
}

/// The largest resident memory of a process so far, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// An index of three levels: `/top.xml`, ten indexes, and `sitemaps` sitemaps in all with `pages` pages each.
fn deep_site(sitemaps: usize, pages: usize) -> Site {
    let middle: Vec<String> = (0..10).map(|n| format!("/{n}.xml")).collect();
    let site = Site::start([("/top.xml", index(middle.iter().map(String::as_str)))]);
    for (n, path) in middle.iter().enumerate() {
        let lowest: Vec<String> = (0..sitemaps / 10).map(|m| format!("/{n}/{m}.xml")).collect();
        site.put([(path.as_str(), index([format!("/{n}/index.xml").as_str()]))]);
        site.put([(format!("/{n}/index.xml").as_str(), index(lowest.iter().map(String::as_str)))]);
        for path in &lowest {
            let entries = text(urlset((0..pages).map(|page| format!("BASE/p{path}/{page}"))));
            site.put([(path.as_str(), entries)]);
        }
    }
    site
}

/// Runs a deep site. Returns the memory of the coordinator, and when the first page was requested.
fn walk(sitemaps: usize, pages: usize) -> (u64, Duration) {
    let site = deep_site(sitemaps, pages);
    let begun = Instant::now();
    let mut command = scrape(["--sitemap", &site.url("/top.xml"), "-o", "/dev/null", "--set", "extract.t=title"]);
    // A list that is read far ahead takes memory for its tasks, whatever its format.
    command.args(["--set", "politeness.per_host_concurrency=64", "--set", "politeness.read_ahead=1000"]);
    command.args(["--no-robots", "-w", "2"]);
    let run = Run::start(command).within(Duration::from_secs(1800));
    let mut memory = 0;
    let all = sitemaps * pages;
    let requests = 1 + 20 + sitemaps + all;
    wait_until("all requests", Duration::from_secs(1800), || {
        memory = memory.max(peak(run.pid()));
        site.log.lock().expect("no panic").len() == requests
    });
    let run = run.finish().exited(0);
    assert!(run.stderr.contains(&format!("{all} tasks")), "{}", run.stderr);
    let log = site.log.lock().expect("no panic");
    let first = log.iter().find(|(path, _)| path.starts_with("/p/")).expect("a page").1 - begun;
    (memory, first)
}

#[test]
fn a_long_sitemap_index_takes_no_more_memory_than_a_short_one() {
    const MIB: u64 = 1024;
    let (short, _) = walk(10, 100);
    let (long, _) = walk(40, 200);
    assert!(long < short + 16 * MIB, "{long} KiB against {short} KiB");
}

#[test]
#[ignore = "takes minutes: 200,000 pages"]
#[expect(clippy::print_stderr, reason = "the figures are for people")]
fn two_hundred_thousand_urls_of_an_index_of_three_levels_take_no_more_memory_than_a_thousand() {
    const MIB: u64 = 1024;
    let (short, _) = walk(10, 100);
    let (long, first) = walk(100, 2000);
    eprintln!("{short} KiB for 1,000 URLs, {long} KiB for 200,000; the first page after {first:?}");
    assert!(long < short + 16 * MIB && first < Duration::from_secs(2), "{long} KiB against {short} KiB, {first:?}");
}

#[test]
fn a_run_that_is_killed_before_its_first_record_keeps_its_sitemaps() {
    let site = Site::start([("/top.xml", index(["BASE/1.xml"])), ("/1.xml", text(urlset(["BASE/p/1".to_owned()])))]);
    site.put([("/p/1", File::Hang)]);
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run::start(to_file(folder.path(), &site, &[]));
    wait_until("the page", PROMPTLY, || site.hits("/p/1") > 0);
    run.signal(Signal::KILL);
    run.finish();
    site.put([("/top.xml", File::Status(404)), ("/1.xml", File::Status(404)), ("/p/1", text("<title>1</title>"))]);
    // With other settings, the run would be another one. Without --resume, it begins again.
    let other = Run::to_end(to_file(folder.path(), &site, &["--resume", "--set", "fetch.user_agent=other"])).exited(2);
    assert!(other.stderr.contains("404"), "{}", other.stderr);
    site.put([
        ("/top.xml", index(["BASE/1.xml"])),
        ("/1.xml", text(urlset(["BASE/p/1".to_owned()]))),
        ("/p/1", File::Hang),
    ]);
    let hits = site.hits("/p/1");
    let run = Run::start(to_file(folder.path(), &site, &[]));
    wait_until("the page", PROMPTLY, || site.hits("/p/1") > hits);
    run.signal(Signal::KILL);
    run.finish();
    site.put([("/top.xml", File::Status(404)), ("/1.xml", File::Status(404)), ("/p/1", text("<title>1</title>"))]);
    let before = site.hits("/top.xml");
    Run::to_end(to_file(folder.path(), &site, &["--resume"])).exited(0);
    assert_eq!((comparable(folder.path()).len(), site.hits("/top.xml")), (1, before));
}

#[test]
fn a_sitemap_of_a_server_leads_no_further_than_a_redirect_and_one_of_the_user_leads_anywhere() {
    let other = Site::start([("/s.xml", text(urlset(["p/2".to_owned()])))]);
    let site = Site::start([]);
    let listed = |path: &str| format!("<sitemap><loc>{}</loc></sitemap>", other.url(path));
    site.put([
        ("/pages.xml", text(urlset([other.url("/p/1"), "p/own".to_owned()]))),
        ("/index.xml", text(format!("<sitemapindex>{}</sitemapindex>", listed("/s.xml")))),
    ]);
    let table = [("/pages.xml", vec!["blocked_address", ""]), ("/index.xml", vec!["blocked_address"])];
    for (path, expected) in table {
        let run = run(&["--sitemap", &site.url(path), "--no-robots"]).exited(3);
        let records = records(&run.stdout);
        assert_eq!(records.iter().map(Record::kind).collect::<Vec<_>>(), expected, "{path}");
        let message = &records[0].failure.as_ref().expect("a failure").message;
        assert!(message.contains("neither a redirect nor a sitemap may lead there from another origin"), "{message}");
    }
    assert!(other.paths().is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.xml");
    fs::write(&file, urlset([other.url("/p/1")])).expect("written");
    run(&[&file.display().to_string(), "--no-robots"]).exited(0);
    assert_eq!(other.paths(), ["/p/1"]);
}
