#![doc = include_str!("../README.md")]
// The way through the files, for those who change them. They know jobs and bytes, nothing of what jobs are for.
//
// - `job` is what a program writes; `pool` runs it over tasks, set up by `builder`, and `outputs` are the iterators and
//   streams that it gives. `worker::serve` at the start of `main` turns copies of the program into workers.
// - `core` is the pool below the types: bytes are submitted, `event`s come out. `driver` is the thread of a `Pool`, which
//   drives a `Core`.
// - `roster` decides who works on what and who comes next, without I/O and without a clock. `blame` judges, for whoever
//   submits jobs, which of them killed a worker.
// - `child` is one worker seen from outside, `heard` what it may say, and `credit` how much memory large outputs may take.
//   `worker`, `outbox`, `watch` and `line` are one worker seen from inside. `wire` is what is between them.
// - `sandbox` takes from a worker what its job does not need; `environment` and `user` are what a worker is started with.
//
// Absent on purpose: a `Core` that runs a lost job again (who submits it decides, and may have reasons to wait), and state
// that processes share (each worker has one pipe in and one out, and the parent alone knows who holds what).

#[cfg(any(test, fuzzing))]
pub mod any_bytes_tests;
mod builder;
mod child;
mod core;
mod credit;
mod death;
mod driver;
mod environment;
mod event;
mod heard;
mod job;
mod line;
mod options;
mod outbox;
mod outputs;
mod panics;
mod pool;
mod remote_error;
mod roll_call;
mod roster;
mod sandbox;
#[cfg(any(fuzzing, feature = "simulated"))]
pub mod simulated;
mod spawner;
mod unix;
mod user;
mod watch;
mod wire;
mod worker;

pub mod blame;

pub use self::core::{Core, Error};
pub use builder::Builder;
pub use death::{Cause, Death, signal_name};
pub use event::{End, Event, Hints, JobId, WorkerId};
pub use job::{Job, JobError, Merge};
pub use line::Line;
pub use options::Options;
pub use outputs::{MapIter, MapUnordered, OrderedStream, UnorderedStream};
pub use pool::Pool;
pub use remote_error::RemoteError;
pub use roll_call::WorkerReport;
pub use sandbox::{Confinement, Sandbox};
pub use user::User;
pub use worker::{WORKER_VARIABLE, is_worker, serve};
