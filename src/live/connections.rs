//! Connections with limits. Each connection has one request, so that no client can keep one without asking for anything.

use std::convert::Infallible;
use std::future::Future;
use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The most connections at once. Others wait until one of them ends.
pub(super) const MOST: usize = 32;

/// How long a client may take to send its request.
const REQUEST: Duration = Duration::from_secs(5);

/// The most headers, and bytes of all of them. As many bytes may wait for a client that does not read.
const HEADERS: usize = 64;
const BUFFER: usize = 32 << 10;

/// The bytes that the system may hold for a client that does not read. More would be a queue of old states.
const UNSENT: usize = 64 << 10;

/// How long the end of a run waits for clients that do not read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The time until the next try if the system has no descriptor for a connection.
const AGAIN: Duration = Duration::from_millis(200);

/// Answers requests until `stopping` is true. A connection may take `longest`, if there is a limit.
pub(super) async fn serve<A, F>(
    listener: TcpListener,
    answer: A,
    longest: Option<Duration>,
    mut stopping: watch::Receiver<bool>,
) where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    // It fails only outside of a runtime.
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, answer.clone(), longest, stopping.clone()));
                }
                Err(_) => sleep(AGAIN).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = stopping.changed() => break,
        }
    }
    drop(listener);
    let _ = timeout(LAST_WORDS, async { while connections.join_next().await.is_some() {} }).await;
}

async fn connection<A, F>(stream: TcpStream, answer: A, longest: Option<Duration>, mut stopping: watch::Receiver<bool>)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response>,
{
    // If the system refuses, only more states wait.
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(&stream, UNSENT);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(REQUEST).keep_alive(false);
    builder.max_headers(HEADERS).max_buf_size(BUFFER);
    let service = service_fn(move |request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let whole = async {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    };
    match longest {
        Some(longest) => drop(timeout(longest, whole).await),
        None => whole.await,
    }
}
