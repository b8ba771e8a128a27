//! The time of day in a text.

use jiff::civil::Time;

use super::super::locale::{Meaning, Unit};
use super::found::{Clock, Place};
use super::offset;
use super::token::{Kind, Token};

/// A time of day with what belongs to it.
pub(super) struct Claim {
    pub clock: Clock,
    pub place: Place,
}

/// Reads the only time of a text, and makes its tokens gaps. `Ok(None)` if there is none, `Err` if there are several or it is
/// not a time of day.
///
/// - `10:30`, `10:30:05`, `10:30:05.123`
/// - `10h30`, `10 h 30`, `10 Uhr`, `10時30分`
/// - `10.30` after a word such as "kl." or before a word such as "Uhr" or "GMT". `has_points`: the locale writes times like that.
/// - `9` after such a word, if `has_points`
/// - `10am`, `10:30 p.m.`, `午後3時`
///
/// An offset may follow.
pub(super) fn claim(tokens: &mut [Token<'_>], has_points: bool) -> Result<Option<Claim>, ()> {
    let mut found = None;
    let mut at = 0;
    while at < tokens.len() {
        let Some((fields, mut end)) = fields_at(tokens, at, has_points) else {
            at += 1;
            continue;
        };
        let mut start = at;
        let meridiem = match meridiem(tokens.get(end)) {
            Some(found) => {
                end += 1;
                // `a.m.`
                end += usize::from(tokens.get(end).is_some_and(|it| it.is_mark('.') && !it.spaced));
                Some(found)
            }
            None => at.checked_sub(1).and_then(|before| meridiem(tokens.get(before))).inspect(|_| start = at - 1),
        };
        let clock = fields.clock(meridiem).ok_or(())?;
        let (place, after) = offset::read(tokens, end, fields.is_exact);
        if found.replace(Claim { clock, place }).is_some() {
            return Err(());
        }
        for token in &mut tokens[start..after] {
            token.kind = Kind::Gap;
        }
        at = after;
    }
    Ok(found)
}

/// The numbers of a time.
struct Fields {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    /// Whether it has seconds or stands behind a `T`, as programs write it.
    is_exact: bool,
    /// Whether it has only an hour and no word that says so. It needs "am" or "pm".
    is_bare: bool,
}

impl Fields {
    fn clock(&self, meridiem: Option<Meaning>) -> Option<Clock> {
        let hour = match (meridiem, self.hour) {
            (None, _) if self.is_bare => return None,
            // "0:30 pm" may be either half of the day, but "14:30 pm" is clear.
            (Some(Meaning::Afternoon), 0 | 24..) | (Some(Meaning::Morning), 13..) => return None,
            (Some(Meaning::Afternoon), hour @ 1..=11) => hour + 12,
            (Some(Meaning::Morning), 12) => 0,
            (_, hour) => hour,
        };
        let ends_the_day = hour == 24;
        // A leap second is the last second before it.
        let second = if self.second == 60 { 59 } else { self.second };
        let time = Time::new(if ends_the_day { 0 } else { hour }, self.minute, second, self.nanosecond).ok()?;
        (!ends_the_day || time == Time::midnight()).then_some(Clock { time, ends_the_day })
    }
}

fn meridiem(token: Option<&Token<'_>>) -> Option<Meaning> {
    let is_half = |it: &&Meaning| matches!(it, Meaning::Morning | Meaning::Afternoon);
    token?.meanings().iter().find(is_half).copied()
}

/// Reads the numbers of a time at a place. Returns them with the place behind them.
fn fields_at(tokens: &[Token<'_>], at: usize, has_points: bool) -> Option<(Fields, usize)> {
    let hour = number(tokens, at, 1..=2, true)?;
    let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
    if before(1).is_some_and(|it| it.is_mark('+')) {
        // An offset without a time.
        return None;
    }
    let mut fields = Fields {
        hour,
        minute: 0,
        second: 0,
        nanosecond: 0,
        is_exact: before(1).is_some_and(|it| it.is_mark('T')),
        is_bare: false,
    };
    if is_glued_mark(tokens, at + 1, ':')
        && let Some(minute) = number(tokens, at + 2, 2..=2, false)
    {
        fields.minute = minute;
        let mut end = seconds(tokens, at + 3, ':', &mut fields);
        end += usize::from(means(tokens, end, Meaning::HourMark));
        return Some((fields, end));
    }
    if is_glued_mark(tokens, at + 1, '.')
        && let Some(minute) = number(tokens, at + 2, 2..=2, false)
        && !(before(1).is_some_and(|it| it.is_mark('.') && !tokens[at].spaced)
            && before(2).is_some_and(|it| it.digits().is_some()))
    {
        fields.minute = minute;
        let mut end = seconds(tokens, at + 3, '.', &mut fields);
        let is_date = is_glued_mark(tokens, end, '.') && tokens.get(end + 1).is_some_and(|it| it.digits().is_some());
        let has_word = means(tokens, end, Meaning::HourMark)
            || meridiem(tokens.get(end)).is_some()
            || offset::is_named(tokens, end);
        end += usize::from(means(tokens, end, Meaning::HourMark));
        let is_time = has_points || has_word || follows_at(tokens, at);
        return (is_time && !is_date).then_some((fields, end));
    }
    if means(tokens, at + 1, Meaning::HourMark) {
        let (fields, end) = after_hour_word(tokens, at + 2, fields);
        // "(2 h)" is rather a duration.
        let is_vague = end == at + 2 && tokens[at + 1].spaced && means(tokens, at + 1, Meaning::Unit(Unit::Hour));
        return (!is_vague || follows_at(tokens, at)).then_some((fields, end));
    }
    // "klo 9", "kl. 9", "alle 9": these languages count to 24.
    let is_alone =
        tokens.get(at + 1).is_none_or(|it| it.month().is_none() && (it.spaced || !matches!(it.kind, Kind::Mark(_))));
    if has_points && is_alone && follows_at(tokens, at) {
        return Some((fields, at + 1));
    }
    fields.is_bare = true;
    let is_half = meridiem(tokens.get(at + 1)).is_some();
    is_half.then_some((fields, at + 1))
}

/// Reads what stands behind "10 Uhr": `30`, `30分`, `30 min 15 s`.
fn after_hour_word(tokens: &[Token<'_>], mut at: usize, mut fields: Fields) -> (Fields, usize) {
    let marked = means(tokens, at + 1, Meaning::MinuteMark);
    let is_day = tokens
        .get(at + 1)
        .is_some_and(|it| it.month().is_some() || it.is_mark('.') || it.is_mark('/') || it.is_mark('-'));
    let digits = if marked { 1..=2 } else { 2..=2 };
    if let Some(minute) = number(tokens, at, digits, true).filter(|_| !is_day) {
        fields.minute = minute;
        at += 1 + usize::from(marked);
        if means(tokens, at + 1, Meaning::SecondMark)
            && let Some(second) = number(tokens, at, 1..=2, true)
        {
            fields.second = second;
            at += 2;
        }
    }
    (fields, at)
}

/// Reads `:05.123` behind the minutes. Returns the place behind it.
fn seconds(tokens: &[Token<'_>], at: usize, mark: char, fields: &mut Fields) -> usize {
    let Some(second) = number(tokens, at + 1, 2..=2, false).filter(|_| is_glued_mark(tokens, at, mark)) else {
        return at;
    };
    fields.second = second;
    fields.is_exact = true;
    let is_fraction = is_glued_mark(tokens, at + 2, '.') || is_glued_mark(tokens, at + 2, ',');
    let digits = tokens.get(at + 3).filter(|it| is_fraction && mark == ':' && !it.spaced).and_then(Token::digits);
    match digits.filter(|digits| digits.len() <= 9).and_then(|digits| format!("{digits:0<9}").parse().ok()) {
        Some(nanosecond) => {
            fields.nanosecond = nanosecond;
            at + 4
        }
        None => at + 2,
    }
}

/// Whether a word such as "at" is before a place, perhaps with a point.
fn follows_at(tokens: &[Token<'_>], at: usize) -> bool {
    let before = tokens[..at].iter().rev().find(|it| !it.is_mark('.') && !it.is_mark(':'));
    before.is_some_and(|it| it.means(Meaning::At))
}

fn means(tokens: &[Token<'_>], at: usize, meaning: Meaning) -> bool {
    tokens.get(at).is_some_and(|it| it.means(meaning))
}

fn is_glued_mark(tokens: &[Token<'_>], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|it| it.is_mark(mark) && !it.spaced)
}

fn number(tokens: &[Token<'_>], at: usize, digits: std::ops::RangeInclusive<usize>, spaced: bool) -> Option<i8> {
    let token = tokens.get(at).filter(|it| spaced || !it.spaced)?;
    token.digits().filter(|it| digits.contains(&it.len()))?.parse().ok()
}
