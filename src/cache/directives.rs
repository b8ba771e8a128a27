//! Brings `Cache-Control` into the one form that `http-cache-semantics` reads correctly.
//!
//! The crate splits values at every comma, ignores a `max-age` that is too large, and does not know directives in
//! capitals. So this module parses the directives and writes them in one form.

use std::collections::HashSet;
use std::iter::Peekable;
use std::str::Chars;

/// The largest number of seconds that counts (RFC 9111, 1.2.2). Larger numbers are cut to this.
pub(super) const MOST_SECONDS: u64 = 1 << 31;

/// Joins the directives of all values of a `Cache-Control` header into one value, in lower case and ASCII.
///
/// If two directives have the same name, the first one counts (RFC 9111, 4.2.1). A `max-age` without a valid number of
/// seconds becomes 0, so that the answer does not count as fresh. Other directives lose arguments that are not valid,
/// and a `max-stale` with such an argument is left out. Arguments that name fields are dropped as well: with
/// `no-cache="set-cookie"`, the whole answer must be confirmed.
pub(super) fn plain<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let mut written: Vec<(String, Option<u64>)> = Vec::new();
    let mut names: HashSet<String> = HashSet::new();
    for directive in values.into_iter().flat_map(split) {
        let (name, argument) = match directive.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (&*directive, None),
        };
        let seconds = argument.and_then(seconds);
        let name = name.trim().to_ascii_lowercase();
        let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_word {
            continue;
        }
        let seconds = match (&*name, argument, seconds) {
            ("max-age" | "s-maxage", _, seconds) => Some(seconds.unwrap_or(0)),
            ("min-fresh", _, Some(seconds)) | ("max-stale", Some(_), Some(seconds)) => Some(seconds),
            ("min-fresh", ..) | ("max-stale", Some(_), None) => continue,
            _ => None,
        };
        if names.insert(name.clone()) {
            written.push((name, seconds));
        }
    }
    let text = |(name, seconds): &(String, Option<u64>)| match seconds {
        Some(seconds) => format!("{name}={seconds}"),
        None => name.clone(),
    };
    written.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Parses a number of seconds, possibly in quotes (RFC 9111, 1.2.2 and 5.2).
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.trim_end();
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let digits: String = match inside {
        Some(quoted) => quoted.replace('\\', ""),
        None => text.to_owned(),
    };
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number that does not fit becomes the largest one.
    are_digits.then(|| digits.parse().unwrap_or(MOST_SECONDS).min(MOST_SECONDS))
}

/// Splits a value at its commas, except those in quotes. A quote that is not closed is an ordinary character, so that
/// it cannot hide the rest of the value.
fn split(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut rest = value.chars().peekable();
    // After a quote that is not closed, no later one is: a quote that could close it would have closed this one. So the
    // rest is searched once, and not again for each quote.
    let mut may_close = true;
    while let Some(c) = rest.next() {
        match c {
            ',' => parts.push(String::new()),
            '"' if may_close => {
                let part = parts.last_mut().expect("there is one");
                part.push('"');
                match quoted(&mut rest) {
                    Some(quoted) => part.push_str(&quoted),
                    None => may_close = false,
                }
            }
            c => parts.last_mut().expect("there is one").push(c),
        }
    }
    parts
}

/// Reads the text after a quote, including the closing quote. `None` if there is no closing quote; then nothing is
/// consumed.
fn quoted(rest: &mut Peekable<Chars>) -> Option<String> {
    let mut ahead = rest.clone();
    let mut text = String::new();
    while let Some(c) = ahead.next() {
        text.push(c);
        match c {
            '\\' => text.extend(ahead.next()),
            '"' => {
                *rest = ahead;
                return Some(text);
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use super::plain;

    /// Returns the least time that `plain` took for a value, in seconds.
    fn time(value: &str) -> f64 {
        let once = || {
            let begun = Instant::now();
            black_box(plain([value]));
            begun.elapsed().as_secs_f64()
        };
        (0..5).map(|_| once()).fold(f64::MAX, f64::min)
    }

    #[test]
    fn the_time_for_a_value_grows_no_faster_than_its_length() {
        type Value = fn(usize) -> String;
        let cases: [(&str, Value); 4] = [
            ("quotes that do not close", |count| "\"\\".repeat(count)),
            ("quotes that do not close, in parts", |count| "\"\\,".repeat(count)),
            ("quotes that close", |count| "\"\",".repeat(count)),
            ("different names", |count| (0..count).map(|n| n.to_string() + ",").collect()),
        ];
        for (name, value) in cases {
            // If the time grew with the square of the length, this would be 400.
            let ratio = time(&value(20 * 500)) / time(&value(500));
            assert!(ratio < 150.0, "{name}: {ratio}");
        }
    }

    #[test]
    fn directives_are_written_in_the_form_that_the_crate_reads() {
        let table: [(&[&str], &str); 40] = [
            (&["max-age=60"], "max-age=60"),
            (&["Max-Age=60, PUBLIC"], "max-age=60, public"),
            (&["public", "max-age=60"], "public, max-age=60"),
            (&["max-age=\"60\""], "max-age=60"),
            (&["max-age=\"6\\0\""], "max-age=60"),
            (&["max-age=0060"], "max-age=60"),
            (&[" max-age=60 , , public,"], "max-age=60, public"),
            // Numbers that are too large.
            (&["max-age=2147483648"], "max-age=2147483648"),
            (&["max-age=2147483649"], "max-age=2147483648"),
            (&["max-age=18446744073709551616"], "max-age=2147483648"),
            (&["max-age=99999999999999999999999999"], "max-age=2147483648"),
            // Numbers that are not valid: the answer is not fresh.
            (&["max-age"], "max-age=0"),
            (&["max-age="], "max-age=0"),
            (&["max-age=\"\""], "max-age=0"),
            (&["max-age=-1"], "max-age=0"),
            (&["max-age=+60"], "max-age=0"),
            (&["max-age=60.5"], "max-age=0"),
            (&["max-age=60s"], "max-age=0"),
            (&["max-age='60'"], "max-age=0"),
            (&["max-age= 60"], "max-age=0"),
            (&["max-age=\"60"], "max-age=0"),
            (&["max-age=60 60"], "max-age=0"),
            (&["max-age=1e3"], "max-age=0"),
            // The first of two counts.
            (&["max-age=60, max-age=90"], "max-age=60"),
            (&["max-age=x", "max-age=90"], "max-age=0"),
            (&["max-age=60, no-cache"], "max-age=60, no-cache"),
            // Quotes that are closed, and quotes that are not.
            (&["private=\"x, max-age=600\", max-age=5"], "private, max-age=5"),
            (&["no-cache=\"set-cookie\", max-age=60"], "no-cache, max-age=60"),
            (&["ext=\"a\\\", no-store\", max-age=60"], "ext, max-age=60"),
            (&["ext=\"a, no-store"], "ext, no-store"),
            (&["ext=\"\\\", \"a, no-store"], "ext, no-store"),
            (&["ext=\"\\\"\", a=\"b, no-store"], "ext, a, no-store"),
            (&["ext=\"\u{e9}\", no-store"], "ext, no-store"),
            (&["\u{e9}, no-store"], "no-store"),
            (&["no-store=x"], "no-store"),
            (&["no store"], ""),
            (&[""], ""),
            // Directives of requests.
            (&["max-stale"], "max-stale"),
            (&["max-stale=60, min-fresh=99999999999999999999"], "max-stale=60, min-fresh=2147483648"),
            (&["max-stale=x, min-fresh=-1"], ""),
        ];
        for (values, expected) in table {
            assert_eq!(plain(values.iter().copied()), expected, "{values:?}");
        }
    }
}
