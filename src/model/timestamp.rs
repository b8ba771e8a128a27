use std::time::SystemTime;

/// Writes a time by RFC 3339, in UTC, with milliseconds. Empty for a time that no calendar has.
pub fn rfc_3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

/// The time that is written by RFC 3339; `None` if it is not one.
pub fn time_of_rfc_3339(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().and_then(|time| SystemTime::try_from(time).ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{rfc_3339, time_of_rfc_3339};

    #[test]
    fn a_time_is_in_utc_with_milliseconds() {
        assert_eq!(time_of_rfc_3339("yesterday"), None);
        let table = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
            (951_782_400_999, "2000-02-29T00:00:00.999Z"),
        ];
        for (milliseconds, expected) in table {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            assert_eq!((rfc_3339(time).as_str(), time_of_rfc_3339(expected)), (expected, Some(time)));
        }
    }
}
