//! The options of `gleaner try` and `gleaner init`, which look at one page.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs};

use super::SettingArgs;
use crate::config::Flag;

/// What `gleaner try --help` says about selectors.
pub(super) const TRY: &str = "\
Selectors:
  'article h3 a::text-content'  CSS, with the endings of rules (::text, ::text-content, ::attr(name), ::url)
  '//article//h3/a/text()'      XPath: begins with / or ./ or (
  '$.items[*].price'            a JSON path: begins with $; put it between single quotes

A page is fetched once. The next calls use the copy in the user's cache folder; --again fetches it anew.
Exit codes: 0, 2 for a usage error, 3 if the page fails or lacks a required field.";

/// How one page is fetched.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct PageArgs {
    #[command(flatten)]
    pub(in crate::cli) settings: SettingArgs,

    /// Serve DIR on a loopback port; a URL without a scheme is a path on it
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) site: Option<PathBuf>,

    /// Fetch the page anew, even if there is a copy of it
    #[arg(long)]
    pub(in crate::cli) again: bool,

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
pub(in crate::cli) struct TryArgs {
    /// The page: a URL, a file (HTML, XML or JSON), or - for standard input
    #[arg(value_name = "URL|FILE")]
    pub(in crate::cli) url: OsString,

    /// What to look for; without a selector, the rules of the settings
    #[arg(value_name = "SELECTOR")]
    pub(in crate::cli) selectors: Vec<String>,

    /// Write everything as one line of JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,

    #[command(flatten)]
    pub(in crate::cli) page: PageArgs,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct InitArgs {
    /// A page whose title, tables, structured data and repeated blocks become rules: a URL or a file
    #[arg(value_name = "URL|FILE")]
    pub(in crate::cli) url: Option<OsString>,

    /// The file to write, which must not exist, or - for standard output [default: gleaner.toml]
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) page: PageArgs,
}

impl PageArgs {
    /// The options that are settings.
    pub(in crate::cli) fn flags(&self) -> Vec<Flag> {
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
