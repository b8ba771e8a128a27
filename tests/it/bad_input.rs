//! Errors in lists, settings and outputs: they are found before the first request if possible, the message names the
//! place and the way out, and finished work is not lost.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use crate::support::{
    Authority, Finished, PROMPTLY, Run, Server, end_of, fixture, gleaner, records, scrape, scrape_list,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// An unprivileged user and group.
const NOBODY: u32 = 65534;

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("written");
}

/// Runs Gleaner in `folder` with these arguments.
fn run_in(folder: &Path, arguments: &[&str]) -> Finished {
    let mut command = scrape(arguments);
    command.current_dir(folder);
    Run::to_end(command)
}

/// Each row: arguments after the list, and parts of the error message. The exit code is 2.
#[test]
fn errors_in_settings_are_found_before_the_first_request_and_show_their_place() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("key.toml", "[pool]\nworkers = 2\nconcurency = 3\n"),
        ("table.toml", "[poool]\nworkers = 2\n"),
        ("value.toml", "[fetch]\ntimeout = \"soon\"\n"),
        ("type.toml", "[pool]\nconcurrency = \"many\"\n"),
        ("size.toml", "[fetch]\nmax_body = \"16 apples\"\n"),
        (
            "selector.toml",
            "[extract]\ntitle = \"h1::text\"\n\n[extract.all]\neach = \"div\"\nprice = { css = \"p:nope\" }\n",
        ),
        ("pseudo.toml", "[extract]\ntitle = \"h1::txt\"\n"),
        ("regex.toml", "[extract]\ntitle = { css = \"h1\", re = \"(\" }\n"),
        ("syntax.toml", "[pool\nworkers = 2\n"),
        ("bytes.toml", "x"),
    ] {
        write(folder.path(), name, text);
    }
    fs::write(folder.path().join("bytes.toml"), [b'#', 0xff]).expect("written");
    let memory = "`pool.max_memory_per_worker` must be 16MiB or more";
    let table: [(&[&str], &[&str]); 39] = [
        (&["-c", "none.toml"], &["none.toml", "No such file"]),
        (&["-c", "."], &["`.`", "Is a directory"]),
        (&["-c", "key.toml"], &["unknown setting `pool.concurency`", "key.toml:3:1", "pool.concurrency"]),
        (&["-c", "table.toml"], &["unknown section `poool`", "table.toml:1:2", "`pool`"]),
        (&["-c", "value.toml"], &["`fetch.timeout`", "value.toml:2:12", "soon"]),
        (&["-c", "type.toml"], &["`pool.concurrency` must be a whole number, 1 or more", "type.toml:2:15"]),
        (&["-c", "size.toml"], &["`fetch.max_body`", "size.toml:2:12"]),
        (&["-c", "selector.toml"], &["`extract.all.price", "selector.toml:6:", ":nope"]),
        (&["-c", "pseudo.toml"], &["unknown pseudo-element `::txt`", "pseudo.toml:2:12", "did you mean `::text`?"]),
        (&["-c", "regex.toml"], &["`extract.title", "regex.toml:2:"]),
        (&["-c", "syntax.toml"], &["syntax.toml:1:"]),
        (&["-c", "bytes.toml"], &["bytes.toml", "UTF-8"]),
        (&["-w", "0"], &["`pool.workers` must be \"auto\" or a whole number, 1 or more", "--workers 0"]),
        (&["-w", "-1"], &["`pool.workers`", "--workers -1"]),
        (&["-w", "0.5"], &["`pool.workers`", "--workers 0.5"]),
        (&["-w", "x"], &["`pool.workers`", "--workers x"]),
        (&["--concurrency", "0"], &["`pool.concurrency`"]),
        (&["--max-tasks-per-worker", "-1"], &["`pool.max_tasks_per_worker` must be a whole number, 0 or more"]),
        (&["--max-tasks-per-worker", "0.5"], &["`pool.max_tasks_per_worker`"]),
        (&["--max-tasks-per-worker", "x"], &["`pool.max_tasks_per_worker`", "0 = workers are never replaced"]),
        (&["--set", "pool.workers=0"], &["`pool.workers`", "--set pool.workers=0"]),
        (&["--set", "pool.wrkers=1"], &["unknown setting `pool.wrkers`", "did you mean `pool.workers`?"]),
        (&["--set", "nonsense"], &["write KEY=VALUE"]),
        (&["--set", "pool.max_memory_per_worker=5"], &[memory, "before its first page"]),
        (&["--set", "pool.max_memory_per_worker=1KiB"], &[memory]),
        (&["--set", "pool.max_memory_per_worker=16777215"], &[memory]),
        (&["-f", "xml"], &["`output.format` must be one of"]),
        (&["--order", "up"], &["`output.order` must be one of"]),
        (&["-H", "no colon"], &["--header"]),
        (&["-H", "@"], &["`@` without a file", "--header @", "name a file"]),
        (&["-H", "@-"], &["headers are not read from standard input", "--header @-", "name a file"]),
        (&["-H", "@missing.txt"], &["cannot read the headers in `missing.txt`", "--header @missing.txt"]),
        (&["-H", "@."], &["cannot read the headers in `.`"]),
        (&["-H", "@/dev/zero"], &["cannot read the headers in `/dev/zero`: it is larger than 1 MiB"]),
        (&["--timeout", "0s"], &["`fetch.timeout`"]),
        (&["--limit", "x"], &["--limit"]),
        (&["--progress", "maybe"], &["--progress"]),
        (&["--no-such-flag"], &["--no-such-flag"]),
        (&["-v", "-q"], &["--quiet"]),
    ];
    for (arguments, parts) in table {
        let url = server.url("/ok/0");
        let arguments = [&[url.as_str()], arguments].concat();
        let run = run_in(folder.path(), &arguments).exited(2);
        for part in parts {
            assert!(run.stderr.contains(part), "{arguments:?} should say {part}:\n{}", run.stderr);
        }
        assert!(run.stderr.starts_with("error: ") && run.stdout.is_empty(), "{arguments:?}: {}", run.stderr);
    }
    assert!(server.log().is_empty(), "nothing is fetched");
}

#[test]
fn headers_come_from_a_file_and_its_errors_show_no_values() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let url = server.url("/ok/1");
    let run = |content: &[u8]| {
        std::fs::write(folder.path().join("headers.txt"), content).expect("the folder is ours");
        run_in(folder.path(), &[&url, "--no-robots", "-H", "@headers.txt", "-H", "X-Last: c"])
    };
    let table: [(&[u8], &[&str]); 6] = [
        (b"", &["there is no header in `headers.txt`"]),
        (b"\n# X-A: a\n", &["there is no header in `headers.txt`"]),
        (b"X-A: a\ns3cret\n", &["this line is not a header", "headers.txt:2:1", "begin the line with #"]),
        (b"X-A: a\n\n# x\nAuthorization: s3cret\nX B: s3cret\n", &["is not a valid header name", "headers.txt:5:1"]),
        (b"X-A: a\nAuthorization: s3cret\x01\n", &["headers.txt:2:"]),
        (b"X-A: \xff\n", &["cannot read the headers in `headers.txt`", "UTF-8"]),
    ];
    for (content, parts) in table {
        let error = run(content).exited(2).stderr;
        assert!(!error.contains("s3cret"), "{error}");
        for part in parts {
            assert!(error.contains(part), "{} should say {part}:\n{error}", content.escape_ascii());
        }
    }
    assert!(server.log().is_empty(), "nothing is fetched");
    let content = "\u{feff}# of the shop\r\n\r\nAuthorization: Bearer s3cret\r\nX-A:a: b \r\nX-Last: b";
    run(content.as_bytes()).exited(0);
    let headers = &server.log()[0].headers;
    for (name, value) in [("authorization", "Bearer s3cret"), ("x-a", "a: b"), ("x-last", "c")] {
        assert_eq!(headers[name], value);
    }
}

#[test]
fn a_setting_in_the_environment_is_named_with_its_variable() {
    let mut command = scrape(["http://127.0.0.1:9/"]);
    command.env("GLEANER_POOL_WORKERS", "none");
    let error = Run::to_end(command).exited(2).stderr;
    assert!(error.contains("GLEANER_POOL_WORKERS") && error.contains("`pool.workers`"), "{error}");
}

#[test]
fn an_unreadable_list_is_an_error_before_the_first_request() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "file", "");
    write(folder.path(), "secret", "http://127.0.0.1:9/\n");
    fs::set_permissions(folder.path().join("secret"), fs::Permissions::from_mode(0o000)).expect("changed");
    let url = server.url("/ok/0");
    let mut table: Vec<(&[&str], &str)> = vec![
        (&[], "no list was given"),
        (&["none.txt"], "read the list `none.txt`"),
        (&["books/one.html"], "a URL starts with http:// or https://"),
        (&["."], "it is a folder, name a file in it"),
        (&["file/list"], "read the list `file/list`"),
        (&["-", "-"], "twice"),
        (&["file", "--site", "none"], "serve `none`"),
        (&["file", "--site", "file"], "it is not a folder"),
    ];
    if fs::read(folder.path().join("secret")).is_err() {
        table.push((&["secret"], "Permission denied"));
    }
    for (arguments, part) in table {
        let arguments = if arguments.is_empty() { vec![] } else { [&[url.as_str()], arguments].concat() };
        let run = run_in(folder.path(), &arguments).exited(2);
        assert!(run.stderr.contains(part), "{arguments:?} should say {part}:\n{}", run.stderr);
    }
    assert!(server.log().is_empty(), "nothing is fetched");
}

#[test]
fn an_output_that_cannot_be_created_is_an_error_before_the_first_request() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "file", "");
    write(folder.path(), "left.json.part", "[\n{}");
    fs::create_dir(folder.path().join("closed")).expect("made");
    fs::set_permissions(folder.path().join("closed"), fs::Permissions::from_mode(0o555)).expect("changed");
    let mut table: Vec<(&[&str], &str)> = vec![
        (&["-o", "none/out.json"], "there is no folder `none`, create it (mkdir -p none)"),
        (&["-o", "file/out.json"], "there is no folder `file`"),
        (&["-o", "."], "it is a folder, name a file in it"),
        (&["-o", "new/"], "it is a folder, name a file in it"),
        (&["-o", ""], "--output"),
        (&["-o", "left.json"], "left over from an unfinished run"),
        (&["-o", "/proc/out.json"], "create `/proc/out.json.part`"),
        (
            &["-o", "out.xlsx"],
            "`.xlsx` is not a format that gleaner writes: use one of .json, .jsonl, .ndjson, .jl, .csv, .tsv",
        ),
        (&["-o", "out.txt"], "or choose the format with --format jsonl"),
        (&["-o", "out.txt.gz"], "`.txt` is not a format"),
        (&["-o", "books.v2"], "`.v2` is not a format"),
        (&["-o", "out.parquet.gz"], "write the output"),
        (&["-o", "out.XLSX", "--set", "output.format=auto"], "write the output to `out.XLSX`"),
        (&["--summary", "none/summary.json"], "write a summary to `none/summary.json`: there is no folder `none`"),
        (&["--summary", "none/summary.json"], "create it (mkdir -p none)"),
        (&["--summary", "/proc/summary.json"], "write a summary to `/proc/summary.json`: make its folder writable"),
        (&["--summary", "."], "it is a folder, name a file in it"),
    ];
    let root = tempfile::tempfile_in(folder.path().join("closed")).is_ok();
    if !root {
        table.push((&["-o", "closed/out.json"], "make its folder writable"));
    }
    for (arguments, part) in table {
        let url = server.url("/ok/0");
        let arguments = [&[url.as_str()], arguments].concat();
        let run = run_in(folder.path(), &arguments).exited(2);
        assert!(run.stderr.contains(part), "{arguments:?} should say {part}:\n{}", run.stderr);
        assert!(!run.stderr.contains(".tmp"), "{arguments:?} names a temporary file:\n{}", run.stderr);
    }
    assert!(server.log().is_empty(), "nothing is fetched");
    let left = fs::read_to_string(folder.path().join("left.json.part")).expect("the file exists");
    assert_eq!(left, "[\n{}", "a refused run changes nothing");
}

#[test]
fn the_extension_matters_only_if_the_format_is_auto() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, begins) in [
        (&["-o", "out.csv", "-f", "json"][..], "["),
        (&["-o", "other.csv", "-f", "jsonl"], "{"),
        (&["-o", "out.txt", "--set", "output.format=json"], "["),
        (&["-o", "out.html", "-f", "ndjson"], "{"),
        (&["-o", "out.ndjson"], "{"),
        (&["-o", "out.jl"], "{"),
        (&["-o", "out.JSONL"], "{"),
        (&["-o", "out.Json"], "["),
        (&["-o", "table.CSV"], "seq,url,"),
        (&["-o", "table.tsv"], "seq\turl\t"),
        (&["-o", "table.txt", "-f", "tsv"], "seq\turl\t"),
        (&["-o", ".json"], "["),
        (&["-o", "csv"], "["),
    ] {
        run_in(folder.path(), &[&[server.url("/ok/0").as_str()], arguments].concat()).exited(0);
        let text = fs::read_to_string(folder.path().join(arguments[1])).expect("the file exists");
        assert!(text.starts_with(begins), "{arguments:?}: {text}");
    }
}

#[test]
fn an_unreadable_site_is_refused_and_one_that_cannot_be_listed_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    fs::create_dir(&site).expect("made");
    write(&site, "page.html", "<h1>here</h1>");
    write(folder.path(), "list", "page.html\n");
    // The modes must not depend on the umask, because the run may belong to another user.
    for (path, mode) in [(folder.path(), 0o755), (&site.join("page.html"), 0o644), (&folder.path().join("list"), 0o644)]
    {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    }
    let mut root = false;
    for (mode, code) in [(0o000, 2), (0o444, 2), (0o111, 0), (0o555, 0)] {
        fs::set_permissions(&site, fs::Permissions::from_mode(mode)).expect("changed");
        // Input order might need a temporary folder, and the other user may not have access to it.
        let mut command = scrape(["list", "--site", "site", "--order", "completion"]);
        command.current_dir(folder.path());
        // Permissions do not restrict root, so the run needs another user. That user may have no access to the program.
        if mode == 0o000 {
            root = site.join("page.html").exists();
        }
        if root {
            let mut try_out = gleaner();
            try_out.current_dir(folder.path());
            if !try_out.arg("--version").uid(NOBODY).gid(NOBODY).output().is_ok_and(|tried| tried.status.success()) {
                return skipped("only root can start the program here");
            }
            command.uid(NOBODY).gid(NOBODY);
        }
        let run = Run::to_end(command).exited(code);
        let refused = run.stderr.contains("serve `site`: make it readable") && run.stderr.contains("Permission denied");
        assert_eq!(refused, code == 2, "{mode:o}: {}", run.stderr);
    }
    fs::set_permissions(&site, fs::Permissions::from_mode(0o755)).expect("changed");
}

#[test]
fn a_summary_that_cannot_be_written_is_named_as_the_user_named_it() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "list", "");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" run list --summary summary.json";
    let mut command = crate::support::shell(script);
    command.current_dir(&folder);
    let run = Run::to_end(command).exited(1);
    assert!(run.stderr.contains("write the summary to `summary.json`: File too large"), "{}", run.stderr);
    assert!(!run.stderr.contains(".tmp"), "{}", run.stderr);
}

#[test]
fn a_run_does_not_overwrite_files_that_it_reads() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (list, settings) = (format!("{}\n", server.url("/ok/0")), "[pool]\nworkers = 1\n");
    write(folder.path(), "list.txt", &list);
    write(folder.path(), "gleaner.toml", settings);
    std::os::unix::fs::symlink("list.txt", folder.path().join("link.txt")).expect("linked");
    fs::hard_link(folder.path().join("list.txt"), folder.path().join("hard.txt")).expect("linked");
    for (target, link) in
        [("out.json", "to-output"), ("out.json.part", "to-part"), ("to-output", "to-link"), ("new.txt", "to-new")]
    {
        std::os::unix::fs::symlink(target, folder.path().join(link)).expect("linked");
    }
    fs::copy(Authority::new().trusted(), folder.path().join("ca.pem")).expect("the folder is ours");
    write(folder.path(), "jar.txt", "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb\n");
    let (cookies, load, save) = ("cookies.enabled=true", "cookies.load=jar.txt", "cookies.save=jar.txt");
    let table: [(&[&str], &str); 21] = [
        (&["-o", "out.json", "--summary", "to-output"], "that is the output"),
        (&["-o", "out.json", "--summary", "to-link"], "that is the output"),
        (&["-o", "out.json", "--summary", "to-part"], "that is a file beside the output"),
        (&["--set", cookies, "--set", "cookies.save=new.txt", "--set", "cache.path=to-new"], "that is the cache"),
        (&["-o", "hard.txt"], "write the output to `hard.txt`: that is the list"),
        (&["--summary", "hard.txt"], "write the summary to `hard.txt`: that is the list"),
        (&["--set", "tls.ca_file=ca.pem", "--summary", "ca.pem"], "that is a file of [tls]"),
        (&["--set", cookies, "--set", load, "-o", "jar.txt"], "that is the file of the loaded cookies"),
        (&["-o", "out.json", "--set", "cache.path=out.json.part.log"], "that is a file beside the output"),
        (&["-o", "out.json", "--summary", "out.json.part"], "that is a file beside the output"),
        (&["-o", "out.json", "--summary", "./out.json.part.manifest"], "that is a file beside the output"),
        (&["-o", "out.json", "--set", cookies, "--set", "cookies.save=out.json.part.pending"], "beside the output"),
        (&["-o", "list.txt"], "write the output to `list.txt`: that is the list"),
        (&["-o", "./list.txt"], "that is the list"),
        (&["-o", "link.txt"], "that is the list"),
        (&["--summary", "list.txt"], "write the summary to `list.txt`: that is the list"),
        (&["-o", "gleaner.toml"], "that is the settings file"),
        (&["-o", "out.json", "--summary", "out.json"], "write the summary to `out.json`: that is the output"),
        (&["-o", "out.json", "--summary", "./out.json"], "that is the output"),
        (&["-o", "out.json", "--set", "cache.path=out.json"], "write the cache to `out.json`: that is the output"),
        (&["-o", "out.json", "--set", "cookies.enabled=true", "--set", "cookies.save=out.json"], "that is the output"),
    ];
    for (arguments, part) in table {
        let run = run_in(folder.path(), &[&["list.txt"], arguments].concat()).exited(2);
        assert!(run.stderr.contains(part), "{arguments:?} should say {part}:\n{}", run.stderr);
        assert!(run.stderr.contains("name another file"), "{}", run.stderr);
    }
    assert!(server.log().is_empty(), "nothing is fetched");
    assert_eq!(fs::read_to_string(folder.path().join("list.txt")).expect("the file exists"), list);
    assert_eq!(fs::read_to_string(folder.path().join("gleaner.toml")).expect("the file exists"), settings);
    assert!(!folder.path().join("out.json").exists());
    run_in(folder.path(), &["list.txt", "--set", cookies, "--set", load, "--set", save]).exited(0);
    // These are not regular files, so two outputs may share them.
    for stream in ["/dev/null", "/dev/stdout", "-"] {
        run_in(folder.path(), &["list.txt", "-o", stream, "--summary", stream]).exited(0);
    }
}

#[test]
fn an_unfinished_output_is_replaced_only_by_restart() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "out.jsonl.part", "somebody's work");
    let url = server.url("/ok/0");
    assert!(run_in(folder.path(), &[&url, "-o", "out.jsonl"]).exited(2).stderr.contains("--restart"));
    run_in(folder.path(), &[&url, "-o", "out.jsonl", "--restart"]).exited(0);
    assert_eq!(records(&fs::read_to_string(folder.path().join("out.jsonl")).expect("the file exists")).len(), 1);
    assert!(!folder.path().join("out.jsonl.part").exists());
}

#[test]
fn a_list_without_tasks_gives_an_empty_output_and_starts_no_worker() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, flags, expected) in
        [("", "json", "[]\n"), ("\n# http://127.0.0.1:9/\n \n", "json", "[]\n"), ("\u{feff}", "jsonl", "")]
    {
        write(folder.path(), "list", text);
        let run = run_in(folder.path(), &["list", "-f", flags, "--summary", "summary.json"]).exited(0);
        assert_eq!(run.stdout, expected, "{text:?}");
        let summary = fs::read_to_string(folder.path().join("summary.json")).expect("the file exists");
        assert!(summary.contains(r#""workers":[]"#), "{summary}");
        assert!(run.stderr.contains("0 workers"), "{}", run.stderr);
    }
}

#[test]
fn a_line_that_is_not_a_url_becomes_a_failure_record_and_the_run_continues() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let table: [(&[u8], &str, &str); 11] = [
        (b"nonsense", "nonsense", "no scheme"),
        (b"ftp://h/", "ftp://h/", "the scheme is `ftp`"),
        (b"http://", "http://", "no host"),
        (b"http://[bad", "http://[bad", "IPv6"),
        (b"http://h/\xff", "http://h/\u{fffd}", "not UTF-8"),
        (b"\xff\xfe\xfd", "\u{fffd}\u{fffd}\u{fffd}", "UTF-8"),
        (b"http://user:secret@h:x/", "http://h:x/", "port"),
        (b"a\0b\x1b[2J", "a\0b\u{1b}[2J", "a NUL character inside"),
        (b"a\x1b[2J", "a\u{1b}[2J", "no scheme"),
        (b"http://user:secret@h/\thttp://user:secret@h/", "http://h/\thttp://h/", "a row of a table"),
        (b"http://user:secret@{host}/", "http://{host}/", "not allowed in a host name"),
    ];
    let mut list = Vec::new();
    for (line, _, _) in table {
        list.extend([line, b"\n", server.url("/ok/0").as_bytes(), b"\n"].concat());
    }
    fs::write(folder.path().join("list"), list).expect("written");
    let run = run_in(folder.path(), &["list", "-v"]).exited(3);
    let records = records(&run.stdout);
    assert_eq!(records.len(), 2 * table.len());
    for (pair, (_, url, message)) in records.chunks(2).zip(table) {
        let failure = pair[0].failure.as_ref().expect("a failure");
        assert_eq!((pair[0].url.as_str(), failure.kind.as_str(), failure.stage.as_str()), (url, "invalid_url", "list"));
        assert!(failure.message.contains(message), "{url}: {}", failure.message);
        assert_eq!((pair[0].attempts, pair[0].worker, pair[1].status), (0, None, Some(200)));
    }
    assert!(!run.stderr.contains('\u{1b}'), "no line of a list controls the terminal: {:?}", run.stderr);
    assert!(!format!("{}{}", run.stdout, run.stderr).contains("secret"), "no password is shown");
}

#[test]
fn tasks_before_a_read_error_are_delivered() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let lines: String = (0..700).map(|n| server.url(&format!("/ok/{n}")) + "\n").collect();
    write(folder.path(), "list", &lines);
    let broken = |arguments: &[&str]| {
        let mut command = scrape([&["list", "-", "-f", "jsonl"], arguments].concat());
        // This file opens without an error, but reading its beginning fails.
        let unreadable = fs::File::open("/proc/self/mem").expect("our own memory");
        command.current_dir(folder.path()).stdin(unreadable).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.output().expect("gleaner starts");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (_, stderr) = broken(&["-o", "out.jsonl"]);
    assert!(stderr.contains("continue reading the list from standard input after 700 tasks"), "{stderr}");
    let part = fs::read_to_string(folder.path().join("out.jsonl.part")).expect("the part stays");
    assert_eq!(records(&part).len(), 700);
    assert!(!folder.path().join("out.jsonl").exists(), "the output is not complete");
    assert_eq!(records(&broken(&[]).0).len(), 700);
    // For a named file, the error is found before the first request.
    let asked = server.log().len();
    let run = run_in(folder.path(), &["list", "/proc/self/mem"]).exited(2);
    assert!(run.stderr.contains("read the list `/proc/self/mem`"), "{}", run.stderr);
    assert_eq!(server.log().len(), asked, "nothing is fetched");
}

#[test]
fn a_full_device_is_an_error_before_the_first_request() {
    let server = Server::start();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("the device exists");
    for (name, into_device) in [("standard output", true), ("`/dev/full`", false)] {
        let mut command = scrape([server.url("/ok/0")]);
        if !into_device {
            command.args(["-o", "/dev/full"]);
        }
        // `Run` cannot be used, because it reads standard output itself.
        let child = command
            .stdin(Stdio::null())
            .stdout(if into_device { Stdio::from(full()) } else { Stdio::null() })
            .stderr(Stdio::piped())
            .spawn()
            .expect("gleaner starts");
        let (code, error) = end_of(child, PROMPTLY);
        assert_eq!(code, Some(2), "{name}: {error}");
        assert!(error.contains(name) && error.contains("No space left"), "{name}: {error}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn commands_that_only_print_end_if_their_output_cannot_be_written() {
    for command in ["check", "demo", "schema settings", "schema records", "schema summary", "completions bash", "man"] {
        let (reader, nobody_reads) = std::io::pipe().expect("a pipe");
        drop(reader);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("it opens");
        for (stdout, code, expected) in
            [(Stdio::from(nobody_reads), 0, ""), (Stdio::from(full), 1, "write to standard output: No space left")]
        {
            let mut child = crate::support::gleaner();
            child.args(command.split(' ')).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
            let (ended, error) = end_of(child.spawn().expect("gleaner starts"), PROMPTLY);
            assert_eq!(ended, Some(code), "{command}: {error}");
            assert!(error.contains(expected) && error.is_empty() == expected.is_empty(), "{command}: {error}");
        }
    }
}

#[test]
fn a_full_disk_ends_the_run_with_an_error_and_keeps_the_written_records() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let lines: String = (0..2000).map(|n| server.url(&format!("/ok/{n}")) + "\n").collect();
    write(folder.path(), "list", &lines);
    fs::create_dir(folder.path().join("disk")).expect("made");
    // The disk exists only in a private namespace. The script shows its content at the end.
    let script = r#"command -v unshare > /dev/null || exit 77
        exec unshare --map-root-user --mount sh -c '
            mount -t tmpfs -o size=64k tmpfs disk || exit 77
            "$0" run list -o disk/out.jsonl; code=$?; cat disk/out.jsonl.part; ls disk >&2; exit $code' "$0""#;
    let mut command = crate::support::shell(script);
    command.current_dir(&folder);
    let run = Run::start(command).finish();
    if run.code == Some(77) || run.stderr.contains("unshare: ") {
        return skipped(&format!("this system does not allow private mounts ({})", run.stderr.trim()));
    }
    let run = run.exited(1);
    assert!(run.stderr.contains("No space left"), "{}", run.stderr);
    let left = ["", ".log", ".manifest", ".pending"].map(|suffix| format!("out.jsonl.part{suffix}\n")).concat();
    assert!(run.stderr.ends_with(&left), "the part and its accompanying files stay: {}", run.stderr);
    let whole = &run.stdout[..=run.stdout.rfind('\n').expect("some records fit")];
    assert!(records(whole).len() > 50, "the written records are kept: {}", whole.len());
}

#[expect(clippy::print_stderr, reason = "a skipped test must be visible")]
fn skipped(why: &str) {
    eprintln!("SKIPPED: {}", why.trim());
}

#[test]
fn a_list_may_be_a_fifo() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("made");
    let run = Run::start(scrape([&fifo]));
    let mut writer = fs::OpenOptions::new().write(true).open(&fifo).expect("the run reads it");
    for n in 0..3 {
        writeln!(writer, "{}", server.url(&format!("/ok/{n}"))).expect("the run reads it");
    }
    drop(writer);
    assert_eq!(records(&run.finish().exited(0).stdout).len(), 3);
}

#[test]
fn a_folder_as_standard_input_is_refused() {
    let mut command = scrape(["-"]);
    command.stdin(fs::File::open(fixture("site")).expect("the file exists")).stderr(Stdio::piped());
    let (code, error) = end_of(command.spawn().expect("gleaner starts"), PROMPTLY);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("standard input: it is a folder"), "{error}");
}

#[test]
fn the_worker_command_is_refused_on_the_command_line() {
    let mut command = gleaner();
    command.arg("worker");
    let run = Run::to_end(command).exited(2);
    assert!(run.stderr.contains("is started by `gleaner run`"), "{}", run.stderr);
}

#[test]
fn the_exit_code_is_3_with_failures_and_0_without() {
    let server = Server::start();
    for (path, code) in [("/ok/0", 0), ("/status/404", 3), ("/reset", 3)] {
        let run = scrape_list(&[server.url("/ok/1"), server.url(path)], ["--max-retries", "0"]).finish().exited(code);
        assert_eq!(records(&run.stdout).len(), 2, "{path}");
    }
}
