//! Runs inside a worker: answers the parent's hello, sets the job up, runs its tasks, and ends when the parent says so or
//! is gone.

use std::io::{self, Write as _};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use tokio::net::unix::pipe;
use tokio_util::codec::FramedRead;

use super::job::{Job, JobError};
use super::outbox::Outbox;
use super::remote_error::with_causes;
use super::wire::{self, Frames, FromWorker, PROTOCOL, ToWorker};
use super::{Sandbox, User, line, panics, sandbox, unix, watch};

/// The environment variable that makes a process a worker, unless [`Builder::worker_variable`](crate::Builder) names
/// another.
pub const WORKER_VARIABLE: &str = "GLEANER_WORKER";

/// How the value of that variable begins, whatever the variable's name is. The parent's pid and the job's name follow.
const ROLE: &str = "gleaner-pool worker of ";

/// How long threads for blocking work are kept: practically for ever. If the runtime ended such a thread, the system
/// might not give it another one (`start_a_blocking_thread`).
const KEEP_THREADS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The exit status of a worker whose parent is already gone when the worker starts.
const ORPHAN: u8 = 3;

/// Returns the value that makes a process a worker of this process for `job`.
pub(super) fn role(job: &str) -> String {
    format!("{ROLE}{}: {job}", std::process::id())
}

/// Reads the parent's pid and the job's name from such a value.
fn read_role(value: &str) -> Option<(u32, &str)> {
    let (parent, job) = value.strip_prefix(ROLE)?.split_once(": ")?;
    Some((parent.parse().ok()?, job))
}

/// Returns the role of this process, if it has one. The variable is found by its value, so that this process does not
/// have to know the name that the parent chose.
fn own_role() -> Option<String> {
    let mut values = std::env::vars_os().filter_map(|(_, value)| value.into_string().ok());
    values.find(|value| read_role(value).is_some())
}

/// Returns whether this process was started as a worker of a pool.
pub fn is_worker() -> bool {
    own_role().is_some()
}

/// Runs this process as a worker, if it was started as one for the job `J`.
///
/// Call this at the start of `main`, once for each job that the program's pools run, before the program prints, reads or
/// starts anything:
///
/// ```no_run
/// # use std::process::ExitCode;
/// # fn program<Transform: gleaner_pool::Job>() -> ExitCode {
/// // At the start of main:
/// if let Some(code) = gleaner_pool::serve::<Transform>() {
///     return code;
/// }
/// // The program itself.
/// # ExitCode::SUCCESS }
/// ```
///
/// Returns `None` at once if this process is not a worker for `J`. In a worker it returns when the worker is done. The
/// program must then end with the returned code.
pub fn serve<J: Job>() -> Option<ExitCode> {
    let role = own_role()?;
    let (parent, job) = read_role(&role)?;
    if job != J::NAME {
        return None;
    }
    if !unix::die_with_parent(parent) {
        return Some(ExitCode::from(ORPHAN));
    }
    Some(match live::<J>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent reads this line and shows it among the worker's last words. If the parent is gone, nobody does.
            let _ = writeln!(io::stderr(), "worker {} for {job}: {error}", std::process::id());
            ExitCode::FAILURE
        }
    })
}

fn live<J: Job>() -> io::Result<()> {
    let wire = unix::take_over_stdio()?;
    panics::note_places();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().thread_keep_alive(KEEP_THREADS).build();
    let runtime = runtime.map_err(|error| io::Error::other(format!("its runtime cannot be set up ({error})")))?;
    let ended = runtime.block_on(work::<J>(wire));
    // Does not wait for work that jobs have left on other threads, such as the lookup of a name.
    runtime.shutdown_background();
    ended
}

async fn work<J: Job>(wire: unix::Wire) -> io::Result<()> {
    let watched = wire.input.try_clone()?;
    let input = pipe::Receiver::from_owned_fd(wire.input)?;
    let output = pipe::Sender::from_owned_fd(wire.output)?;
    let mut frames = FramedRead::with_capacity(input, Frames::new(u32::MAX as usize), 64 << 10);
    let hello = frames.next().await.ok_or_else(|| broken("the parent closed the pipe before its hello"))??;
    let ToWorker::Hello { protocol, build, init, max_output, sandbox, user } = wire::decode(&hello)? else {
        return Err(broken("the parent's first message is not a hello"));
    };
    let own = unix::build_id()?;
    let outbox = Arc::new(Outbox::<J>::new(output, usize::try_from(max_output).unwrap_or(usize::MAX)));
    // Must run before there is a second thread, because in the kernel each thread has its own user.
    let changed = user.map_or(Ok(()), User::become_it);
    let given_up = match watch::begin(watched, Arc::clone(&outbox)) {
        Ok(given_up) => given_up,
        Err(error) => return refuse(&outbox, no_thread(&error.to_string())).await,
    };
    let resident = unix::resident_memory(std::process::id()).unwrap_or(0);
    let ready = |lacks| outbox.say(&FromWorker::Ready { protocol: PROTOCOL, build: &own, resident, lacks });
    if protocol != PROTOCOL || build != own {
        ready("");
        return outbox.flush().await;
    }
    line::open(&outbox);
    let changed = changed.map_err(|reason| format!("it cannot change its user: {reason}"));
    let job = match changed.and_then(|()| set_up::<J>(init)) {
        Ok(job) => Arc::new(job),
        Err(reason) => return refuse(&outbox, reason).await,
    };
    let lacks = sandbox::confine(sandbox, job.confinement().as_ref());
    if sandbox == Sandbox::Require && !lacks.is_empty() {
        outbox.say(&FromWorker::Unconfined { lacks: &lacks });
        outbox.flush().await?;
        return Err(io::Error::other(format!("it cannot be confined: the system lacks {lacks}")));
    }
    if let Err(JobError::Panic { message, .. }) = panics::caught(start_a_blocking_thread) {
        return refuse(&outbox, no_thread(&message)).await;
    }
    ready(&lacks);
    tokio::select! {
        // Nobody reads the results. The parent is gone, or has dropped this worker.
        _ = outbox.send_all() => unix::kill_own_group(),
        drained = take_jobs(&mut frames, &job, &outbox, &given_up) => {
            drained?;
            outbox.drained().await?;
            outbox.say(&FromWorker::Bye);
            outbox.flush().await
        }
    }
}

/// Tells the parent why this worker cannot start, and ends the worker.
async fn refuse<J: Job>(outbox: &Outbox<J>, mut reason: String) -> io::Result<()> {
    panics::shorten(&mut reason);
    outbox.say(&FromWorker::Refused { reason: &reason });
    outbox.flush().await?;
    Err(io::Error::other(reason))
}

fn no_thread(error: &str) -> String {
    format!("no thread can be started ({error}); is there a limit on processes (ulimit -u, or that of a container)?")
}

/// Starts one of the runtime's threads for blocking work, such as the lookup of names. If the system refuses another
/// thread later, work waits for the existing ones. If there is no such thread at all, the runtime panics.
fn start_a_blocking_thread() {
    tokio::task::spawn_blocking(|| ());
}

fn set_up<J: Job>(init: &[u8]) -> Result<J, String> {
    let started = panics::caught(|| {
        let init = postcard::from_bytes(init).map_err(|error| format!("its init value cannot be read ({error})"))?;
        J::start(init).map_err(|error| with_causes(&*error))
    });
    started.map_err(|error| error.to_string())?
}

/// Starts the jobs that arrive, until the parent says that no more come.
async fn take_jobs<J: Job>(
    frames: &mut FramedRead<pipe::Receiver, Frames>,
    job: &Arc<J>,
    outbox: &Arc<Outbox<J>>,
    given_up: &mpsc::Receiver<()>,
) -> io::Result<()> {
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        match wire::decode(&frame)? {
            ToWorker::Jobs(jobs) => {
                // Waits until the watch thread has given up its rights, too. The channel closes without a message,
                // usually long before the first job.
                let _ = given_up.recv();
                for one in jobs {
                    outbox.begun(one.id);
                    let payload = frame.slice_ref(one.payload);
                    tokio::spawn(run(Arc::clone(job), Arc::clone(outbox), one.id, one.merge, payload));
                }
            }
            ToWorker::Drain => return Ok(()),
            ToWorker::Hello { .. } => return Err(broken("the parent sent a second hello")),
        }
    }
    // The parent is gone, or has dropped this worker.
    unix::kill_own_group()
}

/// Runs a job and turns a panic into an error, whether the panic happens when the task is read or when it runs.
async fn run<J: Job>(job: Arc<J>, outbox: Arc<Outbox<J>>, id: u64, merge: Option<u64>, payload: Bytes) {
    let running = async {
        let task = postcard::from_bytes(&payload);
        // A task may have megabytes. Nobody needs its frame any more.
        drop(payload);
        match task {
            Ok(task) => Ok(job.run(task).await),
            Err(error) => Err(panics::unserializable(&error)),
        }
    };
    let ended = watch::marked(id, AssertUnwindSafe(running).catch_unwind()).await;
    outbox.finished(id, merge, ended.unwrap_or_else(|payload| Err(panics::to_error(&*payload))));
}

fn broken(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
