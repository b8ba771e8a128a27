use jiff::Timestamp;

use super::super::locale::Locale;
use super::{Dates, DatesError};

/// A Friday.
const NOW: &str = "2024-03-15T12:30:45.5Z";

fn now() -> Timestamp {
    NOW.parse().expect("a timestamp")
}

fn dates(locale: &str, format: &str, timezone: &str) -> Dates {
    let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let (format, timezone) = (given(String::leak(format.to_owned())), given(String::leak(timezone.to_owned())));
    Dates::new(Locale::find(locale), format, timezone).expect("valid settings")
}

/// Compares the values of both types. A datetime of `""` means that only the date can be read.
#[track_caller]
fn assert_read(dates: &Dates, text: &str, expected: &str) {
    let date = dates.date(text, now());
    let datetime = dates.datetime(text, now());
    let found = (date.as_deref(), datetime.as_deref());
    let expected = match expected {
        "" => (None, None),
        date if date.len() == 10 => (Some(date), None),
        // "24:00" is on the next day.
        datetime if datetime.starts_with('<') => (Some(&datetime[1..11]), Some(&datetime[12..])),
        datetime => (Some(&datetime[..10]), Some(datetime)),
    };
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn dates_of_programs_are_read_without_settings() {
    let cases = [
        // ISO 8601
        ("2024-03-05", "2024-03-05"),
        ("20240305", "2024-03-05"),
        ("2024-W10-2", "2024-03-05"),
        ("2024-03-05T10:11", "2024-03-05T10:11:00"),
        ("2024-03-05T10:11:12", "2024-03-05T10:11:12"),
        ("2024-03-05T10:11:12Z", "2024-03-05T10:11:12Z"),
        ("2024-03-05t10:11:12z", "2024-03-05T10:11:12Z"),
        ("2024-03-05T10:11:12.123456Z", "2024-03-05T10:11:12.123456Z"),
        ("2024-03-05T10:11:12,5Z", "2024-03-05T10:11:12.5Z"),
        ("2024-03-05T10:11:12+02:00", "2024-03-05T10:11:12+02:00"),
        ("2024-03-05T10:11:12+0200", "2024-03-05T10:11:12+02:00"),
        ("2024-03-05T10:11:12-05", "2024-03-05T10:11:12-05:00"),
        ("2024-03-05T10:11-05:00", "2024-03-05T10:11:00-05:00"),
        ("2024-03-05T10:11:12+00:00", "2024-03-05T10:11:12Z"),
        ("20240305T101112Z", "2024-03-05T10:11:12Z"),
        ("20240305T101112+0530", "2024-03-05T10:11:12+05:30"),
        ("20240305101112", "2024-03-05T10:11:12"),
        ("2024-03-05T10:11:12+01:00[Europe/Berlin]", "2024-03-05T10:11:12+01:00"),
        ("2024-03-05T10:11:12[Europe/Berlin]", "2024-03-05T10:11:12+01:00"),
        ("2024-03-05 10:11:12", "2024-03-05T10:11:12"),
        ("2024-03-05 10:11:12 +0200", "2024-03-05T10:11:12+02:00"),
        ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12Z"),
        ("2024-03-05 10:11:12.5+02", "2024-03-05T10:11:12.5+02:00"),
        // XML Schema: a date with an offset
        ("2024-03-05Z", "2024-03-05"),
        ("2024-03-05+01:00", "2024-03-05"),
        ("2024-03-05-05:00", "2024-03-05"),
        ("2024-3-5 9:05", "2024-03-05T09:05:00"),
        ("2024-03-05T24:00", "<2024-03-05 2024-03-06T00:00:00"),
        ("2024-12-31 24:00:00Z", "<2024-12-31 2025-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        // RFC 2822, RFC 850, asctime
        ("Tue, 05 Mar 2024 10:11:12 +0100", "2024-03-05T10:11:12+01:00"),
        ("Tue, 5 Mar 2024 10:11:12 GMT", "2024-03-05T10:11:12Z"),
        ("5 Mar 2024 10:11 UT", "2024-03-05T10:11:00Z"),
        ("5 Mar 24 10:11 EST", "2024-03-05T10:11:00-05:00"),
        ("Tue, 05 Mar 2024 10:11:12 -0000", "2024-03-05T10:11:12Z"),
        ("Tue, 05 Mar 2024 10:11:12 +0100 (CET)", "2024-03-05T10:11:12+01:00"),
        ("Tue, 05 Mar 2024 10:11:12 GMT+1", "2024-03-05T10:11:12+01:00"),
        ("Tue, 05 Mar 2024 10:11:12 GMT+01:00", "2024-03-05T10:11:12+01:00"),
        ("Tuesday, 05-Mar-24 10:11:12 GMT", "2024-03-05T10:11:12Z"),
        ("Tue Mar  5 10:11:12 2024", "2024-03-05T10:11:12"),
        ("Tue Mar  5 10:11:12 CET 2024", "2024-03-05T10:11:12+01:00"),
        ("Tue Mar 05 2024 10:11:12 GMT+0100 (Central European Standard Time)", "2024-03-05T10:11:12+01:00"),
        ("05/Mar/2024:10:11:12 +0000", "2024-03-05T10:11:12Z"),
        // seconds and milliseconds since 1970
        ("1709633472", "2024-03-05T10:11:12Z"),
        ("1709633472.25", "2024-03-05T10:11:12.25Z"),
        ("1709633472000", "2024-03-05T10:11:12Z"),
        ("1709633472125", "2024-03-05T10:11:12.125Z"),
        ("920628672", "1999-03-05T10:11:12Z"),
    ];
    let plain = dates("", "", "");
    for (text, expected) in cases {
        assert_read(&plain, text, expected);
    }
}

#[test]
fn english_dates_are_read_without_settings() {
    let cases = [
        ("March 5, 2024", "2024-03-05"),
        ("5 March 2024", "2024-03-05"),
        ("MARCH 5 2024", "2024-03-05"),
        ("Mar. 5, 2024", "2024-03-05"),
        ("Sept. 5, 2024", "2024-09-05"),
        ("5th of March, 2024", "2024-03-05"),
        ("March 1st, 2024", "2024-03-01"),
        ("the 22nd of March 2024", "2024-03-22"),
        ("2024 March 5", "2024-03-05"),
        ("Tuesday, March 5, 2024", "2024-03-05"),
        ("5-Mar-2024", "2024-03-05"),
        ("5 Mar '24", "2024-03-05"),
        ("Mar 5 '24", "2024-03-05"),
        ("5 Mar 99", "1999-03-05"),
        ("5\u{a0}March\u{202f}2024", "2024-03-05"),
        ("\u{200e}5\u{200e}/Mar/\u{200e}2024", "2024-03-05"),
        ("Published on March 5, 2024", "2024-03-05"),
        ("Posted: March 5, 2024 by Anna Smith | Updated", "2024-03-05"),
        ("(5 March 2024)", "2024-03-05"),
        ("March 5, 2024 10:30", "2024-03-05T10:30:00"),
        ("March 5, 2024 at 10:30 am", "2024-03-05T10:30:00"),
        ("March 5, 2024 at 10:30\u{202f}PM", "2024-03-05T22:30:00"),
        ("March 5, 2024, 12:05 a.m.", "2024-03-05T00:05:00"),
        ("March 5, 2024, 12:05 p.m. EST", "2024-03-05T12:05:00-05:00"),
        ("March 5, 2024 - 3pm", "2024-03-05T15:00:00"),
        ("March 5, 2024 12pm", "2024-03-05T12:00:00"),
        ("March 5, 2024 14:30 PM", "2024-03-05T14:30:00"),
        ("March 5, 2024 0:30 AM", "2024-03-05T00:30:00"),
        ("10:30, 5 March 2024", "2024-03-05T10:30:00"),
        ("Updated 5:30 PM EST, Tue March 5, 2024", "2024-03-05T17:30:00-05:00"),
        ("Tue 5 Mar 2024 10.30 GMT", "2024-03-05T10:30:00Z"),
        ("10:30, 5 March 2024 (UTC)", "2024-03-05T10:30:00Z"),
        ("5 March 2024 10:30 utc", "2024-03-05T10:30:00Z"),
        ("5 March 2024 10:30 UTC+2", "2024-03-05T10:30:00+02:00"),
        ("Published on 2024-03-05 at 10:30", "2024-03-05T10:30:00"),
        ("Last updated: 2024-03-05T10:30:00-05:00", "2024-03-05T10:30:00-05:00"),
        // An abbreviation of several zones spoils only the time.
        ("March 5, 2024 10:30 IST", "2024-03-05"),
        ("March 5, 2024 10:30 a.m. ET", "2024-03-05"),
        ("March 5, 2024 10:30 a.m. Eastern Time", "2024-03-05"),
        ("2024-03-05 10:30 America/New_York", "2024-03-05"),
    ];
    let plain = dates("", "", "");
    for (text, expected) in cases {
        assert_read(&plain, text, expected);
    }
}

#[test]
fn numeric_dates_need_an_order_unless_only_one_is_possible() {
    let cases = [
        ("", "13/02/2024", "2024-02-13"),
        ("", "02/13/2024", "2024-02-13"),
        ("", "2024/02/13", "2024-02-13"),
        ("", "2024.2.3", "2024-02-03"),
        ("", "05/05/2024", "2024-05-05"),
        ("", "31/12/99", "1999-12-31"),
        ("", "01/02/2024", ""),
        ("", "01.02.2024", ""),
        ("", "01-02-2024", ""),
        ("", "13/02/24", ""),
        ("", "01/02/03", ""),
        ("en", "01/02/2024", "2024-01-02"),
        ("en-US", "1/2/24", "2024-01-02"),
        ("en-GB", "01/02/2024", "2024-02-01"),
        ("en-CA", "01/02/2024", ""),
        ("de", "01.02.2024", "2024-02-01"),
        ("de", "1. 2. 2024", "2024-02-01"),
        ("de", "1.2.24", "2024-02-01"),
        ("de", "1.2.68", "2068-02-01"),
        ("de", "1.2.69", "1969-02-01"),
        ("de", "2024-02-01", "2024-02-01"),
        // The locale says the order, and this is another one.
        ("de", "02.13.2024", ""),
        ("en-US", "13/02/2024", ""),
        ("cs", "1. 2. 2024", "2024-02-01"),
        ("nl", "01-02-2024", "2024-02-01"),
        ("sv", "2024-02-01", "2024-02-01"),
        ("sv", "24-02-01", "2024-02-01"),
        ("sv", "13/2/2024", "2024-02-13"),
        ("sv", "1/2/2024", ""),
        ("ja", "2024/02/01", "2024-02-01"),
        ("ja", "24/02/01", "2024-02-01"),
        ("es-MX", "01/02/2024", "2024-02-01"),
        ("pt-BR", "01/02/2024", "2024-02-01"),
    ];
    for (locale, text, expected) in cases {
        assert_read(&dates(locale, "", ""), text, expected);
    }
}

#[test]
fn dates_of_each_language_are_read() {
    let cases = [
        ("de", "5. März 2024", "2024-03-05"),
        ("de", "5. Maerz 2024", "2024-03-05"),
        ("de", "Dienstag, den 5. März 2024, 10:30 Uhr", "2024-03-05T10:30:00"),
        ("de", "am Dienstag, dem 5. März 2024", "2024-03-05"),
        ("de", "Di., 05.03.2024 um 10.30 Uhr", "2024-03-05T10:30:00"),
        ("de", "Veröffentlicht am 05.03.2024 um 10 Uhr", "2024-03-05T10:00:00"),
        ("de", "5. Mär. 24", "2024-03-05"),
        ("de", "5. März 24 um 10:30 Uhr", "2024-03-05T10:30:00"),
        ("de", "5. Mär. 2024 10:30 MEZ", "2024-03-05T10:30:00+01:00"),
        ("de", "05.03.2024 - 10:30", "2024-03-05T10:30:00"),
        ("de-AT", "5. Jänner 2024", "2024-01-05"),
        ("de", "So wurde es am 5. März 2024", "2024-03-05"),
        ("de", "So, 5. März 2024", ""),
        ("de", "Wie so oft: 5. März 2024", "2024-03-05"),
        ("fr", "1er mars 2024", "2024-03-01"),
        ("fr", "mardi 5 mars 2024 à 10h30", "2024-03-05T10:30:00"),
        ("fr", "mar. 5 mars 2024", "2024-03-05"),
        ("fr", "Publié le 5 févr. 2024 à 10 h", "2024-02-05T10:00:00"),
        ("fr", "5 mars 2024, 10h", "2024-03-05T10:00:00"),
        ("fr", "5 mars 2024 (durée : 2 h)", ""),
        ("fr", "5 AOUT 2024", "2024-08-05"),
        ("fr", "05/03/2024 à 18:05", "2024-03-05T18:05:00"),
        ("es", "5 de marzo de 2024", "2024-03-05"),
        ("es", "martes, 5 de marzo de 2024 a las 10:30 p. m.", "2024-03-05T22:30:00"),
        ("es", "mar, 5 mar 2024", "2024-03-05"),
        ("es", "5 sept. 2024 10:30 h", "2024-09-05T10:30:00"),
        ("es", "1º de setiembre del 2024", "2024-09-01"),
        ("it", "martedì 5 marzo 2024, ore 10:30", "2024-03-05T10:30:00"),
        ("it", "mar 5 mar 2024 alle 10.30", "2024-03-05T10:30:00"),
        ("it", "1º gennaio 2024", "2024-01-01"),
        ("it", "1° marzo 2024", "2024-03-01"),
        ("pt", "5 de março de 2024 às 10h30", "2024-03-05T10:30:00"),
        ("pt", "terça-feira, 5 de março de 2024", "2024-03-05"),
        ("pt-BR", "05/03/2024 10h30", "2024-03-05T10:30:00"),
        ("nl", "dinsdag 5 maart 2024 om 10:30 uur", "2024-03-05T10:30:00"),
        ("nl", "5 mrt. 2024", "2024-03-05"),
        ("pl", "wtorek, 5 marca 2024 r., godz. 10:30", "2024-03-05T10:30:00"),
        ("pl", "5 paź 2024", "2024-10-05"),
        ("pl", "Opublikowano: 5 września 2024 o 10:30", "2024-09-05T10:30:00"),
        ("cs", "úterý 5. března 2024 v 10:30", "2024-03-05T10:30:00"),
        ("cs", "5. 3. 2024 10:30", "2024-03-05T10:30:00"),
        ("cs", "5. července 2024", "2024-07-05"),
        ("cs", "5. června 2024 v 10.30 hod.", "2024-06-05T10:30:00"),
        ("sv", "tisdag 5 mars 2024 kl. 10.30", "2024-03-05T10:30:00"),
        ("sv", "den 5 maj 2024", "2024-05-05"),
        ("da", "tirsdag d. 5. marts 2024 kl. 10.30", "2024-03-05T10:30:00"),
        ("da", "5. okt. 2024 kl. 10:30", "2024-10-05T10:30:00"),
        ("da", "05.03.2024 10.30", "2024-03-05T10:30:00"),
        ("fi", "tiistaina 5. maaliskuuta 2024 klo 10.30", "2024-03-05T10:30:00"),
        ("fi", "ti 5.3.2024 10.30", "2024-03-05T10:30:00"),
        ("fi", "1.3.2024 klo 9", "2024-03-01T09:00:00"),
        ("it", "venerdì 1° marzo 2024 alle 9", "2024-03-01T09:00:00"),
        ("de", "1.3.2024 um 9", ""),
        ("ru", "5 марта 2024 г.", "2024-03-05"),
        ("ru", "вторник, 5 марта 2024 г. в 10:30", "2024-03-05T10:30:00"),
        ("ru", "5-го мая 2024 года", "2024-05-05"),
        ("ru", "05.03.2024 10:30 МСК", "2024-03-05T10:30:00+03:00"),
        ("tr", "5 Mart 2024 Salı", "2024-03-05"),
        ("tr", "05.03.2024 saat 10:30", "2024-03-05T10:30:00"),
        ("tr", "5 KASIM 2024", "2024-11-05"),
        ("tr", "5 Ağustos 2024, 10:30", "2024-08-05T10:30:00"),
        ("ja", "2024年3月5日", "2024-03-05"),
        ("ja", "2024年3月5日(火) 10時30分", "2024-03-05T10:30:00"),
        ("ja", "２０２４年３月５日 午後３時", "2024-03-05T15:00:00"),
        ("ja", "令和6年3月5日", "2024-03-05"),
        ("ja", "2024/03/05 10:30 更新", "2024-03-05T10:30:00"),
        ("ja", "公開日：2024年3月5日火曜日", "2024-03-05"),
        // English dates are read in every locale.
        ("de", "Tue, 05 Mar 2024 10:11:12 GMT", "2024-03-05T10:11:12Z"),
        ("ja", "March 5, 2024", "2024-03-05"),
        ("ru", "Dec 5, 2024 3:05 PM", "2024-12-05T15:05:00"),
        // Others are not read without a locale.
        ("", "5. März 2024", ""),
        ("", "5 mars 2024", ""),
        ("", "2024年3月5日", ""),
        ("fr", "5. März 2024", ""),
    ];
    for (locale, text, expected) in cases {
        assert_read(&dates(locale, "", ""), text, expected);
    }
}

#[test]
fn relative_dates_count_from_the_time_of_the_answer() {
    let cases = [
        ("", "today", "2024-03-15"),
        ("", "Yesterday", "2024-03-14"),
        ("", "tomorrow", "2024-03-16"),
        ("", "Yesterday at 10:30 am", "2024-03-14T10:30:00"),
        ("", "Today, 10:30", "2024-03-15T10:30:00"),
        ("", "3 days ago", "2024-03-12"),
        ("", "Posted 3 days ago by Anna", "2024-03-12"),
        ("", "a day ago", "2024-03-14"),
        ("", "2 weeks ago", "2024-03-01"),
        ("", "1 month ago", "2024-02-15"),
        ("", "15 days and 1 month ago", "2024-01-29"),
        ("", "last week", "2024-03-08"),
        ("", "last year", "2023-03-15"),
        ("", "in 3 days", "2024-03-18"),
        ("", "3 days from now", "2024-03-18"),
        ("", "3 hours ago", "2024-03-15T09:30:45Z"),
        ("", "about an hour ago", "2024-03-15T11:30:45Z"),
        ("", "3h ago", "2024-03-15T09:30:45Z"),
        ("", "5 min. ago", "2024-03-15T12:25:45Z"),
        ("", "1 day, 2 hours ago", "2024-03-14T10:30:45Z"),
        ("", "just now", "2024-03-15T12:30:45Z"),
        ("de", "vor 3 Tagen", "2024-03-12"),
        ("de", "vor einem Monat", "2024-02-15"),
        ("de", "vor ca. 2 Stunden", "2024-03-15T10:30:45Z"),
        ("de", "vor 2 Std. und 5 Min.", "2024-03-15T10:25:45Z"),
        ("de", "vor 2 Std.", "2024-03-15T10:30:45Z"),
        ("de", "gestern, 18:05 Uhr", "2024-03-14T18:05:00"),
        ("de", "vorgestern", "2024-03-13"),
        ("fr", "il y a 3 jours", "2024-03-12"),
        ("fr", "il y a environ une heure", "2024-03-15T11:30:45Z"),
        ("fr", "hier à 18h05", "2024-03-14T18:05:00"),
        ("fr", "aujourd’hui", "2024-03-15"),
        ("fr", "avant-hier", "2024-03-13"),
        ("es", "hace 3 días", "2024-03-12"),
        ("es", "ayer a las 18:05", "2024-03-14T18:05:00"),
        ("it", "3 giorni fa", "2024-03-12"),
        ("it", "un'ora fa", "2024-03-15T11:30:45Z"),
        ("it", "ieri", "2024-03-14"),
        ("pt", "há 3 dias", "2024-03-12"),
        ("pt", "3 dias atrás", "2024-03-12"),
        ("nl", "3 dagen geleden", "2024-03-12"),
        ("nl", "gisteren om 18:05", "2024-03-14T18:05:00"),
        ("pl", "3 dni temu", "2024-03-12"),
        ("pl", "godzinę temu", "2024-03-15T11:30:45Z"),
        ("cs", "před 3 dny", "2024-03-12"),
        ("cs", "před hodinou", "2024-03-15T11:30:45Z"),
        ("cs", "včera", "2024-03-14"),
        ("sv", "för 3 dagar sedan", "2024-03-12"),
        ("sv", "i går kl. 18:05", "2024-03-14T18:05:00"),
        ("da", "for 3 dage siden", "2024-03-12"),
        ("fi", "3 päivää sitten", "2024-03-12"),
        ("fi", "tunti sitten", "2024-03-15T11:30:45Z"),
        ("ru", "3 дня назад", "2024-03-12"),
        ("ru", "час назад", "2024-03-15T11:30:45Z"),
        ("ru", "вчера в 18:05", "2024-03-14T18:05:00"),
        ("tr", "3 gün önce", "2024-03-12"),
        ("tr", "bir saat önce", "2024-03-15T11:30:45Z"),
        ("ja", "3日前", "2024-03-12"),
        ("ja", "3時間前", "2024-03-15T09:30:45Z"),
        ("ja", "昨日", "2024-03-14"),
        ("ja", "3か月前", "2023-12-15"),
        ("ja", "３日前", "2024-03-12"),
        // Vague, or not a date.
        ("", "3 days", ""),
        ("", "few days ago", ""),
        ("", "half an hour ago", ""),
        ("", "over a year ago", ""),
        ("de", "vor über einem Jahr", ""),
        ("cs", "před půl hodinou", ""),
        ("", "a few days ago", ""),
        ("", "1.5 hours ago", ""),
        ("", "30+ days ago", ""),
        ("", "3-4 days ago", ""),
        ("", "Monday", ""),
        ("", "99999 days ago", ""),
        ("", "9999 years ago", ""),
        ("", "3 hours ago at 10:30", ""),
        ("", "yesterday, March 14, 2024", ""),
        ("", "vor 3 Tagen", ""),
        ("ru", "несколько дней назад", ""),
        ("pl", "pół godziny temu", ""),
    ];
    for (locale, text, expected) in cases {
        assert_read(&dates(locale, "", ""), text, expected);
    }
}

#[test]
fn a_text_that_is_not_one_date_is_refused() {
    let long = format!("March 5, 2024{}x", " ".repeat(400));
    let huge = "1".repeat(1_000_000);
    let cases = [
        "",
        " ",
        "soon",
        "2024",
        "March",
        "March 2024",
        "March 5",
        "5.3.",
        "10:30",
        "24.95",
        "1999",
        "123456789012345678901234567890",
        "0709633472",
        "99999999",
        // two dates, or ranges
        "March 5, 2024 - March 7, 2024",
        "March 5-7, 2024",
        "3\u{2013}5 March 2024",
        "2024-03-05 2024-03-06",
        "March 5, 2024, 10:00-12:00",
        "2024-03-05 10:00-12:00",
        "March 5, 2024 (3 comments)",
        "March 5, 2024 10:30 and 11:30",
        // dates that do not exist
        "February 30, 2024",
        "2023-02-29",
        "2024-13-01",
        "31/04/2024",
        "March 5, 2024 25:00",
        "March 5, 2024 24:01",
        "March 5, 2024 10:61",
        "March 5, 2024 13:30 am",
        "March 5, 2024 0:30 pm",
        "March 5, 2024 24:00 pm",
        "March 5, 2024 0:30:99",
        "2024-03-05T10:30:00+25:00",
        "2024-03-05 +01:00",
        // the weekday of another date
        "Monday, March 5, 2024",
        "Mon, 05 Mar 2024 10:11:12 GMT",
        "March 5, 2024 (Wednesday)",
        // years of other calendars
        "5 March 2567",
        "2567-03-05",
        "1403-03-05",
        "05/13/1445",
        // names, versions, addresses
        "v2024-03-05",
        "5px March 2024",
        "192.168.1.10",
        "1.2.3",
        "10.0.2024.1",
        "+49 30 12.05.2024 77",
        "５ March 2024",
        "٥ March 2024",
        "5/3-2024",
        "5 - 3 - 2024",
        "March 5 24",
        "March 5 and 10",
        "5 March and 10",
        "5 March, 10 comments",
        "5 March 10 comments",
        &long,
        &huge,
    ];
    let plain = dates("", "", "");
    for text in cases {
        let shown = &text[..text.len().min(60)];
        assert_eq!((plain.date(text, now()), plain.datetime(text, now())), (None, None), "{shown:?}");
    }
}

#[test]
fn a_time_zone_of_the_settings_gives_the_offset_that_a_text_lacks() {
    let cases = [
        ("Europe/Berlin", "2024-03-05 10:30", "2024-03-05T10:30:00+01:00"),
        ("Europe/Berlin", "2024-07-05 10:30", "2024-07-05T10:30:00+02:00"),
        ("Europe/Berlin", "2024-07-05T10:30:00Z", "2024-07-05T10:30:00Z"),
        ("Europe/Berlin", "2024-07-05 10:30 -0500", "2024-07-05T10:30:00-05:00"),
        ("Europe/London", "2024-01-05 10:30", "2024-01-05T10:30:00Z"),
        ("UTC", "2024-01-05 10:30", "2024-01-05T10:30:00Z"),
        ("Asia/Kolkata", "March 5, 2024 3 pm", "2024-03-05T15:00:00+05:30"),
        ("Europe/Berlin", "March 5, 2024", "2024-03-05"),
        ("Asia/Tokyo", "1709633472", "2024-03-05T19:11:12+09:00"),
        ("Asia/Tokyo", "3 hours ago", "2024-03-15T18:30:45+09:00"),
        ("Pacific/Auckland", "today", "2024-03-16"),
        ("America/New_York", "yesterday at 10:30", "2024-03-14T10:30:00-04:00"),
        // This hour is skipped, and this one comes twice.
        ("Europe/Berlin", "2024-10-27 02:30", "2024-10-27T02:30:00"),
        ("Europe/Berlin", "2024-10-27 02:30 +0100", "2024-10-27T02:30:00+01:00"),
    ];
    for (timezone, text, expected) in cases {
        assert_read(&dates("", "", timezone), text, expected);
    }
    let berlin = dates("", "", "Europe/Berlin");
    assert_eq!(berlin.datetime("2024-03-31 02:30", now()), None);
    assert_eq!(berlin.date("2024-03-31 02:30", now()).as_deref(), Some("2024-03-31"));
}

#[test]
fn a_format_is_the_only_form_that_is_read() {
    let cases = [
        ("", "%d.%m.%Y", "05.03.2024", "2024-03-05"),
        ("", "%d.%m.%Y", "5.3.2024", "2024-03-05"),
        ("", "%d.%m.%Y", "2024-03-05", ""),
        ("", "%d.%m.%Y", "05.03.2024 10:30", ""),
        ("", "%d/%m/%y", "05/03/24", "2024-03-05"),
        ("", "%d/%m/%y", "05/03/99", "1999-03-05"),
        ("", "%Y-%m-%d %H:%M", "2024-03-05 10:30", "2024-03-05T10:30:00"),
        ("", "%Y-%m-%d %H:%M", "2024-03-05\u{a0}10:30", "2024-03-05T10:30:00"),
        ("", "%d %b %Y %I:%M %p", "5 Mar 2024 03:30 pm", "2024-03-05T15:30:00"),
        ("", "%d/%b/%Y:%H:%M:%S %z", "05/Mar/2024:10:11:12 +0200", "2024-03-05T10:11:12+02:00"),
        ("", "%s", "1709633472", "2024-03-05T10:11:12Z"),
        ("", "%G-W%V-%u", "2024-W10-2", "2024-03-05"),
        ("", "%Y%j", "2024065", "2024-03-05"),
        ("", "%d.%m.%Y", "05.03.1403", "1403-03-05"),
        ("", "%A %d %B %Y", "Monday 5 March 2024", ""),
        ("", "100%% %F", "100% 2024-03-05", "2024-03-05"),
        ("de", "%d. %B %Y", "5. März 2024", "2024-03-05"),
        ("de", "%d. %b %Y", "5. Okt 2024", "2024-10-05"),
        ("fr", "%a %d %b %Y", "mar 05 mars 2024", "2024-03-05"),
        ("fr", "%d %b %Y", "05 mar 2024", "2024-03-05"),
        ("ja", "%Y年%m月%d日", "2024年3月5日", "2024-03-05"),
        ("fr", "%Hh%M le %d/%m/%Y", "10h30 le 05/03/2024", "2024-03-05T10:30:00"),
    ];
    for (locale, format, text, expected) in cases {
        assert_read(&dates(locale, format, ""), text, expected);
    }
}

#[test]
fn invalid_settings_are_named_with_a_way_out() {
    let cases = [
        (
            "%Y-%m-%E",
            "",
            "the format is not valid at byte 6: \"%E\" is not a directive that can be read, such as %Y, %m, %d, %H, %M",
        ),
        (
            "%d.%m.%Y %Z",
            "",
            "the format is not valid at byte 9: \"%Z\" is not a directive that can be read, such as %Y, %m, %d, %H, %M",
        ),
        (
            "%Y%",
            "",
            "the format is not valid at byte 2: \"%\" at the end has no letter behind it (\"%%\" is a percent sign)",
        ),
        (
            "%d.%m.",
            "",
            "the format is not valid at byte 0: it does not say which day it is: a year, a month and a day are needed (\"%Y-%m-%d\")",
        ),
        (
            "",
            "",
            "the format is not valid at byte 0: it does not say which day it is: a year, a month and a day are needed (\"%Y-%m-%d\")",
        ),
        ("%F", "Europe/Berln", "\"Europe/Berln\" is not the name of a time zone; did you mean \"Europe/Berlin\"?"),
        ("%F", "berlin", "\"berlin\" is not the name of a time zone, such as \"Europe/Berlin\" or \"UTC\""),
        ("%F", "", "\"\" is not the name of a time zone, such as \"Europe/Berlin\" or \"UTC\""),
    ];
    for (format, timezone, message) in cases {
        let error = Dates::new(None, Some(format), Some(timezone)).expect_err("invalid settings");
        assert_eq!(error.to_string(), message);
        assert_eq!(matches!(error, DatesError::Format { .. }), message.starts_with("the format"));
    }
}
