use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::path::{self, Budget, Exhausted, Subject};
use super::records::{MAX_FILE, Record, records};
use super::token::{names, names_everybody};

/// Rules with an asterisk before their end that are kept: so many are looked for in one URL at most. Real files have some
/// hundred at most; those beyond are dropped, as the limit on the file's length drops what is beyond that.
const MAX_SEARCHES: usize = 1000;

/// How many octets of one URL are searched for what stands behind asterisks, over all rules. Enough for a thousand such
/// rules and a URL of 4 KiB; the coordinator's thread spends some milliseconds on it at most, whatever the file and the URL.
const MAX_SEARCHED: usize = 4 << 20;

/// A longer `Crawl-delay` is a mistake, and ignored.
const YEAR: f64 = 366.0 * 24.0 * 3600.0;

/// What a robots.txt says to one crawler.
///
/// Small, since a run may hold those of a hundred thousand origins: 32 bytes, and two for each rule besides its pattern.
/// The time for one URL is linear in its length and in the length of the rules, and bounded: a file of 500 KiB takes some
/// hundred microseconds for an ordinary URL, and some milliseconds for any URL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// One rule a line, the one that wins first: `+` where it allows, `-` where it does not, and its pattern. Whatever
    /// else a worker gone mad puts in here gives a wrong answer and no panic.
    lines: Box<str>,
    crawl_delay: Option<Duration>,
}

impl Rules {
    /// Bytes that they take, about.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.lines.len()
    }

    /// Whether a file can say this: whoever got rules from elsewhere may find some that cost more than any file's.
    pub fn can_be_of_a_file(&self) -> bool {
        let patterns = || self.lines.split('\n').filter_map(|line| line.get(1..));
        let searches = patterns().filter(|pattern| pattern.trim_end_matches('*').contains('*')).count();
        // A byte may become three (RFC 3986, 2.1), and the sign takes the place of a longer word.
        self.lines.len() <= 3 * (MAX_FILE + 1)
            && searches <= MAX_SEARCHES
            && self.crawl_delay.is_none_or(|delay| delay.as_secs_f64() <= YEAR)
    }

    /// Reads what `body` says to the crawler of `product_token` (RFC 9309, 2.2.1): all groups that name it, or, where none
    /// does, all that name `*`.
    ///
    /// Never fails: what cannot be read says nothing. Of the body, 500 KiB are read.
    pub fn parse(body: &[u8], product_token: &str) -> Self {
        let is_named = records(body).any(|it| matches!(it, Record::UserAgent(value) if names(value, product_token)));
        let is_meant = |value| if is_named { names(value, product_token) } else { names_everybody(value) };
        let mut found = Found::default();
        // User agents in a row share the rules that follow. Other records do not end the row (2.2.4), but a delay that is
        // obeyed is a rule: a file that slows down everybody and then begins a group that forbids all to some means it so.
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
            }
        }
        found.into_rules()
    }

    /// Everything may be fetched, as fast as one likes.
    pub fn allow_all() -> Self {
        Self::default()
    }

    /// Whether `url` may be fetched, which must be of the origin whose rules these are.
    ///
    /// The rule with the longest pattern decides (in octets, in the form of RFC 9309, 2.2.2), and the one that allows, if
    /// there are two. What no rule matches may be fetched, and so may `/robots.txt`. A URL so long that the rules with
    /// asterisks would have to search more than 4 MiB in it may not: nobody knows what the rules say of it.
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

    /// How long to wait between two requests; the longest, if there are several. Not in RFC 9309, and common: seconds,
    /// perhaps with a fraction. Not capped, but by a year.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }
}

const ALLOW: &str = "+";
const DISALLOW: &str = "-";

/// What was found so far, in the order of the file.
#[derive(Default)]
struct Found {
    rules: Vec<Rule>,
    searches: usize,
    crawl_delay: Option<Duration>,
}

/// Sorted, the one that wins comes first.
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
        // What comes after the last rule that forbids something allows what is allowed anyway.
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

/// Digits, perhaps with a point among them.
fn delay(value: &[u8]) -> Option<Duration> {
    let text = str::from_utf8(value).ok()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|seconds| is_plain && *seconds <= YEAR)?;
    Duration::try_from_secs_f64(seconds).ok()
}
