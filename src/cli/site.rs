//! A folder, served on a loopback port for the length of a run.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_http::services::ServeDir;
use url::Url;

/// The origin under which a site answers, whatever its port: the same in every run, so that the data is too.
pub(super) const ORIGIN: &str = "http://site.localhost/";

const KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const NO_THREAD: &str = "start a thread that serves the site (is there a limit on processes, ulimit -u?)";

/// A server on a thread of its own, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Site {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves the files of a folder.
    pub(super) fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        let metadata = std::fs::metadata(folder).with_context(|| format!("serve `{shown}`"))?;
        anyhow::ensure!(metadata.is_dir(), "serve `{shown}`: it is no folder");
        // Where what is in it cannot be reached, every page would be missing. Files are asked for by their names, so that
        // it need not be listed.
        std::fs::metadata(folder.join("."))
            .with_context(|| format!("serve `{shown}`: make it readable (chmod a+rx {shown})"))?;
        Self::of(Router::new().fallback_service(ServeDir::new(folder)))
    }

    /// Serves what `router` answers.
    pub(super) fn of(router: Router) -> anyhow::Result<Self> {
        // Files are read on threads of the runtime. The first one is kept: where no other can be had, all wait for it.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().thread_keep_alive(KEPT).build();
        let runtime = runtime.context("set up the site's server")?;
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .context("open a loopback port for the site")?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        // The runtime would panic where there is none to be had.
        std::thread::Builder::new().spawn(|| ()).context(NO_THREAD)?;
        runtime.spawn_blocking(|| ());
        let thread = std::thread::Builder::new().name("site".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = axum::serve(listener, router) => {}
                    _ = stopped => {}
                }
            });
        });
        let thread = thread.context(NO_THREAD)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What lines without a scheme are relative to.
    pub(super) fn origin() -> anyhow::Result<Url> {
        Ok(Url::parse(ORIGIN)?)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
