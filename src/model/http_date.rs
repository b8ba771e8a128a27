use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Fifty years of 365.2425 days, in seconds.
const FIFTY_YEARS: u64 = 1_577_847_600;

/// Reads a date of an HTTP header in any of its three forms (RFC 9110, 5.6.7). `None` if the text is not a valid date,
/// or the date is before 1970.
///
/// A two-digit year means the year that is at most fifty years away from `now`. The crate `httpdate` instead always
/// reads the years 70 to 99 as 1970 to 1999.
pub fn http_date(text: &str, now: SystemTime) -> Option<SystemTime> {
    let text = text.trim();
    match read_rfc_850(text) {
        None => httpdate::parse_http_date(text).ok(),
        Some((day, year, time)) => {
            let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let within = |at: u64| at <= now + FIFTY_YEARS && at + FIFTY_YEARS > now;
            let dates = (19..=99).filter_map(|century| date(day, century * 100 + year, time));
            dates.into_iter().find(|at| within(*at)).map(|at| UNIX_EPOCH + Duration::from_secs(at))
        }
    }
}

/// Splits `Sunday, 06-Nov-94 08:49:37 GMT` into day and month, year, and time.
fn read_rfc_850(text: &str) -> Option<((&str, usize), u32, &str)> {
    const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (weekday, rest) = text.split_once(", ")?;
    let (date, time) = rest.strip_suffix(" GMT")?.split_once(' ')?;
    let (day, rest) = date.split_once('-')?;
    let (month, year) = rest.split_once('-')?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let are_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    (DAYS.contains(&weekday) && are_digits(day) && are_digits(year)).then_some(())?;
    Some(((day, month), year.parse().ok()?, time))
}

/// Seconds since 1970.
fn date((day, month): (&str, usize), year: u32, time: &str) -> Option<u64> {
    let date = humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).expect(text)
    }

    #[test]
    fn dates_are_read_in_all_three_forms() {
        let now = at("2026-11-28T00:00:00Z");
        let table = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
            ("Sun Nov  6 08:49:37 1994", Some("1994-11-06T08:49:37Z")),
            (" Wed Nov 16 08:49:37 1994 ", Some("1994-11-16T08:49:37Z")),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some("9999-12-31T23:59:59Z")),
            ("Thursday, 29-Feb-24 00:00:00 GMT", Some("2024-02-29T00:00:00Z")),
            ("Wednesday, 29-Feb-23 00:00:00 GMT", None),
            ("Sunday, 06-Nov-1994 08:49:37 GMT", None),
            ("Sunday, 6-Nov-94 08:49:37 GMT", None),
            ("Sun, 06-Nov-94 08:49:37 GMT", None),
            ("Sunday, 06-Nov-94 08:49:37 CET", None),
            ("Sunday, 06-Nov-94 8:49:37 GMT", None),
            ("Sunday, 06-Nov-94 24:00:00 GMT", None),
            ("Thu, 01 Jan 1900 00:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("784111777", None),
            ("0", None),
            ("-1", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(http_date(text, now), expected.map(at), "{text:?}");
        }
    }

    #[test]
    fn a_two_digit_year_is_at_most_fifty_years_away() {
        let table = [
            ("2026-11-28T00:00:00Z", "26", "2026"),
            ("2026-11-28T00:00:00Z", "70", "2070"),
            ("2026-11-28T00:00:00Z", "75", "2075"),
            ("2026-11-28T00:00:00Z", "77", "1977"),
            ("2026-11-28T00:00:00Z", "99", "1999"),
            ("2026-11-28T00:00:00Z", "00", "2000"),
            // The limit is exact to the day.
            ("2026-11-05T00:00:00Z", "76", "1976"),
            ("2026-11-08T00:00:00Z", "76", "2076"),
            ("1994-11-06T00:00:00Z", "94", "1994"),
            ("1994-11-06T00:00:00Z", "05", "2005"),
            ("2095-11-06T00:00:00Z", "05", "2105"),
            ("2095-11-06T00:00:00Z", "60", "2060"),
        ];
        for (now, short, long) in table {
            let found = http_date(&format!("Sunday, 06-Nov-{short} 08:49:37 GMT"), at(now));
            assert_eq!(found, Some(at(&format!("{long}-11-06T08:49:37Z"))), "{short} in {now}");
        }
    }
}
