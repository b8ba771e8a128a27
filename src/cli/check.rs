//! `gleaner check`: checks everything that can be wrong before the first request.

use std::io::{ErrorKind, Write};

use super::args::CheckArgs;
use super::{Stop, cookie_file, fields, log, run, words, worker_user};
use crate::config::{InForce, Loaded};
use crate::exit_code::Exit;
use crate::input::Delivery;
use crate::model::{counted, printable};
use crate::scrape::extract::joined;
use crate::streams;

/// The largest number of invalid lines that are shown.
const SHOWN: u64 = 20;

pub(super) fn run(args: &CheckArgs) -> Result<Exit, Stop> {
    let flags = args.settings.flags().into_iter().chain(args.list.flags()).collect();
    let loaded = run::settings(&args.settings, flags)?;
    if let Some(folder) = &args.list.site
        && !folder.is_dir()
    {
        return Err(Stop::usage(anyhow::anyhow!("serve {}: it is not a folder", folder.display())));
    }
    let mut out = streams::display().map_err(Stop::unheard)?;
    show(&mut out, &loaded, args.all)?;
    worker_user::choose(&loaded.plan.worker_user, loaded.plan.pool.sandbox).map_err(Stop::usage)?;
    if let Some(plan) = &loaded.plan.cookies {
        cookie_file::open(plan).map_err(Stop::usage)?;
    }
    if args.list.names_nothing() {
        return Ok(Exit::Success);
    }
    let list = run::list(&args.list, &loaded.plan, None)?;
    let (list, sitemaps) = list.without_sitemaps();
    for sitemap in sitemaps {
        tell(&mut out, &printable(&format!("# {sitemap} is read by a run, not by check")))?;
    }
    if list.is_empty() {
        return Ok(Exit::Success);
    }
    // The reader warns of padding.
    log::start(0, false);
    let mut list = list.start();
    let (mut tasks, mut bad) = (0_u64, 0_u64);
    while let Some(batch) = list.blocking_recv() {
        // Only sitemaps are asked for.
        let Delivery::Batch(batch) = batch.map_err(Stop::usage)? else { continue };
        for task in batch.tasks {
            tasks += 1;
            if let Err(failure) = task.url {
                bad += 1;
                if bad <= SHOWN {
                    words::say(&format!("task {}: {}: {}", task.seq, task.line.escape_debug(), failure.message));
                }
            }
        }
    }
    tell(&mut out, &format!("{}, {bad} of them without a valid URL", counted(tasks, "task")))?;
    Ok(if bad > 0 { Exit::SomeFailed } else { Exit::Success })
}

/// Shows the settings in force, and where each was set: first those that differ from the defaults, then what the fields
/// give, then the others.
fn show(out: &mut impl Write, loaded: &Loaded, all: bool) -> Result<(), Stop> {
    let settings = loaded.in_force.iter();
    let (defaults, other): (Vec<&InForce>, Vec<&InForce>) = settings.partition(|setting| setting.is_default);
    let line = |setting: &InForce| format!("{} = {}  # {}", setting.name, setting.value, setting.place);
    for setting in other {
        tell(out, &printable(&line(setting)))?;
    }
    for field in fields::described(&joined(&loaded.plan.scrape.extract)) {
        tell(out, &printable(&field))?;
    }
    if all {
        return defaults.into_iter().try_for_each(|setting| tell(out, &printable(&line(setting))));
    }
    tell(out, &format!("# {} with their defaults (--all shows them)", counted(defaults.len() as u64, "setting")))
}

/// Writes a line. A closed standard output is not an error: the reader has seen enough, but still gets the exit code.
fn tell(out: &mut impl Write, line: &str) -> Result<(), Stop> {
    match out.write_all(format!("{line}\n").as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Stop::unheard(error)),
        _ => Ok(()),
    }
}
