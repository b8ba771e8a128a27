//! Runs `gleaner` as a user does, with a time limit.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use super::{PROMPTLY, Process, Terminal, fixture};

/// Default time limit of a run. Only a run that hangs takes that long.
const DEFAULT_CAP: Duration = Duration::from_secs(60);

/// The program under test, in an environment that does not change its behaviour.
pub(crate) fn gleaner() -> Command {
    in_clean_surroundings(env!("CARGO_BIN_EXE_gleaner"))
}

/// A shell that runs this script in the same environment. `$0` is the program under test.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = in_clean_surroundings("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_gleaner")]);
    command
}

/// A program without the environment variables that change the behaviour of Gleaner.
pub(crate) fn in_clean_surroundings(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| changes_behaviour(name)) {
        command.env_remove(name);
    }
    // This folder contains no settings. The folder where the tests were started may contain some.
    command.current_dir(fixture("site"));
    command
}

/// `gleaner run` with these arguments.
pub(crate) fn scrape<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let mut command = gleaner();
    command.arg("run").args(arguments);
    command
}

/// Starts a run that reads these lines from standard input and writes JSON Lines to standard output.
pub(crate) fn scrape_list<I: IntoIterator<Item: AsRef<OsStr>>>(list: &[String], arguments: I) -> Run {
    let mut command = scrape(["-", "--format", "jsonl"]);
    command.args(arguments);
    Run::fed(command, list.iter().flat_map(|line| [line, "\n"]).collect::<String>().into_bytes())
}

/// Whether an environment variable of this name can change the result of a run.
pub(crate) fn changes_behaviour(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    let begins = ["gleaner_", "rust_", "ssl_cert_"];
    begins.iter().any(|begin| name.starts_with(begin))
        || name.ends_with("_proxy")
        || name.contains("color")
        || name == "columns"
}

/// A running program. If it is dropped before its end, it is killed.
pub(crate) struct Run {
    child: Child,
    command: String,
    begin: Instant,
    cap: Duration,
    ended: Receiver<()>,
    stdout: Collected,
    stderr: Collected,
}

/// The result of a program.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; `None` if a signal ended the program.
    pub(crate) code: Option<i32>,
    /// The signal that ended it, if one did.
    pub(crate) signal: Option<i32>,
    /// Everything that it wrote to standard output.
    pub(crate) stdout: String,
    /// Everything that it and its workers wrote to standard error.
    pub(crate) stderr: String,
    /// Time from start to end.
    pub(crate) elapsed: Duration,
}

impl Finished {
    /// Fails the test and shows standard error if the exit code is another one.
    #[track_caller]
    pub(crate) fn exited(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "signal {:?}, standard error:\n{}", self.signal, self.stderr);
        self
    }
}

impl Run {
    /// Starts the program with an empty standard input.
    pub(crate) fn start(command: Command) -> Self {
        Self::fed(command, Vec::new())
    }

    /// Starts the program with an empty standard input, and standard error on `terminal`, which is its controlling terminal.
    /// `stderr` of the result is what the terminal got.
    pub(crate) fn on_terminal(command: &Command, terminal: &Terminal) -> Self {
        // `setsid` makes the terminal that is its standard input the controlling one, and then becomes the program.
        let mut on_it = Command::new("setsid");
        on_it.arg("--ctty").arg(command.get_program()).args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            on_it.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => on_it.env(name, value),
                None => on_it.env_remove(name),
            };
        }
        on_it.stdin(terminal.program_side()).stdout(Stdio::piped()).stderr(terminal.program_side());
        let mut child = on_it.spawn().expect("setsid starts");
        Self {
            begin: Instant::now(),
            command: format!("{on_it:?}"),
            cap: DEFAULT_CAP,
            ended: announce_end(child.id()),
            stdout: Collected::of(child.stdout.take().expect("it is piped")),
            stderr: Collected::of(terminal.person_side()),
            child,
        }
    }

    /// Starts the program with `input` as its standard input.
    pub(crate) fn fed(mut command: Command, input: Vec<u8>) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program under test starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A program may close its standard input before the end.
        thread::spawn(move || stdin.write_all(&input));
        Self {
            begin: Instant::now(),
            command: format!("{command:?}"),
            cap: DEFAULT_CAP,
            ended: announce_end(child.id()),
            stdout: Collected::of(child.stdout.take().expect("it is piped")),
            stderr: Collected::of(child.stderr.take().expect("it is piped")),
            child,
        }
    }

    /// Starts the program and waits for its end.
    #[track_caller]
    pub(crate) fn to_end(command: Command) -> Finished {
        Self::start(command).finish()
    }

    /// The same run with another time limit.
    pub(crate) fn within(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The workers that are running now.
    pub(crate) fn workers(&self) -> Vec<Process> {
        Process::children_of(self.pid())
    }

    /// Sends a signal to the program (not to its workers).
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = Process::running(self.pid()) {
            process.signal(signal);
        }
    }

    /// Everything that it has written to standard output so far.
    pub(crate) fn stdout_so_far(&self) -> String {
        self.stdout.text()
    }

    /// Everything that it has written to standard error so far.
    pub(crate) fn stderr_so_far(&self) -> String {
        self.stderr.text()
    }

    /// Waits for the end. Kills a program that exceeds its time limit, together with its workers, and fails the test.
    /// Also fails the test if a process stays behind that holds standard output or standard error open.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Finished {
        let workers = match self.ended.recv_timeout(self.cap.saturating_sub(self.begin.elapsed())) {
            Ok(()) => Vec::new(),
            Err(_) => self.workers(),
        };
        let hung = Process::running(self.pid()).is_some();
        if hung {
            self.kill_with(&workers);
        }
        let elapsed = self.begin.elapsed();
        let status = self.child.wait().expect("our own child can be waited for");
        let limit = self.cap.min(PROMPTLY);
        let closed = self.stdout.is_closed_within(limit) && self.stderr.is_closed_within(limit);
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        assert!(
            !hung,
            "hung, and was killed after {:?} with {} workers: {}\nstandard output:\n{stdout}\nstandard error:\n{stderr}",
            self.cap,
            workers.len(),
            self.command
        );
        assert!(closed, "ended, but a process stayed behind that holds its output open: {}\n{stderr}", self.command);
        Finished { code: status.code(), signal: status.signal(), stdout, stderr, elapsed }
    }

    fn kill_with(&self, workers: &[Process]) {
        self.signal(Signal::KILL);
        for worker in workers {
            worker.signal(Signal::KILL);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Both fail only if the child has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a program whose other streams the test holds itself; returns its exit code and standard error. Kills it
/// after `cap` and fails the test.
#[track_caller]
pub(crate) fn end_of(mut child: Child, cap: Duration) -> (Option<i32>, String) {
    let ended = announce_end(child.id()).recv_timeout(cap).is_ok();
    if !ended {
        // Its workers end too.
        child.kill().expect("our own child can be killed");
    }
    let status = child.wait().expect("our own child can be waited for");
    let stderr = Collected::of(child.stderr.take().expect("standard error was asked for"));
    let closed = stderr.is_closed_within(PROMPTLY);
    assert!(ended, "hung, and was killed after {cap:?}: {}", stderr.text());
    assert!(closed, "ended, but a process stayed behind that holds its standard error open: {}", stderr.text());
    (status.code(), stderr.text())
}

/// Announces the end of a child without reaping it, so that its pid is not reused before its owner reaps it.
fn announce_end(pid: u32) -> Receiver<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a pid is positive");
    let (ended, receiver) = mpsc::channel();
    thread::spawn(move || {
        let exited = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), exited), Err(Errno::INTR)) {}
        ended.send(())
    });
    receiver
}

/// The output of a pipe, collected by a thread so that neither side blocks.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    closed: Receiver<()>,
}

impl Collected {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (end, closed) = mpsc::channel();
        let sink = Arc::clone(&bytes);
        thread::spawn(move || {
            let mut piece = [0; 8 * 1024];
            while let Ok(length @ 1..) = pipe.read(&mut piece) {
                sink.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..length]);
            }
            end.send(())
        });
        Self { bytes, closed }
    }

    /// Waits until every process has closed the other end; returns false after `limit`.
    fn is_closed_within(&self, limit: Duration) -> bool {
        self.closed.recv_timeout(limit).is_ok()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
