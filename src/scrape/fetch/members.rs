//! gzip, member after member.
//!
//! A gzip body may be several members one after the other (RFC 1952, section 2.2), and all of them are the page. What
//! follows the last one without being a member (padding, a stray line of a script) is no error, as in browsers; a
//! decoder told to expect members would stumble over it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::GzipDecoder;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use tokio::task::coop;

/// The first byte of every member.
const MAGIC: u8 = 0x1f;

pub(super) struct Members<R>(State<R>);

enum State<R> {
    Inside(GzipDecoder<R>),
    Between(R),
    Over,
}

impl<R: AsyncBufRead> Members<R> {
    pub(super) fn new(source: R) -> Self {
        // The first member has to be one, so it is not looked at beforehand.
        Self(State::Inside(GzipDecoder::new(source)))
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Members<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.0 {
                State::Inside(decoder) => {
                    let before = out.filled().len();
                    ready!(Pin::new(decoder).poll_read(context, out))?;
                    if out.filled().len() > before || out.remaining() == 0 {
                        return Poll::Ready(Ok(()));
                    }
                    if let State::Inside(decoder) = std::mem::replace(&mut self.0, State::Over) {
                        self.0 = State::Between(decoder.into_inner());
                    }
                }
                State::Between(source) => {
                    // A member costs memory for its decoder, and may hold nothing.
                    let turn = ready!(coop::poll_proceed(context));
                    let is_member = ready!(Pin::new(source).poll_fill_buf(context))?.first() == Some(&MAGIC);
                    turn.made_progress();
                    if let State::Between(source) = std::mem::replace(&mut self.0, State::Over)
                        && is_member
                    {
                        self.0 = State::Inside(GzipDecoder::new(source));
                    }
                }
                State::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}
