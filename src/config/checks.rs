//! Whether selectors and regular expressions will compile in the workers: asks `scrape::extract`, which compiles them
//! there, so that nothing passes here and fails later. `Complaint::at` counts bytes of the text.

use super::error::Complaint;
use crate::scrape::extract::{Selection, SelectionError, check_regex};

/// A selector of values, whose branches may end in a pseudo-element.
pub(super) fn selector(css: &str) -> Result<(), Complaint> {
    Selection::parse(css).map(drop).map_err(complaint)
}

/// A selector of elements, without any pseudo-element.
pub(super) fn each(css: &str) -> Result<(), Complaint> {
    Selection::parse_elements(css).map(drop).map_err(complaint)
}

/// A regular expression.
pub(super) fn regex(pattern: &str) -> Result<(), Complaint> {
    check_regex(pattern).map_err(|error| {
        let complaint = Complaint::new(format!("is no regular expression: {}", error.message));
        match error.offset.and_then(|at| Some(at..at + pattern.get(at..)?.chars().next()?.len_utf8())) {
            // The place is shown below the line it is on, and a pattern of several lines has several.
            Some(at) if !pattern.contains('\n') => complaint.at(at),
            _ => complaint,
        }
    })
}

fn complaint(error: SelectionError) -> Complaint {
    let complaint = Complaint::new(format!("is no selector: {}", error.message));
    // Where something is missing there is nothing to underline but the end.
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
    fn bad_regular_expressions_are_refused_at_their_place() {
        assert_eq!(regex(r"(\d+) €"), Ok(()));
        for (pattern, message, at) in [
            ("ab(c", "is no regular expression: unclosed group", Some(2..3)),
            (
                "é[z-a]",
                "is no regular expression: invalid character class range, the start must be <= the end",
                Some(3..4),
            ),
            ("a\n(", "is no regular expression: unclosed group", None),
        ] {
            let complaint = regex(pattern).expect_err(pattern);
            assert_eq!((complaint.message.as_str(), complaint.at), (message, at), "{pattern}");
        }
    }
}
