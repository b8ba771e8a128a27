//! The command line: what was typed -> settings -> a run -> closing words and an exit code.
//!
//! In reading order: `args` holds the commands and options; `run`, `demo` and `check` are the commands. `files` keeps a
//! run from writing over what it reads. `descriptors` raises the limit on open files, and `file_size` makes the limit
//! on the size of files an error. `launch` starts a run, `worker_user` chooses the user of its workers, and `identity`
//! says what a later run must have in common with it to go on. `site` serves a folder for it. `summary_file` is where
//! its counts go, and `cookie_file` is where its cookies come from and go. `bar`, `log`, `words` and `colour` are what
//! a person sees meanwhile, and `messages` is the way to standard error.

mod args;
mod bar;
mod check;
mod colour;
mod cookie_file;
mod demo;
mod descriptors;
mod file_size;
mod files;
mod identity;
mod launch;
mod log;
mod messages;
mod run;
mod site;
mod summary_file;
mod words;
mod worker_user;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::exit_code::Exit;
use crate::model::printable;
use crate::streams;
use args::{Args, Command};

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let line: Vec<OsString> = env::args_os().collect();
    let args = match Args::read(&line) {
        Ok(args) => args,
        Err(error) => return end(answer(&error)),
    };
    descriptors::take_all();
    file_size::is_an_error();
    let result = match args.command {
        Command::Run(args) => run::run(&args),
        Command::Demo => demo::run(),
        Command::Check(args) => check::run(&args),
        Command::Worker => {
            Err(Stop::usage(anyhow::anyhow!("`gleaner worker` is started by `gleaner run`, not by hand")))
        }
    };
    end(result)
}

/// Says why a command stopped, if it did, and waits for what was said to be written.
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

/// What clap says instead of arguments: help, version, or what is wrong with them. It repeats those as they were typed; a
/// terminal is to obey none of them, even if the colours go with it.
fn answer(error: &clap::Error) -> Result<Exit, Stop> {
    if !error.use_stderr() {
        return show(error);
    }
    let is_harmless = |argument: OsString| {
        let text = argument.to_string_lossy();
        printable(&text) == text
    };
    if env::args_os().all(is_harmless) {
        let _ = error.print();
    } else {
        words::say(error.render().to_string().trim_end());
    }
    Ok(Exit::Usage)
}

/// Writes help or version to standard output. Whoever closes that has seen enough.
fn show(help: &clap::Error) -> Result<Exit, Stop> {
    let written = streams::display().and_then(|_| help.print()).and_then(|()| io::stdout().flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Stop::unheard(error)),
        _ => Ok(Exit::Success),
    }
}

/// Why a command stopped: an error, and what the process says of it at its end.
#[derive(Debug)]
struct Stop {
    exit: Exit,
    error: anyhow::Error,
    /// What to do now, if there is something.
    advice: Option<String>,
}

impl Stop {
    /// Found before the first request.
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into(), advice: None }
    }

    /// Met on the way.
    fn on_the_way(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::CannotGoOn, error: error.into(), advice: None }
    }

    /// Standard output takes no more.
    fn unheard(error: io::Error) -> Self {
        Self::on_the_way(anyhow::Error::new(error).context("write to standard output"))
    }
}
