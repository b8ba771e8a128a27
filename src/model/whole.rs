/// Returns the whole number that a number of JSON is, such as `12`, `12.00` or `1e3`. `None` if it has a fraction, or
/// does not fit a signed 64-bit integer.
pub fn whole(digits: &str) -> Option<i64> {
    // A float has all digits of a whole number up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let of_float = || {
        let number = digits.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT)?;
        format!("{number:.0}").parse().ok()
    };
    digits.parse().ok().or_else(of_float)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn a_number_is_whole_whatever_its_spelling_is_if_no_digit_is_lost() {
        let table = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("12.00", Some(12)),
            ("1e3", Some(1000)),
            ("-25e-1", None),
            ("1.5", None),
            ("9007199254740992.0", Some(9_007_199_254_740_992)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("9007199254740994.0", None),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1e999", None),
        ];
        for (digits, expected) in table {
            assert_eq!(whole(digits), expected, "{digits}");
        }
    }
}
