//! `gleaner` as a user runs it, under a wall-clock cap.

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

use super::{PROMPTLY, Process, fixture};

/// No run of a test takes this long unless it hangs.
const CAP: Duration = Duration::from_secs(60);

/// The program under test, in surroundings in which nothing of the caller's changes what it does.
pub(crate) fn gleaner() -> Command {
    in_clean_surroundings(env!("CARGO_BIN_EXE_gleaner"))
}

/// A shell that runs this script in the same surroundings. The program under test is its `$0`.
pub(crate) fn shell(script: &str) -> Command {
    let mut command = in_clean_surroundings("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_gleaner")]);
    command
}

pub(crate) fn in_clean_surroundings(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| changes_behaviour(name)) {
        command.env_remove(name);
    }
    // A folder without settings. Somebody may have left some where the tests were started.
    command.current_dir(fixture("site"));
    command
}

/// `gleaner run` with these arguments.
pub(crate) fn scrape<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Command {
    let mut command = gleaner();
    command.arg("run").args(arguments);
    command
}

/// A run over these lines, which come in on standard input, as JSON Lines on standard output.
pub(crate) fn scrape_list<I: IntoIterator<Item: AsRef<OsStr>>>(list: &[String], arguments: I) -> Run {
    let mut command = scrape(["-", "--format", "jsonl"]);
    command.args(arguments);
    Run::fed(command, list.iter().flat_map(|line| [line, "\n"]).collect::<String>().into_bytes())
}

/// Whether a variable of this name would make a run differ from machine to machine.
pub(crate) fn changes_behaviour(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    let begins = ["gleaner_", "rust_", "ssl_cert_"];
    begins.iter().any(|begin| name.starts_with(begin))
        || name.ends_with("_proxy")
        || name.contains("color")
        || name == "columns"
}

/// A program that runs. Dropped before its end, it is killed.
pub(crate) struct Run {
    child: Child,
    command: String,
    begin: Instant,
    cap: Duration,
    ended: Receiver<()>,
    stdout: Collected,
    stderr: Collected,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Its exit code; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it, if one did.
    pub(crate) signal: Option<i32>,
    /// All it wrote to standard output.
    pub(crate) stdout: String,
    /// All it wrote to standard error, its workers' part included.
    pub(crate) stderr: String,
    /// From start to end.
    pub(crate) elapsed: Duration,
}

impl Finished {
    /// Fails the test, showing standard error, unless the exit code is this one.
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

    /// Starts the program with this on its standard input.
    pub(crate) fn fed(mut command: Command, input: Vec<u8>) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program under test starts");
        let mut stdin = child.stdin.take().expect("it was asked for");
        // A program that does not read to the end closes the pipe, which is its right.
        thread::spawn(move || stdin.write_all(&input));
        Self {
            begin: Instant::now(),
            command: format!("{command:?}"),
            cap: CAP,
            ended: announce_end(child.id()),
            stdout: Collected::of(child.stdout.take().expect("it was asked for")),
            stderr: Collected::of(child.stderr.take().expect("it was asked for")),
            child,
        }
    }

    /// Starts the program and waits for its end.
    #[track_caller]
    pub(crate) fn to_end(command: Command) -> Finished {
        Self::start(command).finish()
    }

    /// The same run with another cap.
    pub(crate) fn within(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// The process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The workers that run at this moment.
    pub(crate) fn workers(&self) -> Vec<Process> {
        Process::children_of(self.pid())
    }

    /// Sends a signal to the program (not to its workers).
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = Process::running(self.pid()) {
            process.signal(signal);
        }
    }

    /// What it has written to standard output so far.
    pub(crate) fn stdout_so_far(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to standard error so far.
    pub(crate) fn stderr_so_far(&self) -> String {
        self.stderr.text()
    }

    /// Waits for the end. A program that is not done within the cap is killed together with its workers, and fails
    /// the test; so does one that leaves a process behind which holds its standard output or error open.
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
        let patience = self.cap.min(PROMPTLY);
        let closed = self.stdout.is_closed_within(patience) && self.stderr.is_closed_within(patience);
        let (stdout, stderr) = (self.stdout.text(), self.stderr.text());
        assert!(
            !hung,
            "hung, and was killed after {:?} with {} workers: {}\nstandard output:\n{stdout}\nstandard error:\n{stderr}",
            self.cap,
            workers.len(),
            self.command
        );
        assert!(closed, "ended, but left a process behind that holds its output open: {}\n{stderr}", self.command);
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
        // Both fail only where there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The exit code and the standard error of a program whose other streams the test holds itself. One that is not done
/// within the cap is killed, and fails the test.
#[track_caller]
pub(crate) fn end_of(mut child: Child, cap: Duration) -> (Option<i32>, String) {
    let ended = announce_end(child.id()).recv_timeout(cap).is_ok();
    if !ended {
        // Its workers go with it.
        child.kill().expect("our own child can be killed");
    }
    let status = child.wait().expect("our own child can be waited for");
    let stderr = Collected::of(child.stderr.take().expect("standard error was asked for"));
    let closed = stderr.is_closed_within(PROMPTLY);
    assert!(ended, "hung, and was killed after {cap:?}: {}", stderr.text());
    assert!(closed, "ended, but left a process behind that holds its standard error open: {}", stderr.text());
    (status.code(), stderr.text())
}

/// Tells when a child has ended, and leaves it to its owner to reap it: until then the number is not given away.
fn announce_end(pid: u32) -> Receiver<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a child has a positive number");
    let (ended, receiver) = mpsc::channel();
    thread::spawn(move || {
        let exited = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), exited), Err(Errno::INTR)) {}
        ended.send(())
    });
    receiver
}

/// What comes out of a pipe, collected by a thread so that neither side waits for the other.
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

    /// Waits for the other end to be closed by everyone who holds it; false if somebody does not.
    fn is_closed_within(&self, patience: Duration) -> bool {
        self.closed.recv_timeout(patience).is_ok()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}
