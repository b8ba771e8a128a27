//! A job whose tasks say what it does, including harmful actions.

use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Duration;

use gleaner_pool::{Builder, Job, Line, Pool};
use serde::{Deserialize, Serialize};

/// The memory that [`Deed::Leak`] leaks.
static LEAKED: std::sync::Mutex<Vec<Vec<u8>>> = std::sync::Mutex::new(Vec::new());

/// The job of the tests.
pub(crate) struct Act;

/// How a worker starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Start {
    Well,
    Slowly(Duration),
    Never,
    /// Starts two times in three, depending on the pid.
    Sometimes,
}

/// What a task does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Echo(Vec<u8>),
    /// Sends this note, and does not end before it is killed.
    Say(Vec<u8>),
    Sleep(Duration),
    /// Returns so many bytes.
    Give(usize),
    Panic(String),
    /// Panics with a message of so many words.
    PanicAtLength(usize),
    Exit(i32),
    Abort,
    Signal(i32),
    /// Computes for ever.
    Spin,
    /// Allocates memory until it is killed.
    TakeAllMemory,
    /// Prints to standard output, and reads from standard input.
    UseStdio,
    /// Keeps so many bytes for as long as the worker lives.
    Leak(usize),
    /// Starts a process that keeps the worker's pipes open, and ends the worker.
    OrphanAndDie,
    /// Starts a process that outlives the task, and returns its pid.
    StartProcess,
    /// Leaves a thread of the runtime running for ever.
    LeaveThread,
    /// Returns this sum. The largest number cannot be serialized.
    Sum(u64),
    /// Panics when the worker deserializes it.
    Unreadable(Unreadable),
    /// Writes these bytes directly to the pipe to the parent. If the flag is set, it then kills the worker.
    Wire(Vec<u8>, bool),
}

/// The output of a task, and the pid of its worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Done {
    pub pid: u32,
    pub bytes: bytes::Bytes,
    #[serde(serialize_with = "serialize_sum")]
    pub sum: u64,
}

/// Serializes a sum. Panics at the largest number.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn serialize_sum<S: serde::Serializer>(sum: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    assert!(*sum != u64::MAX, "this sum cannot be serialized");
    serializer.serialize_u64(*sum)
}

/// A value that panics when it is deserialized.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Unreadable;

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("this task cannot be read")
    }
}

impl Job for Act {
    const NAME: &'static str = "act";
    type Init = Start;
    type Task = Deed;
    type Output = Done;
    const MERGE: Option<fn(Done, Done) -> Done> = Some(|a, b| Done {
        pid: a.pid,
        bytes: bytes::Bytes::new(),
        sum: a.sum.checked_add(b.sum).expect("no overflow"),
    });

    fn start(how: Start) -> Result<Self, Box<dyn Error + Send + Sync>> {
        match how {
            Start::Slowly(time) => {
                std::thread::sleep(time);
                Ok(Self)
            }
            Start::Never => Err("this worker never starts".into()),
            Start::Sometimes if std::process::id().is_multiple_of(3) => Err("this worker does not start".into()),
            Start::Well | Start::Sometimes => Ok(Self),
        }
    }

    async fn run(&self, deed: Deed) -> Done {
        let mut done = Done { pid: std::process::id(), bytes: bytes::Bytes::new(), sum: 0 };
        match deed {
            Deed::Echo(bytes) => {
                done.sum = bytes.iter().map(|byte| u64::from(*byte)).sum();
                done.bytes = bytes.into();
            }
            Deed::Say(note) => {
                Line::of_this_job().expect("a job").say(&note);
                std::future::pending::<()>().await;
            }
            Deed::Sleep(time) => tokio::time::sleep(time).await,
            Deed::Give(size) => done.bytes = pattern(size).into(),
            Deed::Panic(text) => panic!("{text}"),
            Deed::PanicAtLength(words) => panic!("{}", "é boom ".repeat(words)),
            Deed::Exit(status) => std::process::exit(status),
            Deed::Abort => std::process::abort(),
            Deed::Signal(number) => {
                // Rust's handler ignores the first SIGSEGV that was not caused by an invalid access.
                loop {
                    send_to(std::process::id(), number);
                    tokio::task::yield_now().await;
                }
            }
            Deed::Spin => loop {
                std::hint::spin_loop();
            },
            Deed::TakeAllMemory => {
                let mut taken = Vec::new();
                loop {
                    taken.push(vec![1_u8; 8 << 20]);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Deed::UseStdio => {
                println!("a stray print");
                std::io::stdout().flush().expect("flushes");
                let mut line = String::new();
                done.sum = std::io::stdin().read_line(&mut line).expect("reads") as u64;
            }
            Deed::Leak(size) => LEAKED.lock().expect("no panic").push(vec![1; size]),
            Deed::OrphanAndDie => {
                // Its standard output and error are those of the worker. It runs for longer than the test may take.
                std::process::Command::new("sleep").arg("6").spawn().expect("it starts");
                std::process::exit(1)
            }
            Deed::StartProcess => {
                let child = tokio::process::Command::new("sleep").arg("3600").spawn().expect("it starts");
                done.sum = child.id().expect("it runs").into();
            }
            Deed::LeaveThread => {
                tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(3600)));
            }
            Deed::Sum(sum) => done.sum = sum,
            Deed::Unreadable(Unreadable) => {}
            Deed::Wire(bytes, dies) => {
                wire().write_all(&bytes).expect("the pipe takes the bytes");
                if dies {
                    send_to(std::process::id(), 9);
                }
            }
        }
        done
    }
}

/// Returns bytes that repeat only after 251 bytes.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    let turn: Vec<u8> = (0..=250).collect();
    let mut bytes = turn.repeat(size / turn.len() + 1);
    bytes.truncate(size);
    bytes
}

/// Opens the pipe to the parent: the only pipe besides the standard streams that is open for writing only.
fn wire() -> std::fs::File {
    let number = (3..64)
        .find(|number| {
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
            let target = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or("0").trim();
            target.to_string_lossy().starts_with("pipe:") && flags.ends_with('1')
        })
        .expect("a worker has a pipe to its parent");
    std::fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{number}")).expect("the pipe opens")
}

pub(crate) fn send_to(pid: u32, signal: i32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    let signal = rustix::process::Signal::from_named_raw(signal).expect("a signal");
    rustix::process::kill_process(pid, signal).expect("the process exists");
}

/// Returns a builder of a pool with `workers` workers.
pub(crate) fn pool(workers: usize) -> Builder<Act> {
    Pool::<Act>::builder().workers(workers)
}

pub(crate) fn many(concurrency: usize) -> NonZeroUsize {
    NonZeroUsize::new(concurrency).expect("some concurrency")
}

/// Returns `count` tasks that return their own numbers.
pub(crate) fn echoes(count: u32) -> Vec<Deed> {
    (0..count).map(|number| Deed::Echo(number.to_le_bytes().to_vec())).collect()
}

/// Returns the child processes of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let mut all = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(list.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    all
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name. The name may contain any characters and ends with the last parenthesis.
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

/// How long a test waits for something that normally takes only moments. The machine may be busy.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Waits until a condition is true. Returns false if it does not become true in time.
pub(crate) fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let begun = std::time::Instant::now();
    while begun.elapsed() < LONGEST_WAIT {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
