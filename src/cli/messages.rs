//! Writes messages to standard error. A run neither fails nor waits if they cannot be written.
//!
//! After [`start`], a separate thread writes everything, also the lines that stay at the bottom of a terminal. If a reader
//! stops reading (a pager, a stopped terminal), only that thread waits, not the run. If the reader is gone, the disk is
//! full or the descriptor is closed, the message is lost, and the next message tries again.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::screen::{Line, Screen};
use super::terminal;
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
/// The lines that the bottom of the terminal is to show, if they are new.
static LINES: Mutex<Option<Vec<Line>>> = Mutex::new(None);
/// Whether the thread was told of new lines and has not looked yet.
static TOLD: AtomicBool = AtomicBool::new(false);

struct Queue(Sender<Message>);

enum Message {
    Text(String),
    /// There are new lines for the bottom of the terminal.
    Lines,
    /// Answered when all earlier messages have been written.
    Flush(Sender<()>),
}

/// Starts the writing thread. Does nothing if the thread already runs or cannot be started.
pub(super) fn start() {
    if QUEUE.get().is_some() {
        return;
    }
    let (sender, messages) = channel();
    let thread = thread::Builder::new().name("messages".to_owned());
    if thread.spawn(move || Writer::default().write_all(&messages)).is_ok() {
        let _ = QUEUE.set(Queue(sender));
    }
}

/// Queues complete lines to be written. Never fails, and does not wait once the thread runs.
pub(super) fn say(text: String) {
    let Some(Queue(sender)) = QUEUE.get() else {
        // If standard error fails, there is nowhere to report that.
        let _ = streams::error().map(|mut stream| stream.write_all(text.as_bytes()));
        return;
    };
    if WAITING.load(Relaxed) + text.len() > MOST {
        DROPPED.fetch_add(1, Relaxed);
        return;
    }
    WAITING.fetch_add(text.len(), Relaxed);
    let _ = sender.send(Message::Text(text));
}

/// Shows these lines at the bottom of the terminal from now on, instead of those before. A slow terminal gets only the
/// newest ones.
pub(super) fn show(lines: Vec<Line>) {
    let Some(Queue(sender)) = QUEUE.get() else { return };
    *LINES.lock().unwrap_or_else(PoisonError::into_inner) = Some(lines);
    if !TOLD.swap(true, Relaxed) {
        let _ = sender.send(Message::Lines);
    }
}

/// Waits until all messages are written, at most [`FLUSH_TIMEOUT`].
pub(super) fn finish() {
    if let Some(Queue(sender)) = QUEUE.get() {
        let (written, all) = channel();
        let _ = sender.send(Message::Flush(written));
        let _ = all.recv_timeout(FLUSH_TIMEOUT);
    }
}

struct Writer {
    stream: Option<Stream>,
    screen: Screen,
}

impl Default for Writer {
    fn default() -> Self {
        Self { stream: streams::error(), screen: Screen::default() }
    }
}

impl Writer {
    fn write_all(mut self, messages: &Receiver<Message>) {
        loop {
            // The lines are drawn again when no other message follows at once.
            let message = match messages.try_recv() {
                Err(TryRecvError::Empty) => {
                    if let Some(bytes) = self.screen.draw_again() {
                        self.write(&bytes);
                    }
                    messages.recv()
                }
                Ok(message) => Ok(message),
                Err(TryRecvError::Disconnected) => return,
            };
            match message {
                Ok(Message::Text(text)) => {
                    self.say(&text);
                    WAITING.fetch_sub(text.len(), Relaxed);
                    if WAITING.load(Relaxed) == 0 {
                        self.report_dropped();
                    }
                }
                Ok(Message::Lines) => {
                    TOLD.store(false, Relaxed);
                    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(lines) = lines {
                        let bytes = self.screen.show(lines, terminal::size().columns);
                        self.write(&bytes);
                    }
                }
                Ok(Message::Flush(written)) => {
                    self.report_dropped();
                    let _ = written.send(());
                }
                Err(_) => return,
            }
        }
    }

    fn say(&mut self, text: &str) {
        let bytes = self.screen.write_above(text, terminal::size().columns);
        self.write(&bytes);
    }

    fn report_dropped(&mut self) {
        let count = DROPPED.swap(0, Relaxed);
        if count > 0 {
            self.say(&super::log::line(
                tracing::Level::WARN,
                &format!("{count} messages are missing here, because earlier ones were not read in time"),
            ));
        }
    }

    fn write(&mut self, bytes: &str) {
        // If standard error fails, there is nowhere to report that.
        let _ = self.stream.as_mut().map(|stream| stream.write_all(bytes.as_bytes()));
    }
}
