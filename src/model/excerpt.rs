//! Shortens foreign text that messages quote. Messages are stored, copied and shown, so their length has a limit.

use std::borrow::Cow;

use url::Url;

use super::without_credentials;

/// Maximum length of a URL inside a message, in bytes.
const LONGEST_URL: usize = 200;

/// Returns the beginning of a text, at most `most` bytes. It ends with `…` if something was left out.
pub fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let room = most.saturating_sub("…".len());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// A URL for messages: without user name and password, and shortened to 200 bytes and `…`.
pub fn shown_url(url: &Url) -> String {
    excerpt(without_credentials(url).as_str(), LONGEST_URL + "…".len()).into_owned()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{excerpt, shown_url};

    #[test]
    fn an_excerpt_keeps_its_limit_and_ends_between_characters() {
        let table = [
            ("", 0, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "…"),
            ("abcdef", 5, "ab…"),
            ("ééé", 5, "é…"),
            ("ééé", 6, "ééé"),
            ("a\u{1f600}b\u{1f600}", 8, "a\u{1f600}…"),
        ];
        for (text, most, expected) in table {
            assert_eq!(excerpt(text, most), expected, "{text} {most}");
        }
    }

    #[test]
    fn a_url_is_shown_shortened_and_without_its_password() {
        for (path, shown) in [(10, 19), (191, 200), (194, 203), (195, 203), (1_000_000, 203)] {
            let url = Url::parse(&format!("http://u:p@h/{}", "x".repeat(path))).expect("a URL");
            let text = shown_url(&url);
            assert_eq!(text.len(), shown, "{path}");
            assert!(text.starts_with("http://h/x"), "{text}");
        }
    }
}
