use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Seqs;

/// The finished part of an earlier run over the same list. The resumed run skips these tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// The tasks that already have records.
    pub seqs: Seqs,
    /// Checkpoints of the list as the earlier run read it, ascending. No task of `seqs` comes after the last one.
    pub points: Vec<ListPoint>,
    /// The tasks whose records come from an older output; `None` if there is no older output.
    pub kept: Option<KeptTasks>,
}

impl Done {
    /// The number of tasks that must not be fetched.
    pub fn count(&self) -> u64 {
        let Some(kept) = &self.kept else { return self.seqs.count() };
        let both: u64 = self.seqs.ranges().map(|range| kept.count_in(range)).sum();
        self.seqs.count() + kept.count_in(0..kept.list.tasks) - both
    }
}

/// The tasks of a list whose records come from an older output. It takes one bit for each task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTasks {
    words: Arc<[u64]>,
    /// The whole list when its tasks were compared with the older output.
    list: ListPoint,
}

impl KeptTasks {
    /// The tasks of `words`, of which bit N of word M is the task 64 M + N, in a list that ends at `list`.
    pub fn new(words: Vec<u64>, list: ListPoint) -> Self {
        Self { words: words.into(), list }
    }

    /// The end of the list. A list that ends elsewhere has changed.
    pub fn list(&self) -> ListPoint {
        self.list
    }

    /// Whether the record of this task comes from the older output.
    pub fn contains(&self, seq: u64) -> bool {
        self.word(seq / 64) >> (seq % 64) & 1 == 1
    }

    /// The number of these tasks in the range.
    pub fn count_in(&self, range: Range<u64>) -> u64 {
        let below = |end: u64| {
            let whole = usize::try_from(end / 64).unwrap_or(usize::MAX).min(self.words.len());
            let ones: u64 = self.words[..whole].iter().map(|word| u64::from(word.count_ones())).sum();
            ones + u64::from((self.word(end / 64) & ((1 << (end % 64)) - 1)).count_ones())
        };
        below(range.end).saturating_sub(below(range.start))
    }

    fn word(&self, at: u64) -> u64 {
        usize::try_from(at).ok().and_then(|at| self.words.get(at)).copied().unwrap_or(0)
    }
}

/// A checkpoint of a list: the number of tasks so far, and a checksum of their lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPoint {
    /// The number of tasks before this point.
    pub tasks: u64,
    /// The CRC-32 of their lines as written, with a newline after each. It detects a changed list, not a forged one.
    pub crc: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_tasks_are_counted_and_those_with_records_count_once() {
        let chosen = [0_u64, 3, 63, 64, 65, 127, 200];
        let mut words = vec![0_u64; 4];
        for seq in chosen {
            words[usize::try_from(seq / 64).expect("small")] |= 1 << (seq % 64);
        }
        let kept = KeptTasks::new(words, ListPoint { tasks: 256, crc: 0 });
        for start in 0..=300_u64 {
            assert_eq!(kept.contains(start), chosen.contains(&start), "{start}");
            for end in [start, start + 1, 64, 128, 200, 201, 256, 300] {
                let expected = chosen.iter().filter(|seq| (start..end).contains(seq)).count() as u64;
                assert_eq!(kept.count_in(start..end), expected, "{start}..{end}");
            }
        }
        let seqs = (0..65).chain(130..135).collect();
        assert_eq!(Done { seqs, points: Vec::new(), kept: Some(kept) }.count(), 70 + 3);
    }
}
