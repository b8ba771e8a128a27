//! When a request is being sent: not when it is asked for, since a connection may have to be made first.
//!
//! The client tells nobody. But hyper asks a request's body whether there is any of it when a connection takes the
//! request, and just before it writes the head; so the body, of which there is none, can tell.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// No body, which calls `sent` once when it is asked for.
pub(super) struct Nothing<F> {
    sent: F,
    told: AtomicBool,
}

impl<F> Nothing<F> {
    pub(super) fn new(sent: F) -> Self {
        Self { sent, told: AtomicBool::new(false) }
    }
}

impl<F: Fn()> Body for Nothing<F> {
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
