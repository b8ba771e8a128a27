//! Gets one page: the copy of an earlier call, a file, or a fetch as in a run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use bytes::Bytes;
use serde::Deserialize;
use url::Url;

use super::super::args::PageArgs;
use super::super::launch::{self, Ran};
use super::super::site::Site;
use super::super::{Stop, words};
use super::kept::{self, Folder, Kept};
use crate::config::Plan;
use crate::coordinator::{Ending, Reason, observed};
use crate::exit_code::Exit;
use crate::input::{Input, Source, media_type_of_name, saved_from};
use crate::model::{RunLimits, Stored, StoredForm, parse_url, shown_url, without_credentials};
use crate::scrape::extract::{Arity, Extraction, Fact, Root, Rule, ValueRule};
use crate::scrape::{Purpose, Response};
use crate::sink;
use crate::streams;

/// A page that is known.
#[derive(Debug)]
pub(super) struct Page {
    /// What the user asked for, without user name and password.
    pub(super) asked: String,
    /// The URL that answered after all redirects.
    pub(super) url: Url,
    pub(super) stored: Stored,
    pub(super) copy: Copy,
}

/// Where a page comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copy {
    /// It was fetched just now.
    Fetched,
    /// It was fetched by an earlier call, this long ago.
    Kept(Duration),
    /// It is a file.
    File,
}

/// A page that could not be fetched.
#[derive(Debug, Deserialize)]
pub(super) struct Unfetched {
    pub(super) kind: String,
    pub(super) stage: String,
    pub(super) message: String,
}

/// Gets a page. The argument is a URL, a file, or `-` for standard input.
pub(super) fn get(args: &PageArgs, argument: &OsStr, plan: &Plan) -> Result<Result<Page, Unfetched>, Stop> {
    let is_path = |text: &str| args.site.is_some() && text != "-" && !text.contains("://");
    if let Some(path) = argument.to_str().filter(|text| is_path(text)) {
        let origin = Site::origin().map_err(Stop::usage)?;
        let url = parse_url(path, Some(&origin)).with_context(|| format!("read `{path}` as a path on the site"));
        return fetched(args, url.map_err(Stop::usage)?.as_str(), plan);
    }
    match Source::from_argument(argument) {
        Source::Url(url) => fetched(args, &url, plan),
        Source::File(path) => of_file(&path, plan).map(Ok).map_err(Stop::usage),
        _ => of_input(plan).map(Ok).map_err(Stop::usage),
    }
}

/// The plan for a single page: one worker, which holds one job.
pub(super) fn alone(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    (plan.pool.workers, plan.pool.concurrency) = (NonZeroUsize::MIN, NonZeroUsize::MIN);
    plan
}

/// Returns the copy of a URL that an earlier call has kept, or fetches it and keeps it.
fn fetched(args: &PageArgs, text: &str, plan: &Plan) -> Result<Result<Page, Unfetched>, Stop> {
    let url = parse_url(text, None).with_context(|| format!("read `{}`", text.escape_debug())).map_err(Stop::usage)?;
    let folder = Folder::of_user(|name| std::env::var_os(name));
    let name = name_of(args, &url, plan);
    let page = |kept: Kept, copy| {
        let url_of_page = parse_url(&kept.url, None).context("read the URL of the page").map_err(Stop::on_the_way)?;
        let stored = Stored { form: StoredForm::Message, bytes: kept.message.into(), at: Some(kept.fetched_at) };
        Ok(Ok(Page { asked: without_credentials(&url).to_string(), url: url_of_page, stored, copy }))
    };
    if let Some(kept) = folder.as_ref().filter(|_| !args.again).and_then(|folder| folder.get(&name)) {
        let age = SystemTime::now().duration_since(kept.fetched_at).unwrap_or_default();
        return page(kept, Copy::Kept(age));
    }
    let response = match fetch(args, &url, plan)? {
        Ok(response) => response,
        Err(failure) => return Ok(Err(failure)),
    };
    let message = message(&response).context("read the page from the worker").map_err(Stop::on_the_way)?;
    let kept = Kept { fetched_at: response.fetched_at(), url: response.url, message };
    match folder.map(|folder| folder.put(&name, &kept)) {
        Some(Ok(())) => {}
        Some(Err(error)) => words::say(&format!("the page is not kept for the next call ({error})")),
        None => words::say("the page is not kept for the next call: neither XDG_CACHE_HOME nor HOME has a path"),
    }
    page(kept, Copy::Fetched)
}

/// Returns the name under which a page is kept: pages that were asked for in another way differ.
fn name_of(args: &PageArgs, url: &Url, plan: &Plan) -> String {
    let fetch = &plan.scrape.fetch;
    let site = args.site.as_deref().map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.to_owned()));
    let hosts: BTreeMap<String, Vec<(String, String)>> =
        plan.hosts.iter().map(|(host, settings)| (format!("{host:?}"), settings.headers.clone())).collect();
    let proxies = format!("{:?}", fetch.proxies);
    kept::name(&(url.as_str(), &fetch.user_agent, &fetch.headers, hosts, site, proxies, fetch.meta_refresh))
}

/// A record of the run that fetches the page.
#[derive(Deserialize)]
struct Record {
    data: Option<Response>,
    failure: Option<Unfetched>,
}

/// Fetches a page as a run of one task does: with its robots.txt, redirects, retries and limits.
fn fetch(args: &PageArgs, url: &Url, plan: &Plan) -> Result<Result<Response, Unfetched>, Stop> {
    let mut plan = alone(plan);
    let site = args.site.as_deref().map(Site::of_folder).transpose().map_err(Stop::usage)?;
    plan.scrape.fetch.site = site.as_ref().map(Site::address);
    // A rule that needs nothing of the page.
    let status = ValueRule::of(Root::Fact(Fact::Status).into(), Arity::One);
    plan.scrape.extract = Extraction::from(vec![("status".to_owned(), Rule::Value(status))]);
    (plan.scrape.purpose, plan.scrape.table, plan.cache) = (Purpose::Response, None, None);
    // A single page is no reason to stop early.
    plan.limits = RunLimits::default();
    let folder = tempfile::tempdir().context("make a temporary folder for the page").map_err(Stop::usage)?;
    let output = folder.path().join("page.jsonl");
    let options = sink::Options {
        destination: sink::Destination::File(output.clone()),
        format: sink::Format::Jsonl,
        window_memory: plan.sink.window_memory,
        ..sink::Options::default()
    };
    let input = Input::open(&[Source::Url(url.to_string())], None, None).map_err(Stop::usage)?;
    let Ran { ending, cookies, .. } =
        launch::launch(&plan, input, launch::Output { options, conversion: None, kept: None }, observed(false).0)?;
    cookies.map_err(Stop::on_the_way)?;
    if let Ending::Stopped(Reason::Signal(signal)) = ending {
        return Err(Stop { exit: Exit::Signal(signal), ..Stop::on_the_way(anyhow::anyhow!("interrupted")) });
    }
    let record = fs::read(output).context("read the page that was fetched").map_err(Stop::on_the_way)?;
    let record: Record =
        serde_json::from_slice(&record).context("read the page that was fetched").map_err(Stop::on_the_way)?;
    match (record.data, record.failure) {
        (Some(response), _) => Ok(Ok(response)),
        (None, Some(failure)) => Ok(Err(failure)),
        (None, None) => Err(Stop::on_the_way(anyhow::anyhow!("fetch {}: there is no record of it", shown_url(url)))),
    }
}

/// Writes a response as HTTP does. `None` if its body is not valid.
fn message(response: &Response) -> Option<Vec<u8>> {
    let body = response.body()?;
    let mut message = format!("HTTP/1.1 {} \r\n", response.status).into_bytes();
    for (name, value) in &response.headers {
        message.extend_from_slice(format!("{name}: ").as_bytes());
        message.extend_from_slice(&encoding_rs::mem::encode_latin1_lossy(value));
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    message.extend_from_slice(&body);
    Some(message)
}

fn of_file(path: &Path, plan: &Plan) -> anyhow::Result<Page> {
    let shown = path.display();
    let reading = || format!("read `{shown}`");
    let file = File::open(path).map_err(|error| {
        let is_missing = error.kind() == std::io::ErrorKind::NotFound;
        let hint = if is_missing { " (a URL starts with http:// or https://)" } else { "" };
        anyhow::Error::new(error).context(format!("read `{shown}`{hint}"))
    })?;
    let metadata = file.metadata().with_context(reading)?;
    anyhow::ensure!(!metadata.is_dir(), "read `{shown}`: it is a folder, name a file in it (--site serves a folder)");
    let bytes = bounded(file, plan).with_context(reading)?;
    let absolute = path.canonicalize().with_context(reading)?;
    let url = Url::from_file_path(&absolute).map_err(|()| anyhow::anyhow!("read `{shown}`: its path is not a URL"))?;
    Ok(of_bytes(bytes, shown.to_string(), url, media_type_of_name(path), metadata.modified().ok()))
}

fn of_input(plan: &Plan) -> anyhow::Result<Page> {
    let bytes = streams::input().map_err(anyhow::Error::new).and_then(|input| bounded(input, plan));
    let url = parse_url("file:///dev/stdin", None)?;
    Ok(of_bytes(bytes.context("read standard input")?, "standard input".to_owned(), url, "", None))
}

fn of_bytes(bytes: Vec<u8>, asked: String, file: Url, named: &str, at: Option<SystemTime>) -> Page {
    let begins_as_json = bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
    let media_type = if named.is_empty() && begins_as_json { "application/json" } else { named }.to_owned();
    let url = saved_from(&bytes).and_then(|url| parse_url(&url, None).ok()).unwrap_or(file);
    let stored = Stored { form: StoredForm::File { media_type }, bytes: bytes.into(), at };
    Page { asked, url, stored, copy: Copy::File }
}

/// Reads all bytes, at most those that a page may have.
fn bounded(from: impl std::io::Read, plan: &Plan) -> anyhow::Result<Vec<u8>> {
    let most = plan.scrape.fetch.max_body;
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() as u64 <= most, "it has more than {most} bytes (fetch.max_body)");
    Ok(bytes)
}

impl Page {
    /// The number of bytes of the body.
    pub(super) fn bytes(&self) -> usize {
        let body = |bytes: &Bytes| {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
            end.map_or(bytes.len(), |end| bytes.len() - end - 4)
        };
        if self.stored.form == StoredForm::Message { body(&self.stored.bytes) } else { self.stored.bytes.len() }
    }
}
