//! Computes what two runs must have in common to share an output or a cache.
//!
//! The rows of the schema decide this for settings ([`Affects`](crate::config::Affects)). This file adds the inputs
//! that are not settings, and those that are not compared by the value of a setting.

use std::path::Path;

use serde::Serialize;
use siphasher::sip128::SipHasher24;

use crate::cache::Shape as CacheShape;
use crate::config::{Affects, Plan};
use crate::model::HostSettings;
use crate::scrape::TlsSettings;
use crate::sink::{Format, Identity, Packing, Rules};

/// The option for the folder that the run serves. Its files are the pages.
const SITE: &str = "--site";

/// The option for the archive of the requests.
const ARCHIVE: &str = "--archive";

/// Returns what a later run must have in common with a run of this plan to resume it. The runs may differ in the speed
/// of requests, in time limits and retries, and in the number of workers.
pub(super) fn of(
    plan: &Plan,
    format: Format,
    packing: Packing,
    site: Option<&Path>,
    archive: Option<&Path>,
) -> Identity {
    let all = plan.shaping.settings.iter().map(|(name, (_, meaning))| (name.clone(), meaning.clone()));
    // If the settings name no format, the extension of the output decides it. Two names may be links to one file.
    let format = match packing {
        Packing::None => format!("{format:?}"),
        packing => format!("{format:?}, {packing:?}"),
    };
    let format = ("output.format".to_owned(), format);
    let site = site.map(|folder| (SITE.to_owned(), folder.display().to_string()));
    let archive = archive.map(|file| (ARCHIVE.to_owned(), file.display().to_string()));
    Identity {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: all.chain([format]).chain(site).chain(archive).collect(),
        secrets: plan.shaping.headers.clone(),
    }
}

/// Returns what two complete outputs must have in common, as hashes: to take over records, and to be the same output. The
/// version of Gleaner, request headers and the way to the servers do not count.
pub(super) fn rules(identity: &Identity, plan: &Plan) -> Rules {
    Rules { data: rules_of_data(plan), output: hash(&json(&identity.settings)) }
}

/// Returns a hash of what shapes the data.
pub(super) fn rules_of_data(plan: &Plan) -> String {
    let settings = plan.shaping.settings.iter();
    let of_data = settings.filter(|(_, (affects, _))| *affects == Affects::Data);
    let of_data: Vec<_> = of_data.map(|(name, (_, meaning))| (name, meaning)).collect();
    // The data of a table is rows, and its settings decide which ones.
    hash(&json(&(of_data, &plan.scrape.table)))
}

fn hash(text: &str) -> String {
    format!("{:032x}", u128::from(SipHasher24::new().hash(text.as_bytes())))
}

/// Returns the key for data in the cache, besides the request: everything that shapes the data of a page, and the
/// servers and proxies that the run trusts. Request headers are part of the request.
///
/// A run that checks certificates must not use an answer that another run received under `tls.insecure`, with other
/// certificate authorities or through another proxy. With a client certificate, an answer may be personal. The values
/// are hashed, and only the owner can read the file. So nobody can read a secret from it.
///
/// `environment` returns the value of a variable. It is used for the variables that name proxies.
pub(super) fn shape(identity: &Identity, plan: &Plan, environment: impl Fn(&str) -> Option<String>) -> CacheShape {
    let is_of_data = |name: &str| {
        name == SITE || plan.shaping.settings.get(name).is_some_and(|(affects, _)| *affects == Affects::Data)
    };
    let settings = identity.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let version = ("version", identity.version.as_str());
    let trusted = trusted(plan, environment);
    let trusted = trusted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    // The data of a table is rows, and its settings decide which ones.
    let table = plan.scrape.table.as_ref().map(|table| ("table", json(table)));
    let table = table.iter().map(|(name, value)| (*name, value.as_str()));
    CacheShape::new(settings.filter(|(name, _)| is_of_data(name)).chain([version]).chain(trusted).chain(table))
}

/// Returns everything that decides which servers and proxies a run trusts, and how it identifies itself to them.
fn trusted(plan: &Plan, environment: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let fetch = &plan.scrape.fetch;
    let TlsSettings { authorities, client, min_version: _, insecure } = &fetch.tls;
    let own =
        |(host, settings): (&_, &HostSettings)| Some((format!("proxy of {host}"), json(settings.proxy.as_ref()?)));
    let mut all: Vec<(String, String)> = plan.hosts.iter().filter_map(own).collect();
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

/// Returns the whole value as text. Two values are equal if and only if their texts are equal.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::{Identity, Plan, of, rules, shape};
    use crate::config::{self, Flag, Sources};
    use crate::sink::{Format, Packing};

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
        of(&plan(assignments), Format::Json, Packing::None, None, None)
    }

    #[test]
    fn a_resumed_run_needs_the_same_shaping_settings_and_may_change_all_others() {
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
            "input.format=csv",
            "input.url_column=2",
            "input.url_field=link",
            "input.keep=[]",
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
    fn records_stand_together_only_if_the_same_rules_made_them() {
        let of = |assignments: &[&str]| rules(&identity(assignments), &plan(assignments));
        let plain = of(&[]);
        assert_eq!((plain.data.len(), plain.output.len()), (32, 32));
        for same in ["pool.workers=3", "fetch.headers.authorization=t", "fetch.timeout=3s"] {
            assert_eq!(of(&[same]), plain, "{same}");
        }
        for other in ["output.order=completion", "output.record=data", "fetch.user_agent=other"] {
            let other = of(&[other]);
            assert!(other.data == plain.data && other.output != plain.output, "{other:?}");
        }
        let others = ["extract.title=h1", "extract.title=h2", "extract.name=h1", "extraction.strict=true"];
        let mut hashes: Vec<String> = others.iter().map(|other| of(&[other]).data).collect();
        hashes.push(plain.data);
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), others.len() + 1);
    }

    #[test]
    fn fields_are_compared_in_order_and_headers_as_they_are_written() {
        assert_ne!(identity(&["extract.a=h1", "extract.b=h2"]), identity(&["extract.b=h2", "extract.a=h1"]));
        let of_token = identity(&["fetch.headers.x=${TOKEN}"]);
        assert_ne!(of_token, identity(&["fetch.headers.x=${OTHER}"]));
        assert_ne!(of_token, identity(&["fetch.headers.x=t"]));
        assert!(!format!("{:?}", identity(&["fetch.headers.x=hidden"])).contains("hidden"));
    }

    #[test]
    fn cached_data_depends_on_what_shapes_it_and_not_on_how_it_is_written() {
        let of = |assignment: &str, variables: &[(&str, &str)]| {
            let plan = plan(&[assignment]);
            let environment =
                |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
            format!("{:?}", shape(&super::of(&plan, Format::Json, Packing::None, None, None), &plan, environment))
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
