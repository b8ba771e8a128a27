//! Lets a worker read a page.

use anyhow::Context as _;
use serde::de::DeserializeOwned;

use super::super::{Stop, launch};
use super::page::Page;
use crate::config::Plan;
use crate::coordinator::{ProcessPool, read_one};
use crate::model::{Answer, Failure, FailureKind, Reach, Stage, TaskFacts, Visit};
use crate::scrape::Purpose;

/// Starts one worker with the settings of the plan, which makes of the page what the purpose says. Returns the failure of
/// a page that cannot be read.
pub(super) fn by_worker<T: DeserializeOwned>(
    plan: &Plan,
    page: &Page,
    purpose: Purpose,
) -> Result<Result<T, Failure>, Stop> {
    let mut scrape = plan.scrape.clone();
    (scrape.purpose, scrape.table) = (purpose, None);
    let init = postcard::to_stdvec(&scrape).map_err(Stop::usage)?;
    let options = launch::pool_options(&super::page::alone(plan)).map_err(Stop::usage)?;
    let task = TaskFacts { seq: 0, url: page.asked.clone(), input: Vec::new() };
    let visit = Visit {
        stored: Some(page.stored.clone()),
        task: Some(Box::new(task)),
        ..Visit::new(page.url.clone(), Reach::Listed)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.context("set up the event loop (are too many files open, ulimit -n?)").map_err(Stop::usage)?;
    let answer = runtime.block_on(async {
        let pool = ProcessPool::new(&init, options).map_err(Stop::usage)?;
        read_one(pool, &visit, plan.task_timeout).await.map_err(Stop::on_the_way)
    })?;
    match answer {
        Answer::Page(page) => {
            let read = serde_json::from_slice(&page.data).context("read what the worker found on the page");
            read.map(Ok).map_err(Stop::on_the_way)
        }
        Answer::Failure(failure) => Ok(Err(failure)),
        Answer::Redirect { .. } | Answer::NotModified { .. } => {
            let message = "read the page: it leads to another one";
            Ok(Err(Failure::new(FailureKind::Protocol, Stage::Fetch, message)))
        }
    }
}
