//! `gleaner report`: makes the report of a run that is over.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::args::ReportArgs;
use super::closing_file::ClosingFile;
use super::{Stop, files};
use crate::exit_code::Exit;
use crate::observation::{Summary, VERSION};
use crate::report;
use crate::streams::{self, Stream};

/// The largest summary that is read, in bytes. That of a run with 10,000 workers has a few megabytes.
const LARGEST: u64 = 64 << 20;

pub(super) fn run(args: &ReportArgs) -> Result<Exit, Stop> {
    let summary = read(&args.summary).map_err(Stop::usage)?;
    if let Some(output) = args.output.as_deref().filter(|output| files::are_one(&args.summary, output)) {
        let why = "that is the summary, name another file";
        return Err(Stop::usage(anyhow::anyhow!("write the report to `{}`: {why}", output.display())));
    }
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
    let describe = || format!("read the summary `{shown}`");
    let file = if path.as_os_str() == "-" { streams::input().map(Stream::into_file) } else { File::open(path) };
    let file = file.with_context(describe)?;
    ensure!(!file.metadata().with_context(describe)?.is_dir(), "read the summary `{shown}`: it is a folder");
    let mut text = Vec::new();
    // A device may have no end.
    file.take(LARGEST + 1).read_to_end(&mut text).with_context(describe)?;
    if text.len() as u64 > LARGEST {
        bail!("read the summary `{shown}`: it is larger than {} MiB, so it is not a summary", LARGEST >> 20);
    }
    let other = || format!("read the summary `{shown}`: it is not a summary that `gleaner run --summary FILE` writes");
    // An array would count as a struct.
    ensure!(text.trim_ascii_start().starts_with(b"{"), other());
    // Another version may have other keys.
    let Versioned { version } = serde_json::from_slice(&text).with_context(other)?;
    match version {
        VERSION => serde_json::from_slice(&text).with_context(other),
        1 => {
            bail!("read the summary `{shown}`: it is of an older version of gleaner; run again with --report FILE.html")
        }
        version => {
            bail!("read the summary `{shown}`: its version is {version}, and this gleaner knows version {VERSION}")
        }
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}
