//! The live page of a run (`--ui`) and its metrics (`--metrics`), over HTTP.
//!
//! A thread of its own with its own runtime serves both. It knows a run only by its [`Watch`]: it looks at the newest
//! state when a browser or a scrape asks for it, and never makes the run wait.
//!
//! - `address`: where to listen
//! - `connections`: connections with limits
//! - `gate`: who may ask: Host, Origin, token
//! - `page`: answers the requests for the live page
//! - `updates`: what the page shows, kept up to date while a browser looks
//! - `now`: what is going on now, as HTML
//! - `metrics`: the metrics, as text for Prometheus
//! - `live.html`, `live.css` and `live.js` are the page; `now.html` is the part with what is going on now

mod address;
mod connections;
mod gate;
mod metrics;
mod now;
mod page;
mod updates;

use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};

use self::gate::{Gate, Hosts, Token};
use self::page::Page;
use self::updates::Updates;
use crate::coordinator::Watch;
use crate::observation::{CommandLine, Summary};

pub use address::{Error, is_address};

/// The most connections at once, of the page and of the metrics together.
pub const CONNECTIONS: usize = 2 * connections::MOST;

/// Sockets that listen, before the run begins.
#[derive(Debug)]
pub struct Sockets {
    page: Option<Socket>,
    metrics: Option<Socket>,
}

#[derive(Debug)]
struct Socket {
    listener: TcpListener,
    /// The names that requests may use for this server.
    hosts: Hosts,
}

/// The server. If it is dropped, it ends.
#[derive(Debug)]
pub struct Live {
    page: Option<(SocketAddr, String)>,
    metrics: Option<SocketAddr>,
    end: Option<oneshot::Sender<Option<Box<Summary>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Sockets {
    /// Listens at the addresses, which are written as `HOST:PORT`. Port 0 is any free port. Returns `None` if nothing is
    /// to be served.
    ///
    /// # Errors
    /// If an address is not valid, or is taken.
    pub fn open(page: Option<&str>, metrics: Option<&str>) -> Result<Option<Self>, Error> {
        let page = page.map(|address| Socket::open("the live page", address, None)).transpose()?;
        let own = page.as_ref().map(|page| page.hosts.address());
        let metrics = metrics.map(|address| Socket::open("the metrics", address, own)).transpose()?;
        let sockets = Self { page, metrics };
        Ok(Some(sockets).filter(|sockets| sockets.page.is_some() || sockets.metrics.is_some()))
    }

    /// Serves a run.
    ///
    /// # Errors
    /// If the system does not give a thread or a descriptor.
    pub fn serve(self, watch: &Watch, command: CommandLine) -> Result<Live, Error> {
        let token = Token::random().map_err(|error| Error::start(error.into()))?;
        let shown = self.page.as_ref().map(|socket| (socket.hosts.address(), token.shown().to_owned()));
        let page = self.page.map(|Socket { listener, hosts }| {
            let updates = Updates::new(watch.clone(), command);
            (listener, Page::new(Gate::new(hosts, token), watch.clone(), updates))
        });
        let metrics_at = self.metrics.as_ref().map(|socket| socket.hosts.address());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::start)?;
        let (end, ended) = oneshot::channel();
        let server = Server { page, metrics: self.metrics, watch: watch.clone() };
        let thread = std::thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || server.run(&runtime, ended))
            .map_err(Error::start)?;
        Ok(Live { page: shown, metrics: metrics_at, end: Some(end), thread: Some(thread) })
    }
}

impl Socket {
    /// `own` is the address of the other socket of this run.
    fn open(what: &'static str, written: &str, own: Option<SocketAddr>) -> Result<Self, Error> {
        let (listener, at) = address::listen(what, written, own)?;
        Ok(Self { listener, hosts: Hosts::new(written, at) })
    }
}

impl Live {
    /// The URL of the page, with the token that opens it.
    pub fn url(&self) -> Option<String> {
        let (at, token) = self.page.as_ref()?;
        Some(format!("http://{}/?token={token}", address::reachable(*at)))
    }

    /// The URL of the metrics.
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics.map(|at| format!("http://{}/metrics", address::reachable(at)))
    }

    /// Whether other machines can reach the page.
    pub fn opens_page_to_others(&self) -> bool {
        self.page.as_ref().is_some_and(|(at, _)| !address::is_loopback(*at))
    }

    /// Whether other machines can reach the metrics.
    pub fn opens_metrics_to_others(&self) -> bool {
        self.metrics.is_some_and(|at| !address::is_loopback(at))
    }

    /// Shows how the run ended to the browsers that are connected, and ends. Waits a short time for slow ones.
    pub fn end(mut self, summary: Summary) {
        if let Some(end) = self.end.take() {
            let _ = end.send(Some(Box::new(summary)));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Server {
    page: Option<(TcpListener, Page)>,
    metrics: Option<Socket>,
    watch: Watch,
}

impl Server {
    fn run(self, runtime: &Runtime, ended: oneshot::Receiver<Option<Box<Summary>>>) {
        let Self { page, metrics, watch } = self;
        let (stop, stopping) = watch::channel(false);
        runtime.block_on(async move {
            let (listener, page) = page.map(|(listener, page)| (listener, Arc::new(page))).unzip();
            let updates = page.as_ref().map(|page| page.updates());
            let serve_page = async {
                if let (Some(listener), Some(page)) = (listener, page) {
                    let answer = move |request| ready(page::answer(&page, request));
                    connections::serve(listener, answer, page::TIMES, stopping.clone()).await;
                }
            };
            let serve_metrics = async {
                if let Some(Socket { listener, hosts }) = metrics {
                    let hosts = Arc::new(hosts);
                    let answer = move |request| metrics::answer(watch.clone(), Arc::clone(&hosts), request);
                    connections::serve(listener, answer, metrics::TIMES, stopping.clone()).await;
                }
            };
            let follow = async {
                let until_the_end = async { ended.await.ok().flatten() };
                let summary = match &updates {
                    Some(updates) => tokio::select! {
                        summary = until_the_end => summary,
                        () = updates.follow() => None,
                    },
                    None => until_the_end.await,
                };
                if let Some(updates) = &updates {
                    updates.end(summary.map(|summary| *summary));
                }
                let _ = stop.send(true);
            };
            tokio::join!(serve_page, serve_metrics, follow);
        });
    }
}
