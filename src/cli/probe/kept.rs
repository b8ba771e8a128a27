//! Pages that are kept for the next call, in the user's cache folder.
//!
//! A file holds a line of JSON about the page, and then the response as HTTP writes it. Its name is a hash of everything
//! that the request depends on, which may be secret. Only the user can read folder and files.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest;
use serde::{Deserialize, Serialize};

use crate::own_files::{self, Others};

/// The form of the files. A file of another form is fetched anew.
const VERSION: u32 = 1;
/// The most files, and the most bytes of all of them. The oldest ones are removed.
const MOST_FILES: usize = 50;
const MOST_BYTES: u64 = 200 << 20;
/// The largest page that is kept.
const LARGEST: u64 = 64 << 20;

/// A page that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// The URL that answered after all redirects.
    pub(super) url: String,
    pub(super) fetched_at: SystemTime,
    /// The response as HTTP writes it.
    pub(super) message: Vec<u8>,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    url: String,
    fetched_at: u64,
}

/// The folder of the pages.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Returns the folder of this user: `gleaner/try` in `$XDG_CACHE_HOME`, or else in `~/.cache`. `None` if neither
    /// variable has an absolute path.
    pub(super) fn of_user(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let path = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = path("XDG_CACHE_HOME").or_else(|| path("HOME").map(|home| home.join(".cache")))?;
        Some(Self(cache.join("gleaner/try")))
    }

    /// Returns the page with this name. `None` if there is none that can be used.
    pub(super) fn get(&self, name: &str) -> Option<Kept> {
        let file = own_files::open(&self.0.join(name), Others::MayNothing).ok()?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        if head.version != VERSION || bytes.len() as u64 > LARGEST {
            return None;
        }
        let fetched_at = UNIX_EPOCH.checked_add(Duration::from_secs(head.fetched_at))?;
        Some(Kept { url: head.url, fetched_at, message: bytes.split_off(end + 1) })
    }

    /// Keeps a page under this name, and removes the oldest pages if there are too many. A large page is not kept.
    pub(super) fn put(&self, name: &str, page: &Kept) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let fetched_at = page.fetched_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let head = serde_json::to_string(&Head { version: VERSION, url: page.url.clone(), fetched_at })?;
        if (head.len() + 1 + page.message.len()) as u64 > LARGEST {
            return Ok(());
        }
        let path = self.0.join(name);
        let mut file = own_files::temporary_beside(&path)?;
        file.write_all(head.as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(&page.message)?;
        file.persist(&path).map_err(|error| error.error)?;
        self.tidy(&path);
        Ok(())
    }

    /// Removes the oldest pages, but not the newest one. A file that cannot be removed stays.
    fn tidy(&self, newest: &Path) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        let file = |entry: fs::DirEntry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries.flatten().filter_map(file).collect();
        files.sort_by(|(one, ..), (other, ..)| other.cmp(one));
        files.sort_by_key(|(.., path)| path != newest);
        let mut bytes = 0;
        for (nth, (_, length, path)) in files.into_iter().enumerate() {
            bytes += length;
            if nth > 0 && (nth >= MOST_FILES || bytes > MOST_BYTES) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Returns the name of a page: a hash of everything on which its request depends.
pub(super) fn name(request: &impl Serialize) -> String {
    let request = serde_json::to_vec(request).expect("texts and maps can be written");
    let digest = digest::digest(&digest::SHA256, &request);
    let bytes = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}"));
    bytes.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Folder, Kept, LARGEST, MOST_BYTES, MOST_FILES, name};

    fn page(length: usize) -> Kept {
        let message = vec![b'x'; length];
        Kept { url: "http://h/".to_owned(), fetched_at: UNIX_EPOCH + Duration::from_secs(7), message }
    }

    #[test]
    fn a_page_is_kept_for_its_user_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder::of_user(|name| (name == "HOME").then(|| home.path().into())).expect("a folder");
        let page = Kept { message: b"HTTP/1.1 200 OK\r\n\r\na\nb".to_vec(), ..page(0) };
        folder.put("x", &page).expect("it is kept");
        assert_eq!(folder.get("x"), Some(page));
        assert_eq!(folder.get("y"), None);
        let path = home.path().join(".cache/gleaner/try");
        let mode = |path: &std::path::Path| fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("x"))), (0o700, 0o600));
    }

    #[test]
    fn the_folder_is_that_of_the_variables() {
        let of = |cache: &str, home: &str| {
            let value = |name: &str| match name {
                "XDG_CACHE_HOME" => Some(cache.into()),
                _ => Some(home.into()),
            };
            Folder::of_user(value).map(|folder| folder.0.display().to_string())
        };
        assert_eq!(of("/c", "/h").as_deref(), Some("/c/gleaner/try"));
        assert_eq!(of("relative", "/h").as_deref(), Some("/h/.cache/gleaner/try"));
        assert_eq!(of("", ""), None);
    }

    #[test]
    fn files_of_others_and_of_another_form_are_not_used() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder(home.path().to_owned());
        folder.put("good", &page(3)).expect("it is kept");
        let good = home.path().join("good");
        symlink(&good, home.path().join("link")).expect("a link");
        let text = fs::read_to_string(&good).expect("it is there");
        let damaged = [
            ("version", text.replace("\"version\":1", "\"version\":2")),
            ("no_line", "x".to_owned()),
            ("no_json", "x\ny".to_owned()),
            ("time", text.replace(":7", ":99999999999999999999")),
        ];
        for (name, text) in damaged {
            folder.put(name, &page(3)).expect("it is kept");
            fs::write(home.path().join(name), text).expect("it is ours");
            assert_eq!(folder.get(name), None, "{name}");
        }
        assert_eq!(folder.get("link"), None);
        fs::set_permissions(&good, fs::Permissions::from_mode(0o644)).expect("it is ours");
        assert_eq!(folder.get("good"), None);
    }

    #[test]
    fn there_are_few_pages_and_few_bytes() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = Folder(home.path().to_owned());
        let files = || fs::read_dir(home.path()).expect("the folder").count();
        for nth in 0..MOST_FILES + 3 {
            folder.put(&format!("page{nth}"), &page(1)).expect("it is kept");
        }
        assert_eq!(files(), MOST_FILES);
        assert!(folder.get(&format!("page{}", MOST_FILES + 2)).is_some(), "the newest one is there");
        let large = usize::try_from(LARGEST).expect("small") - 100;
        for nth in 0..4 {
            folder.put(&format!("large{nth}"), &page(large)).expect("it is kept");
        }
        assert!(files() as u64 <= MOST_BYTES / large as u64, "{}", files());
        folder.put("too_large", &page(large + 200)).expect("it is not kept");
        assert_eq!(folder.get("too_large"), None);
    }

    #[test]
    fn names_differ_by_all_that_the_request_depends_on() {
        assert_eq!(name(&("a", "b")), name(&("a", "b")));
        assert_ne!(name(&("a", "b")), name(&("ab", "")));
        assert_eq!(name(&("a", "b")).len(), 32);
    }
}
