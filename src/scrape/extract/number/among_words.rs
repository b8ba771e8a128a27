//! Finds the only number of a text that has words, units or a currency beside it.
//!
//! What counts as a number:
//!
//! - A run of digits, and the marks and single spaces between them: `1 995`, `1.234,50`. Its marks are judged later, so
//!   `1 2` and `1.2.3` are one run that is not a number.
//! - Digits that are glued to a letter before them belong to a name and do not count: `S21`, `m2`, `COVID-19`. Currencies
//!   do not hide a number: `Rs500`, `kr.500`.
//! - A letter after the digits is a unit: `12kg`. A unit that multiplies makes the text unreadable: `1.5k`, `12,5 Mio.`.
//! - A minus counts directly before the number or its currency, unless a letter or digit is before it, and directly after
//!   the number, as accounting programs write it (`12.50-`). `(5)` is 5.
//! - A character that is a number of another kind (`½`, `٣`, `①`, `10⁵`) makes the text unreadable, but units such as `m²`
//!   do not.

use super::currency::is_currency_sign;
use super::digits::is_mark;

/// The most bytes of a text. A longer one is not a number with a few words around it.
const LONGEST: usize = 1000;

/// Words after a number that multiply it, in small letters. The number alone is not what the text means.
#[rustfmt::skip]
const MAGNITUDES: &[&str] = &[
    "thousand", "million", "millions", "billion", "billions", "trillion", "bn", "lakh", "lakhs", "crore", "crores", "cr",
    "dozen", "hundred", "mil", "mio", "mln", "mn", "mill", "mrd", "mia", "mld", "mds", "bln", "tsd", "tausend", "hundert",
    "millionen", "milliarde", "milliarden", "billionen", "teur", "keur", "mille", "millier", "milliers", "milliard",
    "milliards", "centaines", "douzaine", "millones", "millón", "mila", "milione", "milioni",
    "miliardo", "miliardi", "milhão", "milhões", "bilhão", "bilhões", "duizend", "miljoen", "miljard", "tys", "tysiąc",
    "tysiące", "tysięcy", "milion", "miliony", "milionów", "miliard", "miliardy", "miliardów", "tis", "tisíc", "milionů",
    "tusen", "miljon", "miljoner", "miljarder", "tkr", "mkr", "mnkr", "mdkr", "tusind", "millioner", "milliarder",
    "tuhatta", "miljoonaa", "milj", "miljardia", "тыс", "тысяч", "тысяча", "тысячи", "млн", "миллион", "миллиона",
    "миллионов", "млрд", "миллиард", "миллиарда", "миллиардов", "трлн", "bin", "milyon", "milyar",
];

/// The same where case matters: `m` and `g` are units.
const PREFIXES: [&str; 7] = ["k", "K", "M", "B", "G", "T", "Md"];

/// The same behind an amount of money: `$5m` are millions, `5m` are metres.
const MONEY_PREFIXES: [&str; 5] = ["m", "b", "t", "mi", "bi"];

/// The same in Japanese, where nothing separates words.
const MYRIADS: [char; 8] = ['十', '百', '千', '万', '億', '兆', '割', '半'];

/// Words before a number that make it negative.
const MINUSES: [&str; 6] = ["minus", "moins", "menos", "meno", "минус", "eksi"];

/// Words before digits that are glued to them and yet only name the currency.
const CURRENCIES: &[&str] = &[
    "Rs", "RS", "kr", "Kr", "Fr", "SFr", "Kč", "zł", "TL", "Lei", "lei", "Ft", "руб", "RM", "EUR", "USD", "GBP", "CHF",
    "SEK", "NOK", "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "RUB", "UAH", "TRY", "JPY", "CNY", "RMB", "KRW",
    "INR", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "BRL", "ARS", "CLP", "COP", "PEN", "ZAR", "ILS", "AED", "SAR",
    "THB", "IDR", "MYR", "PHP", "VND",
];

/// What joins the parts of a name.
const HYPHENS: [char; 5] = ['-', '\u{2010}', '\u{2011}', '_', '#'];

/// Returns whether the only number of the text is negative, and its digits and marks, with the mark before a dash in place of a
/// fraction. `None` if there is no number or more
/// than one, or if it means something else.
pub(super) fn find(text: &str) -> Option<(bool, &str)> {
    if text.len() > LONGEST {
        return None;
    }
    let mut found = None;
    let (mut from, mut name_end) = (0, None);
    while let Some((start, end)) = next_run(text, from) {
        from = end;
        let before = &text[..start];
        // `A4-100`: a name goes on after its hyphens.
        let goes_on = name_end.is_some_and(|end| is_hyphen(&text[end..start]));
        if goes_on || is_part_of_a_name(before) {
            // `S21 199`: a space ends the name.
            from = start + text[start..end].find(char::is_whitespace).unwrap_or(end - start);
            name_end = Some(from);
            continue;
        }
        if found.replace((start, end)).is_some() {
            return None;
        }
    }
    let (start, end) = found?;
    if has_another_kind_of_number(text) || means_something_else(&text[..start], &text[end..]) {
        return None;
    }
    let negative = is_negative(&text[..start], &text[end..])?;
    // `1.299,-`: the comma in place of the cents says what the point is.
    let has_dash =
        text[end..].strip_prefix(is_mark).is_some_and(|rest| rest.starts_with(['-', '\u{2013}', '\u{2014}']));
    Some((negative, &text[start..end + usize::from(has_dash)]))
}

/// Returns where the next run of digits begins and ends, with the marks and spaces inside it.
fn next_run(text: &str, from: usize) -> Option<(usize, usize)> {
    let digit = from + text[from..].find(|c: char| c.is_ascii_digit())?;
    let mut start = digit;
    // `.5`, but not `Rs.500` and `..5`.
    if let Some(mark) = text[from..digit].chars().next_back().filter(|c| is_mark(*c)) {
        let before = text[..digit - mark.len_utf8()].chars().next_back();
        if before.is_none_or(|c| c.is_whitespace() || is_currency_sign(c) || is_minus(c) || matches!(c, '+' | '(')) {
            start = digit - mark.len_utf8();
        }
    }
    let mut end = digit;
    let mut rest = text[digit..].char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next_is_digit = rest.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        let joins = is_mark(c) || matches!(c, '\'' | '\u{2019}') || (c.is_whitespace() && !c.is_control());
        if c.is_ascii_digit() {
            end = digit + at + 1;
        } else if !(joins && next_is_digit) {
            break;
        }
    }
    Some((start, end))
}

/// Whether digits after this text belong to a name, such as `S21`, `mp3`, `m2` or `COVID-19`.
fn is_part_of_a_name(before: &str) -> bool {
    let joined = before.strip_suffix(HYPHENS).unwrap_or(before);
    let has_hyphen = joined.len() != before.len();
    let word = last_word(joined);
    if word.is_empty() {
        return false;
    }
    has_hyphen || !CURRENCIES.contains(&word)
}

fn is_hyphen(text: &str) -> bool {
    text.strip_prefix(HYPHENS) == Some("")
}

/// Returns the letters at the end of a text. Characters of languages that do not separate words do not count.
fn last_word(text: &str) -> &str {
    let start = text.char_indices().rev().take_while(|(_, c)| is_letter(*c)).last().map_or(text.len(), |(at, _)| at);
    &text[start..]
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_unspaced(c)
}

/// Whether this is a character of Chinese, Japanese, Korean or Thai, which may stand right before a number.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether the text has a fraction such as `½` or digits of another script.
fn has_another_kind_of_number(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let is_power = matches!(c, '²' | '³') && is_letter(before);
        before = c;
        c.is_numeric() && !c.is_ascii_digit() && !is_power
    })
}

/// Whether what is around the number multiplies it or continues it.
fn means_something_else(before: &str, after: &str) -> bool {
    let rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == '-');
    if rest.starts_with(MYRIADS) || MINUSES.contains(&last_word(before.trim_end()).to_lowercase().as_str()) {
        return true;
    }
    let end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
    let word = &rest[..end];
    // `1e5` is not 1, and `2x4` is not 2, but `25m2` is an area.
    let goes_on = rest[end..].starts_with(|c: char| c.is_ascii_digit());
    let is_area = matches!(word, "m" | "mm" | "cm" | "dm" | "km" | "ft");
    if goes_on && rest.len() == after.len() && !is_area {
        return true;
    }
    let is_money = before.trim_end().ends_with(is_currency_sign);
    PREFIXES.contains(&word)
        || (is_money && MONEY_PREFIXES.contains(&word))
        || (!word.is_empty() && word.len() < 40 && MAGNITUDES.contains(&word.to_lowercase().as_str()))
}

/// Whether the signs around a number make it negative. `None` if they make no sense.
fn is_negative(before: &str, after: &str) -> Option<bool> {
    let mut rest = before;
    if let Some(number) = before.trim_end().strip_suffix(is_currency_sign) {
        // `-US$ 5`, `- € 5`
        let letters = last_word(number);
        rest = &number[..number.len() - if letters.len() <= 3 { letters.len() } else { 0 }];
    }
    let leading = match rest.chars().next_back() {
        Some(c) if is_minus(c) => {
            let before = rest[..rest.len() - c.len_utf8()].chars().next_back();
            match before {
                Some(c) if is_minus(c) || c == '+' => return None,
                Some(c) => !c.is_alphanumeric(),
                None => true,
            }
        }
        Some('\u{2013}' | '\u{2014}') => return None,
        // A sign that is apart from its number may be a dash.
        _ if rest.trim_end().ends_with(is_minus) => return None,
        _ => false,
    };
    if !after.is_empty()
        && after.trim_matches(|c: char| c.is_whitespace() || is_minus(c)).is_empty()
        && !after.starts_with(is_minus)
    {
        return None;
    }
    let trailing = after
        .strip_prefix(is_minus)
        .is_some_and(|rest| rest.chars().next().is_none_or(|c| c.is_whitespace() || is_currency_sign(c) || c == ')'));
    (!(leading && trailing)).then_some(leading || trailing)
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}')
}
