//! Settings -> plan: what stands for itself is taken over, what depends on something else is decided.

use std::num::{NonZeroU32, NonZeroUsize};

use crate::scrape::{self, FetchSettings};

use super::element::workers::Workers;
use super::error::{Problem, ProblemKind};
use super::plan::{OutputPlan, Plan, PoolPlan};
use super::settings::{Fetch, Network, Output, Pool, Settings};

/// The plan that `settings` mean on a machine with `cpus`. Errs with settings that contradict each other.
pub(super) fn plan(settings: &Settings, cpus: NonZeroUsize) -> Result<Plan, Vec<Problem>> {
    let pool = pool(&settings.pool, cpus)?;
    let fetch = &settings.fetch;
    Ok(Plan {
        pool,
        scrape: scrape::Settings {
            fetch: fetch_settings(fetch, &settings.network, &settings.pool),
            extract: (!settings.extract.is_empty()).then(|| settings.extract.clone()),
        },
        max_redirects: fetch.max_redirects.given().value,
        max_retries: fetch.max_retries.given().value,
        max_retry_after: fetch.max_retry_after.given().value,
        cache: settings.cache.path.given().value.clone(),
        output: output(&settings.output),
    })
}

fn pool(pool: &Pool, cpus: NonZeroUsize) -> Result<PoolPlan, Vec<Problem>> {
    let quota = pool.max_tasks_per_worker.given();
    let jitter = pool.quota_jitter.given();
    if quota.value > 0 && jitter.value >= quota.value {
        let message =
            format!("`pool.quota_jitter` must be less than `pool.max_tasks_per_worker`, which is {}", quota.value);
        let problem = Problem::new(ProblemKind::Conflict, message, jitter.place.clone());
        return Err(vec![problem.with_help(format!("that was set by {}", quota.place))]);
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
    })
}

fn fetch_settings(fetch: &Fetch, network: &Network, pool: &Pool) -> FetchSettings {
    FetchSettings {
        kept_headers: Vec::new(),
        timeout: fetch.timeout.given().value,
        connect_timeout: fetch.connect_timeout.given().value,
        idle_timeout: fetch.idle_timeout.given().value,
        max_body: fetch.max_body.given().value,
        memory: pool.max_memory_per_worker.given().value,
        user_agent: fetch.user_agent.given().value.clone(),
        headers: fetch.headers.clone(),
        private_addresses: network.private_addresses.given().value,
        site: None,
    }
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
