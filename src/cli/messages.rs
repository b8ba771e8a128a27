//! Writes messages to standard error. A run neither fails nor waits if they cannot be written.
//!
//! After [`start`], a separate thread writes all messages. If a reader stops reading (a pager, a stopped terminal),
//! only that thread waits, not the run. If the reader is gone, the disk is full or the descriptor is closed, the
//! message is lost, and the next message tries again.

use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::streams::{self, Stream};

/// Maximum number of bytes of waiting messages. Further messages are dropped.
const MOST: usize = 8 << 20;

/// How long the end of the process waits for messages to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Number of bytes of waiting messages.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// Number of messages that were dropped since the last one was written.
static DROPPED: AtomicUsize = AtomicUsize::new(0);

struct Queue(Sender<Message>);

enum Message {
    Text(String),
    /// Answered when all earlier messages have been written.
    Flush(Sender<()>),
}

/// Starts the writing thread, which hides `bar` while it writes. Does nothing if the thread already runs or cannot be
/// started.
pub(super) fn start(bar: Option<ProgressBar>) {
    if QUEUE.get().is_some() {
        return;
    }
    let (sender, messages) = channel();
    let thread = thread::Builder::new().name("messages".to_owned());
    if thread.spawn(move || write_all(&messages, bar.as_ref())).is_ok() {
        let _ = QUEUE.set(Queue(sender));
    }
}

/// Queues complete lines to be written. Never fails, and does not wait once the thread runs.
pub(super) fn say(text: String) {
    let Some(Queue(sender)) = QUEUE.get() else {
        return write(&mut streams::error(), &text, None);
    };
    if WAITING.load(Relaxed) + text.len() > MOST {
        DROPPED.fetch_add(1, Relaxed);
        return;
    }
    WAITING.fetch_add(text.len(), Relaxed);
    let _ = sender.send(Message::Text(text));
}

/// Waits until all messages are written, at most [`FLUSH_TIMEOUT`].
pub(super) fn finish() {
    if let Some(Queue(sender)) = QUEUE.get() {
        let (written, all) = channel();
        let _ = sender.send(Message::Flush(written));
        let _ = all.recv_timeout(FLUSH_TIMEOUT);
    }
}

fn write_all(messages: &Receiver<Message>, bar: Option<&ProgressBar>) {
    let mut stream = streams::error();
    while let Ok(message) = messages.recv() {
        match message {
            Message::Text(text) => {
                write(&mut stream, &text, bar);
                WAITING.fetch_sub(text.len(), Relaxed);
                if WAITING.load(Relaxed) == 0 {
                    report_dropped(&mut stream, bar);
                }
            }
            Message::Flush(written) => {
                report_dropped(&mut stream, bar);
                let _ = written.send(());
            }
        }
    }
}

fn report_dropped(stream: &mut Option<Stream>, bar: Option<&ProgressBar>) {
    let count = DROPPED.swap(0, Relaxed);
    if count > 0 {
        let text = format!("{count} messages are missing here, because earlier ones were not read in time\n");
        write(stream, &text, bar);
    }
}

fn write(stream: &mut Option<Stream>, text: &str, bar: Option<&ProgressBar>) {
    let mut write = || stream.as_mut().map_or(Ok(()), |stream| stream.write_all(text.as_bytes()));
    // If standard error fails, there is nowhere to report that.
    let _: io::Result<()> = match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    };
}
