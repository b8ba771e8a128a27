//! Tells when a request is being sent. That is later than the call, because a connection may have to be made first.
//!
//! The HTTP client does not report this. But hyper asks a request's body whether it is empty when a connection takes
//! the request, just before it writes the head. So the empty body of a request can report it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// An empty body that calls `sent` once, when it is first asked for its end.
pub(super) struct EmptyBody<F> {
    sent: F,
    told: AtomicBool,
}

impl<F> EmptyBody<F> {
    pub(super) fn new(sent: F) -> Self {
        Self { sent, told: AtomicBool::new(false) }
    }
}

impl<F: Fn()> Body for EmptyBody<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        if !self.told.swap(true, Ordering::Relaxed) {
            (self.sent)();
        }
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}
