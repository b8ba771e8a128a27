//! Settings that apply to one host only, and secrets from the environment.

use std::fs;

use crate::raw_server::{RawServer, Reply};
use crate::support::{ClosedPort, Finished, Run, gleaner, records, scrape};

const PAGE: &str = "<title>T</title>";

fn page() -> Reply {
    Reply::new(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len()))
}

fn redirect(to: &str) -> Reply {
    Reply::new(format!("HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: {to}\r\n\r\n"))
}

/// Runs Gleaner over `list` with these settings and environment variables.
fn run(settings: &str, variables: &[(&str, &str)], list: &[String], arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    fs::write(&file, settings).expect("written");
    // `block_in_place` lets the test servers continue on other threads.
    tokio::task::block_in_place(|| {
        let mut command = scrape(["-w", "1", "--concurrency", "1", "--format", "jsonl", "--no-robots"]);
        command.arg("-c").arg(&file).args(arguments).args(list).envs(variables.iter().copied());
        Run::to_end(command)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_credentials_of_a_host_go_only_to_it() {
    let other = RawServer::start(vec![page(), page(), page()]).await;
    let own = RawServer::start(vec![redirect(&other.url("from-own")), page(), page()]).await;
    let settings = format!(
        "[fetch]\nheaders = {{ X-A = \"all\", X-B = \"all\" }}\n[network]\nprivate_addresses = \"allow\"\n\
         [hosts.\"{}\"]\nheaders = {{ X-A = \"${{KEY}}\" }}\nbasic = \"user:${{PASSWORD}}\"\n",
        own.address()
    );
    let with_password = own.url("").replace("http://", "http://u:p@");
    let list = [own.url("away"), own.url("stay"), with_password, other.url("listed")];
    let run = run(&settings, &[("KEY", "keysecret"), ("PASSWORD", "passwordsecret")], &list, &["-vv"]).exited(0);
    let basic = "Basic dXNlcjpwYXNzd29yZHNlY3JldA==";
    let (to_own, to_other) = (own.requests(), other.requests());
    assert_eq!((to_own.len(), to_other.len()), (3, 2));
    for request in &to_own {
        assert!(request.contains("x-a: keysecret") && request.contains("x-b: all"), "{request}");
        assert!(!request.contains("x-a: all"), "the host's own headers replace those for all hosts: {request}");
    }
    assert!(to_own[..2].iter().all(|request| request.contains(basic)), "{to_own:?}");
    assert!(
        to_own[2].contains("Basic dTpw") && !to_own[2].contains(basic),
        "the URL's own credentials have priority: {}",
        to_own[2]
    );
    for request in &to_other {
        assert!(!request.contains("keysecret") && !request.contains("Basic"), "{request}");
    }
    assert!(to_other[1].contains("x-a: all"), "{}", to_other[1]);
    for secret in ["keysecret", "passwordsecret", basic] {
        assert!(!format!("{run:?}").contains(secret), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_from_another_origin_does_not_send_a_hosts_secrets_unencrypted() {
    let own = RawServer::start(vec![page()]).await;
    let other = RawServer::start(vec![redirect(&own.url(""))]).await;
    let settings = format!(
        "[network]\nprivate_addresses = \"allow\"\n\
         [hosts.\"{}\"]\nheaders = {{ Accept-Language = \"cy\" }}\nbearer = \"tokensecret\"\n",
        own.address()
    );
    run(&settings, &[], &[other.url("")], &[]).exited(0);
    let request = &own.requests()[0];
    assert!(!request.contains("tokensecret") && request.contains("accept-language: cy"), "{request}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bearer_token_and_headers_of_the_command_line_come_from_the_environment() {
    let server = RawServer::start(vec![page()]).await;
    let settings = format!("[hosts.\"{}\"]\nbearer = \"${{TOKEN}}\"\n", server.address());
    let variables = [("TOKEN", "tokensecret"), ("KEY", "keysecret")];
    run(&settings, &variables, &[server.url("")], &["-H", "X-Key: a ${KEY} $$ b"]).exited(0);
    let request = &server.requests()[0];
    assert!(request.contains("authorization: Bearer tokensecret\r\n"), "{request}");
    assert!(request.contains("x-key: a keysecret $ b\r\n"), "{request}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unset_variable_is_an_error_before_anything_is_fetched() {
    let server = RawServer::start(vec![page()]).await;
    let run = run("[fetch]\nheaders = { X = \"${NO_SUCH_VARIABLE}\" }\n", &[], &[server.url("")], &[]).exited(2);
    assert!(
        run.stderr.contains("`NO_SUCH_VARIABLE`, which is not set") && run.stderr.contains(":2:18"),
        "{}",
        run.stderr
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_neither_shown_nor_stored_and_may_change_before_a_run_is_resumed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = RawServer::start(vec![page(), page()]).await;
    let settings = folder.path().join("settings.toml");
    let text = format!(
        "[fetch]\nheaders = {{ X-Key = \"${{KEY}}\" }}\n\
         [hosts.\"{}\"]\nheaders = {{ X-Own = \"${{KEY}}\" }}\nbasic = \"u:${{KEY}}\"\n",
        server.address()
    );
    fs::write(&settings, text).expect("written");
    let output = folder.path().join("out.jsonl");
    let closed = ClosedPort::new();
    let list = folder.path().join("list.txt");
    // The second line keeps failing and being retried, so that the run can be interrupted.
    fs::write(&list, format!("{}\nhttp://{closed}/\n", server.url(""))).expect("written");
    let start = |key: &str, retries: &str, resume: &[&str]| {
        let mut command = scrape(["--max-retries", retries, "--no-robots"]);
        command.arg("-c").arg(&settings).arg("-o").arg(&output).arg(&list).args(resume).env("KEY", key);
        Run::start(command)
    };
    let first = tokio::task::block_in_place(|| {
        let first = start("firstsecret", "1000000", &[]);
        crate::support::wait_until("a checkpoint", crate::support::PROMPTLY, || {
            fs::read(output.with_extension("jsonl.part")).is_ok_and(|part| !part.is_empty())
        });
        first.signal(rustix::process::Signal::INT);
        first.finish()
    });
    assert_eq!(first.code, Some(130), "{}", first.stderr);
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        assert!(!text.contains("firstsecret") && !text.contains("dTpma"), "{}: {text}", path.display());
    }
    let second = tokio::task::block_in_place(|| start("secondsecret", "0", &["--resume"]).finish().exited(3));
    assert_eq!(records(&fs::read_to_string(&output).expect("the output")).len(), 2, "{}", second.stderr);
    assert_eq!(server.requests().len(), 1, "a finished page is not fetched again");

    let check = tokio::task::block_in_place(|| {
        let mut command = gleaner();
        command.arg("check").arg("-c").arg(&settings).env("KEY", "checksecret");
        Run::to_end(command).exited(0)
    });
    assert!(check.stdout.contains("fetch.headers.x-key = \"${KEY}\""), "{}", check.stdout);
    assert!(!format!("{check:?}").contains("checksecret"), "{check:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_statuses_that_are_retried_are_a_setting() {
    let refusal = |status: &str| Reply::new(format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n\r\n"));
    let server = RawServer::start(vec![refusal("418"), page(), refusal("503")]).await;
    let list = [server.url("a"), server.url("b")];
    let run = run("[fetch]\nretry_statuses = [418]\n", &[], &list, &["--max-retries", "3"]).exited(3);
    let attempts: Vec<u32> = records(&run.stdout).iter().map(|record| record.attempts).collect();
    assert_eq!(attempts, [2, 1], "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cycle_of_redirects_fails_as_soon_as_it_closes() {
    // (the targets of the redirects, beginning at `/here`; the error message)
    let (itself, circle) = ("it redirects to itself", "its redirects go in a circle");
    let with_cookie = "here\r\nset-cookie: a=1";
    let table: [(&[&str], &str); 7] = [
        (&[with_cookie, with_cookie], itself),
        (&[""], itself),
        (&["#part"], itself),
        (&["here"], itself),
        (&["/there", ""], itself),
        (&["/there", "/here"], circle),
        (&["?a", "?b", "?a"], circle),
    ];
    for (locations, expected) in table {
        let server = RawServer::start(locations.iter().map(|to| redirect(to)).collect()).await;
        let run = run("[cookies]\nenabled = true\n", &[], &[server.url("here")], &[]).exited(3);
        let record = &records(&run.stdout)[0];
        assert_eq!((record.kind(), record.attempts), ("too_many_redirects", 1), "{locations:?}");
        let message = &record.failure.as_ref().expect("a failure").message;
        assert!(message.contains(expected), "{locations:?}: {message}");
        assert_eq!(server.requests().len(), locations.len(), "{locations:?}");
    }
}
