use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgAction, Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::Flag;
use crate::input::{self, Source};

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
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    every task has data
  1    the run failed; what is done is kept, --resume continues
  2    an error before the first request; nothing was fetched
  3    complete, but some records are failures
  4    stopped by --max-failures or --deadline; --resume continues
  129  stopped by SIGHUP; --resume continues
  130  stopped by SIGINT (Ctrl-C); --resume continues
  143  stopped by SIGTERM; --resume continues";

/// What `gleaner try --help` says about selectors.
const TRY: &str = "\
Selectors:
  'article h3 a::text-content'  CSS, with the endings of rules (::text, ::text-content, ::attr(name), ::url)
  '//article//h3/a/text()'      XPath: begins with / or ./ or (
  '$.items[*].price'            a JSON path: begins with $; put it between single quotes

A page is fetched once. The next calls use the copy in the user's cache folder; --again fetches it anew.
Exit codes: 0, 2 for a usage error, 3 if the page fails or lacks a required field.";
/// The headings of the help, under which options stand.
const LIST: &str = "List";
const SETTINGS: &str = "Settings and fields";
const OUTPUT: &str = "Output";
const REQUESTS: &str = "Requests";
const LOAD: &str = "Load on servers";
const WORKERS: &str = "Workers";
const STOPPING: &str = "When to stop";
const MESSAGES: &str = "Messages";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Scrape a list of URLs
    #[command(after_help = EXIT_CODES)]
    Run(Box<RunArgs>),
    /// Show what the pool of worker processes does, on a bundled site
    Demo,
    /// Find all errors that can be found before the first request, and say what each field gives
    Check(Box<CheckArgs>),
    /// Write the records of an output in another format
    Convert(ConvertArgs),
    /// Show what selectors or rules find on one page, and where
    #[command(after_help = TRY)]
    Try(Box<TryArgs>),
    /// Write a settings file to begin with; with a page, one that has rules for what the page carries
    Init(Box<InitArgs>),
    /// Print a JSON Schema, which editors and programs read
    Schema(SchemaArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page of a command, or of `gleaner` itself
    Man(ManArgs),
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

/// What the help says about `--select`.
const SELECT: &str = "A field: `--select title=h1::text` is short for `--set extract.title=h1::text`. The selector may also be \
                      an XPath (`//h1`) or a JSON path (`$.title`)";

/// Where the settings come from.
#[derive(Debug, ClapArgs)]
pub(super) struct SettingArgs {
    /// Settings file [default: gleaner.toml in the current folder, if it exists]
    #[arg(short, long, value_name = "FILE", help_heading = SETTINGS)]
    pub(super) config: Option<PathBuf>,

    /// Any setting, such as `pool.task_timeout=5s`; the shell removes quotes, so put a value with quotes between single quotes:
    /// `--set 'extract.links=["a::url"]'`
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append, help_heading = SETTINGS)]
    set: Vec<String>,

    #[arg(long, value_name = "NAME=SELECTOR", action = ArgAction::Append, help_heading = SETTINGS, help = SELECT)]
    select: Vec<String>,
}

/// The list.
#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    /// Lists (a URL on each line, CSV, TSV, JSON, JSON Lines or WARC), - for standard input, or URLs themselves
    #[arg(value_name = "URLS")]
    pub(super) urls: Vec<OsString>,

    /// A sitemap, a sitemap index or a feed: a URL, a file, or robots:HOST for those that a robots.txt names; may be repeated
    #[arg(long, value_name = "URL", action = ArgAction::Append, help_heading = LIST)]
    pub(super) sitemap: Vec<OsString>,

    /// Serve DIR on a loopback port for this run; lines without a scheme are paths on it
    #[arg(long, value_name = "DIR", help_heading = LIST)]
    pub(super) site: Option<PathBuf>,

    /// Read the saved pages in DIR instead of fetching them (docs/lists.md); they come after the lists
    #[arg(long, value_name = "DIR", help_heading = LIST)]
    pub(super) pages: Option<PathBuf>,

    /// Take every entry of a list as a task, even if none of the first 20 is a URL
    #[arg(long, help_heading = LIST)]
    pub(super) force_list: bool,

    /// txt, csv, tsv, jsonl (also ndjson), json, sitemap or warc [default: by the extension of each list; txt for any
    /// other]
    #[arg(long, value_name = "FORMAT", help_heading = LIST)]
    input_format: Option<String>,

    /// The column of the URLs in a CSV or TSV list [default: the only one, or url, link or href]
    #[arg(long, value_name = "NAME|N", help_heading = LIST)]
    url_column: Option<String>,

    /// The keys that lead to the URLs in a JSON list, such as data.links [default: url]
    #[arg(long, value_name = "PATH", help_heading = LIST)]
    url_field: Option<String>,

    /// The other columns or keys of the list that records repeat, separated by commas [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', conflicts_with = "keep_none", help_heading = LIST)]
    keep: Vec<String>,

    /// Repeat nothing of the list but the URLs
    #[arg(long, help_heading = LIST)]
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
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    pub(super) output: Option<PathBuf>,

    /// json, jsonl (also ndjson), csv, tsv, parquet or sqlite [default: by the extension of the output; json without one].
    /// An output that ends in .gz or .zst is compressed
    #[arg(short, long, value_name = "FORMAT", help_heading = OUTPUT)]
    format: Option<String>,

    /// csv, tsv, parquet and sqlite: the columns about the task, before those of the fields: seq,url,status
    #[arg(long, value_name = "NAMES", help_heading = OUTPUT)]
    pub(super) columns: Option<String>,

    /// csv and tsv: make a row of each element of this field with `each`
    #[arg(long, value_name = "FIELD", help_heading = OUTPUT)]
    rows: Option<String>,

    /// csv and tsv: what the names of the list's columns begin with, so that they differ from all others
    #[arg(long, value_name = "TEXT", help_heading = OUTPUT)]
    pub(super) input_prefix: Option<String>,

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
    pub(super) limit: Option<u64>,

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
    pub(super) resume: bool,

    /// Discard what an interrupted run of the same output has done, and start again
    #[arg(long, help_heading = OUTPUT)]
    pub(super) restart: bool,

    /// Keep every request and response, also those of redirects and robots.txt, in a web archive (WARC)
    #[arg(long, value_name = "FILE.warc.gz", help_heading = OUTPUT)]
    pub(super) archive: Option<PathBuf>,

    /// Fetch the failures of the finished output FILE of -o again, and keep all other records
    #[arg(long, conflicts_with = "since", help_heading = OUTPUT)]
    pub(super) retry_failed: bool,

    /// With --retry-failed: only failures of these kinds, separated by commas: timeout,dns
    #[arg(long, value_name = "KINDS", value_delimiter = ',', requires = "retry_failed", help_heading = OUTPUT)]
    pub(super) only: Vec<String>,

    /// Fetch only what the finished output FILE has no data for, and take over its other records
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(super) since: Option<PathBuf>,

    /// With --retry-failed or --since: keep records even if they were made by other rules, or nobody knows by which
    #[arg(long, help_heading = OUTPUT)]
    pub(super) allow_changed_rules: bool,

    /// Write the failed tasks to a list as they come: .csv, .tsv, .jsonl, or text
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(super) failed_out: Option<PathBuf>,

    /// Write a summary of the run as JSON
    #[arg(long, value_name = "FILE", help_heading = MESSAGES)]
    pub(super) summary: Option<PathBuf>,

    /// Whether to draw a progress bar on standard error
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = MESSAGES)]
    pub(super) progress: When,

    /// Say more: -v is one line for each task, -vv is what happens inside
    #[arg(short, long, action = ArgAction::Count, help_heading = MESSAGES)]
    pub(super) verbose: u8,

    /// Say only errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = MESSAGES)]
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
pub(super) struct ConvertArgs {
    /// The output to read: .json, .jsonl, .csv or .tsv, also with .gz or .zst
    #[arg(value_name = "IN")]
    pub(super) from: PathBuf,

    /// The file to write, whose extension tells the format (also .parquet and .sqlite); - is standard output
    #[arg(value_name = "OUT")]
    pub(super) into: PathBuf,

    /// Make a row of each element of this field; from csv or tsv: make an element of each row
    #[arg(long, value_name = "FIELD")]
    rows: Option<String>,

    /// csv, tsv, parquet and sqlite: the columns about the task, before those of the fields: seq,url,status
    #[arg(long, value_name = "NAMES")]
    pub(super) columns: Option<String>,

    #[command(flatten)]
    pub(super) settings: SettingArgs,

    /// Discard what an interrupted conversion to the same file has done, and start again
    #[arg(long)]
    pub(super) restart: bool,

    /// Say only errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// How one page is fetched.
#[derive(Debug, ClapArgs)]
pub(super) struct PageArgs {
    #[command(flatten)]
    pub(super) settings: SettingArgs,

    /// Serve DIR on a loopback port; a URL without a scheme is a path on it
    #[arg(long, value_name = "DIR")]
    pub(super) site: Option<PathBuf>,

    /// Fetch the page anew, even if there is a copy of it
    #[arg(long)]
    pub(super) again: bool,

    /// A request header, "Name: Value", or @FILE for a file with one on each line
    #[arg(short = 'H', long, value_name = "HEADER", action = ArgAction::Append)]
    header: Vec<String>,

    /// The User-Agent header
    #[arg(short, long, value_name = "TEXT")]
    user_agent: Option<String>,

    /// Time for one request, up to the end of the body
    #[arg(short, long, value_name = "TIME")]
    timeout: Option<String>,

    /// A proxy (http, https, socks5 or socks5h), or none for no proxy at all
    #[arg(short = 'x', long, value_name = "URL", action = ArgAction::Append)]
    proxy: Vec<String>,

    /// Accept any certificate of any server
    #[arg(short, long)]
    insecure: bool,

    /// Neither request nor obey robots.txt
    #[arg(long)]
    no_robots: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct TryArgs {
    /// The page: a URL, a file (HTML, XML or JSON), or - for standard input
    #[arg(value_name = "URL|FILE")]
    pub(super) url: OsString,

    /// What to look for; without a selector, the rules of the settings
    #[arg(value_name = "SELECTOR")]
    pub(super) selectors: Vec<String>,

    /// Write everything as one line of JSON
    #[arg(long)]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) page: PageArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct InitArgs {
    /// A page whose title, tables, structured data and repeated blocks become rules: a URL or a file
    #[arg(value_name = "URL|FILE")]
    pub(super) url: Option<OsString>,

    /// The file to write, which must not exist, or - for standard output [default: gleaner.toml]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    #[command(flatten)]
    pub(super) page: PageArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SchemaArgs {
    #[command(subcommand)]
    pub(super) of: SchemaOf,
}

#[derive(Debug, Subcommand)]
pub(super) enum SchemaOf {
    /// Of settings files, such as gleaner.toml
    Settings,
    /// Of records as JSON, with the fields that these settings give
    Records(SettingArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: Shell,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ManArgs {
    /// The command, such as `run` or `schema records` [default: gleaner itself]
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

impl SettingArgs {
    /// What `--set` and `--select` set. The settings know which names and values are valid; the command line does not.
    pub(super) fn flags(&self) -> Vec<Flag> {
        self.set.iter().map(Flag::set).chain(self.select.iter().map(Flag::select)).collect()
    }
}

impl PageArgs {
    /// The options that are settings.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let mut flags = self.settings.flags();
        flags.extend(self.header.iter().map(|line| Flag::header("--header", line)));
        flags.extend(self.user_agent.iter().map(|text| Flag::new("--user-agent", "fetch.user_agent", text)));
        flags.extend(self.timeout.iter().map(|time| Flag::new("--timeout", "fetch.timeout", time)));
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

impl ListArgs {
    /// The sources of tasks, in their order.
    pub(super) fn sources(&self) -> Result<Vec<Source>, input::Error> {
        let lists = self.urls.iter().map(Source::from_argument);
        let others = lists.chain(self.pages.clone().map(Source::Pages)).map(Ok);
        others.chain(self.sitemap.iter().map(Source::from_sitemap)).collect()
    }

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

impl ConvertArgs {
    /// The options that are settings.
    pub(super) fn flags(&self) -> Vec<Flag> {
        let mut flags = self.settings.flags();
        flags.extend(self.rows.iter().map(|rows| Flag::new("--rows", "output.rows", rows)));
        flags.extend(self.columns.as_deref().map(columns));
        flags
    }
}

fn columns(names: &str) -> Flag {
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    Flag::list("--columns", "output.columns", &names.map(str::to_owned).collect::<Vec<_>>())
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

    /// The plan of a run with these flags.
    fn plan(flags: &str) -> crate::config::Plan {
        let Command::Run(args) = read(&format!("run - {flags}")).unwrap_or_else(|error| panic!("{error}")).command
        else {
            panic!("{flags}: another command")
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let sources = crate::config::Sources {
            config: None,
            folder: folder.path().to_owned(),
            user: rustix::process::geteuid().as_raw(),
            environment: Vec::new(),
            flags: args.flags(),
            cpus: std::num::NonZeroUsize::MIN,
        };
        crate::config::load(&sources).unwrap_or_else(|error| panic!("{flags}: {error}")).plan
    }

    #[test]
    fn each_flag_of_a_setting_is_that_setting() {
        let table = [
            ("--delay 2s", "politeness.delay=2s"),
            ("--rate 0.5", "politeness.rate=0.5"),
            ("--per-host 3", "politeness.per_host_concurrency=3"),
            ("--cache books.cache", "cache.path=books.cache"),
            ("--private allow", "network.private_addresses=allow"),
            ("--private deny", "network.private_addresses=deny"),
            ("--fail-fast", "limits.max_failures=0"),
            ("--max-failures 5%", "limits.max_failures=5%"),
            ("--input-prefix list_", "output.input_prefix=list_"),
            ("--select title=h1::text", "extract.title=h1::text"),
            ("--select b=i --select a=b", "extract.b=i --set extract.a=b"),
            ("--url-column link", "input.url_column=link"),
            ("--no-robots", "politeness.robots=false"),
        ];
        for (flag, set) in table {
            assert_ne!(plan(flag), plan(""), "{flag}");
            assert_eq!(plan(flag), plan(&format!("--set {set}")), "{flag}");
        }
        let error = read("run - --fail-fast --max-failures 3").expect_err("they contradict each other").to_string();
        assert!(error.contains("'--fail-fast' cannot be used with '--max-failures <N|P%>'"), "{error}");
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
