//! Reads sitemaps: depth first, in the order in which they are written. The files themselves are fetched and parsed
//! elsewhere (`ask`), and kept for a resumed run (`kept`).
//!
//! All sitemaps that the user names are read before the first task is delivered, so that a wrong one is found before
//! anything else is fetched. A sitemap that another one names may fail: then it is a task that fails.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use url::{Position, Url};

use super::ask::{Answered, Ask, Found};
use super::format::Entry;
use super::kept::Kept;
use super::reader::{Delivery, Filling, Sender, Stop};
use super::source::{Root, Source};
use super::{Error, ErrorKind, invalid, task};
use crate::model::{
    Carried, Failure, FailureKind, Listing, ListingFile, Lists, MAX_SITEMAP, Reach, Stage, Task, parse_url, shown_url,
};
use crate::streams;

/// How deep indexes may nest. The protocol allows one level.
const MAX_DEPTH: usize = 3;

/// The sitemaps of a run.
#[derive(Debug)]
pub(super) struct Sitemaps<'a> {
    batches: &'a Sender,
    kept: Option<Kept>,
    /// The sitemaps that were read, as numbers. Each is read once.
    seen: HashSet<u64>,
    /// The sitemaps that the user names and that were not walked yet, in order. `None` for one that is named twice.
    roots: VecDeque<Option<WalkedRoot>>,
}

/// A sitemap that the user names.
#[derive(Debug)]
pub(super) struct WalkedRoot {
    found: Found,
    /// Where its entries come from.
    reach: Reach,
}

impl<'a> Sitemaps<'a> {
    pub(super) fn new(batches: &'a Sender, kept: Option<File>) -> Self {
        Self { batches, kept: kept.map(Kept::new), seen: HashSet::new(), roots: VecDeque::new() }
    }

    /// Reads the sitemaps among the sources.
    pub(super) fn read_roots(&mut self, sources: &[Source]) -> Result<(), Stop> {
        for source in sources {
            let Source::Sitemap(root) = source else { continue };
            let url = root.url().map_err(|error| Stop::Error(source.unusable(error)))?;
            if !self.is_new(&url) {
                tracing::warn!("{source} is named twice, and is read once");
                self.roots.push_back(None);
                continue;
            }
            let file = if matches!(root, Root::Robots(_)) { ListingFile::RobotsTxt } else { ListingFile::Sitemap };
            let answered = if let Some(answered) = self.kept(&url)? {
                answered
            } else {
                let bytes = root.bytes().map_err(|error| Stop::Error(source.unusable(error)))?;
                let answered = self.ask(&url, file, bytes, Reach::Listed)?;
                // A failure is not kept: the run ends, and the next one should try again.
                if answered.is_ok() {
                    self.keep(&url, &answered)?;
                }
                answered
            };
            let way_out = if file == ListingFile::RobotsTxt { other_ways(&url) } else { String::new() };
            let found = answered.map_err(|failure| unreadable(&failure, &way_out))?;
            if !has_entries(&found) && file == ListingFile::RobotsTxt {
                let context = format!("find sitemaps: {} has no `Sitemap` line{way_out}", shown_url(&url));
                return Err(Stop::Error(Error::new(ErrorKind::Unusable, context)));
            }
            self.roots.push_back(Some(WalkedRoot { found, reach: reach_of_entries(&Reach::Listed, &url) }));
        }
        Ok(())
    }

    /// The next sitemap that the user names.
    pub(super) fn next_root(&mut self) -> Option<WalkedRoot> {
        self.roots.pop_front().flatten()
    }

    fn is_new(&mut self, url: &Url) -> bool {
        let mut hasher = DefaultHasher::new();
        url[..Position::AfterQuery].hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    /// What an earlier run has kept for a sitemap.
    fn kept(&mut self, url: &Url) -> Result<Option<Answered>, Stop> {
        self.kept.as_mut().map_or(Ok(None), |kept| kept.next(url)).map_err(Stop::Error)
    }

    /// Gets a sitemap. `bytes` are those of a file that is not requested.
    fn ask(&mut self, url: &Url, file: ListingFile, bytes: Option<Bytes>, reach: Reach) -> Result<Answered, Stop> {
        let (ask, answer) = Ask::new(url.clone(), file, bytes, reach);
        self.batches.blocking_send(Ok(Delivery::Ask(ask))).map_err(|_| Stop::Unwanted)?;
        let answered = answer.blocking_recv().map_err(|_| Stop::Unwanted)?;
        // The bytes may be part of a message of the pool, which counts them until they are dropped. The walk may hold
        // them for hours.
        Ok(answered.map(|found| Found { data: Bytes::copy_from_slice(&found.data), ..found }))
    }

    /// Keeps an answer, if this run keeps answers.
    fn keep(&mut self, url: &Url, answered: &Answered) -> Result<(), Stop> {
        match &mut self.kept {
            Some(kept) => kept.add(url, answered).map_err(Stop::Error),
            None => Ok(()),
        }
    }
}

/// A sitemap that is being walked.
struct Level {
    listing: Listing,
    /// What relative URLs are relative to.
    base: Option<Url>,
    /// The number of sitemaps above it, and itself. A robots.txt does not count.
    depth: usize,
    /// Where its entries come from.
    reach: Reach,
}

impl Level {
    /// `site` is the base in a file of this machine.
    fn new(found: Found, depth: usize, reach: Reach, site: Option<&Url>) -> Option<Self> {
        let listing = Listing::new(found.data)?;
        let base = parse_url(&found.url, None).ok().filter(|url| url.scheme() != "file").or(site.cloned());
        Some(Self { listing, base, depth, reach })
    }
}

impl Filling<'_> {
    /// Adds the tasks of a sitemap, and of all sitemaps that it names.
    pub(super) fn push_sitemap(&mut self, root: WalkedRoot, sitemaps: &mut Sitemaps<'_>) -> Result<(), Stop> {
        let root = Level::new(root.found, 1, root.reach, self.base);
        let mut levels: Vec<Level> = root.into_iter().collect();
        if let [Level { listing, depth, .. }] = &mut levels[..]
            && listing.lists() == Lists::SitemapsOfRobotsTxt
        {
            *depth = 0;
        }
        while let Some(level) = levels.last_mut()
            && !self.is_at_limit()
        {
            let (lists, depth, seq) = (level.listing.lists(), level.depth + 1, self.consumed.tasks());
            let reach = level.reach.clone();
            let Some(entry) = level.listing.next_entry() else {
                levels.pop();
                continue;
            };
            let facts = entry.facts().filter(|(name, _)| self.options.keep.has(name));
            let input = Carried::of_cells(facts);
            let written = absolute(entry.loc, level.base.as_ref());
            let task = if written.contains(char::REPLACEMENT_CHARACTER) {
                Task { input, ..task::invalid(&written, seq, invalid::not_decoded()) }
            } else {
                task::from_value(&written, input, seq, None)
            };
            let task = match (lists, &task.url) {
                (Lists::Sitemaps | Lists::SitemapsOfRobotsTxt, Ok(url)) => {
                    match self.child(&url.clone(), depth, &reach, sitemaps)? {
                        Some(Ok(level)) => {
                            levels.push(level);
                            continue;
                        }
                        Some(Err(failure)) => Task { url: Err(failure), ..task },
                        None => continue,
                    }
                }
                _ => Task { reach, ..task },
            };
            self.push_entry(Entry::of(task, &written))?;
        }
        Ok(())
    }

    /// Gets a sitemap that another one names. `None` if it was read before.
    fn child(
        &mut self,
        url: &Url,
        depth: usize,
        reach: &Reach,
        sitemaps: &mut Sitemaps<'_>,
    ) -> Result<Option<Result<Level, Failure>>, Stop> {
        if !sitemaps.is_new(url) {
            tracing::info!("sitemap {} is named twice, and is read once", shown_url(url));
            return Ok(None);
        }
        // The answer may take long.
        self.hand_over()?;
        let answered = if let Some(answered) = sitemaps.kept(url)? {
            answered
        } else {
            let answered = sitemaps.ask(url, ListingFile::Sitemap, None, reach.clone())?;
            sitemaps.keep(url, &answered)?;
            answered
        };
        if answered.as_ref().is_ok_and(|found| !has_entries(found)) {
            tracing::info!("sitemap {} has no entries", shown_url(url));
        }
        let reach = reach_of_entries(reach, url);
        let level =
            answered.and_then(|found| Level::new(found, depth, reach, self.base).ok_or_else(|| no_listing(url)));
        Ok(Some(level.and_then(|level| {
            if level.listing.lists() == Lists::Pages || depth <= MAX_DEPTH { Ok(level) } else { Err(too_deep(url)) }
        })))
    }
}

/// Where the entries of a sitemap come from. A server wrote them, unless the sitemap is a file of the user: they may lead
/// where a redirect of the first file that a server sent may lead.
fn reach_of_entries(of_sitemap: &Reach, url: &Url) -> Reach {
    match of_sitemap {
        Reach::Listed if url.scheme() == "file" => Reach::Listed,
        Reach::Listed => Reach::Redirected { own: url.origin().ascii_serialization() },
        Reach::Redirected { own } => Reach::Redirected { own: own.clone() },
    }
}

/// A URL that may be relative. What cannot be resolved stays as it is written.
fn absolute(written: &str, base: Option<&Url>) -> String {
    match (parse_url(written, None), base) {
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) if !written.is_empty() => {
            parse_url(written, Some(base)).map_or_else(|_| written.to_owned(), String::from)
        }
        _ => written.to_owned(),
    }
}

fn too_deep(url: &Url) -> Failure {
    let message = format!(
        "read {}: it is a sitemap index inside {MAX_DEPTH} others, and indexes are followed {MAX_DEPTH} deep",
        shown_url(url)
    );
    Failure::new(FailureKind::Protocol, Stage::List, message)
}

/// `Level::new` fails only for an answer that its checks should have refused.
fn no_listing(url: &Url) -> Failure {
    let message = format!("read {}: its entries were lost, which is a bug", shown_url(url));
    Failure::new(FailureKind::Decode, Stage::List, message)
}

/// The error for a sitemap that the user names.
fn unreadable(failure: &Failure, way_out: &str) -> Stop {
    let parts = [&failure.message].into_iter().chain(&failure.causes);
    let parts: Vec<&str> = parts.filter_map(|part| part.lines().next()).collect();
    Stop::Error(Error::new(ErrorKind::Unusable, format!("{}{way_out}", parts.join(": "))))
}

/// How to find sitemaps when this robots.txt does not tell them.
fn other_ways(robots: &Url) -> String {
    let authority = &robots[Position::BeforeHost..Position::AfterPort];
    let without_tls = if robots.scheme() == "https" {
        format!(", or ask without TLS (--sitemap robots:http://{authority})")
    } else {
        String::new()
    };
    format!("; name a sitemap by its URL (--sitemap URL){without_tls}")
}

/// Without entries, a listing has only the byte that says what they are.
fn has_entries(found: &Found) -> bool {
    found.data.len() > 1
}

impl Root {
    /// The URL of the file; `file:` for a file of this machine.
    fn url(&self) -> io::Result<Url> {
        let of_path = |path: &Path| {
            let path = path.canonicalize()?;
            Url::from_file_path(&path).map_err(|()| io::Error::other("its path is not absolute"))
        };
        match self {
            Self::Url(url) | Self::Robots(url) => Ok(url.clone()),
            Self::File(path) => of_path(path),
            Self::Stdin => of_path(Path::new("/dev")).map(|mut url| {
                url.set_path("/dev/stdin");
                url
            }),
        }
    }

    /// The bytes of a file of this machine, as they are. `None` for a file that must be requested.
    ///
    /// # Errors
    /// If the file cannot be read, or is too long. A worker unpacks and parses it.
    fn bytes(&self) -> io::Result<Option<Bytes>> {
        let mut bytes = Vec::new();
        let mut read = |reader: &mut dyn Read| reader.take(MAX_SITEMAP + 1).read_to_end(&mut bytes);
        match self {
            Self::Url(_) | Self::Robots(_) => return Ok(None),
            Self::File(path) => read(&mut File::open(path)?)?,
            Self::Stdin => read(&mut streams::input()?)?,
        };
        if bytes.len() as u64 > MAX_SITEMAP {
            return Err(io::Error::other(format!("it has more than {MAX_SITEMAP} bytes, the limit for a sitemap")));
        }
        Ok(Some(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::input::{Input, Receiver};
    use crate::model::{Listed, ListingWriter};

    fn listing<'a>(lists: Lists, locs: impl IntoIterator<Item = &'a str>) -> Bytes {
        let mut listing = ListingWriter::new(lists);
        locs.into_iter().for_each(|loc| listing.push(Listed { loc, ..Listed::default() }));
        listing.into_bytes()
    }

    fn start(sitemaps: &[&str], limit: Option<u64>) -> Receiver {
        let sources: Vec<Source> =
            sitemaps.iter().map(|url| Source::from_sitemap(url).expect("a good source")).collect();
        Input::open(&sources, None, limit).expect("nothing is read yet").start()
    }

    /// Answers what the reader asks for. Returns the lines of the tasks, each with the origin that bounds it, the URLs
    /// that were asked for, and the error.
    fn walk(mut receiver: Receiver, files: &HashMap<&str, Bytes>) -> (Vec<String>, Vec<String>, Option<String>) {
        let (mut tasks, mut asked, mut error) = (Vec::new(), Vec::new(), None);
        let bounded = |reach: &Reach| match reach {
            Reach::Listed => String::new(),
            Reach::Redirected { own } => format!(" by {own}"),
        };
        while let Some(delivery) = receiver.blocking_recv() {
            match delivery {
                Ok(Delivery::Batch(batch)) => {
                    tasks.extend(batch.tasks.iter().map(|task| format!("{}{}", task.line, bounded(&task.reach))));
                }
                Ok(Delivery::Ask(ask)) => {
                    asked.push(format!("{}{}", ask.url, bounded(&ask.reach)));
                    let url = ask.url.to_string();
                    let data = files.get(url.as_str()).cloned();
                    let missing = || Failure::new(FailureKind::HttpStatus, Stage::Fetch, "get it: 404");
                    ask.answer(data.map(|data| Found { url, data }).ok_or_else(missing));
                }
                Err(stop) => error = Some(stop.to_string()),
            }
        }
        (tasks, asked, error)
    }

    #[test]
    fn each_sitemap_is_asked_for_once_and_its_entries_are_bounded_by_the_origin_that_the_user_named() {
        let files = HashMap::from([
            ("http://a/1", listing(Lists::Sitemaps, ["2", "http://b/3", "/1", "http://a/2#again"])),
            ("http://a/2", listing(Lists::Pages, ["/x", "http://127.0.0.1/y", "http://c/\u{fffd}"])),
            ("http://b/3", listing(Lists::Pages, ["z"])),
            ("http://d/robots.txt", listing(Lists::SitemapsOfRobotsTxt, ["http://a/2", "http://d/4"])),
            ("http://d/4", listing(Lists::Pages, ["http://d/"])),
        ]);
        let (tasks, asked, error) = walk(start(&["http://a/1", "http://a/1", "robots:http://d"], None), &files);
        assert_eq!(error, None);
        assert_eq!(
            tasks,
            [
                "http://a/x by http://a",
                "http://127.0.0.1/y by http://a",
                "http://c/\u{fffd} by http://a",
                "http://b/z by http://a",
                "http://d/ by http://d",
            ]
        );
        let expected = [
            "http://a/1",
            "http://d/robots.txt",
            "http://a/2 by http://a",
            "http://b/3 by http://a",
            "http://d/4 by http://d",
        ];
        assert_eq!(asked, expected, "those of the user come first");
    }

    #[test]
    fn a_sitemap_of_the_user_that_fails_is_the_only_result() {
        let files = HashMap::from([("http://a/1", listing(Lists::Pages, ["/x"]))]);
        let (tasks, _, error) = walk(start(&["http://a/1", "http://a/missing"], None), &files);
        assert_eq!((tasks, error.as_deref()), (vec![], Some("get it: 404")));
    }

    #[test]
    fn the_limit_counts_tasks_of_sitemaps() {
        let files = HashMap::from([
            ("http://a/1", listing(Lists::Sitemaps, ["/2", "/3"])),
            ("http://a/2", listing(Lists::Pages, ["/x", "/y", "/z"])),
        ]);
        let (tasks, asked, _) = walk(start(&["http://a/1"], Some(2)), &files);
        assert_eq!((tasks.len(), asked.len()), (2, 2));
    }

    #[test]
    fn the_reader_ends_if_its_question_is_dropped() {
        let mut receiver = start(&["http://a/1"], None);
        let asked = receiver.blocking_recv().expect("a question").expect("no error");
        assert!(matches!(asked, Delivery::Ask(_)));
        drop(asked);
        assert!(receiver.blocking_recv().is_none());
    }
}
