//! A pool of worker processes, for any job: Python's `multiprocessing.Pool`, grown up.
//!
//! Knows jobs and bytes, nothing of URLs. In reading order:
//!
//! - [`Job`] is what a program writes; [`Pool`] runs it over tasks: `map`, `imap`, `imap_unordered`, `apply`,
//!   `map_reduce`. [`serve`] at the start of `main` turns copies of the program into workers.
//! - [`Core`] is the pool below the types: bytes are submitted, [`Event`]s come out. [`Pool`] is a thin layer on it,
//!   whose thread is `driver`.
//! - `roster` decides who works on what and who comes next, without I/O and without a clock; [`blame`] judges, for
//!   whoever submits jobs, which of them killed a worker.
//! - `child` is one worker seen from outside, `credit` how much of what workers send is read at once, `heard` what a worker may say; `worker`, `outbox`, `watch` and [`Line`] are one
//!   seen from inside; `wire` is what is between them.
//! - `sandbox` takes from a worker what its job does not need; `environment` and `user` are what it is given of them.
//!
//! Absent on purpose: running a lost job again (the submitter decides, and may have gates of its own to pass), and
//! shared state between processes: each worker has one pipe in and one out, and the parent alone knows who holds what.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
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
mod panics;
mod roll_call;
mod roster;
mod sandbox;
mod spawner;
mod typed;
mod unix;
mod user;
mod watch;
mod wire;
mod worker;

pub mod blame;

pub use self::core::{Core, Error};
pub use death::{Cause, Death, signal_name};
pub use event::{End, Event, Hints, JobId, WorkerId};
pub use job::{Job, JobError, Merge};
pub use line::Line;
pub use options::Options;
pub use sandbox::{Confinement, Sandbox};
pub use typed::{Builder, Imap, ImapUnordered, Pool, WorkerReport};
pub use user::User;
pub use worker::{is_worker, serve};
