//! Runs servers from Debian packages as child processes on free ports.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::support::{PROMPTLY, wait_until};

/// If this environment variable is set, a missing server fails the test.
const REQUIRED: &str = "GLEANER_REQUIRE_SERVERS";

/// Number of attempts to start a server. Another program may take a port before the server does.
const MAX_STARTS: usize = 5;

/// Whether one of these programs is not installed. Writes a message if so.
#[track_caller]
pub(crate) fn is_missing(programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return false;
    }
    let missing = missing.join(", ");
    assert!(std::env::var_os(REQUIRED).is_none(), "not installed: {missing} (see .ci/run)");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // The output of `eprintln!` is shown only for failing tests.
    let line = format!("skipped, because {missing} is not installed (.ci/run installs it): {test}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error is open");
    true
}

/// Finds a program. Servers are in folders that not every `PATH` contains.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A running server. On drop, it is killed and its folder is removed.
pub(crate) struct Server {
    child: Child,
    /// The ports that it listens on.
    pub(crate) ports: Vec<u16>,
    /// The folder of its files. Every user may write there, because the server may run as another user.
    pub(crate) folder: tempfile::TempDir,
}

impl Server {
    /// Starts a program that listens on `ports` free ports. `command` completes its command line and writes files to
    /// the folder. Returns when all ports accept connections.
    #[track_caller]
    pub(crate) fn start(program: &str, ports: usize, command: impl Fn(&mut Command, &Path, &[u16])) -> Self {
        let path = find(program).expect("`is_missing` found it");
        for _ in 0..MAX_STARTS {
            let folder = tempfile::tempdir().expect("a folder");
            open_to_all(folder.path());
            let ports = free_ports(ports);
            let log = fs::File::create(folder.path().join("output.log")).expect("a file");
            let mut server = Command::new(&path);
            command(&mut server, folder.path(), &ports);
            server.stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
            let mut this = Self { child: server.spawn().expect("the server starts"), ports, folder };
            let mut has_ended = false;
            wait_until("a server that listens", PROMPTLY, || {
                has_ended = this.child.try_wait().expect("our own child").is_some();
                has_ended || this.ports.iter().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok())
            });
            if !has_ended {
                return this;
            }
            let output = this.read("output.log") + &this.read("error.log");
            assert!(output.contains("in use") || output.contains("Cannot bind"), "{program} does not start: {output}");
        }
        panic!("{program} found its ports taken {MAX_STARTS} times");
    }

    /// The content of a file in its folder; empty if there is none.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if the child has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("our own folder");
}

fn free_ports(count: usize) -> Vec<u16> {
    let bind = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    // All are open at the same time, so that the ports differ.
    let listeners: Vec<TcpListener> = (0..count).map(bind).collect();
    listeners.iter().map(|listener| listener.local_addr().expect("bound").port()).collect()
}
