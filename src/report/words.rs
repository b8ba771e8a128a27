//! Numbers, times and sizes for people.

use std::time::Duration;

use bytesize::ByteSize;

use crate::model::two_units;

/// A number with a space between groups of three digits: `1 234 567`. The space is narrow and does not break.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time in a unit that fits: `0.4 ms`, `41 ms`, `1.5 s`, `2 min 5 s`, `3 h 12 min`, `2 d 2 h`.
pub(crate) fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of a run")]
    let whole = seconds.max(0.0).round() as u64;
    match seconds {
        _ if seconds < 0.0095 => format!("{:.1} ms", seconds * 1e3),
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        _ if whole < 120 => format!("{whole} s"),
        _ => two_units(Duration::from_secs(whole)),
    }
}

/// A time at the mark of an axis, where times are round: `0`, `200 ms`, `5 min`, `1 h 30 min`.
pub(crate) fn mark(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of a run")]
    let whole = seconds.max(0.0).round() as u64;
    match seconds {
        _ if seconds <= 0.0 => "0".to_owned(),
        _ if seconds < 0.9995 => format!("{} ms", (seconds * 1e6).round() / 1e3),
        _ if whole < 60 => format!("{} s", (seconds * 10.0).round() / 10.0),
        _ => two_units(Duration::from_secs(whole)),
    }
}

/// A size in a unit that fits: `512 B`, `1.5 MiB`, `20 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    ByteSize(bytes).to_string().replace(".0 ", " ")
}

/// A share in percent. Only none is `0 %`, and only all is `100 %`.
pub(crate) fn share(part: u64, whole: u64) -> String {
    match (part, whole) {
        (_, 0) => "–".to_owned(),
        (0, _) => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        _ => {
            let percent = part as f64 * 100.0 / whole as f64;
            let shown = if percent < 10.0 { format!("{percent:.1}") } else { format!("{percent:.0}") };
            match shown.as_str() {
                "0.0" => "< 0.1 %".to_owned(),
                "100" => "> 99 %".to_owned(),
                shown => format!("{shown} %"),
            }
        }
    }
}

/// A number of things a second.
pub(crate) fn rate(count: u64, seconds: f64) -> String {
    if seconds <= 0.0 {
        return "–".to_owned();
    }
    a_second(count as f64 / seconds)
}

/// A rate without its unit, without decimals from 10 on.
pub(crate) fn a_second(rate: f64) -> String {
    if rate >= 9.95 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        let counts = [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")];
        for (number, shown) in counts {
            assert_eq!(count(number), shown);
        }
        let times = [
            (0.0, "0.0 ms"),
            (0.000_44, "0.4 ms"),
            (0.041, "41 ms"),
            (0.999_6, "1.0 s"),
            (1.5, "1.5 s"),
            (59.6, "60 s"),
            (125.0, "2 min 5 s"),
            (7_199.9, "2 h"),
            (11_520.0, "3 h 12 min"),
            (180_000.0, "2 d 2 h"),
        ];
        for (seconds, shown) in times {
            assert_eq!(time(seconds), shown, "{seconds}");
        }
        let marks = [
            (0.0, "0"),
            (0.000_5, "0.5 ms"),
            (0.2, "200 ms"),
            (1.5, "1.5 s"),
            (300.0, "5 min"),
            (5_400.0, "1 h 30 min"),
            (172_800.0, "2 d"),
        ];
        for (seconds, shown) in marks {
            assert_eq!(mark(seconds), shown, "{seconds}");
        }
        let sizes = [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (20 << 20, "20 MiB"), (u64::MAX, "16 EiB")];
        for (bytes, shown) in sizes {
            assert_eq!(size(bytes), shown);
        }
        for (rate, shown) in [(0.0, "0.0"), (9.94, "9.9"), (9.96, "10"), (123.4, "123")] {
            assert_eq!(a_second(rate), shown);
        }
        let shares = [
            (0, 0, "–"),
            (0, 9, "0 %"),
            (9, 9, "100 %"),
            (1, 3, "33 %"),
            (1, 1_000_000, "< 0.1 %"),
            (999_999, 1_000_000, "> 99 %"),
            (1, 50, "2.0 %"),
        ];
        for (part, whole, shown) in shares {
            assert_eq!(share(part, whole), shown, "{part} of {whole}");
        }
    }
}
