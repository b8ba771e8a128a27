//! Decides how a task fails after a panic, or after the loss of its worker.

use super::executor::{Cause, Death, JobError};
use crate::model::{Failure, FailureKind, Stage, excerpt};

/// Maximum bytes of a backtrace in a record. The innermost calls come first, so they are shown.
const BACKTRACE: usize = 16 << 10;

/// The failure of a task that is to blame for the end of its worker.
///
/// The worker limits the time of everything that it does over the network, so the stage is assumed to be parsing.
pub(super) fn of_death(death: &Death) -> Failure {
    let kind = match death.cause {
        Cause::Timeout { .. } => FailureKind::WorkerTimeout,
        Cause::Memory { .. } => FailureKind::WorkerMemory,
        _ => FailureKind::WorkerCrashed,
    };
    let message = match kind {
        FailureKind::WorkerTimeout => {
            "the task took longer than pool.task_timeout, and its worker was killed".to_owned()
        }
        _ => format!("the worker that had this task alone {death}"),
    };
    Failure { causes: death.last_words.clone(), ..Failure::new(kind, Stage::Parse, message) }
}

/// The failure of a sitemap that its worker survived.
pub(super) fn of_listing_error(error: &JobError) -> Failure {
    match error {
        JobError::TooLarge { .. } => {
            Failure::new(FailureKind::TooLarge, Stage::Parse, format!("the list of entries of the sitemap {error}"))
        }
        _ => of_error(error),
    }
}

/// The failure of a task that its worker survived.
pub(super) fn of_error(error: &JobError) -> Failure {
    let message = error.to_string();
    match error {
        JobError::Panic { backtrace, .. } => Failure {
            causes: vec![excerpt(backtrace, BACKTRACE).into_owned()],
            ..Failure::new(FailureKind::Panic, Stage::Parse, message)
        },
        JobError::TooLarge { .. } => Failure::new(
            FailureKind::TooLarge,
            Stage::Extract,
            format!("the extracted data {message}: extract less of the page"),
        ),
        JobError::Poison(death) => of_death(death),
        _ => Failure::new(FailureKind::WorkerCrashed, Stage::Extract, message),
    }
}
