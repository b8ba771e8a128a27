//! Reads one page outside of a run: one job of one worker.

use std::time::Duration;

use super::executor::{Executor, ExecutorEvent, JobHints};
use super::job::{JobInput, JobOutput, Received, SentOutput};
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
                    Some(Received { output: JobOutput::Page(Visited { answer, .. }, _), .. }) => Ok(answer),
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use bytes::Bytes;
    use gleaner_pool::{Cause, Death};

    use super::super::executor::JobError;
    use super::super::{JobId, WorkerId};
    use super::*;
    use crate::coordinator::executor::WorkerNow;
    use crate::model::{Failure, FailureKind, Phases, Reach, Stage};

    /// Gives these events, and counts the jobs that it gets.
    struct Scripted {
        events: VecDeque<ExecutorEvent>,
        submitted: usize,
    }

    impl Executor for &mut Scripted {
        fn room(&self) -> usize {
            1
        }

        fn submit(&mut self, id: JobId, _: Bytes, hints: JobHints) {
            assert!(id == JOB && hints.alone);
            self.submitted += 1;
        }

        fn refuse(&mut self, _: WorkerId, _: Option<JobId>, _: String) {}

        fn expect(&mut self, _: usize) {}

        fn close(&mut self) {}

        fn kill(&mut self) {}

        fn workers(&self) -> Vec<WorkerNow> {
            Vec::new()
        }

        async fn next(&mut self) -> Option<ExecutorEvent> {
            self.events.pop_front()
        }

        fn try_next(&mut self) -> Option<ExecutorEvent> {
            None
        }
    }

    fn done(output: Bytes) -> ExecutorEvent {
        ExecutorEvent::Done { job: JOB, worker: 1, output }
    }

    fn lost(jobs: Vec<JobId>) -> ExecutorEvent {
        let death = Death { cause: Cause::Signal(9), last_words: Vec::new() };
        ExecutorEvent::Lost { worker: 1, jobs, death }
    }

    fn answer() -> Bytes {
        let answer = Answer::Failure(Failure::new(FailureKind::Decode, Stage::Parse, "why"));
        let visited = Visited { answer, headers: Vec::new(), by_reference: false, phases: Phases::default() };
        postcard::to_stdvec(&SentOutput::new(JobOutput::Page(visited, Duration::ZERO), bytes::Bytes::new()))
            .expect("bytes")
            .into()
    }

    #[tokio::test]
    async fn a_page_is_read_again_if_its_worker_is_lost_once() {
        let failed =
            || ExecutorEvent::Failed { job: JOB, worker: None, error: JobError::TooLarge { size: 9, limit: 1 } };
        let table = [
            (vec![done(answer())], Ok(FailureKind::Decode), 1),
            (vec![lost(vec![]), lost(vec![JOB]), done(answer())], Ok(FailureKind::Decode), 2),
            (vec![lost(vec![JOB]), lost(vec![JOB]), done(answer())], Ok(FailureKind::WorkerCrashed), 2),
            (vec![failed()], Ok(FailureKind::TooLarge), 1),
            (vec![done(Bytes::from_static(b"junk"))], Err("keep workers running: a worker sent"), 1),
            (vec![ExecutorEvent::Fatal("no memory".to_owned())], Err("keep workers running: no memory"), 1),
            (vec![], Err("keep workers running: the workers have stopped"), 1),
        ];
        let visit = Visit::new("http://h/".parse().expect("a URL"), Reach::Listed);
        for (nth, (events, expected, submitted)) in table.into_iter().enumerate() {
            let mut executor = Scripted { events: events.into(), submitted: 0 };
            let read = read_one(&mut executor, &visit, Duration::from_secs(1)).await;
            match (read, expected) {
                (Ok(Answer::Failure(failure)), Ok(kind)) => assert_eq!(failure.kind, kind, "case {nth}"),
                (Err(error), Err(begin)) => assert!(error.to_string().starts_with(begin), "case {nth}: {error}"),
                (read, _) => panic!("case {nth}: {read:?}"),
            }
            assert_eq!(executor.submitted, submitted, "case {nth}");
        }
    }
}
