//! The command line: arguments -> settings -> a run -> closing words and an exit code.
//!
//! In reading order: `args` holds the commands and options; `run`, `demo`, `check`, `convert`, `probe` (`try` and
//! `init`), `schema`, `completions` and `man` are the commands. `fields` describes the fields of a run for `check`.
//! `display` writes what the last three print. `files` prevents a run from overwriting its own input. `descriptors`
//! raises the limit on open files, and `file_size` turns the limit on file sizes into an error. `launch` starts a run,
//! `worker_user` chooses the user of its workers, and `identity` lists the settings that a resumed run must share.
//! `output_format` reads the name of the output. `site` serves a folder during a run. `table` finds the columns of a
//! table, and `conversion` makes Parquet or `SQLite` of the finished records. `repair` finds out what a run keeps of an
//! older output, and `finished` whether there is anything left to resume. `live_page` serves the live page and the
//! metrics. `closing_file` writes the summary and the report at the end, and `report` makes a report of a summary.
//! `cookie_file` loads and saves cookies. `progress` shows how far a run has come. `log`, `words`, `closing` (with
//! `coverage_words`, and `again` for the command that goes on) and `colour` produce what a person reads, and `messages`
//! writes all of it to standard error. It keeps the progress at the bottom of the screen (`screen`); `terminal` knows
//! its size.

mod again;
mod args;
mod check;
mod closing;
mod closing_file;
mod colour;
mod completions;
mod conversion;
mod convert;
mod cookie_file;
mod coverage_words;
mod demo;
mod descriptors;
mod display;
mod fields;
mod file_size;
mod files;
mod finished;
mod identity;
mod launch;
mod live_page;
mod log;
mod man;
mod messages;
mod output_format;
mod probe;
mod progress;
mod repair;
mod report;
mod run;
mod schema;
mod screen;
mod site;
mod table;
mod terminal;
mod words;
mod worker_user;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::exit_code::Exit;
use crate::model::printable;
use crate::streams;
use args::{Args, Command, LogFormat};

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let line: Vec<OsString> = env::args_os().collect();
    // Errors of the command line itself have this form too.
    colour::choose(args::early(&line, "--color"));
    if args::early(&line, "--log-format") == Some(LogFormat::Json) {
        log::use_json();
        std::panic::set_hook(Box::new(|panic| messages::say(log::line(tracing::Level::ERROR, &panic.to_string()))));
    }
    let args = match Args::read(&line) {
        Ok(args) => args,
        Err(error) => return end(answer(&error)),
    };
    descriptors::take_all();
    file_size::is_an_error();
    let result = match args.command {
        Command::Run(args) => run::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Try(args) => probe::look(&args),
        Command::Init(args) => probe::init(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Worker => {
            Err(Stop::usage(anyhow::anyhow!("`gleaner worker` is started by `gleaner run`, not by hand")))
        }
    };
    end(result)
}

/// Reports why a command stopped, if it did, and waits until all messages are written.
fn end(result: Result<Exit, Stop>) -> ExitCode {
    let exit = result.unwrap_or_else(|stop| {
        words::error(&stop.error);
        if let Some(advice) = &stop.advice {
            words::say(advice);
        }
        stop.exit
    });
    messages::finish();
    exit.into()
}

/// Shows clap's help, version or error message. An error quotes arguments, which may contain characters that control a
/// terminal. In that case they are replaced, and the colours are lost.
fn answer(error: &clap::Error) -> Result<Exit, Stop> {
    if !error.use_stderr() {
        return show(error);
    }
    let is_harmless = |argument: OsString| {
        let text = argument.to_string_lossy();
        printable(&text) == text
    };
    if log::is_json() {
        let text = error.render().to_string();
        let text = text.trim_end();
        messages::say(log::line(tracing::Level::ERROR, text.strip_prefix("error: ").unwrap_or(text)));
    } else if env::args_os().all(is_harmless) {
        let _ = error.print();
    } else {
        words::say(error.render().to_string().trim_end());
    }
    Ok(Exit::Usage)
}

/// Writes help or version to standard output. A closed pipe is not an error.
fn show(help: &clap::Error) -> Result<Exit, Stop> {
    let written = streams::display().and_then(|_| help.print()).and_then(|()| io::stdout().flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::unheard(error)),
        _ => Ok(Exit::Success),
    }
}

/// Why a command stopped: the error, and the exit code.
#[derive(Debug)]
struct Stop {
    exit: Exit,
    error: anyhow::Error,
    /// What the user can do now, if anything.
    advice: Option<String>,
}

impl Stop {
    /// An error that was found before the first request.
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into(), advice: None }
    }

    /// An error during the run.
    fn on_the_way(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::CannotGoOn, error: error.into(), advice: None }
    }

    /// An error of standard output.
    fn unheard(error: io::Error) -> Self {
        Self::on_the_way(anyhow::Error::new(error).context("write to standard output"))
    }
}
