//! The archive of a run: the members that workers made of its requests, in the order of their arrival.
//!
//! It grows as `<name>.part`, and a checkpoint confirms its bytes together with the records of their pages. So the
//! archive of a resumed run has what an undisturbed run has, and no member is torn.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rustix::rand::GetRandomFlags;

use super::destination::{self, Found, Part, with_suffix};
use super::output::way_out;
use super::{ArchiveOptions, Error, LeftOver};
use crate::own_files::{self, Others};
use crate::warc::write::{self, Opening};

/// The size at which the buffer is written.
const BUFFER: usize = 256 * 1024;

/// How often to try again to lock a file. A killed run may hold its lock a little longer (`journal/manifest.rs`).
const LOCK_ATTEMPTS: u32 = 25;
const PAUSE: Duration = Duration::from_millis(10);

/// Where an archive will be, after all checks.
#[derive(Debug)]
pub(super) struct Place {
    /// The complete archive.
    target: PathBuf,
    part: PathBuf,
    /// The permissions of the complete archive.
    permissions: Permissions,
    obeys_robots: bool,
}

/// The archive while it grows.
#[derive(Debug)]
pub(super) struct Archive {
    part: Part,
    buffer: Vec<u8>,
    /// The number of the run, from which the ids of records are made.
    run: u128,
}

/// The path of the unfinished archive `target`.
pub fn part_of_archive(target: &Path) -> PathBuf {
    with_suffix(target, ".part")
}

impl Place {
    /// Checks the place. An existing archive with its name stays unchanged.
    pub(super) fn find(options: &ArchiveOptions) -> Result<Self, Error> {
        let shown = options.path.display();
        match destination::inspect_path(&options.path, "archive")? {
            Found::Stream(..) => Err(Error::unusable(format!(
                "open the archive `{shown}`: it is not a regular file; name one that is, or leave out --archive"
            ))),
            Found::File(target, permissions) => {
                let part = part_of_archive(&target);
                Ok(Self { target, part, permissions, obeys_robots: options.obeys_robots })
            }
        }
    }

    /// Makes room for a new archive: fails if there is an unfinished one, or removes it.
    pub(super) fn clear(&self, left_over: LeftOver) -> Result<(), Error> {
        if fs::symlink_metadata(&self.part).is_err() {
            return Ok(());
        }
        let part = self.part.display();
        if left_over != LeftOver::Replace {
            return Err(Error::unusable(format!(
                "start `{part}`: it is left over from an unfinished run; continue that run with --resume and its \
                 output, or discard it with --restart"
            )));
        }
        let removed = open(&self.part).and_then(|_locked| fs::remove_file(&self.part));
        removed.map_err(|error| Error::unusable(format!("remove `{part}` of an unfinished run")).because(error))
    }

    /// Starts the archive with a record about the run.
    pub(super) fn start(&self, run: u128) -> io::Result<Archive> {
        let file = own_files::create(&self.part).and_then(|file| locked(file, &self.part));
        let file = file.map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", self.part.display())))?;
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        let opening = write::opening(&Opening {
            id: run,
            date: SystemTime::now(),
            file: &name,
            software: concat!("gleaner/", env!("CARGO_PKG_VERSION")),
            obeys_robots: self.obeys_robots,
        });
        let mut archive = self.archive(file, run, 0);
        if let Err(error) = archive.part.write(&opening) {
            archive.discard();
            return Err(error);
        }
        Ok(archive)
    }

    /// Opens what an earlier run has left. This is the whole archive if that run ended just before its output was
    /// complete. `None` if there is neither. A complete archive that other users may write is not of such a run.
    pub(super) fn left_over(&self) -> io::Result<Option<File>> {
        match open(&self.part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(open(&self.target).ok()),
            opened => opened.map(Some),
        }
    }

    /// Continues the archive `file`, whose first `length` bytes are confirmed, and cuts off the rest.
    pub(super) fn resume(&self, file: File, run: u128, length: u64) -> io::Result<Archive> {
        if !own_files::is_at(&file, &self.part).unwrap_or(false) {
            file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
            fs::rename(&self.target, &self.part)?;
        }
        let mut archive = self.archive(file, run, length);
        archive.part.cut(length, length)?;
        Ok(archive)
    }

    /// The path of the unfinished archive.
    pub(super) fn part(&self) -> &Path {
        &self.part
    }

    fn archive(&self, file: File, run: u128, length: u64) -> Archive {
        let part = Part::new(file, self.part.clone(), self.target.clone(), self.permissions.clone(), length);
        Archive { part, buffer: Vec::new(), run }
    }
}

/// Opens and locks a file that belongs to this user alone.
fn open(path: &Path) -> io::Result<File> {
    own_files::open(path, Others::MayRead).and_then(|file| locked(file, path))
}

impl Archive {
    pub(super) fn run(&self) -> u128 {
        self.run
    }

    pub(super) fn path(&self) -> &Path {
        self.part.path()
    }

    /// Appends members.
    pub(super) fn append(&mut self, members: &[Bytes]) -> Result<(), Error> {
        for member in members {
            self.buffer.extend_from_slice(member);
            if self.buffer.len() >= BUFFER {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes the buffer to the file. After an error, the file ends after a whole member.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let before = self.part.length();
        let written = self.part.write(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER);
        written.map_err(|error| {
            self.part.cut(before, before).ok();
            let (path, way_out) = (self.part.path().display(), way_out(&error));
            Error::io(format!("write to `{path}` (what was written before is kept){way_out}")).because(error)
        })
    }

    /// The `.part`. The buffer must have been flushed.
    pub(super) fn part(&mut self) -> &mut Part {
        &mut self.part
    }

    /// Gives the complete archive its name. No other user may write it before `publish`, because a run that resumes would
    /// not trust it.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.part.commit_guarded()
    }

    /// Gives the archive its permissions. Must be called when no run can resume it any more.
    pub(super) fn publish(self) {
        self.part.set_permissions();
    }

    /// Removes an archive that is not needed.
    pub(super) fn discard(self) {
        fs::remove_file(self.part.path()).ok();
    }
}

/// Makes the number of a run.
pub(super) fn random_run() -> io::Result<u128> {
    let mut run = [0; 16];
    rustix::rand::getrandom(&mut run, GetRandomFlags::empty())?;
    Ok(u128::from_le_bytes(run))
}

/// Locks a file while it is open. Some file systems have no locks.
fn locked(file: File, path: &Path) -> io::Result<File> {
    for attempt in 0.. {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if attempt < LOCK_ATTEMPTS => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => break,
            Ok(()) if !own_files::is_at(&file, path)? => break,
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::Error::other("another run is writing it at this moment"))
}
