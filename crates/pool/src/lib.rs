#![doc = include_str!("../README.md")]
// An overview for contributors. These files know jobs and bytes. They do not know what a job is for.
//
// - `job`: the trait that a program implements. `pool` runs a job over tasks, `builder` sets it up, and `outputs` has the
//   iterators and streams that it returns. `remote_error` is an error that a job can return.
// - `worker`: `serve` at the start of `main` turns copies of the program into workers.
// - `core`: the pool below the types. Bytes are submitted, and values of `event` come out. `options` configures it.
//   `driver` is the thread of a `Pool`, which drives a `Core`.
// - `roster`: decides who works on what and who comes next, without I/O and without a clock. `simulated` drives it in
//   tests.
// - `blame`: decides which job killed a worker. `death` describes how a worker ended, `roll_call` what it did, and
//   `status` what it is doing.
// - `child`: one worker, seen from its parent. `heard` checks what a worker says, long messages on the threads of
//   `aside`. `credit` limits the memory that large outputs take in the parent. `spawner` is the one thread that starts
//   processes, because Linux ends a worker together with the thread that started it.
// - `outbox`, `watch`, `line` and `panics`: one worker, seen from inside. `wire` is the protocol between both sides.
// - `sandbox`: takes from a worker what its job does not need. `environment` and `user` are what a worker starts with.
// - `unix`: everything that needs the operating system. `any_bytes_tests`: frames of arbitrary bytes.
//
// **How workers are replaced.** The parent owns the quota: it gives a worker exactly its quota of jobs and tells it to
// drain with the last one. The successor starts before it is needed, as a spare, so that a replacement costs no time. Past
// three quarters of the memory limit a worker drains, and past the limit it is killed. A suspect runs alone, in the
// quarantine slot. After a worker that dies before it gets a job, workers start slowly and one at a time. The pool gives up
// after ten such deaths in a row, and one more for each worker beyond the first.
//
// **How no process is left behind.** A worker asks the kernel to be killed when its parent dies (Linux). It also has a
// thread that waits until its standard input is closed, and then kills the worker's process group. Workers have their own
// process groups, so Ctrl-C reaches only the parent. A worker counts as gone only when its pipe has ended and its process
// has been waited for; only jobs without an answer by then are lost.
//
// Deliberately absent: a `Core` that runs a lost job again (whoever submits it decides, and may have reasons to wait), and
// state that processes share (each worker has one pipe in and one out, and only the parent knows who holds what).

#[cfg(any(test, fuzzing))]
pub mod any_bytes_tests;
mod aside;
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
mod status;
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
pub use heard::Check;
pub use job::{Job, JobError, Merge};
pub use line::Line;
pub use options::Options;
pub use outputs::{MapIter, MapUnordered, OrderedStream, UnorderedStream};
pub use pool::Pool;
pub use remote_error::RemoteError;
pub use roll_call::WorkerReport;
pub use sandbox::{Confinement, Sandbox};
pub use status::{WorkerState, WorkerStatus};
pub use user::User;
pub use worker::{WORKER_VARIABLE, is_worker, serve};
