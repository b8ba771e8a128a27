//! Unusual environments: closed or full streams, readers that stop, ignored signals, limits of the system. A run
//! survives them where possible, and otherwise reports them.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crate::support::{
    Finished, PROMPTLY, Run, Server, end_of, gleaner, in_clean_surroundings, records, scrape, wait_until,
};
use rustix::process::Signal;

/// `gleaner run` in a shell that first runs `before` and then adds `redirections` to the command.
fn under_shell<I: IntoIterator<Item: AsRef<OsStr>>>(before: &str, redirections: &str, arguments: I) -> Command {
    let program = gleaner();
    let mut command = in_clean_surroundings("sh");
    command.args(["-c", &format!("{before} exec \"$0\" run \"$@\" {redirections}")]).arg(program.get_program());
    command.args(arguments);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn pages(server: &Server, kind: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| server.url(&format!("{kind}/{n}"))).collect()
}

fn written(path: &Path) -> usize {
    records(&fs::read_to_string(path).expect("the output exists")).len()
}

// ---- standard error ----------------------------------------------------------------------------------------------

#[test]
fn a_run_continues_if_its_messages_cannot_be_written() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("written");
    // The list causes warnings and enough log lines.
    let mut list = pages(&server, "/sleep/20", 30);
    list.extend(pages(&server, "/status/404", 1).into_iter().chain(["http://[bad".to_owned()]));
    let mut number = 0;
    for flags in [&["-vv"][..], &[], &["-q"], &["-v", "--progress", "always"]] {
        for stderr in ["2>/dev/full", "2>&-", "2<file", "2>&- <&-", "2>&1 >/dev/full"] {
            number += 1;
            let output = folder.path().join(format!("{number}.jsonl"));
            let mut command = under_shell("", stderr, flags);
            command.args(["--max-retries", "0", "-o"]).arg(&output).args(&list).current_dir(&folder);
            let run = Run::to_end(command);
            assert_eq!(run.code, Some(3), "{flags:?} {stderr}: {run:?}");
            assert_eq!(written(&output), list.len(), "{flags:?} {stderr}");
        }
    }
}

#[test]
fn a_reader_of_messages_that_leaves_or_stops_reading_does_not_stop_the_run() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let list = pages(&server, "/sleep/5", 600);
    for (number, (flags, leaves)) in [
        (["-vv", "--progress=never"], true),
        (["-v", "--progress=always"], true),
        (["-vv", "--progress=never"], false),
        (["-v", "--progress=always"], false),
    ]
    .into_iter()
    .enumerate()
    {
        let output = folder.path().join(format!("{number}.jsonl"));
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = scrape(flags);
        command.args(["-w", "1", "-o"]).arg(&output).args(&list).stderr(writer).stdout(Stdio::null());
        let mut child = command.stdin(Stdio::null()).spawn().expect("gleaner starts");
        drop(command);
        reader.read_exact(&mut [0; 10]).expect("it writes messages");
        // If the reader stays, it does not read on: the pipe has no room for all messages.
        let idle_reader = if leaves { None } else { Some(reader) };
        let mut code = None;
        wait_until("its end", 2 * PROMPTLY, || {
            code = child.try_wait().expect("our own child").map(|status| status.code());
            code.is_some()
        });
        assert_eq!((code, written(&output)), (Some(Some(0)), 600), "{flags:?}, leaves: {leaves}");
        drop(idle_reader);
    }
}

// ---- standard input and output -----------------------------------------------------------------------------------

#[test]
fn an_unwritable_output_is_an_error_before_the_first_request() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("written");
    let url = server.url("/ok/0");
    let table: [(&[&str], &str, &str); 12] = [
        (
            &[],
            ">&-",
            "write to standard output: name a file with --output (/dev/null discards the records): it is closed",
        ),
        (&[], "<&- >&-", "it is closed"),
        (&["-o", "-"], ">&-", "it is closed"),
        (&["-o", "/dev/stdout"], ">&-", "it is closed"),
        (&["-o", "/dev/fd/1", "-f", "jsonl"], ">&- <&-", "it is closed"),
        (&[], "1<file", "it is not open for writing"),
        (&[], "1</", "it is not open for writing"),
        (&["--order", "completion"], ">/dev/full", "No space left on device"),
        (
            &["-o", "/dev/full"],
            "",
            "open the output `/dev/full`: nothing can be written to it: No space left on device",
        ),
        (&["--summary", "-", "-o", "out.json"], ">&-", "write a summary to standard output: it is closed"),
        (&["-", "-o", "out.json"], "<&-", "read the list from standard input: it is closed"),
        (&["-", "-o", "out.json"], "0>other", "read the list from standard input: it is not open for reading"),
    ];
    for (arguments, redirections, expected) in table {
        let mut command = under_shell("", redirections, arguments);
        let run = Run::to_end({
            command.arg(&url).current_dir(&folder);
            command
        })
        .exited(2);
        assert!(run.stderr.contains(expected), "{arguments:?} {redirections}: {}", run.stderr);
    }
    // The exit code is the same if the error cannot be shown.
    let mut command = under_shell("", "<&- >&- 2>&-", [&url]);
    command.current_dir(&folder);
    Run::to_end(command).exited(2);
    assert_eq!(server.connections(), 0);
}

#[test]
fn closed_standard_streams_that_a_run_does_not_need_do_no_harm() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let combinations = ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full", "1<&-"];
    for (number, closed) in combinations.iter().enumerate() {
        let output = folder.path().join(format!("{number}.jsonl"));
        let mut command = under_shell("", closed, ["-v", "-w", "2", "-o"]);
        command.arg(&output).args(pages(&server, "/sleep/20", 40));
        Run::to_end(command).exited(0);
        // If a file of the run had taken the descriptor of a closed stream, messages and records would be mixed.
        assert_eq!(written(&output), 40, "{closed}");
    }
}

#[test]
fn informative_output_may_be_discarded_but_write_errors_are_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("file"), "").expect("written");
    for command in ["--help", "--version", "check", "run --help", "schema settings", "completions zsh", "man run"] {
        for (redirection, code) in
            [(">/dev/null", 0), ("1<>/dev/null", 0), (">&-", 0), (">/dev/full", 1), ("1<file", 1)]
        {
            let mut shell = in_clean_surroundings("sh");
            shell.args(["-c", &format!("exec \"$0\" {command} {redirection}")]).arg(gleaner().get_program());
            shell.current_dir(&folder);
            let run = Run::to_end(shell);
            assert_eq!(run.code, Some(code), "{command} {redirection}: {}", run.stderr);
            assert_eq!(run.stderr.contains("write to standard output"), code == 1, "{command} {redirection}");
        }
    }
}

#[test]
fn non_blocking_streams_are_waited_for() {
    let server = Server::start();
    let list = pages(&server, "/ok", 2000);
    let (input, mut feeder) = std::io::pipe().expect("a pipe");
    let (reader, output) = std::io::pipe().expect("a pipe");
    for end in [rustix::fd::AsFd::as_fd(&input), rustix::fd::AsFd::as_fd(&output)] {
        let flags = rustix::fs::fcntl_getfl(end).expect("asked") | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(end, flags).expect("set");
    }
    let child = scrape(["-", "-f", "jsonl", "-w", "2"]).stdin(input).stdout(output).stderr(Stdio::piped()).spawn();
    let child = child.expect("gleaner starts");
    let text = list.join("\n");
    let feeding = thread::spawn(move || feeder.write_all(text.as_bytes()));
    let mut lines = BufReader::new(reader).lines();
    let first = lines.next().expect("a line").expect("text");
    // By now, the run has more records than the pipe can hold.
    wait_until("all pages", PROMPTLY, || server.log().len() == 2000 && server.in_flight() == 0);
    let rest: String = lines.map(|line| line.expect("text") + "\n").collect();
    feeding.join().expect("no panic").expect("all of it");
    assert_eq!(end_of(child, PROMPTLY).0, Some(0));
    assert_eq!(records(&format!("{first}\n{rest}")).len(), 2000);
}

#[test]
fn a_temporary_file_is_created_only_when_needed() {
    let server = Server::start();
    let mut list = pages(&server, "/ok", 300);
    list[0] = server.url("/sleep/300/head");
    for (memory, code) in [("64MiB", 0), ("1KiB", 1)] {
        let mut command = scrape(["-f", "jsonl", "--set", &format!("output.window_memory={memory}")]);
        // A record without room in memory first fills a buffer.
        let fill = if code == 0 { "description::text".to_owned() } else { "html::inner-html".to_owned() };
        command.args(["--set", &format!("extract.a={fill}"), "--set", "extract.b=html", "--set", "extract.c=html"]);
        command
            .args(["--set", "extract.d=html", "--set", "extract.e=html"])
            .env("TMPDIR", "/no/such/folder")
            .args(&list);
        let run = Run::to_end(command).exited(code);
        let expected = "no temporary file can be created in `/no/such/folder`";
        assert_eq!(run.stderr.contains(expected), code == 1, "{memory}: {}", run.stderr);
    }
}

// ---- signals -----------------------------------------------------------------------------------------------------

#[test]
fn a_signal_that_is_ignored_at_the_start_does_not_stop_a_run() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let table = [
        ("HUP", vec![Signal::HUP]),
        ("INT", vec![Signal::INT]),
        ("TERM", vec![Signal::TERM]),
        ("QUIT", vec![Signal::QUIT]),
        ("TSTP", vec![Signal::TSTP]),
        ("HUP INT TERM", vec![Signal::HUP, Signal::INT, Signal::TERM, Signal::HUP]),
    ];
    for (ignored, sent) in table {
        let output = folder.path().join("out.jsonl");
        let list = pages(&server, "/sleep/300", 4);
        let before = server.log().len();
        let mut command = under_shell(&format!("trap '' {ignored};"), "", ["-w", "1", "--concurrency", "1", "-o"]);
        command.arg(&output).args(&list);
        let run = Run::start(command);
        wait_until("a page", PROMPTLY, || server.log().len() > before);
        for signal in sent {
            run.signal(signal);
        }
        let run = run.finish().exited(0);
        assert!(!run.stderr.contains("interrupted"), "{ignored}: {}", run.stderr);
        assert_eq!(written(&output), 4, "{ignored}");
    }
}

#[test]
fn a_signal_that_is_not_ignored_stops_a_run_even_if_others_are_ignored() {
    let server = Server::start();
    for (ignored, sent, code) in
        [("HUP INT", Signal::TERM, 143), ("TERM", Signal::INT, 130), ("INT QUIT", Signal::HUP, 129)]
    {
        let before = server.log().len();
        let command = under_shell(&format!("trap '' {ignored};"), "", [server.url("/ok/0"), server.url("/hang")]);
        let run = Run::start(command);
        wait_until("the hanging page", PROMPTLY, || server.log().len() == before + 2 && server.in_flight() == 1);
        run.signal(sent);
        run.signal(sent);
        run.finish().exited(code);
    }
}

#[test]
fn the_end_of_a_worker_is_noticed_with_any_handling_of_sigchld() {
    let server = Server::start();
    let list = pages(&server, "/sleep/400", 8);
    // A shell cannot ignore this signal, but GNU `env` can.
    for how in ["--ignore-signal=CHLD", "--block-signal=CHLD", "--default-signal=CHLD"] {
        if !Command::new("env").args([how, "true"]).status().is_ok_and(|status| status.success()) {
            return skipped("`env` cannot ignore signals here");
        }
        let mut command = in_clean_surroundings("env");
        command.arg(how).arg(gleaner().get_program()).args(["run", "-w", "1", "--concurrency", "4", "-f", "jsonl"]);
        command.arg("--no-robots").args(&list);
        let run = Run::start(command);
        wait_until("the worker at work", PROMPTLY, || server.in_flight() == 4);
        let [worker] = run.workers()[..] else { panic!("{:?}", run.workers()) };
        worker.signal(Signal::KILL);
        let run = run.finish().exited(0);
        assert!(run.stderr.contains("was killed by SIGKILL"), "{how}: {}", run.stderr);
        assert!(records(&run.stdout).iter().all(|record| record.attempts == 1), "no task is blamed: {}", run.stdout);
    }
}

// ---- limits of the system ----------------------------------------------------------------------------------------

#[test]
fn a_limit_on_the_size_of_files_is_an_error_that_names_the_limit() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let list = pages(&server, "/ok", 100);
    let table: [(u32, &[&str], &str, i32, &str); 4] = [
        (0, &["-o", "a.jsonl"], "", 2, "create `a.jsonl.part`: allow larger files (ulimit -f)"),
        (
            8,
            &["-o", "b.jsonl"],
            "",
            1,
            "(the records written before are kept): allow larger files (ulimit -f): File too large",
        ),
        (
            8,
            &["-f", "jsonl"],
            ">c.jsonl",
            1,
            "write to standard output: allow larger files (ulimit -f): File too large",
        ),
        // The limit does not apply to pipes.
        (0, &["-f", "jsonl"], "", 0, ""),
    ];
    for (blocks, arguments, redirection, code, expected) in table {
        let mut command = under_shell(&format!("ulimit -f {blocks};"), redirection, arguments);
        command.args(&list).current_dir(&folder);
        let run = Run::to_end(command).exited(code);
        assert!(run.stderr.contains(expected), "{arguments:?}: {}", run.stderr);
    }
    let mut again = scrape(["-o", "b.jsonl", "--resume"]);
    again.args(&list).current_dir(&folder);
    Run::to_end(again).exited(0);
    assert_eq!(written(&folder.path().join("b.jsonl")), 100);
}

#[test]
fn a_disk_with_too_few_inodes_is_an_error_before_the_first_request_and_no_file_stays() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("disk")).expect("made");
    // The number of inodes, of which the root of the file system takes one, and the exit code.
    for (inodes, code) in [(2, 2), (3, 2), (4, 2), (6, 0)] {
        let script = format!(
            "command -v unshare > /dev/null || exit 77
             exec unshare --map-root-user --mount sh -c '
                 mount -t tmpfs -o nr_inodes={inodes} tmpfs disk || exit 77
                 \"$0\" run \"$@\" -q -o disk/out.jsonl; code=$?; ls disk; exit $code' \"$0\" \"$@\""
        );
        let mut command = in_clean_surroundings("sh");
        command.args(["-c", &script]).arg(gleaner().get_program()).arg(server.url("/ok/0")).current_dir(&folder);
        let run = Run::to_end(command);
        if run.code == Some(77) || run.stderr.contains("unshare: ") {
            return skipped("this system does not allow private mounts");
        }
        let run = run.exited(code);
        assert_eq!(run.stdout, if code == 0 { "out.jsonl\nout.jsonl.rules\n" } else { "" }, "{inodes}");
        assert_eq!(run.stderr.contains("free some space (or inodes)"), code == 2, "{inodes}: {}", run.stderr);
    }
}

#[test]
fn more_hosts_than_open_files_are_allowed_do_not_fail_pages() {
    // Each loopback address is a separate host, and its connection is kept for a while.
    let listeners: Vec<TcpListener> =
        (1..=60).map(|n| TcpListener::bind((Ipv4Addr::new(127, 0, 7, n), 0)).expect("loopback is a network")).collect();
    let list: Vec<String> =
        listeners.iter().map(|listener| format!("http://{}/", listener.local_addr().expect("bound"))).collect();
    for listener in listeners {
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut writer = stream.try_clone().expect("a copy");
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<title>a</title";
                    let requests = BufReader::new(stream).lines().map_while(Result::ok);
                    requests.filter(String::is_empty).for_each(|_| drop(writer.write_all(answer)));
                });
            }
        });
    }
    let arguments = ["-w", "1", "--concurrency", "1", "-f", "jsonl", "--no-robots", "--max-retries", "0"];
    let mut command = under_shell("ulimit -n 40;", "", arguments);
    command.args(&list);
    let run = Run::to_end(command).exited(0);
    assert_eq!(records(&run.stdout).len(), 60);
}

/// Runs Gleaner as an unprivileged user with at most `most` processes and threads; `None` if this system does not allow
/// it.
fn with_processes(most: u32, folder: &Path, arguments: &[String]) -> Option<Finished> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    // The limit counts all processes of the user. So nobody else may be this user, not even an earlier run, whose workers
    // may still be ending.
    let user = (2_000_000 + std::process::id() * 32 + RUNS.fetch_add(1, Relaxed) % 32).to_string();
    let program = folder.join("gleaner");
    if !program.exists() {
        fs::copy(gleaner().get_program(), &program).expect("copied");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("set");
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("set");
    }
    let mut command = in_clean_surroundings("prlimit");
    command.arg(format!("--nproc={most}")).args(["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.arg(&program).arg("run").args(arguments).current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| crate::support::changes_behaviour(name)) {
        command.env_remove(name);
    }
    let has_tools = Command::new("setpriv").arg("--version").output().is_ok()
        && Command::new("prlimit").arg("--version").output().is_ok();
    (rustix::process::geteuid().is_root() && has_tools).then(|| Run::to_end(command))
}

/// Reports that a test was skipped.
#[expect(clippy::print_stdout, reason = "a skipped test must be visible")]
fn skipped(why: &str) {
    println!("SKIPPED: {why}");
}

#[test]
fn a_lack_of_threads_does_not_fail_pages() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let by_name = |path: &str| server.url(path).replace("127.0.0.1", "localhost");
    let mut list: Vec<String> = (0..4).map(|n| by_name(&format!("/ok/{n}"))).collect();
    list.extend((0..4).map(|n| server.url(&format!("/big/1500000?{n}"))));
    list.extend((0..4).map(|n| by_name(&format!("/big/1500000?{n}"))));
    let flags = ["-w", "1", "--concurrency", "12", "-f", "jsonl", "--no-robots", "--max-retries", "0"];
    let arguments: Vec<String> = flags.iter().map(ToString::to_string).chain(list).collect();
    let (mut complete, mut stopped) = (0, 0);
    for most in [2, 4, 5, 6, 8, 10, 24] {
        let Some(run) = with_processes(most, folder.path(), &arguments) else {
            return skipped("this test needs root, prlimit and setpriv");
        };
        if run.code == Some(0) {
            complete += 1;
            assert_eq!(records(&run.stdout).len(), 12, "{most}");
        } else {
            stopped += 1;
            assert!(matches!(run.code, Some(1 | 2)), "{most}: {run:?}");
            assert!(run.stderr.contains("processes"), "{most}: the limit is named: {}", run.stderr);
            assert!(!run.stderr.contains("panicked"), "{most}: {}", run.stderr);
        }
    }
    assert!(complete >= 2 && stopped >= 3, "{complete} runs were complete, {stopped} stopped");
}

#[test]
fn one_running_worker_is_enough_if_no_other_can_be_started() {
    // Until the first page is done, the pool tries again and again to start the other worker.
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let list = pages(&server, "/sleep/6000", 2);
    let flags = ["-w", "2", "--concurrency", "1", "-f", "jsonl", "--no-robots", "-q"];
    let arguments: Vec<String> = flags.iter().map(ToString::to_string).chain(list).collect();
    // Enough for the coordinator and one worker, but not for two.
    let Some(run) = with_processes(8, folder.path(), &arguments) else {
        return skipped("this test needs root, prlimit and setpriv");
    };
    let run = run.exited(0);
    assert_eq!(records(&run.stdout).len(), 2);
    assert!(run.elapsed > Duration::from_secs(11), "only one worker ran");
}
