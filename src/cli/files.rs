//! The files that a run names: what it writes must be nothing else that it names.

use std::path::{Path, PathBuf};

use super::args::RunArgs;
use super::summary_file;
use crate::config::{self, Plan};

/// Errs where a run would write over its own list or settings, or two things into one file: the last one written would be
/// all that is left.
pub(super) fn distinct(args: &RunArgs, plan: &Plan) -> anyhow::Result<()> {
    let lists = args.list.urls.iter().map(|list| ("the list", Some(Path::new(list))));
    let settings = args.settings.config.as_deref().unwrap_or(Path::new(config::DEFAULT_FILE));
    let cookies = plan.cookies.as_ref();
    let read = lists.chain([("the settings file", Some(settings))]);
    let written = [
        ("the output", args.output.as_deref()),
        ("the summary", args.summary.as_deref()),
        ("cookies", cookies.and_then(|cookies| cookies.save.as_deref())),
        ("the cache", plan.cache.as_deref()),
    ];
    let mut taken: Vec<(&str, PathBuf)> = read.filter_map(located).collect();
    for (name, path) in written {
        let Some((_, place)) = located((name, path)) else { continue };
        if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == place) {
            let shown = path.unwrap_or(&place).display();
            anyhow::bail!("write {name} to `{shown}`: that is {other}, name another file");
        }
        taken.push((name, place));
    }
    Ok(())
}

/// One name for all the ways to name a file that is there or may come to be; `None` for standard output, devices and FIFOs,
/// which many may read and write.
fn located<'a>((name, path): (&'a str, Option<&Path>)) -> Option<(&'a str, PathBuf)> {
    let path = path.filter(|path| !summary_file::is_stdout(path))?;
    let place = if let Ok(existing) = path.metadata() {
        path.canonicalize().ok().filter(|_| existing.is_file())?
    } else {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().ok()?.join(path.file_name()?)
    };
    Some((name, place))
}
