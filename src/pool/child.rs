//! One worker process, seen from the parent: started, fed, listened to, waited for. Decides nothing.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::codec::FramedRead;

use super::event::WorkerId;
use super::roster::{Exit, Ticket};
use super::wire::{self, Frames, FromWorker, WireResult};
use super::{Cause, JobError, unix};

/// A grandchild may hold the pipe of a worker that is gone. So long we wait for the pipe's end, and no longer.
const LEAK_LIMIT: Duration = Duration::from_millis(250);
/// Lines of standard error that are kept for a report of its death.
const LAST_WORDS: usize = 10;
/// Characters that are kept of each.
const LINE_LIMIT: usize = 500;

/// What a child has to say. The pool hears them all through one channel, in order for each child.
#[derive(Debug)]
pub(super) enum ChildEvent {
    Started {
        pid: u32,
    },
    Ready {
        build: String,
        protocol: u32,
        resident: u64,
        unconfined: Vec<String>,
    },
    /// It cannot be put into the sandbox, and must.
    Unconfined {
        reason: String,
    },
    Results {
        resident: u64,
        results: Vec<Finished>,
    },
    Beat {
        computing: Option<Ticket>,
    },
    Note {
        id: Ticket,
        note: Bytes,
    },
    Corrupt {
        reason: String,
    },
    /// The last one: the pipe is at its end, and the process has been waited for.
    Exited(Exit),
}

#[derive(Debug)]
pub(super) enum Finished {
    Output { id: Ticket, output: Bytes },
    Merged { ids: Vec<Ticket>, output: Bytes },
    Failed { id: Ticket, error: JobError },
}

/// The pool's hold on a child. Dropping it closes the child's standard input, which ends the child.
#[derive(Debug)]
pub(super) struct ChildHandle {
    orders: UnboundedSender<Order>,
}

#[derive(Debug)]
enum Order {
    Write(Bytes),
    Kill,
}

impl ChildHandle {
    pub(super) fn send(&self, frames: Bytes) {
        // A child that is gone takes no more; its end is reported by itself.
        let _ = self.orders.send(Order::Write(frames));
    }

    pub(super) fn kill(&self) {
        let _ = self.orders.send(Order::Kill);
    }
}

/// How a child is started.
pub(super) fn command(program: &std::path::Path, args: &[String], role: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(args)
        .env(super::worker::ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Of its own, so that Ctrl-C at a terminal reaches the parent alone, and a kill reaches what it started.
        .process_group(0)
        .kill_on_drop(true);
    #[cfg(unix)]
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    command
}

/// Starts a child and reports all that happens to it to `events`, until its end.
pub(super) fn start(
    id: WorkerId,
    command: Command,
    greeting: Bytes,
    frames: Frames,
    events: UnboundedSender<(WorkerId, ChildEvent)>,
) -> ChildHandle {
    let (orders, inbox) = unbounded_channel();
    let _ = orders.send(Order::Write(greeting));
    tokio::spawn(async move {
        let exit = match super::spawner::spawn(command).await {
            Ok(child) => live(id, child, inbox, frames, &events).await,
            Err(error) => Exit {
                said_bye: false,
                cause: Cause::Exited(-1),
                last_words: Vec::new(),
                refusal: Some(format!("cannot start a process ({error}); are there too many processes or files?")),
            },
        };
        let _ = events.send((id, ChildEvent::Exited(exit)));
    });
    ChildHandle { orders }
}

async fn live(
    id: WorkerId,
    mut child: Child,
    mut orders: UnboundedReceiver<Order>,
    frames: Frames,
    events: &UnboundedSender<(WorkerId, ChildEvent)>,
) -> Exit {
    let pid = child.id().unwrap_or(0);
    let _ = events.send((id, ChildEvent::Started { pid }));
    let last_words = Arc::new(Mutex::new(VecDeque::new()));
    let mut stderr = child.stderr.take().map(|pipe| tokio::spawn(listen(pid, pipe, Arc::clone(&last_words))));
    let mut reader = child.stdout.take().map(|pipe| tokio::spawn(read(id, pipe, frames, events.clone())));
    let (to_writer, writer_inbox) = unbounded_channel();
    let mut writer = child.stdin.take().map(|pipe| tokio::spawn(write(pipe, writer_inbox)));

    let status = loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Write(bytes)) => {
                    let _ = to_writer.send(bytes);
                }
                Some(Order::Kill) => unix::kill_group(pid),
                // The pool is gone. End of input is what tells the worker, whatever it has not taken yet.
                None => match writer.take() {
                    Some(writer) => writer.abort(),
                    None => break child.wait().await,
                },
            },
            status = child.wait() => break status,
        }
    };
    if let Some(writer) = writer {
        writer.abort();
    }
    let heard = match &mut reader {
        Some(task) => finish(task).await.unwrap_or_default(),
        None => Heard::default(),
    };
    if let Some(task) = &mut stderr {
        finish(task).await;
    }
    let last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    let cause = match status {
        Ok(status) => unix::cause_of(status),
        Err(_) => Cause::Exited(-1),
    };
    Exit { said_bye: heard.bye, cause, last_words, refusal: heard.refusal }
}

/// Waits for a task that reads a pipe of a process which is gone; gives up where somebody else holds the pipe.
async fn finish<T>(task: &mut JoinHandle<T>) -> Option<T> {
    if let Ok(result) = tokio::time::timeout(LEAK_LIMIT, &mut *task).await {
        result.ok()
    } else {
        task.abort();
        None
    }
}

/// What else can stand on its standard output before the first frame.
const PRINTED_FIRST: &str = "its standard output, on which workers answer, was written to before it became one: call \
                             gleaner::pool::serve at the start of main, before anything is printed";

/// What a child said beside its results.
#[derive(Debug, Default)]
struct Heard {
    /// It has become a worker.
    ready: bool,
    bye: bool,
    refusal: Option<String>,
}

/// Reads frames until the pipe ends or makes no sense.
async fn read(
    id: WorkerId,
    pipe: ChildStdout,
    frames: Frames,
    events: UnboundedSender<(WorkerId, ChildEvent)>,
) -> Heard {
    unix::enlarge_pipe(&pipe);
    let mut heard = Heard::default();
    let mut frames = FramedRead::with_capacity(pipe, frames, 64 << 10);
    while let Some(frame) = frames.next().await {
        match frame.and_then(|frame| understand(&frame, &mut heard)) {
            Ok(Some(event)) => {
                let _ = events.send((id, event));
            }
            Ok(None) => {}
            Err(error) => {
                if !heard.ready {
                    heard.refusal.get_or_insert_with(|| PRINTED_FIRST.to_owned());
                }
                let _ = events.send((id, ChildEvent::Corrupt { reason: error.to_string() }));
                break;
            }
        }
    }
    heard
}

fn understand(frame: &Bytes, heard: &mut Heard) -> io::Result<Option<ChildEvent>> {
    Ok(match wire::decode(frame)? {
        FromWorker::Ready { protocol, build, resident, unconfined } => {
            heard.ready = true;
            Some(ChildEvent::Ready { build: build.to_owned(), protocol, resident, unconfined })
        }
        FromWorker::Unconfined { reason } => Some(ChildEvent::Unconfined { reason: reason.to_owned() }),
        FromWorker::Refused { reason } => {
            heard.refusal = Some(reason.to_owned());
            None
        }
        FromWorker::Results { resident, results } => {
            let results = results.into_iter().map(|result| keep(result, frame)).collect();
            Some(ChildEvent::Results { resident, results })
        }
        FromWorker::Beat { computing } => Some(ChildEvent::Beat { computing }),
        FromWorker::Note { id, note } => Some(ChildEvent::Note { id, note: frame.slice_ref(note) }),
        FromWorker::Bye => {
            heard.bye = true;
            None
        }
    })
}

/// Outputs stay where they are, in the frame that brought them.
fn keep(result: WireResult<'_>, frame: &Bytes) -> Finished {
    match result {
        WireResult::Output { id, output } => Finished::Output { id, output: frame.slice_ref(output) },
        WireResult::Merged { ids, output } => Finished::Merged { ids, output: frame.slice_ref(output) },
        WireResult::Failed { id, error } => Finished::Failed { id, error },
    }
}

async fn write(mut pipe: ChildStdin, mut inbox: UnboundedReceiver<Bytes>) {
    unix::enlarge_pipe(&pipe);
    let mut batch = BytesMut::new();
    while let Some(bytes) = inbox.recv().await {
        // What has gathered meanwhile goes in the same system call.
        let written = if inbox.is_empty() {
            pipe.write_all(&bytes).await
        } else {
            batch.extend_from_slice(&bytes);
            while let Ok(more) = inbox.try_recv() {
                batch.extend_from_slice(&more);
            }
            pipe.write_all(&batch.split()).await
        };
        if written.is_err() {
            return;
        }
    }
}

/// Forwards the child's standard error to the log, line by line, and keeps the last ones.
async fn listen(pid: u32, pipe: ChildStderr, last_words: Arc<Mutex<VecDeque<String>>>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while read_line(&mut pipe, &mut line).await.unwrap_or(false) {
        let text: String = String::from_utf8_lossy(&line).trim_end().chars().take(LINE_LIMIT).collect();
        line.clear();
        if text.is_empty() {
            continue;
        }
        tracing::info!(target: "gleaner::worker", pid, "{text}");
        let mut kept = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == LAST_WORDS {
            kept.pop_front();
        }
        kept.push_back(text);
    }
}

/// Reads a line, of which no more than a few thousand bytes are kept. False at the end.
async fn read_line(pipe: &mut BufReader<ChildStderr>, line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let (length, ended) = {
            let available = pipe.fill_buf().await?;
            if available.is_empty() {
                return Ok(!line.is_empty());
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = &available[..end.unwrap_or(available.len())];
            line.extend_from_slice(&piece[..piece.len().min((LINE_LIMIT * 4).saturating_sub(line.len()))]);
            (end.map_or(available.len(), |end| end + 1), end.is_some())
        };
        pipe.consume(length);
        if ended {
            return Ok(true);
        }
    }
}
