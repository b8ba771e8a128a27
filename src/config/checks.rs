//! Whether selectors and regular expressions will compile in the workers. `scrape::extract` compiles them there, so it is
//! asked here: what passes does not fail later. `Complaint::at` counts bytes of the text.

use super::error::Complaint;
use crate::scrape::extract::{Arity, Selection, SelectionError, check_regex};

/// A selector of values, whose branches may end in a pseudo-element.
pub(super) fn selector(css: &str) -> Result<(), Complaint> {
    Selection::parse(css).map(drop).map_err(complaint)
}

/// A selector of elements, without any pseudo-element.
pub(super) fn each(css: &str) -> Result<(), Complaint> {
    Selection::parse_elements(css).map(drop).map_err(complaint)
}

/// A regular expression for a value.
pub(super) fn regex(pattern: &str, arity: Arity) -> Result<(), Complaint> {
    let strings = check_regex(pattern).map_err(|error| {
        let complaint = Complaint::new(format!("is not a valid regular expression: {}", error.message));
        match error.offset.and_then(|at| Some(at..at + pattern.get(at..)?.chars().next()?.len_utf8())) {
            // Only one line is shown, so there is no place to show in a pattern of several lines.
            Some(at) if !pattern.contains('\n') => complaint.at(at),
            _ => complaint,
        }
    })?;
    if strings > 1 && arity == Arity::One {
        let help = "write (?:...) for the groups that do not count, or (?P<extract>...) for the one that counts; a list, \
                    css = [\"...\"], takes all of them";
        return Err(Complaint::new(format!("has {strings} groups, but a single value takes only one")).with_help(help));
    }
    Ok(())
}

fn complaint(error: SelectionError) -> Complaint {
    let complaint = Complaint::new(format!("is not a valid selector: {}", error.message));
    // If something is missing, only the end can be underlined.
    let complaint = complaint.at(error.offset..error.offset + error.length);
    match error.suggestion {
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
    fn a_single_value_is_one_group_and_a_list_is_any_number_of_them() {
        let several = [r"(\d+)(\.\d+)?", "(a)|(b)", "((a)b)"];
        for pattern in several {
            assert_eq!(regex(pattern, Arity::Many), Ok(()), "{pattern}");
            let complaint = regex(pattern, Arity::One).expect_err(pattern);
            assert_eq!(complaint.message, "has 2 groups, but a single value takes only one", "{pattern}");
            assert!(complaint.help.is_some_and(|help| help.contains("(?:...)")), "{pattern}");
        }
        for pattern in [r"(\d+)(?:\.\d+)?", "a|b", "(?P<a>.)", "(?P<a>.)(?P<b>.)", "(a)(?P<extract>b)"] {
            assert_eq!(regex(pattern, Arity::One), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn bad_regular_expressions_are_refused_at_their_place() {
        assert_eq!(regex(r"(\d+) €", Arity::One), Ok(()));
        for (pattern, message, at) in [
            ("ab(c", "is not a valid regular expression: unclosed group", Some(2..3)),
            (
                "é[z-a]",
                "is not a valid regular expression: invalid character class range, the start must be <= the end",
                Some(3..4),
            ),
            ("a\n(", "is not a valid regular expression: unclosed group", None),
        ] {
            let complaint = regex(pattern, Arity::Many).expect_err(pattern);
            assert_eq!((complaint.message.as_str(), complaint.at), (message, at), "{pattern}");
        }
    }
}
