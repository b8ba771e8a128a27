//! Which task killed its worker: a pure judgement, for whoever submits jobs to a [`Core`](super::Core).
//!
//! Most tasks in a lost worker are bystanders. Only a task that was alone in a worker when it died is proven to have
//! killed it, and only at the second time is it called poison; so a task costs three workers at the most.
//! Deaths that we brought about ourselves, and SIGKILL or SIGSTOP from outside (a person, a system out of memory), prove nothing
//! against anybody the first two times.

use super::{Cause, Death};

/// Deaths alone that make a task poison.
const PROOF: u8 = 2;
/// Deaths of unclear cause that are borne before they count.
const BENEFIT_OF_DOUBT: u8 = 2;
/// SIGKILL: nobody's signal in particular.
const SIGKILL: i32 = 9;

/// What is held against a task so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charges {
    /// Deaths of a worker in which it was alone.
    deaths_alone: u8,
    /// Deaths with it that were perhaps nobody's fault.
    doubtful: u8,
    /// Whether it now runs alone.
    alone: bool,
}

/// What is to become of a task whose worker was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A bystander: run it again as if nothing had happened.
    Again,
    /// A suspect: run it again with nothing else in the worker.
    Alone,
    /// It did it. Do not run it again.
    Guilty,
}

impl Charges {
    /// Whether the task's next run must be alone.
    pub fn must_be_alone(&self) -> bool {
        self.alone
    }

    /// Worker deaths that were counted against the task, for `attempts`.
    pub fn deaths(&self) -> u8 {
        self.deaths_alone
    }

    /// Judges the task `id`, which was in a worker with `companions` others when it died.
    pub fn judge(&mut self, id: u64, companions: usize, death: &Death) -> Verdict {
        match &death.cause {
            // The clock names the culprit if only one task is late. Of several, one may have kept the thread, and the
            // others are late because of it. The tasks that are not late are bystanders.
            Cause::Timeout { late } if !late.contains(&id) => self.again(),
            Cause::Timeout { late } if late.len() == 1 => Verdict::Guilty,
            Cause::Timeout { .. } => {
                self.alone = true;
                Verdict::Alone
            }
            Cause::Signal(SIGKILL) | Cause::Silent if self.doubtful < BENEFIT_OF_DOUBT => {
                self.doubtful += 1;
                self.again()
            }
            _ if companions > 0 => {
                self.alone = true;
                Verdict::Alone
            }
            _ => {
                self.alone = true;
                self.deaths_alone += 1;
                if self.deaths_alone >= PROOF { Verdict::Guilty } else { Verdict::Alone }
            }
        }
    }

    /// A suspect stays one whatever else befalls it.
    fn again(self) -> Verdict {
        if self.alone { Verdict::Alone } else { Verdict::Again }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died(cause: Cause) -> Death {
        Death { cause, last_words: Vec::new() }
    }

    #[test]
    fn a_task_is_poison_when_two_workers_died_with_it_alone() {
        let crash = died(Cause::Signal(11));
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 7, &crash), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &crash), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &crash), Verdict::Guilty);
        assert_eq!(record.deaths(), 2);
    }

    #[test]
    fn a_status_of_zero_is_a_death_like_any_other() {
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 0, &died(Cause::Exited(0))), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &died(Cause::Exited(42))), Verdict::Guilty);
    }

    #[test]
    fn sigkill_from_outside_blames_nobody_twice() {
        let kill = died(Cause::Signal(9));
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 0, &kill), Verdict::Again);
        assert_eq!(record.judge(1, 3, &kill), Verdict::Again);
        assert_eq!(record.judge(1, 3, &kill), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &kill), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &kill), Verdict::Guilty);
    }

    #[test]
    fn only_the_late_task_is_to_blame_for_a_deadline() {
        let late = died(Cause::Timeout { late: vec![1] });
        assert_eq!(Charges::default().judge(1, 5, &late), Verdict::Guilty);
        assert_eq!(Charges::default().judge(2, 5, &late), Verdict::Again);
    }

    #[test]
    fn of_several_late_tasks_each_runs_again_alone() {
        let (several, one) = (died(Cause::Timeout { late: vec![1, 2] }), died(Cause::Timeout { late: vec![1] }));
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 5, &several), Verdict::Alone);
        assert_eq!(record.deaths(), 0, "it may have been the other one");
        assert_eq!(record.judge(1, 0, &one), Verdict::Guilty);
        assert_eq!(Charges::default().judge(3, 5, &several), Verdict::Again);
    }
}
