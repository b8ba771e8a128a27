//! The options of `gleaner run`.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs};

use super::{
    LIST, LOAD, ListArgs, LogFormat, MESSAGES, OUTPUT, REQUESTS, STOPPING, SettingArgs, ShowProgress, WORKERS, columns,
};
use crate::config::Flag;

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    pub(in crate::cli) list: ListArgs,

    #[command(flatten)]
    pub(in crate::cli) settings: SettingArgs,

    /// Where the records go, - for standard output [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(in crate::cli) output: Option<PathBuf>,

    /// json, jsonl (also ndjson), csv, tsv, parquet or sqlite [default: by the extension of the output; json without
    /// one]. An output that ends in .gz or .zst is compressed
    #[arg(short, long, value_name = "FORMAT", help_heading = OUTPUT)]
    format: Option<String>,

    /// csv, tsv, parquet and sqlite: the columns about the task, before those of the fields: seq,url,status
    #[arg(long, value_name = "NAMES", help_heading = OUTPUT)]
    pub(in crate::cli) columns: Option<String>,

    /// csv and tsv: make a row of each element of this field with `each`
    #[arg(long, value_name = "FIELD", help_heading = OUTPUT)]
    rows: Option<String>,

    /// csv and tsv: what the names of the list's columns begin with, so that they differ from all others
    #[arg(long, value_name = "TEXT", help_heading = OUTPUT)]
    pub(in crate::cli) input_prefix: Option<String>,

    /// Worker processes [default: one for each CPU]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, help_heading = WORKERS)]
    workers: Option<String>,

    /// Tasks in flight in each worker
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = WORKERS)]
    concurrency: Option<String>,

    /// Replace a worker by a new process after N jobs; 0 = never
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = WORKERS)]
    max_tasks_per_worker: Option<String>,

    /// Order of the records: input (the order of the list) or completion
    #[arg(long, value_name = "ORDER", help_heading = OUTPUT)]
    order: Option<String>,

    /// Only the first N tasks of the list
    #[arg(long, value_name = "N", help_heading = LIST)]
    pub(in crate::cli) limit: Option<u64>,

    /// A request header, "Name: Value", or @FILE for a file with one on each line, which keeps secrets out of the list of
    /// processes
    #[arg(short = 'H', long, value_name = "HEADER", action = ArgAction::Append, help_heading = REQUESTS)]
    header: Vec<String>,

    /// The User-Agent header
    #[arg(short, long, value_name = "TEXT", help_heading = REQUESTS)]
    user_agent: Option<String>,

    /// Time for one request, up to the end of the body
    #[arg(short, long, value_name = "TIME", help_heading = REQUESTS)]
    timeout: Option<String>,

    /// Further tries after the first one
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = REQUESTS)]
    max_retries: Option<String>,

    /// A proxy (http, https, socks5 or socks5h), or none for no proxy at all; several take turns
    #[arg(short = 'x', long, value_name = "URL", action = ArgAction::Append, help_heading = REQUESTS)]
    proxy: Vec<String>,

    /// Who may reach addresses that are not public: direct (only URLs of the list), allow (redirects too) or deny
    #[arg(long, value_name = "WHO", help_heading = REQUESTS)]
    private: Option<String>,

    /// Accept any certificate of any server
    #[arg(short, long, help_heading = REQUESTS)]
    insecure: bool,

    /// Keep answers in FILE, and ask the next time only whether a page has changed
    #[arg(long, value_name = "FILE", help_heading = REQUESTS)]
    cache: Option<String>,

    /// Neither request nor obey robots.txt
    #[arg(long, help_heading = LOAD)]
    no_robots: bool,

    /// The time from one request to a host to the next one
    #[arg(long, value_name = "TIME", help_heading = LOAD)]
    delay: Option<String>,

    /// The most requests a second, to all hosts together; 0 = no limit
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = LOAD)]
    rate: Option<String>,

    /// The most requests to one host at the same time; 0 = no limit
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = LOAD)]
    per_host: Option<String>,

    /// Stop when more than N records, or P% of them, are failures
    #[arg(long, value_name = "N|P%", allow_negative_numbers = true, help_heading = STOPPING)]
    max_failures: Option<String>,

    /// Stop at the first failure, as `--max-failures 0`
    #[arg(long, conflicts_with = "max_failures", help_heading = STOPPING)]
    fail_fast: bool,

    /// Stop after this time
    #[arg(long, value_name = "TIME", help_heading = STOPPING)]
    deadline: Option<String>,

    /// Continue an interrupted run of the same output
    #[arg(long, conflicts_with = "restart", help_heading = OUTPUT)]
    pub(in crate::cli) resume: bool,

    /// Discard what an interrupted run of the same output has done, and start again
    #[arg(long, help_heading = OUTPUT)]
    pub(in crate::cli) restart: bool,

    /// Keep every request and response, also those of redirects and robots.txt, in a web archive (WARC)
    #[arg(long, value_name = "FILE.warc.gz", help_heading = OUTPUT)]
    pub(in crate::cli) archive: Option<PathBuf>,

    /// Fetch the failures of the finished output FILE of -o again, and keep all other records
    #[arg(long, conflicts_with = "since", help_heading = OUTPUT)]
    pub(in crate::cli) retry_failed: bool,

    /// With --retry-failed: only failures of these kinds, separated by commas: timeout,dns
    #[arg(long, value_name = "KINDS", value_delimiter = ',', requires = "retry_failed", help_heading = OUTPUT)]
    pub(in crate::cli) only: Vec<String>,

    /// Fetch only what the finished output FILE has no data for, and take over its other records
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(in crate::cli) since: Option<PathBuf>,

    /// With --retry-failed or --since: keep records even if they were made by other rules, or nobody knows by which
    #[arg(long, help_heading = OUTPUT)]
    pub(in crate::cli) allow_changed_rules: bool,

    /// Write the failed tasks to a list as they come: .csv, .tsv, .jsonl, or text
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(in crate::cli) failed_out: Option<PathBuf>,

    /// Write a summary of the run as JSON
    #[arg(long, value_name = "FILE", help_heading = MESSAGES)]
    pub(in crate::cli) summary: Option<PathBuf>,

    /// Write a report of the run, with pictures, as one page of HTML
    #[arg(long, value_name = "FILE.html", help_heading = MESSAGES)]
    pub(in crate::cli) report: Option<PathBuf>,

    /// Show the run in a browser, on this machine or at HOST:PORT; the address, with a secret, is printed
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:0", help_heading = MESSAGES)]
    pub(in crate::cli) ui: Option<String>,

    /// Serve counts of the run for Prometheus, at http://HOST:PORT/metrics
    #[arg(long, value_name = "HOST:PORT", help_heading = MESSAGES)]
    pub(in crate::cli) metrics: Option<String>,

    /// How to show the progress on standard error
    #[arg(long, value_name = "HOW", default_value = "auto", help_heading = MESSAGES)]
    pub(in crate::cli) progress: ShowProgress,

    /// The form of everything on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = MESSAGES)]
    log_format: LogFormat,

    /// Say more: -v is one line for each task, -vv is what happens inside
    #[arg(short, long, action = ArgAction::Count, help_heading = MESSAGES)]
    pub(in crate::cli) verbose: u8,

    /// Say only errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = MESSAGES)]
    pub(in crate::cli) quiet: bool,
}

impl RunArgs {
    /// The options that are settings.
    pub(in crate::cli) fn flags(&self) -> Vec<Flag> {
        let named = [
            ("--format", "output.format", &self.format),
            ("--rows", "output.rows", &self.rows),
            ("--input-prefix", "output.input_prefix", &self.input_prefix),
            ("--workers", "pool.workers", &self.workers),
            ("--concurrency", "pool.concurrency", &self.concurrency),
            ("--max-tasks-per-worker", "pool.max_tasks_per_worker", &self.max_tasks_per_worker),
            ("--order", "output.order", &self.order),
            ("--user-agent", "fetch.user_agent", &self.user_agent),
            ("--timeout", "fetch.timeout", &self.timeout),
            ("--max-retries", "fetch.max_retries", &self.max_retries),
            ("--cache", "cache.path", &self.cache),
            ("--private", "network.private_addresses", &self.private),
            ("--delay", "politeness.delay", &self.delay),
            ("--rate", "politeness.rate", &self.rate),
            ("--per-host", "politeness.per_host_concurrency", &self.per_host),
            ("--max-failures", "limits.max_failures", &self.max_failures),
            ("--deadline", "limits.deadline", &self.deadline),
        ];
        let mut flags = self.settings.flags();
        flags.extend(self.list.flags());
        flags.extend(self.header.iter().map(|line| Flag::header("--header", line)));
        for (flag, key, value) in named {
            flags.extend(value.iter().map(|value| Flag::new(flag, key, value)));
        }
        flags.extend(self.columns.as_deref().map(columns));
        if !self.proxy.is_empty() {
            flags.push(Flag::list("--proxy", "network.proxies", &self.proxy));
        }
        if self.insecure {
            flags.push(Flag::new("--insecure", "tls.insecure", "true"));
        }
        if self.fail_fast {
            flags.push(Flag::new("--fail-fast", "limits.max_failures", "0"));
        }
        if self.no_robots {
            flags.push(Flag::new("--no-robots", "politeness.robots", "false"));
        }
        flags
    }
}
