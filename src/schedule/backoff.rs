use std::time::Duration;

use crate::model::Retry;

/// The longest pause before the first retry.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause before any retry, unless a server asks for more.
const LONGEST: Duration = Duration::from_secs(60);

/// The pause before retry number `retry` (from 1) of the task `seq`: exponential back-off with full jitter, so that
/// tasks that failed together are not retried together. The jitter depends only on the arguments.
///
/// `None` if there is no other try: the failure is final, or the server asks for a pause that is longer than
/// `max_retry_after`.
pub(super) fn pause(retry: u32, seq: u64, wanted: Retry, max_retry_after: Duration) -> Option<Duration> {
    match wanted {
        Retry::No => None,
        Retry::After(pause) => (pause <= max_retry_after).then_some(pause),
        // A request that was already sent again is retried like any other.
        Retry::Yes | Retry::Again | Retry::Local => {
            let most = FIRST.saturating_mul(2_u32.saturating_pow(retry.saturating_sub(1))).min(LONGEST);
            Some(most.mul_f64(fraction(seq ^ (u64::from(retry) << 48))))
        }
    }
}

/// A pseudo-random number from 0 to 1. The same seed gives the same number.
pub(super) fn fraction(seed: u64) -> f64 {
    f64::from(u32::try_from(scramble(seed) >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// The finaliser of splitmix64.
fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_MINUTES: Duration = Duration::from_secs(300);

    #[test]
    fn the_longest_pause_doubles_and_pauses_spread_evenly_below_it() {
        for (retry, most) in [(1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (40, 60.0)] {
            let pauses: Vec<f64> = (0..1000)
                .filter_map(|seq| pause(retry, seq, Retry::Yes, FIVE_MINUTES))
                .map(|pause| pause.as_secs_f64())
                .collect();
            assert_eq!(pauses.len(), 1000);
            assert!(pauses.iter().all(|pause| *pause <= most), "retry {retry}");
            let mean = pauses.iter().sum::<f64>() / 1000.0;
            assert!((mean - most / 2.0).abs() < most / 20.0, "retry {retry} waits {mean} on average");
        }
    }

    #[test]
    fn a_retry_after_counts_up_to_the_limit() {
        let cases = [(0, Some(0)), (300, Some(300)), (301, None)];
        for (seconds, expected) in cases {
            let wanted = Retry::After(Duration::from_secs(seconds));
            assert_eq!(pause(1, 0, wanted, FIVE_MINUTES), expected.map(Duration::from_secs));
        }
        assert_eq!(pause(1, 0, Retry::No, FIVE_MINUTES), None);
    }
}
