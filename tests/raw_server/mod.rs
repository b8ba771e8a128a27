//! A server on loopback that answers requests with given bytes, one reply after another.
//!
//! Its replies need not be valid HTTP, so it cannot use the HTTP server in `support`. That server in turn needs paths
//! and counts of requests in flight, which this one does not have.

pub(crate) mod proxy;
pub(crate) mod settings;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The server's reply to one request.
#[derive(Clone)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

/// What the server does after a reply.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Waits for the next request.
    Keep,
    Close,
    /// Resets the connection.
    Reset,
    /// Sends nothing more, and keeps the connection open.
    Hang,
    /// Repeats these bytes until the client closes the connection.
    Repeat(&'static [u8]),
    /// Closes its sending side, and keeps reading.
    HalfClose,
}

impl Reply {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), then: Then::Keep }
    }

    pub(crate) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}

pub(crate) struct RawServer {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    replies: Mutex<std::vec::IntoIter<Reply>>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    first_request: Arc<Notify>,
}

impl RawServer {
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(State {
            replies: Mutex::new(replies.into_iter()),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            first_request: Arc::default(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().expect("no panic").clone()
    }

    /// Notified after the first reply was sent.
    pub(crate) fn first_request(&self) -> Arc<Notify> {
        Arc::clone(&self.state.first_request)
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    while let Some(request) = read_head(&mut stream).await {
        state.requests.lock().expect("no panic").push(request);
        let next = state.replies.lock().expect("no panic").next();
        let Some(reply) = next else {
            // No replies are left. A client that tries TLS gets this answer, which is not TLS.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
            return;
        };
        // The client may have closed the connection.
        let _ = stream.write_all(&reply.bytes).await;
        state.first_request.notify_one();
        match reply.then {
            Then::Keep => {}
            Then::Close => return,
            Then::Reset => {
                reset(&stream);
                return;
            }
            Then::Repeat(piece) => {
                let piece = piece.repeat(1 + 16 * 1024 / piece.len());
                while stream.write_all(&piece).await.is_ok() {}
                return;
            }
            Then::HalfClose => {
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
                return;
            }
            Then::Hang => {
                let _ = stream.read_to_end(&mut Vec::new()).await;
                return;
            }
        }
    }
}

/// Reads up to the blank line. The first bytes of a TLS handshake count as a head too.
async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    loop {
        let byte = stream.read_u8().await.ok()?;
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") || (head[0] == 0x16 && head.len() == 5) {
            return Some(String::from_utf8_lossy(&head).into_owned());
        }
    }
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().expect("a socket accepts this option");
}

/// Sends an endless page, one byte at a time.
pub(crate) async fn drip(listener: TcpListener, pause: Duration) {
    let (mut stream, _) = listener.accept().await.expect("a client");
    read_head(&mut stream).await.expect("a request");
    let mut next = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
    while next.is_ok() {
        tokio::time::sleep(pause).await;
        next = stream.write_all(b"a").await;
    }
}

/// Compressed bodies.
pub(crate) mod compressed {
    use async_compression::tokio::bufread::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
    use tokio::io::{AsyncRead, AsyncReadExt};

    async fn all(mut encoder: impl AsyncRead + Unpin) -> Vec<u8> {
        let mut bytes = Vec::new();
        encoder.read_to_end(&mut bytes).await.expect("memory takes all");
        bytes
    }

    pub(crate) async fn gzip(body: &[u8]) -> Vec<u8> {
        all(GzipEncoder::new(body)).await
    }

    pub(crate) async fn zlib(body: &[u8]) -> Vec<u8> {
        all(ZlibEncoder::new(body)).await
    }

    pub(crate) async fn deflate(body: &[u8]) -> Vec<u8> {
        all(DeflateEncoder::new(body)).await
    }

    pub(crate) async fn brotli(body: &[u8]) -> Vec<u8> {
        all(BrotliEncoder::new(body)).await
    }

    pub(crate) async fn zstd(body: &[u8]) -> Vec<u8> {
        all(ZstdEncoder::new(body)).await
    }
}

/// A server with a self-signed certificate.
pub(crate) mod tls {
    use std::io::Read;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use rustls::pki_types::PrivatePkcs8KeyDer;

    pub(crate) fn self_signed() -> SocketAddr {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("known versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .expect("a key that fits");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("bound");
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let session = rustls::ServerConnection::new(Arc::new(config.clone())).expect("a session");
                let mut stream = rustls::StreamOwned::new(session, stream.expect("a client"));
                // The client closes the connection during the handshake.
                let _ = stream.read(&mut [0]);
            }
        });
        address
    }
}
