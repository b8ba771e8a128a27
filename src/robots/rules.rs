use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::path::{self, Budget, Exhausted, Subject};
use super::records::{MAX_FILE, Record, records};
use super::token::{names, names_all_crawlers};

/// The most rules with an asterisk before their end that are kept. Each of them needs a search in the URL. Real files
/// have at most a few hundred; rules beyond the limit are dropped, just as bytes beyond the limit on the file's length
/// are.
const MAX_SEARCHES: usize = 1000;

/// The most octets of one URL that are searched for the text after asterisks, over all rules. This is enough for a
/// thousand such rules and a URL of 4 KiB. It costs the coordinator's thread a few milliseconds at most, for any file
/// and any URL.
const MAX_SEARCHED: usize = 4 << 20;

/// A longer `Crawl-delay` is a mistake and is ignored.
const YEAR: f64 = 366.0 * 24.0 * 3600.0;

/// The part of a robots.txt that applies to one crawler.
///
/// Small, because a run may hold the rules of a hundred thousand origins: 32 bytes, plus the pattern and two bytes for
/// each rule. The time for one URL is linear in the length of the URL and of the rules, and bounded: a file of 500 KiB
/// takes a few hundred microseconds for an ordinary URL, and a few milliseconds for any URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// One rule a line, in the order in which they win: `+` if it allows, `-` if it does not, and then its pattern. If
    /// a faulty worker sends anything else, the answers are wrong, but there is no panic.
    lines: Box<str>,
    crawl_delay: Option<Duration>,
}

impl Rules {
    /// About how many bytes they take.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.lines.len()
    }

    /// Whether a file can have these rules. Rules from another process may cost more than those of any file.
    pub fn can_be_of_a_file(&self) -> bool {
        let patterns = || self.lines.split('\n').filter_map(|line| line.get(1..));
        let searches = patterns().filter(|pattern| pattern.trim_end_matches('*').contains('*')).count();
        // A byte may become three (RFC 3986, 2.1), and the sign replaces a longer word.
        self.lines.len() <= 3 * (MAX_FILE + 1)
            && searches <= MAX_SEARCHES
            && self.crawl_delay.is_none_or(|delay| delay.as_secs_f64() <= YEAR)
    }

    /// Reads the rules of `body` for the crawler with `product_token` (RFC 9309, 2.2.1): all groups that name it or, if
    /// there are none, all groups for `*`.
    ///
    /// Never fails: text that is not a valid record is skipped. Reads at most 500 KiB of the body.
    pub fn parse(body: &[u8], product_token: &str) -> Self {
        let is_named = records(body).any(|it| matches!(it, Record::UserAgent(value) if names(value, product_token)));
        let is_meant = |value| if is_named { names(value, product_token) } else { names_all_crawlers(value) };
        let mut found = Found::default();
        // User agents in a row share the rules after them. Other records do not end such a row (2.2.4). A crawl delay
        // does, because it is obeyed like a rule: a file may slow down all crawlers and then begin a group that forbids
        // everything to some.
        let (mut is_ours, mut in_rules) = (false, false);
        for record in records(body) {
            match record {
                Record::UserAgent(value) => {
                    is_ours = is_meant(value) || is_ours && !in_rules;
                    in_rules = false;
                }
                Record::Allow(value) | Record::Disallow(value) => {
                    in_rules = true;
                    if is_ours {
                        found.add(value, matches!(record, Record::Allow(_)));
                    }
                }
                Record::CrawlDelay(value) => {
                    in_rules = true;
                    if is_ours {
                        found.crawl_delay = found.crawl_delay.max(delay(value));
                    }
                }
                Record::Sitemap(_) => {}
            }
        }
        found.into_rules()
    }

    /// Allows everything, without a delay.
    pub fn allow_all() -> Self {
        Self::default()
    }

    /// Whether `url`, a URL of the origin of these rules, may be fetched.
    ///
    /// The rule with the longest pattern decides (in octets, in the form of RFC 9309, 2.2.2). If two are equally long,
    /// the one that allows wins. A URL that no rule matches is allowed, and so is `/robots.txt`. A URL is not allowed
    /// if it is so long that rules with asterisks would have to search more than 4 MiB, because then the result is
    /// unknown.
    pub fn allows(&self, url: &Url) -> bool {
        if self.lines.is_empty() || url.path() == "/robots.txt" && url.query().is_none() {
            return true;
        }
        let subject = Subject::of(url);
        let mut budget = Budget(MAX_SEARCHED);
        for (sign, pattern) in self.lines.split('\n').filter_map(|line| line.split_at_checked(1)) {
            match subject.matches(pattern, &mut budget) {
                Ok(true) => return sign == ALLOW,
                Ok(false) => {}
                Err(Exhausted) => return false,
            }
        }
        true
    }

    /// The time between two requests; the longest one if there are several. It is not in RFC 9309, but common: seconds,
    /// possibly with a fraction. There is no limit except one year.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }
}

const ALLOW: &str = "+";
const DISALLOW: &str = "-";

/// The rules found so far, in the order of the file.
#[derive(Default)]
struct Found {
    rules: Vec<Rule>,
    searches: usize,
    crawl_delay: Option<Duration>,
}

/// In sort order, the rule that wins comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    length: Reverse<usize>,
    allows: Reverse<bool>,
    pattern: String,
}

impl Found {
    fn add(&mut self, value: &[u8], allows: bool) {
        let Some(pattern) = path::pattern(value) else { return };
        if pattern.trim_end_matches('*').contains('*') {
            self.searches += 1;
            if self.searches > MAX_SEARCHES {
                return;
            }
        }
        self.rules.push(Rule { length: Reverse(pattern.len()), allows: Reverse(allows), pattern });
    }

    fn into_rules(mut self) -> Rules {
        self.rules.sort_unstable();
        self.rules.dedup();
        // Rules after the last one that forbids something only allow what is allowed anyway.
        let forbidding = self.rules.iter().rposition(|rule| !rule.allows.0);
        self.rules.truncate(forbidding.map_or(0, |at| at + 1));
        let mut lines = String::with_capacity(self.rules.iter().map(|rule| rule.pattern.len() + 2).sum());
        for rule in &self.rules {
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(if rule.allows.0 { ALLOW } else { DISALLOW });
            lines.push_str(&rule.pattern);
        }
        Rules { lines: lines.into(), crawl_delay: self.crawl_delay }
    }
}

/// Parses digits, possibly with a decimal point.
fn delay(value: &[u8]) -> Option<Duration> {
    let text = str::from_utf8(value).ok()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|seconds| is_plain && *seconds <= YEAR)?;
    Duration::try_from_secs_f64(seconds).ok()
}
