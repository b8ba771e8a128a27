//! Runs whose workers are confined: they fetch all the same, and say so where they cannot be.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "who reads the output of a test shall know that a part was skipped")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use landlock::{AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use support::{Authority, Finished, PROMPTLY, Run, Server, records, scrape, wait_until};

/// A server that answers everything over TLS with one small page, and who signed its certificate.
fn secure_server() -> (String, Authority) {
    let authority = Authority::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://localhost:{}/", listener.local_addr().expect("bound").port());
    let config = Arc::new(authority.server.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = rustls::StreamOwned::new(session, stream.expect("a client"));
            // Whoever hangs up early is told nothing.
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
fn confined_workers_look_up_names_and_trust_the_certificates_they_are_told_to() {
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
        let status = fs::read_to_string(format!("/proc/{}/status", workers[0].pid)).expect("it runs");
        assert!(status.contains(&format!("\nSeccomp:\t{mode}\n")), "{sandbox}: {status}");
        run.finish().exited(0);
    }
}

/// What becomes of a run on a kernel that has no landlock, which a filter over all of it makes it look like.
fn without_landlock(arguments: &[&str]) -> Finished {
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    // The filter stays with the thread that sets it and what that starts.
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
fn a_kernel_without_landlock_is_mentioned_once_and_no_obstacle_unless_the_sandbox_is_required() {
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
