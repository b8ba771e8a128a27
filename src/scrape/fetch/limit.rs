//! A time limit for a thread that others block.
//!
//! Not for setting up connections, whose timers are inside the HTTP client. It has a hook for a limit of ours around all of
//! that (`ClientBuilder::connector_layer`), but its own `connect_timeout` would have to go then, and with it the share of
//! the time that each of several addresses gets, so that a dead one would use up what is meant for all. Its timers look at
//! the work first, so a connection that stands when they fire late is taken; one that still needs an answer is not.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::{Instant, sleep_until};

/// How often the runtime may turn after the time is up. Data that has come passes through a few tasks on its way:
/// the socket, TLS, the connection, the body. Each turn takes it one further.
const ROUNDS: usize = 16;

/// This many are enough if turns are slow, because a server sends data faster than the thread reads it.
const FEW_ROUNDS: usize = 4;
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// Runs `work` until `deadline`; `None` where it takes longer.
///
/// A worker is one thread, and while a neighbour parses, nothing else runs there: the timer fires late and has data
/// beside it that came in time. So the runtime looks at sockets and tasks some more before the limit strikes.
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

    /// Keeps the thread busy, as parsing does.
    fn block_past(deadline: Instant) {
        while Instant::now() <= deadline {
            std::hint::spin_loop();
        }
    }

    #[tokio::test]
    async fn data_that_came_while_the_thread_was_blocked_is_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("loopback");
        let (mut server, _) = listener.accept().await.expect("the client");
        // As in an HTTP client, a task of its own reads the socket, and what it read goes through another.
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
    async fn work_that_does_not_end_ends_at_the_deadline() {
        let deadline = Instant::now() + LIMIT;
        assert_eq!(until(deadline, std::future::pending::<()>()).await, None);
        assert!(Instant::now() >= deadline);
    }

    #[tokio::test]
    async fn work_that_is_done_is_taken_whatever_the_time() {
        assert_eq!(until(Instant::now(), async { 1 }).await, Some(1));
    }

    #[tokio::test]
    async fn work_that_keeps_the_thread_turn_after_turn_is_given_up_after_a_few() {
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
