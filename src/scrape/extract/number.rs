//! Reads numbers as pages write them: with currency signs, grouping, and a comma or a point.
//!
//! A number is copied digit by digit and never becomes a float. So `0.1` stays `0.1`, and an id of twenty digits keeps
//! all digits.

/// The most digits of a number. No page means a longer one as a number.
const MAX_DIGITS: usize = 40;

/// Reads a decimal number. Returns it in JSON form (`1234.5`, `-3`, `0.25`), or `None` if `text` is not a number.
///
/// - White space at both ends is ignored.
/// - A sign: `+`, `-` or U+2212, before the digits or before the currency.
/// - One currency sign (Unicode's `Sc`, with up to three letters before it as in `US$`) or one currency code (three
///   capital letters, ISO 4217), before or after the digits, with or without white space.
/// - Then digits, with grouping and a decimal mark:
///   - White space and apostrophes (`1 234`, `1'234`) always separate groups.
///   - If both `,` and `.` occur, the last one is the decimal mark, and the other separates groups.
///   - If only one of them occurs, but more than once, it separates groups.
///   - A single `.` is the decimal mark (`1.234` is less than two, as in every machine-written price).
///   - A single `,` separates groups if exactly three digits follow and one to three digits precede it, the first of
///     which is not 0 (`1,234`). Otherwise it is the decimal mark (`12,5`).
///   - All groups have the same separator. The first group has one to three digits. Each other group has three digits,
///     or two if it is not the last (India's `12,34,567`).
/// - Exponents, percent signs and words are not allowed. Use `re` to extract the number.
pub(super) fn decimal(text: &str, _: Notation) -> Option<String> {
    let (negative, body) = unwrap_currency(text.trim())?;
    let (whole, fraction) = split(body)?;
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

/// Reads a whole number that fits a signed 64-bit integer, by the rules of `decimal`. `12.00` is a whole number.
pub(super) fn integer(text: &str, notation: Notation) -> Option<i64> {
    decimal(text, notation)?.parse().ok()
}

/// Removes the sign and the currency. Returns whether the number is negative, and the rest.
fn unwrap_currency(text: &str) -> Option<(bool, &str)> {
    let (sign, text) = take_sign(text);
    let (before, text) = take_currency_before(text);
    let (second, text) = if sign.is_none() && before { take_sign(text) } else { (None, text) };
    let (after, text) = take_currency_after(text);
    if before && after {
        return None;
    }
    Some((sign.or(second).unwrap_or(false), text))
}

/// Removes a sign. Returns whether it is a minus, or `None` if there is no sign.
fn take_sign(text: &str) -> (Option<bool>, &str) {
    for (sign, negative) in [('-', true), ('\u{2212}', true), ('+', false)] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (Some(negative), rest.trim_start());
        }
    }
    (None, text)
}

fn take_currency_before(text: &str) -> (bool, &str) {
    let letters = text.len() - text.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (word, rest) = text.split_at(letters);
    if letters <= 3
        && let Some(rest) = rest.strip_prefix(is_currency_sign)
    {
        return (true, rest.trim_start());
    }
    if is_currency_code(word) { (true, rest.trim_start()) } else { (false, text) }
}

fn take_currency_after(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_suffix(is_currency_sign) {
        let number = rest.trim_end();
        let sign = number.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        return if number.len() - sign.len() <= 3 { (true, sign.trim_end()) } else { (false, text) };
    }
    let rest = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if is_currency_code(&text[rest.len()..]) { (true, rest.trim_end()) } else { (false, text) }
}

fn is_currency_code(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Whether this is a currency sign: Unicode's general category `Sc` (16.0).
fn is_currency_sign(c: char) -> bool {
    matches!(c,
        '$' | '\u{a2}'..='\u{a5}' | '\u{58f}' | '\u{60b}' | '\u{7fe}'..='\u{7ff}' | '\u{9f2}'..='\u{9f3}' | '\u{9fb}'
        | '\u{af1}' | '\u{bf9}' | '\u{e3f}' | '\u{17db}' | '\u{20a0}'..='\u{20c0}' | '\u{a838}' | '\u{fdfc}'
        | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}'..='\u{ffe1}' | '\u{ffe5}'..='\u{ffe6}'
        | '\u{11fdd}'..='\u{11fe0}' | '\u{1e2ff}' | '\u{1ecb0}')
}

/// Returns the whole part, still grouped, and the digits of the fraction.
fn split(body: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = match decimal_mark(body) {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    (has_digits && is_digits(fraction) && is_grouped(whole)).then_some((whole, fraction))
}

/// Returns the position of the decimal mark, if there is one.
fn decimal_mark(body: &str) -> Option<usize> {
    let last = body.rfind(['.', ','])?;
    let mark = &body[last..=last];
    let other = if mark == "." { ',' } else { '.' };
    if body.contains(other) {
        return Some(last);
    }
    if body.matches(mark).count() > 1 {
        return None;
    }
    let (before, after) = (&body[..last], &body[last + 1..]);
    let groups = mark == ","
        && after.len() == 3
        && matches!(before.len(), 1..=3)
        && !before.starts_with('0')
        && before.bytes().all(|byte| byte.is_ascii_digit());
    (!groups).then_some(last)
}

fn is_grouped(whole: &str) -> bool {
    let Some(mark) = whole.chars().find(|c| !c.is_ascii_digit()) else { return true };
    if !(matches!(mark, '.' | ',' | '\'' | '\u{2019}') || mark.is_whitespace()) {
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

#[cfg(test)]
mod tests {
    use super::{decimal, integer};

    #[test]
    fn numbers_are_read_in_the_forms_that_pages_use() {
        let cases = [
            ("0", "0"),
            ("007", "7"),
            ("-3", "-3"),
            ("+3", "3"),
            ("\u{2212}3.50", "-3.5"),
            ("-0", "0"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1234.50", "1234.5"),
            ("0.10", "0.1"),
            (" 12\n", "12"),
            ("£1,234.50", "1234.5"),
            ("£ 1,234.50", "1234.5"),
            ("1.234,50 €", "1234.5"),
            ("€-5", "-5"),
            ("-€5", "-5"),
            ("- € 5", "-5"),
            ("US$ 12", "12"),
            ("12 A$", "12"),
            ("EUR 1.5", "1.5"),
            ("1.5 EUR", "1.5"),
            ("1 234", "1234"),
            ("1\u{a0}234\u{202f}567,8", "1234567.8"),
            ("1'234.5", "1234.5"),
            ("1\u{2019}234", "1234"),
            ("1,234", "1234"),
            ("1.234", "1.234"),
            ("12,5", "12.5"),
            ("0,125", "0.125"),
            ("1234,567", "1234.567"),
            ("1,234,567", "1234567"),
            ("1.234.567", "1234567"),
            ("12,34,567.8", "1234567.8"),
            ("12345678901234567890", "12345678901234567890"),
        ];
        for (text, number) in cases {
            assert_eq!(decimal(text, super::Notation::Unknown).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_number_is_refused() {
        let cases = [
            "",
            " ",
            "-",
            "£",
            ".",
            ",",
            "abc",
            "12 kg",
            "12%",
            "1e5",
            "1-2",
            "--1",
            "1,2,3",
            "1.2.3",
            "2024.01.05",
            "1,23,45",
            "1 2",
            "£1 €",
            "12 pieces",
            "one",
            "Price: 12",
            "1,234,56",
            "1..2",
            "1,.2",
            "٣",
            "99999999999999999999999999999999999999999",
        ];
        for text in cases {
            assert_eq!(decimal(text, super::Notation::Unknown), None, "{text}");
        }
    }

    #[test]
    fn integers_have_no_fraction_and_fit_64_bits() {
        let cases = [
            ("12.00", Some(12)),
            ("£1,234", Some(1234)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("12.5", None),
        ];
        for (text, number) in cases {
            assert_eq!(integer(text, super::Notation::Unknown), number, "{text}");
        }
    }
}
/// shim
#[derive(Debug, Clone, Copy)]
pub(super) enum Notation {
    Unknown,
    Comma,
    Point,
    Locale(super::locale::Locale),
}
pub(super) enum Evidence {
    None,
    Point,
    Comma,
}
pub(super) fn evidence(_: &str) -> Evidence {
    Evidence::None
}
impl Notation {
    pub(super) fn has_comma(self) -> bool {
        matches!(self, Self::Comma)
    }
}
