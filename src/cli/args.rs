use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgAction, Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::config::Flag;
use crate::input::Source;

/// A list of URLs goes in, an ordered dataset comes out.
#[derive(Debug, Parser)]
#[command(name = "gleaner", version, max_term_width = 100, override_usage = USAGE, after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// `run` may be left out.
const USAGE: &str = "\
gleaner <COMMAND>
       gleaner [OPTIONS] <URLS>...   the same as `gleaner run`";

/// What `--help` says about how a command may end.
const EXIT_CODES: &str = "\
Exit codes:
  0    every task has data
  1    the run failed; what is done is kept, --resume continues
  2    an error before the first request; nothing was fetched
  3    complete, but some records are failures
  4    stopped by --max-failures or --deadline; --resume continues
  129  stopped by SIGHUP; --resume continues
  130  stopped by SIGINT (Ctrl-C); --resume continues
  143  stopped by SIGTERM; --resume continues";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scrape a list of URLs
    #[command(after_help = EXIT_CODES)]
    Run(Box<RunArgs>),
    /// Show what the pool of worker processes does, on a bundled site
    Demo,
    /// Find all errors that can be found before the first request, and say what each field gives
    Check(CheckArgs),
    /// Make a report of a run that is over
    Report(ReportArgs),
    /// A worker process; started by `run`
    #[command(hide = true)]
    Worker,
}

impl Args {
    /// Reads a command line, whose first word is the name of the program. A line with a list instead of a command is for
    /// `run`.
    pub(super) fn read(line: &[OsString]) -> Result<Self, clap::Error> {
        let error = match Self::try_parse_from(line) {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument) => error,
            result => return result,
        };
        let (program, rest) = line.split_at(1);
        let of_run = Self::try_parse_from(program.iter().chain([&OsString::from("run")]).chain(rest));
        let is_meant = match &of_run {
            Ok(Self { command: Command::Run(args) }) => args.list.urls.first().is_none_or(|first| is_list(first)),
            Ok(_) => false,
            // It is unclear which word is the list, but a URL cannot be anything else.
            Err(_) => rest.iter().any(|word| matches!(Source::from_argument(word), Source::Url(_))),
        };
        if is_meant { of_run } else { Err(error) }
    }
}

/// Whether a word in the place of a command is a list: it is neither the name of a command nor a misspelt one.
fn is_list(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    let is_command = Args::command().get_subcommands().any(|command| command.get_name() == text);
    // Paths, names of files and URLs have one of these. Names of commands do not.
    let is_name_of_list = text.contains(['/', '.', ':', '\\']);
    !is_command && (text == "-" || is_name_of_list || Path::new(word).exists())
}

/// Where the settings come from.
#[derive(Debug, ClapArgs)]
pub(super) struct SettingArgs {
    /// Settings file [default: gleaner.toml in the current folder, if it exists]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Any setting, such as `pool.task_timeout=5s`; the shell removes quotes, so put a value with quotes between single quotes:
    /// `--set 'extract.links=["a::url"]'`
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    set: Vec<String>,
}

/// The list.
#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    /// Lists (a URL on each line, CSV, TSV, JSON or JSON Lines), - for standard input, or URLs themselves
    #[arg(value_name = "URLS")]
    pub(super) urls: Vec<OsString>,

    /// Serve DIR on a loopback port for this run; lines without a scheme are paths on it
    #[arg(long, value_name = "DIR")]
    pub(super) site: Option<PathBuf>,

    /// Take every entry of a list as a task, even if none of the first 20 is a URL
    #[arg(long)]
    pub(super) force_list: bool,

    /// txt, csv, tsv, jsonl (also ndjson) or json [default: by the extension of each list; txt for any other]
    #[arg(long, value_name = "FORMAT")]
    input_format: Option<String>,

    /// The column of the URLs in a CSV or TSV list [default: the only one, or url, link or href]
    #[arg(long, value_name = "NAME|N")]
    url_column: Option<String>,

    /// The keys that lead to the URLs in a JSON list, such as data.links [default: url]
    #[arg(long, value_name = "PATH")]
    url_field: Option<String>,

    /// The other columns or keys of the list that records repeat, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "keep_none")]
    keep: Vec<String>,

    /// Repeat nothing of the list but the URLs
    #[arg(long)]
    keep_none: bool,
}

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate flag")]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) list: ListArgs,

    #[command(flatten)]
    pub(super) settings: SettingArgs,

    /// Where the records go, - for standard output [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// json, jsonl (also ndjson), csv or tsv [default: by the extension of the output; json without one]
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<String>,

    /// csv and tsv: the columns about the task, before those of the fields: seq,url,status
    #[arg(long, value_name = "NAMES")]
    pub(super) columns: Option<String>,

    /// csv and tsv: make a row of each element of this field with `each`
    #[arg(long, value_name = "FIELD")]
    rows: Option<String>,

    /// Worker processes [default: one for each CPU]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    workers: Option<String>,

    /// Tasks in flight in each worker
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    concurrency: Option<String>,

    /// Replace a worker by a new process after N jobs; 0 = never
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_tasks_per_worker: Option<String>,

    /// Order of the records: input (the order of the list) or completion
    #[arg(long, value_name = "ORDER")]
    order: Option<String>,

    /// Only the first N tasks of the list
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,

    /// A request header, "Name: Value", or @FILE for a file with one on each line, which keeps secrets out of the list of
    /// processes
    #[arg(short = 'H', long, value_name = "HEADER", action = ArgAction::Append)]
    header: Vec<String>,

    /// The User-Agent header
    #[arg(short, long, value_name = "TEXT")]
    user_agent: Option<String>,

    /// Time for one request, up to the end of the body
    #[arg(short, long, value_name = "TIME")]
    timeout: Option<String>,

    /// Further tries after the first one
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_retries: Option<String>,

    /// A proxy (http, https, socks5 or socks5h), or none for no proxy at all; several take turns
    #[arg(short = 'x', long, value_name = "URL", action = ArgAction::Append)]
    proxy: Vec<String>,

    /// Accept any certificate of any server
    #[arg(short, long)]
    insecure: bool,

    /// Neither request nor obey robots.txt
    #[arg(long)]
    no_robots: bool,

    /// Stop when more than N records, or P% of them, are failures
    #[arg(long, value_name = "N|P%", allow_negative_numbers = true)]
    max_failures: Option<String>,

    /// Stop after this time
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,

    /// Continue an interrupted run of the same output
    #[arg(long, conflicts_with = "restart")]
    pub(super) resume: bool,

    /// Discard what an interrupted run of the same output has done, and start again
    #[arg(long)]
    pub(super) restart: bool,

    /// Write a summary of the run as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) summary: Option<PathBuf>,

    /// Write a report of the run, with pictures, as one page of HTML
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,

    /// Whether to draw a progress bar on standard error
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,

    /// Say more: -v is one line for each task, -vv is what happens inside
    #[arg(short, long, action = ArgAction::Count)]
    pub(super) verbose: u8,

    /// Say only errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) list: ListArgs,

    #[command(flatten)]
    pub(super) settings: SettingArgs,

    /// Also show settings that have their defaults
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReportArgs {
    /// A summary that `gleaner run --summary` wrote
    #[arg(value_name = "SUMMARY.json")]
    pub(super) summary: PathBuf,

    /// Where the page goes, - for standard output [default: standard output]
    #[arg(short, long, value_name = "FILE.html")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl SettingArgs {
    /// What `--set` sets. The settings know which names and values are valid; the command line does not.
    pub(super) fn flags(&self) -> Vec<Flag> {
        self.set.iter().map(Flag::set).collect()
    }
}

impl ListArgs {
    /// The options that are settings.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let named = [
            ("--input-format", "input.format", &self.input_format),
            ("--url-column", "input.url_column", &self.url_column),
            ("--url-field", "input.url_field", &self.url_field),
        ];
        let given = |(flag, key, value): (_, _, &Option<String>)| Some(Flag::new(flag, key, value.as_ref()?));
        let mut flags: Vec<Flag> = named.into_iter().filter_map(given).collect();
        if !self.keep.is_empty() {
            flags.push(Flag::list("--keep", "input.keep", &self.keep));
        }
        if self.keep_none {
            flags.push(Flag::list("--keep-none", "input.keep", &[]));
        }
        flags
    }
}

impl RunArgs {
    /// The options that are settings.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let named = [
            ("--format", "output.format", &self.format),
            ("--rows", "output.rows", &self.rows),
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
        flags.extend(self.list.flags());
        flags.extend(self.header.iter().map(|line| Flag::header("--header", line)));
        for (flag, key, value) in named {
            flags.extend(value.iter().map(|value| Flag::new(flag, key, value)));
        }
        if let Some(columns) = &self.columns {
            let columns = columns.split(',').map(str::trim).filter(|column| !column.is_empty());
            let columns: Vec<String> = columns.map(str::to_owned).collect();
            flags.push(Flag::list("--columns", "output.columns", &columns));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, clap::Error> {
        let words: Vec<OsString> = ["gleaner"].into_iter().chain(line.split_whitespace()).map(Into::into).collect();
        Args::read(&words)
    }

    #[test]
    fn a_list_without_a_command_is_for_run_wherever_its_options_stand() {
        let table = [
            ("http://h/", "http://h/"),
            ("http://h/ https://h/b", "http://h/ https://h/b"),
            ("HTTP://h/ -w 2", "HTTP://h/"),
            ("-w 2 http://h/", "http://h/"),
            ("-vo out.json http://h/ --limit 3", "http://h/"),
            ("-c check http://h/", "http://h/"),
            ("-- http://h/", "http://h/"),
            ("-", "-"),
            ("--limit 3 -", "-"),
            ("lists/urls.txt", "lists/urls.txt"),
            ("urls.txt -q", "urls.txt"),
            // A file that exists, although it has no extension.
            ("LICENSE-MIT", "LICENSE-MIT"),
            ("--site fixtures/site", ""),
            ("run check", "check"),
        ];
        for (line, urls) in table {
            let args = read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            let Command::Run(args) = args.command else { panic!("{line} is another command") };
            let list: Vec<_> = args.list.urls.iter().map(|url| url.to_string_lossy()).collect();
            assert_eq!(list.join(" "), urls, "{line}");
        }
    }

    #[test]
    fn the_name_of_a_command_is_that_command() {
        assert!(matches!(read("check").expect("a command").command, Command::Check(_)));
        assert!(matches!(read("demo").expect("a command").command, Command::Demo));
        assert!(matches!(read("check http://h/").expect("a command").command, Command::Check(_)));
    }

    #[test]
    fn anything_else_gets_the_errors_of_clap() {
        let table = [
            ("chekc", ErrorKind::InvalidSubcommand, "'check'"),
            ("Check", ErrorKind::InvalidSubcommand, "'check'"),
            ("runn http://h/", ErrorKind::InvalidSubcommand, "'run'"),
            ("nonsense", ErrorKind::InvalidSubcommand, "unrecognized subcommand 'nonsense'"),
            ("-v check", ErrorKind::UnknownArgument, "'-v'"),
            ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "Usage"),
            ("--help", ErrorKind::DisplayHelp, "Exit codes"),
            ("http://h/ --help", ErrorKind::DisplayHelp, "--max-retries"),
            ("http://h/ --worker 3", ErrorKind::UnknownArgument, "'--workers'"),
            ("--workerz 3 http://h/", ErrorKind::UnknownArgument, "'--workers'"),
            ("demo http://h/", ErrorKind::UnknownArgument, "'http://h/'"),
        ];
        for (line, kind, part) in table {
            let error = read(line).expect_err(line);
            let text = error.to_string();
            assert!(text.contains(part), "{line}: {text}");
            assert_eq!(error.kind(), kind, "{line}: {text}");
        }
    }
}
