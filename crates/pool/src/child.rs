//! One worker process, seen from the parent. This file starts it, writes to it, reads from it and waits for it. It
//! makes no decisions.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::credit::{Credit, Loan};
use super::event::WorkerId;
use super::heard::{ChildEvent, Heard};
use super::roster::Exit;
use super::wire::{self, Frame, Frames};
use super::{Cause, Options, aside, environment, unix};

/// How long to wait for the end of a pipe after its worker is gone. A process that the worker started may still hold
/// it.
const LEAK_LIMIT: Duration = Duration::from_millis(250);
/// How many of the last lines of standard error are kept for the report of a worker's death.
const LAST_WORDS: usize = 10;
/// How many characters of each line are kept.
const LINE_LIMIT: usize = 500;

/// How many kilobytes of one child's frames may wait until the pool handles them. A larger frame counts as this many.
/// If a child sends more, it waits until the pool has handled the earlier frames.
const AHEAD: usize = 1 << 10;

/// Frames of more bytes than this are checked on another thread. The check of a shorter one takes less than a
/// millisecond.
const LONG: usize = 256 << 10;

/// An event of a child that the pool has not handled yet.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) worker: WorkerId,
    pub(super) event: ChildEvent,
    /// When this is dropped, the child may send more.
    _turn: Option<OwnedSemaphorePermit>,
}

/// The pool's handle of a child. Dropping it closes the child's standard input, which ends the child.
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
        // This fails if the child is gone. Its end is reported separately.
        let _ = self.orders.send(Order::Write(frames));
    }

    pub(super) fn kill(&self) {
        let _ = self.orders.send(Order::Kill);
    }
}

/// Returns the command that starts a child.
pub(super) fn command(options: &Options, role: &str) -> Command {
    let mut command = Command::new(&options.program);
    command
        .args(&options.args)
        .env_clear()
        .envs(environment::inherited(std::env::vars_os(), &options.environment))
        .env(&options.worker_variable, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Gives the child its own process group. So Ctrl-C at a terminal reaches only the parent, and a kill also
        // reaches the processes that the child has started.
        .process_group(0)
        .kill_on_drop(true);
    #[cfg(unix)]
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    command
}

/// Starts a child, and reports everything that happens to it to `events`, until its end.
pub(super) fn start(
    id: WorkerId,
    command: Command,
    greeting: Bytes,
    hearing: Hearing,
    events: UnboundedSender<Said>,
) -> ChildHandle {
    let (orders, inbox) = unbounded_channel();
    let _ = orders.send(Order::Write(greeting));
    tokio::spawn(async move {
        let exit = match super::spawner::spawn(command).await {
            Ok(child) => live(id, child, inbox, hearing, &events).await,
            Err(error) => Exit {
                cause: Cause::Exited(-1),
                last_words: Vec::new(),
                refusal: Some(format!("cannot start a process ({error}); are there too many processes or files?")),
            },
        };
        let _ = events.send(Said { worker: id, event: ChildEvent::Exited(exit), _turn: None });
    });
    ChildHandle { orders }
}

async fn live(
    id: WorkerId,
    mut child: Child,
    mut orders: UnboundedReceiver<Order>,
    hearing: Hearing,
    events: &UnboundedSender<Said>,
) -> Exit {
    let pid = child.id().unwrap_or(0);
    let _ = events.send(Said { worker: id, event: ChildEvent::Started { pid }, _turn: None });
    let turns = Arc::new(Semaphore::new(AHEAD));
    let gone = hearing.gone.clone();
    let last_words = Arc::new(Mutex::new(VecDeque::new()));
    let mut stderr = child.stderr.take().map(|pipe| tokio::spawn(listen(pid, pipe, Arc::clone(&last_words))));
    let mut reader =
        child.stdout.take().map(|pipe| tokio::spawn(read(id, pipe, hearing, Arc::clone(&turns), events.clone())));
    let (to_writer, writer_inbox) = unbounded_channel();
    let mut writer = child.stdin.take().map(|pipe| tokio::spawn(write(pipe, writer_inbox)));

    let status = loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Write(bytes)) => {
                    let _ = to_writer.send(bytes);
                }
                Some(Order::Kill) => unix::kill_group(pid),
                // The pool is gone. Stopping the writer closes the worker's standard input, even if data is left to
                // write. The end of its input ends the worker.
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
    // The rest of the output needs no limit, because it is at most the content of the pipe.
    turns.close();
    gone.cancel();
    let refusal = match &mut reader {
        Some(task) => finish(task).await.flatten(),
        None => None,
    };
    if let Some(task) = &mut stderr {
        finish(task).await;
    }
    let last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    let cause = match status {
        Ok(status) => unix::cause_of(status),
        Err(_) => Cause::Exited(-1),
    };
    Exit { cause, last_words, refusal }
}

/// Waits for a task that reads a pipe of a process that is gone. Gives up if another process still holds the pipe.
async fn finish<T>(task: &mut JoinHandle<T>) -> Option<T> {
    if let Ok(result) = tokio::time::timeout(LEAK_LIMIT, &mut *task).await {
        result.ok()
    } else {
        task.abort();
        None
    }
}

/// Reads frames until the pipe ends or a frame is invalid. Returns the reason if the child said that it cannot
/// start.
async fn read(
    id: WorkerId,
    mut pipe: ChildStdout,
    mut hearing: Hearing,
    turns: Arc<Semaphore>,
    events: UnboundedSender<Said>,
) -> Option<String> {
    unix::enlarge_pipe(&pipe);
    let mut buffer = BytesMut::with_capacity(64 << 10);
    let tell = |event, turn| drop(events.send(Said { worker: id, event, _turn: turn }));
    while let Some(frame) = hearing.next(&mut pipe, &mut buffer, |event| tell(event, None)).await {
        let size = frame.as_ref().map_or(0, |frame| frame.payload.len());
        let message = match frame {
            Ok(frame) => hearing.take(frame, |event| tell(event, None)).await,
            Err(error) => Err(error),
        };
        let (event, is_broken) = match message {
            Ok(None) => continue,
            Ok(Some(event)) => (event, false),
            Err(error) => (ChildEvent::Corrupt { reason: error.to_string() }, true),
        };
        let weight = u32::try_from((1 + size / 1024).min(AHEAD)).unwrap_or(u32::MAX);
        tell(event, Arc::clone(&turns).acquire_many_owned(weight).await.ok());
        if is_broken {
            hearing.heard.broken();
            break;
        }
    }
    hearing.heard.refusal
}

/// Reads the frames of one child.
#[derive(Debug)]
pub(super) struct Hearing {
    pub(super) frames: Frames,
    pub(super) heard: Heard,
    /// The credit for large frames; `None` means no limit.
    pub(super) credit: Option<Credit>,
    /// Cancelled when the child is gone. Then only the rest of its pipe is left to read.
    pub(super) gone: CancellationToken,
}

impl Hearing {
    /// Reads the next frame; `None` at the end of the pipe.
    async fn next(
        &self,
        pipe: &mut ChildStdout,
        buffer: &mut BytesMut,
        tell: impl Fn(ChildEvent),
    ) -> Option<io::Result<Frame>> {
        let mut loan = None;
        loop {
            if let Some(length) = self.frames.begun(buffer).filter(|_| loan.is_none()) {
                loan = self.borrow(length, &tell).await;
            }
            let found = match self.frames.split(buffer) {
                Ok(None) => match pipe.read_buf(buffer).await {
                    Ok(0) => wire::end_of_stream(buffer).map(|()| None),
                    Ok(_) => continue,
                    Err(error) => Err(error),
                },
                found => found,
            };
            return found.transpose().map(|frame| match loan {
                Some(loan) => frame.map(|frame| frame.with(|payload| loan.tied_to(payload))),
                None => frame,
            });
        }
    }

    /// Reads the message in a frame, a long one on another thread. Reports the time for a long one as a wait to the
    /// pool.
    async fn take(&mut self, frame: Frame, tell: impl Fn(ChildEvent)) -> io::Result<Option<ChildEvent>> {
        if frame.payload.len() <= LONG {
            return self.heard.take(&frame.checked()?);
        }
        tell(ChildEvent::Waits);
        let mut heard = self.heard.clone();
        let taken = aside::aside(move || {
            let event = frame.checked().and_then(|payload| heard.take(&payload));
            (event, heard)
        });
        let event = match taken.await {
            Some((event, heard)) => {
                self.heard = heard;
                event
            }
            None => Err(wire::corrupt("a frame that cannot be checked")),
        };
        tell(ChildEvent::GoesOn);
        event
    }

    /// Waits until there is memory for a frame. It reports the wait to the pool, because the pool cannot
    /// read the child's signs of life during it.
    async fn borrow(&self, length: usize, tell: impl Fn(ChildEvent)) -> Option<Loan> {
        let credit = self.credit.as_ref().filter(|_| Credit::is_needed(length))?;
        if let Some(loan) = credit.try_lend(length) {
            return Some(loan);
        }
        tell(ChildEvent::Waits);
        let loan = tokio::select! {
            loan = credit.lend(length) => loan,
            () = self.gone.cancelled() => None,
        };
        tell(ChildEvent::GoesOn);
        loan
    }
}

async fn write(mut pipe: ChildStdin, mut inbox: UnboundedReceiver<Bytes>) {
    unix::enlarge_pipe(&pipe);
    let mut batch = BytesMut::new();
    while let Some(bytes) = inbox.recv().await {
        // Sends all waiting messages in one system call.
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

/// Forwards the child's standard error to the log, line by line, and keeps the last lines.
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

/// Reads a line, and keeps at most a few thousand bytes of it. Returns false at the end of the pipe.
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use bytes::BytesMut;

    use super::*;
    use crate::wire::{FromWorker, PROTOCOL, WireResult};

    fn frame(message: &FromWorker<'_>, results: &[WireResult<'_>]) -> Frame {
        let mut stream = BytesMut::new();
        wire::encode_list(message, results, &mut stream).expect("it is short");
        Frames::new(usize::MAX).split(&mut stream).expect("valid").expect("whole")
    }

    #[tokio::test]
    async fn long_outputs_are_checked_on_another_thread() {
        let is_aside = |_: &Bytes| match std::thread::current().name() {
            Some("gleaner aside") => Ok(()),
            _ => Err("what is checked on the thread of the pool"),
        };
        let ready = FromWorker::Ready { protocol: PROTOCOL, build: "b", resident: 0, lacks: "" };
        for (length, expected) in [(1, false), (LONG + 1, true)] {
            let mut hearing = Hearing {
                frames: Frames::new(usize::MAX),
                heard: Heard::new(1, Some(is_aside)),
                credit: None,
                gone: CancellationToken::new(),
            };
            let told = RefCell::new(Vec::new());
            let tell = |event| told.borrow_mut().push(format!("{event:?}"));
            let said_ready = hearing.take(frame(&ready, &[]), tell).await;
            assert!(matches!(said_ready, Ok(Some(ChildEvent::Ready { .. }))), "{said_ready:?}");
            let output = [WireResult::Output { id: 7, output: &vec![0; length] }];
            let results = hearing.take(frame(&FromWorker::Results { resident: 0, count: 1 }, &output), tell).await;
            assert_eq!(results.is_ok(), expected, "{length} bytes: {results:?}");
            // The worker is not late while its output is checked.
            let waits = if expected { vec!["Waits", "GoesOn"] } else { vec![] };
            assert_eq!(told.into_inner(), waits, "{length} bytes");
        }
    }
}
