//! `gleaner run`.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::again::Again;
use super::args::{ListArgs, RunArgs, SettingArgs};
use super::closing::{self, Closing};
use super::closing_file::ClosingFile;
use super::launch::Ran;
use super::progress::{self, Progress};
use super::repair::{NothingToDo, Prepared};
use super::site::Site;
use super::{
    Stop, conversion, descriptors, files, finished, identity, launch, log, output_format, repair, report, table, words,
};
use crate::config::{self, Flag, InForce, Loaded, Plan};
use crate::coordinator::{Ending, Reason, observed};
use crate::exit_code::Exit;
use crate::input::{self, Input};
use crate::observation::{SettingSummary, Summary};
use crate::scrape::extract::Extractor;
use crate::sink;

/// How much longer a stored answer may be than its body: the longest head, and a little for its chunks.
const STORED_HEAD: u64 = 1 << 20;

/// The longest stored answer that fits into a message to a worker.
const MOST_STORED: u64 = 60 << 20;

pub(super) fn run(args: &RunArgs) -> Result<Exit, Stop> {
    let Loaded { mut plan, in_force, .. } = settings(&args.settings, args.flags())?;
    files::distinct(args, &plan).map_err(Stop::usage)?;
    descriptors::suffice(&plan.pool, args.list.site.is_some()).map_err(Stop::usage)?;
    let site = site(&args.list)?;
    plan.scrape.fetch.site = site.as_ref().map(Site::address);
    let input = list(&args.list, &plan, args.limit)?;
    let open =
        |what, path: Option<&Path>| path.map(|path| ClosingFile::open(what, path)).transpose().map_err(Stop::usage);
    let summary_file = open("summary", args.summary.as_deref())?;
    let report_file = open("report", args.report.as_deref())?;
    let (format, packing) = output_format::of(args.output.as_deref(), plan.format).map_err(Stop::usage)?;
    let target = conversion::target(format).map_err(Stop::usage)?;
    table::complete(&mut plan, args, &input, format).map_err(Stop::usage)?;
    let conversion = target.map(|target| conversion::of(&plan, target)).transpose().map_err(Stop::usage)?;
    let output = output(args, &plan, format, packing).map_err(Stop::usage)?;
    let mut output = sink::Options { has_sitemaps: input.has_sitemaps(), ..output };
    plan.scrape.fetch.archives = output.archive.is_some();

    let (observers, watch) = observed(args.summary.is_some() || args.report.is_some());
    log::start(args.verbose, args.quiet);
    if plan.scrape.fetch.tls.insecure {
        tracing::warn!(
            "certificates are not checked (tls.insecure): anybody on the network path can impersonate any https server"
        );
    }
    if let Some(finished) = finished::finished(args, &output, &input, || list(&args.list, &plan, args.limit))? {
        return at_once(args, summary_file, &finished);
    }
    let kept = match repair::prepare(args, &plan, &mut output, || list(&args.list, &plan, args.limit))? {
        Prepared::Run(kept) => kept,
        Prepared::NothingToDo(nothing) => return at_once(args, summary_file, &nothing),
    };
    let can_retry = repair::is_possible(&output, &input);
    let prints = output.destination == sink::Destination::Stdout && io::stdout().is_terminal();
    let progress = progress::style(args.progress, args.quiet, prints);
    let progress = progress.map(|style| Progress::follow(style, &watch, input.progress()));
    let output = launch::Output { options: output, conversion, kept };
    let ended = launch::launch(&plan, input, output, observers);
    drop(progress);
    let Ran { ending, summary, kept, cookies } = ended?;
    let summary = described(summary, ending, args, &in_force);

    if let Some(file) = summary_file {
        write_summary(file, &summary)?;
    }
    if let Some(file) = report_file {
        report::write(file, &summary).map_err(Stop::on_the_way)?;
    }
    if !args.quiet && ending != Ending::ReaderGone {
        let again = match ending {
            Ending::Complete => (summary.failed > 0 && can_retry).then_some(Again::RetryFailed),
            _ => kept.as_ref().map(|_| Again::Resume),
        };
        words::closing(&Closing { ending, summary: &summary, kept: kept.as_deref(), again });
    }
    cookies.map_err(Stop::on_the_way)?;
    Ok(match ending {
        Ending::Complete if summary.failed > 0 => Exit::SomeFailed,
        Ending::Complete | Ending::ReaderGone => Exit::Success,
        Ending::Stopped(Reason::Signal(signal)) => Exit::Signal(signal),
        Ending::Stopped(Reason::Failures | Reason::Deadline | Reason::Drained) => Exit::LimitReached,
    })
}

fn write_summary(file: ClosingFile, summary: &Summary) -> Result<(), Stop> {
    let mut line = serde_json::to_vec(summary).context("write the summary").map_err(Stop::on_the_way)?;
    line.push(b'\n');
    file.write(&line).map_err(Stop::on_the_way)
}

/// Ends a run that has nothing to fetch.
fn at_once(args: &RunArgs, summary_file: Option<ClosingFile>, nothing: &NothingToDo) -> Result<Exit, Stop> {
    if let Some(file) = summary_file {
        write_summary(file, &nothing.summary)?;
    }
    if !args.quiet {
        words::say(&nothing.words);
    }
    Ok(if nothing.summary.failed > 0 { Exit::SomeFailed } else { Exit::Success })
}

/// Adds to a summary what only the command line knows.
fn described(summary: Summary, ending: Ending, args: &RunArgs, in_force: &[InForce]) -> Summary {
    let ending = match ending {
        Ending::Complete => "complete",
        Ending::ReaderGone => "reader_gone",
        Ending::Stopped(Reason::Signal(_)) => "interrupted",
        Ending::Stopped(Reason::Failures) => "failures",
        Ending::Stopped(Reason::Deadline) => "deadline",
        Ending::Stopped(Reason::Drained) => "drained",
    };
    let settings = in_force.iter().filter(|setting| !setting.is_default);
    let settings = settings.map(|it| SettingSummary { name: it.name.clone(), value: harmless(it) });
    Summary {
        ending: ending.into(),
        settings: settings.collect(),
        lists: args.list.urls.iter().map(|list| closing::harmless(&list.to_string_lossy())).collect(),
        output: args.output.as_ref().filter(|path| path.as_os_str() != "-").map(|path| path.display().to_string()),
        ..summary
    }
}

/// The value of a setting. Any header may be a secret, whatever its name.
fn harmless(setting: &InForce) -> String {
    let is_header = setting.name.split('.').any(|part| part == "headers");
    if is_header { "(hidden)".to_owned() } else { setting.value.clone() }
}

/// Reads settings from all sources and resolves them.
pub(super) fn settings(args: &SettingArgs, flags: Vec<Flag>) -> Result<Loaded, Stop> {
    let sources = config::Sources::of_process(args.config.clone(), flags)
        .context("find the current folder")
        .map_err(Stop::usage)?;
    config::load(&sources).map_err(Stop::usage)
}

pub(super) fn site(args: &ListArgs) -> Result<Option<Site>, Stop> {
    args.site.as_deref().map(Site::of_folder).transpose().map_err(Stop::usage)
}

pub(super) fn list(args: &ListArgs, plan: &Plan, limit: Option<u64>) -> Result<Input, Stop> {
    let sources = args.sources().map_err(Stop::usage)?;
    if sources.is_empty() {
        return Err(Stop::usage(anyhow::anyhow!(
            "no list was given: name a list (a file with a URL on each line, CSV, JSON, WARC or a sitemap), - for standard \
             input, or URLs themselves"
        )));
    }
    let base = args.site.as_ref().map(|_| Site::origin()).transpose().map_err(Stop::usage)?;
    let needed = Extractor::new(&plan.scrape.extract).map_err(Stop::usage)?.input_columns();
    let max_stored = plan.scrape.fetch.max_body.saturating_add(STORED_HEAD).min(MOST_STORED);
    let options = input::Options { max_stored, needed, ..plan.input.clone() };
    let input = Input::open(&sources, base, limit).and_then(|input| input.reading(options)).map_err(Stop::usage)?;
    args.fits(&input).map_err(Stop::usage)?;
    if !args.force_list {
        input.check_first_lines().map_err(Stop::usage)?;
    }
    Ok(input)
}

/// Adds the options that only the command line has to the settings of the output.
fn output(args: &RunArgs, plan: &Plan, format: sink::Format, packing: sink::Packing) -> anyhow::Result<sink::Options> {
    let path = args.output.clone().filter(|path| path.as_os_str() != "-");
    let site = args.list.site.as_deref().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    let archive = args.archive.as_deref().map(archive).transpose()?;
    let identity = identity::of(plan, format, packing, site.as_deref(), archive.as_deref());
    Ok(sink::Options {
        rules: Some(identity::rules(&identity, plan)),
        identity,
        destination: path.map_or(sink::Destination::Stdout, sink::Destination::File),
        format,
        packing,
        failed_out: args.failed_out.clone(),
        left_over: match (args.resume, args.restart) {
            (true, _) => sink::LeftOver::Resume,
            (false, true) => sink::LeftOver::Replace,
            (false, false) => sink::LeftOver::Refuse,
        },
        archive: archive.map(|path| sink::ArchiveOptions { path, obeys_robots: plan.schedule.politeness.robots }),
        ..plan.sink.clone()
    })
}

/// Checks the name of an archive. Readers know by its end what is in it.
fn archive(path: &Path) -> anyhow::Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    anyhow::ensure!(
        name.ends_with(".warc.gz") && name != ".warc.gz",
        "write the archive to `{}`: its name must end in .warc.gz, such as pages.warc.gz",
        path.display()
    );
    // Of two runs in different folders, only one has this archive.
    Ok(std::path::absolute(path)?)
}
