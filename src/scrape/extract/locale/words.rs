//! What a word of a date can mean.

/// The words of a language. Forms of the same word are separated by commas. Case, accents and points do not matter
/// ([`fold`](super::fold)).
#[derive(Debug)]
pub(in super::super) struct Language {
    /// From January on.
    pub months: [&'static str; 12],
    /// From Monday on.
    pub weekdays: [&'static str; 7],
    /// All other words and phrases. The same word may have several meanings.
    pub phrases: &'static [(Meaning, &'static str)],
}

/// A meaning of a word or phrase. Where a word has several meanings, its neighbours decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Meaning {
    /// A month, 1 to 12.
    Month(i8),
    /// A weekday, from 1 for Monday.
    Weekday(i8),
    /// A day, counted from today: -1 is yesterday.
    Day(i8),
    /// "just now".
    Now,
    /// "last week": one such unit ago.
    Last(Unit),
    /// A unit after a number: "3 days".
    Unit(Unit),
    /// A form that means one unit if no number is before it (Russian `час назад`).
    Single(Unit),
    /// A word for the number one: "a day ago".
    One,
    /// Stands before a number and makes it another one: "half an hour ago", "over a year ago". Such a date is not read.
    Inexact,
    /// Stands before or after numbers with units and says that the time is in the past: "ago".
    Past,
    /// The same for the future.
    Future,
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
    /// Stands before a time of day: "at".
    At,
    /// Stands after the hour, also in place of a colon: "10 Uhr", "10h30".
    HourMark,
    /// Stands after the minute: `30分`.
    MinuteMark,
    /// Stands after the second.
    SecondMark,
    /// Stands after the year: `2024年`, "2024 r.".
    YearMark,
    /// Stands after the number of the month: `3月`.
    MonthMark,
    /// Stands after the day: `1日`.
    DayMark,
    /// Stands right after the number of a day: "1st", "1er".
    Ordinal,
    /// Stands between the parts of a date: "5 de marzo de 2024".
    Link,
    /// Stands before the year of a Japanese era. The number is the year before the first one.
    Era(i16),
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Unit {
    /// 1 s.
    Second,
    /// 60 s.
    Minute,
    /// 3,600 s.
    Hour,
    /// A day of the calendar.
    Day,
    /// Seven days.
    Week,
    /// A month of the calendar.
    Month,
    /// A year of the calendar.
    Year,
}
