//! One thread that starts all processes, and never ends.
//!
//! A new worker asks Linux to kill it when its parent dies (`PR_SET_PDEATHSIG`). Linux does so when the *thread* that
//! started the worker ends, not the process. So the thread must not end before the worker watches its parent by itself.
//! A separate thread also keeps the caller's loop free while the kernel starts the process.

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

/// Starts a process. It belongs to the caller's runtime.
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
        // The program that started this one may have left files open (`3>>log` in a shell). Workers must not get them.
        close_fds::set_fds_cloexec_threadsafe(3, &[]);
        let child = request.command.spawn();
        // If the caller is gone meanwhile, the child is dropped here, which kills it.
        let _ = request.reply.send(child);
        drop(entered);
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes has ended")
}
