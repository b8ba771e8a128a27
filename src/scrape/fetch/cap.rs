//! An end to what one layer of compression makes for the next.
//!
//! `max_body` bounds what comes out of the last layer. That alone would let a few kilobytes keep a worker busy: what
//! is in between may grow a thousandfold with each layer and still come to nothing, as compressed blocks without
//! content do.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::coop;

/// How much longer a compressed form may be than what was compressed: formats store what they cannot shorten, with a
/// few bytes for every few thousand.
pub(super) fn compressed(max: u64) -> u64 {
    max.saturating_add(max / 8).saturating_add(64 * 1024)
}

/// Fails with `FileTooLarge` once more than `left` bytes came out.
pub(super) struct Cap<R> {
    inner: R,
    left: u64,
}

impl<R> Cap<R> {
    pub(super) fn new(inner: R, left: u64) -> Self {
        Self { inner, left }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Cap<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // The layer above asks again and again until something comes out of it; neighbours get their turn in between.
        let turn = ready!(coop::poll_proceed(context));
        let before = out.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, out))?;
        turn.made_progress();
        let read = (out.filled().len() - before) as u64;
        Poll::Ready(match self.left.checked_sub(read) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(io::ErrorKind::FileTooLarge.into()),
        })
    }
}
