//! The date in a text.

use jiff::civil::Date;

use super::super::locale::{DateOrder, Meaning};
use super::token::{Kind, Token};

/// The years that a page means. Years of other calendars are outside: 1403 (Persian), 1445 (Islamic), 2567 (Thai), 5784 (Hebrew).
const YEARS: std::ops::RangeInclusive<i16> = 1500..=2199;

/// Years of two digits below this one are in the 2000s, and the others in the 1900s, as in POSIX.
const PIVOT: i16 = 69;

/// Whether a page may mean this year.
pub(super) fn is_plausible(date: Date) -> bool {
    YEARS.contains(&date.year())
}

/// A part of a date.
#[derive(Clone, Copy)]
enum Part<'a> {
    Number(&'a str),
    Month(i8),
    /// The year of an era, as one of our calendar.
    Year(i16),
}

/// What is between two parts.
#[derive(Default)]
struct Between {
    /// The first mark.
    mark: Option<char>,
    /// Whether white space is before the mark.
    is_loose: bool,
    /// Whether there is a word, or another mark.
    has_more: bool,
    meaning: Option<Meaning>,
}

/// Reads a date at a place. Returns it with the place behind it.
///
/// - With the name of a month: `5 March 2024`, `March 5, 2024`, `2024 March 5`, `5-Mar-24`, `5. März 2024`.
/// - With numbers: `2024-03-05`, `05.03.2024`, `5/3/24`, in the order of the locale. Without an order, exactly one order must
///   give a date. Year, month, day is read in any locale.
/// - `2024年3月5日`, `令和6年3月5日`
pub(super) fn read(tokens: &[Token<'_>], at: usize, order: Option<DateOrder>) -> Option<(Date, usize)> {
    let (one, after) = part(tokens, at)?;
    let (first, after) = between(tokens, after);
    let (two, after) = part(tokens, after)?;
    let (second, after) = between(tokens, after);
    let (three, after) = part(tokens, after)?;
    let date = match (one, two, three) {
        (Part::Number(day), Part::Month(month), Part::Number(of)) if day.len() <= 2 => {
            let is_year = of.len() == 4 || is_short_year(&first, &second, tokens.get(after));
            date(year(of).filter(|_| is_year)?, month, small(day)?)
        }
        (Part::Number(of), Part::Month(month), Part::Number(day)) if of.len() == 4 => {
            date(year(of)?, month, small(day)?)
        }
        (Part::Month(month), Part::Number(day), Part::Number(of)) => {
            let is_year = of.len() == 4 || second.mark == Some('\'');
            date(year(of).filter(|_| is_year)?, month, small(day)?)
        }
        (Part::Number(_) | Part::Year(_), Part::Number(month), Part::Number(day))
            if first.meaning == Some(Meaning::YearMark) && second.meaning == Some(Meaning::MonthMark) =>
        {
            date(year_of(one)?, small(month)?, small(day)?)
        }
        (Part::Number(one), Part::Number(two), Part::Number(three)) => {
            if !is_same_separator(&first, &second) {
                return None;
            }
            numeric([one, two, three], order)
        }
        _ => None,
    }?;
    Some((date, behind(tokens, after)))
}

/// Reads a part. Returns it with the place behind it.
fn part<'a>(tokens: &[Token<'a>], at: usize) -> Option<(Part<'a>, usize)> {
    let token = tokens.get(at)?;
    if let Some(digits) = token.digits() {
        return Some((Part::Number(digits), at + 1));
    }
    if let Some(month) = token.month() {
        return Some((Part::Month(month), at + 1));
    }
    let era = token.meanings().iter().find_map(|it| if let Meaning::Era(base) = it { Some(*base) } else { None })?;
    let year: i16 = tokens.get(at + 1)?.digits().filter(|it| it.len() <= 2)?.parse().ok()?;
    (year > 0).then_some((Part::Year(era + year), at + 2))
}

/// Reads what is between two parts. Returns it with the place behind it.
fn between(tokens: &[Token<'_>], mut at: usize) -> (Between, usize) {
    let mut found = Between::default();
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Mark(mark @ ('.' | ',' | '-' | '/' | '\'')) => {
                if found.mark.replace(mark).is_some() {
                    found.has_more = true;
                } else {
                    found.is_loose = token.spaced;
                }
            }
            Kind::Word(_, meanings) => {
                let Some(meaning) = meanings.iter().find(|it| joins(**it)) else { break };
                found.meaning = Some(*meaning);
                found.has_more = true;
            }
            Kind::Gap => found.has_more = true,
            _ => break,
        }
        at += 1;
    }
    if let Some(token) = tokens.get(at) {
        found.is_loose |= token.spaced;
    }
    (found, at)
}

/// Whether a word may stand between two parts of a date.
fn joins(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Link | Meaning::Ordinal | Meaning::YearMark | Meaning::MonthMark | Meaning::DayMark)
}

/// Returns the place behind the words that belong to a date: "2024 г.", `5日`, "March 5th".
fn behind(tokens: &[Token<'_>], at: usize) -> usize {
    let belongs = |it: &&Token<'_>| {
        it.means(Meaning::YearMark) || it.means(Meaning::DayMark) || (it.means(Meaning::Ordinal) && !it.spaced)
    };
    at + usize::from(tokens.get(at).is_some_and(|it| belongs(&it)))
}

/// `5.3.2024`, `5. 3. 2024`, `5/3/2024`, `5 / 3 / 2024` and `5-3-2024`, but not `5 - 3 - 2024`.
fn is_same_separator(first: &Between, second: &Between) -> bool {
    let is_plain = |it: &Between| !it.has_more && (!it.is_loose || it.mark != Some('-'));
    matches!(first.mark, Some('.' | '/' | '-')) && first.mark == second.mark && is_plain(first) && is_plain(second)
}

/// Whether a number of two digits behind the name of a month is a year: `5 Mar 24`, `5-Mar-24`, `5 March '24`. It is not if a
/// comma or word is before it or a word behind it: "5 March, 10 comments".
fn is_short_year(first: &Between, second: &Between, next: Option<&Token<'_>>) -> bool {
    let is_plain = match second.mark {
        Some('\'') => return true,
        Some('-' | '/') => first.mark == second.mark,
        Some(mark) => mark == '.',
        None => true,
    };
    let is_end = next
        .is_none_or(|it| !matches!(it.kind, Kind::Word(..)) || it.means(Meaning::At) || it.means(Meaning::YearMark));
    is_plain && is_end && !(second.has_more && second.meaning.is_some())
}

fn numeric([one, two, three]: [&str; 3], order: Option<DateOrder>) -> Option<Date> {
    let read = |order| match order {
        DateOrder::DayMonthYear => date(year(three)?, small(two)?, small(one)?),
        DateOrder::MonthDayYear => date(year(three)?, small(one)?, small(two)?),
        DateOrder::YearMonthDay => date(year(one)?, small(two)?, small(three)?),
    };
    let orders: &[DateOrder] = match (one.len(), three.len(), order) {
        (4, ..) => &[DateOrder::YearMonthDay],
        (_, 4, None | Some(DateOrder::YearMonthDay)) => &[DateOrder::DayMonthYear, DateOrder::MonthDayYear],
        (.., None) => &[DateOrder::DayMonthYear, DateOrder::MonthDayYear, DateOrder::YearMonthDay],
        (.., Some(order)) => &[order],
    };
    let mut dates = orders.iter().filter_map(|order| read(*order));
    let first = dates.next()?;
    dates.all(|other| other == first).then_some(first)
}

fn year_of(part: Part<'_>) -> Option<i16> {
    match part {
        Part::Number(digits) => year(digits),
        Part::Year(year) => Some(year),
        Part::Month(_) => None,
    }
}

fn year(digits: &str) -> Option<i16> {
    let number: i16 = digits.parse().ok()?;
    match digits.len() {
        4 => Some(number),
        2 => Some(number + if number < PIVOT { 2000 } else { 1900 }),
        _ => None,
    }
}

/// Reads a day or a month.
fn small(digits: &str) -> Option<i8> {
    if digits.len() <= 2 { digits.parse().ok() } else { None }
}

fn date(year: i16, month: i8, day: i8) -> Option<Date> {
    Date::new(year, month, day).ok().filter(|date| is_plausible(*date))
}
