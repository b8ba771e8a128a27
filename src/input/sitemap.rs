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
    Carried, Failure, FailureKind, Listing, ListingFile, Lists, MAX_SITEMAP, Stage, Task, parse_url, shown_url,
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
    roots: VecDeque<Option<Found>>,
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
            let answered = match self.kept(&url)? {
                Some(answered) => answered,
                None => {
                    let bytes = root.bytes().map_err(|error| Stop::Error(source.unusable(error)))?;
                    let answered = self.ask(&url, file, bytes)?;
                    // A failure is not kept: the run ends, and the next one should try again.
                    if answered.is_ok() {
                        self.keep(&url, &answered)?;
                    }
                    answered
                }
            };
            let found = answered.map_err(|failure| unreadable(&failure))?;
            if !has_entries(&found) && file == ListingFile::RobotsTxt {
                let context = format!("find sitemaps: {} has no `Sitemap` line", shown_url(&url));
                return Err(Stop::Error(Error::new(ErrorKind::Unusable, context)));
            }
            self.roots.push_back(Some(found));
        }
        Ok(())
    }

    /// The next sitemap that the user names.
    pub(super) fn next_root(&mut self) -> Option<Found> {
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
    fn ask(&mut self, url: &Url, file: ListingFile, bytes: Option<Bytes>) -> Result<Answered, Stop> {
        let (ask, answer) = Ask::new(url.clone(), file, bytes);
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
}

impl Level {
    /// `site` is the base in a file of this machine.
    fn new(found: Found, depth: usize, site: Option<&Url>) -> Option<Self> {
        let listing = Listing::new(found.data)?;
        let base = parse_url(&found.url, None).ok().filter(|url| url.scheme() != "file").or(site.cloned());
        Some(Self { listing, base, depth })
    }
}

impl Filling<'_> {
    /// Adds the tasks of a sitemap, and of all sitemaps that it names.
    pub(super) fn push_sitemap(&mut self, root: Found, sitemaps: &mut Sitemaps<'_>) -> Result<(), Stop> {
        let root = Level::new(root, 1, self.base);
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
            let failed = match (lists, &task.url) {
                (Lists::Sitemaps | Lists::SitemapsOfRobotsTxt, Ok(url)) => {
                    match self.child(&url.clone(), depth, sitemaps)? {
                        Some(Ok(level)) => {
                            levels.push(level);
                            continue;
                        }
                        Some(Err(failure)) => Task { url: Err(failure), ..task },
                        None => continue,
                    }
                }
                _ => task,
            };
            self.push_entry(Entry::of(failed, &written))?;
        }
        Ok(())
    }

    /// Gets a sitemap that another one names. `None` if it was read before.
    fn child(
        &mut self,
        url: &Url,
        depth: usize,
        sitemaps: &mut Sitemaps<'_>,
    ) -> Result<Option<Result<Level, Failure>>, Stop> {
        if !sitemaps.is_new(url) {
            tracing::info!("sitemap {} is named twice, and is read once", shown_url(url));
            return Ok(None);
        }
        // The answer may take long.
        self.hand_over()?;
        let answered = match sitemaps.kept(url)? {
            Some(answered) => answered,
            None => {
                let answered = sitemaps.ask(url, ListingFile::Sitemap, None)?;
                sitemaps.keep(url, &answered)?;
                answered
            }
        };
        if answered.as_ref().is_ok_and(|found| !has_entries(found)) {
            tracing::info!("sitemap {} has no entries", shown_url(url));
        }
        let level = answered.and_then(|found| Level::new(found, depth, self.base).ok_or_else(|| no_listing(url)));
        Ok(Some(level.and_then(|level| {
            if level.listing.lists() == Lists::Pages || depth <= MAX_DEPTH { Ok(level) } else { Err(too_deep(url)) }
        })))
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
fn unreadable(failure: &Failure) -> Stop {
    let parts = [&failure.message].into_iter().chain(&failure.causes);
    let parts: Vec<&str> = parts.filter_map(|part| part.lines().next()).collect();
    Stop::Error(Error::new(ErrorKind::Unusable, parts.join(": ")))
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
