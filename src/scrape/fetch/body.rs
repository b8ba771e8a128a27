//! Reads the pieces of a body, under the limits of time and size.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Response, Version};
use tokio::time::Instant;
use tokio_util::io::StreamReader;
use url::Url;

use super::coding::{self, Coding, Decoded};
use super::exchange::{End as Ended, Exchange};
use super::framing::Framing;
use super::{cap, classify, limit};
use crate::model::{Failure, FailureKind, Stage, how_long, shown_url};
use crate::scrape::large::{LARGE_PAGE, LargePages, Turn};
use crate::scrape::settings::FetchSettings;
use crate::warc::write::Truncated;

/// An unwanted body is read up to this size, so that its connection can be used again. A longer one costs more than a
/// new connection.
const WORTH_DRAINING: usize = 64 * 1024;

/// The longest time to spend on an unwanted body.
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// How long pieces are still taken after the deadline. If other work has kept the thread, data that came in time is
/// still in the socket. But each piece of a server that never pauses is here when it is requested, so this needs an end.
const LATE_TIME: Duration = Duration::from_secs(1);

/// What happens to a body that is larger than the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    Fails,
    /// The rest is left unread, and the connection is closed.
    Dropped,
}

/// The body of an answer.
pub(super) struct Body<'a> {
    response: Response,
    pub(super) shown: &'a Url,
    deadline: Instant,
    /// When a piece was first requested after the deadline.
    late_since: Option<Instant>,
    settings: &'a FetchSettings,
    /// `Content-Length`.
    announced: Option<u64>,
    /// An error here matters only if the body is wanted.
    framing: Result<Framing, Failure>,
    /// Bytes left until `Framing::length`.
    left: Option<u64>,
    /// The largest body that is read, in decompressed bytes.
    pub(super) max: u64,
    pub(super) excess: Excess,
    pub(super) large: &'a LargePages,
    /// A permit, taken once the body turns out to be large.
    pub(super) turn: Option<Turn>,
    /// Receives the body as it is sent, if there is an archive.
    exchange: Option<&'a mut Exchange>,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        response: Response,
        shown: &'a Url,
        deadline: Instant,
        settings: &'a FetchSettings,
        large: &'a LargePages,
    ) -> Self {
        // This must come before the first piece: afterwards the client returns the length that is left.
        let announced = response.content_length();
        let framing = Framing::of(response.version(), response.headers());
        let left = framing.as_ref().ok().and_then(|framing| framing.length);
        let (max, excess) = (settings.max_body, Excess::Fails);
        Self {
            response,
            shown,
            deadline,
            late_since: None,
            settings,
            announced,
            framing,
            left,
            max,
            excess,
            large,
            turn: None,
            exchange: None,
        }
    }

    /// Also puts the body as it is sent into `exchange`, if it is there.
    pub(super) fn kept_in(self, exchange: Option<&'a mut Exchange>) -> Self {
        Self { exchange, ..self }
    }

    /// Reads only the first `max` bytes of the body.
    pub(super) fn only(self, max: u64) -> Self {
        Self { max, excess: Excess::Dropped, ..self }
    }

    /// Reads the whole body and decodes its encodings.
    pub(super) async fn read(&mut self) -> Result<Bytes, Failure> {
        if self.excess == Excess::Fails && self.is_plain() && self.announced.is_some_and(|length| length > self.max) {
            return Err(self.too_large(0));
        }
        // An empty body is valid, whatever the head says.
        let Some(first) = self.next(0).await? else { return Ok(Bytes::new()) };
        let framing = std::mem::replace(&mut self.framing, Ok(Framing::default()));
        let framing = framing.map_err(|failure| self.about(failure))?;
        let body = if framing.codings.is_empty() {
            self.read_plain(first).await?
        } else {
            read_encoded(self, first, &framing.codings).await?
        };
        match framing.check(&body) {
            Ok(()) => Ok(body),
            Err(failure) => Err(self.about(Failure { bytes: body.len() as u64, ..failure })),
        }
    }

    fn is_plain(&self) -> bool {
        self.framing.as_ref().is_ok_and(|framing| framing.codings.is_empty())
    }

    async fn read_plain(&mut self, first: Bytes) -> Result<Bytes, Failure> {
        if self.is_all(first.len()) {
            if first.len() > LARGE_PAGE {
                self.turn = self.large.turn().await;
            }
            return Ok(first);
        }
        let mut body = Vec::new();
        let mut piece = Some(first);
        while let Some(bytes) = piece {
            if body.len() as u64 + bytes.len() as u64 > self.max {
                if self.excess == Excess::Fails {
                    return Err(self.too_large(body.len() as u64));
                }
                let room = usize::try_from(self.max).unwrap_or(usize::MAX) - body.len();
                body.extend_from_slice(&bytes[..room]);
                break;
            }
            if self.turn.is_none() && body.len() + bytes.len() > LARGE_PAGE {
                // The server waits in the meantime, so this does not count against its time.
                let since = Instant::now();
                self.turn = self.large.turn().await;
                self.deadline += since.elapsed();
            }
            if body.is_empty() {
                let expected = self.announced.unwrap_or_default().min(LARGE_PAGE as u64).max(bytes.len() as u64);
                body.reserve_exact(usize::try_from(expected).unwrap_or(bytes.len()));
            }
            body.extend_from_slice(&bytes);
            // The client reuses this memory for the next piece if it is released here.
            drop(bytes);
            piece = if self.is_all(body.len()) { None } else { self.next(body.len() as u64).await? };
        }
        Ok(body.into())
    }

    /// Whether this many bytes are known to be the whole body. Asking the client for the end would cost one more turn
    /// of the connection's task, so it is skipped. HTTP/2 marks the end itself, and resets streams that are not read up
    /// to it.
    fn is_all(&self, read: usize) -> bool {
        self.response.version() <= Version::HTTP_11 && self.announced == Some(read as u64)
    }

    /// Reads an unwanted body, within limits. Returns its decompressed bytes, or 0 if reading it fails.
    pub(super) async fn drain(&mut self) -> u64 {
        self.max = self.settings.max_body.min(WORTH_DRAINING as u64);
        if self.exchange.is_none() {
            self.deadline = self.deadline.min(Instant::now() + DRAIN_TIME);
        }
        let read = self.read().await.map_or(0, |body| body.len() as u64);
        self.keep_rest().await;
        read
    }

    /// Reads what is left of a body that nothing but the archive needs. Does nothing without an archive.
    pub(super) async fn keep_rest(&mut self) {
        while let Some(exchange) = self.exchange.as_ref().filter(|exchange| exchange.wants_more()) {
            if self.turn.is_none() && exchange.length() > LARGE_PAGE {
                let since = Instant::now();
                self.turn = self.large.turn().await;
                self.deadline += since.elapsed();
            }
            // The exchange notes the end itself, whatever it is.
            if !matches!(self.next(0).await, Ok(Some(_))) {
                break;
            }
        }
    }

    /// Returns the next piece as received, or `None` at the end. `read` is the number of decompressed bytes so far.
    pub(super) async fn next(&mut self, read: u64) -> Result<Option<Bytes>, Failure> {
        let next = self.receive(read).await;
        if let Some(exchange) = &mut self.exchange {
            match &next {
                Ok(Some(piece)) => exchange.add(piece),
                Ok(None) => exchange.end(Ended::Whole),
                Err(failure) if failure.kind == FailureKind::Timeout => exchange.end(Ended::Cut(Truncated::Time)),
                Err(_) => exchange.end(Ended::Cut(Truncated::Disconnect)),
            }
        }
        next
    }

    async fn receive(&mut self, read: u64) -> Result<Option<Bytes>, Failure> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let now = Instant::now();
        if now >= self.deadline && now.duration_since(*self.late_since.get_or_insert(now)) >= LATE_TIME {
            return Err(self.timed_out(read, false));
        }
        let idle = now + self.settings.idle_timeout;
        match limit::until(idle.min(self.deadline), self.response.chunk()).await {
            Some(Ok(piece)) => self.up_to_length(piece, read),
            Some(Err(error)) => Err(Failure { bytes: read, ..classify::broken_body(error, self.shown) }),
            None => Err(self.timed_out(read, idle < self.deadline)),
        }
    }

    fn timed_out(&self, read: u64, is_idle: bool) -> Failure {
        let message = if is_idle {
            format!("read {}: nothing came for {}", shown_url(self.shown), how_long(self.settings.idle_timeout))
        } else {
            format!("read all of {} within {}", shown_url(self.shown), how_long(self.settings.timeout))
        };
        Failure { bytes: read, ..Failure::new(FailureKind::Timeout, Stage::Fetch, message).retryable() }
    }

    /// Cuts off the data beyond `Framing::length`, which the client does not enforce.
    fn up_to_length(&mut self, piece: Option<Bytes>, read: u64) -> Result<Option<Bytes>, Failure> {
        let Some(left) = self.left else { return Ok(piece) };
        let Some(mut piece) = piece else {
            let failure =
                Failure::new(FailureKind::Truncated, Stage::Fetch, "its body is shorter than its `Content-Length`");
            return Err(self.about(Failure { bytes: read, ..failure.retryable() }));
        };
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        self.left = Some(left - piece.len() as u64);
        Ok(Some(piece))
    }

    pub(super) fn too_large(&self, read: u64) -> Failure {
        let message = match self.excess {
            Excess::Fails => {
                format!("read {}: it is larger than {} bytes (`fetch.max_body`)", shown_url(self.shown), self.max)
            }
            // Output beyond `max` is dropped, not an error. This error concerns the compressed input.
            Excess::Dropped => {
                format!(
                    "read {}: its compressed form is longer than {} bytes of content can need",
                    shown_url(self.shown),
                    self.max
                )
            }
        };
        Failure { bytes: read, ..Failure::new(FailureKind::TooLarge, Stage::Fetch, message) }
    }

    /// Adds the URL to the message of a failure.
    pub(super) fn about(&self, failure: Failure) -> Failure {
        let message = format!("read {}: {}", shown_url(self.shown), failure.message);
        failure.reworded(message)
    }
}

/// Reads all of `body`, whose first piece is here already, and undoes `codings`, the last one first.
async fn read_encoded(body: &mut Body<'_>, first: Bytes, codings: &[Coding]) -> Result<Bytes, Failure> {
    let max = usize::try_from(body.max).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let mut turn = None;
    let large = body.large;
    let mut end = End::NotYet;
    let decoded = {
        let left = cap::compressed(body.max);
        let pieces = Pieces { body: &mut *body, first: Some(first), end: &mut end, left };
        let source = stream::try_unfold(pieces, Pieces::next);
        coding::decode(StreamReader::new(pin!(source)), codings, &mut out, max, (large, &mut turn)).await
    };
    body.turn = turn;
    let read = out.len() as u64;
    match (decoded, end) {
        (_, End::Broken(failure)) => Err(Failure { bytes: read, ..failure }),
        (Ok(Decoded::Whole), _) => Ok(out.into()),
        (Ok(Decoded::TooLarge), _) if body.excess == Excess::Dropped => Ok(out.into()),
        (Ok(Decoded::TooLarge), _) => Err(body.too_large(read)),
        (Err(error), _) if error.kind() == io::ErrorKind::FileTooLarge => Err(body.too_large(read)),
        (Err(error), end) => {
            // A decoder that still wanted more when there was no more has no fault to find with what it got.
            let wants_more = matches!(end, End::Reached) || error.kind() == io::ErrorKind::UnexpectedEof;
            let failure = if wants_more && error.kind() != io::ErrorKind::Unsupported {
                Failure::new(FailureKind::Truncated, Stage::Fetch, "its compressed body ends too early").retryable()
            } else {
                let message = format!("its body is not what the encodings {codings:?} give");
                Failure::new(FailureKind::Decode, Stage::Decode, message)
            };
            let failure = classify::with_causes(failure, &Wrapped(error));
            Err(body.about(Failure { bytes: read, ..failure }))
        }
    }
}

/// How far the body has come.
enum End {
    NotYet,
    Reached,
    /// Kept here, since an `io::Error` could not carry it through the decoders.
    Broken(Failure),
}

/// The body as a stream for the decoders.
struct Pieces<'b, 'a> {
    body: &'b mut Body<'a>,
    first: Option<Bytes>,
    end: &'b mut End,
    /// Compressed bytes that may still come.
    left: u64,
}

impl Pieces<'_, '_> {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let next = if let Some(first) = self.first.take() {
            Ok(Some(first))
        } else {
            // A decoder requests pieces until it has output, and empty frames give none. This lets other tasks run.
            tokio::task::yield_now().await;
            self.body.next(0).await
        };
        match next {
            Ok(Some(piece)) => {
                self.left = self.left.checked_sub(piece.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
                Ok(Some((piece, self)))
            }
            Ok(None) => {
                *self.end = End::Reached;
                Ok(None)
            }
            Err(failure) => {
                *self.end = End::Broken(failure);
                Err(io::Error::other("the transport broke"))
            }
        }
    }
}

/// An error as the source of nothing, so that its own text is among the causes.
#[derive(Debug, thiserror::Error)]
#[error("decompressing failed")]
struct Wrapped(#[source] io::Error);
