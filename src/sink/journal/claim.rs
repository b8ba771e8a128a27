//! Decides what to do with an unfinished output of an earlier run, before anything is written.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::Journal;
use super::manifest::{Denied, Manifest};
use super::recovery::{Confirmed, recover};
use crate::own_files::{self, Others};
use crate::sink::archive::{Archive, Place};
use crate::sink::destination::{CONVERTED, Part, with_suffix};
use crate::sink::{Error, LeftOver, Made, Options, Order};

/// The size of reads. It is large because a resume reads all files completely.
const BUFFER: usize = 256 * 1024;

/// The paths of the files beside the output.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) part: PathBuf,
    pub(super) log: PathBuf,
    pub(super) pending: PathBuf,
    /// The file that replaces `pending` when it is complete.
    pub(super) successor: PathBuf,
    pub(super) manifest: PathBuf,
    pub(super) sitemaps: PathBuf,
    /// The file that is made of the `.part`, if the format needs that.
    pub(super) converted: PathBuf,
}

/// An output that this run may write, and the work that it already contains.
pub(in crate::sink) struct Claim {
    pub(in crate::sink) part: Part,
    pub(in crate::sink) journal: Journal,
    /// The file for waiting records; `None` if no records wait.
    pub(in crate::sink) pending: Option<File>,
    /// The file for sitemaps; `None` if the list has none.
    pub(in crate::sink) sitemaps: Option<File>,
    pub(in crate::sink) confirmed: Confirmed,
    pub(in crate::sink) archive: Option<Archive>,
}

impl Names {
    fn beside(target: &Path) -> Self {
        let name = |suffix| with_suffix(target, suffix);
        Self {
            part: name(".part"),
            log: name(".part.log"),
            pending: name(".part.pending"),
            successor: name(".part.pending.new"),
            manifest: name(".part.manifest"),
            sitemaps: name(".part.sitemaps"),
            converted: name(CONVERTED),
        }
    }
}

/// The files that a run has beside its output `target`: until the output is complete, and then the last one.
pub fn files_beside(target: &Path) -> [PathBuf; 8] {
    let Names { part, log, pending, successor, manifest, sitemaps, converted } = Names::beside(target);
    [part, log, pending, successor, manifest, sitemaps, converted, Made::path(target)]
}

/// Locks the output `target`, and starts or resumes it. `permissions` are those of the complete output. Until then,
/// only the owner can access its files.
pub(in crate::sink) fn claim(target: PathBuf, permissions: Permissions, options: &Options) -> Result<Claim, Error> {
    let names = Names::beside(&target);
    let place = options.archive.as_ref().map(Place::find).transpose()?;
    if options.left_over != LeftOver::Replace && length(&names.part) > 0 && !names.manifest.exists() {
        return Err(refuse_without_manifest(&names));
    }
    let mut manifest = Manifest::lock(&names.manifest).map_err(|denied| match denied {
        Denied::Taken => Error::unusable(format!(
            "write `{}`: another run is writing it at this moment; wait until it ends, or choose another output",
            names.part.display()
        )),
        Denied::Io(error) => cannot_create(&names, with_path(&names.manifest, &error)),
    })?;
    // Without a `.part`, the earlier run died before it created one, or after it had renamed it to the output.
    let is_left_over = length(&names.part) + length(&names.log) > 0 && names.part.exists();
    if is_left_over && options.left_over == LeftOver::Refuse {
        return Err(refuse(&names));
    }
    if is_left_over && options.left_over == LeftOver::Resume {
        // Without a log, nothing is confirmed, so nothing is resumed.
        let run = if length(&names.log) > 0 { check(&names, &mut manifest, options)? } else { 0 };
        let archive = place.as_ref().map(|place| place.left_over().map_err(|error| with_path(place.part(), &error)));
        let archive = archive.transpose().map_err(|error| cannot_resume(&names, error))?.flatten();
        let recovered = recover_files(&names, options.order, archive.as_ref());
        let (files, confirmed) = recovered.map_err(|error| cannot_resume(&names, error))?;
        if let Some(place) = &place
            && confirmed.done.seqs.count() == 0
            && length(&names.log) > 0
            && !place.part().exists()
        {
            return Err(refuse_without_archive(&names, place));
        }
        if confirmed.done.seqs.count() > 0 {
            let continued = |(place, file): (Place, File)| place.resume(file, run, confirmed.archive);
            let archive = place.zip(archive).map(continued).transpose();
            let archive = archive.map_err(|error| cannot_resume(&names, error))?;
            let claim = resume(target, permissions, names, manifest, files, confirmed, options)?;
            return Ok(Claim { archive, ..claim });
        }
        tracing::warn!(
            "no record in `{}` can be recovered, so the run starts from the beginning",
            names.part.display()
        );
    } else if options.left_over == LeftOver::Resume {
        tracing::warn!(
            "there is no unfinished output for `{}`, so the run starts from the beginning",
            target.display()
        );
    }
    let is_same_run = options.left_over == LeftOver::Resume
        && names.part.exists()
        && matches!(manifest.read(), Ok(Some(earlier)) if earlier.difference(&options.identity).is_none());
    if let Some(place) = &place {
        // What lies beside an unfinished output of this run is of this run too, even if that has no record yet.
        let is_ours = is_same_run || is_left_over && options.left_over == LeftOver::Resume;
        if let Err(refusal) = place.clear(if is_ours { LeftOver::Replace } else { options.left_over }) {
            if !is_left_over {
                manifest.remove().ok();
            }
            return Err(refusal);
        }
    }
    start(target, permissions, names, manifest, place.as_ref(), options, is_same_run)
}

/// The `.part`, the log and the pending file of an earlier run.
type Files = (File, File, File);

/// Finds out which work of an earlier run can be trusted.
fn recover_files(names: &Names, order: Order, archive: Option<&File>) -> io::Result<(Files, Confirmed)> {
    let open = |path: &Path| own_files::open_or_create(path, Others::MayRead).map_err(|error| with_path(path, &error));
    let (part, log, pending) = (open(&names.part)?, open(&names.log)?, open(&names.pending)?);
    let mut archive = archive.map(|file| BufReader::with_capacity(BUFFER, file));
    let archive = archive.as_mut().map(|archive| archive as &mut dyn io::Read);
    let read = |file| BufReader::with_capacity(BUFFER, file);
    let confirmed = recover(order, &mut read(&part), &mut read(&log), &mut read(&pending), archive)?;
    Ok(((part, log, pending), confirmed))
}

/// Compares the settings with those of the earlier run, and returns the number of that run. Must come before the files
/// are read: another order would interpret them wrongly.
fn check(names: &Names, manifest: &mut Manifest, options: &Options) -> Result<u128, Error> {
    let part = names.part.display();
    let Some(earlier) = manifest.read().map_err(|error| cannot_resume(names, error))? else {
        return Err(Error::unusable(format!(
            "resume `{part}`: its manifest cannot be read, because it is damaged or of another version of gleaner; \
             finish it with the version that began it, or discard it with --restart"
        )));
    };
    match earlier.difference(&options.identity) {
        None => Ok(earlier.run()),
        Some(difference) => Err(Error::unusable(format!(
            "resume `{part}`: {difference}; undo the change, or discard the unfinished output with --restart"
        ))),
    }
}

/// Starts from the beginning. The `.part` is created last, so if it exists, the other files belong to it. A resumed run
/// that has no record yet `keeps_sitemaps`, so that it does not request them again.
fn start(
    target: PathBuf,
    permissions: Permissions,
    names: Names,
    mut manifest: Manifest,
    place: Option<&Place>,
    options: &Options,
    keeps_sitemaps: bool,
) -> Result<Claim, Error> {
    let mut archive = None;
    let mut files = || -> io::Result<_> {
        for path in [&names.part, &names.log, &names.pending, &names.successor, &names.converted] {
            remove(path)?;
        }
        if !keeps_sitemaps {
            remove(&names.sitemaps)?;
        }
        let run = manifest.write(&options.identity)?;
        archive = place.map(|place| place.start(run)).transpose()?;
        let log = own_files::create(&names.log)?;
        let pending = (options.order == Order::Input).then(|| own_files::create(&names.pending)).transpose()?;
        let sitemaps = sitemaps(&names, options)?;
        let part = own_files::create(&names.part)?;
        Ok((part, log, pending, sitemaps))
    };
    match files() {
        Ok((part, log, pending, sitemaps)) => {
            let part = Part::new(part, names.part.clone(), target, permissions, 0);
            let journal = Journal::new(names, manifest, log, &Confirmed::default(), options.packing);
            Ok(Claim { part, journal, pending, sitemaps, confirmed: Confirmed::default(), archive })
        }
        Err(error) => {
            let refusal = cannot_create(&names, error);
            // Older files have been removed by now, or were left unchanged. These files are our own.
            for path in [&names.part, &names.log, &names.pending, &names.sitemaps] {
                remove(path).ok();
            }
            if let Some(archive) = archive {
                archive.discard();
            }
            manifest.remove().ok();
            Err(refusal)
        }
    }
}

/// Resumes the output, without its archive: cuts off everything that is not confirmed, and continues after the rest.
fn resume(
    target: PathBuf,
    permissions: Permissions,
    names: Names,
    manifest: Manifest,
    (part, log, pending): Files,
    confirmed: Confirmed,
    options: &Options,
) -> Result<Claim, Error> {
    let cut = |file: &File, length: u64| -> io::Result<()> {
        let mut file = file;
        file.set_len(length)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(length)).map(drop)
    };
    let all = || {
        cut(&part, confirmed.part)?;
        cut(&pending, confirmed.pending)?;
        cut(&log, confirmed.log)?;
        remove(&names.successor)?;
        remove(&names.converted)?;
        sitemaps(&names, options)
    };
    let sitemaps = all().map_err(|error| cannot_resume(&names, error))?;
    let part = Part::new(part, names.part.clone(), target, permissions, confirmed.part);
    let journal = Journal::new(names, manifest, log, &confirmed, options.packing);
    let pending = (options.order == Order::Input).then_some(pending);
    Ok(Claim { part, journal, pending, sitemaps, confirmed, archive: None })
}

/// Opens the file for sitemaps, if the list has any.
fn sitemaps(names: &Names, options: &Options) -> io::Result<Option<File>> {
    let open = || own_files::open_or_create(&names.sitemaps, Others::MayRead);
    options.has_sitemaps.then(open).transpose().map_err(|error| with_path(&names.sitemaps, &error))
}

fn refuse(names: &Names) -> Error {
    Error::unusable(format!(
        "start `{}`: it is left over from an unfinished run; continue it with --resume, or discard it with --restart",
        names.part.display()
    ))
}

fn refuse_without_manifest(names: &Names) -> Error {
    Error::unusable(format!(
        "start `{}`: it is left over from an unfinished run, but its manifest is missing, so --resume cannot \
         continue it; move it elsewhere, or discard it with --restart",
        names.part.display()
    ))
}

fn refuse_without_archive(names: &Names, place: &Place) -> Error {
    Error::unusable(format!(
        "resume `{}`: its archive `{}` is missing; put it back, or discard the unfinished output with --restart",
        names.part.display(),
        place.part().display()
    ))
}

fn cannot_create(names: &Names, error: io::Error) -> Error {
    let part = names.part.display();
    let way_out = match error.kind() {
        ErrorKind::StorageFull => "free some space (or inodes)",
        ErrorKind::QuotaExceeded => "free some space (your disk quota is used up)",
        ErrorKind::FileTooLarge => "allow larger files (ulimit -f)",
        ErrorKind::Other => "check what is there and remove it",
        _ => "make its folder writable",
    };
    Error::unusable(format!("create `{part}`: {way_out}, or choose another with --output")).because(error)
}

fn cannot_resume(names: &Names, error: io::Error) -> Error {
    let part = names.part.display();
    Error::unusable(format!("resume `{part}`: it cannot be read, or cut to its confirmed part")).because(error)
}

/// Adds the path of the file to the error.
fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Removes a file that may not exist.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_out_for_a_part_that_cannot_be_created_depends_on_the_cause() {
        let names = Names::beside(Path::new("out.json"));
        for (kind, way_out) in [
            (
                ErrorKind::StorageFull,
                "create `out.json.part`: free some space (or inodes), or choose another with --output",
            ),
            (ErrorKind::QuotaExceeded, "free some space (your disk quota is used up)"),
            (ErrorKind::FileTooLarge, "allow larger files (ulimit -f)"),
            (ErrorKind::PermissionDenied, "create `out.json.part`: make its folder writable, or choose another"),
        ] {
            let error = cannot_create(&names, kind.into());
            assert!(error.to_string().contains(way_out), "{kind}: {error}");
        }
    }
}
