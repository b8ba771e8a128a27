//! Where the bytes go: straight into a stream, or into a `.part` that becomes the output when it is whole.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Destination, Error, LeftOver};

/// How many symbolic links are followed: as many as Linux does.
const MAX_LINKS: usize = 40;

/// Names of standard output that are files in name only.
const STDOUT_NAMES: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// A destination that can be written to.
pub(super) enum Target {
    /// Standard output, a FIFO, a device; and how an error names it.
    Stream(Box<dyn Write + Send>, String),
    /// A regular file to be.
    Part(Part),
}

/// Opens the destination; what is under its name stays untouched.
///
/// Opening a FIFO waits for its reader, as it does in every program.
pub(super) fn open(destination: &Destination, left_over: LeftOver) -> Result<Target, Error> {
    let path = match destination {
        Destination::File(path) if !STDOUT_NAMES.iter().any(|name| path == Path::new(name)) => path,
        _ => {
            return Ok(Target::Stream(Box::new(io::stdout()), "standard output".to_owned()));
        }
    };
    let shown = path.display();
    let refuse = |why: &str| Error::unusable(format!("open the output `{shown}`: {why}"));
    if path.as_os_str().is_empty() {
        return Err(refuse("the name is empty, give a file name or - for standard output"));
    }
    let target = follow_links(path).map_err(|error| refuse("where it leads cannot be found").because(error))?;
    let existing = match fs::metadata(&target) {
        Ok(metadata) => Some(metadata),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
        Err(error) => return Err(refuse("it cannot be looked at").because(error)),
    };
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) || ends_in_separator(path) {
        return Err(refuse("it is a folder, name a file in it"));
    }
    if let Some(existing) = &existing {
        let file = OpenOptions::new().write(true).open(&target);
        let file = file.map_err(|error| refuse("it cannot be written to, choose another name").because(error))?;
        if !existing.is_file() {
            return Ok(Target::Stream(Box::new(file), format!("`{shown}`")));
        }
    }
    Part::create(target, existing.map(|metadata| metadata.permissions()), left_over).map(Target::Part)
}

/// The folder in which records may wait in a temporary file.
pub(super) fn folder_for_temporary_files(target: &Target) -> PathBuf {
    match target {
        Target::Stream(..) => env::temp_dir(),
        Target::Part(part) => folder_of(&part.target).to_owned(),
    }
}

/// `<name>.part`: the beginning of the output, beside the place where the whole will be.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
    /// Bytes in the file.
    length: u64,
    committed: bool,
}

impl Part {
    fn create(target: PathBuf, permissions: Option<Permissions>, left_over: LeftOver) -> Result<Self, Error> {
        let folder = folder_of(&target);
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(Error::unusable(format!(
                "open the output `{}`: there is no folder `{folder}`, create it (mkdir -p {folder}) or choose another",
                target.display()
            )));
        }
        let mut name = target.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".part");
        let path = target.with_file_name(name);
        if left_over == LeftOver::Replace
            && let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            let context = format!("replace `{}`: remove it, or choose another output", path.display());
            return Err(Error::unusable(context).because(error));
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| {
            let shown = path.display();
            Error::unusable(match error.kind() {
                io::ErrorKind::AlreadyExists => format!(
                    "create `{shown}`: it is left over from a run that did not end, or another run is writing it; \
                     keep it or remove it (--restart does)"
                ),
                _ => format!("create `{shown}`: make its folder writable, or choose another with --output"),
            })
            .because(error)
        })?;
        let part = Self { file, path, target, length: 0, committed: false };
        if let Some(permissions) = permissions {
            part.file.set_permissions(permissions).map_err(|error| {
                Error::unusable(format!("give `{}` the permissions of the old file", part.path.display()))
                    .because(error)
            })?;
        }
        Ok(part)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends, and looks whether the file still has a name: what is written into one without is lost.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.length += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if has_name(&self.file)? { Ok(()) } else { Err(io::Error::other("somebody has removed it")) }
    }

    /// Makes what was written outlast a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives the whole its name. What had that name is gone after that, and not before.
    pub(super) fn commit(mut self) -> Result<PathBuf, Error> {
        let context = |what: &str| {
            format!("{what} `{}` (the whole output is in `{}`)", self.target.display(), self.path.display())
        };
        self.sync().map_err(|error| Error::io(context("write")).because(error))?;
        fs::rename(&self.path, &self.target).map_err(|error| Error::io(context("rename to")).because(error))?;
        self.committed = true;
        let folder = folder_of(&self.target);
        sync_folder(folder).map_err(|error| {
            let folder = folder.display();
            Error::io(format!("make the new name of `{}` last in `{folder}`", self.target.display())).because(error)
        })?;
        Ok(self.target.clone())
    }
}

impl Drop for Part {
    /// A part with something in it stays, for it is somebody's work. An empty one would only be in the way.
    fn drop(&mut self) {
        if !self.committed && self.length == 0 {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// The file that `path` names, links followed; it need not exist. Renaming onto a link would replace the link.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            // An absolute one replaces the folder.
            Ok(target) => path = folder_of(&path).join(target),
            Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied) => {
                return Err(error);
            }
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links, one leads to another"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn ends_in_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|&byte| std::path::is_separator(char::from(byte)))
}

#[cfg(unix)]
fn has_name(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "one name on every platform; Windows does not remove open files")]
fn has_name(_: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have nothing to sync in a folder and say so.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "one name on every platform; Windows has no fsync for folders")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    fn open_file(path: impl Into<PathBuf>) -> Result<Target, Error> {
        open(&Destination::File(path.into()), LeftOver::Refuse)
    }

    fn part(path: impl Into<PathBuf>) -> Part {
        match open_file(path).expect("it can be written") {
            Target::Part(part) => part,
            Target::Stream(_, name) => panic!("{name} is a stream"),
        }
    }

    fn refusal(path: impl Into<PathBuf>) -> Error {
        match open_file(path) {
            Err(error) => {
                assert_eq!(error.kind(), super::super::ErrorKind::Unusable);
                error
            }
            Ok(_) => panic!("it should be refused"),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_output_appears_whole_by_rename_and_the_old_one_stays_until_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.json");
        fs::write(&path, "old").expect("written");
        let mut part = part(&path);
        part.write(b"new").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        assert_eq!(names(folder.path()), ["books.json", "books.json.part"]);
        assert_eq!(part.commit().expect("renamed"), path);
        assert_eq!(fs::read_to_string(&path).expect("there"), "new");
        assert_eq!(names(folder.path()), ["books.json"]);
    }

    #[test]
    fn a_dropped_part_stays_if_there_is_something_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(part(folder.path().join("empty.json")));
        part(folder.path().join("begun.json")).write(b"[").expect("written");
        assert_eq!(names(folder.path()), ["begun.json.part"]);
    }

    #[test]
    fn what_can_be_wrong_is_found_at_once_with_path_and_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_str().expect("UTF-8");
        fs::write(folder.path().join("file"), "").expect("written");
        fs::write(folder.path().join("left.json.part"), "[").expect("written");
        let table = [
            (String::new(), "the name is empty, give"),
            (root.to_owned(), "it is a folder, name a file in it"),
            (format!("{root}/new/"), "it is a folder, name a file in it"),
            (format!("{root}/no/books.json"), "create it (mkdir -p"),
            (format!("{root}/file/books.json"), "there is no folder"),
            (format!("{root}/{}", "x".repeat(253)), "choose another with --output"),
            (format!("{root}/left.json"), "left over from a run that did not end"),
        ];
        for (path, message) in table {
            let error = refusal(&path);
            assert!(error.to_string().contains(message) && error.to_string().contains(&path), "{path}: {error}");
        }
        assert_eq!(names(folder.path()), ["file", "left.json.part"], "nothing else was made");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_files_is_found_at_once() {
        // Even root can create nothing there.
        let error = refusal("/proc/books.json");
        assert!(error.to_string().contains("create `/proc/books.json.part`"), "{error}");
        assert!(error.source().is_some());
    }

    #[test]
    fn a_left_over_part_is_replaced_when_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.json.part"), "left over").expect("written");
        let destination = Destination::File(folder.path().join("a.json"));
        let Ok(Target::Part(mut part)) = open(&destination, LeftOver::Replace) else { panic!("a regular file") };
        part.write(b"new").expect("written");
        let path = part.commit().expect("renamed");
        assert_eq!(fs::read_to_string(path).expect("there"), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_part_that_was_removed_is_noticed_at_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut part = part(folder.path().join("a.json"));
        part.write(b"1").expect("written");
        fs::remove_file(part.path()).expect("removed");
        assert_eq!(part.write(b"2").expect_err("it has no name").to_string(), "somebody has removed it");
    }

    #[cfg(unix)]
    #[test]
    fn through_a_symbolic_link_the_target_is_replaced_and_not_the_link() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("real")).expect("a folder");
        fs::write(folder.path().join("real/old.json"), "old").expect("written");
        // A link to a file, one to nothing yet, and a link to a link.
        for (link, to, file) in [
            ("a", "real/old.json", "real/old.json"),
            ("b", "real/new.json", "real/new.json"),
            ("c", "b", "real/new.json"),
        ] {
            symlink(to, folder.path().join(link)).expect("linked");
            let mut part = part(folder.path().join(link));
            part.write(link.as_bytes()).expect("written");
            part.commit().expect("renamed");
            assert!(folder.path().join(link).is_symlink(), "{link}");
            assert_eq!(fs::read_to_string(folder.path().join(file)).expect("there"), link);
        }
        symlink("loop", folder.path().join("loop")).expect("linked");
        assert!(refusal(folder.path().join("loop")).to_string().contains("where it leads cannot be found"));
    }

    #[cfg(unix)]
    #[test]
    fn the_new_file_has_the_permissions_of_the_old_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
        part(&path).commit().expect("renamed");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_written_directly() {
        for path in ["/dev/null", "/dev/stdout", "/dev/fd/1"] {
            assert!(matches!(open_file(path), Ok(Target::Stream(..))), "{path}");
        }
        assert!(!Path::new("/dev/null.part").exists());
    }
}
