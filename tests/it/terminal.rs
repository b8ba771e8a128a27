//! What a person sees on a terminal, and what a program reads that stands in the place of one.

use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::{PROMPTLY, Run, Server, Terminal, gleaner, records, scrape, scrape_list, wait_until};

/// The key that interrupts.
const CTRL_C: u8 = 3;

/// How soon Ctrl-C must be answered.
const AT_ONCE: Duration = Duration::from_millis(100);

/// What stands on the terminal without colours and other sequences, piece by piece: each was written from the beginning of
/// a row on.
fn pieces(bytes: &str) -> Vec<String> {
    let sequence = regex::Regex::new("\x1b\\[[?0-9;]*[A-Za-z]").expect("an expression");
    let text = sequence.replace_all(bytes, "").into_owned();
    text.split(['\r', '\n']).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

/// The pieces that are the progress line.
fn progress(bytes: &str) -> Vec<String> {
    pieces(bytes).into_iter().filter(|piece| piece.starts_with(['|', '/', '-', '\\'])).collect()
}

fn on_terminal(mut command: Command, terminal: &Terminal) -> Run {
    command.env("TERM", "xterm-256color").env("LC_ALL", "C");
    Run::on_terminal(&command, terminal)
}

// ---- progress ----------------------------------------------------------------------------------------------------

#[test]
fn the_progress_fits_into_any_terminal_and_names_what_the_run_waits_for() {
    let server = Server::start();
    thread::scope(|scope| {
        for columns in [200, 80, 60, 40, 24] {
            let server = &server;
            scope.spawn(move || look_at_a_run_that_waits(server, columns));
        }
    });
}

fn look_at_a_run_that_waits(server: &Server, columns: u16) {
    let long = "x".repeat(300);
    let list = [
        server.url("/ok/日本語のページ"),
        server.url("/status/404"),
        server.url(&format!("/flaky/1/{columns}?retry-after=5")),
        server.url(&format!("/status/404/{long}")),
    ];
    let terminal = Terminal::new(columns, 20);
    let mut command = scrape(list);
    let is_full = columns > 60;
    command.args(["-w", "1", "-v", "--progress", if is_full { "full" } else { "auto" }]);
    let run = on_terminal(command, &terminal);
    let words = if columns >= 80 { &["waiting for 127.0.0.1:"][..] } else { &["127.0.0.1:", "Retry-After, ", "wait "] };
    let is_named = |line: &String| line.contains("3/4") && words.iter().any(|words| line.contains(words));
    wait_until("a named wait", PROMPTLY, || progress(&run.stderr_so_far()).iter().any(is_named));
    let before = run.stderr_so_far().len();
    terminal.resize(columns / 2, 20);
    wait_until("a drawing of the new size", PROMPTLY, || {
        let lines = progress(&run.stderr_so_far()[before..]);
        lines.len() > 2 && lines.last().is_some_and(|line| line.chars().count() < usize::from(columns / 2))
    });
    let seen = run.finish().exited(3).stderr;
    let lines = progress(&seen);
    assert!(lines.iter().all(|line| line.chars().count() < usize::from(columns)), "{columns}: {lines:?}");
    let pieces = pieces(&seen);
    assert_eq!(pieces.iter().any(|line| line.starts_with("pid ")), is_full, "{columns}");
    // Messages stand alone on their rows.
    let messages: Vec<&String> = pieces.iter().filter(|piece| piece.contains("INFO")).collect();
    assert!(messages.iter().all(|line| line.starts_with(" INFO ")) && messages.len() >= 5, "{messages:?}");
    assert!(pieces.iter().any(|piece| piece.starts_with("4 tasks: 2 with data, 2 failed (404 x 2); ")), "{seen}");
}

#[test]
fn a_plain_line_comes_every_ten_seconds_where_nothing_can_be_drawn() {
    let server = Server::start();
    let list = [server.url("/ok/0"), server.url("/sleep/10500/1")];
    let runs = [&[][..], &["-q"], &["--progress", "never"], &["--progress", "full"], &["--log-format", "json"]]
        .map(|flags| (flags, scrape_list(&list, flags)));
    for (flags, run) in runs {
        let said = run.finish().exited(0).stderr;
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("progress: ")).collect();
        let is_shown = flags.is_empty() || flags.contains(&"full");
        assert_eq!(
            lines.len(),
            if is_shown { 2 } else { 0 },
            "one after ten seconds and one at the end: {flags:?}: {said}"
        );
        let words = ["progress: 1/2, ", "1 page of 127.0.0.1:"];
        assert!(!is_shown || words.iter().all(|words| lines[0].contains(words)), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
    assert!(!scrape_list(&list[..1], [""; 0]).finish().exited(0).stderr.contains("progress"));
}

/// The name of a run, how long the pages of each host take in milliseconds, and how many pauses a host asks for, which take
/// 20 s together.
type Shape = (&'static str, fn(usize) -> u64, usize);

/// The seconds of a time such as `1 min 25 s`.
fn seconds(words: &str) -> f64 {
    let words: Vec<&str> = words.split_whitespace().collect();
    let unit = |unit: &str| match unit {
        "s" => 1.0,
        "min" => 60.0,
        other => panic!("{other}"),
    };
    words.chunks(2).map(|pair| pair[0].parse::<f64>().expect("a number") * unit(pair[1])).sum()
}

#[test]
#[ignore = "20,000 pages, which take minutes; run it alone: cargo test --test it -- --ignored the_time_left"]
fn the_time_left_that_is_shown_after_a_third_is_right_within_30_percent() {
    // Each port is a host of its own.
    let servers: Vec<Server> = (0..50).map(|_| Server::start()).collect();
    let shapes: [Shape; 3] = [
        ("five slow hosts, and one that pauses for 20 s", |host| if host < 5 { 600 } else { 50 }, 1),
        ("two slow hosts, and one that pauses twice", |host| if host < 2 { 900 } else { 50 }, 2),
        ("equal hosts", |_| 100, 0),
    ];
    for (shape, time, pauses) in shapes {
        let mut state = 7_u64;
        let list: Vec<String> = (0..20_000)
            .map(|page| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let host = usize::try_from(state >> 33).expect("31 bits") % servers.len();
                let path = if host == 17 && page < 2_000 && page / 1_000 < pauses && page % 1_000 < 50 {
                    format!("/flaky/1/{}-{page}?retry-after={}", shape.len(), 20 / pauses)
                } else {
                    format!("/sleep/{}/{page}", time(host))
                };
                servers[host].url(&path)
            })
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("list"), list.join("\n")).expect("written");
        let mut command = scrape(["list", "-o", "out.jsonl", "-w", "4", "--no-robots", "--per-host", "4"]);
        command.current_dir(&folder);
        let run = on_terminal(command, &Terminal::new(200, 24)).within(Duration::from_secs(500)).finish().exited(0);
        let total = run.elapsed.as_secs_f64();
        let line = progress(&run.stderr)
            .into_iter()
            .find(|line| {
                let clock = line.split("  ").nth(1).and_then(|clock| clock.split_once(':'));
                clock.is_some_and(|(minutes, secs)| {
                    minutes.parse::<f64>().unwrap_or(0.0) * 60.0 + secs.parse::<f64>().unwrap_or(0.0)
                        >= (total / 3.0).floor()
                })
            })
            .expect("a line after a third");
        let shown = line.split("about ").nth(1).and_then(|rest| rest.split(" left").next()).expect("a time left");
        let share = seconds(shown) / (total * 2.0 / 3.0);
        // The figures of a test that is run alone are worth reading.
        let _ = writeln!(
            std::io::stderr(),
            "{shape}: {total:.0} s in all; after a third: {line} ({share:.2} of the time that remained)"
        );
        assert!((0.7..=1.3).contains(&share), "{shape}: {share:.2}: {line}");
    }
}

// ---- Ctrl-C ------------------------------------------------------------------------------------------------------

/// Starts a run on a terminal, waits until `begun` holds, presses Ctrl-C, and returns how long the answer took.
fn answer_time(command: Command, begun: impl Fn(&Run) -> bool, words: &str) -> Duration {
    let terminal = Terminal::new(80, 24);
    let run = on_terminal(command, &terminal);
    wait_until("the beginning", PROMPTLY, || begun(&run));
    let pressed = Instant::now();
    terminal.press(CTRL_C);
    wait_until(words, PROMPTLY, || run.stderr_so_far().contains(words));
    let took = pressed.elapsed();
    terminal.press(CTRL_C);
    run.finish().exited(130);
    took
}

/// The fastest of three, because other tests may keep the machine busy.
#[track_caller]
fn assert_fast(what: &str, mut attempt: impl FnMut() -> Duration) {
    let took = [attempt(), attempt(), attempt()];
    assert!(took.iter().min() < Some(&AT_ONCE), "{what}: {took:?}");
}

#[test]
fn ctrl_c_is_answered_at_once_while_pages_are_under_way() {
    let server = Server::start();
    assert_fast("two pages", || {
        let before = server.in_flight();
        let command = scrape([server.url("/hang"), server.url("/hang?2")]);
        let words = "stopping: 2 pages under way, up to 5 s; press again to stop now";
        answer_time(command, |_| server.in_flight() == before + 2, words)
    });
}

#[test]
fn ctrl_c_is_answered_at_once_while_the_list_is_silent() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("list");
    assert!(Command::new("mkfifo").arg(&list).status().expect("mkfifo runs").success());
    assert_fast("a silent list", || {
        let path = list.clone();
        let writer = thread::spawn(move || fs::OpenOptions::new().write(true).open(path).expect("a reader comes"));
        let mut command = scrape([&list]);
        command.args(["--progress", "always"]);
        let is_drawn =
            |run: &Run| progress(&run.stderr_so_far()).iter().any(|line| line.contains("waiting for the list"));
        let took = answer_time(command, is_drawn, "stopping: writing the output; press again to stop now");
        drop(writer.join());
        took
    });
}

#[test]
fn ctrl_c_is_answered_at_once_while_the_output_blocks() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("output");
    assert!(Command::new("mkfifo").arg(&output).status().expect("mkfifo runs").success());
    assert_fast("a blocked output", || {
        let path = output.clone();
        let reader = thread::spawn(move || fs::File::open(path).expect("a writer comes"));
        // More records than a FIFO holds.
        let list: Vec<String> = (0..400).map(|n| server.url(&format!("/ok/{n}"))).collect();
        let mut command = scrape(&list);
        command.args(["-f", "jsonl", "-o"]).arg(&output);
        let is_blocked =
            |run: &Run| progress(&run.stderr_so_far()).iter().any(|line| line.contains("writing the output"));
        let took = answer_time(command, is_blocked, "stopping: writing the output; press again to stop now");
        drop(reader.join());
        took
    });
}

// ---- the log -----------------------------------------------------------------------------------------------------

#[test]
fn verbose_output_names_further_tries_pauses_and_successors() {
    let server = Server::start();
    let list = [
        server.url("/flaky/1/a"),
        server.url("/flaky/1/b?retry-after=1"),
        server.url("/ok/0"),
        server.url("/ok/1"),
        server.url("/ok/2"),
    ];
    let flags = ["-v", "-w", "1", "--concurrency", "1", "--max-tasks-per-worker", "3", "--no-robots"];
    let run = scrape_list(&list, flags).finish().exited(0);
    let says = |what: &str| run.stderr.lines().filter(|line| line.starts_with(" INFO ") && line.contains(what)).count();
    assert_eq!(says(&format!("ms: {} (503 http_status)", list[0])), 1, "{}", run.stderr);
    assert_eq!(says(&format!("to be tried again in 1s: {} (503 http_status)", list[1])), 1, "{}", run.stderr);
    let host = format!("host {}", server.addr);
    assert_eq!(says(&format!("{host} asks for a pause: no requests to it for 1s")), 1, "{}", run.stderr);
    assert_eq!(says(&format!("{host} answers again")), 1, "{}", run.stderr);
    let pids: Vec<u32> = records(&run.stdout).iter().filter_map(|record| record.worker).collect();
    let replaced: Vec<&str> = run.stderr.lines().filter(|line| line.contains("takes its place")).collect();
    assert_eq!(replaced.len(), 2, "{}", run.stderr);
    for line in replaced {
        let named = pids.iter().filter(|pid| line.contains(&format!("worker {pid} "))).count();
        assert!(line.contains("ended after 3 jobs (quota), worker ") && named > 0, "{line}: {pids:?}");
    }
    assert!(!run.stderr.contains("DEBUG"), "{}", run.stderr);
    let run = scrape_list(&list[2..], ["-vv", "-w", "1"]).finish().exited(0);
    for what in ["is started", "gets 1 job", "is gone: finished after"] {
        assert!(
            run.stderr.lines().any(|line| line.starts_with("DEBUG pool: ") && line.contains(what)),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn sigusr1_writes_the_state_to_the_log_at_any_level() {
    let server = Server::start();
    let asks_for_pause = server.url("/status/503?retry-after=60");
    let list = [server.url("/hang"), asks_for_pause.replace("127.0.0.1", "localhost")];
    for flags in [&["-q"][..], &["-v"], &["--log-format", "json"]] {
        let run = scrape_list(&list, [&["-w", "1", "--no-robots"], flags].concat());
        wait_until("both requests", PROMPTLY, || server.in_flight() == 1 && server.hits("/status/503") > 0);
        let has_all = |said: &str| {
            [
                "0 tasks done, 0 of them failed, 2 under way, 1 in flight, 1 to be tried again".to_owned(),
                " in flight, ".to_owned(),
                format!("s: {}", list[0]),
                format!("host localhost:{}: Retry-After, ", server.addr.port()),
                " s more, 1 request waits".to_owned(),
            ]
            .iter()
            .all(|words| said.contains(words.as_str()))
        };
        // The answer of the second host may still be on its way, so the question is asked until all is there.
        let mut asked = 0;
        wait_until("the state", PROMPTLY, || {
            asked += 1;
            run.signal(Signal::USR1);
            let lines = |said: &str| said.matches("under way").count();
            wait_until("an answer", PROMPTLY, || lines(&run.stderr_so_far()) >= asked);
            has_all(&run.stderr_so_far())
        });
        run.signal(Signal::INT);
        run.signal(Signal::TERM);
        run.finish();
        wait_until("the end of the request", PROMPTLY, || server.in_flight() == 0);
    }
}

#[test]
fn sigusr1_ends_neither_a_run_that_has_not_begun_nor_a_worker() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let settings = folder.path().join("settings.toml");
    assert!(Command::new("mkfifo").arg(&settings).status().expect("mkfifo runs").success());
    let mut command = scrape([server.url("/sleep/500/1")]);
    command.args(["-w", "1", "-f", "jsonl", "-c"]).arg(&settings);
    let run = Run::start(command);
    // Waits until the run opens its settings.
    let mut writer = fs::OpenOptions::new().write(true).open(&settings).expect("the run reads it");
    run.signal(Signal::USR1);
    writer.write_all(b"[fetch]\nmax_retries = 0\n").expect("the run reads it");
    drop(writer);
    wait_until("the request", PROMPTLY, || server.in_flight() == 1);
    // `pkill -USR1 gleaner` asks the workers, too.
    run.workers().iter().for_each(|worker| worker.signal(Signal::USR1));
    let ended = run.finish().exited(0);
    assert_eq!((records(&ended.stdout)[0].attempts, server.hits("/sleep/500/1")), (1, 1), "{ended:?}");
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
}

#[test]
fn with_json_everything_on_standard_error_is_an_object_on_each_line() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.jsonl");
    let list = [server.url("/ok/0"), server.url("/status/404"), "non\u{1b}[31msense".to_owned()];
    let table: [(Vec<String>, i32, &str, &str); 7] = [
        (
            vec!["-v".into(), "-o".into(), output.display().to_string()],
            3,
            "INFO",
            "2 failed (404 x 1, invalid_url x 1)",
        ),
        (vec!["-vv".into(), "--progress=always".into()], 3, "DEBUG", "pool: "),
        (vec!["--insecure".into()], 3, "WARN", "certificates are not checked"),
        (vec!["--nonsense".into()], 2, "ERROR", "unexpected argument '--nonsense'"),
        (vec!["--workers".into(), "none".into()], 2, "ERROR", "pool.workers"),
        (vec!["no-such-list".into()], 2, "ERROR", "no-such-list"),
        (vec!["-q".into()], 3, "", ""),
    ];
    for (flags, code, level, words) in table {
        let mut command = scrape(["-f", "jsonl", "--log-format", "json"]);
        command.args(&flags).arg("-");
        let run = Run::fed(command, list.join("\n").into_bytes());
        let said = run.finish().exited(code).stderr;
        let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        for line in &lines {
            assert!(!line["message"].as_str().is_some_and(|message| message.starts_with("error:")), "{line}");
            let object = line.as_object().expect("an object");
            assert_eq!(object.len(), 5, "{line}");
            assert!(
                ["time", "level", "target", "message", "fields"].iter().all(|key| object.contains_key(*key)),
                "{line}"
            );
        }
        let is_there = lines.iter().any(|line| {
            line["level"] == level && line["message"].as_str().is_some_and(|message| message.contains(words))
        });
        assert!(is_there || level.is_empty() && lines.is_empty(), "{flags:?}: {said}");
        assert!(!said.contains(['\u{1b}', '\u{9b}']), "{said:?}");
        if let Some(closing) = lines.iter().find(|line| line["target"] == "gleaner::closing") {
            let fields = &closing["fields"];
            assert_eq!(
                (&fields["tasks"], &fields["failed"], &fields["ending"]),
                (&3.into(), &2.into(), &"complete".into())
            );
        }
    }
}

// ---- closing words -----------------------------------------------------------------------------------------------

#[test]
fn the_closing_words_say_what_failed_where_the_output_is_and_how_to_go_on() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let name = "it's the $HOME list.txt";
    let list: Vec<String> = (0..5)
        .map(|n| server.url(&format!("/status/404?{n}")))
        .chain([server.url("/flaky/1/x"), "nonsense".to_owned(), server.url("/ok/0")])
        .collect();
    fs::write(folder.path().join(name), list.join("\n")).expect("written");
    let mut command = gleaner();
    command
        .args([name, "-o", "out put.jsonl", "--max-retries", "0", "--set", "extract.x=h9::text"])
        .current_dir(&folder);
    let said = Run::to_end(command).exited(3).stderr;
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("8 tasks: 1 with data, 7 failed (404 x 5, 503 x 1, invalid_url x 1); 7 requests, "));
    let shown = [format!("  {}: 404 http_status", list[0]), format!("  {}: 503 http_status", list[5])];
    assert_eq!(lines[1..3], shown.each_ref().map(String::as_str), "{said}");
    assert!(lines[3].starts_with("  nonsense: invalid_url: no scheme"), "{said}");
    assert_eq!(lines[4..6], ["the field x was empty on every page", "written to out put.jsonl"], "{said}");
    let command = lines[6].strip_prefix("to fetch the failures again: ").expect("a command");
    assert_eq!(lines.len(), 7);
    // The page that failed once is served now.
    let mut shell = crate::support::in_clean_surroundings("sh");
    shell.args(["-c", command]).current_dir(&folder);
    let again = Run::to_end(shell).exited(3).stderr;
    assert!(again.contains(": 2 with data, 6 failed (404 x 5, invalid_url x 1); 6 requests, "), "{again}");
    assert!(again.contains("--retry-failed"), "there are still failures: {again}");
}

#[test]
fn an_interrupted_run_says_the_command_that_continues() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("list"), [server.url("/ok/0"), server.url("/hang")].join("\n")).expect("written");
    let mut command = scrape(["list", "-o", "out.jsonl"]);
    command.current_dir(&folder);
    let run = Run::start(command);
    let part = folder.path().join("out.jsonl.part");
    let has_record = || fs::read_to_string(&part).is_ok_and(|text| text.ends_with('\n'));
    wait_until("the pages", PROMPTLY, || server.in_flight() == 1 && has_record());
    run.signal(Signal::INT);
    run.signal(Signal::TERM);
    let said = run.finish().exited(130).stderr;
    assert!(said.contains("\nfinished records are kept beside "), "{said}");
    let command = said.lines().last().and_then(|line| line.strip_prefix("to continue: ")).expect("a command");
    let mut shell = crate::support::in_clean_surroundings("sh");
    shell.args(["-c", &format!("{command} --set fetch.timeout=100ms --max-retries 0")]).current_dir(&folder);
    let again = Run::to_end(shell);
    assert!(again.stderr.contains("2 tasks"), "{}", again.stderr);
}

#[test]
fn a_secret_of_the_command_line_is_not_said_again() {
    let server = Server::start();
    let folder = tempfile::tempdir().expect("a folder");
    let secret = server.url("/status/404").replace("http://", "http://user:hunter2@");
    for flags in [vec![secret.as_str()], vec!["-H", "X-Key: hunter2", "http://h.localhost:1/"]] {
        let mut command = scrape(&flags);
        command.args(["-o", "out.jsonl", "--max-retries", "0"]).current_dir(&folder);
        let said = Run::to_end(command).exited(3).stderr;
        assert!(!said.contains("hunter2"), "{said}");
        assert!(said.contains("run the same command with --retry-failed to fetch the failures again"), "{said}");
    }
}
