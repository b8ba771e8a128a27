//! Checks rules from arbitrary bytes, for any path, against a simple matcher that shares only the normal form with
//! ours.

use url::Url;

use super::path::pattern;
use super::records::{Record, records};
use super::token::{names, names_all_crawlers};
use super::{MAX_FILE, Rules, product_token};

const TOKEN: &str = "gleaner";

/// Reads `file` and asks whether `path` may be fetched.
pub(crate) fn check(path: &str, file: &[u8]) {
    let Ok(url) = Url::parse("http://h/").and_then(|base| base.join(path)) else { return };
    if url.scheme() != "http" {
        return;
    }
    let rules = Rules::parse(file, TOKEN);
    let allowed = rules.allows(&url);
    let shown = file.escape_ascii();
    assert_eq!(rules, Rules::parse(file, TOKEN), "the same file gives the same rules");
    assert_eq!(rules, Rules::parse(file, &TOKEN.to_ascii_uppercase()), "tokens have no case");
    let bytes = postcard::to_stdvec(&rules).expect("they fit memory");
    assert_eq!(postcard::from_bytes(&bytes), Ok(rules.clone()), "encoding and decoding changes nothing");
    assert!(bytes.len() <= 3 * file.len().min(MAX_FILE) + 32, "a byte may become three: {} of {shown}", bytes.len());
    if file.len() < MAX_FILE && (url.path(), url.query()) != ("/robots.txt", None) && !has_colons_or_slashes(&url) {
        assert_eq!(allowed, expected(&url, file), "{url} by {shown}");
    }
    let token = product_token(path);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte)), "{token}");
}

/// Whether the URL has two normal forms.
fn has_colons_or_slashes(url: &Url) -> bool {
    let query = url.query().unwrap_or_default().to_ascii_lowercase();
    ["%2f", "%3a", "%3f", "%40"].iter().any(|octet| query.contains(octet))
}

/// The user agents of a group and its rules: whether each one allows, and its pattern.
type Group<'a> = (Vec<&'a [u8]>, Vec<(bool, String)>);

/// Whether `url` may be fetched. Keeps the groups as lists, tries every pattern and takes the longest.
fn expected(url: &Url, file: &[u8]) -> bool {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for record in records(file) {
        match record {
            Record::Sitemap(_) => {}
            Record::UserAgent(value) => match groups.last_mut() {
                Some((agents, rules)) if rules.is_empty() => agents.push(value),
                _ => groups.push((vec![value], Vec::new())),
            },
            Record::Allow(value) | Record::Disallow(value) | Record::CrawlDelay(value) => {
                let pattern = pattern(value).unwrap_or_else(|| "never".to_owned());
                if let Some((_, rules)) = groups.last_mut() {
                    rules.push((matches!(record, Record::Allow(_)), pattern));
                }
            }
        }
    }
    let of = |is_meant: &dyn Fn(&[u8]) -> bool| -> Vec<&Group<'_>> {
        groups.iter().filter(|(agents, _)| agents.iter().any(|agent| is_meant(agent))).collect()
    };
    let named = of(&|agent| names(agent, TOKEN));
    let groups = if named.is_empty() { of(&names_all_crawlers) } else { named };
    let path = octets(url);
    let matching = groups.iter().flat_map(|(_, rules)| rules).filter(|(_, pattern)| matches(&path, pattern.as_bytes()));
    matching.max_by_key(|(allows, pattern)| (pattern.len(), *allows)).is_none_or(|(allows, _)| *allows)
}

/// The path and query in the form of a rule with the same text. Asterisks and dollar signs are encoded.
fn octets(url: &Url) -> Vec<u8> {
    let text = &url[url::Position::BeforePath..url::Position::AfterQuery];
    // The bar at the end keeps a dollar sign from being the last octet of the rule.
    let text = format!("{}|", text.replace('*', "%2A").replace('$', "%24"));
    let form = pattern(text.as_bytes()).expect("a path begins with a slash");
    form.strip_suffix("%7C").expect("the bar").as_bytes().to_vec()
}

/// Computes the set of reachable positions, one pattern octet at a time.
fn matches(path: &[u8], pattern: &[u8]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for (at, octet) in pattern.iter().enumerate() {
        match octet {
            b'$' if at + 1 == pattern.len() => return reached[path.len()],
            b'*' => {
                let first = reached.iter().position(|it| *it).unwrap_or(reached.len());
                reached[first..].fill(true);
            }
            octet => {
                for place in (0..=path.len()).rev() {
                    reached[place] = place > 0 && reached[place - 1] && path[place - 1] == *octet;
                }
            }
        }
    }
    reached.contains(&true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::check;

    /// Pieces of robots.txt files, valid and invalid.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            3 => Just(b"\n".to_vec()),
            1 => Just(b"\r".to_vec()),
            1 => Just(b"\xEF\xBB\xBF".to_vec()),
            3 => "\n(User-agent|useragent): ?(\\*|gleaner|Gleaner/1|gleaner-x|x)\n".prop_map(String::into_bytes),
            8 => "\n(Allow|Disallow|disalow)(: ?| )[/*]?[ab/*?$é%]{0,6}(%2[fFaA4]|%6[12])?[ab*$]{0,3}\n".prop_map(String::into_bytes),
            1 => "\n(Crawl-delay|Sitemap|x): ?[0-9.e-]{0,8}\n".prop_map(String::into_bytes),
            1 => proptest::collection::vec(any::<u8>(), 0..6),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_file_gives_the_same_rules_as_a_simple_reading(
            path in "/[ab/]{0,6}(%2[fFaA4]|%6[12])?[ab*$é]{0,4}([?][ab/:=*$]{0,4})?",
            pieces in proptest::collection::vec(piece(), 0..16),
        ) {
            check(&path, &pieces.concat());
        }

        #[test]
        fn any_bytes_can_be_read(path in "\\PC{0,20}", file in proptest::collection::vec(any::<u8>(), 0..200)) {
            check(&path, &file);
        }
    }
}
