use super::super::locale::Locale;
use super::{Evidence, MarkCount, Notation, decimal, evidence};

/// A text and the number in it.
type Case<'a> = (&'a str, Option<&'a str>);

/// The most frequent mark of a field, and the number of values that have it.
type Hint = Option<(u64, char)>;

#[track_caller]
fn assert_read(notation: Notation, cases: &[Case<'_>]) {
    for (text, number) in cases {
        assert_eq!(decimal(text, notation).as_deref(), *number, "{text:?} as {notation:?}");
    }
}

fn locale(name: &str) -> Notation {
    Notation::Locale(Locale::find(name).expect("a locale"))
}

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
        // Three capitals look like the code of a currency.
        ("ISO9001", "9001"),
    ];
    for (text, number) in cases {
        assert_eq!(decimal(text, Notation::Unset).as_deref(), Some(number), "{text}");
    }
}

#[test]
fn a_text_with_one_number_is_that_number() {
    let cases = [
        ("12 kg", "12"),
        ("12kg", "12"),
        ("12%", "12"),
        ("12 %", "12"),
        ("12,5\u{a0}%", "12.5"),
        ("12 pieces", "12"),
        ("Price: 12", "12"),
        ("Price: 12.", "12"),
        ("1 995 Kč", "1995"),
        ("1\u{202f}995,50 zł", "1995.5"),
        ("From $ 24.95", "24.95"),
        ("From $24.95 / month", "24.95"),
        ("From US$ 1,234.50*", "1234.5"),
        ("ab 19,99", "19.99"),
        ("ab 19,99 € inkl. MwSt.", "19.99"),
        ("EUR 12,-", "12"),
        ("EUR 12,--", "12"),
        ("CHF 12.–", "12"),
        ("1.299,- €", "1299"),
        ("5'000.-", "5000"),
        ("Rs. 1,29,999/-", "129999"),
        ("MP3-Player 29,99 €", "29.99"),
        ("12,\u{2014} €", "12"),
        ("Fr. 1'234.50", "1234.5"),
        ("Rs.500", "500"),
        ("Rs500", "500"),
        ("kr.1.234,50", "1234.5"),
        ("CHF12.50 pro Stück", "12.5"),
        ("4.5 out of", "4.5"),
        ("(5)", "5"),
        ("(1,234 reviews)", "1234"),
        ("+5 points", "5"),
        ("-5 °C", "-5"),
        ("Temp.: -5,5 °C", "-5.5"),
        ("Temp.: \u{2212}5 °C", "-5"),
        ("12.50-", "-12.5"),
        ("12.50- USD net", "-12.5"),
        ("-12,- CHF", "-12"),
        ("5-star hotel", "5"),
        ("3-Zimmer-Wohnung", "3"),
        ("#5", "5"),
        ("Order #5", "5"),
        ("Nr.5", "5"),
        ("1st", "1"),
        ("25 m²", "25"),
        ("25 m2", "25"),
        ("25m2", "25"),
        ("16 GB", "16"),
        ("Galaxy S21 199,00 €", "199"),
        ("COVID-19: 123 cases", "123"),
        ("A4-100 costs 7", "7"),
        ("約1,234円", "1234"),
        ("全5件", "5"),
        ("12 ₽", "12"),
        (".5 l", "0.5"),
        ("€ .99 only", "0.99"),
        ("£1 €", "1"),
        ("1 234 567 users", "1234567"),
        ("5 m", "5"),
    ];
    for (text, number) in cases {
        assert_eq!(decimal(text, Notation::Unset).as_deref(), Some(number), "{text}");
    }
}

#[test]
fn a_text_that_is_not_one_number_is_refused() {
    let too_long = "9".repeat(41);
    let too_many_words = format!("5{}", " word".repeat(200));
    let cases = [
        "",
        " ",
        "-",
        "£",
        ".",
        ",",
        "abc",
        "one",
        // several numbers
        "4.5 out of 5",
        "4.5/5",
        "1-2",
        "3-4",
        "10\u{2013}20",
        "10 x 20",
        "2x4",
        "5:50",
        "1 2",
        "10 2024",
        "5\n123 € each",
        "1,2,3",
        "1.2.3",
        "1, 2",
        "2024.01.05",
        "2024-01-05",
        "1,23,45",
        "1,234,56",
        "1..2",
        "1,.2",
        "Rs500-600",
        "5'10\"",
        "1,234 (56 %)",
        "1  234 €",
        // no number, but a name
        "mp3",
        "A4",
        "S21",
        "COVID-19",
        "A4-100",
        "ISO9001 certified by TÜV v2",
        "v1.2",
        // another number than the digits say
        "1e5",
        "1.5k",
        "1.5K views",
        "2M",
        "$5m",
        "12,5 Mio.",
        "12,5 Mio. €",
        "1.5 billion",
        "5 mil pesos",
        "3 тыс. руб.",
        "5 tys. zł",
        "US$1.5bn",
        "R$ 1,5 mi",
        "12 tkr",
        "0x1F",
        "19€99",
        "5万円",
        "1億",
        "½",
        "12 ½",
        "1½",
        "10⁵",
        "①",
        "٣",
        "５",
        "Ⅷ 5",
        // a sign that is not one
        "--1",
        "- 5 pieces",
        "minus 5 Grad",
        "Price - 5 €",
        "\u{2013}5 °C",
        "-5-",
        "5 -",
        &too_long,
        &too_many_words,
    ];
    for text in cases {
        assert_eq!(decimal(text, Notation::Unset), None, "{text}");
    }
}

#[test]
fn integers_have_no_fraction_and_fit_64_bits() {
    let cases = [
        ("12.00", Some(12)),
        ("£1,234", Some(1234)),
        ("1 995 Kč", Some(1995)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("12.5", None),
    ];
    for (text, number) in cases {
        let whole = decimal(text, Notation::Unset).and_then(|digits| digits.parse::<i64>().ok());
        assert_eq!(whole, number, "{text}");
    }
}

#[test]
fn a_comma_as_decimal_mark_makes_points_separate_groups() {
    assert_read(
        Notation::Comma,
        &[
            ("1.234", Some("1234")),
            ("1.234 €", Some("1234")),
            ("ab 1.234,50 €", Some("1234.5")),
            ("19,99", Some("19.99")),
            ("1,234", Some("1.234")),
            ("1234,5", Some("1234.5")),
            ("1 234,5", Some("1234.5")),
            ("1'234,5", Some("1234.5")),
            ("1.234.567", Some("1234567")),
            ("12", Some("12")),
            ("-1.234,5", Some("-1234.5")),
            ("EUR 12,-", Some("12")),
            (",5", Some("0.5")),
            // These fit only a point.
            ("19.99", None),
            ("1,234.50", None),
            ("1,234,567", None),
            ("0.125", None),
            ("1234.567", None),
            (".5", None),
            ("1.23", None),
            ("5.3.2024", None),
        ],
    );
}

#[test]
fn a_point_as_decimal_mark_makes_commas_separate_groups() {
    assert_read(
        Notation::Point,
        &[
            ("1,234", Some("1234")),
            ("1.234", Some("1.234")),
            ("1,234.50", Some("1234.5")),
            ("12,34,567.8", Some("1234567.8")),
            ("19.99", Some("19.99")),
            ("1'234.50", Some("1234.5")),
            ("0.125", Some("0.125")),
            ("19,99", None),
            ("1.234,50", None),
            ("1.234.567", None),
            ("0,125", None),
        ],
    );
}

#[test]
fn a_locale_says_how_its_numbers_are_written() {
    let cases: [(&str, &[Case]); 12] = [
        ("en", &[("1,234.50", Some("1234.5")), ("1.234", Some("1.234")), ("19,99", None)]),
        ("de", &[("1.234,50", Some("1234.5")), ("1.234", Some("1234")), ("19.99", None), ("1 234,5", Some("1234.5"))]),
        ("de-AT", &[("€ 1.234,50", Some("1234.5")), ("€ 12,-", Some("12"))]),
        ("de-CH", &[("1'234.50", Some("1234.5")), ("1\u{2019}234.50", Some("1234.5")), ("CHF 5.\u{2013}", Some("5"))]),
        ("de-CH", &[("19,99", None), ("1,234", None), ("1,234.50", Some("1234.5"))]),
        (
            "fr",
            &[("1\u{202f}234,56 €", Some("1234.56")), ("1.234", None), ("1.234,56", Some("1234.56")), ("12.50", None)],
        ),
        ("fr-CH", &[("1'234.50", Some("1234.5")), ("12,50", Some("12.5"))]),
        ("es-MX", &[("$1,234.50", Some("1234.5")), ("1,234", Some("1234"))]),
        ("pt-BR", &[("R$ 1.234,50", Some("1234.5")), ("R$1.234", Some("1234"))]),
        ("pl", &[("1 234,50 zł", Some("1234.5")), ("od 19,99 zł", Some("19.99")), ("2,5 tys.", None)]),
        ("ru", &[("1 234,50 ₽", Some("1234.5")), ("от 990 руб.", Some("990")), ("1,5 млн", None)]),
        (
            "ja",
            &[("１，２３４円", Some("1234")), ("約1,234.5円", Some("1234.5")), ("1.5万円", None), ("-３", Some("-3"))],
        ),
    ];
    for (name, texts) in cases {
        assert_read(locale(name), texts);
    }
}

#[test]
fn spellings_say_which_mark_is_the_decimal_mark() {
    let cases = [
        ("1.234", Evidence::Comma),
        ("1.000", Evidence::Comma),
        ("19,99", Evidence::Comma),
        ("ab 19,9 €", Evidence::Comma),
        ("1.234,50", Evidence::Comma),
        ("1 234,567", Evidence::Comma),
        ("1.234.567", Evidence::Comma),
        ("1,234", Evidence::Point),
        ("1,000", Evidence::Point),
        ("19.99", Evidence::Point),
        ("1,234.50", Evidence::Point),
        ("0.125", Evidence::Point),
        ("1234.567", Evidence::Point),
        ("1'234.50", Evidence::Point),
        ("12", Evidence::None),
        ("1 234", Evidence::None),
        ("12 Stck. ", Evidence::None),
        ("EUR 12,-", Evidence::None),
        ("1.299,-", Evidence::Comma),
        ("1.2.3", Evidence::None),
        ("words, words.", Evidence::None),
    ];
    for (text, found) in cases {
        assert_eq!(evidence(text).0, found, "{text}");
    }
}

#[test]
fn a_hint_is_given_if_values_fit_only_the_other_notation() {
    let cases: [(Notation, &[&str], Hint); 10] = [
        (Notation::Unset, &["1.234", "2.500", "990"], Some((2, ','))),
        (Notation::Unset, &["1.234", "19,99"], Some((2, ','))),
        // These are read as they look.
        (Notation::Unset, &["19,99", "1.234,50"], None),
        (Notation::Unset, &["19.99", "1,234"], None),
        // Real numbers with three decimals have others beside them.
        (Notation::Unset, &["1.234", "0.5"], None),
        (Notation::Comma, &["19.99", "1,234.50"], Some((2, '.'))),
        (Notation::Comma, &["1,234"], Some((1, '.'))),
        (Notation::Comma, &["1.234", "19,99"], None),
        (Notation::Point, &["1.234", "19,99"], Some((2, ','))),
        (locale("de"), &["19.99", "5"], Some((1, '.'))),
    ];
    for (notation, texts, hint) in cases {
        let mut tally = MarkCount::default();
        for text in texts {
            let mut one = MarkCount::default();
            one.add(text, notation, decimal(text, notation).as_deref());
            tally.merge(one);
        }
        assert_eq!(tally.hint(), hint, "{texts:?} as {notation:?}");
    }
}
