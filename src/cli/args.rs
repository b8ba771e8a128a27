use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::config::Flag;

/// A list of URLs goes in, an ordered dataset comes out.
///
/// Exit codes: 0 every task has data; 1 the run could not go on, what is done is kept; 2 found before the first
/// request, nothing was fetched; 3 complete, some records are failures; 128 + n stopped by signal n. After 1 and 128 + n `--resume` goes on.
#[derive(Debug, Parser)]
#[command(name = "gleaner", version, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scrape a list of URLs
    Run(Box<RunArgs>),
    /// Show what the pool of worker processes does, on a bundled site
    Demo,
    /// Find everything that can be wrong before the first request
    Check(CheckArgs),
    /// A worker process; started by `run`
    #[command(hide = true)]
    Worker,
}

/// Where the settings come from.
#[derive(Debug, ClapArgs)]
pub(super) struct SettingArgs {
    /// Settings file [default: gleaner.toml in the current folder, if there]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Any setting, such as `pool.task_timeout=5s`
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    set: Vec<String>,
}

/// The list.
#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    /// Files with a URL on each line, - for standard input, or URLs themselves
    #[arg(value_name = "URLS")]
    pub(super) urls: Vec<OsString>,

    /// Serve DIR on a loopback port for this run; lines without a scheme are paths on it
    #[arg(long, value_name = "DIR")]
    pub(super) site: Option<PathBuf>,

    /// Take every line of a file for a task, even if none of the first 20 is a URL
    #[arg(long)]
    pub(super) force_list: bool,
}

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) list: ListArgs,

    #[command(flatten)]
    pub(super) settings: SettingArgs,

    /// Where the records go [default: standard output, also -]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// json or jsonl [default: by the output's extension, else json]
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,

    /// Worker processes [default: one for each CPU]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    workers: Option<String>,

    /// Tasks in flight in each worker
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    concurrency: Option<String>,

    /// Replace a worker by a new process after N jobs; 0 is never
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_tasks_per_worker: Option<String>,

    /// Order of the records: input or completion
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,

    /// Only the first N tasks of the list
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,

    /// A request header, "Name: Value"
    #[arg(short = 'H', long, value_name = "HEADER", action = ArgAction::Append)]
    header: Vec<String>,

    /// The User-Agent
    #[arg(short, long, value_name = "TEXT")]
    user_agent: Option<String>,

    /// Time for one request, up to the end of the body
    #[arg(short, long, value_name = "TIME")]
    timeout: Option<String>,

    /// Tries after the first one
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_retries: Option<String>,

    /// A proxy: http, https, socks5 or socks5h; several take turns; none is no proxy at all
    #[arg(short = 'x', long, value_name = "URL", action = ArgAction::Append)]
    proxy: Vec<String>,

    /// Take any certificate of any server
    #[arg(short, long)]
    insecure: bool,

    /// Do not ask for robots.txt, nor obey it
    #[arg(long)]
    no_robots: bool,

    /// Stop when more than N records, or P% of them, are failures
    #[arg(long, value_name = "N|P%", allow_negative_numbers = true)]
    max_failures: Option<String>,

    /// Stop after this time
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,

    /// Go on with what an interrupted run left of the same output
    #[arg(long, conflicts_with = "restart")]
    pub(super) resume: bool,

    /// Throw away what an interrupted run left of the same output
    #[arg(long)]
    pub(super) restart: bool,

    /// Write what the run did as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,

    /// Whether to draw a progress bar on standard error
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,

    /// Say more: -v a line a task, -vv what happens inside
    #[arg(short, long, action = ArgAction::Count)]
    pub(super) verbose: u8,

    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) list: ListArgs,

    #[command(flatten)]
    pub(super) settings: SettingArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl SettingArgs {
    /// What `--set` sets. The settings know which names and values there are; the command line does not.
    pub(super) fn flags(&self) -> Vec<Flag> {
        self.set.iter().map(Flag::set).collect()
    }
}

impl RunArgs {
    /// The options that are settings.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let named = [
            ("--format", "output.format", &self.format),
            ("--workers", "pool.workers", &self.workers),
            ("--concurrency", "pool.concurrency", &self.concurrency),
            ("--max-tasks-per-worker", "pool.max_tasks_per_worker", &self.max_tasks_per_worker),
            ("--order", "output.order", &self.order),
            ("--user-agent", "fetch.user_agent", &self.user_agent),
            ("--timeout", "fetch.timeout", &self.timeout),
            ("--max-retries", "fetch.max_retries", &self.max_retries),
            ("--max-failures", "limits.max_failures", &self.max_failures),
            ("--deadline", "limits.deadline", &self.deadline),
        ];
        let mut flags = self.settings.flags();
        flags.extend(self.header.iter().map(|line| Flag::header("--header", line)));
        for (flag, key, value) in named {
            flags.extend(value.iter().map(|value| Flag::new(flag, key, value)));
        }
        if !self.proxy.is_empty() {
            flags.push(Flag::list("--proxy", "network.proxies", &self.proxy));
        }
        if self.insecure {
            flags.push(Flag::new("--insecure", "tls.insecure", "true"));
        }
        if self.no_robots {
            flags.push(Flag::new("--no-robots", "politeness.robots", "false"));
        }
        flags
    }
}
