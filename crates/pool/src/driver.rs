//! The pool's own thread. It takes requests and sends replies. It runs lost tasks again if [`blame`] says so.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::blame;
use super::core::{Core, Error};
use super::event::{Event, Hints, JobId};
use super::job::JobError;
use super::options::Options;
use super::roll_call::{RollCall, WorkerReport};

/// A request of a [`Pool`](super::Pool) to its thread.
#[derive(Debug)]
pub(super) enum Request {
    Run { id: JobId, payload: Bytes, merge: Option<u64>, reply: UnboundedSender<Reply> },
    Close,
    Kill,
}

/// The result of a task, or of several tasks whose outputs were merged.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) jobs: Vec<JobId>,
    pub(super) result: Result<Bytes, JobError>,
}

/// When so many tasks wait, the driver removes those whose callers are gone.
const FIRST_SWEEP: usize = 1024;

/// A task with what is needed to run it, and to run it again.
struct Task {
    payload: Bytes,
    merge: Option<u64>,
    reply: UnboundedSender<Reply>,
    record: blame::Charges,
}

/// Runs the core until it ends. `report` gets one message: `None` if the core has started, or else the error.
pub(super) fn drive(
    job: &str,
    init: &[u8],
    options: Options,
    deadline: Option<Duration>,
    inbox: UnboundedReceiver<Request>,
    report: &mpsc::Sender<Option<Error>>,
    ended: Arc<OnceLock<String>>,
) -> Vec<WorkerReport> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = report.send(Some(Error::Thread(error)));
            return Vec::new();
        }
    };
    runtime.block_on(async {
        match Core::new(job, init, options) {
            Ok(core) => {
                let _ = report.send(None);
                Driver {
                    core,
                    deadline,
                    waiting: VecDeque::new(),
                    sweep_at: FIRST_SWEEP,
                    under_way: HashMap::new(),
                    roll: RollCall::default(),
                    ended,
                }
                .run(inbox)
                .await
            }
            Err(error) => {
                let _ = report.send(Some(error));
                Vec::new()
            }
        }
    })
}

struct Driver {
    core: Core,
    deadline: Option<Duration>,
    /// Tasks for which no worker is free. They are not in the core yet, so that tasks whose callers are gone can be removed.
    waiting: VecDeque<(JobId, Task)>,
    /// When `waiting` has this many tasks, it is searched for tasks whose callers are gone.
    sweep_at: usize,
    /// Tasks that are in the core.
    under_way: HashMap<JobId, Task>,
    roll: RollCall,
    ended: Arc<OnceLock<String>>,
}

impl Driver {
    async fn run(mut self, mut inbox: UnboundedReceiver<Request>) -> Vec<WorkerReport> {
        loop {
            tokio::select! {
                biased;
                request = inbox.recv(), if !inbox.is_closed() || !inbox.is_empty() => match request {
                    Some(Request::Run { id, payload, merge, reply }) => {
                        let task = Task { payload, merge, reply, record: blame::Charges::default() };
                        self.queue(id, task);
                    }
                    Some(Request::Close) => {
                        inbox.close();
                        // Closing the pool needs exclusive access, so no caller waits for a task.
                        self.waiting.clear();
                        self.core.close();
                    }
                    Some(Request::Kill) | None => {
                        inbox.close();
                        self.core.kill();
                    }
                },
                event = self.core.next() => match event {
                    Some(event) => self.handle(event),
                    None => break,
                },
            }
            self.fill();
        }
        inbox.close();
        let reason = self.ended.get_or_init(|| "the pool was closed".to_owned()).clone();
        self.give_up(&reason);
        while let Ok(request) = inbox.try_recv() {
            if let Request::Run { id, reply, .. } = request {
                let _ = reply.send(Reply { jobs: vec![id], result: Err(JobError::Stopped(reason.clone())) });
            }
        }
        self.roll.finish()
    }

    fn queue(&mut self, id: JobId, task: Task) {
        self.waiting.push_back((id, task));
        if self.waiting.len() >= self.sweep_at {
            self.waiting.retain(|(_, task)| !task.reply.is_closed());
            self.sweep_at = FIRST_SWEEP.max(2 * self.waiting.len());
        }
    }

    /// Gives the core as many tasks as its workers can hold.
    fn fill(&mut self) {
        while self.core.room() > 0
            && let Some((id, task)) = self.waiting.pop_front()
        {
            self.submit(id, task);
        }
    }

    /// Gives a task to the core, unless its caller is gone.
    fn submit(&mut self, id: JobId, task: Task) {
        if task.reply.is_closed() {
            return;
        }
        let hints = Hints {
            affinity: None,
            alone: task.record.must_be_alone(),
            deadline: self.deadline,
            merge: task.merge.filter(|_| !task.record.must_be_alone()),
        };
        self.core.submit(id, task.payload.clone(), hints);
        self.under_way.insert(id, task);
    }

    fn handle(&mut self, event: Event) {
        self.roll.note(&event);
        match event {
            Event::Done { job, output, .. } => self.reply(&[job], Ok(output)),
            Event::Merged { jobs, output, .. } => self.reply(&jobs, Ok(output)),
            Event::Failed { job, error, .. } => self.reply(&[job], Err(error)),
            Event::Lost { jobs, death, .. } => {
                for job in &jobs {
                    let Some(mut task) = self.under_way.remove(job) else { continue };
                    match task.record.judge(*job, jobs.len() - 1, &death) {
                        blame::Verdict::Again | blame::Verdict::Alone => self.submit(*job, task),
                        blame::Verdict::Guilty => {
                            let result = Err(JobError::Poison(death.clone()));
                            let _ = task.reply.send(Reply { jobs: vec![*job], result });
                        }
                    }
                }
            }
            Event::Fatal(reason) => {
                self.give_up(&reason);
                let _ = self.ended.set(reason);
            }
            Event::Noted { .. } | Event::Started { .. } | Event::Ended { .. } => {}
        }
    }

    fn reply(&mut self, jobs: &[JobId], result: Result<Bytes, JobError>) {
        let mut tasks = jobs.iter().filter_map(|job| self.under_way.remove(job));
        // All tasks of a merged output belong to the same call, so one reply is enough.
        if let Some(task) = tasks.next() {
            let _ = task.reply.send(Reply { jobs: jobs.to_vec(), result });
        }
        tasks.for_each(drop);
    }

    fn give_up(&mut self, reason: &str) {
        for (id, task) in self.under_way.drain().chain(self.waiting.drain(..)) {
            let _ = task.reply.send(Reply { jobs: vec![id], result: Err(JobError::Stopped(reason.to_owned())) });
        }
    }
}
