//! A web server on loopback that behaves on request like servers in the wild.
//!
//! | path | answer |
//! |---|---|
//! | `/ok/N` | a page of about 300 bytes whose title is N |
//! | `/sleep/MS/N` | the same, after MS milliseconds |
//! | `/big/BYTES` | a page of about that size |
//! | `/hang` | no answer, ever |
//! | `/drip` | a page, a byte a second |
//! | `/reset` | the connection is reset in the middle of the body |
//! | `/status/CODE` | a page with that status |
//! | `/redirect/N` | N redirects in a row, the last to `/ok/0` |
//! | `/moved/CODE/N` | one redirect with that status to `/ok/N` |
//! | `/loop` | a redirect to itself |
//! | `/flaky/K/N` | 503 the first K times, then the page N |
//! | `/set-cookie/LINE` | a page with that `Set-Cookie` (percent-encoded); with `?PATH` a redirect to PATH |
//! | `/cookies`, `/cookies/N` | a page whose title is the `Cookie` header of the request, or `none` |
//! | `/turnstile` | without a cookie: 503 that sets one; with a cookie: like `/cookies` |
//! | `/gate` | without a cookie: a redirect to itself that sets one; with a cookie: like `/cookies` |
//! | `/robots.txt` | the text given to [`Server::with_robots`], else 404; only [`Server::robots_hits`] counts it |
//! | anything else | 404 |
//!
//! `?retry-after=VALUE` adds a `Retry-After` header to the answers of `/status` and of a failing `/flaky`.

use std::fmt::Write;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::serve::{IncomingStream, Listener};
use futures_util::{StreamExt, future, stream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::ledger::{Access, Ledger};

/// The running server. When dropped, it stops and closes all connections.
pub(crate) struct Server {
    /// Its address: a free port of 127.0.0.1.
    pub(crate) addr: SocketAddr,
    ledger: Arc<Ledger>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server with its own thread and runtime.
    pub(crate) fn start() -> Self {
        Self::serving(None)
    }

    /// As [`start`](Self::start), with a robots.txt.
    pub(crate) fn with_robots(text: &'static str) -> Self {
        Self::serving(Some(text))
    }

    fn serving(robots: Option<&'static str>) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a fresh socket takes every option");
        let addr = listener.local_addr().expect("a bound socket has an address");
        let ledger = Arc::new(Ledger::default());
        let (stop, stopped) = oneshot::channel();
        let book = Arc::clone(&ledger);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // When the runtime is dropped, all connections end, whatever their handlers do.
            runtime.expect("a runtime can be built").block_on(serve(listener, book, robots, stopped));
        });
        Self { addr, ledger, stop: Some(stop), thread: Some(thread) }
    }

    /// The URL of a path. The path begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The number of requests for a path, with any query.
    pub(crate) fn hits(&self, path: &str) -> usize {
        self.ledger.hits(path)
    }

    /// The number of requests for robots.txt.
    pub(crate) fn robots_hits(&self) -> usize {
        self.ledger.robots_hits()
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn log(&self) -> Vec<Access> {
        self.ledger.log()
    }

    /// The number of requests in flight now.
    pub(crate) fn in_flight(&self) -> usize {
        self.ledger.in_flight()
    }

    /// The highest number of requests in flight at once. A request is in flight from its arrival until the last byte of
    /// its answer is handed over.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.ledger.most_in_flight()
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.ledger.connections()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dropping the sender stops the server.
        self.stop.take();
        let ended = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the test server panicked");
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    ledger: Arc<Ledger>,
    robots: Option<&'static str>,
    stopped: oneshot::Receiver<()>,
) {
    let counting = CountingListener {
        listener: TcpListener::from_std(listener).expect("it is non-blocking"),
        ledger: Arc::clone(&ledger),
    };
    let service = routes(ledger, robots).into_make_service_with_connect_info::<Peer>();
    tokio::select! {
        _ = axum::serve(counting, service) => {}
        _ = stopped => {}
    }
}

fn routes(ledger: Arc<Ledger>, robots: Option<&'static str>) -> Router {
    Router::new()
        .route("/ok/{n}", get(|Path(n): Path<String>| future::ready(page(&n))))
        .route("/sleep/{ms}/{n}", get(sleep))
        .route("/big/{bytes}", get(|Path(bytes): Path<usize>| future::ready(big(bytes))))
        .route("/hang", get(future::pending::<StatusCode>))
        .route("/drip", get(drip))
        .route("/reset", get(reset))
        .route("/status/{code}", get(status))
        .route("/redirect/{hops}", get(|Path(hops): Path<u32>| future::ready(redirect(hops))))
        .route("/moved/{code}/{n}", get(moved))
        .route("/loop", get(|| future::ready((StatusCode::FOUND, [(LOCATION, "/loop")]))))
        .route("/flaky/{times}/{n}", get(flaky))
        .route("/set-cookie/{line}", get(set_cookie))
        .route("/cookies", get(cookies))
        .route("/cookies/{n}", get(cookies))
        .route("/turnstile", get(turnstile))
        .route("/gate", get(gate))
        .layer(middleware::from_fn_with_state(Arc::clone(&ledger), account))
        // After the layer, so that robots.txt is not counted as a page.
        .route("/robots.txt", get(move |ledger| future::ready(robots_txt(&ledger, robots))))
        .with_state(ledger)
}

/// Records a request in the ledger. It is in flight until the body of its answer is dropped.
async fn account(
    State(ledger): State<Arc<Ledger>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let in_flight = Ledger::arrived(&ledger, &request, peer.addr);
    let (mut head, body) = next.run(request).await.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(CONTENT_LENGTH).or_insert(length.into());
    }
    let body = body.into_data_stream().inspect(move |_| {
        let _ = &in_flight;
    });
    Response::from_parts(head, Body::from_stream(body))
}

fn robots_txt(State(ledger): &State<Arc<Ledger>>, robots: Option<&'static str>) -> Response {
    ledger.asked_for_robots();
    robots.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

fn html(n: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{n}</title>\n\
         <meta name=\"description\" content=\"One page of many\">\n</head>\n<body>\n<h1>Page {n}</h1>\n\
         <p class=\"text\">There is little to read here, but it is read often.</p>\n\
         <p><a href=\"/ok/0\">the first page</a></p>\n</body>\n</html>\n"
    )
}

fn page(n: &str) -> Html<String> {
    Html(html(n))
}

async fn sleep(Path((ms, n)): Path<(u64, String)>) -> Html<String> {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    page(&n)
}

fn big(bytes: usize) -> Html<String> {
    let mut page = format!("<!DOCTYPE html>\n<title>{bytes}</title>\n<h1>A long list</h1>\n");
    let mut row = 0;
    while page.len() < bytes {
        row += 1;
        let _ = writeln!(page, "<p class=\"row\">Row <b>{row}</b> of a long page.</p>");
    }
    Html(page)
}

async fn drip() -> Response {
    let bytes = stream::iter(html("drip").into_bytes()).then(|byte| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, io::Error>(Bytes::copy_from_slice(&[byte]))
    });
    in_pieces(Body::from_stream(bytes))
}

async fn reset(ConnectInfo(peer): ConnectInfo<Peer>) -> Response {
    let half = stream::iter([Ok(Bytes::from("<!DOCTYPE html>\n<title>half</title>\n<p>This sentence will never"))]);
    let end = stream::once(async move {
        // The bytes written so far are sent first.
        tokio::task::yield_now().await;
        // Closing a socket with a linger time of zero sends a reset (socket(7)).
        rustix::net::sockopt::set_socket_linger(&*peer.socket, Some(Duration::ZERO))?;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    in_pieces(Body::from_stream(half.chain(end)))
}

fn in_pieces(body: Body) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

async fn status(Path(code): Path<u16>, uri: Uri) -> Response {
    match StatusCode::from_u16(code) {
        Ok(status) => (status, retry_after(&uri), page(status.as_str())).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn redirect(hops: u32) -> Response {
    let to = match hops {
        0 => return page("0").into_response(),
        1 => "/ok/0".to_owned(),
        _ => format!("/redirect/{}", hops - 1),
    };
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

async fn moved(Path((code, n)): Path<(u16, String)>) -> Response {
    match StatusCode::from_u16(code) {
        Ok(status) => (status, [(LOCATION, format!("/ok/{n}"))]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn flaky(State(ledger): State<Arc<Ledger>>, Path((times, n)): Path<(usize, String)>, uri: Uri) -> Response {
    // The ledger already contains this request.
    if ledger.hits(uri.path()) <= times {
        return (StatusCode::SERVICE_UNAVAILABLE, retry_after(&uri)).into_response();
    }
    page(&n).into_response()
}

async fn set_cookie(Path(line): Path<String>, uri: Uri) -> Response {
    let set = [(SET_COOKIE, line)];
    match uri.query() {
        Some(to) => (StatusCode::FOUND, set, [(LOCATION, to.to_owned())]).into_response(),
        None => (set, page("set")).into_response(),
    }
}

async fn cookies(headers: HeaderMap) -> Html<String> {
    page(headers.get(COOKIE).map_or("none", |value| value.to_str().unwrap_or("not text")))
}

async fn turnstile(headers: HeaderMap) -> Response {
    if headers.contains_key(COOKIE) {
        return cookies(headers).await.into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(SET_COOKIE, "passed=yes")]).into_response()
}

async fn gate(headers: HeaderMap) -> Response {
    if headers.contains_key(COOKIE) {
        return cookies(headers).await.into_response();
    }
    (StatusCode::FOUND, [(SET_COOKIE, "passed=yes"), (LOCATION, "/gate")]).into_response()
}

fn retry_after(uri: &Uri) -> HeaderMap {
    let asked = uri.query().and_then(|query| query.strip_prefix("retry-after="));
    asked.and_then(|value| HeaderValue::from_str(value).ok()).map(|value| (RETRY_AFTER, value)).into_iter().collect()
}

/// A listener that counts connections.
struct CountingListener {
    listener: TcpListener,
    ledger: Arc<Ledger>,
}

impl Listener for CountingListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        self.ledger.connected();
        // Without this option, small pieces wait for delayed acknowledgements of the client.
        stream.set_nodelay(true).expect("a fresh socket takes every option");
        (stream, addr)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The client of a request, and the socket of its connection.
#[derive(Clone)]
struct Peer {
    addr: SocketAddr,
    /// A second handle to the socket, to set options while the server owns the first.
    socket: Arc<OwnedFd>,
}

impl Connected<IncomingStream<'_, CountingListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, CountingListener>) -> Self {
        let socket = stream.io().as_fd().try_clone_to_owned().expect("there are file descriptors left");
        Self { addr: *stream.remote_addr(), socket: Arc::new(socket) }
    }
}
