//! `<name>.part.manifest`: describes the files beside it, and is locked while a run writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::rand::GetRandomFlags;
use serde::{Deserialize, Serialize};
use siphasher::sip128::SipHasher24;

use crate::own_files::{self, Others};

/// The version of the journal's files. A run resumes only files of its own version. 2: entries of the log have a stretch
/// of the archive.
const FORMAT: u32 = 2;

/// How often to try again. A lock may outlive a killed coordinator for as long as a worker needs to start, because
/// until then the worker has all descriptors of its parent.
const LOCK_ATTEMPTS: u32 = 25;
const PAUSE: Duration = Duration::from_millis(10);

/// The properties that two runs must share so that the later one can resume the output of the earlier one.
///
/// Its `Debug` form does not show secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The version of Gleaner.
    pub version: String,
    /// The settings that shape the data, by name. A setting that only one of the runs has counts as changed.
    pub settings: BTreeMap<String, String>,
    /// Further settings whose values may be secret. Files contain only keyed hashes of them.
    pub secrets: BTreeMap<String, String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, settings, secrets } = self;
        let secrets: Vec<&String> = secrets.keys().collect();
        f.debug_struct("Identity")
            .field("version", version)
            .field("settings", settings)
            .field("secrets", &secrets)
            .finish()
    }
}

/// An [`Identity`] as stored in the file. Each run has another key, and only the owner can read the file, so that
/// nobody else can find a secret by trying.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    version: String,
    /// [`FORMAT`]. The first version did not name it.
    #[serde(default)]
    format: u32,
    settings: BTreeMap<String, String>,
    key: [u8; 16],
    secrets: BTreeMap<String, [u8; 16]>,
}

impl Kept {
    fn new(identity: &Identity, key: [u8; 16]) -> Self {
        let Identity { version, settings, secrets } = identity.clone();
        let hash = |value: &String| SipHasher24::new_with_key(&key).hash(value.as_bytes()).as_bytes();
        let secrets = secrets.iter().map(|(name, value)| (name.clone(), hash(value))).collect();
        Self { version, format: FORMAT, settings, key, secrets }
    }

    /// The number of the run, which a resumed run has too.
    pub(super) fn run(&self) -> u128 {
        SipHasher24::new_with_key(&self.key).hash(b"run").as_u128()
    }

    /// Describes how the identity of a later run differs, for users; `None` if it does not.
    pub(super) fn difference(&self, now: &Identity) -> Option<String> {
        let now = Self::new(now, self.key);
        if now.version != self.version {
            return Some(format!("it was started by gleaner {}, but this is gleaner {}", self.version, now.version));
        }
        if now.format != self.format {
            return Some(
                "it was started by another version of gleaner, which wrote the files beside it in another form"
                    .to_owned(),
            );
        }
        let all = [&now, self].map(|kept| kept.settings.keys().chain(kept.secrets.keys()));
        let mut names: Vec<&String> = all.into_iter().flatten().collect();
        names.sort();
        names.dedup();
        let is_same = |name: &String| {
            now.settings.get(name) == self.settings.get(name) && now.secrets.get(name) == self.secrets.get(name)
        };
        names.retain(|name| !is_same(name));
        let shown = |names: &[&String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match names[..] {
            [] => None,
            [_] => Some(format!("{} has changed since it was started", shown(&names))),
            _ => Some(format!("{} have changed since it was started", shown(&names))),
        }
    }
}

/// The locked manifest. Only its holder may write the files that it describes. Closing it releases the lock.
#[derive(Debug)]
pub(super) struct Manifest {
    file: File,
    path: PathBuf,
}

/// Why the lock was not acquired.
#[derive(Debug)]
pub(super) enum Denied {
    /// Another run holds it.
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
            let file = own_files::open_or_create(path, Others::MayRead)?;
            match file.try_lock() {
                // A run that ends removes the file before it releases the lock, so the locked file may have no name any
                // more.
                Ok(()) if own_files::is_at(&file, path).unwrap_or(false) => {
                    return Ok(Self { file, path: path.to_owned() });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if attempt < LOCK_ATTEMPTS => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        Err(Denied::Taken)
    }

    /// The stored identity; `None` if there is none, or if it cannot be parsed.
    pub(super) fn read(&mut self) -> io::Result<Option<Kept>> {
        let mut text = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text).ok())
    }

    /// Stores the identity, and returns the number of the run. The file is overwritten and not replaced, because the lock
    /// belongs to it.
    pub(super) fn write(&mut self, identity: &Identity) -> io::Result<u128> {
        let mut key = [0; 16];
        rustix::rand::getrandom(&mut key, GetRandomFlags::empty())?;
        let kept = Kept::new(identity, key);
        let mut text = serde_json::to_vec_pretty(&kept)?;
        text.push(b'\n');
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)?;
        Ok(kept.run())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Removes the file, which ends the lock.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn identity(version: &str, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Identity {
        Identity { version: version.to_owned(), settings: map(settings), secrets: map(secrets) }
    }

    #[test]
    fn files_of_another_version_of_the_journal_are_named_as_such() {
        let identity = identity("1.0.0", &[("a", "1")], &[]);
        let kept = Kept::new(&identity, [7; 16]);
        let mut value = serde_json::to_value(&kept).expect("JSON");
        let read = |value: &serde_json::Value| serde_json::from_value::<Kept>(value.clone()).expect("a manifest");
        assert_eq!(read(&value).difference(&identity), None);
        let expected = "it was started by another version of gleaner, which wrote the files beside it in another form";
        for other in [Some(FORMAT + 1), None] {
            match other {
                Some(format) => value["format"] = format.into(),
                None => drop(value.as_object_mut().expect("an object").remove("format")),
            }
            assert_eq!(read(&value).difference(&identity).as_deref(), Some(expected), "{other:?}");
        }
    }

    #[test]
    fn differences_are_named() {
        let settings = [("a", "1"), ("b", "2"), ("c", "3")];
        let earlier = Kept::new(&identity("1.0.0", &settings, &[("pin", "4711")]), [7; 16]);
        let pin = [("pin", "4711")];
        let table = [
            (identity("1.0.0", &settings, &pin), None),
            (identity("1.0.1", &[], &[]), Some("it was started by gleaner 1.0.0, but this is gleaner 1.0.1")),
            (
                identity("1.0.0", &[("a", "1"), ("b", "9"), ("c", "3")], &pin),
                Some("`b` has changed since it was started"),
            ),
            (
                identity("1.0.0", &[("b", "2"), ("c", "3"), ("d", "4")], &pin),
                Some("`a`, `d` have changed since it was started"),
            ),
            (identity("1.0.0", &settings, &[("pin", "4712")]), Some("`pin` has changed since it was started")),
            (identity("1.0.0", &settings, &[]), Some("`pin` has changed since it was started")),
        ];
        for (now, expected) in table {
            assert_eq!(earlier.difference(&now).as_deref(), expected);
        }
    }

    #[test]
    fn each_run_stores_a_different_hash_of_a_secret() {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = identity("1", &[], &[("pin", "4711")]);
        assert!(!format!("{identity:?}").contains("4711"));
        let written = ["one", "two"].map(|name| {
            let path = folder.path().join(name);
            Manifest::lock(&path).expect("it is not locked").write(&identity).expect("written");
            fs::read_to_string(path).expect("the file exists")
        });
        assert!(written.iter().all(|text| !text.contains("4711")), "{written:?}");
        let hash = |text: &str| serde_json::from_str::<Kept>(text).expect("a manifest").secrets["pin"];
        assert_ne!(hash(&written[0]), hash(&written[1]));
    }

    #[test]
    fn a_manifest_has_one_owner_and_keeps_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest");
        let mut first = Manifest::lock(&path).expect("it is not locked");
        assert_eq!(first.read().expect("readable"), None);
        for (version, settings) in [("1.0.0", &[("a", "a long value")][..]), ("2", &[])] {
            let identity = identity(version, settings, &[("pin", "4711")]);
            first.write(&identity).expect("written");
            let kept = first.read().expect("readable").expect("it was written");
            assert_eq!(kept.difference(&identity), None);
        }
        assert!(matches!(Manifest::lock(&path), Err(Denied::Taken)));
        drop(first);
        let second = Manifest::lock(&path).expect("the lock was released");
        second.remove().expect("removed");
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_on_a_file_that_its_owner_has_just_removed_does_not_count() {
        const RUNS: u32 = 300;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("manifest");
        let owners = std::sync::atomic::AtomicU32::new(0);
        // Each thread opens the file at some time between the opening and the removal by another one.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..RUNS {
                        let Ok(manifest) = Manifest::lock(&path) else { continue };
                        let others = owners.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                        assert_eq!(others, 0, "two threads hold the lock at the same time");
                        thread::yield_now();
                        owners.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        manifest.remove().expect("the owner can remove it");
                    }
                });
            }
        });
    }
}
