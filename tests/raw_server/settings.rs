//! Scraper settings with limits that no test server reaches by accident.

use std::time::Duration;

use gleaner::scrape::FetchSettings;

/// No test takes this long.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Settings with long timeouts and pages of up to `max_body` bytes.
pub(crate) fn patient(max_body: u64) -> FetchSettings {
    FetchSettings {
        timeout: LONG,
        connect_timeout: LONG,
        idle_timeout: LONG,
        max_body,
        memory: 512 << 20,
        user_agent: "test/1".to_owned(),
        retry_statuses: vec![408, 429, 500, 502, 503, 504, 522, 524],
        ..FetchSettings::default()
    }
}
