use std::collections::BTreeMap;
use std::ops::Range;

/// A set of task numbers, stored as ranges. It is small if it has few gaps, however large the numbers are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seqs {
    /// Maps the start of each range to its end (exclusive). Ranges neither overlap nor touch.
    ranges: BTreeMap<u64, u64>,
    count: u64,
}

impl Seqs {
    /// The count of numbers in the set.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether the set contains the number.
    pub fn contains(&self, seq: u64) -> bool {
        self.ranges.range(..=seq).next_back().is_some_and(|(_, &end)| seq < end)
    }

    /// Whether the set contains no number of `range`.
    pub fn is_free(&self, range: &Range<u64>) -> bool {
        self.ranges.range(..range.end).next_back().is_none_or(|(_, &end)| end <= range.start)
    }

    /// Adds the numbers of `range` and returns true. Returns false and changes nothing if `range` is empty or the set
    /// already contains one of its numbers.
    pub fn insert(&mut self, range: Range<u64>) -> bool {
        let Range { mut start, mut end } = range.clone();
        if start >= end {
            return false;
        }
        if !self.is_free(&range) {
            return false;
        }
        let before = self.ranges.range(..end).next_back().map(|(&at, &end)| (at, end));
        self.count += end - start;
        if let Some((before_start, before_end)) = before
            && before_end == start
        {
            self.ranges.remove(&before_start);
            start = before_start;
        }
        if let Some(after_end) = self.ranges.remove(&end) {
            end = after_end;
        }
        self.ranges.insert(start, end);
        true
    }

    /// The ranges in ascending order; they neither overlap nor touch.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.ranges.iter().map(|(&start, &end)| start..end)
    }
}

impl FromIterator<u64> for Seqs {
    /// A repeated number counts once.
    fn from_iter<I: IntoIterator<Item = u64>>(seqs: I) -> Self {
        let mut set = Self::default();
        for seq in seqs {
            set.insert(seq..seq + 1);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn touching_ranges_are_joined_and_overlapping_ranges_are_refused() {
        let mut set = Seqs::default();
        for (range, fits) in
            [(5..8, true), (10..12, true), (8..10, true), (4..6, false), (11..20, false), (0..30, false), (3..3, false)]
        {
            assert_eq!(set.insert(range.clone()), fits, "{range:?}");
        }
        assert!(set.ranges().eq([(5, 12)].map(|(start, end)| start..end)));
        assert_eq!(set.count(), 7);
    }

    proptest! {
        #[test]
        fn a_seqs_contains_the_same_numbers_as_a_plain_set(ranges in prop::collection::vec((0_u64..60, 0_u64..6), 0..40)) {
            let (mut set, mut model) = (Seqs::default(), BTreeSet::new());
            for (start, length) in ranges {
                let range = start..start + length;
                let fits = length > 0 && range.clone().all(|seq| !model.contains(&seq));
                prop_assert_eq!(set.insert(range.clone()), fits);
                if fits {
                    model.extend(range);
                }
            }
            prop_assert_eq!(set.count(), model.len() as u64);
            prop_assert!((0..80).all(|seq| set.contains(seq) == model.contains(&seq)));
            let ranges: Vec<_> = set.ranges().collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
}
