//! Limits the output of one decompression layer, before the next layer reads it.
//!
//! `max_body` limits only the output of the last layer. Without a limit in between, a few kilobytes could keep a worker
//! busy: the data can grow a thousandfold with each layer and still end up empty, because compressed blocks can be
//! empty.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::coop;

/// The longest compressed form of `max` bytes. Formats store incompressible data as it is, with a few extra bytes for
/// every few thousand.
pub(in crate::scrape) fn compressed(max: u64) -> u64 {
    max.saturating_add(max / 8).saturating_add(64 * 1024)
}

/// Fails with `FileTooLarge` after more than `left` bytes.
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
        // The layer above reads in a loop until it produces output. This lets other tasks run in between.
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
