//! Draft -> plan: decides what depends on more than one setting, or on something outside of the settings.

use std::path::PathBuf;

use crate::model::how_long;
use crate::schedule::HostRules;
use crate::scrape::extract::Extractor;

use super::certificates;
use super::draft::{CookiesDraft, Draft, Noted, Placed};
use super::element::workers::Workers;
use super::error::{Problem, ProblemKind};
use super::outside::Outside;
use super::place::Origin;
use super::plan::{Affects, CookiesPlan, Plan, Shaping};
use super::rules;
use super::sources::Sources;

/// The plan that `draft` means for a process with these `sources`. Errs with settings that contradict each other, and with
/// those that name what does not exist.
pub(super) fn plan(draft: &Draft, sources: &Sources) -> Result<Plan, Vec<Problem>> {
    let mut plan = draft.plan.clone();
    let mut outside = Outside::new(sources);
    outside.problems.extend(check_quota(draft));
    plan.pool.workers = match draft.workers {
        Workers::Auto => sources.cpus,
        Workers::Exactly(number) => number,
    };
    outside.problems.extend(limit_fetch(draft, &mut plan));
    fill_fetch(draft, &mut plan, &mut outside);
    plan.hosts = draft.hosts.iter().map(|(key, host)| (key.clone(), outside.host(key, host))).collect();
    plan.schedule.politeness.adaptive = draft.adaptive.then_some(draft.adaptation);
    let hosts = draft.hosts.iter().map(|(key, host)| (key.as_str().to_owned(), host.rules.clone()));
    plan.schedule.hosts = hosts.collect();
    plan.tls_files = certificates::paths(&draft.tls, &sources.folder);
    plan.cookies = match cookies(&draft.cookies) {
        Ok(cookies) => cookies,
        Err(useless) => {
            outside.problems.extend(useless);
            None
        }
    };
    // What a jar needs to see of every response.
    plan.scrape.fetch.kept_headers = plan.cookies.iter().map(|_| "set-cookie".to_owned()).collect();
    plan.scrape.extract.fields.clone_from(&draft.extract);
    rules::fill(&mut plan.scrape.extract.fields, &draft.notation);
    outside.problems.extend(check_rules(draft, &plan));
    plan.shaping = shaping(draft);
    if outside.problems.is_empty() { Ok(plan) } else { Err(outside.problems) }
}

fn check_quota(draft: &Draft) -> Option<Problem> {
    let quota = draft.plan.pool.quota?;
    if draft.plan.pool.quota_jitter < quota.get() {
        return None;
    }
    let message = format!("`pool.quota_jitter` must be less than `pool.max_tasks_per_worker`, which is {quota}");
    let problem = Problem::new(ProblemKind::Conflict, message, draft.place("pool.quota_jitter").clone());
    Some(problem.with_help(format!("that was set by {}", draft.place("pool.max_tasks_per_worker"))))
}

/// Compiles all rules together, as a worker does. Each was checked where it is written, but not with the settings of
/// `[extraction]`.
fn check_rules(draft: &Draft, plan: &Plan) -> Option<Problem> {
    let error = Extractor::new(&plan.scrape.extract).err()?;
    let is_at_fault =
        |field: &str| error.path.strip_prefix(field).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'.', ..]));
    let name =
        draft.extract.iter().map(|(field, _)| field).filter(|field| is_at_fault(field)).max_by_key(|it| it.len())?;
    let name = format!("extract.{name}");
    let message = format!("`{name}` does not compile: {}", error.kind);
    Some(Problem::new(ProblemKind::BadValue, message, draft.place(&name).clone()))
}

/// Makes a fetch end before the time limit of its task. A slow server should make its own page fail, and not take along the
/// worker that waits for it.
fn limit_fetch(draft: &Draft, plan: &mut Plan) -> Option<Problem> {
    let (fetch, task) = (plan.scrape.fetch.timeout, plan.task_timeout);
    let place = draft.place("fetch.timeout");
    if matches!(place.origin(), Origin::Defaults) {
        plan.scrape.fetch.timeout = fetch.min(task * 3 / 4);
        return None;
    }
    if fetch < task {
        return None;
    }
    let message = format!("`fetch.timeout` must be less than `pool.task_timeout`, which is {}", how_long(task));
    let problem = Problem::new(ProblemKind::Conflict, message, place.clone());
    Some(problem.with_help(format!("that was set by {}; it includes parsing", draft.place("pool.task_timeout"))))
}

/// Adds to the settings of fetching what comes from other settings, from the environment and from files.
fn fill_fetch(draft: &Draft, plan: &mut Plan, outside: &mut Outside<'_>) {
    let fetch = &mut plan.scrape.fetch;
    fetch.memory = plan.pool.max_memory.unwrap_or(u64::MAX);
    fetch.headers = outside.headers("fetch.headers", &draft.headers);
    fetch.proxies = outside.proxies(&draft.proxies);
    certificates::read(&draft.tls, outside.folder, &mut fetch.tls, &mut outside.problems);
}

fn cookies(cookies: &CookiesDraft) -> Result<Option<CookiesPlan>, Vec<Problem>> {
    let CookiesDraft { enabled, load, save } = cookies;
    if *enabled {
        let path = |file: &Option<Placed<PathBuf>>| file.as_ref().map(|file| file.value.clone());
        return Ok(Some(CookiesPlan { load: path(load), save: path(save) }));
    }
    let useless = [("load", load), ("save", save)].into_iter().filter_map(|(name, file)| Some((name, file.as_ref()?)));
    let problems: Vec<Problem> = useless
        .map(|(name, file)| {
            let message = format!("`cookies.{name}` has no effect while `cookies.enabled` is false");
            let problem = Problem::new(ProblemKind::Conflict, message, file.place.clone());
            problem.with_help(format!("set cookies.enabled = true, or leave cookies.{name} out"))
        })
        .collect();
    if problems.is_empty() { Ok(None) } else { Err(problems) }
}

/// What the rows of the schema say of the settings in force.
fn shaping(draft: &Draft) -> Shaping {
    let mut shaping = Shaping::default();
    for Noted { shown, affects, meaning, is_header } in &draft.in_force {
        if *affects == Affects::Nothing || is_as_for_all_hosts(draft, &shown.name) {
            continue;
        }
        if *is_header {
            shaping.headers.insert(shown.name.clone(), meaning.clone());
        } else {
            shaping.settings.insert(shown.name.clone(), (*affects, meaning.clone()));
        }
    }
    // The fields of a record have an order.
    let fields: Vec<&str> = draft.extract.iter().map(|(field, _)| field.as_str()).collect();
    shaping.settings.insert("extract".to_owned(), (Affects::Data, format!("{fields:?}")));
    shaping
}

/// Whether this is a rule of a host that only repeats what counts for all hosts.
fn is_as_for_all_hosts(draft: &Draft, name: &str) -> bool {
    let robots = draft.plan.schedule.politeness.robots;
    draft.hosts.iter().any(|(host, settings)| {
        let HostRules { robots: own, .. } = settings.rules;
        own == Some(robots) && name == super::hosts::setting_name(host, "robots")
    })
}
