//! `<name>.part.manifest`: says what the files beside it are, and is locked while a run writes them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A lock may outlive a coordinator that was killed by as long as a worker needs to start: until then the worker has
/// all its parent's descriptors.
const PATIENCE: u32 = 25;
const PAUSE: Duration = Duration::from_millis(10);

/// What two runs must have in common for the later one to go on with the earlier one's output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The version of Gleaner.
    pub version: String,
    /// Settings that shape the data, by name; a setting that one of the two does not have counts as changed.
    pub settings: BTreeMap<String, String>,
}

impl Identity {
    /// What differs, for a person; `None` if nothing does.
    pub(super) fn difference(&self, earlier: &Self) -> Option<String> {
        if self.version != earlier.version {
            return Some(format!("it was begun by gleaner {}, and this is gleaner {}", earlier.version, self.version));
        }
        let mut names: Vec<&String> = self.settings.keys().chain(earlier.settings.keys()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| self.settings.get(*name) != earlier.settings.get(*name));
        let shown = |names: &[&String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match names[..] {
            [] => None,
            [_] => Some(format!("{} has changed since it was begun", shown(&names))),
            _ => Some(format!("{} have changed since it was begun", shown(&names))),
        }
    }
}

/// The open manifest; whoever has it is the only one to write the files that it speaks of. Closing it unlocks it.
#[derive(Debug)]
pub(super) struct Manifest {
    file: File,
    path: PathBuf,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum Denied {
    /// Another run has it.
    Taken,
    Io(io::Error),
}

impl From<io::Error> for Denied {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Manifest {
    /// Opens or creates the file, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, Denied> {
        for attempt in 0.. {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            match file.try_lock() {
                // A run that came to its end removes the file before it gives the lock away.
                Ok(()) if is_at(&file, path) => return Ok(Self { file, path: path.to_owned() }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if attempt < PATIENCE => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        Err(Denied::Taken)
    }

    /// What is written in it; `None` if that is nothing, or nothing that can be read.
    pub(super) fn read(&mut self) -> io::Result<Option<Identity>> {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text).ok())
    }

    /// Puts this into it. The file stays the same one, for the lock is on it.
    pub(super) fn write(&mut self, identity: &Identity) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(identity)?;
        text.push(b'\n');
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Removes the file; the lock goes with it.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().map(id).ok().is_some_and(|open| fs::metadata(path).map(id).ok() == Some(open))
}

#[cfg(windows)]
fn is_at(_: &File, path: &Path) -> bool {
    // An open file keeps its name there.
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(version: &str, settings: &[(&str, &str)]) -> Identity {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Identity { version: version.to_owned(), settings }
    }

    #[test]
    fn what_differs_is_named() {
        let earlier = identity("1.0.0", &[("a", "1"), ("b", "2"), ("c", "3")]);
        let table = [
            (identity("1.0.0", &[("a", "1"), ("b", "2"), ("c", "3")]), None),
            (identity("1.0.1", &[]), Some("it was begun by gleaner 1.0.0, and this is gleaner 1.0.1")),
            (identity("1.0.0", &[("a", "1"), ("b", "9"), ("c", "3")]), Some("`b` has changed since it was begun")),
            (
                identity("1.0.0", &[("b", "2"), ("c", "3"), ("d", "4")]),
                Some("`a`, `d` have changed since it was begun"),
            ),
        ];
        for (now, expected) in table {
            assert_eq!(now.difference(&earlier).as_deref(), expected);
        }
    }

    #[test]
    fn a_manifest_has_one_owner_and_keeps_what_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest");
        let mut first = Manifest::lock(&path).expect("nobody has it");
        assert_eq!(first.read().expect("readable"), None);
        for (version, settings) in [("1.0.0", &[("a", "a long value")][..]), ("2", &[])] {
            let identity = identity(version, settings);
            first.write(&identity).expect("written");
            assert_eq!(first.read().expect("readable"), Some(identity));
        }
        assert!(matches!(Manifest::lock(&path), Err(Denied::Taken)));
        drop(first);
        let second = Manifest::lock(&path).expect("it was given away");
        second.remove().expect("removed");
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_on_a_file_that_its_owner_has_just_removed_is_none() {
        const RUNS: u32 = 300;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest");
        let owners = std::sync::atomic::AtomicU32::new(0);
        // Each of them opens the file at some time between another's opening and removing it.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..RUNS {
                        let Ok(manifest) = Manifest::lock(&path) else { continue };
                        let others = owners.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        assert_eq!(others, 0, "two have it at the same time");
                        thread::yield_now();
                        owners.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        manifest.remove().expect("it is its owner's to remove");
                    }
                });
            }
        });
    }
}
