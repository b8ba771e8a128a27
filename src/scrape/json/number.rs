//! Compares numbers by value, whatever their digits and exponents look like. Nothing is rounded.

use std::cmp::Ordering;

/// Compares two numbers that are valid JSON: `1.50` equals `15e-1`. Exponents beyond 64 bits count as equal.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (Parts::of(one), Parts::of(other));
    match (one.sign(), other.sign()) {
        (1, 1) => one.magnitude_cmp(&other),
        (-1, -1) => other.magnitude_cmp(&one),
        (sign, other) => sign.cmp(&other),
    }
}

/// A number as `0.DIGITS` times ten to the power of `point`. The digits have no zeros at their ends.
struct Parts<'t> {
    is_negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    point: i64,
}

impl<'t> Parts<'t> {
    fn of(number: &'t str) -> Self {
        let (is_negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number),
        };
        let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let mut point = length(whole);
        let (mut whole_digits, mut fraction_digits) = (whole, fraction);
        if whole.is_empty() {
            fraction_digits = fraction.trim_start_matches('0');
            point = length(fraction_digits) - length(fraction);
        }
        if fraction.is_empty() {
            whole_digits = whole.trim_end_matches('0');
        }
        let point = point.saturating_add(exponent_of(exponent));
        Self { is_negative, whole: whole_digits.as_bytes(), fraction: fraction_digits.as_bytes(), point }
    }

    /// Returns 0 for zero, which has no sign.
    fn sign(&self) -> i8 {
        match (self.whole.is_empty() && self.fraction.is_empty(), self.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    fn magnitude_cmp(&self, other: &Self) -> Ordering {
        let digits = |parts: &Self| parts.whole.iter().chain(parts.fraction).copied().collect::<Vec<u8>>();
        self.point.cmp(&other.point).then_with(|| digits(self).cmp(&digits(other)))
    }
}

fn exponent_of(text: &str) -> i64 {
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 })
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::compare;

    #[test]
    fn numbers_are_compared_by_value() {
        // Ascending; the numbers of a row are equal.
        let rows: [&[&str]; 16] = [
            &["-1e999"],
            &["-12345678901234567891"],
            &["-12345678901234567890"],
            &["-2", "-2.0", "-20e-1", "-0.02E+2"],
            &["-1.5"],
            &["-1e-400"],
            &["0", "-0", "0.00", "0e5", "-0.0E-99999999999999999999"],
            &["1e-400"],
            &["0.1", "1e-1", "0.10"],
            &["0.9"],
            &["1", "1.0", "10e-1", "0.001e3", "1E0", "1e+0"],
            &["1.0000000000000000000000000000000000000001"],
            &["9"],
            &["10", "1e1", "10.00"],
            &["12345678901234567890", "1.234567890123456789e19"],
            &["1e999", "10e998", "0.1e1000"],
        ];
        for (nth, row) in rows.iter().enumerate() {
            for one in *row {
                for (other_nth, other_row) in rows.iter().enumerate() {
                    for other in *other_row {
                        assert_eq!(compare(one, other), nth.cmp(&other_nth), "{one} {other}");
                    }
                }
            }
        }
        assert_eq!(compare("1e99999999999999999999", "1e999"), Ordering::Greater);
        assert_eq!(compare("1e-99999999999999999999", "1e-999"), Ordering::Less);
        assert_eq!(compare("-1e99999999999999999999", "1"), Ordering::Less);
    }
}
