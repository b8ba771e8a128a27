//! Says which worker took the place of which.

use std::collections::BTreeMap;

use super::executor::{WorkerNow, WorkerReport};
use crate::model::counted;

/// The workers that are gone and whose successors nobody has named yet, by their slots.
#[derive(Debug, Default)]
pub(super) struct Turnover(BTreeMap<u64, Gone>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Gone {
    pid: u64,
    generation: u64,
    jobs: u64,
    end: &'static str,
}

impl Turnover {
    /// A worker has left its slot. At the end of a run, workers leave because there is no more work.
    pub(super) fn left(&mut self, report: &WorkerReport) {
        if report.end == "finished" || !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let fact = |name| fact(&report.facts, name);
        let (Some(pid), Some(slot), Some(generation)) = (fact("pid"), fact("slot"), fact("generation")) else { return };
        let before = self.0.insert(slot, Gone { pid, generation, jobs: report.jobs, end: report.end });
        // Its successor came and went, or has not come yet.
        before.iter().for_each(|gone| say(gone, (gone.generation + 1 == generation).then_some(pid)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says who took the places of those that are gone, as far as `workers` tells.
    pub(super) fn name_successors(&mut self, workers: &[WorkerNow]) {
        self.0.retain(|slot, gone| {
            let successor = successor(workers, *slot, gone.generation);
            successor.iter().for_each(|pid| say(gone, Some(*pid)));
            successor.is_none()
        });
    }

    /// Says which workers have no successor, at the end of a run.
    pub(super) fn end(&mut self) {
        std::mem::take(&mut self.0).values().for_each(|gone| say(gone, None));
    }
}

/// The process id of the worker that has a slot now, if it came after the given one.
fn successor(workers: &[WorkerNow], slot: u64, generation: u64) -> Option<u64> {
    let fact = |worker: &WorkerNow, name| fact(&worker.facts, name);
    let is_later = |worker: &&WorkerNow| {
        fact(worker, "slot") == Some(slot) && fact(worker, "generation").is_some_and(|its| its > generation)
    };
    workers.iter().filter(is_later).min_by_key(|worker| fact(worker, "generation")).and_then(|found| fact(found, "pid"))
}

fn fact(facts: &[(&'static str, u64)], name: &str) -> Option<u64> {
    facts.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn say(Gone { pid, jobs, end, .. }: &Gone, successor: Option<u64>) {
    let jobs = counted(*jobs, "job");
    let successor = successor.map_or_else(String::new, |pid| format!(", worker {pid} takes its place"));
    tracing::info!("worker {pid} ended after {jobs} ({end}){successor}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkerLabel;

    fn worker(pid: u32, slot: Option<u64>, generation: u64) -> WorkerNow {
        let place = slot.into_iter().flat_map(|slot| [("slot", slot), ("generation", generation)]);
        WorkerNow {
            label: WorkerLabel::of_process(pid),
            facts: [("pid", u64::from(pid))].into_iter().chain(place).collect(),
            state: "ready",
            done: 0,
            quota: None,
            memory: None,
            placed: None,
            jobs: Vec::new(),
        }
    }

    #[test]
    fn the_successor_is_the_next_worker_of_the_slot() {
        let workers = [worker(1, Some(0), 5), worker(2, Some(1), 7), worker(3, Some(1), 6), worker(4, None, 0)];
        let table = [((0, 4), Some(1)), ((0, 5), None), ((1, 5), Some(3)), ((1, 6), Some(2)), ((2, 0), None)];
        for ((slot, generation), expected) in table {
            assert_eq!(successor(&workers, slot, generation), expected, "slot {slot}, generation {generation}");
        }
    }
}
