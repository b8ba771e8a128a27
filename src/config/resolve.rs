//! Settings -> plan: what stands for itself is taken over, what depends on something else is decided.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use crate::model::how_long;
use crate::schedule::{self, HostRules};
use crate::scrape::{self, FetchSettings};

use super::certificates;
use super::element::workers::Workers;
use super::error::{Problem, ProblemKind};
use super::outside::Outside;
use super::place::Origin;
use super::plan::{CookiesPlan, LimitsPlan, OutputPlan, Plan, PoolPlan};
use super::settings::{Cookies, Host, Limits, Output, Politeness, Pool, Settings};
use super::sources::Sources;

/// The plan that `settings` mean for a process with these `sources`. Errs with settings that contradict each other, and
/// with those that name what is not there.
pub(super) fn plan(settings: &Settings, sources: &Sources) -> Result<Plan, Vec<Problem>> {
    let mut outside = Outside::new(sources);
    let pool = pool(&settings.pool, sources.cpus);
    let fetch_settings = fetch_settings(settings, &mut outside);
    let cookies = cookies(&settings.cookies);
    let Outside { mut problems, from_environment, .. } = outside;
    let cookies = cookies.unwrap_or_else(|wrong| {
        problems.extend(wrong);
        None
    });
    // What a jar needs to see of every response.
    let kept_headers = cookies.iter().map(|_| "set-cookie".to_owned()).collect();
    let pool = match pool {
        Ok(pool) if problems.is_empty() => pool,
        Ok(_) => return Err(problems),
        Err(conflict) => {
            problems.insert(0, conflict);
            return Err(problems);
        }
    };
    Ok(Plan {
        pool,
        scrape: scrape::Settings {
            fetch: FetchSettings { kept_headers, ..fetch_settings },
            extract: (!settings.extract.is_empty()).then(|| settings.extract.clone()),
            parser: settings.extraction.parser.given().value,
        },
        schedule: schedule(settings),
        read_ahead: settings.politeness.read_ahead.given().value,
        limits: limits(&settings.limits),
        from_environment,
        tls_files: certificates::files(&settings.tls, &sources.folder),
        cookies,
        cache: settings.cache.path.given().value.clone(),
        output: output(&settings.output),
    })
}

fn pool(pool: &Pool, cpus: NonZeroUsize) -> Result<PoolPlan, Problem> {
    let quota = pool.max_tasks_per_worker.given();
    let jitter = pool.quota_jitter.given();
    if quota.value > 0 && jitter.value >= quota.value {
        let message =
            format!("`pool.quota_jitter` must be less than `pool.max_tasks_per_worker`, which is {}", quota.value);
        let problem = Problem::new(ProblemKind::Conflict, message, jitter.place.clone());
        return Err(problem.with_help(format!("that was set by {}", quota.place)));
    }
    Ok(PoolPlan {
        workers: match pool.workers.given().value {
            Workers::Auto => cpus,
            Workers::Exactly(number) => number,
        },
        concurrency: pool.concurrency.given().value,
        quota: NonZeroU32::new(quota.value),
        quota_jitter: jitter.value,
        max_memory_per_worker: pool.max_memory_per_worker.given().value,
        task_timeout: pool.task_timeout.given().value,
        sandbox: pool.sandbox.given().value,
        user: pool.user.given().value.clone(),
    })
}

fn schedule(settings: &Settings) -> schedule::Options {
    let Settings { fetch, politeness, limits, .. } = settings;
    schedule::Options {
        max_redirects: fetch.max_redirects.given().value,
        max_retries: fetch.max_retries.given().value,
        max_retry_after: fetch.max_retry_after.given().value,
        max_host_retries: fetch.max_host_retries.given().value,
        max_host_failures: limits.max_host_failures.given().value.into(),
        politeness: for_all_hosts(politeness),
        hosts: settings.hosts.iter().map(|(key, host)| (key.as_str().to_owned(), for_one_host(host))).collect(),
    }
}

fn for_all_hosts(politeness: &Politeness) -> schedule::Politeness {
    let rate = politeness.rate.given().value;
    let adaptive = schedule::Adaptive {
        target: politeness.adaptive_target.given().value,
        max_delay: politeness.max_delay.given().value,
    };
    schedule::Politeness {
        robots: politeness.robots.given().value,
        concurrency: politeness.per_host_concurrency.given().value,
        delay: politeness.delay.given().value,
        delay_jitter: politeness.delay_jitter.given().value,
        interval: if rate > 0.0 { interval(rate) } else { Duration::ZERO },
        group_by: politeness.group_by.given().value,
        max_crawl_delay: politeness.max_crawl_delay.given().value,
        adaptive: politeness.adaptive.given().value.then_some(adaptive),
    }
}

fn for_one_host(host: &Host) -> HostRules {
    HostRules {
        robots: host.robots.if_given().map(|given| given.value),
        concurrency: host.concurrency.if_given().map(|given| given.value),
        delay: host.delay.if_given().map(|given| given.value),
    }
}

/// From one request to the next at so many a second.
fn interval(rate: f64) -> Duration {
    // At a lower rate nobody would live to see the second request.
    const LONGEST: f64 = 365.0 * 24.0 * 60.0 * 60.0;
    Duration::from_secs_f64((1.0 / rate).min(LONGEST))
}

fn limits(limits: &Limits) -> LimitsPlan {
    LimitsPlan {
        max_failures: limits.max_failures.given().value,
        deadline: Some(limits.deadline.given().value).filter(|deadline| !deadline.is_zero()),
    }
}

fn fetch_settings(settings: &Settings, outside: &mut Outside<'_>) -> FetchSettings {
    let Settings { fetch, network, pool, .. } = settings;
    FetchSettings {
        kept_headers: Vec::new(),
        timeout: fetch_timeout(settings).unwrap_or_else(|problem| {
            outside.problems.push(problem);
            Duration::ZERO
        }),
        connect_timeout: fetch.connect_timeout.given().value,
        idle_timeout: fetch.idle_timeout.given().value,
        max_body: fetch.max_body.given().value,
        memory: pool.max_memory_per_worker.given().value,
        user_agent: fetch.user_agent.given().value.clone(),
        headers: outside.headers("fetch.headers", &fetch.headers),
        hosts: settings.hosts.iter().map(|(key, host)| (key.clone(), outside.host(key, host))).collect(),
        proxies: outside.proxies(&network.proxies.given().value),
        tls: certificates::resolve(&settings.tls, outside.folder, &mut outside.problems),
        meta_refresh: fetch.meta_refresh.given().value,
        content_types: fetch.content_types.given().value.clone(),
        retry_statuses: fetch.retry_statuses.given().value.clone(),
        private_addresses: network.private_addresses.given().value,
        site: None,
    }
}

/// A slow server is to fail its own page, and not to cost the worker that waits for it: a fetch ends before the time limit of
/// its task.
fn fetch_timeout(settings: &Settings) -> Result<Duration, Problem> {
    let (fetch, task) = (settings.fetch.timeout.given(), settings.pool.task_timeout.given());
    if matches!(fetch.place.origin(), Origin::Defaults) {
        return Ok(fetch.value.min(task.value * 3 / 4));
    }
    if fetch.value < task.value {
        return Ok(fetch.value);
    }
    let message = format!("`fetch.timeout` must be less than `pool.task_timeout`, which is {}", how_long(task.value));
    let problem = Problem::new(ProblemKind::Conflict, message, fetch.place.clone());
    Err(problem.with_help(format!("that was set by {}; it covers parsing, too", task.place)))
}

fn cookies(cookies: &Cookies) -> Result<Option<CookiesPlan>, Vec<Problem>> {
    let (enabled, load, save) = (cookies.enabled.given(), cookies.load.given(), cookies.save.given());
    if enabled.value {
        return Ok(Some(CookiesPlan { load: load.value.clone(), save: save.value.clone() }));
    }
    let useless = [("load", load), ("save", save)].into_iter().filter(|(_, file)| file.value.is_some());
    let problems: Vec<Problem> = useless
        .map(|(name, file)| {
            let message = format!("`cookies.{name}` is of no use while `cookies.enabled` is false");
            let problem = Problem::new(ProblemKind::Conflict, message, file.place.clone());
            problem.with_help(format!("set cookies.enabled = true, or leave cookies.{name} out"))
        })
        .collect();
    if problems.is_empty() { Ok(None) } else { Err(problems) }
}

fn output(output: &Output) -> OutputPlan {
    OutputPlan {
        format: output.format.given().value,
        record: output.record.given().value,
        order: output.order.given().value,
        window_memory: output.window_memory.given().value,
        ahead_limit: output.ahead_limit.given().value,
    }
}
