//! placeholder until the real one is merged
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::Failure;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    deny: Vec<String>,
    delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Rules(Rules),
    Redirect { status: u16, to: String },
    Failed(Failure),
}

impl Rules {
    pub fn parse(body: &[u8], _token: &str) -> Self {
        let text = String::from_utf8_lossy(body);
        let deny = text.lines().filter_map(|l| l.strip_prefix("Disallow: ")).map(str::to_owned).collect();
        let delay = text
            .lines()
            .filter_map(|l| l.strip_prefix("Crawl-delay: "))
            .find_map(|d| d.parse().ok())
            .map(Duration::from_secs_f64);
        Self { deny, delay }
    }
    pub fn allow_all() -> Self {
        Self { deny: Vec::new(), delay: None }
    }
    pub fn allows(&self, url: &Url) -> bool {
        !self.deny.iter().any(|d| url.path().starts_with(d))
    }
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.delay
    }
}
