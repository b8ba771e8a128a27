//! Splits a file into the records that matter, in order.
//!
//! As lenient as Google's published parser, which most files are tested with, but not more lenient. Other lines are
//! skipped. Nothing is an error.

/// The most bytes of a file that are read: the minimum of RFC 9309 (2.5). A line that does not end within the limit is
/// not read, because `Allow: /private` must not be cut to `Allow: /`.
pub const MAX_FILE: usize = 500 * 1024;

const BYTE_ORDER_MARK: [u8; 3] = *b"\xEF\xBB\xBF";

/// A line. Its value has no white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record<'a> {
    UserAgent(&'a [u8]),
    Allow(&'a [u8]),
    Disallow(&'a [u8]),
    /// Not in RFC 9309, but common.
    CrawlDelay(&'a [u8]),
    /// The URL of a sitemap. It belongs to no group (RFC 9309, 2.2.4).
    Sitemap(&'a [u8]),
}

/// The records of a file.
pub(super) fn records(file: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mark = BYTE_ORDER_MARK.iter().zip(file).take_while(|(mark, byte)| mark == byte).count();
    // CR LF counts as a line end and an empty line, which is skipped.
    within_limit(file).get(mark..).unwrap_or_default().split(|byte| is_line_end(*byte)).filter_map(record)
}

fn within_limit(file: &[u8]) -> &[u8] {
    if file.len() <= MAX_FILE {
        return file;
    }
    let end = file[..=MAX_FILE].iter().rposition(|byte| is_line_end(*byte));
    &file[..end.unwrap_or_default()]
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn record(line: &[u8]) -> Option<Record<'_>> {
    // A NUL ends the text of a line, like the start of a comment: Google's parser treats lines as C strings.
    let end = line.iter().position(|byte| matches!(byte, b'#' | 0)).unwrap_or(line.len());
    let (key, value) = key_and_value(line[..end].trim_ascii())?;
    let key_begins = |name: &str| key.get(..name.len()).is_some_and(|key| key.eq_ignore_ascii_case(name.as_bytes()));
    // Google's parser accepts these spellings, and also any other text after them.
    if ["user-agent", "useragent", "user agent"].iter().any(|name| key_begins(name)) {
        Some(Record::UserAgent(value))
    } else if key_begins("allow") {
        Some(Record::Allow(value))
    } else if ["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"]
        .iter()
        .any(|name| key_begins(name))
    {
        Some(Record::Disallow(value))
    } else if key_begins("crawl-delay") {
        Some(Record::CrawlDelay(value))
    } else if ["sitemap", "site-map"].iter().any(|name| key.eq_ignore_ascii_case(name.as_bytes())) {
        Some(Record::Sitemap(value))
    } else {
        None
    }
}

/// The parts before and after the first colon. A line without a colon may have one stretch of white space instead.
fn key_and_value(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    if let Some(colon) = line.iter().position(|byte| *byte == b':') {
        return Some((line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii_start()));
    }
    let (key, rest) = line.split_at(line.iter().position(is_space)?);
    let value = rest.trim_ascii_start();
    (!value.iter().any(is_space)).then_some((key, value))
}

#[cfg(test)]
mod tests {
    use super::Record::{Allow, CrawlDelay, Disallow, Sitemap, UserAgent};
    use super::{MAX_FILE, Record, records};

    fn all(file: &[u8]) -> Vec<Record<'_>> {
        records(file).collect()
    }

    #[test]
    fn records_are_found_in_files_of_all_forms() {
        let table: [(&[u8], &[Record<'_>]); 23] = [
            (b"", &[]),
            (b"\xEF\xBB\xBFUser-agent: a\n", &[UserAgent(b"a")]),
            (b"\xEF\xBBUser-agent: a\n", &[UserAgent(b"a")]),
            (b"\xEF\xBB\xBF\xEF\xBB\xBFUser-agent: a\nAllow: /", &[Allow(b"/")]),
            (
                b"Allow: /a\rAllow: /b\r\nAllow: /c\n\rAllow: /d",
                &[Allow(b"/a"), Allow(b"/b"), Allow(b"/c"), Allow(b"/d")],
            ),
            (b"aLLoW: /A", &[Allow(b"/A")]),
            (b" \t Allow \t: \t/a \t", &[Allow(b"/a")]),
            (b"Allow:/a:b", &[Allow(b"/a:b")]),
            (b"Allow:", &[Allow(b"")]),
            (b"Allow: /a b", &[Allow(b"/a b")]),
            (b"# Allow: /\nAllow: /a#b\nAllow: # b", &[Allow(b"/a"), Allow(b"")]),
            (b"User-agent *\nDisallow \t /a", &[UserAgent(b"*"), Disallow(b"/a")]),
            // Without a colon, a line of three words is not a record.
            (b"Disallow /a b\nDisallow", &[]),
            (b"Allow: /a\0b\n\0Allow: /\nAllow: /c\0", &[Allow(b"/a"), Allow(b"/c")]),
            (b"\xff\xfe: x\nAllow: /\xff", &[Allow(b"/\xff")]),
            (b"<html>\n: x\n:\n  \nAllow: /a", &[Allow(b"/a")]),
            (b"useragent: a\nuser agent: b\nUser-agents: c", &[UserAgent(b"a"), UserAgent(b"b"), UserAgent(b"c")]),
            (b"Dissallow: /a\ndissalow: /b\nDISALOW: /c", &[Disallow(b"/a"), Disallow(b"/b"), Disallow(b"/c")]),
            (b"Diasllow: /a\ndisallaw: /b\nDisallowed: /c", &[Disallow(b"/a"), Disallow(b"/b"), Disallow(b"/c")]),
            (b"alow: /\ndisalllow: /\nuser_agent: x\n-allow: /\nno allow: /", &[]),
            (b"crawl-delay: 1\nCrawl-Delay 2", &[CrawlDelay(b"1"), CrawlDelay(b"2")]),
            (b"Sitemap: http://h/\nHost: h\nClean-param: a /\nNoindex: /", &[Sitemap(b"http://h/")]),
            (b"SITE-MAP :/s.xml # all\nSitemaps: x\nsitemap http://h/", &[Sitemap(b"/s.xml")]),
        ];
        for (file, expected) in table {
            assert_eq!(all(file), expected, "{}", file.escape_ascii());
        }
    }

    #[test]
    fn bytes_beyond_the_limit_and_a_line_that_the_limit_cuts_are_not_read() {
        let file = |last: &str, end: usize| {
            let mut file = vec![b'#'; end - last.len() - 1];
            file.push(b'\n');
            file.extend_from_slice(last.as_bytes());
            file
        };
        // A line that ends at the limit, with and without more after it, and one that ends one byte later.
        assert_eq!(all(&file("Allow: /a", MAX_FILE)), [Allow(b"/a")]);
        assert_eq!(all(&[&file("Allow: /a", MAX_FILE)[..], b"\nAllow: /b"].concat()), [Allow(b"/a")]);
        assert_eq!(all(&file("Allow: /a", MAX_FILE + 1)), []);
        assert_eq!(all(&vec![b' '; MAX_FILE + 1]), []);
        assert_eq!(all(&[b"\xEF\xBB\xBF", &vec![b' '; MAX_FILE][..]].concat()), []);
    }
}
