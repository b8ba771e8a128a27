//! The documented default is the real one, and nothing is left out of the documentation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::{nothing, number};
use crate::config::place::{Origin, Text};
use crate::config::schema::{self, Keys, NAMES_ELSEWHERE, SECTIONS};
use crate::config::written::{self, Value};
use crate::config::{DEFAULTS, FormatChoice, LimitsPlan, OutputPlan, Plan, PoolPlan, UserChoice};
use crate::pool::Sandbox;
use crate::schedule::{self, Adaptive, GroupBy, Politeness};
use crate::scrape::{FetchSettings, PageParser, PrivateAddresses, Proxies, Settings};
use crate::sink::{Order, Shape};

const MIB: u64 = 1024 * 1024;

#[test]
fn without_any_settings_the_plan_is_the_documented_one() {
    let expected = Plan {
        pool: PoolPlan {
            workers: number(6),
            concurrency: number(16),
            quota: None,
            quota_jitter: 0,
            max_memory_per_worker: 512 * MIB,
            task_timeout: Duration::from_secs(60),
            sandbox: Sandbox::Auto,
            user: UserChoice::Auto,
        },
        scrape: Settings {
            fetch: FetchSettings {
                kept_headers: Vec::new(),
                timeout: Duration::from_secs(30),
                connect_timeout: Duration::from_secs(10),
                idle_timeout: Duration::from_secs(15),
                max_body: 16 * MIB,
                user_agent: format!("gleaner/{}", env!("CARGO_PKG_VERSION")),
                headers: Vec::new(),
                memory: 512 << 20,
                hosts: BTreeMap::new(),
                proxies: Proxies::OfEnvironment,
                tls: crate::scrape::TlsSettings {
                    authorities: Vec::new(),
                    client: None,
                    min_version: crate::scrape::TlsVersion::Tls12,
                    insecure: false,
                },
                meta_refresh: false,
                content_types: Vec::new(),
                retry_statuses: vec![408, 429, 500, 502, 503, 504, 522, 524],
                private_addresses: PrivateAddresses::Direct,
                site: None,
            },
            extract: None,
            parser: PageParser::Own,
        },
        schedule: schedule::Options {
            max_redirects: 10,
            max_retries: 2,
            max_retry_after: Duration::from_secs(300),
            max_host_retries: 100,
            max_host_failures: 0,
            politeness: Politeness {
                robots: true,
                concurrency: 8,
                delay: Duration::ZERO,
                delay_jitter: Duration::ZERO,
                interval: Duration::ZERO,
                group_by: GroupBy::Host,
                max_crawl_delay: Duration::from_secs(30),
                adaptive: None,
            },
            hosts: HashMap::new(),
        },
        read_ahead: 100_000,
        limits: LimitsPlan { max_failures: None, deadline: None },
        tls_files: Vec::new(),
        from_environment: BTreeMap::new(),
        cookies: None,
        cache: None,
        output: OutputPlan {
            format: FormatChoice::Auto,
            record: Shape::Full,
            order: Order::Input,
            window_memory: 64 * MIB,
            ahead_limit: 1_000_000,
        },
    };
    assert_eq!(nothing().plan(), expected);
    let adaptive = nothing().set("politeness.adaptive=true").plan().schedule.politeness.adaptive;
    assert_eq!(adaptive, Some(Adaptive { target: 1.0, max_delay: Duration::from_secs(60) }));
}

#[test]
fn the_file_of_defaults_has_every_setting_in_the_order_of_the_schema_and_no_other() {
    let text = Text::new(Origin::Defaults, DEFAULTS);
    let table = written::document(&text).expect("the defaults are TOML");
    let documented: Vec<(String, Vec<String>)> = table
        .into_iter()
        .map(|(section, node)| match node.value {
            Value::Table(entries) => (section.name, entries.into_iter().map(|(key, _)| key.name).collect()),
            _ => panic!("`{}` is no section", section.name),
        })
        .collect();
    let known: Vec<(String, Vec<String>)> = SECTIONS
        .iter()
        .map(|section| {
            let names = section.settings().iter().map(|setting| setting.name.to_owned());
            (section.name.to_owned(), names.collect())
        })
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn every_setting_of_the_defaults_has_a_comment_above_it() {
    let lines: Vec<&str> = DEFAULTS.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let is_entry = !line.is_empty() && !line.starts_with('#');
        let above = number.checked_sub(1).map(|above| lines[above]);
        assert!(!is_entry || above.is_some_and(|above| above.starts_with('#')), "line {}: {line}", number + 1);
    }
}

#[test]
fn the_rules_in_the_comments_of_the_defaults_are_right() {
    let (_, after) = DEFAULTS.split_once("[extract]\n").expect("the section is there");
    let (examples, _) = after.split_once("# After the selector").expect("the examples end there");
    let uncommented: Vec<&str> = examples.lines().map(|line| line.trim_start_matches(['#', ' '])).collect();
    let plan = super::file(format!("[extract]\n{}", uncommented.join("\n"))).plan();
    let fields = plan.scrape.extract.expect("there are fields");
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["title", "links", "price", "quotes"]);
}

#[test]
fn the_hosts_in_the_comments_of_the_defaults_are_right() {
    let (_, after) = DEFAULTS.split_once("[hosts]\n").expect("the section is there");
    let (examples, _) = after.split_once("\n# These headers").expect("the examples end there");
    let uncommented: Vec<&str> = examples.lines().map(|line| line.trim_start_matches(['#', ' '])).collect();
    let case = ["BOOKS_KEY", "BOOKS_PASSWORD", "API_TOKEN"]
        .into_iter()
        .fold(super::file(uncommented.join("\n")), |case, name| case.variable(name, "x"));
    let hosts: BTreeSet<String> = case.plan().schedule.hosts.into_keys().collect();
    assert_eq!(hosts, BTreeSet::from(["api.example:8443", "books.example"].map(str::to_owned)));
}

#[test]
fn a_copy_of_the_defaults_changes_nothing() {
    assert_eq!(super::file(DEFAULTS).plan(), nothing().plan());
}

#[test]
fn every_setting_in_force_is_listed_in_order_with_its_source() {
    let loaded = nothing().load().expect("the defaults are right");
    let listed: Vec<&str> = loaded.in_force.iter().map(|setting| setting.name.as_str()).collect();
    let known: Vec<String> = SECTIONS
        .iter()
        .flat_map(|section| section.settings().iter().map(move |setting| (section, setting)))
        .map(|(section, setting)| format!("{}.{}", section.name, setting.name))
        .filter(|name| name != "fetch.headers")
        .collect();
    assert_eq!(listed, known);
    assert!(loaded.in_force.iter().all(|setting| setting.place.to_string() == "default"));
}

#[test]
fn headers_and_fields_in_force_are_listed_where_their_section_is() {
    let loaded = nothing()
        .set("extract.title=h1")
        .set("fetch.headers.Accept=a")
        .set("pool.workers=2")
        .load()
        .expect("the settings are right");
    let names = loaded.in_force.iter().map(|setting| setting.name.as_str());
    let around: Vec<&str> = names.skip_while(|name| *name != "fetch.user_agent").take(4).collect();
    let expected = ["fetch.user_agent", "fetch.headers.accept", "politeness.robots", "politeness.per_host_concurrency"];
    assert_eq!(around, expected);
    assert_eq!(loaded.in_force[0].name, "pool.workers");
}

#[test]
fn names_from_elsewhere_lead_to_settings_that_exist_and_hide_none() {
    for (elsewhere, ours) in NAMES_ELSEWHERE {
        let (section, key) = ours.split_once('.').expect("the name is dotted");
        let section = schema::section(section).unwrap_or_else(|| panic!("{ours}"));
        assert!(section.setting(key).is_some(), "{ours}");
        let taken = SECTIONS.iter().any(|section| section.setting(elsewhere).is_some());
        assert!(!taken, "{elsewhere} is a setting of ours");
    }
}

#[test]
fn names_of_sections_and_settings_can_be_told_apart_in_variables() {
    // `GLEANER_POOL_WORKERS` splits at the section, so no section's name may begin another's.
    for one in SECTIONS {
        for other in SECTIONS {
            let prefix = format!("{}_", one.name);
            assert!(!other.name.starts_with(&prefix), "{} and {}", one.name, other.name);
        }
    }
    assert!(SECTIONS.iter().any(|section| matches!(section.keys, Keys::Fields)));
}
