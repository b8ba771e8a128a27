//! The defaults that are documented are the real ones, and every setting does something.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{file, nothing, number};
use crate::config::place::{Origin, Text};
use crate::config::schema::elsewhere::NAMES_ELSEWHERE;
use crate::config::schema::{self, Keys, SECTIONS};
use crate::config::written::{self, Value};
use crate::config::{Plan, UserChoice, defaults};
use crate::model::Proxies;
use crate::schedule::Adaptive;
use crate::scrape::extract::Extraction;

/// Values of all sorts. For every setting, one of them is good and another one than the default.
const VALUES: [&str; 14] = [
    "true",
    "false",
    "7",
    "0.5",
    "7s",
    "17MiB",
    "7%",
    "some words",
    "de",
    "[503]",
    "[\"seq\"]",
    "[\"image/*\"]",
    "[\"http://proxy:1\"]",
    "{ X = \"1\" }",
];

/// The dotted names of all settings but those of hosts.
fn names() -> Vec<String> {
    let settings = SECTIONS.iter().flat_map(|section| section.settings().iter().map(move |setting| (section, setting)));
    settings.map(|(section, setting)| format!("{}.{}", section.name, setting.name)).collect()
}

/// The words that an error lists for a setting that is one of a few (`must be one of "host", "domain"`).
fn choices(name: &str) -> Vec<String> {
    let Err(error) = nothing().set(&format!("{name}=?")).load() else { return Vec::new() };
    let message = error.problems()[0].message();
    let listed = message.split_once("must be one of ").map_or("", |(_, listed)| listed);
    listed.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn without_any_settings_the_plan_is_the_documented_one() {
    let plan = nothing().plan();
    assert_eq!((plan.pool.workers, plan.pool.quota, plan.worker_user.clone()), (number(6), None, UserChoice::Auto));
    let fetch = &plan.scrape.fetch;
    assert_eq!((fetch.timeout, fetch.max_body), (Duration::from_secs(30), 16 << 20));
    assert_eq!((Some(fetch.memory), plan.pool.max_memory), (Some(512 << 20), Some(512 << 20)));
    assert_eq!(fetch.user_agent, format!("gleaner/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(fetch.proxies, Proxies::OfEnvironment);
    assert_eq!((plan.limits.deadline, plan.cookies.clone(), plan.cache.clone()), (None, None, None));
    assert_eq!((plan.scrape.extract.clone(), plan.format), (Extraction::default(), None));
    assert_eq!(plan.schedule.politeness.adaptive, None);
    let adaptive = nothing().set("politeness.adaptive=true").plan().schedule.politeness.adaptive;
    assert_eq!(adaptive, Some(Adaptive { target: 1.0, max_delay: Duration::from_secs(60) }));
}

#[test]
fn every_setting_changes_the_plan_in_a_way_of_its_own() {
    let mut plans = BTreeMap::new();
    for name in names() {
        // What has no effect alone.
        let needed: &[&str] = match name.as_str() {
            "politeness.adaptive_target" | "politeness.max_delay" => &["politeness.adaptive=true"],
            "cookies.load" | "cookies.save" => &["cookies.enabled=true"],
            "pool.quota_jitter" => &["pool.max_tasks_per_worker=9"],
            "extraction.locale" | "extraction.decimal" => &["extract.x={ css = 'p', type = 'number' }"],
            // Its effect is to read a file; `tests/tls.rs` has files.
            "tls.ca_file" | "tls.client_certificate" | "tls.client_key" => continue,
            _ => &[],
        };
        let case = || needed.iter().fold(nothing(), |case, setting| case.set(setting));
        let before = case().plan();
        let choices = choices(&name);
        let values = VALUES.iter().copied().chain(choices.iter().map(String::as_str));
        let changed = values.filter_map(|value| {
            let plan = case().set(&format!("{name}={value}")).load().ok()?.plan;
            // What shapes the output is noted for every setting, whether or not it is used.
            let plan = Plan { shaping: before.shaping.clone(), ..plan };
            (plan != before).then(|| format!("{plan:?}"))
        });
        let changed: Vec<String> = changed.collect();
        assert!(
            !changed.is_empty(),
            "{name}: no value of `VALUES` changes the plan: add one that is good for it, or put the setting to use"
        );
        for plan in changed {
            let other = plans.insert(plan, name.clone()).filter(|other| *other != name);
            assert_eq!(other, None, "{name} does the same as another setting");
        }
    }
}

#[test]
fn two_ways_to_write_a_value_shape_the_same_output() {
    let table = [
        ("fetch.max_body=1MiB", "fetch.max_body=1048576"),
        ("fetch.content_types=[\"IMAGE/*\"]", "fetch.content_types=image/*"),
        ("output.format=ndjson", "output.format=jsonl"),
        ("cache.path=a", "cache.path=b"),
        ("fetch.headers.X=$$", "fetch.headers.x=$"),
        ("hosts.'H'.robots=false", "hosts.'h.'.robots=false"),
        ("hosts.'h'.robots=true", "pool.workers=1"),
        ("fetch.headers.Cookie=a", "fetch.headers.cookie=b"),
    ];
    for (one, other) in table {
        assert_eq!(nothing().set(one).plan().shaping, nothing().set(other).plan().shaping, "{one}, {other}");
    }
    assert_ne!(nothing().set("fetch.headers.'X.Cookie'=a").plan().shaping, nothing().plan().shaping);
}

#[test]
fn the_file_of_defaults_has_every_setting_in_the_order_of_the_schema_and_no_other() {
    let text = Text::new(Origin::Defaults, defaults());
    let table = written::document(&text).expect("the defaults are TOML");
    let documented: Vec<String> = table
        .into_iter()
        .flat_map(|(section, node)| match node.value {
            Value::Table(entries) => entries.into_iter().map(move |(key, _)| format!("{}.{}", section.name, key.name)),
            _ => panic!("`{}` is not a section", section.name),
        })
        .collect();
    assert_eq!(documented, names());
}

#[test]
fn every_section_and_every_setting_has_a_comment_of_its_own() {
    let mut comments = BTreeSet::new();
    for section in SECTIONS {
        let of_hosts = match section.keys {
            Keys::Hosts(settings) => settings.iter().map(|setting| setting.doc).collect(),
            Keys::Known(_) | Keys::Free(_) => Vec::new(),
        };
        for doc in section.settings().iter().map(|setting| setting.doc).chain(of_hosts).chain([section.doc]) {
            assert!(!doc.is_empty() && comments.insert(doc), "[{}]: {doc}", section.name);
        }
    }
}

#[test]
fn the_comment_of_a_setting_names_all_its_words() {
    let mut count = 0;
    for section in SECTIONS {
        for setting in section.settings() {
            for word in choices(&format!("{}.{}", section.name, setting.name)) {
                let is_named = setting.doc.contains(&format!("\"{word}\""));
                assert!(is_named, "{}.{}: its comment does not name \"{word}\"", section.name, setting.name);
                count += 1;
            }
        }
    }
    assert!(count > 10, "these cannot be all words: {count}");
}

#[test]
fn the_rules_in_the_comments_of_the_defaults_are_right() {
    let (_, after) = defaults().split_once("[extract]\n").expect("the section is there");
    let (examples, _) = after.split_once("# After a CSS selector").expect("the examples end there");
    let uncommented: Vec<&str> = examples.lines().map(|line| line.trim_start_matches(['#', ' '])).collect();
    let plan = file(format!("[extract]\n{}", uncommented.join("\n"))).plan();
    let fields = plan.scrape.extract.fields;
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["title", "links", "price", "name", "offers", "quotes"]);
}

#[test]
fn each_setting_in_the_comments_on_hosts_is_right() {
    let (_, after) = defaults().split_once("[hosts]\n").expect("the section is there");
    let (examples, _) = after.split_once("\n\n# The headers").expect("the examples end there");
    let mut lines = examples.lines().map(|line| line.trim_start_matches(['#', ' '])).skip_while(|line| line.is_empty());
    let head = lines.next().expect("there is a host");
    let mut count = 0;
    for line in lines {
        let names = ["BOOKS_KEY", "BOOKS_PASSWORD", "API_TOKEN"];
        let case = names.into_iter().fold(file(format!("{head}\n{line}")), |case, name| case.variable(name, "x"));
        assert_ne!(case.plan(), file(head).plan(), "{line}");
        count += 1;
    }
    let Some(Keys::Hosts(settings)) = schema::section("hosts").map(|section| &section.keys) else { panic!("no hosts") };
    assert_eq!(count, settings.len());
}

#[test]
fn a_copy_of_the_defaults_changes_nothing() {
    assert_eq!(file(defaults()).plan(), nothing().plan());
}

#[test]
fn every_setting_in_force_is_listed_in_order_with_its_source() {
    let loaded = nothing().load().expect("the defaults are right");
    let listed: Vec<&str> = loaded.in_force.iter().map(|setting| setting.name.as_str()).collect();
    let known: Vec<String> = names().into_iter().filter(|name| name != "fetch.headers").collect();
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
    let listed: Vec<&str> = loaded.in_force.iter().map(|setting| setting.name.as_str()).collect();
    let mut expected = names();
    let headers = expected.iter_mut().find(|name| *name == "fetch.headers").expect("the schema has it");
    "fetch.headers.accept".clone_into(headers);
    // The section of the fields has no other settings.
    let is_before = |name: &str| schema::position(name) < schema::position("extract.title");
    let fields = expected.iter().take_while(|name| is_before(name)).count();
    expected.insert(fields, "extract.title".to_owned());
    assert_eq!(listed, expected);
}

#[test]
fn names_from_elsewhere_lead_to_settings_that_exist_and_hide_none() {
    for (elsewhere, ours) in NAMES_ELSEWHERE {
        let (section, key) = ours.split_once('.').expect("the name is dotted");
        let section = schema::section(section).unwrap_or_else(|| panic!("{ours}"));
        assert!(section.setting(key).is_some(), "{ours}");
        let taken = SECTIONS.iter().any(|section| section.setting(elsewhere).is_some());
        assert!(!taken, "{elsewhere} is one of our settings");
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
    assert!(SECTIONS.iter().any(|section| matches!(section.keys, Keys::Free(_))));
}
