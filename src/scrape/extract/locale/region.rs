//! The table of locales.

use serde::{Deserialize, Serialize};

use super::words::Language;
use super::{agglutinative, germanic, romance, slavic};

/// A language, or a language in a region.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(&'static Region);

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Marks {
    /// What stands before the fraction.
    pub decimal: Mark,
    /// Whether the other one of point and comma separates groups. White space and apostrophes always do.
    pub other_groups: bool,
}

/// A mark in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Mark {
    /// `.`
    Point,
    /// `,`
    Comma,
}

impl Mark {
    /// Returns the character.
    pub(in super::super) fn char(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    /// Returns the other mark.
    pub(in super::super) fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

/// The order of a numeric date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum DateOrder {
    /// `31/12/2024`
    DayMonthYear,
    /// `12/31/2024`
    MonthDayYear,
    /// `2024/12/31`
    YearMonthDay,
}

struct Region {
    name: &'static str,
    language: &'static Language,
    /// `None`: pages of this locale use both marks, so numbers are read as without a locale.
    marks: Option<Marks>,
    /// `None`: pages of this locale use several orders, so dates are read as without a locale.
    order: Option<DateOrder>,
}

impl Locale {
    /// The names of all locales.
    pub const NAMES: [&'static str; REGIONS.len()] = {
        let mut names = [""; REGIONS.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = REGIONS[at].name;
            at += 1;
        }
        names
    };

    /// Finds a locale by its name, such as `de`, `de-CH` or `DE_ch`.
    pub fn find(name: &str) -> Option<Self> {
        let same = |region: &&'static Region| region.name.eq_ignore_ascii_case(&name.replace('_', "-"));
        TABLE.iter().find(same).map(Locale)
    }

    /// Returns the name, such as `de-CH`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub(in super::super) fn language(self) -> &'static Language {
        self.0.language
    }

    /// Returns how numbers are written. `None` means that pages use both marks.
    pub(in super::super) fn marks(self) -> Option<Marks> {
        self.0.marks
    }

    /// Returns the order of numeric dates. `None` means that pages use several orders.
    pub(in super::super) fn order(self) -> Option<DateOrder> {
        self.0.order
    }

    /// Whether pages write a time as `10.30`, as Danish, Finnish, Italian and Swedish ones do.
    pub(in super::super) fn writes_points(self) -> bool {
        ["da", "fi", "it", "sv"].iter().any(|language| self.0.name.starts_with(language))
    }

    /// Whether texts are written with digits such as `２` (U+FF12), too.
    pub(in super::super) fn has_wide_digits(self) -> bool {
        self.0.name.starts_with("ja")
    }
}

impl PartialEq for Locale {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Locale {}

impl std::fmt::Debug for Locale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locale({})", self.0.name)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0.name.to_owned()
    }
}

impl TryFrom<String> for Locale {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::find(&name).ok_or_else(|| format!("\"{name}\" is not the name of a locale"))
    }
}

/// `1.234,5`
const COMMA: Option<Marks> = Some(Marks { decimal: Mark::Comma, other_groups: true });
/// `1 234,5`
const COMMA_SPACE: Option<Marks> = Some(Marks { decimal: Mark::Comma, other_groups: false });
/// `1,234.5`
const POINT: Option<Marks> = Some(Marks { decimal: Mark::Point, other_groups: true });
/// `1'234.5`
const POINT_APOSTROPHE: Option<Marks> = Some(Marks { decimal: Mark::Point, other_groups: false });
const DMY: Option<DateOrder> = Some(DateOrder::DayMonthYear);
const MDY: Option<DateOrder> = Some(DateOrder::MonthDayYear);
const YMD: Option<DateOrder> = Some(DateOrder::YearMonthDay);

static TABLE: &[Region] = &REGIONS;

/// `en` is read as `en-US`, as in CLDR. Swiss French prices have a point and other numbers a comma. Canadian and South
/// African pages mix the orders of dates.
const REGIONS: [Region; 54] = {
    const fn row(
        name: &'static str,
        language: &'static Language,
        marks: Option<Marks>,
        order: Option<DateOrder>,
    ) -> Region {
        Region { name, language, marks, order }
    }
    use agglutinative::{FINNISH as FI, JAPANESE as JA, TURKISH as TR};
    use germanic::{DANISH as DA, DUTCH as NL, ENGLISH as EN, GERMAN as DE, SWEDISH as SV};
    use romance::{FRENCH as FR, ITALIAN as IT, PORTUGUESE as PT, SPANISH as ES};
    use slavic::{CZECH as CS, POLISH as PL, RUSSIAN as RU};
    [
        row("en", &EN, POINT, MDY),
        row("en-US", &EN, POINT, MDY),
        row("en-GB", &EN, POINT, DMY),
        row("en-IE", &EN, POINT, DMY),
        row("en-AU", &EN, POINT, DMY),
        row("en-NZ", &EN, POINT, DMY),
        row("en-IN", &EN, POINT, DMY),
        row("en-SG", &EN, POINT, DMY),
        row("en-HK", &EN, POINT, DMY),
        row("en-CA", &EN, POINT, None),
        row("en-ZA", &EN, None, None),
        row("de", &DE, COMMA, DMY),
        row("de-DE", &DE, COMMA, DMY),
        row("de-AT", &DE, COMMA, DMY),
        row("de-CH", &DE, POINT_APOSTROPHE, DMY),
        row("de-LI", &DE, POINT_APOSTROPHE, DMY),
        row("fr", &FR, COMMA_SPACE, DMY),
        row("fr-FR", &FR, COMMA_SPACE, DMY),
        row("fr-BE", &FR, COMMA, DMY),
        row("fr-CA", &FR, COMMA_SPACE, None),
        row("fr-CH", &FR, None, DMY),
        row("es", &ES, COMMA, DMY),
        row("es-ES", &ES, COMMA, DMY),
        row("es-MX", &ES, POINT, DMY),
        row("es-US", &ES, POINT, None),
        row("es-AR", &ES, COMMA, DMY),
        row("es-CL", &ES, COMMA, DMY),
        row("es-CO", &ES, COMMA, DMY),
        row("es-PE", &ES, POINT, DMY),
        row("it", &IT, COMMA, DMY),
        row("it-IT", &IT, COMMA, DMY),
        row("it-CH", &IT, POINT_APOSTROPHE, DMY),
        row("pt", &PT, COMMA, DMY),
        row("pt-BR", &PT, COMMA, DMY),
        row("pt-PT", &PT, COMMA, DMY),
        row("nl", &NL, COMMA, DMY),
        row("nl-NL", &NL, COMMA, DMY),
        row("nl-BE", &NL, COMMA, DMY),
        row("pl", &PL, COMMA_SPACE, DMY),
        row("pl-PL", &PL, COMMA_SPACE, DMY),
        row("cs", &CS, COMMA_SPACE, DMY),
        row("cs-CZ", &CS, COMMA_SPACE, DMY),
        row("sv", &SV, COMMA_SPACE, YMD),
        row("sv-SE", &SV, COMMA_SPACE, YMD),
        row("da", &DA, COMMA, DMY),
        row("da-DK", &DA, COMMA, DMY),
        row("fi", &FI, COMMA_SPACE, DMY),
        row("fi-FI", &FI, COMMA_SPACE, DMY),
        row("ru", &RU, COMMA_SPACE, DMY),
        row("ru-RU", &RU, COMMA_SPACE, DMY),
        row("tr", &TR, COMMA, DMY),
        row("tr-TR", &TR, COMMA, DMY),
        row("ja", &JA, POINT, YMD),
        row("ja-JP", &JA, POINT, YMD),
    ]
};

#[cfg(test)]
mod tests {
    use super::Locale;

    #[test]
    fn a_locale_is_found_by_its_name_in_any_spelling() {
        for (written, name) in [("de", "de"), ("DE", "de"), ("de-CH", "de-CH"), ("de_ch", "de-CH"), ("PT-br", "pt-BR")]
        {
            assert_eq!(Locale::find(written).map(Locale::name), Some(name), "{written}");
        }
        for written in ["", "xx", "german", "de-", "de-XX", "de-CH-1996", "d"] {
            assert_eq!(Locale::find(written), None, "{written}");
        }
    }

    #[test]
    fn a_locale_travels_as_its_name() {
        for name in Locale::NAMES {
            let locale = Locale::find(name).expect("a name of the table");
            let json = serde_json::to_string(&locale).expect("JSON");
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Locale>(&json).expect("a locale"), locale);
        }
        assert!(serde_json::from_str::<Locale>("\"xx\"").is_err());
    }

    #[test]
    fn every_language_is_there() {
        for name in ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "da", "fi", "ru", "tr", "ja"] {
            assert!(Locale::NAMES.contains(&name), "{name}");
        }
    }
}
