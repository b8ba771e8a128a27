//! Runs a plan.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::{Stop, conversion, cookie_file, identity, words, worker_user};
use crate::cache::{self, Cache};
use crate::config::Plan;
use crate::cookies::Jar;
use crate::coordinator::{self, Cached, Ended, Ending, Observers, Plausible, ProcessPool, RunError, RunParts};
use crate::input::{self, Input};
use crate::observation::Summary;
use crate::schedule::{self, HostRules};
use crate::scrape::extract::Extractor;
use crate::scrape::{self, RequestHeaders, Table};
use crate::sink::{self, Kept, Sink};

/// What a run writes.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) options: sink::Options,
    /// Makes the final file of the records, if the format needs that.
    pub(super) conversion: Option<conversion::Plans>,
    /// The records that it takes over from an older output.
    pub(super) kept: Option<Kept>,
}

/// A run that ended without an error.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ending: Ending,
    pub(super) summary: Summary,
    /// The file that keeps the finished work for `--resume`, if there is one.
    pub(super) kept: Option<PathBuf>,
    /// Whether the cookies were saved. `Ok` if they should not be saved.
    pub(super) cookies: anyhow::Result<()>,
}

/// Starts the workers and runs the list to its end. Opens the cookies and the output first, so that problems with them
/// are found before anything is fetched. Saves the cookies even if the run fails.
pub(super) fn launch(plan: &Plan, input: Input, output: Output, observers: Observers) -> Result<Ran, Stop> {
    let options = pool_options(plan).map_err(Stop::usage)?;
    let cookies = plan.cookies.as_ref().map(cookie_file::open).transpose().map_err(Stop::usage)?;
    let Output { options: output, conversion, kept } = output;
    let conversion = conversion.map(conversion::Plans::in_a_worker);
    let mut sink = Sink::open_keeping(&output, conversion, kept).map_err(Stop::usage)?;
    let input = input.keeping_sitemaps(sink.take_sitemaps());
    let extractor = Extractor::new(&plan.scrape.extract).map_err(Stop::usage)?;
    let table = plan.scrape.table.clone().map(|table| Table::new(&plan.scrape.extract, table)).transpose();
    let table = table.map_err(Stop::usage)?;
    let mut scrape = plan.scrape.clone();
    let loaded = cookies.as_ref();
    let cached = plan
        .cache
        .as_deref()
        .map(|path| cached(path, plan, &mut scrape, &output.identity, loaded, extractor.is_repeatable()))
        .transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("set up the event loop (are too many files open, ulimit -n?)");
    let runtime = runtime.map_err(Stop::usage)?;
    runtime.block_on(async {
        let init = postcard::to_stdvec(&scrape).map_err(Stop::usage)?;
        let executor = ProcessPool::new(&init, options).map_err(Stop::usage)?;
        let parts = RunParts {
            executor,
            places: plan.pool.workers.get() * plan.pool.concurrency.get(),
            list: input.progress(),
            input: input.start_after(sink.before().done.clone()),
            sink,
            schedule: schedule_options(plan),
            read_ahead: plan.read_ahead,
            ahead_limit: plan.ahead_limit,
            task_timeout: plan.task_timeout,
            plausible: Plausible::new(&scrape.fetch, extractor.fields().len(), table.as_ref().map(Table::head)),
            fields: extractor.fields().to_vec(),
            reads_task: extractor.reads_task(),
            hosts: plan.hosts.clone(),
            limits: plan.limits,
            cookies,
            cached,
            observers,
        };
        let Ended { ending, summary, kept, cookies } =
            Box::pin(coordinator::run(parts)).await.map_err(Stop::on_the_way)?;
        let cookies = match (&plan.cookies, cookies) {
            (Some(plan), Some(jar)) => cookie_file::save(plan, &jar),
            _ => Ok(()),
        };
        match ending {
            Ok(ending) => Ok(Ran { ending, summary, kept, cookies }),
            Err(error) => {
                if let Err(unsaved) = cookies {
                    tracing::error!("failed to {unsaved:#}");
                }
                Err(stop(error, kept.as_deref()))
            }
        }
    })
}

fn stop(error: RunError, kept: Option<&Path>) -> Stop {
    match error {
        // Both are found before anything is fetched.
        RunError::Input(error) if matches!(error.kind(), input::ErrorKind::Changed | input::ErrorKind::Unusable) => {
            Stop::usage(error)
        }
        error => Stop { advice: kept.map(words::to_go_on), ..Stop::on_the_way(error) },
    }
}

/// Opens the cache, and makes the workers return the headers that it needs. `loaded` has the cookies with which the run
/// begins.
fn cached(
    path: &Path,
    plan: &Plan,
    scrape: &mut scrape::Settings,
    identity: &sink::Identity,
    loaded: Option<&Jar>,
    is_repeatable: bool,
) -> Result<Cached, Stop> {
    scrape.fetch.kept_headers.extend(cache::KEPT_HEADERS.map(str::to_owned));
    let headers = RequestHeaders::new(&scrape.fetch).map_err(Stop::usage)?;
    let cache = Cache::open(path).map_err(Stop::usage)?;
    let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let shape = identity::shape(identity, plan, variable);
    Ok(Cached::new(cache, shape, headers, loaded.filter(|jar| !jar.is_empty()).cloned(), is_repeatable))
}

/// Returns the options of the schedule. For the run's own site, robots.txt, the delay and the limit of concurrency are
/// off, unless the settings name the site.
fn schedule_options(plan: &Plan) -> schedule::Options {
    let mut options = plan.schedule.clone();
    let memory = plan.scrape.fetch.memory / STORED_PART;
    options.max_stored_out = usize::try_from(memory).unwrap_or(usize::MAX);
    if plan.scrape.fetch.site.is_some() {
        let own = HostRules { robots: Some(false), concurrency: Some(0), delay: Some(Duration::ZERO) };
        options.hosts.entry(scrape::SITE_HOST.to_owned()).or_insert(own);
    }
    options
}

/// The part of a worker's memory that stored answers may take before they are read.
const STORED_PART: u64 = 8;

/// Bytes of large outputs that this process may hold before they are written or put aside.
const IN_HAND: usize = 64 << 20;

/// Returns the options of the pool: those of the settings, and the environment, the user and the arguments of the
/// workers.
pub(super) fn pool_options(plan: &Plan) -> anyhow::Result<gleaner_pool::Options> {
    // An output has the data of a page and, if there is an archive, what the page adds to it.
    let fetch = &plan.scrape.fetch;
    let archived = if fetch.archives { usize::try_from(fetch.longest_archived()).unwrap_or(usize::MAX) } else { 0 };
    Ok(gleaner_pool::Options {
        environment: scrape::needed_variables(&plan.scrape.fetch),
        user: worker_user::choose(&plan.worker_user, plan.pool.sandbox)?,
        args: vec!["worker".to_owned()],
        // The sink takes records in any order: it writes them or puts them aside.
        in_hand: Some(IN_HAND),
        max_item: plan.pool.max_item.saturating_add(archived),
        ..plan.pool.clone()
    })
}
