//! Normalises paths so that they can be compared octet by octet (RFC 9309, 2.2.2), and matches patterns against them.
//!
//! Characters that RFC 3986 calls unreserved are never percent-encoded. Characters that it does not allow in a URI
//! always are. Reserved characters stay as they were written: `/a%2Fb` and `/a/b` are two paths. The normal form is
//! therefore ASCII, without white space and control characters.
//!
//! The normal form of a URL ends with `$`. Any other dollar sign or asterisk of a URL is percent-encoded. So both have
//! their meaning of RFC 9309 (2.2.3) in a pattern: `$` is the end, and `*` is any text.

use memchr::memmem;
use url::Url;

/// A URL's path and query.
pub(super) struct Subject {
    path: String,
    /// The same with some octets of the query decoded, if that makes a difference.
    decoded: Option<String>,
}

impl Subject {
    pub(super) fn of(url: &Url) -> Self {
        let mut octets = url.path().to_owned();
        if let Some(query) = url.query() {
            octets.push('?');
            octets.push_str(query);
        }
        let path = normalise(octets.as_bytes(), Source::Url, Query::AsIs);
        let has_encoded = url.query().is_some_and(|query| query.contains('%'));
        let decoded =
            has_encoded.then(|| normalise(octets.as_bytes(), Source::Url, Query::Decoded)).filter(|it| *it != path);
        Self { path, decoded }
    }

    /// Whether `pattern` matches. Takes time linear in the length of both. Searching uses up `budget`.
    pub(super) fn matches(&self, pattern: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        Ok(matches(&self.path, pattern, budget)?
            || match &self.decoded {
                Some(path) => matches(path, pattern, budget)?,
                None => false,
            })
    }
}

/// The normal form of a rule's value; `None` if it begins with neither `/` nor `*`, because then it cannot match.
pub(super) fn pattern(value: &[u8]) -> Option<String> {
    matches!(value, [b'/' | b'*', ..]).then(|| normalise(value, Source::Rule, Query::Decoded))
}

/// Starting a search costs as much as searching this many octets.
const SEARCH: usize = 64;

/// How many octets of a URL may still be searched for the text after asterisks, over all rules of a file.
#[derive(Debug)]
pub(super) struct Budget(pub(super) usize);

/// The rules need more searching than the budget allows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    fn take(&mut self, octets: usize) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(octets).ok_or(Exhausted)?;
        Ok(())
    }
}

fn matches(path: &str, pattern: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
    let (path, pattern) = (path.as_bytes(), pattern.as_bytes());
    // No path contains an asterisk, so the common beginning ends before the first asterisk of the pattern.
    let common = path.iter().zip(pattern).take_while(|(octet, wanted)| octet == wanted).count();
    match pattern[common..].split_first() {
        None => Ok(true),
        Some((b'*', pieces)) => contains_in_order(&path[common..], pieces, budget),
        Some(_) => Ok(false),
    }
}

/// Searches for each piece between asterisks after the end of the previous one. The first match is always good enough,
/// because it leaves the most text to the next pieces. So nothing is searched twice.
fn contains_in_order(path: &[u8], pieces: &[u8], budget: &mut Budget) -> Result<bool, Exhausted> {
    let mut rest = path;
    for piece in pieces.split(|octet| *octet == b'*') {
        let found = memmem::find(rest, piece);
        let searched = found.map_or(rest.len(), |at| at + piece.len());
        budget.take(SEARCH + searched)?;
        if found.is_none() {
            return Ok(false);
        }
        rest = &rest[searched..];
    }
    Ok(true)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// `*` and a final `$` are wildcards, not octets of the path.
    Rule,
    Url,
}

/// How to treat percent-encoded octets that have no special meaning in a query (`/`, `?`, `:`, `@`; RFC 3986, 3.4). RFC
/// 9309 requires `?baz=https://foo.bar` to match `?baz=https%3A%2F%2Ffoo.bar`.
///
/// A rule with a query has these octets decoded in its query. A rule without one, such as `/*%2F`, may match anywhere,
/// so URLs are tried in both forms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Query {
    AsIs,
    Decoded,
}

fn normalise(octets: &[u8], of: Source, query: Query) -> String {
    let mut out = String::with_capacity(octets.len() + 1);
    let mut rest = octets;
    let mut in_query = false;
    while let Some((&octet, after)) = rest.split_first() {
        rest = after;
        if octet == b'%'
            && let Some((encoded, after)) = hex(after)
        {
            rest = after;
            let means_nothing = in_query && query == Query::Decoded && matches!(encoded, b'/' | b'?' | b':' | b'@');
            if is_unreserved(encoded) || means_nothing {
                out.push(char::from(encoded));
            } else {
                push_encoded(&mut out, encoded);
            }
            continue;
        }
        in_query |= octet == b'?';
        let is_wildcard = of == Source::Rule && (octet == b'*' || octet == b'$' && after.is_empty());
        if is_wildcard || is_unreserved(octet) || is_reserved(octet) && !matches!(octet, b'*' | b'$') {
            out.push(char::from(octet));
        } else {
            push_encoded(&mut out, octet);
        }
    }
    if of == Source::Url {
        out.push('$');
    }
    out
}

/// RFC 3986, section 2.3.
fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986, section 2.2.
fn is_reserved(octet: u8) -> bool {
    b":/?#[]@!$&'()*+,;=".contains(&octet)
}

/// The octet that two hexadecimal digits encode, and the rest of the text.
fn hex(text: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, rest @ ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let octet = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    Some((octet, rest))
}

fn push_encoded(out: &mut String, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(octet >> 4)]));
    out.push(char::from(DIGITS[usize::from(octet & 15)]));
}

#[cfg(test)]
mod tests {
    use super::{Budget, Exhausted, Query, SEARCH, Source, matches, normalise, pattern};

    #[test]
    fn patterns_encode_only_what_must_be_encoded() {
        let table: [(&[u8], Option<&str>); 18] = [
            (b"/foo/bar?baz=quz", Some("/foo/bar?baz=quz")),
            (b"/foo/bar/%62%61%7A", Some("/foo/bar/baz")),
            ("/foo/bar/ツ".as_bytes(), Some("/foo/bar/%E3%83%84")),
            (b"/foo/bar/%e3%83%84", Some("/foo/bar/%E3%83%84")),
            (b"/\xff\xfe", Some("/%FF%FE")),
            (b"/a b\t{\"|\\^`<>}", Some("/a%20b%09%7B%22%7C%5C%5E%60%3C%3E%7D")),
            (b"/%7e%2d%2F%3f%2a%24", Some("/~-%2F%3F%2A%24")),
            (b"/a?%2F%3A%3f%40%26%3D", Some("/a?/:?@%26%3D")),
            (b"/100%/%zz%4", Some("/100%25/%25zz%254")),
            (b"/a$b$", Some("/a%24b$")),
            (b"*.php$", Some("*.php$")),
            (b"**", Some("**")),
            (b"/!&'()+,;=:@[]", Some("/!&'()+,;=:@[]")),
            (b"", None),
            (b"a", None),
            (b"?a", None),
            (b"$", None),
            (b"http://h/", None),
        ];
        for (value, expected) in table {
            assert_eq!(pattern(value).as_deref(), expected, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn normalising_a_normal_form_changes_nothing() {
        for text in ["/a?b=%2F%3A&c=%20\u{e9}|%", "/%25%zz", "/%%41%2a*x*$"] {
            for (of, query) in [(Source::Rule, Query::AsIs), (Source::Rule, Query::Decoded)] {
                let once = normalise(text.as_bytes(), of, query);
                assert_eq!(normalise(once.as_bytes(), of, query), once, "{text}");
            }
        }
    }

    #[test]
    fn asterisks_and_the_dollar_sign_match_as_in_the_rfc() {
        let table = [
            ("/", "/$", true),
            ("/fish", "/fish.html$", true),
            ("/fish", "/Fish$", false),
            ("/fish*", "/fishheads/yummy.html$", true),
            ("/fish/", "/fish$", false),
            ("/*.php", "/folder/filename.php?parameters$", true),
            ("/*.php", "/$", false),
            ("/*.php$", "/filename.php$", true),
            ("/*.php$", "/filename.php/$", false),
            ("/*.php$", "/a.php/b.php$", true),
            ("/fish*.php", "/fishheads/catfish.php?parameters$", true),
            ("/fish*$", "/shark/fish$", false),
            ("/$", "/$", true),
            ("/$", "/a$", false),
            ("*", "/a$", true),
            ("/a*", "/a$", true),
            ("/a*$", "/a$", true),
            ("/a**b***", "/ab$", true),
            ("/*ab*ab$", "/xab$", false),
            ("/*ab*ab$", "/abab$", true),
            ("/a*a", "/a$", false),
            ("*$", "/a$", true),
        ];
        for (pattern, path, expected) in table {
            let mut budget = Budget(1000);
            assert_eq!(matches(path, pattern, &mut budget), Ok(expected), "{pattern} on {path}");
        }
    }

    #[test]
    fn searching_uses_the_budget_and_comparing_does_not() {
        let table = [
            ("/abc", "/abcdef$", 0, Ok(true)),
            ("/x", "/abcdef$", 0, Ok(false)),
            ("/abc*f", "/abcdef$", SEARCH + 3, Ok(true)),
            ("/abc*f", "/abcdef$", SEARCH + 2, Err(Exhausted)),
            ("*x", "/abcdef$", SEARCH + 8, Ok(false)),
            ("*x*y*z", "/abcdef$", SEARCH + 8, Ok(false)),
            ("*x", "/abcdef$", SEARCH + 7, Err(Exhausted)),
            ("*a*c*", "/abcdef$", 3 * SEARCH + 4, Ok(true)),
            ("*a*c*", "/abcdef$", 3 * SEARCH + 3, Err(Exhausted)),
        ];
        for (pattern, path, budget, expected) in table {
            assert_eq!(matches(path, pattern, &mut Budget(budget)), expected, "{pattern} on {path} with {budget}");
        }
    }
}
