use std::time::{Duration, Instant};

use super::hosts::HostId;
use super::queue::{RequestId, Schedule};
use super::target::Target;
use super::task::{AnsweredBy, Settled, UnderWay};
use crate::model::{Outcome, Task};

impl Schedule {
    /// Adds a task. If its line is not a valid URL, the task is settled at once.
    pub fn admit(&mut self, task: Task, now: Instant) -> Option<Settled> {
        let request = RequestId::Page(task.seq);
        match self.add(task, now) {
            Ok(Some(host)) => self.hosts.change(host, now, |host, _| host.queue.push_back(request)),
            Ok(None) => {}
            Err(settled) => return Some(*settled),
        }
        None
    }

    /// As [`admit`](Self::admit), for a task that goes before all others of its host.
    pub fn admit_first(&mut self, task: Task, now: Instant) -> Option<Settled> {
        let request = RequestId::Page(task.seq);
        match self.add(task, now) {
            Ok(Some(host)) => self.hosts.put_first(host, request, now),
            Ok(None) => {}
            Err(settled) => return Some(*settled),
        }
        None
    }

    /// Adds a task. Returns its host, in whose queue it is not yet; `None` if it needs no host.
    fn add(&mut self, task: Task, now: Instant) -> Result<Option<HostId>, Box<Settled>> {
        let Task { seq, line, url, input, stored, reach } = task;
        match (url, stored) {
            (Ok(url), Some(stored)) => {
                self.admit_stored(seq, line, input, url, stored);
                Ok(None)
            }
            (Ok(url), None) => {
                let host = self.hosts.hold(&url);
                let mut under_way = UnderWay::new(line, input, Target::new(url, reach), host, now);
                self.hosts.hold_again(host);
                self.attach_to_host(&mut under_way, host);
                self.weight += under_way.weight;
                self.tasks.insert(seq, Box::new(under_way));
                self.hosts.change(host, now, |host, _| host.pace.task_read());
                Ok(Some(host))
            }
            (Err(failure), _) => {
                let (outcome, answered_by) = (Outcome::Failure(failure), AnsweredBy::Requests);
                let elapsed = Duration::ZERO;
                Err(Box::new(Settled { seq, line, input, outcome, attempts: 0, elapsed, answered_by, host: None }))
            }
        }
    }

    pub(super) fn attach_to_host(&mut self, task: &mut UnderWay, host: HostId) {
        task.host = host;
        let left = task.origin.take();
        left.into_iter().for_each(|origin| self.origins.release(origin));
        task.origin = self.hosts.get(host).robots.then(|| self.origins.hold(&task.target.url, host));
    }
}
