//! Removes the sign and the currency around the digits of a text that has nothing else.

/// Removes the sign and the currency. Returns whether the number is negative, and the rest. `None` if there are two
/// currencies.
pub(super) fn unwrap(text: &str) -> Option<(bool, &str)> {
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

/// Whether this looks like a code of ISO 4217.
fn is_currency_code(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Whether this is a currency sign: Unicode's general category `Sc` (16.0).
pub(super) fn is_currency_sign(c: char) -> bool {
    matches!(c,
        '$' | '\u{a2}'..='\u{a5}' | '\u{58f}' | '\u{60b}' | '\u{7fe}'..='\u{7ff}' | '\u{9f2}'..='\u{9f3}' | '\u{9fb}'
        | '\u{af1}' | '\u{bf9}' | '\u{e3f}' | '\u{17db}' | '\u{20a0}'..='\u{20c0}' | '\u{a838}' | '\u{fdfc}'
        | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}'..='\u{ffe1}' | '\u{ffe5}'..='\u{ffe6}'
        | '\u{11fdd}'..='\u{11fe0}' | '\u{1e2ff}' | '\u{1ecb0}')
}
