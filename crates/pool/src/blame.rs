//! Decides which task killed its worker. This is for code that submits jobs to a [`Core`](super::Core). Pure.
//!
//! Most tasks in a lost worker are bystanders. A death counts against a task only if the task was alone in the worker.
//! After the second such death the task is guilty, so a task costs three workers at most. The first two SIGKILLs or
//! SIGSTOPs from outside (a person, a system that is out of memory) do not count against a task. If the pool killed the
//! worker because one task was late, that task is guilty. If several were late, each of them runs again alone, because one
//! of them may have kept the thread.

use super::{Cause, Death};

/// A task is guilty after this many deaths of workers in which it was alone.
const PROOF: u8 = 2;
/// The first deaths with an unclear cause do not count against a task. This is their number.
const BENEFIT_OF_DOUBT: u8 = 2;
/// The number of SIGKILL. A person or the system may send it, so its cause is unclear.
const SIGKILL: i32 = 9;

/// The deaths that count against a task so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charges {
    /// Deaths of a worker in which the task was alone.
    deaths_alone: u8,
    /// Deaths with an unclear cause of a worker that held the task.
    doubtful: u8,
    /// Whether the task must run alone now.
    alone: bool,
}

/// What to do with a task whose worker was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The task is a bystander. Run it again as before.
    Again,
    /// The task is a suspect. Run it again, with no other task in the worker.
    Alone,
    /// The task killed the worker. Do not run it again.
    Guilty,
}

impl Charges {
    /// Returns whether the task must run alone the next time.
    pub fn must_be_alone(&self) -> bool {
        self.alone
    }

    /// Returns how many worker deaths count against the task.
    pub fn deaths(&self) -> u8 {
        self.deaths_alone
    }

    /// Decides on the task `id`. When its worker died, the worker also held `companions` other tasks.
    pub fn judge(&mut self, id: u64, companions: usize, death: &Death) -> Verdict {
        match &death.cause {
            // If only one task is late, it is guilty. If several are late, one of them may have kept the thread busy
            // and made the others late. The tasks that are not late are bystanders.
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

    /// Runs the task again. A suspect stays a suspect.
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
    fn a_task_is_guilty_when_it_was_alone_in_two_workers_that_died() {
        let crash = died(Cause::Signal(11));
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 7, &crash), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &crash), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &crash), Verdict::Guilty);
        assert_eq!(record.deaths(), 2);
    }

    #[test]
    fn an_exit_status_of_zero_counts_as_a_death() {
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 0, &died(Cause::Exited(0))), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &died(Cause::Exited(42))), Verdict::Guilty);
    }

    #[test]
    fn the_first_two_sigkills_from_outside_blame_no_task() {
        let kill = died(Cause::Signal(9));
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 0, &kill), Verdict::Again);
        assert_eq!(record.judge(1, 3, &kill), Verdict::Again);
        assert_eq!(record.judge(1, 3, &kill), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &kill), Verdict::Alone);
        assert_eq!(record.judge(1, 0, &kill), Verdict::Guilty);
    }

    #[test]
    fn only_the_late_task_is_guilty_of_a_missed_deadline() {
        let late = died(Cause::Timeout { late: vec![1] });
        assert_eq!(Charges::default().judge(1, 5, &late), Verdict::Guilty);
        assert_eq!(Charges::default().judge(2, 5, &late), Verdict::Again);
    }

    #[test]
    fn if_several_tasks_are_late_each_of_them_runs_again_alone() {
        let (several, one) = (died(Cause::Timeout { late: vec![1, 2] }), died(Cause::Timeout { late: vec![1] }));
        let mut record = Charges::default();
        assert_eq!(record.judge(1, 5, &several), Verdict::Alone);
        assert_eq!(record.deaths(), 0, "the other task may be guilty");
        assert_eq!(record.judge(1, 0, &one), Verdict::Guilty);
        assert_eq!(Charges::default().judge(3, 5, &several), Verdict::Again);
    }
}
