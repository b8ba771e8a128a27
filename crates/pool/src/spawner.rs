//! One thread that starts all processes, and never ends.
//!
//! Until a worker watches for itself, Linux kills it with `PR_SET_PDEATHSIG` when the *thread* that started it ends, not the
//! process; and a thread of its own keeps the caller's loop free while the kernel copies what it must.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::unix;

struct Request {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// Starts a process, which then belongs to the caller's runtime.
pub(super) async fn spawn(command: Command) -> io::Result<Child> {
    let (reply, answer) = oneshot::channel();
    let request = Request { command, runtime: Handle::current(), reply };
    requests()?.send(request).map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}

fn requests() -> io::Result<mpsc::Sender<Request>> {
    static SENDER: OnceLock<Mutex<Option<mpsc::Sender<Request>>>> = OnceLock::new();
    let mut sender = SENDER.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = &*sender {
        return Ok(sender.clone());
    }
    let (requests, inbox) = mpsc::channel();
    std::thread::Builder::new().name("spawner".to_owned()).spawn(move || serve(&inbox))?;
    Ok(sender.insert(requests).clone())
}

fn serve(inbox: &mpsc::Receiver<Request>) {
    while let Ok(mut request) = inbox.recv() {
        let entered = request.runtime.enter();
        unix::keep_ends_of_children();
        // Whoever started this program may have left files open for it (`3>>log` in a shell), which are no worker's.
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let child = request.command.spawn();
        // Where the caller has gone meanwhile, the child is dropped here, which kills it.
        let _ = request.reply.send(child);
        drop(entered);
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes is gone")
}
