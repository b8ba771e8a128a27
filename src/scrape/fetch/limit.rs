//! A time limit that still works when other jobs block the thread.
//!
//! It does not cover setting up connections, because the HTTP client runs those timers itself. The client has a hook
//! for another limit around all of that (`ClientBuilder::connector_layer`). But that hook would replace the client's
//! own `connect_timeout`, which gives each of several addresses a share of the time; without it, one dead address would
//! use up the time of all. The client's timers poll the work first. If they fire late, a connection that is ready is
//! therefore used, but one that still waits for an answer fails.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep_until};

/// How often the runtime may poll after the deadline. Received data passes through several tasks: the socket, TLS, the
/// connection, the body. Each poll moves it one step further.
const ROUNDS: usize = 16;

/// The number of polls if they are slow, because a server sends data faster than the thread reads it.
const FEW_ROUNDS: usize = 4;
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// Runs `work` until `deadline`. Returns `None` if it takes longer.
///
/// A worker has one thread, and nothing else runs while that thread parses a page. So the timer can fire late, although
/// data arrived in time. The runtime therefore polls sockets and tasks a few more times before the limit applies.
pub(super) async fn until<F: Future>(deadline: Instant, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    if let Either::Left((output, _)) = select(work.as_mut(), pin!(sleep_until(deadline))).await {
        return Some(output);
    }
    let late = Instant::now();
    for round in 0..ROUNDS {
        if round >= FEW_ROUNDS && late.elapsed() > LONG_ENOUGH {
            break;
        }
        tokio::task::yield_now().await;
        let now = poll_fn(|context| std::task::Poll::Ready(work.as_mut().poll(context))).await;
        if let std::task::Poll::Ready(output) = now {
            return Some(output);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::until;

    const LIMIT: Duration = Duration::from_millis(20);

    /// Keeps the thread busy, like parsing.
    fn block_past(deadline: Instant) {
        while Instant::now() <= deadline {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn data_that_arrived_while_the_thread_was_blocked_is_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("loopback");
        let (mut server, _) = listener.accept().await.expect("the client");
        // As in an HTTP client, one task reads the socket, and its data passes through a second task.
        let (to_middle, middle) = oneshot::channel();
        let (to_work, work) = oneshot::channel();
        tokio::spawn(async move { to_middle.send(client.read_u8().await.expect("a byte")) });
        tokio::spawn(async move { to_work.send(middle.await.expect("the byte")) });
        let deadline = Instant::now() + LIMIT;
        tokio::spawn(async move {
            server.write_all(b"x").await.expect("loopback");
            block_past(deadline);
        });
        assert_eq!(until(deadline, work).await, Some(Ok(b'x')));
    }

    #[tokio::test]
    async fn unfinished_work_ends_at_the_deadline() {
        let deadline = Instant::now() + LIMIT;
        assert_eq!(until(deadline, std::future::pending::<()>()).await, None);
        assert!(Instant::now() >= deadline);
    }

    #[tokio::test]
    async fn finished_work_counts_even_after_the_deadline() {
        assert_eq!(until(Instant::now(), async { 1 }).await, Some(1));
    }

    #[tokio::test]
    async fn work_that_blocks_the_thread_on_every_poll_gets_few_polls() {
        let mut turns = 0;
        let never = std::future::poll_fn(|context| {
            turns += 1;
            block_past(Instant::now() + super::LONG_ENOUGH / 3);
            context.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        });
        assert_eq!(until(Instant::now() + LIMIT, never).await, None);
        assert!((super::FEW_ROUNDS..super::ROUNDS).contains(&turns), "{turns}");
    }
}
