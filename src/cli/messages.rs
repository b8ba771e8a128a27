//! Standard error. What is said there is for whoever wants to read it: a run neither fails nor waits because nobody can.
//!
//! From [`start`] on, a thread of its own writes all messages. So a reader that has stopped reading (a pager, a terminal
//! that was halted) holds up the thread, and not the run. A reader that is gone, a full disk and a closed descriptor take
//! nothing, and are asked again with the next message.

use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::streams::{self, Stream};

/// Bytes of messages that may wait to be written. What comes when there are more is left out.
const MOST: usize = 8 << 20;

/// How long the end of the process may wait for messages to be written.
const PATIENCE: Duration = Duration::from_secs(2);

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Bytes that wait.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// Messages that were left out since the last one that was written.
static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);

struct Queue(Sender<Message>);

enum Message {
    Text(String),
    /// Everything before it has been written when this is answered.
    Flush(Sender<()>),
}

/// Starts the thread that writes, around `bar` if there is one. Where there is one already, or none can be had, nothing
/// changes.
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

/// Writes whole lines, soon. Never fails; waits for nobody once the thread runs.
pub(super) fn say(text: String) {
    let Some(Queue(sender)) = QUEUE.get() else {
        return write(&mut streams::error(), &text, None);
    };
    if WAITING.load(Relaxed) + text.len() > MOST {
        LEFT_OUT.fetch_add(1, Relaxed);
        return;
    }
    WAITING.fetch_add(text.len(), Relaxed);
    let _ = sender.send(Message::Text(text));
}

/// Waits until all that was said is written, or until it is plain that nobody reads it.
pub(super) fn finish() {
    if let Some(Queue(sender)) = QUEUE.get() {
        let (written, all) = channel();
        let _ = sender.send(Message::Flush(written));
        let _ = all.recv_timeout(PATIENCE);
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
                    mention_left_out(&mut stream, bar);
                }
            }
            Message::Flush(written) => {
                mention_left_out(&mut stream, bar);
                let _ = written.send(());
            }
        }
    }
}

fn mention_left_out(stream: &mut Option<Stream>, bar: Option<&ProgressBar>) {
    let count = LEFT_OUT.swap(0, Relaxed);
    if count > 0 {
        let text = format!("{count} messages were left out here, because those before them were not read\n");
        write(stream, &text, bar);
    }
}

fn write(stream: &mut Option<Stream>, text: &str, bar: Option<&ProgressBar>) {
    let mut write = || stream.as_mut().map_or(Ok(()), |stream| stream.write_all(text.as_bytes()));
    // Nobody can be told where even that fails.
    let _: io::Result<()> = match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    };
}
