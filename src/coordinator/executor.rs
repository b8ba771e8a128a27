use bytes::Bytes;
use gleaner_pool::{Core, Event, Hints, JobId, WorkerId};

/// Whatever runs jobs: give it jobs, get events. Kept this narrow so that many machines can stand behind it as well as
/// the processes of one.
pub trait Executor {
    /// How many more jobs it could begin at once.
    fn room(&self) -> usize;

    /// Takes a job in.
    fn submit(&mut self, id: JobId, payload: Bytes, hints: Hints);

    /// Ends a worker that has sent what cannot be. `job`: one that came as done by that, and comes back as lost.
    fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String);

    /// About so many more jobs will come. No promise.
    fn expect(&mut self, jobs: usize);

    /// No more jobs will come, but for those that are reported lost.
    fn close(&mut self);

    /// Stops at once, whatever is under way.
    fn kill(&mut self);

    /// The next event; `None` when it is closed or killed, and all is over. Cancel safe.
    fn next(&mut self) -> impl Future<Output = Option<Event>>;

    /// The next event that is here already.
    fn try_next(&mut self) -> Option<Event>;
}

impl Executor for Core {
    fn room(&self) -> usize {
        Core::room(self)
    }

    fn submit(&mut self, id: JobId, payload: Bytes, hints: Hints) {
        Core::submit(self, id, payload, hints);
    }

    fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String) {
        Core::refuse(self, worker, job, reason);
    }

    fn expect(&mut self, jobs: usize) {
        Core::expect(self, jobs);
    }

    fn close(&mut self) {
        Core::close(self);
    }

    fn kill(&mut self) {
        Core::kill(self);
    }

    async fn next(&mut self) -> Option<Event> {
        Core::next(self).await
    }

    fn try_next(&mut self) -> Option<Event> {
        Core::try_next(self)
    }
}
