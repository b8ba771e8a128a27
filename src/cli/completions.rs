//! `gleaner completions`: a script for a shell.

use clap::{Command, CommandFactory as _};
use clap_complete::generate;

use super::args::{Args, CompletionsArgs};
use super::{Stop, display};
use crate::exit_code::Exit;

pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    generate(args.shell, &mut completed(), "gleaner", &mut script);
    display::whole(&String::from_utf8_lossy(&script))
}

/// The commands and options that a shell completes: none that are hidden, and those of `run` without `run`, too.
fn completed() -> Command {
    let all = Args::command();
    let shown: Vec<Command> = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    let run = shown.iter().find(|command| command.get_name() == "run");
    // A list of options that `gleaner` has without a command.
    let options: Vec<clap::Arg> = run.into_iter().flat_map(Command::get_arguments).cloned().collect();
    let about = all.get_about().cloned().unwrap_or_default();
    Command::new("gleaner").version(env!("CARGO_PKG_VERSION")).about(about).args(options).subcommands(shown)
}
