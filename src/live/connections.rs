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

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// To send a request.
    pub(super) request: Duration,
    /// For a whole connection, if there is a limit.
    pub(super) whole: Option<Duration>,
}

/// The most headers, and bytes of all of them. As many bytes may wait for a client that does not read.
const HEADERS: usize = 64;
const BUFFER: usize = 32 << 10;

/// The bytes that the system may hold for a client that does not read. More would be a queue of old states.
const UNSENT: usize = 64 << 10;

/// How long the end of a run waits for clients that do not read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The time until the next try if the system has no descriptor for a connection.
const AGAIN: Duration = Duration::from_millis(200);

/// Answers requests until `stopping` is true.
pub(super) async fn serve<A, F>(listener: TcpListener, answer: A, times: Times, mut stopping: watch::Receiver<bool>)
where
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
                    connections.spawn(connection(stream, answer.clone(), times, stopping.clone()));
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

async fn connection<A, F>(stream: TcpStream, answer: A, times: Times, mut stopping: watch::Receiver<bool>)
where
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response>,
{
    // If the system refuses, only more states wait.
    let _ = rustix::net::sockopt::set_socket_send_buffer_size(&stream, UNSENT);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(times.request).keep_alive(false);
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
    match times.whole {
        Some(longest) => drop(timeout(longest, whole).await),
        None => whole.await,
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    /// Sends these bytes, and reads until the server closes the connection.
    async fn exchange(at: std::net::SocketAddr, sent: &[u8]) -> String {
        let mut stream = TcpStream::connect(at).await.expect("it is served");
        // The server may close before it has read everything. A reset is an end, too.
        let _ = stream.write_all(sent).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn clients_that_send_no_request_or_a_huge_one_are_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket takes this option");
        let at = listener.local_addr().expect("a bound socket has an address");
        let (stop, stopping) = watch::channel(false);
        let times = Times { request: SHORT, whole: None };
        let answer = |_| ready(StatusCode::NO_CONTENT.into_response());
        let server = tokio::spawn(serve(listener, answer, times, stopping));

        let mut idle = JoinSet::new();
        for sent in [&b""[..], b"GET / HTTP/1.1\r\nhost:"].into_iter().cycle().take(2 * MOST) {
            idle.spawn(exchange(at, sent));
        }
        let huge = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(2 * BUFFER));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(HEADERS + 1));
        for refused in [huge, many] {
            let answer = exchange(at, refused.as_bytes()).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
        let answer = exchange(at, b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 204") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
        while let Some(answer) = idle.join_next().await {
            let answer = answer.expect("no panic");
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        }
        stop.send(true).expect("the server runs");
        server.await.expect("no panic");
    }
}
