//! `gleaner run`.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::args::{ListArgs, RunArgs, SettingArgs};
use super::bar::{self, Bar};
use super::closing_file::ClosingFile;
use super::launch::Ran;
use super::site::Site;
use super::{Stop, descriptors, files, identity, launch, log, report, table, words};
use crate::config::{self, Flag, InForce, Loaded, Plan};
use crate::coordinator::{Ending, Reason, observed};
use crate::exit_code::Exit;
use crate::input::{self, Input, Source};
use crate::model::{parse_url, without_credentials};
use crate::observation::{SettingSummary, Summary};
use crate::scrape::extract::Extractor;
use crate::sink;

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
    let format = format(args, &plan).map_err(Stop::usage)?;
    table::complete(&mut plan, args, &input, format).map_err(Stop::usage)?;
    let output = output(args, &plan, format);

    let (observers, watch) = observed(args.summary.is_some() || args.report.is_some());
    let bar = bar::create(args.progress, args.quiet);
    log::start(args.verbose, args.quiet, bar.as_ref());
    if plan.scrape.fetch.tls.insecure {
        tracing::warn!(
            "certificates are not checked (tls.insecure): anybody on the network path can impersonate any https server"
        );
    }
    let bar = bar.map(|bar| Bar::follow(bar, &watch, input.progress()));
    let ended = launch::launch(&plan, input, &output, observers);
    drop(bar);
    let Ran { ending, summary, kept, cookies } = ended?;
    let summary = described(summary, ending, args, &in_force);

    if let Some(file) = summary_file {
        let mut line = serde_json::to_vec(&summary).context("write the summary").map_err(Stop::on_the_way)?;
        line.push(b'\n');
        file.write(&line).map_err(Stop::on_the_way)?;
    }
    if let Some(file) = report_file {
        report::write(file, &summary).map_err(Stop::on_the_way)?;
    }
    if !args.quiet && ending != Ending::ReaderGone {
        words::closing(ending, &summary, kept.as_deref());
    }
    cookies.map_err(Stop::on_the_way)?;
    Ok(match ending {
        Ending::Complete if summary.failed > 0 => Exit::SomeFailed,
        Ending::Complete | Ending::ReaderGone => Exit::Success,
        Ending::Stopped(Reason::Signal(signal)) => Exit::Signal(signal),
        Ending::Stopped(Reason::Failures | Reason::Deadline | Reason::Drained) => Exit::LimitReached,
    })
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
    let settings = settings.map(|it| SettingSummary { name: it.name.clone(), value: it.value.clone() });
    Summary {
        ending: ending.into(),
        settings: settings.collect(),
        lists: args.list.urls.iter().map(|list| shown(&list.to_string_lossy())).collect(),
        output: output_path(args).map(|path| path.display().to_string()),
        ..summary
    }
}

/// A list as the command line names it. A URL may have a password.
fn shown(list: &str) -> String {
    match parse_url(list, None) {
        Ok(url) if url.has_host() => without_credentials(&url).into(),
        _ => list.to_owned(),
    }
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
    if args.urls.is_empty() {
        return Err(Stop::usage(anyhow::anyhow!(
            "no list was given: name a list (a file with a URL on each line, CSV or JSON), - for standard input, or URLs themselves"
        )));
    }
    let base = args.site.as_ref().map(|_| Site::origin()).transpose().map_err(Stop::usage)?;
    let sources: Vec<Source> = args.urls.iter().map(Source::from_argument).collect();
    let needed = Extractor::new(&plan.scrape.extract).map_err(Stop::usage)?.input_columns();
    let options = input::Options { needed, ..plan.input.clone() };
    let input = Input::open(&sources, base, limit).and_then(|input| input.reading(options)).map_err(Stop::usage)?;
    if !args.force_list {
        input.check_first_lines().map_err(Stop::usage)?;
    }
    Ok(input)
}

/// Adds the options that only the command line has to the settings of the output.
fn output(args: &RunArgs, plan: &Plan, format: sink::Format) -> sink::Options {
    let path = output_path(args);
    let site = args.list.site.as_deref().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    sink::Options {
        identity: identity::of(plan, format, site.as_deref()),
        destination: path.map_or(sink::Destination::Stdout, sink::Destination::File),
        format,
        left_over: match (args.resume, args.restart) {
            (true, _) => sink::LeftOver::Resume,
            (false, true) => sink::LeftOver::Replace,
            (false, false) => sink::LeftOver::Refuse,
        },
        ..plan.sink.clone()
    }
}

/// The file of the output. `None` is standard output.
fn output_path(args: &RunArgs) -> Option<PathBuf> {
    args.output.clone().filter(|path| path.as_os_str() != "-")
}

fn format(args: &RunArgs, plan: &Plan) -> anyhow::Result<sink::Format> {
    plan.format.map_or_else(|| by_extension(output_path(args).as_deref()), Ok)
}

/// Chooses the format by the extension. Fails for an unknown extension, because the content of the file would not match
/// its name.
fn by_extension(path: Option<&Path>) -> anyhow::Result<sink::Format> {
    let Some(path) = path else { return Ok(sink::Format::Json) };
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if extension.is_empty() {
        return Ok(sink::Format::Json);
    }
    sink::Format::of_extension(&extension).with_context(|| {
        let known: Vec<String> = sink::Format::extensions().map(|known| format!(".{known}")).collect();
        format!(
            "write the output to `{}`: `.{extension}` is not a format that gleaner writes: use one of {}, or choose the \
             format with --format, such as --format jsonl",
            path.display(),
            known.join(", ")
        )
    })
}
