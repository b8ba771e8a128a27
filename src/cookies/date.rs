//! Parses the dates of `Expires`, which servers write in many formats.

/// Seconds since 1970 (0 for earlier dates), by the algorithm of RFC 6265, 5.1.1. `None` if the text is not a valid
/// date.
///
/// Finds a time, a day, a month and a year at any position, in the formats that browsers accept. `httpdate` reads only
/// the three formats of HTTP.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = time_of(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some((found, _)) = number(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some((found, _)) = number(token, 2..=4)
        {
            year = Some(found);
        }
    }
    let ((hour, minute, second), day, month) = (time?, day?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 || hour > 23 || minute > 59 || second > 59 || !(1..=31).contains(&day) {
        return None;
    }
    if year < 1970 {
        return Some(0);
    }
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    // The crate checks how many days the month has.
    humantime::parse_rfc3339(&date).ok().map(super::seconds)
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// The number at the beginning of the text, if it has this many digits, and the rest of the text.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = digits.contains(&length).then(|| text[..length].parse().ok())??;
    Some((number, &text[length..]))
}

/// Parses `10:18:14`, with any text after it.
fn time_of(token: &str) -> Option<(u32, u32, u32)> {
    let (hour, rest) = number(token, 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 1..=2)?;
    let (second, _) = number(rest.strip_prefix(':')?, 1..=2)?;
    Some((hour, minute, second))
}

fn month_of(token: &str) -> Option<usize> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let begin = token.get(..3)?.to_ascii_lowercase();
    Some(MONTHS.iter().position(|month| *month == begin)? + 1)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_are_read_as_browsers_read_them() {
        let table = [
            ("Wed, 09 Jun 2021 10:18:14 GMT", Some(1_623_233_894)),
            ("Wednesday, 09-Jun-21 10:18:14 GMT", Some(1_623_233_894)),
            ("Wed Jun  9 10:18:14 2021", Some(1_623_233_894)),
            ("Wed, 09-Jun-2021 10:18:14 GMT", Some(1_623_233_894)),
            ("Wed, 9 Jun 2021 10:18:14 UTC", Some(1_623_233_894)),
            ("9 june 2021 10:18:14 +0200 (sic)", Some(1_623_233_894)),
            ("2021 Jun 09 10:18:14", Some(1_623_233_894)),
            ("10:18:14 2021-Jun-09", Some(1_623_233_894)),
            ("10:18:14 09-2021-Jun", Some(1_623_233_894)),
            ("Thu, 01-Jan-70 00:00:01 GMT", Some(1)),
            ("Thu, 1 Jan 1970 00:00:00 GMT", Some(0)),
            ("Mon, 01 Jan 1601 00:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("01 Jan 69 0:0:0", Some(3_124_224_000)),
            ("29 Feb 2024 00:00:00", Some(1_709_164_800)),
            ("29 Feb 2023 00:00:00", None),
            ("32 Jan 2024 00:00:00", None),
            ("01 Jan 2024 24:00:00", None),
            ("01 Jan 2024 00:00:60", None),
            ("01 Jan 1600 00:00:00", None),
            ("01 Jan 20240 00:00:00", None),
            ("01 Jan 2024", None),
            ("Jan 2024 00:00:00", None),
            ("1623233894", None),
            ("0", None),
            ("", None),
            ("é9 é 1:2:3 \u{ff}", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
