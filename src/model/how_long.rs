use std::time::Duration;

/// In seconds.
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: Duration = Duration::from_secs(365 * DAY);

/// Formats a duration for people: `250ms`, `1m 30s`, `2h 5m`. From one minute on it is rounded down to whole seconds,
/// and from one day on to whole minutes. Above a year it is "more than a year", because servers send absurdly large
/// numbers.
pub fn how_long(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let rounded = match seconds {
        0 if duration < Duration::from_millis(1) => duration,
        0..MINUTE => Duration::from_millis(seconds * 1000 + u64::from(duration.subsec_millis())),
        MINUTE..DAY => Duration::from_secs(seconds % DAY),
        _ if duration > YEAR => return "more than a year".to_owned(),
        _ => Duration::from_secs(seconds % DAY / MINUTE * MINUTE),
    };
    let rest = humantime::format_duration(rounded).to_string();
    // `humantime` would turn days into months of 30.44 days.
    let shown = match seconds / DAY {
        0 => return rest,
        1 => format!("1day {rest}"),
        days => format!("{days}days {rest}"),
    };
    shown.trim_end_matches(" 0s").to_owned()
}

/// Formats a time for people in at most two units, rounded down: `41 s`, `1 min 25 s`, `2 h 5 min`, `3 d 4 h`. It stands
/// where a time is looked at and not copied: in the progress line and in pages.
pub fn two_units(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, unit: &str, small: u64, smaller: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {smaller}"),
    };
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => two(seconds / MINUTE, "min", seconds % MINUTE, "s"),
        HOUR..DAY => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
        _ => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
    }
}

/// An estimated time, rounded by at most an eighth.
pub fn about(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let rounded = |unit: u64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rounded estimate, and a cast does not overflow"
        )]
        let units = (seconds / unit as f64).round() as u64;
        Duration::from_secs(units.saturating_mul(unit))
    };
    two_units(match time.as_secs() {
        0..20 => rounded(1).max(Duration::from_secs(1)),
        20..60 => rounded(5),
        60..120 => rounded(10),
        120..600 => rounded(30),
        600..5_400 => rounded(MINUTE),
        5_400..86_400 => rounded(10 * MINUTE),
        _ => rounded(HOUR),
    })
}

/// A time as a stopwatch shows it: `0:05`, `12:34`, `1:02:03`.
pub fn stopwatch(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / HOUR, seconds % HOUR / MINUTE, seconds % MINUTE);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::{Duration, YEAR, about, how_long, stopwatch, two_units};

    #[test]
    fn durations_are_formatted_for_people() {
        let table = [
            (Duration::ZERO, "0s"),
            (Duration::from_micros(500), "500us"),
            (Duration::from_millis(250), "250ms"),
            (Duration::from_nanos(1_234_567_890), "1s 234ms"),
            (Duration::from_millis(60_001), "1m"),
            (Duration::from_secs(5), "5s"),
            (Duration::from_secs(90), "1m 30s"),
            (Duration::from_secs(3600), "1h"),
            (Duration::from_secs(7505), "2h 5m 5s"),
            (Duration::from_secs(86_400), "1day"),
            (Duration::from_secs(86_400 + 3723), "1day 1h 2m"),
            (Duration::from_secs(31 * 86_400), "31days"),
            (YEAR, "365days"),
            (YEAR + Duration::from_nanos(1), "more than a year"),
            (Duration::from_secs(u64::MAX), "more than a year"),
            (Duration::MAX, "more than a year"),
        ];
        for (duration, shown) in table {
            assert_eq!(how_long(duration), shown, "{duration:?}");
        }
    }

    #[test]
    fn times_have_the_precision_that_people_need() {
        // seconds, short, stopwatch, about
        let table = [
            (0.0, "0 s", "0:00", "1 s"),
            (0.9, "0 s", "0:00", "1 s"),
            (9.4, "9 s", "0:09", "9 s"),
            (41.9, "41 s", "0:41", "40 s"),
            (57.6, "57 s", "0:57", "1 min"),
            (60.0, "1 min", "1:00", "1 min"),
            (85.0, "1 min 25 s", "1:25", "1 min 30 s"),
            (170.0, "2 min 50 s", "2:50", "3 min"),
            (185.0, "3 min 5 s", "3:05", "3 min"),
            (3_723.0, "1 h 2 min", "1:02:03", "1 h 2 min"),
            (7_505.0, "2 h 5 min", "2:05:05", "2 h 10 min"),
            (90_000.0, "1 d 1 h", "25:00:00", "1 d 1 h"),
            (900_000.0, "10 d 10 h", "250:00:00", "10 d 10 h"),
        ];
        for (seconds, in_short, watch, estimate) in table {
            let time = Duration::from_secs_f64(seconds);
            assert_eq!((&*two_units(time), &*stopwatch(time), &*about(time)), (in_short, watch, estimate), "{seconds}");
        }
        for format in [two_units, stopwatch, about] {
            assert!(!format(Duration::MAX).is_empty());
        }
    }
}
