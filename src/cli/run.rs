//! `gleaner run`.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::again::Again;
use super::args::{ListArgs, RunArgs, SettingArgs};
use super::closing::Closing;
use super::closing_file::ClosingFile;
use super::launch::Ran;
use super::progress::{self, Progress};
use super::repair::{NothingToDo, Prepared};
use super::site::Site;
use super::{
    Stop, conversion, descriptors, files, finished, identity, launch, live_page, log, output_format, repair, report,
    table, words,
};
use crate::config::{self, Flag, InForce, Loaded, Plan};
use crate::coordinator::{Ending, Reason, observed};
use crate::exit_code::Exit;
use crate::input::{self, Input};
use crate::live::{self, CONNECTIONS, Sockets};
use crate::observation::{CommandLine, SettingSummary, Summary};
use crate::scrape::extract::Extractor;
use crate::sink;

/// How much longer a stored answer may be than its body: the longest head, and a little for its chunks.
const STORED_HEAD: u64 = 1 << 20;

/// The longest stored answer that fits into a message to a worker.
const MOST_STORED: u64 = 60 << 20;

pub(super) fn run(args: &RunArgs) -> Result<Exit, Stop> {
    let Loaded { mut plan, in_force, .. } = settings(&args.settings, args.flags())?;
    files::distinct(args, &plan).map_err(Stop::usage)?;
    let is_watched = args.ui.is_some() || args.metrics.is_some();
    let watchers = if is_watched { CONNECTIONS } else { 0 };
    descriptors::suffice(&plan.pool, args.list.site.is_some(), watchers).map_err(Stop::usage)?;
    let site = site(&args.list)?;
    plan.scrape.fetch.site = site.as_ref().map(Site::address);
    let input = list(&args.list, &plan, args.limit).map_err(|stop| with_advice(stop, args))?;
    let open =
        |what, path: Option<&Path>| path.map(|path| ClosingFile::open(what, path)).transpose().map_err(Stop::usage);
    let files = ClosingFiles {
        summary: open("summary", args.summary.as_deref())?,
        report: open("report", args.report.as_deref())?,
    };
    let (format, packing) = output_format::of(args.output.as_deref(), plan.format).map_err(Stop::usage)?;
    let target = conversion::target(format).map_err(Stop::usage)?;
    table::complete(&mut plan, args, &input, format).map_err(Stop::usage)?;
    let conversion = target.map(|target| conversion::of(&plan, target)).transpose().map_err(Stop::usage)?;
    let output = output(args, &plan, format, packing).map_err(Stop::usage)?;
    let mut output = sink::Options { has_sitemaps: input.has_sitemaps(), ..output };
    plan.scrape.fetch.archives = output.archive.is_some();

    let sockets = Sockets::open(args.ui.as_deref(), args.metrics.as_deref()).map_err(Stop::usage)?;
    let shows_details = [&args.summary, &args.report].iter().any(|file| file.is_some());
    let (observers, watch) = observed(shows_details || is_watched);
    log::start(args.verbose, args.quiet);
    if plan.scrape.fetch.tls.insecure {
        tracing::warn!(
            "certificates are not checked (tls.insecure): anybody on the network path can impersonate any https server"
        );
    }
    if let Some(finished) = finished::finished(args, &output, &input, || list(&args.list, &plan, args.limit))? {
        return at_once(args, files, &finished, &in_force);
    }
    let kept = match repair::prepare(args, &plan, &mut output, || list(&args.list, &plan, args.limit))? {
        Prepared::Run(kept) => kept,
        Prepared::NothingToDo(nothing) => return at_once(args, files, &nothing, &in_force),
    };
    let can_retry = repair::is_possible(&output, &input);
    let prints = output.destination == sink::Destination::Stdout && io::stdout().is_terminal();
    let progress = progress::style(args.progress, args.quiet, prints);
    let progress = progress.map(|style| Progress::follow(style, &watch));
    let command = command_line(args, &in_force);
    let live = sockets.map(|sockets| live_page::serve(sockets, &watch, command.clone(), args.quiet)).transpose();
    let live = live.map_err(Stop::usage)?;
    let output = launch::Output { options: output, conversion, kept };
    let ended = launch::launch(&plan, input, output, observers);
    drop(progress);
    let Ran { ending, summary, kept, cookies } = ended?;
    let summary = Summary { ending: name_of(ending).into(), ..summary }.of(command);

    let mut errors = files.write(&summary);
    if !args.quiet && ending != Ending::ReaderGone {
        let again = match ending {
            Ending::Complete => (summary.failed > 0 && can_retry).then_some(Again::RetryFailed),
            _ => kept.as_ref().map(|_| Again::Resume),
        };
        words::closing(&Closing { ending, summary: &summary, kept: kept.as_deref(), again });
    }
    let has_failures = summary.failed > 0;
    if let Some(live) = live {
        live.end(summary);
    }
    errors.extend(cookies.err());
    tell_all(errors)?;
    Ok(match ending {
        Ending::Complete if has_failures => Exit::SomeFailed,
        Ending::Complete | Ending::ReaderGone => Exit::Success,
        Ending::Stopped(Reason::Signal(signal)) => Exit::Signal(signal),
        Ending::Stopped(Reason::Failures | Reason::Deadline | Reason::Drained) => Exit::LimitReached,
    })
}

/// If a list cannot be read and looks like the address of the live page, says how to write that.
fn with_advice(stop: Stop, args: &RunArgs) -> Stop {
    let lists = args.list.urls.iter().filter_map(|list| list.to_str());
    let address = args.ui.as_ref().and_then(|_| lists.into_iter().find(|list| live::is_address(list)));
    let advice =
        address.map(|it| format!("for the live page at {it}, write --ui={it}: a word after a space is a list"));
    Stop { advice: advice.or(stop.advice), ..stop }
}

/// The files that are written at the end of a run, if they are asked for.
struct ClosingFiles {
    summary: Option<ClosingFile>,
    report: Option<ClosingFile>,
}

impl ClosingFiles {
    /// Writes each of them. Returns the errors.
    fn write(self, summary: &Summary) -> Vec<anyhow::Error> {
        let summarize = |file: ClosingFile| {
            let mut line = serde_json::to_vec(summary).context("write the summary")?;
            line.push(b'\n');
            file.write(&line)
        };
        let written = [self.summary.map(summarize), self.report.map(|file| report::write(file, summary))];
        written.into_iter().flatten().filter_map(Result::err).collect()
    }
}

/// Reports all errors after the end of a run, if there are any: the last one by ending with it.
fn tell_all(mut errors: Vec<anyhow::Error>) -> Result<(), Stop> {
    let last = errors.pop();
    errors.iter().for_each(words::error);
    last.map_or(Ok(()), |error| Err(Stop::on_the_way(error)))
}

/// Ends a run that has nothing to fetch.
fn at_once(args: &RunArgs, files: ClosingFiles, nothing: &NothingToDo, in_force: &[InForce]) -> Result<Exit, Stop> {
    let summary = Summary { ending: name_of(Ending::Complete).into(), ..nothing.summary.clone() };
    let summary = summary.of(command_line(args, in_force));
    let errors = files.write(&summary);
    if !args.quiet {
        words::say(&nothing.words);
    }
    tell_all(errors)?;
    Ok(if summary.failed > 0 { Exit::SomeFailed } else { Exit::Success })
}

/// What only the command line knows of a run.
fn command_line(args: &RunArgs, in_force: &[InForce]) -> CommandLine {
    let settings = in_force.iter().filter(|setting| !setting.is_default);
    let settings = settings.map(|it| SettingSummary { name: it.name.clone(), value: harmless(it) });
    CommandLine {
        settings: settings.collect(),
        lists: args.list.names().map(|list| input::redact(&list).into_owned()).collect(),
        output: args.output.as_ref().filter(|path| path.as_os_str() != "-").map(|path| path.display().to_string()),
    }
}

/// How a run ended, as the summary names it.
fn name_of(ending: Ending) -> &'static str {
    match ending {
        Ending::Complete => "complete",
        Ending::ReaderGone => "reader_gone",
        Ending::Stopped(Reason::Signal(_)) => "interrupted",
        Ending::Stopped(Reason::Failures) => "failures",
        Ending::Stopped(Reason::Deadline) => "deadline",
        Ending::Stopped(Reason::Drained) => "drained",
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
