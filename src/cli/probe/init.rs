//! `gleaner init`.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::args::InitArgs;
use super::super::{Stop, log, run, words};
use super::look::say;
use super::page::{self, Page, Unfetched};
use super::{read, starter};
use crate::config::{self, DEFAULT_FILE, Plan};
use crate::exit_code::Exit;
use crate::scrape::Purpose;
use crate::scrape::extract::{FieldReport, Report, Starter, StarterRule};

/// How often rules are dropped and tried again. Each time, at least one rule fewer is left.
const MOST_TRIES: usize = 8;

pub(in crate::cli) fn run(args: &InitArgs) -> Result<Exit, Stop> {
    let path = args.output.clone().unwrap_or_else(|| DEFAULT_FILE.into());
    let path = (path.as_os_str() != "-").then_some(path);
    if let Some(path) = &path
        && path.symlink_metadata().is_ok()
    {
        return Err(exists(path));
    }
    let Some(url) = &args.url else {
        write(path.as_deref(), &starter::empty())?;
        return Ok(Exit::Success);
    };
    let plan = run::settings(&args.page.settings, args.page.flags())?.plan;
    log::start(0, false);
    let page = match page::get(&args.page, url, &plan)? {
        Ok(page) => page,
        Err(Unfetched { kind, message, .. }) => {
            words::say(&format!("the page fails ({kind}): {message}"));
            return Ok(Exit::SomeFailed);
        }
    };
    let found = match read::by_worker::<Starter>(&plan, &page, Purpose::Starter)? {
        Ok(found) => found,
        Err(failure) => {
            words::say(&format!("the page fails ({}): {}", failure.kind, failure.message));
            return Ok(Exit::SomeFailed);
        }
    };
    let text = tried(&plan, &page, found)?;
    write(path.as_deref(), &text)?;
    Ok(Exit::Success)
}

/// Runs the rules on the page until all of them give something, and returns the text of the file.
fn tried(plan: &Plan, page: &Page, mut found: Starter) -> Result<String, Stop> {
    for _ in 0..MOST_TRIES {
        let text = starter::of_page(&page.asked, &found, |_| None);
        if found.groups.is_empty() {
            return Ok(text);
        }
        let mut plan = plan.clone();
        plan.scrape.extract = rules_of(&text)?;
        let report = match read::by_worker::<Report>(&plan, page, Purpose::Report)? {
            Ok(report) => report,
            Err(failure) => return Err(Stop::on_the_way(anyhow::anyhow!(failure.message))),
        };
        if report.failure.is_none() && !mend(&mut found, &report) {
            let examples = examples(&report);
            return Ok(starter::of_page(&page.asked, &found, |path| examples.get(path).cloned()));
        }
        if report.failure.is_some() {
            // The rules are too much for this page: the last ones are the largest.
            found.groups.pop();
        }
    }
    Ok(starter::of_page(&page.asked, &Starter::default(), |_| None))
}

/// Reads the rules of a starter file, as a run would.
fn rules_of(text: &str) -> Result<crate::scrape::extract::Extraction, Stop> {
    let folder = tempfile::tempdir().context("make a temporary folder for the settings").map_err(Stop::usage)?;
    let file = folder.path().join(DEFAULT_FILE);
    std::fs::write(&file, text).context("write the settings to try them").map_err(Stop::usage)?;
    let sources = config::Sources {
        config: Some(file),
        folder: folder.path().to_owned(),
        user: rustix::process::geteuid().as_raw(),
        environment: Vec::new(),
        flags: Vec::new(),
        cpus: NonZeroUsize::MIN,
    };
    Ok(config::load(&sources).map_err(Stop::on_the_way)?.plan.scrape.extract)
}

/// Drops the rules that give nothing, and makes those simpler whose values do not fit. Returns whether there were any.
fn mend(found: &mut Starter, report: &Report) -> bool {
    let by_path: HashMap<&str, &FieldReport> = report.fields.iter().map(|it| (it.field.as_str(), it)).collect();
    let mut is_mended = false;
    let mut keep = |rule: &mut StarterRule, path: &str| {
        let Some(field) = by_path.get(path) else { return true };
        if field.bad > 0 {
            is_mended = true;
            return rule.simpler.take().map(|simpler| rule.rule = simpler).is_some();
        }
        is_mended |= field.values == 0;
        field.values > 0
    };
    for group in &mut found.groups {
        group.rules.retain_mut(|rule| {
            let path = rule.name.clone();
            keep(rule, &path)
        });
        if let Some(each) = &mut group.each {
            let name = each.name.clone();
            each.rules.retain_mut(|rule| {
                let path = format!("{name}.{}", rule.name);
                keep(rule, &path)
            });
            if each.rules.is_empty() {
                group.each = None;
            }
        }
    }
    found.groups.retain(|group| !group.rules.is_empty() || group.each.is_some());
    is_mended
}

/// Returns the first match of each field, for comments.
fn examples(report: &Report) -> HashMap<String, String> {
    let first = |field: &FieldReport| {
        let found = field.sources.iter().find_map(|source| source.shown.first())?;
        // A whole object says little on one line.
        let is_short = !found.value.starts_with(['{', '[', '<']);
        is_short.then(|| (field.field.clone(), found.value.clone()))
    };
    report.fields.iter().filter_map(first).collect()
}

/// Writes a new file, or standard output.
fn write(path: Option<&Path>, text: &str) -> Result<(), Stop> {
    let Some(path) = path else { return say(text) };
    let written =
        OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => {
            words::say(&format!("wrote {}", path.display()));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => {
            let way_out = match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
                Some(folder) => {
                    let folder = folder.display();
                    format!(": there is no folder `{folder}`, create it (mkdir -p {folder}) or choose another")
                }
                None => String::new(),
            };
            let context = format!("write the settings to `{}`{way_out}", path.display());
            Err(Stop::usage(anyhow::Error::new(error).context(context)))
        }
    }
}

fn exists(path: &Path) -> Stop {
    let shown: PathBuf = path.into();
    Stop::usage(anyhow::anyhow!(
        "write `{}`: it exists already, and is not overwritten: name another file with -o, or - for standard output",
        shown.display()
    ))
}
