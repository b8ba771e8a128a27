//! Which settings shape the data: two runs that differ in one of them must not share an output.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::cache::Shape as CacheShape;
use crate::config::{OutputPlan, Plan};
use crate::schedule::{self, HostRules, Politeness};
use crate::scrape::{self, FetchSettings, HostSettings, TlsSettings};
use crate::sink::{Format, Identity, Order, Shape};

/// Request headers that may change: a token that has run out must not end a run for good.
const MAY_CHANGE: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// What a later run must have in common with one of this plan. How fast, how patiently and with how many workers may differ.
pub(super) fn of(plan: &Plan, format: Format, site: Option<&Path>) -> Identity {
    // All of them are named, so that whoever adds a setting must think of this place.
    let Plan {
        pool: _,
        scrape,
        schedule,
        read_ahead: _,
        limits: _,
        tls_files: _,
        cookies,
        cache,
        from_environment,
        output,
    } = plan;
    let schedule::Options {
        max_redirects,
        max_retries: _,
        max_retry_after: _,
        max_host_retries: _,
        max_host_failures: _,
        politeness,
        hosts,
    } = schedule;
    let Politeness {
        // Denied pages are failures.
        robots,
        concurrency: _,
        delay: _,
        delay_jitter: _,
        interval: _,
        group_by: _,
        max_crawl_delay: _,
        adaptive: _,
    } = politeness;
    let OutputPlan { format: _, record, order, window_memory: _, ahead_limit: _ } = output;
    let scrape::Settings { fetch, extract, parser } = scrape;
    let mut settings: BTreeMap<String, String> = of_fetch(fetch).collect();
    let mut note = |name: &str, value: String| settings.insert(name.to_owned(), value);
    note("fetch.max_redirects", json(max_redirects));
    // Records say whether their data is of the cache, in runs that have one. Where its file is changes nothing.
    note("cache", json(&cache.is_some()));
    // With them a page is another one. Which file they come from may change: they run out, as tokens do.
    if cookies.is_some() {
        note("cookies.enabled", json(&true));
    }
    note("politeness.robots", json(robots));
    note("extraction.parser", json(parser));
    for (host, HostRules { robots: own, concurrency: _, delay: _ }) in hosts {
        if let Some(own) = own.filter(|own| own != robots) {
            note(&format!("hosts.\"{host}\".robots"), json(&own));
        }
    }
    for (field, rule) in extract.iter().flatten() {
        note(&format!("extract.{field}"), json(rule));
    }
    // The fields of a record have an order.
    let fields: Vec<&str> = extract.iter().flatten().map(|(field, _)| field.as_str()).collect();
    note("extract", json(&fields));
    for (name, value) in written(format, *record, *order) {
        note(name, value.to_owned());
    }
    if let Some(folder) = site {
        note("--site", folder.display().to_string());
    }
    let secrets = headers(fetch, from_environment).collect();
    Identity { version: env!("CARGO_PKG_VERSION").to_owned(), settings, secrets }
}

/// How requests are made, headers apart.
fn of_fetch(fetch: &FetchSettings) -> impl Iterator<Item = (String, String)> {
    let FetchSettings {
        timeout: _,
        connect_timeout: _,
        idle_timeout: _,
        max_body,
        memory: _,
        user_agent,
        headers: _,
        kept_headers: _,
        hosts: _,
        // The way there, as the time that it takes.
        proxies: _,
        // Who is trusted decides who answers, and may be what a run was interrupted for.
        tls: _,
        retry_statuses: _,
        meta_refresh,
        content_types,
        private_addresses,
        // Its port is another one in each run.
        site: _,
    } = fetch;
    let shown = [
        ("fetch.max_body", json(max_body)),
        ("fetch.user_agent", json(user_agent)),
        ("fetch.meta_refresh", json(meta_refresh)),
        ("fetch.content_types", json(content_types)),
        ("network.private_addresses", json(private_addresses)),
    ];
    shown.into_iter().map(|(name, value)| (name.to_owned(), value))
}

/// The request headers of the settings, which may hold secrets. Those that come from the environment are compared as they
/// were written (`Bearer ${TOKEN}`).
fn headers(
    fetch: &FetchSettings,
    from_environment: &BTreeMap<String, String>,
) -> impl Iterator<Item = (String, String)> {
    let of_hosts = fetch
        .hosts
        .iter()
        .map(|(host, HostSettings { headers, proxy: _ })| (format!("hosts.\"{host}\".headers"), headers));
    let headers = [("fetch.headers".to_owned(), &fetch.headers)].into_iter().chain(of_hosts);
    headers.flat_map(move |(table, headers)| {
        let lower = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let kept = lower.filter(|(name, _)| !MAY_CHANGE.contains(&name.as_str()));
        kept.map(move |(name, value)| {
            let name = format!("{table}.{name}");
            let value = from_environment.get(&name).unwrap_or(value).clone();
            (name, value)
        })
    })
}

/// How records are written.
fn written(format: Format, record: Shape, order: Order) -> [(&'static str, &'static str); 3] {
    let format = match format {
        Format::Json => "json",
        Format::Jsonl => "jsonl",
    };
    let record = match record {
        Shape::Full => "full",
        Shape::Data => "data",
    };
    let order = match order {
        Order::Input => "input",
        Order::Completion => "completion",
    };
    [("output.format", format), ("output.record", record), ("output.order", order)]
}

/// What the cache keeps data under, beside the request: the settings that shape the data of a page, and the way by which
/// its answer came. Headers are the request's.
///
/// An answer may come from whoever the run trusts: a run that checks certificates must not believe what another run was
/// told under `tls.insecure`, by another authority or by another proxy. A client certificate makes an answer somebody's.
/// The values are hashed and the file belongs to its owner alone, so no secret is readable in it.
///
/// `environment` is asked for the variables that name proxies.
pub(super) fn shape(
    identity: &Identity,
    fetch: &FetchSettings,
    environment: impl Fn(&str) -> Option<String>,
) -> CacheShape {
    const OF_THE_OUTPUT: [&str; 4] = ["cache", "fetch.max_redirects", "fetch.user_agent", "politeness.robots"];
    const SECTIONS: [&str; 2] = ["output.", "hosts."];
    let is_of_pages =
        |name: &str| !OF_THE_OUTPUT.contains(&name) && !SECTIONS.iter().any(|section| name.starts_with(section));
    let settings = identity.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let version = ("version", identity.version.as_str());
    let trusted = trusted(fetch, environment);
    let trusted = trusted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    CacheShape::new(settings.filter(|(name, _)| is_of_pages(name)).chain([version]).chain(trusted))
}

/// Everything that decides whose answers a run believes, and as whom it asks.
fn trusted(fetch: &FetchSettings, environment: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let TlsSettings { authorities, client, min_version: _, insecure } = &fetch.tls;
    let own =
        |(host, settings): (&_, &HostSettings)| Some((format!("proxy of {host}"), json(settings.proxy.as_ref()?)));
    let mut all: Vec<(String, String)> = fetch.hosts.iter().filter_map(own).collect();
    all.extend([
        ("tls.insecure".to_owned(), json(insecure)),
        ("tls.ca_file".to_owned(), json(authorities)),
        ("tls.client_certificate".to_owned(), json(client)),
        ("network.proxies".to_owned(), json(&fetch.proxies)),
    ]);
    let names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];
    let names = names.into_iter().flat_map(|name| [name.to_owned(), name.to_uppercase()]);
    all.extend(names.filter_map(|name| environment(&name).map(|value| (name, value))));
    all
}

/// A value in full, so that two are the same if and only if they are written the same.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::{Identity, Plan, of, shape};
    use crate::config::{self, Flag, Sources};
    use crate::sink::Format;

    fn plan(assignments: &[&str]) -> Plan {
        let nowhere = tempfile::tempdir().expect("a folder");
        let sources = Sources {
            config: None,
            folder: nowhere.path().to_owned(),
            user: 0,
            environment: vec![("TOKEN".into(), "t".into()), ("OTHER".into(), "t".into())],
            flags: assignments.iter().map(|assignment| Flag::set(*assignment)).collect(),
            cpus: NonZeroUsize::MIN,
        };
        config::load(&sources).expect("good settings").plan
    }

    fn identity(assignments: &[&str]) -> Identity {
        of(&plan(assignments), Format::Json, None)
    }

    #[test]
    fn a_run_is_gone_on_with_under_the_settings_that_shape_its_data_and_any_others() {
        let shaping = [
            "extract.title=h1",
            "extraction.parser=reference",
            "fetch.max_body=1MiB",
            "fetch.max_redirects=1",
            "fetch.user_agent=other",
            "fetch.headers.accept=text/plain",
            "fetch.meta_refresh=true",
            "fetch.content_types=[\"text/plain\"]",
            "network.private_addresses=deny",
            "politeness.robots=false",
            "hosts.'h'.robots=false",
            "hosts.'h'.headers.x=1",
            "cookies.enabled=true",
            "cache.path=pages",
            "output.record=data",
            "output.order=completion",
        ];
        for setting in shaping {
            assert_ne!(identity(&[setting]), identity(&[]), "{setting}");
        }
        let free = [
            "pool.workers=3",
            "pool.concurrency=3",
            "pool.max_tasks_per_worker=3",
            "pool.task_timeout=3s",
            "pool.sandbox=off",
            "fetch.timeout=3s",
            "fetch.max_retries=3",
            "fetch.retry_statuses=[500]",
            "fetch.headers.authorization=t",
            "politeness.delay=1s",
            "politeness.per_host_concurrency=3",
            "politeness.read_ahead=3",
            "hosts.'h'.robots=true",
            "hosts.'h'.delay=1s",
            "hosts.'h'.bearer=t",
            "limits.max_failures=3",
            "limits.deadline=1h",
            "network.proxies=[\"http://p:1\"]",
            "tls.insecure=true",
            "output.ahead_limit=3",
            "output.window_memory=1MiB",
        ];
        for setting in free {
            assert_eq!(identity(&[setting]), identity(&[]), "{setting}");
        }
    }

    #[test]
    fn fields_have_an_order_and_headers_only_what_they_were_written_with() {
        assert_ne!(identity(&["extract.a=h1", "extract.b=h2"]), identity(&["extract.b=h2", "extract.a=h1"]));
        let of_token = identity(&["fetch.headers.x=${TOKEN}"]);
        assert_ne!(of_token, identity(&["fetch.headers.x=${OTHER}"]));
        assert_ne!(of_token, identity(&["fetch.headers.x=t"]));
        assert!(!format!("{:?}", identity(&["fetch.headers.x=hidden"])).contains("hidden"));
    }

    #[test]
    fn the_cache_keeps_data_apart_by_what_makes_it_and_not_by_how_it_is_written() {
        let of = |assignment: &str, variables: &[(&str, &str)]| {
            let plan = plan(&[assignment]);
            let environment =
                |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
            format!("{:?}", shape(&super::of(&plan, Format::Json, None), &plan.scrape.fetch, environment))
        };
        let plain = of("pool.workers=1", &[]);
        for same in ["output.record=data", "fetch.max_redirects=1", "politeness.robots=false", "hosts.'h'.headers.x=1"]
        {
            assert_eq!(of(same, &[("HOME", "/root")]), plain, "{same}");
        }
        let proxy = "network.proxies=[\"http://u:p@proxy:1\"]";
        let mut others = vec![
            of("extract.title=h1", &[]),
            of("extraction.parser=reference", &[]),
            of("fetch.max_body=1MiB", &[]),
            of("fetch.meta_refresh=true", &[]),
            of("tls.insecure=true", &[]),
            of(proxy, &[]),
            of(&proxy.replace("u:p", "u:q"), &[]),
            of("network.proxies=[\"none\"]", &[]),
            of("hosts.'h'.proxy=none", &[]),
            of("hosts.'i'.proxy=none", &[]),
            of("pool.workers=1", &[("http_proxy", "http://proxy:1")]),
            of("pool.workers=1", &[("HTTPS_PROXY", "http://proxy:1")]),
            of("pool.workers=1", &[("HTTPS_PROXY", "http://proxy:1"), ("NO_PROXY", "h")]),
        ];
        others.push(plain);
        let different: std::collections::BTreeSet<&String> = others.iter().collect();
        assert_eq!(different.len(), others.len(), "{others:?}");
    }
}
