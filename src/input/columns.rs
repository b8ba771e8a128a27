//! Detects lines that are rows of a table. The URL standard ignores tabs and line ends anywhere in a URL, so two
//! columns would become one URL.

use super::invalid;
use crate::model::Failure;

/// Returns an `invalid_url` failure if a line, without the white space around it, has more than one column: a tab or a
/// line end inside, or white space before another URL. Other white space inside a URL is percent-encoded, as in
/// browsers.
pub(super) fn check(text: &str) -> Result<(), Failure> {
    if let Some(separator) = text.chars().find(|c| is_dropped(*c)) {
        return Err(invalid::columns(text.split(separator).map(str::trim)));
    }
    if text.split(is_space).skip(1).any(is_absolute) { Err(invalid::several_urls()) } else { Ok(()) }
}

/// Whether the URL standard removes this character before it parses a URL.
pub(super) fn is_dropped(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// Whether this is white space or a control character, which some formats use to separate columns.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Whether a text begins with `scheme://`.
fn is_absolute(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let rest = text.trim_start_matches(is_part);
    rest.len() < text.len() && rest.starts_with("://")
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_row_of_a_table_is_distinguished_from_a_url_with_white_space() {
        let rows = [
            "http://h/a\thttp://h/b",
            "http://h/a\tA title",
            "1\thttp://h/a",
            "http://h/a\rhttp://h/b",
            "http://h/a\nhttp://h/b",
            "http://h\t/a",
            "ht\ttp://h/a",
            "http://h/a http://h/b",
            "http://h/a, https://h/b",
            "http://h/a   ftp://h/b",
            "http://h/a\u{a0}HTTP://h/b",
            "http://h/a\u{c}http://h/b",
            "http://h/a\u{1f}http://h/b",
            "title http://h/a",
        ];
        for text in rows {
            assert!(check(text).is_err(), "{text:?}");
        }
        let one = [
            "http://h/a",
            "http://h/a b c",
            "http://h/?to=http://h/b",
            "http://h/a ://b",
            "http://h/a /b//c",
            "a b.html",
            "http://h/a\u{1}b",
            "http://h/a\u{a0}b",
            "",
        ];
        for text in one {
            assert_eq!(check(text).map_err(|failure| failure.message), Ok(()), "{text:?}");
        }
    }
}
