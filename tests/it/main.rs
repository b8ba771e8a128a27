//! The integration tests that share one binary: it links once, and a change builds in a fraction of the time.
//!
//! Most of them run the program, or the scraper, against servers on loopback. Each file has one subject.
//! `tests/soak.rs` stands apart because it measures memory and files over time; `tests/real_servers` because it needs
//! servers of other projects.

#[path = "../raw_server/mod.rs"]
mod raw_server;
#[path = "../support/mod.rs"]
mod support;

mod architecture;
mod archives;
mod bad_input;
mod cache;
mod completions;
mod connections;
mod content;
mod convert;
mod cookies;
mod data;
mod documents;
mod fixture_pages;
mod fixtures_fit;
mod hostile_pages;
mod hostile_servers;
mod hosts;
mod http;
mod http2;
mod lists;
mod live;
mod man;
mod network_guard;
mod output;
mod packed;
mod page_types;
mod politeness;
mod probe;
mod proxies;
mod recipes;
mod repair;
mod reports;
mod resume;
mod sandbox;
mod schema;
mod scrape_fetch;
mod scrape_parsel;
mod scrape_robots;
mod sitemaps;
mod stored;
mod support_works;
mod surroundings;
mod survival;
mod tables;
mod terminal;
mod tls;
mod workers;
