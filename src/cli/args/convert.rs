//! The options of `gleaner convert`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{SettingArgs, columns};
use crate::config::Flag;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ConvertArgs {
    /// The output to read: .json, .jsonl, .csv or .tsv, also with .gz or .zst
    #[arg(value_name = "IN")]
    pub(in crate::cli) from: PathBuf,

    /// The file to write, whose extension tells the format (also .parquet and .sqlite); - is standard output
    #[arg(value_name = "OUT")]
    pub(in crate::cli) into: PathBuf,

    /// Make a row of each element of this field; from csv or tsv: make an element of each row
    #[arg(long, value_name = "FIELD")]
    rows: Option<String>,

    /// csv, tsv, parquet and sqlite: the columns about the task, before those of the fields: seq,url,status
    #[arg(long, value_name = "NAMES")]
    pub(in crate::cli) columns: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) settings: SettingArgs,

    /// Discard what an interrupted conversion to the same file has done, and start again
    #[arg(long)]
    pub(in crate::cli) restart: bool,

    /// Say only errors
    #[arg(short, long)]
    pub(in crate::cli) quiet: bool,
}

impl ConvertArgs {
    /// The options that are settings.
    pub(in crate::cli) fn flags(&self) -> Vec<Flag> {
        let mut flags = self.settings.flags();
        flags.extend(self.rows.iter().map(|rows| Flag::new("--rows", "output.rows", rows)));
        flags.extend(self.columns.as_deref().map(columns));
        flags
    }
}
