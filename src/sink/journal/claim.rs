//! What is done, before anything is written, about what an earlier run has left behind.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::Journal;
use super::manifest::{Denied, Manifest};
use super::recovery::{Confirmed, recover};
use crate::own_files::{self, Others};
use crate::sink::destination::{Part, with_suffix};
use crate::sink::{Error, LeftOver, Options, Order};

/// Large reads: a resume goes through all that was written.
const BUFFER: usize = 256 * 1024;

/// The names of a run's files beside the output.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) part: PathBuf,
    pub(super) log: PathBuf,
    pub(super) pending: PathBuf,
    /// What takes the place of `pending` when it is whole.
    pub(super) successor: PathBuf,
    pub(super) manifest: PathBuf,
}

/// An output that is ours to write, and what it has already.
pub(in crate::sink) struct Claim {
    pub(in crate::sink) part: Part,
    pub(in crate::sink) journal: Journal,
    /// Where records wait; `None` where none do.
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

/// The files that a run has beside its output `target` until that is whole.
pub fn files_beside(target: &Path) -> [PathBuf; 5] {
    let Names { part, log, pending, successor, manifest } = Names::beside(target);
    [part, log, pending, successor, manifest]
}

/// Locks the output `target`, and begins it or goes on with it. `permissions` are those that the output gets when it is
/// whole; until then its files are for their owner alone.
pub(in crate::sink) fn claim(target: PathBuf, permissions: Permissions, options: &Options) -> Result<Claim, Error> {
    let names = Names::beside(&target);
    if options.left_over != LeftOver::Replace && length(&names.part) > 0 && !names.manifest.exists() {
        return Err(refuse_foreign(&names));
    }
    let mut manifest = Manifest::lock(&names.manifest).map_err(|denied| match denied {
        Denied::Taken => Error::unusable(format!(
            "write `{}`: another run is writing it at this moment, wait for its end or choose another output",
            names.part.display()
        )),
        Denied::Io(error) => cannot_create(&names, named(&names.manifest, &error)),
    })?;
    // Where there is no `.part`, a run died before it had one, or after it had become the output.
    let is_left_over = length(&names.part) + length(&names.log) > 0 && names.part.exists();
    if is_left_over && options.left_over == LeftOver::Refuse {
        return Err(refuse(&names));
    }
    if is_left_over && options.left_over == LeftOver::Resume {
        if length(&names.log) > 0 {
            check(&names, &mut manifest, options)?;
        }
        let (files, confirmed) = look(&names, options.order).map_err(|error| cannot_resume(&names, error))?;
        if confirmed.done.seqs.count() > 0 {
            return go_on(target, permissions, names, manifest, files, confirmed, options);
        }
        tracing::warn!("nothing in `{}` is known to be whole: starting afresh", names.part.display());
    } else if options.left_over == LeftOver::Resume {
        tracing::warn!("nothing is left over of `{}`: starting afresh", target.display());
    }
    begin(target, permissions, names, manifest, options)
}

/// The `.part`, the log and the pending file of an earlier run.
type Files = (File, File, File);

/// Finds out what of an earlier run can be trusted.
fn look(names: &Names, order: Order) -> io::Result<(Files, Confirmed)> {
    let open = |path: &Path| own_files::open_or_create(path, Others::MayRead).map_err(|error| named(path, &error));
    let (part, log, pending) = (open(&names.part)?, open(&names.log)?, open(&names.pending)?);
    let read = |file| BufReader::with_capacity(BUFFER, file);
    let confirmed = recover(order, &mut read(&part), &mut read(&log), &mut read(&pending))?;
    Ok(((part, log, pending), confirmed))
}

/// Compares what an earlier run was made with. Comes before anything else is read: another order would read it wrongly.
fn check(names: &Names, manifest: &mut Manifest, options: &Options) -> Result<(), Error> {
    let part = names.part.display();
    let Some(earlier) = manifest.read().map_err(|error| cannot_resume(names, error))? else {
        return Err(Error::unusable(format!(
            "resume `{part}`: its manifest cannot be read, so nobody knows what it was made with; throw it away with \
             --restart"
        )));
    };
    match earlier.difference(&options.identity) {
        None => Ok(()),
        Some(difference) => Err(Error::unusable(format!(
            "resume `{part}`: {difference}; set it back, or throw the left-over away with --restart"
        ))),
    }
}

/// Starts from nothing. The `.part` comes last: where there is one, the other files are its own.
fn begin(
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
            // What there was has been thrown away by now, or was not to be; these are our own.
            for path in [&names.part, &names.log, &names.pending] {
                remove(path).ok();
            }
            manifest.remove().ok();
            Err(refusal)
        }
    }
}

/// Cuts off what is not confirmed, and goes on behind the rest.
fn go_on(
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
        "begin `{}`: it is left over from a run that did not end; go on with it (--resume) or throw it away (--restart)",
        names.part.display()
    ))
}

fn refuse_foreign(names: &Names) -> Error {
    Error::unusable(format!(
        "begin `{}`: it is left over from a run that did not end, and without its manifest it cannot be gone on with \
         (--resume); keep it elsewhere, or throw it away (--restart)",
        names.part.display()
    ))
}

fn cannot_create(names: &Names, error: io::Error) -> Error {
    let part = names.part.display();
    let way_out = match error.kind() {
        ErrorKind::StorageFull => "free some space (or inodes)",
        ErrorKind::QuotaExceeded => "free some of your space",
        ErrorKind::FileTooLarge => "allow larger files (ulimit -f)",
        ErrorKind::Other => "look at what somebody has put there, remove it",
        _ => "make its folder writable",
    };
    Error::unusable(format!("create `{part}`: {way_out}, or choose another with --output")).because(error)
}

fn cannot_resume(names: &Names, error: io::Error) -> Error {
    let part = names.part.display();
    Error::unusable(format!("resume `{part}`: it cannot be read and cut to what is whole")).because(error)
}

/// The error with the name of the file.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Removes a file that need not be there.
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
    fn what_to_do_about_a_part_that_cannot_be_created_depends_on_why() {
        let names = Names::beside(Path::new("out.json"));
        for (kind, way_out) in [
            (
                ErrorKind::StorageFull,
                "create `out.json.part`: free some space (or inodes), or choose another with --output",
            ),
            (ErrorKind::QuotaExceeded, "free some of your space"),
            (ErrorKind::FileTooLarge, "allow larger files (ulimit -f)"),
            (ErrorKind::PermissionDenied, "create `out.json.part`: make its folder writable, or choose another"),
        ] {
            let error = cannot_create(&names, kind.into());
            assert!(error.to_string().contains(way_out), "{kind}: {error}");
        }
    }
}
