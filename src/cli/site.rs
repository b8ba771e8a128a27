//! Serves a folder on a loopback port during a run.
//!
//! Every user of this machine can reach that port. So can a web page in a browser, if its host name resolves to
//! 127.0.0.1. So the server answers only requests for the host name of the site, serves only files that are inside the
//! folder after all symbolic links are followed, and treats dot files (`.git`, `.env`) as if they did not exist.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::serve::ListenerExt as _;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower_http::services::ServeDir;
use url::Url;

use crate::model::parse_url;
use crate::scrape::SITE_HOST;

/// The origin of the site. It does not depend on the port, so that the data is the same in every run.
pub(super) const ORIGIN: &str = "http://site.localhost/";

/// The file that is served for a folder.
const INDEX: &str = "index.html";
/// How long the server keeps an idle file thread: practically for ever.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

const NO_THREAD: &str = "start a thread that serves the site (is there a limit on processes, ulimit -u?)";

/// A server on its own thread. It stops when this is dropped.
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
        anyhow::ensure!(metadata.is_dir(), "serve `{shown}`: it is not a folder");
        // If files in the folder cannot be reached, every page would be missing. Files are requested by name, so the
        // folder need not be listable.
        std::fs::metadata(folder.join("."))
            .with_context(|| format!("serve `{shown}`: make it readable (chmod a+rx {shown})"))?;
        let root: Arc<Path> = folder.canonicalize().with_context(|| format!("serve `{shown}`"))?.into();
        let files = ServeDir::new(&root);
        Self::of(Router::new().fallback_service(files).layer(middleware::from_fn_with_state(root, inside_the_folder)))
    }

    /// Serves `router` to requests that name the site as their host.
    pub(super) fn of(router: Router) -> anyhow::Result<Self> {
        let router = router.layer(middleware::from_fn(to_the_site));
        // The runtime reads files on blocking threads. The first one is kept alive: if no other thread can be started,
        // it handles all files.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().thread_keep_alive(THREAD_KEEP_ALIVE).build();
        let runtime = runtime.context("set up the site's server")?;
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .context("open a loopback port for the site")?;
        let address = listener.local_addr()?;
        // Otherwise the end of a body waits up to 40 ms, until the client has acknowledged its beginning. If it fails, it
        // waits.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (stop, stopped) = oneshot::channel::<()>();
        // The runtime would panic if no thread can be started, so this is tried first.
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

    /// The base URL for lines without a scheme.
    pub(super) fn origin() -> anyhow::Result<Url> {
        Ok(parse_url(ORIGIN, None)?)
    }
}

/// Answers 421 (RFC 9110, 15.5.20) to requests for other hosts.
async fn to_the_site(request: Request, next: Next) -> Response {
    // The host of an absolute target counts as well (RFC 9112, 3.2.2).
    let is_ours = request.headers().get(HOST).is_some_and(|host| host == SITE_HOST)
        && request.uri().authority().is_none_or(|authority| authority == SITE_HOST);
    if is_ours { next.run(request).await } else { StatusCode::MISDIRECTED_REQUEST.into_response() }
}

/// Answers 404 to requests for files that are hidden or outside of the folder.
async fn inside_the_folder(State(root): State<Arc<Path>>, request: Request, next: Next) -> Response {
    match requested_file(&root, request.uri().path()) {
        Some(path) if !is_inside(&root, &path) => StatusCode::NOT_FOUND.into_response(),
        // The file server answers invalid paths.
        _ => next.run(request).await,
    }
}

/// The file below `root` that the path of a URL names; `None` if the path is not valid.
fn requested_file(root: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
    Some(root.join(path.trim_start_matches('/')))
}

/// Whether `path` is below `root` and not hidden, both as it is written and after all links are followed. A file that
/// does not exist counts as inside. What is neither a file nor a folder does not: to open a FIFO, the server would wait
/// for its other end, even after the run.
fn is_inside(root: &Path, path: &Path) -> bool {
    let shows = |path: &Path| path.strip_prefix(root).is_ok_and(|below| !below.components().any(is_hidden));
    let leads_inside = |path: &Path| path.canonicalize().is_ok_and(|path| shows(&path));
    if !shows(path) {
        return false;
    }
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            let index = path.join(INDEX);
            let is_no_trap = index.symlink_metadata().is_err() || !is_special(&index) && leads_inside(&index);
            leads_inside(path) && is_no_trap
        }
        Ok(_) => !is_special(path) && leads_inside(path),
        // The file server answers 404.
        Err(_) => true,
    }
}

/// Whether a path leads to a FIFO, a socket or a device.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Whether a part of a path begins with a dot. `..` does as well.
fn is_hidden(part: Component<'_>) -> bool {
    let name: &OsStr = part.as_os_str();
    name.as_encoded_bytes().starts_with(b".")
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::os::unix::fs::symlink;
    use std::{fs, io};

    use super::Site;

    fn status(site: &Site, target: &str, host: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(site.address())?;
        write!(stream, "GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.split(' ').nth(1).unwrap_or_default().to_owned())
    }

    #[test]
    fn a_site_serves_only_visible_files_of_its_folder_under_its_own_host_name() {
        let outside = tempfile::tempdir().expect("a folder");
        fs::write(outside.path().join("secret.html"), "secret").expect("the folder is ours");
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for folder in ["sub", ".git", "trap", "sub/.hidden"] {
            fs::create_dir(root.join(folder)).expect("the folder is ours");
        }
        for file in ["page.html", "a b.html", "sub/index.html", ".env", ".git/config", "sub/.hidden/x", "..x"] {
            fs::write(root.join(file), "text").expect("the folder is ours");
        }
        let links = [
            (root.join("page.html"), "inner.html"),
            (root.join("sub"), "inner"),
            (root.join(".env"), "env.html"),
            (root.join(".git"), "git"),
            (outside.path().join("secret.html"), "outer.html"),
            (outside.path().to_owned(), "outer"),
            (outside.path().join("secret.html"), "trap/index.html"),
            (root.join("nowhere"), "broken.html"),
        ];
        for (target, link) in links {
            symlink(target, root.join(link)).expect("the folder is ours");
        }
        for folder in ["waits", "waits/below"] {
            fs::create_dir(root.join(folder)).expect("the folder is ours");
        }
        for fifo in ["waits/fifo.html", "waits/below/index.html"] {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, root.join(fifo), mode).expect("the folder is ours");
        }
        let site = Site::of_folder(root).expect("a site");
        let own = "site.localhost";
        let port = site.address().port();
        let (with_port, by_address) = (format!("site.localhost:{port}"), format!("127.0.0.1:{port}"));
        let table = [
            ("/page.html", own, "200"),
            ("//page.html", own, "200"),
            ("/a%20b.html", own, "200"),
            ("/sub/", own, "200"),
            ("/sub", own, "307"),
            ("/inner.html", own, "200"),
            ("/inner/index.html", own, "200"),
            ("/nowhere.html", own, "404"),
            ("/broken.html", own, "404"),
            ("/.env", own, "404"),
            ("/%2eenv", own, "404"),
            ("/..x", own, "404"),
            ("/.git/config", own, "404"),
            ("/sub/.hidden/x", own, "404"),
            ("/sub/%2Ehidden/x", own, "404"),
            ("/sub/../page.html", own, "404"),
            ("/env.html", own, "404"),
            ("/git/config", own, "404"),
            ("/outer.html", own, "404"),
            ("/outer/secret.html", own, "404"),
            ("/trap/", own, "404"),
            ("/waits/fifo.html", own, "404"),
            ("/waits/below/", own, "404"),
            ("/%2fetc/passwd", own, "404"),
            ("/page.html", with_port.as_str(), "421"),
            ("/page.html", by_address.as_str(), "421"),
            ("/page.html", "localhost", "421"),
            ("/page.html", "attacker.example", "421"),
            ("http://site.localhost/page.html", "attacker.example", "421"),
            ("http://attacker.example/page.html", "site.localhost", "421"),
        ];
        for (target, host, expected) in table {
            assert_eq!(status(&site, target, host).expect("an answer"), expected, "{target} at {host}");
        }
    }
}
