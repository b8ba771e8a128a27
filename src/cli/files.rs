//! Checks the files of a run: each file that it writes must differ from all other files of the run.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::args::RunArgs;
use super::closing_file;
use crate::config::{self, Plan};
use crate::{own_files, sink};

/// Cookies may be saved to the file that they were loaded from.
const LOADED: &str = "the file of the loaded cookies";
const SAVED: &str = "cookies";

/// An output may take the place of the one that it was made since.
const SINCE: &str = "the file of --since";
const OUTPUT: &str = "the output";

/// Fails if a run would overwrite a file that it reads, or write two things to one file. Names that link to one file,
/// by hard or symbolic links, count as one file.
pub(super) fn distinct(args: &RunArgs, plan: &Plan) -> anyhow::Result<()> {
    if let Some(path) = args.failed_out.as_deref()
        && (closing_file::is_stdout(path) || !sink::can_list_failed(path))
    {
        anyhow::bail!(
            "write the failed tasks to `{}`: they are written line by line; name a file that ends in .csv, .tsv, .jsonl or \
             .txt",
            path.display()
        );
    }
    let lists = args.list.urls.iter().chain(&args.list.sitemap).map(|list| ("the list", PathBuf::from(list)));
    let settings = args.settings.config.clone().unwrap_or_else(|| config::DEFAULT_FILE.into());
    let tls = plan.tls_files.iter().map(|file| ("a file of [tls]", file.clone()));
    let cookies = plan.cookies.as_ref();
    let load = cookies.and_then(|cookies| cookies.load.clone()).map(|file| (LOADED, file));
    let since = args.since.clone().map(|file| (SINCE, file));
    let read = lists.chain([("the settings file", settings)]).chain(tls).chain(load).chain(since);
    let mut taken: Vec<(&str, Place)> = read.filter_map(|(name, path)| Some((name, Place::of(&path)?))).collect();

    let output = args.output.iter().filter(|path| !closing_file::is_stdout(path));
    let of_output = output.flat_map(|path| {
        let beside = own_files::follow_links(path).map(|target| sink::files_beside(&target));
        let beside = beside.into_iter().flatten().map(|file| ("a file beside the output", file));
        [(OUTPUT, path.clone())].into_iter().chain(beside)
    });
    let of_archive = args.archive.iter().flat_map(|path| {
        let part = own_files::follow_links(path).map(|target| sink::part_of_archive(&target));
        let part = part.into_iter().map(|part| ("the file beside the archive", part));
        [("the archive", path.clone())].into_iter().chain(part)
    });
    let others = [
        ("the summary", args.summary.clone()),
        ("the failed tasks", args.failed_out.clone()),
        ("the report", args.report.clone()),
        ("the cache", plan.cache.clone()),
        (SAVED, cookies.and_then(|cookies| cookies.save.clone())),
    ];
    let others = others.into_iter().filter_map(|(name, path)| Some((name, path?)));
    // A folder that cannot be found is an error of the list.
    let pages = args.list.pages.as_ref().and_then(|pages| pages.canonicalize().ok());
    for (name, path) in of_output.chain(of_archive).chain(others) {
        let Some(place) = Place::of(&path) else { continue };
        if let Some(pages) = &pages
            && place.path.starts_with(pages)
        {
            let why = "it would become one of the saved pages, name a file outside of their folder";
            anyhow::bail!("write {name} to `{}`: {why}", path.display());
        }
        let is_allowed = |other: &str| [(SAVED, LOADED), (OUTPUT, SINCE)].contains(&(name, other));
        if let Some((other, _)) = taken.iter().find(|(other, taken)| taken.is(&place) && !is_allowed(other)) {
            anyhow::bail!("write {name} to `{}`: that is {other}, name another file", path.display());
        }
        taken.push((name, place));
    }
    Ok(())
}

/// Whether two names lead to one regular file that exists.
pub(super) fn are_one(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| Place::of(path).and_then(|place| place.id);
    id(one).is_some() && id(one) == id(other)
}

/// A file that exists or may be created, independent of its names.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Device and inode of an existing file.
    id: Option<(u64, u64)>,
}

impl Place {
    /// `None` for standard output, devices and FIFOs: several readers and writers may share them.
    fn of(path: &Path) -> Option<Self> {
        if closing_file::is_stdout(path) {
            return None;
        }
        let Ok(existing) = path.metadata() else {
            // A link may point to a file that does not exist yet. A link that cannot be followed cannot be written to
            // either.
            let path = own_files::follow_links(path).unwrap_or_else(|_| path.to_owned());
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let path = folder.canonicalize().ok()?.join(path.file_name()?);
            return Some(Self { path, id: None });
        };
        let id = |metadata: &Metadata| (metadata.dev(), metadata.ino());
        existing.is_file().then(|| Some(Self { path: path.canonicalize().ok()?, id: Some(id(&existing)) }))?
    }

    fn is(&self, other: &Self) -> bool {
        self.path == other.path || self.id.is_some() && self.id == other.id
    }
}
