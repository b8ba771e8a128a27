//! `gleaner man`: a manual page in roff. It depends on nothing but the version: neither on the terminal nor on the time.

use std::fmt::Write as _;

use anyhow::anyhow;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::args::{Args, EXIT_CODES, ManArgs};
use super::{Stop, display};
use crate::exit_code::Exit;

pub(super) fn run(args: &ManArgs) -> Result<Exit, Stop> {
    let mut all = Args::command().disable_help_subcommand(true);
    // Gives all commands their full names.
    all.build();
    let mut command = &all;
    for name in &args.command {
        let shown: Vec<&Command> = command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
        let Some(found) = shown.iter().find(|command| command.get_name() == name) else {
            return Err(Stop::usage(unknown(args, command, &shown)));
        };
        command = found;
    }
    display::whole(&page(command))
}

fn unknown(args: &ManArgs, around: &Command, shown: &[&Command]) -> anyhow::Error {
    let names: Vec<&str> = shown.iter().map(|command| command.get_name()).collect();
    let wanted = args.command.join(" ");
    match names.as_slice() {
        [] => anyhow!("print the manual of `{wanted}`: `{}` has no commands of its own", around.get_name()),
        names => anyhow!("print the manual of `{wanted}`: the commands are {}", names.join(", ")),
    }
}

/// The page of a command. Its exit codes have a section of their own.
fn page(command: &Command) -> String {
    let has_exit_codes = command.get_after_help().is_some();
    let command = command.clone().after_help(None::<&str>);
    let name = command.get_name().to_owned();
    let full_name = command.get_display_name().unwrap_or(&name).to_owned();
    let mut rendered = Vec::new();
    Man::new(command).render(&mut rendered).expect("memory takes it");
    // The title has no date. `clap_mangen` would leave its place out, and put the version there.
    let title = concat!(" 1 \"\" \"gleaner ", env!("CARGO_PKG_VERSION"), "\"");
    let mut page = String::new();
    for line in String::from_utf8_lossy(&rendered).lines() {
        let titled = line.starts_with(".TH ").then(|| format!(".TH {full_name}{title}"));
        page.extend([titled.as_deref().unwrap_or(line), "\n"]);
    }
    if has_exit_codes {
        exit_status(&mut page);
    }
    let others = if name == "gleaner" {
        "`gleaner man COMMAND` prints the manual page of a command."
    } else {
        "\\fBgleaner\\fR(1)"
    };
    // Writing to a string cannot fail.
    let _ = writeln!(page, ".SH \"SEE ALSO\"\n{others}");
    page
}

/// Appends the exit codes, each with its meaning.
fn exit_status(page: &mut String) {
    page.push_str(".SH \"EXIT STATUS\"\n");
    for line in EXIT_CODES.lines().skip(1) {
        let (code, meaning) = line.trim_start().split_once(' ').unwrap_or((line, ""));
        let meaning = meaning.trim_start().replace('-', "\\-");
        let _ = writeln!(page, ".TP\n\\fB{code}\\fR\n{meaning}");
    }
}
