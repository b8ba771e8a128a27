//! `gleaner report`: makes the report of a run that is over.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::Stop;
use super::args::ReportArgs;
use super::closing_file::ClosingFile;
use crate::exit_code::Exit;
use crate::observation::{Summary, VERSION};
use crate::report;

/// The largest summary that is read, in bytes. That of a run with 10,000 workers has a few megabytes.
const LARGEST: u64 = 64 << 20;

pub(super) fn run(args: &ReportArgs) -> Result<Exit, Stop> {
    let summary = read(&args.summary).map_err(Stop::usage)?;
    let file = ClosingFile::open("report", args.output.as_deref().unwrap_or(Path::new("-"))).map_err(Stop::usage)?;
    write(file, &summary).map_err(Stop::on_the_way)?;
    Ok(Exit::Success)
}

/// Writes the report of a run.
pub(super) fn write(file: ClosingFile, summary: &Summary) -> anyhow::Result<()> {
    file.write(report::page(summary).context("make the report")?.as_bytes())
}

fn read(path: &Path) -> anyhow::Result<Summary> {
    let shown = path.display();
    let size = fs::metadata(path).with_context(|| format!("read the summary `{shown}`"))?.len();
    if size > LARGEST {
        bail!("read the summary `{shown}`: it is larger than {} MiB, so it is not a summary", LARGEST >> 20);
    }
    let text = fs::read(path).with_context(|| format!("read the summary `{shown}`"))?;
    let summary: Summary = serde_json::from_slice(&text).with_context(|| {
        format!("read the summary `{shown}`: it is not a summary that `gleaner run --summary FILE` writes")
    })?;
    match summary.version {
        VERSION => Ok(summary),
        1 => {
            bail!("read the summary `{shown}`: it is of an older version of gleaner; run again with --report FILE.html")
        }
        version => {
            bail!("read the summary `{shown}`: its version is {version}, and this gleaner knows version {VERSION}")
        }
    }
}
