//! Tracks how much of a list has been read, and checks whether an earlier run read the same list.

use super::{Error, ErrorKind};
use crate::model::{Done, ListPoint};

/// Computes a checksum of the lines of the tasks, and compares it with the checkpoints of an earlier run.
#[derive(Debug)]
pub(super) struct Consumed {
    tasks: u64,
    crc: crc32fast::Hasher,
    /// The finished part of an earlier run.
    done: Done,
    /// Number of its checkpoints that have been passed.
    passed: usize,
}

impl Consumed {
    pub(super) fn new(done: Done) -> Self {
        Self { tasks: 0, crc: crc32fast::Hasher::new(), done, passed: 0 }
    }

    /// The number of the next task.
    pub(super) fn tasks(&self) -> u64 {
        self.tasks
    }

    pub(super) fn point(&self) -> ListPoint {
        ListPoint { tasks: self.tasks, crc: self.crc.clone().finalize() }
    }

    /// Whether the list is unchanged as far as the earlier run had read it. Until then, nothing may be fetched.
    pub(super) fn is_verified(&self) -> bool {
        self.passed == self.done.points.len()
    }

    /// Adds the line of the next task, including its credentials. Returns whether the task remains to be done.
    ///
    /// Fails as soon as the list is known to differ from the earlier run's.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<bool, Error> {
        let remains = self.remains();
        self.crc.update(line);
        self.crc.update(b"\n");
        self.tasks += 1;
        while let Some(point) = self.done.points.get(self.passed)
            && point.tasks <= self.tasks
        {
            // A checkpoint at task 0 contains no information.
            if point.tasks == self.tasks && point.crc != self.point().crc {
                return Err(self.changed(point.tasks));
            }
            self.passed += 1;
        }
        Ok(remains)
    }

    /// Must be called at the end of the list. Fails if the earlier run had read further, or if the list is not the one
    /// that was compared with an older output.
    pub(super) fn end(&self, limit: Option<u64>) -> Result<(), Error> {
        if self.done.kept.as_ref().is_some_and(|kept| kept.list() != self.point()) {
            let context = "read the list again: it has changed since it was compared with the older output; leave the \
                           list alone while a run reads it, and run the same command with --restart";
            return Err(Error::new(ErrorKind::BrokenOff, context));
        }
        let Some(last) = self.done.points.last().filter(|last| last.tasks > self.tasks) else {
            return Ok(());
        };
        let begun = last.tasks;
        let why = match limit {
            Some(limit) if limit <= self.tasks => {
                format!("--limit {limit} ends the list before task {begun}, but the earlier run had read up to there")
            }
            _ => format!(
                "the list has changed since the unfinished output was started: it ends after {} tasks, but had at least \
                 {begun}",
                self.tasks
            ),
        };
        Err(refusal(&why))
    }

    fn remains(&self) -> bool {
        let is_kept = self.done.kept.as_ref().is_some_and(|kept| kept.contains(self.tasks));
        !is_kept && !self.done.seqs.contains(self.tasks)
    }

    fn changed(&self, end: u64) -> Error {
        let begin = self.passed.checked_sub(1).map_or(0, |before| self.done.points[before].tasks);
        refusal(&format!(
            "the list has changed since the unfinished output was started: it differs somewhere from task {begin} to task \
             {}",
            end - 1
        ))
    }
}

fn refusal(why: &str) -> Error {
    let context = format!("resume: {why}; give the original list, or discard the unfinished output with --restart");
    Error::new(ErrorKind::Changed, context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::KeptTasks;

    fn lines(count: u64) -> Vec<String> {
        (0..count).map(|seq| format!("http://h/{seq}")).collect()
    }

    /// The checkpoints after the numbers of lines in `at`.
    fn points(lines: &[String], at: &[u64]) -> Vec<ListPoint> {
        let mut consumed = Consumed::new(Done::default());
        let mut points = Vec::new();
        for line in lines {
            consumed.add(line.as_bytes()).expect("there is no earlier run");
            if at.contains(&consumed.tasks()) {
                points.push(consumed.point());
            }
        }
        points
    }

    #[test]
    fn the_same_text_with_other_line_breaks_is_a_changed_list() {
        let list = |lines: [&str; 2]| lines.map(str::to_owned);
        let done =
            Done { seqs: [0].into_iter().collect(), points: points(&list(["http://h/1", "2"]), &[2]), kept: None };
        assert!(read(&list(["http://h/1", "2"]), done.clone(), None).is_ok());
        assert!(read(&list(["http://h/", "12"]), done, None).is_err());
    }

    fn read(lines: &[String], done: Done, limit: Option<u64>) -> Result<Vec<u64>, String> {
        let mut consumed = Consumed::new(done);
        let mut remaining = Vec::new();
        for (seq, line) in (0..).zip(lines) {
            if consumed.add(line.as_bytes()).map_err(|error| error.to_string())? {
                remaining.push(seq);
            }
        }
        consumed.end(limit).map_err(|error| error.to_string())?;
        assert!(consumed.is_verified());
        Ok(remaining)
    }

    #[test]
    fn finished_tasks_are_skipped_if_the_beginning_of_the_list_is_unchanged() {
        let done = |points| Done { seqs: [0, 1, 2, 7].into_iter().collect(), points, kept: None };
        for count in [20, 30] {
            let remaining = read(&lines(count), done(points(&lines(20), &[5, 10, 20])), None).expect("the same list");
            assert!(remaining.into_iter().eq((3..7).chain(8..count)));
        }
    }

    #[test]
    fn tasks_of_an_older_output_are_skipped_and_the_list_must_be_the_same_to_its_end() {
        let all = points(&lines(70), &[70]);
        let kept = KeptTasks::new(vec![u64::MAX - 5, 1], all[0]);
        let done = Done { kept: Some(kept), ..Done::default() };
        let remaining = read(&lines(70), done.clone(), None).expect("the same list");
        assert!(remaining.into_iter().eq([0, 2].into_iter().chain(65..70)));
        let mut other = lines(70);
        other[9].push('x');
        for changed in [lines(69), lines(71), other] {
            let error = read(&changed, done.clone(), None).expect_err("another list");
            assert!(error.starts_with("read the list again: it has changed"), "{error}");
        }
    }

    #[test]
    fn a_changed_list_is_refused_and_the_error_names_the_checkpoints_around_the_change() {
        let done = Done { seqs: (0..3).collect(), points: points(&lines(20), &[5, 10, 20]), kept: None };
        let changed = |at: usize| {
            let mut lines = lines(20);
            lines[at].push('x');
            lines
        };
        let mut shifted = lines(20);
        shifted.remove(7);
        shifted.push("http://h/20".to_owned());
        let table = [
            (changed(0), None, "it differs somewhere from task 0 to task 4;"),
            (changed(4), None, "it differs somewhere from task 0 to task 4;"),
            (changed(5), None, "it differs somewhere from task 5 to task 9;"),
            (changed(19), None, "it differs somewhere from task 10 to task 19;"),
            (shifted, None, "it differs somewhere from task 5 to task 9;"),
            (lines(19), None, "it ends after 19 tasks, but had at least 20;"),
            (vec![], None, "it ends after 0 tasks, but had at least 20;"),
            (lines(12), Some(12), "--limit 12 ends the list before task 20,"),
            (lines(12), Some(99), "it ends after 12 tasks"),
        ];
        for (lines, limit, expected) in table {
            let error = read(&lines, done.clone(), limit).expect_err(expected);
            assert!(error.starts_with("resume: ") && error.contains(expected), "{error}");
        }
    }
}
