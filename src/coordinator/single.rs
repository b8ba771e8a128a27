//! Reads one page outside of a run: one job of one worker.

use std::time::Duration;

use super::executor::{Executor, ExecutorEvent, JobHints};
use super::job::{JobInput, JobOutput, SentOutput};
use super::{RunError, verdict};
use crate::model::{Answer, Visit, Visited};

/// The number of the job.
const JOB: u64 = 0;
/// How many workers may be lost with the page before it is to blame.
const MOST_LOST: u32 = 2;

/// Lets the executor make one visit. Its answer should be stored, because nothing is known here of robots.txt, delays and
/// redirects. A page that kills its worker twice fails.
///
/// # Errors
/// If the executor cannot continue.
pub async fn read_one(mut executor: impl Executor, visit: &Visit, time_limit: Duration) -> Result<Answer, RunError> {
    let cannot = |reason: &str| RunError::Executor(reason.to_owned());
    let payload = postcard::to_stdvec(&JobInput::Page(visit.clone())).map_err(|error| cannot(&error.to_string()))?;
    let payload = bytes::Bytes::from(payload);
    let hints = JobHints { affinity: 0, alone: true, time_limit };
    let mut lost = 0;
    executor.expect(1);
    executor.submit(JOB, payload.clone(), hints);
    while let Some(event) = executor.next().await {
        match event {
            ExecutorEvent::Done { job: JOB, output, .. } => {
                return match SentOutput::read(&output) {
                    Some(JobOutput::Page(Visited { answer, .. }, _)) => Ok(answer),
                    _ => Err(cannot("a worker sent what is not a valid answer")),
                };
            }
            ExecutorEvent::Failed { job: JOB, error, .. } => return Ok(Answer::Failure(verdict::of_error(&error))),
            ExecutorEvent::Lost { jobs, death, .. } if jobs.contains(&JOB) => {
                lost += 1;
                if lost >= MOST_LOST {
                    return Ok(Answer::Failure(verdict::of_death(&death)));
                }
                executor.submit(JOB, payload.clone(), hints);
            }
            ExecutorEvent::Fatal(reason) => return Err(cannot(&reason)),
            _ => {}
        }
    }
    Err(cannot("the workers have stopped"))
}
