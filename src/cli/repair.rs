//! `--retry-failed` and `--since`: what a run keeps of an older output.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};

use super::args::RunArgs;
use super::words;
use super::{Stop, output_format};
use crate::config::Plan;
use crate::dataset::{Comparison, Dataset, Mode, compare};
use crate::input::Input;
use crate::model::{FailureKind, counted, nearest, rfc_3339};
use crate::observation::{Summary, VERSION};
use crate::own_files;
use crate::sink::{self, Kept, LeftOver, Made, Order, Shape};

/// A run that is ready to start, or one that has nothing to do.
#[derive(Debug)]
pub(super) enum Prepared {
    /// The run starts, and takes over these records.
    Run(Option<Kept>),
    /// There is nothing to fetch.
    NothingToDo(Box<NothingToDo>),
}

/// The end of a run that fetches nothing.
#[derive(Debug)]
pub(super) struct NothingToDo {
    pub(super) words: String,
    pub(super) summary: Summary,
}

/// The summary of an output that is complete without a request.
pub(super) fn summary(records: u64, failed: u64) -> Summary {
    let now = rfc_3339(SystemTime::now());
    Summary {
        version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: now.clone(),
        ended_at: now,
        tasks: records,
        ok: records.saturating_sub(failed),
        failed,
        resumed: records,
        ..Summary::default()
    }
}

/// Compares the list with the older output, if the run has one. `list` opens the list once more.
pub(super) fn prepare(
    args: &RunArgs,
    plan: &Plan,
    output: &mut sink::Options,
    list: impl FnOnce() -> Result<Input, Stop>,
) -> Result<Prepared, Stop> {
    let Some((option, path)) = older(args).map_err(Stop::usage)? else {
        if args.allow_changed_rules {
            return Err(Stop::usage(anyhow!("use --allow-changed-rules: it needs --retry-failed or --since")));
        }
        return Ok(Prepared::Run(None));
    };
    let list = list()?;
    let compared = check(args, plan, output, option, &path).and_then(|mode| {
        if list.has_sitemaps() {
            bail!(
                "use {option}: the list has a sitemap, which may say something else now; write the URLs of the older output \
                 into a file, and give that as the list"
            );
        }
        if !list.is_repeatable() {
            bail!("use {option}: the list is read twice, so it must be made of regular files; save it as a file");
        }
        let dataset = Dataset::open(&path, output.format)?;
        same_columns(&dataset, output)?;
        Ok(compare(&dataset, list.start(), &mode)?)
    });
    let Comparison { kept, keeps, kept_failures, fetches, dropped, fingerprint } = compared.map_err(Stop::usage)?;
    let kinds = if args.only.is_empty() { String::new() } else { format!(" of {}", args.only.join(",")) };
    output.identity.settings.insert(option.to_owned(), format!("{fingerprint}{kinds}"));
    let shown = path.display();
    if args.retry_failed && fetches == 0 {
        let words = match kept_failures {
            0 => format!("`{shown}` has no failures, nothing was fetched: {}", counted(keeps, "record")),
            left => format!(
                "`{shown}` has no failures{kinds}, nothing was fetched: {}, {left} failed in other ways",
                counted(keeps, "record")
            ),
        };
        return Ok(Prepared::NothingToDo(Box::new(NothingToDo { words, summary: summary(keeps, kept_failures) })));
    }
    if !args.quiet {
        let dropped = match dropped {
            0 => String::new(),
            dropped => format!(", {dropped} of its records are no longer listed"),
        };
        words::say(&format!("{} of `{shown}` stay, {fetches} to fetch{dropped}", counted(keeps, "record")));
    }
    Ok(Prepared::Run(Some(kept)))
}

/// Whether `--retry-failed` can fetch the failures of this output again, once it is finished.
pub(super) fn is_possible(output: &sink::Options, input: &Input) -> bool {
    matches!(output.destination, sink::Destination::File(_))
        && output.shape != Shape::Data
        && output.order != Order::Completion
        && !output.format.is_converted()
        && output.archive.is_none()
        && input.is_repeatable()
        && !input.has_sitemaps()
}

/// The option that names the older output, and its path.
fn older(args: &RunArgs) -> anyhow::Result<Option<(&'static str, PathBuf)>> {
    let output = args.output.clone().filter(|path| path.as_os_str() != "-");
    match (&args.since, args.retry_failed, output) {
        (None, false, _) => Ok(None),
        (None, true, None) => bail!("use --retry-failed: name the output with the failures with --output"),
        (None, true, Some(path)) => Ok(Some(("--retry-failed", path))),
        (Some(_), _, None) => bail!("use --since: name a file for the new output with --output (it may be the same)"),
        (Some(since), _, Some(_)) => Ok(Some(("--since", since.clone()))),
    }
}

/// Checks what can be checked before the older output is read. Returns what to do with it.
fn check(args: &RunArgs, plan: &Plan, output: &sink::Options, option: &str, path: &Path) -> anyhow::Result<Mode> {
    let shown = path.display();
    if plan.sink.shape == Shape::Data {
        bail!("use {option}: output.record = \"data\" says neither URLs nor failures; use \"full\"");
    }
    if plan.sink.order == Order::Completion {
        bail!("use {option}: it needs the order of the list; leave out --order completion");
    }
    if output.format.is_converted() {
        bail!(
            "use {option}: a file of this format cannot be read again; write json, jsonl, csv or tsv, and convert it then (gleaner convert)"
        );
    }
    if args.since.is_some() {
        let format = output_format::of(Some(path), None).map_or(output.format, |(format, _)| format);
        if format != output.format {
            bail!(
                "use --since `{shown}`: it has another format than the output; choose the same, or convert it (gleaner convert)"
            );
        }
    }
    let target = own_files::follow_links(path).with_context(|| format!("read the output `{shown}`"))?;
    if !target.exists() {
        bail!("read the output `{shown}`: there is no such file; leave out {option} to fetch everything");
    }
    archive_is_new(output, option)?;
    let known = Made::of(&target).map(|made| made.rules.data);
    if !args.allow_changed_rules && known.as_ref() != output.rules.as_ref().map(|rules| &rules.data) {
        let rules = Made::path(&target);
        let (rules, way_out) = (rules.display(), "--allow-changed-rules keeps its records all the same");
        match known {
            None => {
                bail!("use `{shown}`: `{rules}` is missing, so nobody knows which rules made its records; {way_out}")
            }
            Some(_) => bail!(
                "use `{shown}`: other rules made its records (`{rules}` has their hash); undo the change of the rules; {way_out}"
            ),
        }
    }
    if args.since.is_some() {
        return Ok(Mode::Update);
    }
    let kinds = args.only.iter().map(|name| kind(name.trim()));
    Ok(Mode::Repair(kinds.collect::<anyhow::Result<_>>()?))
}

/// Fails if the run would replace an archive, because the new one would lack the pages of the records that are kept. A
/// resumed run may find its own archive, if only its output was not complete.
fn archive_is_new(output: &sink::Options, option: &str) -> anyhow::Result<()> {
    let (Some(archive), sink::Destination::File(path)) = (&output.archive, &output.destination) else { return Ok(()) };
    let is_resumed = output.left_over == LeftOver::Resume && {
        let [part, ..] = sink::files_beside(&own_files::follow_links(path)?);
        part.exists()
    };
    if archive.path.exists() && !is_resumed {
        bail!(
            "use {option}: the archive `{}` would be replaced by one without the pages of the records that stay; name another \
             one with --archive (cat joins archives)",
            archive.path.display()
        );
    }
    Ok(())
}

fn kind(name: &str) -> anyhow::Result<FailureKind> {
    FailureKind::of_name(name).with_context(|| {
        let names = FailureKind::ALL.map(FailureKind::as_str);
        let meant = nearest(name, names, 0.6).map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"));
        format!("use --only `{name}`: that is not a kind of failures{meant}; the kinds are {}", names.join(", "))
    })
}

/// Fails if the older output is a table with other columns, or written in another way.
fn same_columns(dataset: &Dataset, output: &sink::Options) -> anyhow::Result<()> {
    let (Some(now), Some((header, columns))) = (sink::header(output), dataset.header()?) else { return Ok(()) };
    if header == now {
        return Ok(());
    }
    let shown = dataset.shown();
    let names: Vec<Cow<'_, str>> = output.table.header().collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    if columns.names.iter().map(String::as_str).eq(names.iter().copied()) {
        bail!("use `{shown}`: it was written with another output.dialect; use the same");
    }
    let lacks =
        |all: &[&str], some: &[&str]| all.iter().find(|name| !some.contains(name)).map(|name| (*name).to_owned());
    let there: Vec<&str> = columns.names.iter().map(String::as_str).collect();
    let which = match (lacks(&names, &there), lacks(&there, &names)) {
        (Some(name), _) => format!("it has no column `{name}`, which this run writes"),
        (None, Some(name)) => format!("it has a column `{name}`, which this run does not write"),
        (None, None) => "its columns have another order".to_owned(),
    };
    bail!("use `{shown}`: {which}; use the same list columns, rules, --columns and --rows")
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn a_kind_that_does_not_exist_is_refused_with_the_one_that_may_be_meant() {
        assert_eq!(kind("worker_timeout").expect("a kind").as_str(), "worker_timeout");
        for (name, expected) in [
            ("time-out", "did you mean `timeout`?"),
            ("http-status", "did you mean `http_status`?"),
            ("DNS", "did you mean `dns`?"),
            ("", "that is not a kind of failures; the kinds are invalid_url, dns,"),
        ] {
            let error = kind(name).expect_err(name).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
