//! The product token (RFC 9309, 2.2.1): the name by which a robots.txt addresses a crawler.

/// The product token of a `User-Agent`: its longest beginning that consists of ASCII letters, `_` and `-`. `gleaner/1.0
/// (+https://..)` gives `gleaner`. The token is empty if the text begins with another character; then only groups for
/// `*` apply.
pub fn product_token(user_agent: &str) -> &str {
    let user_agent = user_agent.trim();
    let is_part = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-');
    &user_agent[..user_agent.find(|c| !is_part(c)).unwrap_or(user_agent.len())]
}

/// Whether the value of a `User-agent` line means the crawler with this token: the same token in any case, with
/// anything after it (`Gleaner/2.0`), as in Google's parser. A longer token that contains this one belongs to another
/// crawler.
pub(super) fn names(value: &[u8], token: &str) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    let end = value.iter().position(|byte| !is_part(byte)).unwrap_or(value.len());
    !token.is_empty() && value[..end].eq_ignore_ascii_case(token.as_bytes())
}

/// Whether the value means all crawlers without a group of their own. Google's parser allows words after the asterisk.
pub(super) fn names_all_crawlers(value: &[u8]) -> bool {
    matches!(value, [b'*'] | [b'*', b' ' | b'\t', ..])
}

#[cfg(test)]
mod tests {
    use super::{names, names_all_crawlers, product_token};

    #[test]
    fn the_product_token_is_the_beginning_of_the_user_agent() {
        let table = [
            ("gleaner/1.0 (+https://example.org)", "gleaner"),
            ("my-bot_X 2", "my-bot_X"),
            (" gleaner ", "gleaner"),
            ("gleaner", "gleaner"),
            ("Mozilla/5.0 (compatible; gleaner/1.0)", "Mozilla"),
            ("bot2/1.0", "bot"),
            ("été", ""),
            ("1bot", ""),
            ("", ""),
        ];
        for (user_agent, token) in table {
            assert_eq!(product_token(user_agent), token, "{user_agent}");
        }
    }

    #[test]
    fn a_group_is_ours_if_it_has_our_token_and_not_a_longer_one() {
        let table = [
            ("gleaner", true),
            ("GLEANER", true),
            ("Gleaner/2.0", true),
            ("gleaner 2", true),
            ("gleaner\u{e9}", true),
            ("gleaner-images", false),
            ("gleaner_", false),
            ("xgleaner", false),
            ("glean", false),
            ("/gleaner", false),
            ("*", false),
            ("", false),
        ];
        for (value, ours) in table {
            assert_eq!(names(value.as_bytes(), "Gleaner"), ours, "{value}");
        }
        // A crawler without a token has no group.
        assert!(!names(b"", "") && !names(b"1", ""));
    }

    #[test]
    fn an_asterisk_means_all_crawlers_and_may_have_words_after_it() {
        for (value, everybody) in [("*", true), ("* all of you", true), ("*\tx", true), ("*bot", false), ("", false)] {
            assert_eq!(names_all_crawlers(value.as_bytes()), everybody, "{value}");
        }
    }
}
