//! Runs with confined workers: they fetch like others, and a missing part of the sandbox is reported.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "a skipped part must be visible")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use crate::support::{Authority, Finished, PROMPTLY, Run, Server, in_clean_surroundings, records, scrape, wait_until};
use landlock::{AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// Starts a TLS server that answers every request with a small page; returns its URL and its certificate authority.
fn secure_server() -> (String, Authority) {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://localhost:{}/", listener.local_addr().expect("bound").port());
    let config = Arc::new(authority.server.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = rustls::StreamOwned::new(session, stream.expect("a client"));
            // A client that closes the connection early gets no answer.
            let _ = stream.read(&mut [0; 4096]);
            let page = "<title>secure</title>";
            let head = format!("content-type: text/html\r\ncontent-length: {}\r\nconnection: close", page.len());
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\n{page}");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (url, authority)
}

#[test]
fn confined_workers_look_up_names_and_trust_the_configured_certificates() {
    let (secure, authority) = secure_server();
    let plain = Server::start();
    let by_name = plain.url("/ok/plain").replace("127.0.0.1", "localhost");
    for sandbox in ["auto", "off"] {
        let mut command = scrape(["--format", "jsonl", "--set", "extract.title=title::text", &secure, &by_name]);
        command.args(["--set", &format!("pool.sandbox={sandbox}")]).env("SSL_CERT_FILE", authority.trusted());
        let run = Run::start(command).finish().exited(0);
        let titles: Vec<String> = records(&run.stdout).iter().map(|record| record.raw().to_owned()).collect();
        assert_eq!(titles, [r#"{"title":"secure"}"#, r#"{"title":"plain"}"#], "{sandbox}");
    }
}

#[test]
fn the_setting_decides_whether_workers_are_confined() {
    for (sandbox, mode) in [("auto", "2"), ("require", "2"), ("off", "0")] {
        if sandbox == "require" && !kernel_has_landlock() {
            println!("SKIPPED {sandbox}: this kernel has no landlock");
            continue;
        }
        let server = Server::start();
        let mut command = scrape([&server.url("/sleep/1500/page")]);
        command.args(["--set", &format!("pool.sandbox={sandbox}")]);
        let run = Run::start(command);
        wait_until("a request", PROMPTLY, || server.in_flight() == 1);
        let workers = run.workers();
        assert_eq!(workers.len(), 1);
        let status = fs::read_to_string(format!("/proc/{}/status", workers[0].pid)).expect("the process runs");
        assert!(status.contains(&format!("\nSeccomp:\t{mode}\n")), "{sandbox}: {status}");
        run.finish().exited(0);
    }
}

/// The content of `/proc/PID/NAME`.
fn proc(pid: u32, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{name}")).expect("the process runs")).into_owned()
}

/// The files that a process has open.
fn open_files(pid: u32) -> Vec<std::path::PathBuf> {
    let numbers = fs::read_dir(format!("/proc/{pid}/fd")).expect("the process runs");
    numbers.filter_map(|number| fs::read_link(number.ok()?.path()).ok()).collect()
}

#[test]
fn workers_inherit_neither_open_files_nor_variables_of_the_run() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let gleaner = scrape([&server.url("/sleep/1500/page")]);
    let mut command = in_clean_surroundings("sh");
    command.args(["-c", r#"exec "$0" "$@" 3>>"$LOG" 9<"$LOG""#]).arg(gleaner.get_program()).args(gleaner.get_args());
    command.envs(gleaner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = gleaner.get_current_dir() {
        command.current_dir(folder);
    }
    command.args(["--max-tasks-per-worker", "1", "--set", "fetch.headers.x-key=of-the-settings"]);
    command.env("LOG", &log).env("AWS_SECRET_ACCESS_KEY", "of-the-shell").env("RES_OPTIONS", "attempts:1");
    command.env("GLEANER_FETCH_USER_AGENT", "of-the-environment").env("SSL_CERT_FILE", "/etc/hosts");
    let run = Run::start(command);
    wait_until("a request", PROMPTLY, || server.in_flight() == 1);
    let workers = run.workers();
    assert_eq!(workers.len(), 1);
    let parent = proc(workers[0].pid, "status");
    let parent =
        parent.lines().find_map(|line| line.strip_prefix("PPid:\t")).expect("a parent").parse().expect("a pid");
    assert_eq!(open_files(parent).iter().filter(|file| **file == log).count(), 2, "the run itself has the files open");
    let files = open_files(workers[0].pid);
    assert!(!files.is_empty() && !files.contains(&log), "{files:?}");
    let variables = proc(workers[0].pid, "environ");
    for name in ["AWS_SECRET_ACCESS_KEY", "GLEANER_FETCH_USER_AGENT", "LOG", "PATH", "HOME"] {
        assert!(
            !variables.split('\0').any(|variable| variable.starts_with(&format!("{name}="))),
            "{name}: {variables}"
        );
    }
    for name in ["RES_OPTIONS", "SSL_CERT_FILE"] {
        assert!(variables.contains(&format!("{name}=")), "{name}: {variables}");
    }
    run.finish().exited(0);
}

#[test]
fn under_root_workers_run_as_another_user_and_can_be_killed_as_usual() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: only root can start workers as another user");
        return;
    }
    let spare = gleaner_pool::User::spare();
    if let Err(reason) = spare.check(&[]) {
        println!("SKIPPED: root cannot start workers as another user here: {reason}");
        return;
    }
    let server = Server::start();
    for (user, sandbox, uids, groups) in [
        ("auto", "auto", 61_184..=65_519, ""),
        ("same", "auto", 0..=0, "0"),
        ("auto", "off", 0..=0, "0"),
        ("1234:567", "auto", 1234..=1234, ""),
        ("1234", "off", 1234..=1234, ""),
    ] {
        let mut command = scrape([&server.url("/sleep/3600000/page")]);
        command.args(["--set", &format!("pool.user={user}"), "--set", &format!("pool.sandbox={sandbox}")]);
        let run = Run::start(command);
        wait_until("a request", PROMPTLY, || server.in_flight() == 1);
        let worker = run.workers()[0].pid;
        let status = proc(worker, "status");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect(name);
            line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(field("Uid:").iter().all(|uid| uids.contains(&uid.parse().expect("a number"))), "{user}: {status}");
        if groups.is_empty() {
            assert!(field("Groups:").is_empty() && field("CapPrm:") == ["0000000000000000"], "{user}: {status}");
        }
        // After SIGKILL, the run can no longer end its worker, nor signal its process group.
        run.signal(rustix::process::Signal::KILL);
        wait_until("the worker's end", PROMPTLY, || !std::path::Path::new(&format!("/proc/{worker}")).exists());
        wait_until("the request's end", PROMPTLY, || server.in_flight() == 0);
        run.finish();
    }
    let mut command = scrape([&server.url("/sleep/3600000/page"), &server.url("/ok/1")]);
    command.args([
        "--set",
        "pool.task_timeout=1s",
        "--set",
        "fetch.timeout=900ms",
        "--max-tasks-per-worker",
        "1",
        "-w",
        "1",
    ]);
    let run = Run::start(command).finish();
    assert_eq!(records(&run.stdout).len(), 2, "{}", run.stderr);
}

#[test]
fn a_user_that_workers_cannot_become_is_an_error_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl");
    for user in ["no-such-user", "root"] {
        let mut command = scrape(["http://127.0.0.1:1/", "-o", output.to_str().expect("UTF-8")]);
        command.args(["--set", &format!("pool.user={user}")]);
        let run = Run::to_end(command).exited(2);
        assert!(run.stderr.contains(&format!("`{user}` (pool.user)")), "{}", run.stderr);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder exists").count(), 0, "nothing is left behind");
    }
}

/// Runs Gleaner on a simulated kernel without landlock: a seccomp filter makes its system call fail.
fn without_landlock(arguments: &[&str]) -> Finished {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    // The filter applies to the thread that sets it and to its children.
    let run = std::thread::spawn(move || {
        let absent = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
        let arch = std::env::consts::ARCH.try_into().expect("a known machine");
        let rules = [(libc::SYS_landlock_create_ruleset, Vec::new())].into();
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch).expect("a filter");
        let filter: BpfProgram = filter.try_into().expect("a filter");
        seccompiler::apply_filter(&filter).expect("the kernel has seccomp");
        Run::to_end(scrape(arguments))
    });
    run.join().expect("does not panic")
}

#[test]
fn a_missing_landlock_is_reported_once_and_is_an_error_only_if_the_sandbox_is_required() {
    let server = Server::start();
    let urls: Vec<String> = (0..9).map(|n| server.url(&format!("/ok/{n}"))).collect();
    let mut arguments: Vec<&str> = urls.iter().map(String::as_str).collect();
    arguments.extend(["-w", "3", "--max-tasks-per-worker", "1", "-v"]);
    let run = without_landlock(&arguments).exited(0);
    let lacks = "sandbox lacks landlock (the kernel was built without it)";
    assert_eq!(run.stderr.matches(lacks).count(), 1, "{}", run.stderr);
    arguments.pop();
    let run = without_landlock(&arguments).exited(0);
    assert!(!run.stderr.contains("landlock"), "{}", run.stderr);

    let before = server.log().len();
    arguments.extend(["--set", "pool.sandbox=require"]);
    let run = without_landlock(&arguments).exited(1);
    assert!(run.stderr.contains("this system lacks landlock (the kernel was built without it)"), "{}", run.stderr);
    assert!(run.stderr.contains("`auto`"), "{}", run.stderr);
    assert_eq!(server.log().len(), before, "nothing is fetched");
}

fn kernel_has_landlock() -> bool {
    Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::ReadFile).is_ok()
}
