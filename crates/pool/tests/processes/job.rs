//! A job that does what it is told, bad things included.

use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Duration;

use gleaner_pool::{Builder, Job, Line, Pool};
use serde::{Deserialize, Serialize};

/// What leaks.
static HOARD: std::sync::Mutex<Vec<Vec<u8>>> = std::sync::Mutex::new(Vec::new());

/// The test's worker.
pub(crate) struct Act;

/// How a worker starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Start {
    Well,
    Slowly(Duration),
    Never,
    /// Two times in three, as the pid has it.
    Sometimes,
}

/// What a task does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Echo(Vec<u8>),
    /// Says this, and does not end before it is killed.
    Say(Vec<u8>),
    Sleep(Duration),
    /// Gives so many bytes.
    Give(usize),
    Panic(String),
    /// Panics with so many words.
    Boom(usize),
    Exit(i32),
    Abort,
    Signal(i32),
    /// Computes for ever.
    Spin,
    /// Takes memory until there is no more.
    Devour,
    /// Prints to standard output, and reads what standard input has.
    Chat,
    /// Keeps so many bytes for as long as the worker lives.
    Leak(usize),
    /// Starts a process that outlives it and holds its pipes, and dies.
    Leave,
    /// Starts a process that outlives the task, and gives its id.
    Raise,
    /// Leaves a thread of the runtime behind that does not end.
    Linger,
    /// Gives this sum, if it can.
    Total(u64),
    /// Cannot be read.
    Illegible(Illegible),
    /// Writes these bytes to the wire, behind the pool's back, and dies or goes on.
    Wire(Vec<u8>, bool),
}

/// What a task gave, and who did it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Done {
    pub pid: u32,
    pub bytes: bytes::Bytes,
    #[serde(serialize_with = "tell")]
    pub sum: u64,
}

/// Writes a sum; panics at the largest.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn tell<S: serde::Serializer>(sum: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    assert!(*sum != u64::MAX, "such a sum cannot be told");
    serializer.serialize_u64(*sum)
}

/// What panics where it is read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Illegible;

impl<'de> Deserialize<'de> for Illegible {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("what a hand")
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
            Start::Never => Err("the stars are against it".into()),
            Start::Sometimes if std::process::id().is_multiple_of(3) => Err("not today".into()),
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
            Deed::Boom(words) => panic!("{}", "é boom ".repeat(words)),
            Deed::Exit(status) => std::process::exit(status),
            Deed::Abort => std::process::abort(),
            Deed::Signal(number) => {
                // Rust's handler lets the first SIGSEGV pass that no bad access has caused.
                loop {
                    send_to(std::process::id(), number);
                    tokio::task::yield_now().await;
                }
            }
            Deed::Spin => loop {
                std::hint::spin_loop();
            },
            Deed::Devour => {
                let mut hoard = Vec::new();
                loop {
                    hoard.push(vec![1_u8; 8 << 20]);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Deed::Chat => {
                println!("a stray print");
                std::io::stdout().flush().expect("flushes");
                let mut line = String::new();
                done.sum = std::io::stdin().read_line(&mut line).expect("reads") as u64;
            }
            Deed::Leak(size) => HOARD.lock().expect("no panic").push(vec![1; size]),
            Deed::Leave => {
                // Its standard output and error are the worker's; the time is longer than the test's patience.
                std::process::Command::new("sleep").arg("6").spawn().expect("it starts");
                std::process::exit(1)
            }
            Deed::Raise => {
                let child = tokio::process::Command::new("sleep").arg("3600").spawn().expect("it starts");
                done.sum = child.id().expect("it runs").into();
            }
            Deed::Linger => {
                tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(3600)));
            }
            Deed::Total(sum) => done.sum = sum,
            Deed::Illegible(Illegible) => {}
            Deed::Wire(bytes, dies) => {
                wire().write_all(&bytes).expect("the wire takes it");
                if dies {
                    send_to(std::process::id(), 9);
                }
            }
        }
        done
    }
}

/// Bytes that differ from place to place.
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    let turn: Vec<u8> = (0..=250).collect();
    let mut bytes = turn.repeat(size / turn.len() + 1);
    bytes.truncate(size);
    bytes
}

/// The pipe to the parent: the one file above the standard three that is open for writing only.
fn wire() -> std::fs::File {
    let number = (3..64)
        .find(|number| {
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
            let target = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or("0").trim();
            target.to_string_lossy().starts_with("pipe:") && flags.ends_with('1')
        })
        .expect("a worker has a wire");
    std::fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{number}")).expect("the wire opens")
}

pub(crate) fn send_to(pid: u32, signal: i32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("a pid")).expect("a pid");
    let signal = rustix::process::Signal::from_named_raw(signal).expect("a signal");
    rustix::process::kill_process(pid, signal).expect("the process is there");
}

/// A pool of `workers`, to be refined.
pub(crate) fn pool(workers: usize) -> Builder<Act> {
    Pool::<Act>::builder().workers(workers)
}

pub(crate) fn many(concurrency: usize) -> NonZeroUsize {
    NonZeroUsize::new(concurrency).expect("some concurrency")
}

/// `count` tasks that give their own numbers back.
pub(crate) fn echoes(count: u32) -> Vec<Deed> {
    (0..count).map(|number| Deed::Echo(number.to_le_bytes().to_vec())).collect()
}

/// The children of this process, or of another.
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
    // The state follows the name, which may hold anything but ends with the last parenthesis.
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

/// How long anything may take that should not take long; generous, for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for a condition. True when it came about in time.
pub(crate) fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let begun = std::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
