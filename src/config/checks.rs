//! Checks that the parts of a rule compile. `scrape::extract` compiles them in the workers, so it is asked here: what
//! passes does not fail later. `Complaint::at` counts bytes of the text.

use super::error::Complaint;
use super::suggest;
use crate::scrape::extract::{
    Arity, DatesError, Extractor, Locale, Notation, Root, Rule, RuleErrorKind, Selection, SelectionError, Source,
    ValueRule, ValueType, XPath, XPathType, check_regex, makes_objects,
};

/// Other names of languages, and regions that are written instead of their language.
const LANGUAGES_ELSEWHERE: &[(&str, &str)] = &[
    ("english", "en"),
    ("us", "en-US"),
    ("uk", "en-GB"),
    ("gb", "en-GB"),
    ("german", "de"),
    ("deutsch", "de"),
    ("ch", "de-CH"),
    ("at", "de-AT"),
    ("french", "fr"),
    ("spanish", "es"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("br", "pt-BR"),
    ("dutch", "nl"),
    ("polish", "pl"),
    ("czech", "cs"),
    ("cz", "cs"),
    ("swedish", "sv"),
    ("se", "sv"),
    ("danish", "da"),
    ("dk", "da"),
    ("finnish", "fi"),
    ("russian", "ru"),
    ("turkish", "tr"),
    ("japanese", "ja"),
    ("jp", "ja"),
];

/// The groups of a regular expression.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// How many strings each match gives.
    pub(super) strings: usize,
    /// Whether each match gives an object of named groups instead.
    pub(super) are_named: bool,
}

/// A selector of values, whose branches may end in a pseudo-element.
pub(super) fn selector(css: &str) -> Result<(), Complaint> {
    Selection::parse(css).map(drop).map_err(|error| selector_complaint(&error))
}

/// A selector of elements for `each`, without any pseudo-element.
pub(super) fn each(css: &str) -> Result<(), Complaint> {
    Selection::parse_elements(css).map(drop).map_err(|error| selector_complaint(&error))
}

/// A selector of elements, without any pseudo-element.
pub(super) fn elements(css: &str) -> Result<(), Complaint> {
    selector(css)?;
    Selection::parse_elements(css).map(drop).map_err(|error| {
        let at = error.offset..error.offset + error.length;
        let written = css.get(at.clone()).unwrap_or_default();
        Complaint::new(format!("selects elements and cannot end in `{written}`")).at(at)
    })
}

/// Whether a selector takes whole elements in any of its branches.
pub(super) fn takes_elements(css: &str) -> bool {
    Selection::parse(css).is_ok_and(|selection| selection.takes_elements())
}

/// An expression of `XPath`.
pub(super) fn xpath(text: &str) -> Result<(), Complaint> {
    XPath::new(text).map(drop).map_err(|error| {
        let complaint = Complaint::new(format!("is not a valid XPath expression: {}", error.message));
        did_you_mean(complaint.at(error.offset..error.offset + error.length), error.suggestion)
    })
}

/// Whether an expression of `XPath` finds nothing but elements.
pub(super) fn finds_elements(xpath: &str) -> bool {
    XPath::new(xpath).is_ok_and(|xpath| xpath.gives_elements())
}

/// Whether an expression of `XPath` finds a single value, such as a number of elements.
pub(super) fn finds_one(xpath: &str) -> bool {
    XPath::new(xpath).is_ok_and(|xpath| !matches!(xpath.gives(), XPathType::Nodes))
}

/// A path into JSON.
pub(super) fn json_path(text: &str) -> Result<(), Complaint> {
    let source = Source { json: Some(text.to_owned()), ..Source::from(Root::Body) };
    compiled(ValueRule::of(source, Arity::Many)).map_err(|kind| match kind {
        RuleErrorKind::JsonPath(error) => {
            let complaint = Complaint::new(format!("is not a valid JSON path: {}", error.message));
            did_you_mean(complaint.at(error.offset..error.offset + error.length), error.suggestion)
        }
        other => Complaint::new(format!("is not valid: {other}")),
    })
}

/// The name of a language, or of a language in a region. Gives it as it is spelt usually.
pub(super) fn locale(name: &str) -> Result<&'static str, Complaint> {
    if let Some(locale) = Locale::find(name) {
        return Ok(locale.name());
    }
    let lower = name.to_lowercase().replace('_', "-");
    let elsewhere = LANGUAGES_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == lower).map(|(_, ours)| *ours);
    let language = lower.split('-').next().and_then(Locale::find).map(Locale::name);
    let meant = elsewhere.or(language).or_else(|| suggest::nearest(&lower, Locale::NAMES));
    let complaint = Complaint::new("is not a known language");
    if let Some(meant) = meant {
        return Err(complaint.with_help(format!("did you mean \"{meant}\"?")));
    }
    let languages: Vec<&str> = Locale::NAMES.into_iter().filter(|name| !name.contains('-')).collect();
    let all = languages.join(", ");
    Err(complaint.with_help(format!("the languages are {all}; some have regions, such as \"de-CH\" or \"pt-BR\"")))
}

/// The format of a date, as for `strptime`.
pub(super) fn format(format: &str) -> Result<(), Complaint> {
    dates(Notation { format: Some(format.to_owned()), ..Notation::default() }).map_err(|error| match error {
        DatesError::Format { offset, reason } => {
            let complaint = Complaint::new(format!("is not a valid format of dates: {reason}"));
            let end = format[offset..].char_indices().nth(2).map_or(format.len(), |(at, _)| offset + at);
            complaint.at(offset..end)
        }
        other @ DatesError::UnknownZone { .. } => Complaint::new(format!("is not valid: {other}")),
    })
}

/// The name of a time zone.
pub(super) fn timezone(name: &str) -> Result<(), Complaint> {
    dates(Notation { timezone: Some(name.to_owned()), ..Notation::default() }).map_err(|error| {
        let complaint = Complaint::new("is not the name of a time zone");
        complaint.with_help(match error {
            DatesError::UnknownZone { nearest: Some(near), .. } => format!("did you mean \"{near}\"?"),
            _ => "write a name such as \"Europe/Berlin\" or \"UTC\"".to_owned(),
        })
    })
}

/// A regular expression.
pub(super) fn regex(pattern: &str) -> Result<(), Complaint> {
    check_regex(pattern).map(drop).map_err(|error| {
        let complaint = Complaint::new(format!("is not a valid regular expression: {}", error.message));
        match error.offset.and_then(|at| Some(at..at + pattern.get(at..)?.chars().next()?.len_utf8())) {
            // Only one line is shown, so there is no place to show in a pattern of several lines.
            Some(at) if !pattern.contains('\n') => complaint.at(at),
            _ => complaint,
        }
    })
}

/// The groups of a valid regular expression.
pub(super) fn groups(pattern: &str) -> Groups {
    Groups { strings: check_regex(pattern).unwrap_or_default(), are_named: makes_objects(pattern) }
}

fn compiled(rule: ValueRule) -> Result<(), RuleErrorKind> {
    Extractor::of(&vec![(String::new(), Rule::Value(rule))]).map(drop).map_err(|error| error.kind)
}

fn dates(notation: Notation) -> Result<(), DatesError> {
    let rule = ValueRule { kind: ValueType::DateTime, notation, ..ValueRule::new("p::text", Arity::One) };
    match compiled(rule) {
        Err(RuleErrorKind::Date(error)) => Err(error),
        _ => Ok(()),
    }
}

fn selector_complaint(error: &SelectionError) -> Complaint {
    let complaint = Complaint::new(format!("is not a valid selector: {}", error.message));
    // If something is missing, only the end can be underlined.
    did_you_mean(complaint.at(error.offset..error.offset + error.length), error.suggestion.clone())
}

fn did_you_mean(complaint: Complaint, suggestion: Option<String>) -> Complaint {
    match suggestion {
        Some(suggestion) => complaint.with_help(format!("did you mean `{suggestion}`?")),
        None => complaint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_with_known_pseudo_elements_pass() {
        for css in [
            "h1",
            "h1::text",
            "a::attr(href)",
            "a::attr('data-x')",
            "h1::text, img::attr(alt)",
            "div *::text",
            "div > ::text",
            "::text",
            "p::text-content, p::inner-html",
            "a[title='::nothing']::url",
        ] {
            assert_eq!(selector(css), Ok(()), "{css}");
        }
    }

    #[test]
    fn bad_selectors_are_refused_at_their_place() {
        let table = [
            ("h1::txt", Some(2..7), Some("did you mean `::text`?")),
            ("h1, h2::before", Some(6..14), None),
            ("a::attr", Some(1..7), Some("did you mean `::attr(href)`?")),
            ("div:not(p::text)", Some(4..16), None),
            ("div[", Some(4..4), None),
            ("", Some(0..0), None),
        ];
        for (css, at, help) in table {
            let complaint = selector(css).expect_err(css);
            assert_eq!(complaint.at, at, "{css}");
            if help.is_some() {
                assert_eq!(complaint.help.as_deref(), help, "{css}");
            }
        }
    }

    #[test]
    fn each_takes_elements_only() {
        assert_eq!(each("div.quote"), Ok(()));
        assert_eq!(each("div::text").expect_err("a value").at, Some(3..9));
        assert!(each("div >").is_err());
    }

    #[test]
    fn the_strings_and_the_names_of_groups_are_known() {
        let table = [
            (r"\d+", 1, false),
            (r"(\d+)(\.\d+)?", 2, false),
            ("(a)|(b)", 2, false),
            (r"(\d+)(?:\.\d+)?", 1, false),
            ("(?P<a>.)(?<b>.)", 1, true),
            ("(a)(?P<extract>b)", 1, false),
        ];
        for (pattern, strings, are_named) in table {
            assert_eq!(groups(pattern), Groups { strings, are_named }, "{pattern}");
        }
    }

    #[test]
    fn elements_have_no_pseudo_element() {
        assert_eq!(elements("a, div.quote"), Ok(()));
        let complaint = elements("a, div::text").expect_err("a value");
        let expected = ("selects elements and cannot end in `::text`", Some(6..12));
        assert_eq!((complaint.message.as_str(), complaint.at), expected);
        let table =
            [("div", true), ("p::text, div", true), ("p::text", false), ("p::inner-html", false), ("p[", false)];
        for (css, expected) in table {
            assert_eq!(takes_elements(css), expected, "{css}");
        }
    }

    #[test]
    fn other_names_of_languages_lead_to_languages_that_exist_and_hide_none() {
        for (elsewhere, ours) in LANGUAGES_ELSEWHERE {
            assert!(Locale::find(ours).is_some() && Locale::find(elsewhere).is_none(), "{elsewhere}");
        }
        assert_eq!((locale("DE_ch"), locale("pt-br")), (Ok("de-CH"), Ok("pt-BR")));
    }

    #[test]
    fn bad_regular_expressions_are_refused_at_their_place() {
        assert_eq!(regex(r"(\d+) €"), Ok(()));
        for (pattern, message, at) in [
            ("ab(c", "is not a valid regular expression: unclosed group", Some(2..3)),
            (
                "é[z-a]",
                "is not a valid regular expression: invalid character class range, the start must be <= the end",
                Some(3..4),
            ),
            ("a\n(", "is not a valid regular expression: unclosed group", None),
        ] {
            let complaint = regex(pattern).expect_err(pattern);
            assert_eq!((complaint.message.as_str(), complaint.at), (message, at), "{pattern}");
        }
    }
}
