//! `[pool]`

use super::{Affects, Keys, Node, Read, Section, Setting, put};
use crate::config::element::{choice, count, duration, size, user, workers};
use crate::config::error::Complaint;
use gleaner_pool::Sandbox;
use std::num::NonZeroU32;

pub(super) const POOL: Section = Section {
    name: "pool",
    doc: "The worker processes, which fetch and parse.",
    keys: Keys::Known(&[
        Setting {
            name: "workers",
            read: Read::Value(|s, n| put(&mut s.workers, n, workers::read)),
            form: workers::form,
            default: "\"auto\"",
            affects: Affects::Nothing,
            doc: "How many there are: a number, or \"auto\" for one for each CPU that this process may use. Parsing takes \
                  most of the time, and one worker keeps one CPU busy, so more workers than CPUs seldom help.",
        },
        Setting {
            name: "concurrency",
            read: Read::Value(|s, n| put(&mut s.plan.pool.concurrency, n, count::parallel)),
            form: count::parallel_form,
            default: "16",
            affects: Affects::Nothing,
            doc: "How many tasks each worker has in flight at the same time. Waiting for servers costs nothing, so raise it \
                  for slow sites. Every page in flight takes memory.",
        },
        Setting {
            name: "max_tasks_per_worker",
            read: Read::Value(|s, n| put(&mut s.plan.pool.quota, n, quota)),
            form: count::any_form,
            default: "0",
            affects: Affects::Nothing,
            doc: "After how many jobs a worker is replaced by a new process; 0 = never. This helps against code that leaks \
                  memory. A new process takes some milliseconds to start and opens its connections again, so a value \
                  below 100 slows the run down.",
        },
        Setting {
            name: "quota_jitter",
            read: Read::Value(|s, n| put(&mut s.plan.pool.quota_jitter, n, count::any)),
            form: count::any_form,
            default: "0",
            affects: Affects::Nothing,
            doc: "Lowers max_tasks_per_worker by a random number from 0 to this one, for each worker, so that they are not \
                  all replaced at the same time. It must be less than max_tasks_per_worker, unless that is 0.",
        },
        Setting {
            name: "max_memory_per_worker",
            read: Read::Value(|s, n| put(&mut s.plan.pool.max_memory, n, |n| size::worker(n).map(Some))),
            form: size::worker_form,
            default: "\"512MiB\"",
            affects: Affects::Nothing,
            doc: "A worker that takes more memory than this is replaced. A run takes up to about this much for each worker.\n\
                  It must be at least 16MiB: a worker takes some 5MiB before its first page, and pages must fit in too.",
        },
        Setting {
            name: "task_timeout",
            read: Read::Value(|s, n| put(&mut s.plan.task_timeout, n, duration::positive)),
            form: duration::positive_form,
            default: "\"60s\"",
            affects: Affects::Nothing,
            doc: "The hard limit for one task in a worker, parsing included. A worker that takes longer is killed and \
                  replaced. It must be longer than fetch.timeout.",
        },
        Setting {
            name: "sandbox",
            read: Read::Value(|s, n| put(&mut s.plan.pool.sandbox, n, |n| choice::read(n, SANDBOXES))),
            form: || choice::form(SANDBOXES),
            default: "\"auto\"",
            affects: Affects::Nothing,
            doc: "Whether a worker gives up the rights that it does not need before it sees the first page: writing files, \
                  reading files (except those that TLS and name lookups need), starting programs, and looking into other \
                  processes. \"auto\" = as far as the system allows. Linux with landlock and seccomp allows all of it; -v \
                  says what is missing. \"off\" = not at all. \"require\" = the run does not start if any of it is missing.",
        },
        Setting {
            name: "user",
            read: Read::Value(|s, n| put(&mut s.plan.worker_user, n, user::read)),
            form: user::form,
            default: "\"auto\"",
            affects: Affects::Nothing,
            doc: "The user that workers run as if root runs Gleaner: \"auto\", \"same\" (the user of Gleaner), the name of a \
                  user, or \"uid:gid\". It is an error if workers cannot run as that user. \"auto\" takes a user that nobody \
                  else has (a number from 61184 on, which owns no files). The system must let root change to that user, \
                  and the user must be able to read the certificates that SSL_CERT_FILE and SSL_CERT_DIR name; otherwise \
                  \"auto\" is \"same\", and -v says why. It is also \"same\" if another user than root runs Gleaner, or if \
                  the sandbox is off.",
        },
    ]),
    remarks: "",
};

const SANDBOXES: &[(&str, Sandbox)] = &[("auto", Sandbox::Auto), ("off", Sandbox::Off), ("require", Sandbox::Require)];

/// A number of jobs; 0 means that there is no quota.
fn quota(node: &Node) -> Result<Option<NonZeroU32>, Complaint> {
    let number = count::any(node).map_err(|complaint| match complaint.help {
        Some(_) => complaint,
        None => complaint.with_help("0 = workers are never replaced"),
    })?;
    Ok(NonZeroU32::new(number))
}
