//! Faults from outside: workers are killed, stopped or send junk; servers hang; readers leave; signals arrive. Every
//! run writes one record per task, in order, and leaves no process behind.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::{
    PROMPTLY, Process, Record, Run, Server, assert_no_process_left, end_of, records, scrape, scrape_list, wait_until,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

/// Additional time that a run may take to stop on a busy machine.
const STOP_TOLERANCE: Duration = Duration::from_secs(2);

/// How long a run waits for requests in flight after a signal.
const IN_FLIGHT: Duration = Duration::from_secs(5);
/// Time limit for workers to end after their coordinator was killed.
const ORPHAN_TIMEOUT: Duration = Duration::from_secs(1);

/// `count` URLs of pages of the same kind, numbered.
fn pages(server: &Server, kind: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| server.url(&format!("{kind}/{n}"))).collect()
}

#[track_caller]
fn expect_one_record_per_line(output: &str, list: &[String]) -> Vec<Record> {
    let records = records(output);
    assert_eq!(records.len(), list.len());
    for (record, line) in records.iter().zip(list) {
        assert_eq!(&record.url, line);
    }
    records
}

fn workers_ready(run: &Run, count: usize) -> Vec<Process> {
    wait_until("the workers", PROMPTLY, || run.workers().len() == count);
    run.workers()
}

/// Opens the write end of the pipe that a worker sends its results to: its only writable pipe besides standard output
/// and error.
fn wire_of(worker: Process) -> Option<File> {
    let folder = format!("/proc/{}/fd", worker.pid);
    let wire = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).find(|path| {
        let number = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let info = fs::read_to_string(format!("/proc/{}/fdinfo/{number}", worker.pid)).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or_default();
        let is_pipe = fs::read_link(path).is_ok_and(|target| target.to_string_lossy().starts_with("pipe:"));
        !matches!(number, "0" | "1" | "2") && is_pipe && flags.ends_with('1')
    })?;
    OpenOptions::new().write(true).open(wire).ok()
}

#[test]
fn a_worker_killed_during_its_work_costs_no_record() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 1000);
    list[3] = server.url("/sleep/700/slow");
    let run = scrape_list(&list, ["-w", "2", "--concurrency", "8"]);
    wait_until("the slow page", PROMPTLY, || server.hits("/sleep/700/slow") == 1);
    let workers = workers_ready(&run, 2);
    // One of them has the slow page.
    for worker in &workers {
        worker.signal(Signal::KILL);
    }
    let run = run.finish().exited(0);
    let records = expect_one_record_per_line(&run.stdout, &list);
    assert!(records.iter().all(|record| record.attempts == 1), "no task is blamed for a kill from outside");
    assert_eq!(server.hits("/sleep/700/slow"), 2, "the page is fetched again");
    assert!(run.stderr.contains("was killed by SIGKILL"), "{}", run.stderr);
    assert_no_process_left(&workers);
}

#[test]
fn workers_killed_repeatedly_cost_no_record() {
    let server = Server::start();
    let list = pages(&server, "/sleep/5", 1500);
    let run = scrape_list(&list, ["-w", "3", "--concurrency", "8", "--max-tasks-per-worker", "50"]);
    let mut killed = BTreeSet::new();
    while Process::running(run.pid()).is_some() && killed.len() < 12 {
        let before = server.log().len();
        wait_until("some pages", PROMPTLY, || {
            server.log().len() > before + 40 || Process::running(run.pid()).is_none()
        });
        if let Some(worker) = run.workers().first() {
            worker.signal(Signal::KILL);
            killed.insert(worker.pid);
        }
    }
    assert!(killed.len() >= 5, "{killed:?}");
    // A task may be in three killed workers and then fail as a suspect. But no task is lost or duplicated.
    let run = run.finish();
    assert!(matches!(run.code, Some(0 | 3)), "{run:?}");
    expect_one_record_per_line(&run.stdout, &list);
}

#[test]
fn an_idle_worker_that_is_killed_costs_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (run, mut writer) = fed_by_fifo(folder.path(), &["-w", "1", "-f", "jsonl"]);
    writeln!(writer, "{}", server.url("/ok/0")).expect("the run reads it");
    wait_until("the first record", PROMPTLY, || run.stdout_so_far().ends_with("}\n"));
    let [worker] = run.workers()[..] else { panic!("{:?}", run.workers()) };
    worker.signal(Signal::KILL);
    assert_no_process_left(&[worker]);
    writeln!(writer, "{}", server.url("/ok/1")).expect("the run reads it");
    drop(writer);
    let records = records(&run.finish().exited(0).stdout);
    assert_eq!(records.iter().map(|record| record.attempts).collect::<Vec<_>>(), [1, 1]);
    assert_ne!(records[0].worker, records[1].worker);
}

#[test]
fn junk_from_a_worker_replaces_the_worker_and_costs_no_record() {
    let table: [(&str, &[u8]); 4] = [
        ("no frame", b"junk, and more of it, and still more"),
        ("a wrong checksum", &[2, 0, 0, 0, 9, 9, 9, 9, 1, 1]),
        ("two gigabytes announced", &[0, 0, 0, 128, 0, 0, 0, 0]),
        ("half a frame", &[40, 0, 0, 0, 1, 2, 3]),
    ];
    for (what, junk) in table {
        let server = Server::start();
        let list = pages(&server, "/sleep/300", 12);
        let run = scrape_list(&list, ["-w", "2", "--concurrency", "4"]);
        wait_until("both at work", PROMPTLY, || server.in_flight() == 8);
        let worker = run.workers()[0];
        let mut wire = wire_of(worker).expect("a worker has a wire");
        wire.write_all(junk).expect("the wire takes it");
        drop(wire);
        let run = run.finish().exited(0);
        let records = expect_one_record_per_line(&run.stdout, &list);
        assert!(records.iter().all(|record| record.attempts == 1), "{what}: no task is blamed");
        assert!(
            records.iter().all(|record| record.worker != Some(worker.pid)),
            "{what}: no more results of this worker are accepted"
        );
        assert!(run.elapsed < Duration::from_secs(4), "{what} took {:?}", run.elapsed);
        assert_no_process_left(&[worker]);
    }
}

#[test]
fn a_stopped_worker_is_replaced() {
    let server = Server::start();
    let list = pages(&server, "/sleep/100", 40);
    let run = scrape_list(&list, ["-w", "2", "--concurrency", "2", "--set", "pool.task_timeout=1s"]);
    wait_until("some pages", PROMPTLY, || server.log().len() > 6);
    let worker = workers_ready(&run, 2)[0];
    worker.signal(Signal::STOP);
    let run = run.finish();
    let records = expect_one_record_per_line(&run.stdout, &list);
    assert_eq!(run.code, Some(0), "no task is blamed for a worker that was stopped from outside: {run:?}");
    assert!(records.iter().all(|record| record.attempts == 1));
    assert_no_process_left(&[worker]);
}

#[test]
fn a_pause_of_the_whole_run_does_not_count_for_time_limits() {
    let server = Server::start();
    let list = pages(&server, "/sleep/1200", 8);
    let run = scrape_list(&list, ["-w", "2", "--concurrency", "4", "--set", "pool.task_timeout=2s"]);
    wait_until("all at work", PROMPTLY, || server.in_flight() == 8);
    let coordinator = Process::running(run.pid()).expect("the coordinator runs");
    coordinator.signal(Signal::STOP);
    // The pause must be longer than the rest of the time limit, so the test has to sleep.
    thread::sleep(Duration::from_millis(2500));
    coordinator.signal(Signal::CONT);
    let records = expect_one_record_per_line(&run.finish().exited(0).stdout, &list);
    assert!(records.iter().all(|record| record.attempts == 1));
}

#[test]
fn a_hanging_server_costs_only_its_page_even_with_a_short_task_timeout() {
    let server = Server::start();
    let mut list = pages(&server, "/sleep/20", 200);
    list[10] = server.url("/hang");
    let limits = ["-w", "2", "--concurrency", "4", "--set", "pool.task_timeout=1s", "--max-retries", "0"];
    let run = scrape_list(&list, limits).finish().exited(3);
    let records = expect_one_record_per_line(&run.stdout, &list);
    let failed: Vec<_> = records.iter().filter(|record| record.failure.is_some()).collect();
    let [hanging] = failed[..] else { panic!("{failed:?}") };
    assert_eq!((hanging.seq, hanging.kind(), hanging.attempts), (10, "timeout", 1));
    assert!(records.iter().all(|record| record.attempts == 1));
    let pids: BTreeSet<_> = records.iter().map(|record| record.worker).collect();
    assert_eq!(pids.len(), 2, "{}", run.stderr);
    assert!(run.elapsed < Duration::from_secs(1) + STOP_TOLERANCE, "{:?}", run.elapsed);
}

#[test]
fn large_pages_in_parallel_do_not_exceed_a_workers_memory() {
    let server = Server::start();
    let list: Vec<String> = (0..8).map(|n| server.url(&format!("/big/3000000?{n}"))).collect();
    // All pages at once would need more than twice this limit.
    let run = scrape_list(&list, ["-w", "1", "--concurrency", "8", "--set", "pool.max_memory_per_worker=120MiB"]);
    let run = run.finish().exited(0);
    let records = expect_one_record_per_line(&run.stdout, &list);
    let pids: BTreeSet<_> = records.iter().map(|record| record.worker).collect();
    assert!(records.iter().all(|record| record.attempts == 1), "{run:?}");
    assert!(!run.stderr.contains("memory"), "no worker was killed: {}", run.stderr);
    assert!(pids.len() <= 3, "a worker may be replaced between its tasks: {pids:?}");
}

#[test]
fn a_page_over_its_time_limit_fails_and_its_worker_continues() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 20);
    list[4] = server.url("/hang");
    list[9] = server.url("/drip");
    let run = scrape_list(&list, ["-w", "1", "--timeout", "600ms", "--max-retries", "1", "-v"]).finish().exited(3);
    let records = expect_one_record_per_line(&run.stdout, &list);
    for record in &records {
        let (kind, attempts) = if [4, 9].contains(&record.seq) { ("timeout", 2) } else { ("", 1) };
        assert_eq!((record.kind(), record.attempts), (kind, attempts), "{record:?}");
    }
    let pids: BTreeSet<_> = records.iter().map(|record| record.worker).collect();
    assert_eq!(pids.len(), 1);
}

#[test]
fn redirects_are_followed_up_to_a_limit_and_are_not_counted_as_attempts() {
    let server = Server::start();
    let mut list: Vec<String> =
        [301, 302, 303, 307, 308].iter().map(|code| server.url(&format!("/moved/{code}/{code}"))).collect();
    list.extend(["/redirect/10", "/redirect/11", "/loop"].map(|path| server.url(path)));
    let run = scrape_list(&list, ["--set", "extract.title=title::text"]).finish().exited(3);
    let records = expect_one_record_per_line(&run.stdout, &list);
    for (record, code) in records.iter().zip(["301", "302", "303", "307", "308", "0"]) {
        assert_eq!(record.raw(), format!("{{\"title\":\"{code}\"}}"));
        assert_eq!(record.final_url, Some(server.url(&format!("/ok/{code}"))));
        assert_eq!((record.status, record.attempts), (Some(200), 1));
    }
    for record in &records[6..] {
        assert_eq!((record.kind(), record.status, record.attempts), ("too_many_redirects", Some(302), 1), "{record:?}");
    }
    assert_eq!(server.hits("/loop"), 1, "a redirect to itself is not followed");
    let run = scrape_list(&list[..1], ["--set", "fetch.max_redirects=0"]).finish().exited(3);
    assert_eq!(record_kinds(&run.stdout), ["too_many_redirects"]);
}

fn record_kinds(output: &str) -> Vec<String> {
    records(output).iter().map(|record| record.kind().to_owned()).collect()
}

#[test]
fn temporary_failures_are_retried_and_others_are_not() {
    let (server, overloaded) = (Server::start(), Server::start());
    let table = [
        ("/flaky/1/a?retry-after=0", 2, "", 2),
        ("/flaky/2/b?retry-after=1", 3, "", 3),
        ("/flaky/3/c?retry-after=0", 3, "http_status", 3),
        ("/status/404", 1, "http_status", 1),
        ("/status/410", 1, "http_status", 1),
        ("/status/500?retry-after=0", 3, "http_status", 3),
    ];
    let mut list: Vec<String> = table.iter().map(|(path, ..)| server.url(path)).collect();
    // A host that asks for more time than is allowed, on three pages in a row, fails its other tasks at once.
    list.extend((301..306).map(|seconds| overloaded.url(&format!("/status/503?retry-after={seconds}"))));
    let run = scrape_list(&list, ["-w", "1", "--set", "politeness.per_host_concurrency=1"]).finish().exited(3);
    let records = expect_one_record_per_line(&run.stdout, &list);
    let attempts = records[table.len()..].iter().map(|record| (record.kind(), record.attempts));
    assert_eq!(attempts.collect::<Vec<_>>(), [1, 1, 1, 0, 0].map(|attempts| ("http_status", attempts)));
    assert_eq!(overloaded.hits("/status/503"), 3);
    for (record, (path, attempts, kind, hits)) in records.iter().zip(table) {
        assert_eq!((record.kind(), record.attempts), (kind, attempts), "{path}");
        assert_eq!(server.hits(path.split('?').next().expect("a path")), hits, "{path}");
    }
    let times: Vec<Instant> =
        server.log().iter().filter(|access| access.path == "/flaky/2/b").map(|access| access.at).collect();
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_secs(1), "Retry-After is obeyed: {:?}", pair[1] - pair[0]);
    }
}

/// A run that reads its list from a FIFO, and the write end of the FIFO.
fn fed_by_fifo(folder: &Path, flags: &[&str]) -> (Run, File) {
    let fifo = folder.join("list");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
    let mut command = scrape([&fifo]);
    command.args(flags);
    let run = Run::start(command);
    let writer = OpenOptions::new().write(true).open(&fifo).expect("the run reads it");
    (run, writer)
}

#[test]
fn a_list_that_pauses_costs_no_worker() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (run, mut writer) = fed_by_fifo(folder.path(), &["-w", "2", "-f", "jsonl"]);
    let mut pids = Vec::new();
    for batch in 0..2 {
        let begun = Instant::now();
        for n in 0..20 {
            writeln!(writer, "{}", server.url(&format!("/ok/{batch}-{n}"))).expect("the run reads it");
        }
        wait_until("the batch", PROMPTLY, || run.stdout_so_far().lines().count() == 20 * (batch + 1));
        pids.push(run.workers());
        // The pause must be longer than an idle thread is kept, so the test has to wait.
        wait_until("two seconds", PROMPTLY, || batch == 1 || begun.elapsed() > Duration::from_secs(2));
    }
    drop(writer);
    let run = run.finish().exited(0);
    assert_eq!(records(&run.stdout).len(), 40);
    assert!(pids[0].iter().all(|worker| pids[1].contains(worker)), "{pids:?}");
}

#[test]
fn tasks_in_flight_at_the_end_of_the_list_are_delivered() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (run, mut writer) = fed_by_fifo(folder.path(), &["-w", "2", "--concurrency", "4", "-f", "jsonl"]);
    let list = pages(&server, "/sleep/300", 8);
    for line in &list {
        writeln!(writer, "{line}").expect("the run reads it");
    }
    wait_until("all in flight", PROMPTLY, || server.in_flight() == 8);
    drop(writer);
    expect_one_record_per_line(&run.finish().exited(0).stdout, &list);
}

/// Writes `line` to `stdin` until the other end is closed, like `yes`. Returns the thread, and the number of lines that
/// were taken so far.
fn yes(mut stdin: ChildStdin, line: String) -> (JoinHandle<()>, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&taken);
    let writer = thread::spawn(move || {
        while stdin.write_all(line.as_bytes()).is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (writer, taken)
}

/// Starts `gleaner`; the test reads its standard output itself.
fn with_reader(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

#[test]
fn a_reader_that_closes_the_output_ends_the_run_without_a_message() {
    let server = Server::start();
    // While the run waits for a robots.txt, it reads ahead in the list to find other hosts.
    let mut child = with_reader(scrape(["-", "-f", "jsonl"]).args(["--set", "politeness.read_ahead=1000"]));
    let stdin = child.stdin.take().expect("piped");
    let (writer, taken) = yes(stdin, format!("{}\n", server.url("/ok/0")));
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    let mut lines = String::new();
    (0..5).for_each(|_| assert!(reader.read_line(&mut lines).expect("the run writes records") > 0));
    let workers = Process::children_of(child.id());
    drop(reader);
    let (code, stderr) = end_of(child, STOP_TOLERANCE);
    writer.join().expect("the writer ends with the run");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(records(&lines).len(), 5);
    assert_no_process_left(&workers);
    let taken = taken.load(Ordering::Relaxed);
    assert!(taken < 50_000, "{taken} lines were read although only 5 were needed");
}

#[test]
fn an_endless_list_is_not_read_far_ahead_of_a_reader_that_stops() {
    let server = Server::start();
    let mut child = with_reader(scrape(["-", "-f", "jsonl"]).args(["--set", "output.window_memory=64KiB"]));
    let stdin = child.stdin.take().expect("piped");
    let (writer, taken) = yes(stdin, format!("{}\n", server.url("/ok/0")));
    let stdout = child.stdout.take().expect("piped");
    wait_until("many pages", PROMPTLY, || server.log().len() > 2000);
    let memory = resident(child.id());
    drop(stdout);
    assert_eq!(end_of(child, STOP_TOLERANCE), (Some(0), String::new()));
    writer.join().expect("the writer ends with the run");
    assert!(taken.load(Ordering::Relaxed) < 1_000_000);
    assert!(memory < 150 << 20, "{memory} bytes");
}

#[test]
fn a_slow_first_page_a_tiny_window_and_a_slow_reader_do_not_deadlock() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 600);
    list[0] = server.url("/sleep/500/head");
    let mut child = with_reader(scrape(["-", "-f", "jsonl", "-w", "2"]).args(["--set", "output.window_memory=1KiB"]));
    let mut stdin = child.stdin.take().expect("piped");
    let text = list.join("\n");
    let feeder = thread::spawn(move || stdin.write_all(text.as_bytes()));
    let mut output = String::new();
    for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
        output.push_str(&line.expect("text"));
        output.push('\n');
        // The test needs a slow reader.
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(end_of(child, PROMPTLY).0, Some(0));
    feeder.join().expect("no panic").expect("the whole list is read");
    expect_one_record_per_line(&output, &list);
}

/// The resident memory of a process, in bytes.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

#[test]
fn thousands_of_records_behind_a_slow_page_stay_in_order_and_use_little_memory() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl");
    // Invalid lines need neither worker nor server: this tests only the order window.
    let mut list: Vec<String> = (0..40_000).map(|n| format!("nonsense-{n}-{}", "x".repeat(400))).collect();
    list[0] = server.url("/sleep/1500/head");
    let flags = ["--set", "output.window_memory=256KiB", "-o", output.to_str().expect("UTF-8")];
    let run = scrape_list(&list, flags);
    let mut most = 0;
    while Process::running(run.pid()).is_some() {
        most = most.max(resident(run.pid()));
        thread::yield_now();
    }
    run.finish().exited(3);
    expect_one_record_per_line(&fs::read_to_string(&output).expect("the file exists"), &list);
    let mut left: Vec<_> = fs::read_dir(&folder).expect("a folder").flatten().map(|file| file.file_name()).collect();
    left.sort();
    assert_eq!(left, ["out.jsonl", "out.jsonl.rules"], "the temporary file is removed");
    assert!(most < 80 << 20, "{} MiB for 40 MB of waiting records", most >> 20);
}

#[test]
fn a_signal_ends_the_run_in_time_and_keeps_the_first_records_in_order() {
    let server = Server::start();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().join("out.jsonl");
        let mut list = pages(&server, "/ok", 200);
        list.push(server.url("/hang"));
        list.extend(pages(&server, "/sleep/100", 300));
        let run = scrape_list(&list, ["-w", "2", "-o", output.to_str().expect("UTF-8")]);
        let part = folder.path().join("out.jsonl.part");
        let lines = || fs::read_to_string(&part).unwrap_or_default().lines().count();
        wait_until("the beginning", PROMPTLY, || lines() == 200);
        let workers = run.workers();
        let begun = Instant::now();
        run.signal(signal);
        let run = run.finish().exited(code);
        assert!(begun.elapsed() > IN_FLIGHT, "{signal:?}: the run waits for the hanging page");
        assert!(begun.elapsed() < IN_FLIGHT + STOP_TOLERANCE, "{signal:?}: {:?}", begun.elapsed());
        assert_no_process_left(&workers);
        let kept = fs::read_to_string(&part).expect("the part stays");
        assert_eq!(expect_one_record_per_line(&kept, &list[..200]).len(), 200);
        assert!(!output.exists(), "the output is not complete");
        let messages: Vec<&str> = run.stderr.lines().collect();
        assert!(
            messages[0].contains("stopping: ") && messages[0].contains(" under way, up to 5 s; "),
            "{}",
            run.stderr
        );
        assert!(messages[1].contains("interrupted"), "{}", run.stderr);
    }
}

#[test]
fn a_second_signal_ends_a_run_whose_output_is_open_but_not_read() {
    let server = Server::start();
    // There are more records than a pipe holds. All tasks are done, or one is still in flight.
    for hanging in [false, true] {
        let mut list = pages(&server, "/ok", 1000);
        list.extend(hanging.then(|| server.url("/hang")));
        let mut child = with_reader(scrape(["-", "-f", "jsonl", "-v"]).args(["-o", "-"]));
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(list.join("\n").as_bytes()).expect("the run reads it");
        drop(stdin);
        let stdout = child.stdout.take().expect("piped");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut until = |what: &str| stderr.by_ref().any(|line| line.expect("text").contains(what));
        (0..1000).for_each(|page| assert!(until(" 200 in "), "page {page}"));
        let run = Process::running(child.id()).expect("the coordinator runs");
        run.signal(Signal::TERM);
        assert!(until("another signal stops it now"));
        run.signal(Signal::INT);
        let mut code = None;
        wait_until("its end", PROMPTLY, || {
            code = child.try_wait().expect("our own child").map(|status| status.code());
            code.is_some()
        });
        assert_eq!(code, Some(Some(143)), "hanging: {hanging}");
        drop(stdout);
    }
}

#[test]
fn workers_end_with_a_killed_coordinator() {
    let server = Server::start();
    let run = scrape_list(&pages(&server, "/sleep/60000", 6), ["-w", "3", "--concurrency", "2"]);
    wait_until("all at work", PROMPTLY, || server.in_flight() == 6);
    let workers = workers_ready(&run, 3);
    run.signal(Signal::KILL);
    wait_until("the end of the workers", ORPHAN_TIMEOUT, || !workers.iter().any(Process::is_running));
    assert_eq!(run.finish().signal, Some(9));
    wait_until("the end of their requests", PROMPTLY, || server.in_flight() == 0);
}
