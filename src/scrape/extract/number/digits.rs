//! Reads digits with grouping and a decimal mark.

use super::super::locale::{Mark, Marks};

/// The most digits of a number. No page means a longer one as a number.
const MAX_DIGITS: usize = 40;

/// Returns the whole part, still grouped, and the digits of the fraction. `None` if `body` is not a number.
pub(super) fn split(body: &str, marks: Option<Marks>) -> Option<(&str, &str)> {
    let (whole, fraction) = match marks {
        None => at(body, guessed_mark(body)),
        Some(marks) => at(body, known_mark(body, marks)?),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    (has_digits && is_digits(fraction) && is_grouped(whole)).then_some((whole, fraction))
}

/// Writes the parts of a number as JSON. `None` if it has too many digits.
pub(super) fn to_json(negative: bool, whole: &str, fraction: &str) -> Option<String> {
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    if whole.len() + fraction.len() > MAX_DIGITS {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let mut number = String::with_capacity(whole.len() + fraction.len() + 3);
    if negative && !(whole.is_empty() && fraction.is_empty()) {
        number.push('-');
    }
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    Some(number)
}

/// Cuts a text at the decimal mark, which is a single byte.
fn at(body: &str, mark: Option<usize>) -> (&str, &str) {
    mark.map_or((body, ""), |at| (&body[..at], &body[at + 1..]))
}

/// Returns the position of the decimal mark, if there is one, by the rules of `Notation::Unset`.
fn guessed_mark(body: &str) -> Option<usize> {
    let last = body.rfind(['.', ','])?;
    let mark = &body[last..=last];
    let other = if mark == "." { ',' } else { '.' };
    if body.contains(other) {
        return Some(last);
    }
    if body.matches(mark).count() > 1 {
        return None;
    }
    let groups = mark == "," && is_one_group(&body[..last], &body[last + 1..]);
    (!groups).then_some(last)
}

/// Returns the position of the decimal mark, if there is one. The outer `None` means that the marks contradict `marks`.
#[expect(clippy::option_option, reason = "no decimal mark is a valid answer")]
fn known_mark(body: &str, marks: Marks) -> Option<Option<usize>> {
    let other = marks.decimal.other().char();
    let mark = body.find(marks.decimal.char());
    let whole = &body[..mark.unwrap_or(body.len())];
    let others = whole.matches(other).count();
    // `0.125` and `.5` have no groups.
    let starts_badly = whole.starts_with(['0', other]);
    let is_unusual = others == 1 && mark.is_none() && !marks.other_groups;
    (others == 0 || !(starts_badly || is_unusual)).then_some(mark)
}

/// Whether a single mark between these digits can separate groups.
fn is_one_group(before: &str, after: &str) -> bool {
    after.len() == 3
        && matches!(before.len(), 1..=3)
        && !before.starts_with('0')
        && before.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_grouped(whole: &str) -> bool {
    let Some(mark) = whole.chars().find(|c| !c.is_ascii_digit()) else { return true };
    if !(is_mark(mark) || matches!(mark, '\'' | '\u{2019}') || mark.is_whitespace()) {
        return false;
    }
    // All kinds of white space count as the same separator, because pages mix them.
    let groups: Vec<&str> = whole.split(|c: char| c == mark || (c.is_whitespace() && mark.is_whitespace())).collect();
    let last = groups.len() - 1;
    groups.iter().enumerate().all(|(nth, group)| {
        group.bytes().all(|byte| byte.is_ascii_digit())
            && match (nth, group.len()) {
                (0, 1..=3) | (_, 3) => true,
                (nth, 2) => nth != last,
                _ => false,
            }
    })
}

/// Whether the character is a point or a comma.
pub(super) fn is_mark(c: char) -> bool {
    c == Mark::Point.char() || c == Mark::Comma.char()
}
