//! How long things took: histograms of bounded size (<https://hdrhistogram.org>).

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The longest time that a histogram tells apart, in microseconds: an hour. Longer times count as an hour.
const LONGEST: u64 = 3_600_000_000;

/// The bounds of the buckets that the summary and the metrics have, in seconds.
pub const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Counts of times, precise to two digits.
#[derive(Debug, Clone)]
pub struct Latency {
    counts: Histogram<u32>,
    sum: Duration,
}

/// Counts of times in the form in which the summary has them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// How many times were counted.
    pub count: u64,
    /// The mean in seconds.
    pub mean_s: f64,
    /// The sum in seconds. The JSON has only the mean.
    #[serde(skip)]
    pub sum_s: f64,
    /// Half of the times are at most this long.
    pub p50_s: f64,
    /// Nine of ten times are at most this long.
    pub p90_s: f64,
    /// 99 of 100 times are at most this long.
    pub p99_s: f64,
    /// 999 of 1,000 times are at most this long.
    pub p999_s: f64,
    /// The longest time.
    pub max_s: f64,
    /// How many times are at most as long as each of [`BOUNDS`].
    pub buckets: Vec<u64>,
}

impl Default for Latency {
    fn default() -> Self {
        // These bounds are valid: the lower one is at least 1, the upper one at least twice as large.
        let counts = Histogram::new_with_bounds(1, LONGEST, 2).expect("valid bounds");
        Self { counts, sum: Duration::ZERO }
    }
}

impl Latency {
    /// Counts a time.
    pub fn add(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.counts.saturating_record(micros.clamp(1, LONGEST));
        self.sum = self.sum.saturating_add(time);
    }

    /// Adds the times of another one.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so this cannot fail.
        let _ = self.counts.add(&other.counts);
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// The number of times that were counted.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// How many times are at most as long as each of [`BOUNDS`].
    pub fn buckets(&self) -> Vec<u64> {
        let mut count = 0;
        let mut low = 0;
        let up_to = |bound: f64| u64::try_from(Duration::from_secs_f64(bound).as_micros()).unwrap_or(u64::MAX);
        BOUNDS
            .iter()
            .map(|bound| {
                let high = up_to(*bound);
                count += self.counts.count_between(low, high);
                // The next stretch begins after the values that count as equal to this bound.
                low = self.counts.highest_equivalent(high) + 1;
                count
            })
            .collect()
    }

    /// The percentiles and counts.
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    pub fn summary(&self) -> LatencySummary {
        let seconds = |micros: u64| round(Duration::from_micros(micros).as_secs_f64());
        let at = |quantile: f64| if self.count() == 0 { 0.0 } else { seconds(self.counts.value_at_quantile(quantile)) };
        LatencySummary {
            count: self.count(),
            sum_s: self.sum.as_secs_f64(),
            mean_s: if self.count() == 0 { 0.0 } else { round(self.sum.as_secs_f64() / self.count() as f64) },
            p50_s: at(0.5),
            p90_s: at(0.9),
            p99_s: at(0.99),
            p999_s: at(0.999),
            max_s: if self.count() == 0 { 0.0 } else { seconds(self.counts.max()) },
            buckets: self.buckets(),
        }
    }
}

/// Rounds to microseconds, which are precise enough and easy to read.
fn round(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
