//! The commands and options.
//!
//! - `run`: the options of `gleaner run`
//! - `page`: the options of `gleaner try` and `gleaner init`
//! - `convert`: the options of `gleaner convert`

mod convert;
mod page;
mod run;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ErrorKind};
use clap::{ArgAction, Args as ClapArgs, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::Flag;
use crate::input::{self, Format, Input, Source};
pub(in crate::cli) use convert::ConvertArgs;
use page::TRY;
pub(in crate::cli) use page::{InitArgs, PageArgs, TryArgs};
pub(in crate::cli) use run::RunArgs;

/// A list of URLs goes in, an ordered dataset comes out.
#[derive(Debug, Parser)]
#[command(name = "gleaner", version, max_term_width = 100, override_usage = USAGE, after_help = EXIT_CODES)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    pub(in crate::cli) command: Command,

    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = MESSAGES, help = COLOR)]
    color: ColorChoice,
}

/// `run` may be left out.
const USAGE: &str = "\
gleaner <COMMAND>
       gleaner [OPTIONS] <URLS>...   the same as `gleaner run`";

/// What `--help` says about how a command may end.
pub(in crate::cli) const EXIT_CODES: &str = "\
Exit codes:
  0    every task has data
  1    the run failed; what is done is kept, --resume continues
  2    an error before the first request; nothing was fetched
  3    complete, but some records are failures
  4    stopped by --max-failures, --deadline or the live page; --resume continues
  129  stopped by SIGHUP; --resume continues
  130  stopped by SIGINT (Ctrl-C); --resume continues
  143  stopped by SIGTERM; --resume continues";

/// What the help says about `--color`.
const COLOR: &str =
    "Whether messages have colours. auto: on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE=1 also elsewhere";

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
pub(in crate::cli) enum Command {
    /// Scrape a list of URLs
    #[command(after_help = EXIT_CODES)]
    Run(Box<RunArgs>),
    /// Show what the pool of worker processes does, on a bundled site
    Demo(DemoArgs),
    /// Find all errors that can be found before the first request, and say what each field gives
    Check(Box<CheckArgs>),
    /// Write the records of an output in another format
    Convert(ConvertArgs),
    /// Show what selectors or rules find on one page, and where
    #[command(after_help = TRY)]
    Try(Box<TryArgs>),
    /// Write a settings file to begin with; with a page, one that has rules for what the page carries
    Init(Box<InitArgs>),
    /// Make a report of a run that is over, with pictures
    Report(ReportArgs),
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
    pub(in crate::cli) fn read(line: &[OsString]) -> Result<Self, clap::Error> {
        let error = match Self::try_parse_from(line) {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument) => error,
            result => return result,
        };
        let (program, rest) = line.split_at(1);
        let of_run = Self::try_parse_from(program.iter().chain([&OsString::from("run")]).chain(rest));
        let is_meant = match &of_run {
            Ok(Self { command: Command::Run(args), .. }) => args.list.urls.first().is_none_or(|first| is_list(first)),
            Ok(_) => false,
            // A URL cannot be anything else than a list. Of other words, only the first one is known not to be the value
            // of an option, unless an option comes before it.
            Err(_) => {
                let word = error.get(ContextKind::InvalidSubcommand).map(|word| OsString::from(word.to_string()));
                rest.iter().any(|word| matches!(Source::from_argument(word), Source::Url(_)))
                    || word.map_or_else(
                        || rest.iter().any(|word| is_list(word)) && !rest.iter().any(|word| is_command(word)),
                        |word| is_list(&word),
                    )
            }
        };
        if is_meant { of_run } else { Err(error) }
    }
}

/// Whether a word in the place of a command is a list: it is neither the name of a command nor a misspelt one.
fn is_list(word: &OsStr) -> bool {
    let text = word.to_string_lossy();
    // Paths, names of files and URLs have one of these. Names of commands do not.
    let is_name_of_list = text.contains(['/', '.', ':', '\\']);
    !is_command(word) && (text == "-" || is_name_of_list || Path::new(word).exists())
}

fn is_command(word: &OsStr) -> bool {
    Args::command().get_subcommands().any(|command| command.get_name() == word)
}

/// What the help says about `--select`.
const SELECT: &str = "A field: `--select title=h1::text` is short for `--set extract.title=h1::text`. The selector may also be \
                      an XPath (`//h1`) or a JSON path (`$.title`)";

/// Where the settings come from.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct SettingArgs {
    /// Settings file [default: gleaner.toml in the current folder, if it exists]
    #[arg(short, long, value_name = "FILE", help_heading = SETTINGS)]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Any setting, such as `pool.task_timeout=5s`; the shell removes quotes, so put a value with quotes between single
    /// quotes: `--set 'extract.links=["a::url"]'`
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append, help_heading = SETTINGS)]
    set: Vec<String>,

    #[arg(long, value_name = "NAME=SELECTOR", action = ArgAction::Append, help_heading = SETTINGS, help = SELECT)]
    select: Vec<String>,
}

/// The list.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ListArgs {
    /// Lists (a URL on each line, CSV, TSV, JSON, JSON Lines or WARC), - for standard input, or URLs themselves
    #[arg(value_name = "URLS")]
    pub(in crate::cli) urls: Vec<OsString>,

    /// A sitemap, a sitemap index or a feed: a URL, a file, or robots:HOST for those that a robots.txt names; may be
    /// repeated
    #[arg(long, value_name = "URL", action = ArgAction::Append, help_heading = LIST)]
    pub(in crate::cli) sitemap: Vec<OsString>,

    /// Serve DIR on a loopback port for this run; lines without a scheme are paths on it
    #[arg(long, value_name = "DIR", help_heading = LIST)]
    pub(in crate::cli) site: Option<PathBuf>,

    /// Read the saved pages in DIR instead of fetching them (docs/lists.md); they come after the lists
    #[arg(long, value_name = "DIR", help_heading = LIST)]
    pub(in crate::cli) pages: Option<PathBuf>,

    /// Take every entry of a list as a task, even if none of the first 20 is a URL
    #[arg(long, help_heading = LIST)]
    pub(in crate::cli) force_list: bool,

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
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::cli) list: ListArgs,

    #[command(flatten)]
    pub(in crate::cli) settings: SettingArgs,

    /// Also show settings that have their defaults
    #[arg(long)]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DemoArgs {
    /// Also write a page with pictures of what happened
    #[arg(long, value_name = "FILE.html")]
    pub(in crate::cli) report: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ReportArgs {
    /// A summary that `gleaner run --summary` wrote, - for standard input
    #[arg(value_name = "SUMMARY.json")]
    pub(in crate::cli) summary: PathBuf,

    /// Where the page goes, - for standard output [default: standard output]
    #[arg(short, long, value_name = "FILE.html")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct SchemaArgs {
    #[command(subcommand)]
    pub(in crate::cli) of: SchemaOf,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SchemaOf {
    /// Of settings files, such as gleaner.toml
    Settings,
    /// Of records as JSON, with the fields that these settings give
    Records(SettingArgs),
    /// Of the summary that `gleaner run --summary` writes
    Summary,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(in crate::cli) shell: Shell,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ManArgs {
    /// The command, such as `run` or `schema records` [default: gleaner itself]
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) command: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ShowProgress {
    /// One line on a terminal; elsewhere, a line every 10 seconds
    Auto,
    /// One line, even if standard error is not a terminal
    Always,
    Never,
    /// On a terminal also a line for each of the workers
    Full,
}

/// The form of everything on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LogFormat {
    /// Lines for people
    Text,
    /// An object on each line: time, level, target, message, fields. No progress is shown
    Json,
}

/// The value of a global option that is needed before the command line is read: the last one before `--`. Whether it is
/// valid is found out later.
pub(in crate::cli) fn early<T: ValueEnum>(line: &[OsString], option: &str) -> Option<T> {
    let mut found = None;
    let mut words = line.iter().map(|word| word.to_string_lossy()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let value = match word.strip_prefix(option) {
            Some("") => words.next().map(Cow::into_owned),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        found = value.and_then(|value| T::from_str(&value, false).ok()).or(found);
    }
    found
}

impl SettingArgs {
    /// What `--set` and `--select` set. The settings know which names and values are valid; the command line does not.
    pub(in crate::cli) fn flags(&self) -> Vec<Flag> {
        self.set.iter().map(Flag::set).chain(self.select.iter().map(Flag::select)).collect()
    }
}

impl ListArgs {
    /// Whether no list is given at all.
    pub(in crate::cli) fn names_nothing(&self) -> bool {
        self.urls.is_empty() && self.sitemap.is_empty() && self.pages.is_none()
    }

    /// The lists as the command line names them, in the order in which they are read.
    pub(in crate::cli) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let pages = self.pages.iter().map(|folder| folder.as_os_str());
        let lists = self.urls.iter().map(OsString::as_os_str).chain(pages);
        lists.chain(self.sitemap.iter().map(OsString::as_os_str)).map(OsStr::to_string_lossy)
    }

    /// Fails if an option tells how to read lists of a format, and no list has it.
    pub(in crate::cli) fn fits(&self, input: &Input) -> anyhow::Result<()> {
        if self.url_column.is_some() && !input.has_one_of(&[Format::Csv, Format::Tsv]) {
            anyhow::bail!(
                "choose the column of the URLs: --url-column needs a list in CSV or TSV, and there is none; --input-format \
                 csv reads lists as CSV, whatever their names are"
            );
        }
        if self.url_field.is_some() && !input.has_one_of(&[Format::Jsonl, Format::Json]) {
            anyhow::bail!(
                "choose the key of the URLs: --url-field needs a list in JSON or JSON Lines, and there is none; \
                 --input-format jsonl reads lists as JSON Lines, whatever their names are"
            );
        }
        Ok(())
    }

    /// The sources of tasks, in their order.
    pub(in crate::cli) fn sources(&self) -> Result<Vec<Source>, input::Error> {
        let lists = self.urls.iter().map(Source::from_argument);
        let others = lists.chain(self.pages.clone().map(Source::Pages)).map(Ok);
        others.chain(self.sitemap.iter().map(Source::from_sitemap)).collect()
    }

    /// The options that are settings.
    pub(in crate::cli) fn flags(&self) -> Vec<Flag> {
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

    #[test]
    fn a_mistake_in_a_line_without_a_command_is_a_mistake_of_run_if_there_is_a_list() {
        let table = [
            ("urls.txt --progres full", "'--progres'"),
            ("urls.txt --metrics", "'--metrics <HOST:PORT>'"),
            ("urls.txt -o", "'--output <FILE>'"),
            ("--site fixtures/site LICENSE-MIT --metrics", "'--metrics <HOST:PORT>'"),
            ("-v http://h/ --nonsense", "'--nonsense'"),
            ("- --nonsense", "'--nonsense'"),
            // These are mistakes in the name of a command.
            ("chekc -c rules.toml --all", "'chekc'"),
            ("chekc --nonsense", "'chekc'"),
            ("--log-format json report s1.json --nonsense", "'--log-format'"),
        ];
        for (line, words) in table {
            let error = read(line).expect_err("it is a mistake").to_string();
            let first = error.lines().next().unwrap_or_default();
            assert!(first.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn an_option_that_is_needed_early_is_found_wherever_it_stands() {
        let table = [
            ("run l", None),
            ("--color always run l", Some(ColorChoice::Always)),
            ("run l --color=never", Some(ColorChoice::Never)),
            ("run l --color", None),
            ("run l --color sometimes", None),
            ("run l --colored=never", None),
            ("run --color never l --color always", Some(ColorChoice::Always)),
            ("run --color never -- --color always", Some(ColorChoice::Never)),
        ];
        for (line, expected) in table {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(early::<ColorChoice>(&words, "--color"), expected, "{line}");
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
        assert!(matches!(read("demo").expect("a command").command, Command::Demo(_)));
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
