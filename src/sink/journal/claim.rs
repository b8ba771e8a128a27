//! Decides what to do with an unfinished output of an earlier run, before anything is written.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::Journal;
use super::manifest::{Denied, Manifest};
use super::recovery::{Confirmed, recover};
use crate::own_files::{self, Others};
use crate::sink::destination::{Part, with_suffix};
use crate::sink::{Error, LeftOver, Options, Order};

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
}

/// An output that this run may write, and the work that it already contains.
pub(in crate::sink) struct Claim {
    pub(in crate::sink) part: Part,
    pub(in crate::sink) journal: Journal,
    /// The file for waiting records; `None` if no records wait.
    pub(in crate::sink) pending: Option<File>,
    pub(in crate::sink) confirmed: Confirmed,
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
        }
    }
}

/// The files that a run has beside its output `target` until the output is complete.
pub fn files_beside(target: &Path) -> [PathBuf; 5] {
    let Names { part, log, pending, successor, manifest } = Names::beside(target);
    [part, log, pending, successor, manifest]
}

/// Locks the output `target`, and starts or resumes it. `permissions` are those of the complete output. Until then,
/// only the owner can access its files.
pub(in crate::sink) fn claim(target: PathBuf, permissions: Permissions, options: &Options) -> Result<Claim, Error> {
    let names = Names::beside(&target);
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
        if length(&names.log) > 0 {
            check(&names, &mut manifest, options)?;
        }
        let (files, confirmed) = recover_files(&names, options.order).map_err(|error| cannot_resume(&names, error))?;
        if confirmed.done.seqs.count() > 0 {
            return resume(target, permissions, names, manifest, files, confirmed, options);
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
    start(target, permissions, names, manifest, options)
}

/// The `.part`, the log and the pending file of an earlier run.
type Files = (File, File, File);

/// Finds out which work of an earlier run can be trusted.
fn recover_files(names: &Names, order: Order) -> io::Result<(Files, Confirmed)> {
    let open = |path: &Path| own_files::open_or_create(path, Others::MayRead).map_err(|error| with_path(path, &error));
    let (part, log, pending) = (open(&names.part)?, open(&names.log)?, open(&names.pending)?);
    let read = |file| BufReader::with_capacity(BUFFER, file);
    let confirmed = recover(order, &mut read(&part), &mut read(&log), &mut read(&pending))?;
    Ok(((part, log, pending), confirmed))
}

/// Compares the settings with those of the earlier run. Must come before the files are read: another order would
/// interpret them wrongly.
fn check(names: &Names, manifest: &mut Manifest, options: &Options) -> Result<(), Error> {
    let part = names.part.display();
    let Some(earlier) = manifest.read().map_err(|error| cannot_resume(names, error))? else {
        return Err(Error::unusable(format!(
            "resume `{part}`: its manifest cannot be read, because it is damaged or of another version of gleaner; \
             finish it with the version that began it, or discard it with --restart"
        )));
    };
    match earlier.difference(&options.identity) {
        None => Ok(()),
        Some(difference) => Err(Error::unusable(format!(
            "resume `{part}`: {difference}; undo the change, or discard the unfinished output with --restart"
        ))),
    }
}

/// Starts from the beginning. The `.part` is created last, so if it exists, the other files belong to it.
fn start(
    target: PathBuf,
    permissions: Permissions,
    names: Names,
    mut manifest: Manifest,
    options: &Options,
) -> Result<Claim, Error> {
    let mut files = || -> io::Result<_> {
        for path in [&names.part, &names.log, &names.pending, &names.successor] {
            remove(path)?;
        }
        manifest.write(&options.identity)?;
        let log = own_files::create(&names.log)?;
        let pending = (options.order == Order::Input).then(|| own_files::create(&names.pending)).transpose()?;
        let part = own_files::create(&names.part)?;
        Ok((part, log, pending))
    };
    match files() {
        Ok((part, log, pending)) => {
            let part = Part::new(part, names.part.clone(), target, permissions, 0);
            let journal = Journal::new(names, manifest, log, &Confirmed::default());
            Ok(Claim { part, journal, pending, confirmed: Confirmed::default() })
        }
        Err(error) => {
            let refusal = cannot_create(&names, error);
            // Older files have been removed by now, or were left unchanged. These files are our own.
            for path in [&names.part, &names.log, &names.pending] {
                remove(path).ok();
            }
            manifest.remove().ok();
            Err(refusal)
        }
    }
}

/// Resumes the output: cuts off everything that is not confirmed, and continues after the rest.
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
        remove(&names.successor)
    };
    all().map_err(|error| cannot_resume(&names, error))?;
    let part = Part::new(part, names.part.clone(), target, permissions, confirmed.part);
    let journal = Journal::new(names, manifest, log, &confirmed);
    Ok(Claim { part, journal, pending: (options.order == Order::Input).then_some(pending), confirmed })
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
