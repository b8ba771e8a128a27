//! Where the bytes go: directly to a stream, or to a `.part` that is renamed when the output is complete.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::output::way_out;
use super::{Conversion, Destination, Error, LeftOver};
use crate::{own_files, streams};

/// Paths that mean standard output, although they look like files.
const STDOUT_NAMES: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// What a file that is made of the `.part` is called after the output, until it is complete.
pub(super) const CONVERTED: &str = ".part.converted";

/// An open destination.
pub(super) enum Target {
    /// Standard output, a FIFO or a device, and its name for errors.
    Stream(Box<dyn Write + Send>, String),
    /// A regular file that is not complete yet.
    Part(Part),
}

/// A destination that has been checked.
pub(super) enum Found {
    /// Standard output, a FIFO or a device, and its name for errors.
    Stream(Box<dyn Write + Send>, String),
    /// The path of a regular file, which may not exist yet, with links resolved; and the permissions that the file has
    /// or will get.
    File(PathBuf, Permissions),
}

/// Finds out what the destination is. An existing file with its name stays unchanged.
///
/// Opening a FIFO waits for its reader, as in any program.
pub(super) fn find(destination: &Destination, left_over: LeftOver) -> Result<Found, Error> {
    let found = inspect(destination)?;
    if let (Found::Stream(_, name), LeftOver::Resume) = (&found, left_over) {
        return Err(Error::unusable(format!(
            "resume {name}: only a regular file can be resumed; name one with --output, or leave out --resume"
        )));
    }
    Ok(found)
}

fn inspect(destination: &Destination) -> Result<Found, Error> {
    let path = match destination {
        Destination::File(path) if !STDOUT_NAMES.iter().any(|name| path == Path::new(name)) => path,
        _ => {
            let stream = streams::output().map_err(|error| {
                Error::unusable("write to standard output: name a file with --output (/dev/null discards the records)")
                    .because(error)
            })?;
            return Ok(Found::Stream(Box::new(stream), "standard output".to_owned()));
        }
    };
    inspect_path(path, "output")
}

/// Finds out what is at a path that does not mean standard output. `what` is the word for it.
pub(super) fn inspect_path(path: &Path, what: &str) -> Result<Found, Error> {
    let shown = path.display();
    let refuse = |why: &str| Error::unusable(format!("open the {what} `{shown}`: {why}"));
    if path.as_os_str().is_empty() {
        return Err(refuse("the name is empty, give a file name, or - for standard output"));
    }
    let target =
        own_files::follow_links(path).map_err(|error| refuse("its link target cannot be found").because(error))?;
    let existing = match fs::metadata(&target) {
        Ok(metadata) => Some(metadata),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
        Err(error) => return Err(refuse("its metadata cannot be read").because(error)),
    };
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) || ends_in_separator(path) {
        return Err(refuse("it is a folder, name a file in it"));
    }
    if let Some(existing) = &existing {
        let file = OpenOptions::new().write(true).open(&target);
        let file = file.map_err(|error| refuse("it is not writable, choose another name").because(error))?;
        if !existing.is_file() {
            streams::has_room(&file).map_err(|error| refuse("nothing can be written to it").because(error))?;
            return Ok(Found::Stream(Box::new(file), format!("`{shown}`")));
        }
    }
    let folder = folder_of(&target);
    if !folder.is_dir() {
        let folder = folder.display();
        return Err(refuse(&format!("there is no folder `{folder}`, create it (mkdir -p {folder}) or choose another")));
    }
    let permissions =
        existing.as_ref().map_or_else(own_files::permissions_of_new_files, own_files::permissions_in_place_of);
    Ok(Found::File(target, permissions))
}

/// `<name>.part`: the beginning of the output, next to the final file.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    path: PathBuf,
    target: PathBuf,
    /// The permissions of the complete output. Until then, only the owner can access the file.
    permissions: Permissions,
    /// The number of bytes in the file.
    length: u64,
    /// The CRC-32 of the bytes written since the last `take_stretch`.
    crc: crc32fast::Hasher,
}

impl Part {
    /// An open file of this length that will become `target`. Writing continues at its end.
    pub(super) fn new(file: File, path: PathBuf, target: PathBuf, permissions: Permissions, length: u64) -> Self {
        Self { file, path, target, permissions, length, crc: crc32fast::Hasher::new() }
    }

    /// The number of bytes in the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the complete output.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Appends bytes, and checks that the file still has a name, because bytes in a file without a name are lost. If a
    /// write fails, a part of the bytes may be in the file.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.length += count as u64;
                    self.crc.update(&rest[..count]);
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if has_name(&self.file)? { Ok(()) } else { Err(io::Error::other("it has been removed")) }
    }

    /// Cuts off the file at `end`. The stretch that the next `take_stretch` ends then begins at `start`.
    pub(super) fn cut(&mut self, start: u64, end: u64) -> io::Result<()> {
        self.file.set_len(end)?;
        self.file.seek(SeekFrom::Start(start))?;
        let mut stretch = Vec::new();
        self.file.read_to_end(&mut stretch)?;
        self.crc = crc32fast::Hasher::new();
        self.crc.update(&stretch);
        self.length = end;
        Ok(())
    }

    /// Syncs the written bytes, so that they survive a power cut.
    pub(super) fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Ends a stretch. Returns its end, and the CRC-32 of the bytes since the stretch before.
    pub(super) fn take_stretch(&mut self) -> (u64, u32) {
        (self.length, std::mem::take(&mut self.crc).finalize())
    }

    /// Gives the complete output its name. An existing file with this name is replaced now, and not earlier.
    pub(super) fn commit(self) -> Result<PathBuf, Error> {
        self.publish(&self.file, &self.path)?;
        Ok(self.target)
    }

    /// Like `commit`, but no other user may write the file before `set_permissions`, whatever its permissions are. So a
    /// later run can still trust it.
    pub(super) fn commit_guarded(&self) -> Result<(), Error> {
        self.rename(&self.file, &self.path)?;
        self.permit(&self.file, own_files::without_writers(&self.permissions));
        self.sync_rename()
    }

    /// Gives the complete file, which has its name, its permissions.
    pub(super) fn set_permissions(&self) {
        self.permit(&self.file, self.permissions.clone());
    }

    /// Makes another file of the complete records, and gives it the name of the output. Then the records are removed.
    /// Returns the path of the output, and its length in bytes. If this fails, the records stay, and a later run can
    /// convert them.
    pub(super) fn commit_converted(self, conversion: Conversion) -> Result<(PathBuf, u64), Error> {
        let into = with_suffix(&self.target, CONVERTED);
        let context = |what: &str| {
            format!("{what} `{}` (the complete records are in `{}`)", self.target.display(), self.path.display())
        };
        let create = || -> io::Result<File> {
            match fs::remove_file(&into) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => own_files::create(&into),
            }
        };
        let made = create().and_then(|file| {
            conversion(&self.path, &into)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        });
        let published = match made {
            Ok((file, length)) => self.publish(&file, &into).map(|()| length),
            Err(error) => {
                let way_out = way_out(&error);
                Err(Error::io(context("convert the records to") + way_out).because(error))
            }
        };
        let length = published.inspect_err(|_| {
            fs::remove_file(&into).ok();
        })?;
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!("remove `{}`, which the output does not need any more: {error}", self.path.display());
        }
        Ok((self.target, length))
    }

    /// Gives the file at `path` the name of the output.
    fn publish(&self, file: &File, path: &Path) -> Result<(), Error> {
        self.rename(file, path)?;
        // The permissions are set after the rename: if the run died in between, its file could not be resumed, because
        // other users might write to it.
        self.permit(file, self.permissions.clone());
        self.sync_rename()
    }

    fn rename(&self, file: &File, path: &Path) -> Result<(), Error> {
        let context =
            |what: &str| format!("{what} `{}` (the complete output is in `{}`)", self.target.display(), path.display());
        file.sync_all().map_err(|error| Error::io(context("write")).because(error))?;
        // Only the file that was written may get the name, not another file in its place.
        let is_ours = own_files::is_at(file, path);
        if !is_ours.map_err(|error| Error::io(context("rename to")).because(error))? {
            let error = io::Error::other("another file has replaced it");
            return Err(Error::io(context("rename to")).because(error));
        }
        fs::rename(path, &self.target).map_err(|error| Error::io(context("rename to")).because(error))
    }

    fn permit(&self, file: &File, permissions: Permissions) {
        if let Err(error) = file.set_permissions(permissions).and_then(|()| file.sync_all()) {
            // Some file systems have no permissions. The output then stays private.
            tracing::warn!("set the permissions of `{}`: {error}", self.target.display());
        }
    }

    fn sync_rename(&self) -> Result<(), Error> {
        let folder = folder_of(&self.target);
        sync_folder(folder).map_err(|error| {
            let folder = folder.display();
            Error::io(format!("make the rename to `{}` durable in the folder `{folder}`", self.target.display()))
                .because(error)
        })
    }
}

/// Appends a suffix to the name of the path.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

pub(super) fn folder_of(path: &Path) -> &Path {
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
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems cannot sync folders and report that.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "one name on every platform; Windows has no fsync for folders")]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    use crate::sink::journal;
    use crate::sink::{Options, Order};

    fn open_file(path: impl Into<PathBuf>, left_over: LeftOver) -> Result<Target, Error> {
        let options = Options {
            destination: Destination::File(path.into()),
            order: Order::Completion,
            left_over,
            ..Options::default()
        };
        match find(&options.destination, left_over)? {
            Found::Stream(stream, name) => Ok(Target::Stream(stream, name)),
            Found::File(target, permissions) => {
                let claim = journal::claim(target, permissions, &options)?;
                Ok(Target::Part(claim.part))
            }
        }
    }

    fn part(path: impl Into<PathBuf>) -> Part {
        match open_file(path, LeftOver::Replace) {
            Ok(Target::Part(part)) => part,
            Ok(Target::Stream(_, name)) => panic!("{name} is a stream"),
            Err(error) => panic!("{error}"),
        }
    }

    fn refusal(path: impl Into<PathBuf>) -> Error {
        match open_file(path, LeftOver::Refuse) {
            Err(error) => {
                assert_eq!(error.kind(), super::super::ErrorKind::Unusable);
                error
            }
            Ok(_) => panic!("it should be rejected"),
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
    fn the_complete_output_appears_by_rename_and_the_old_one_stays_until_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("books.json");
        fs::write(&path, "old").expect("written");
        let mut part = part(&path);
        part.write(b"new").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        assert!(names(folder.path()).contains(&"books.json.part".to_owned()));
        assert_eq!(part.commit().expect("renamed"), path);
        assert_eq!(fs::read_to_string(&path).expect("there"), "new");
        assert!(!names(folder.path()).contains(&"books.json.part".to_owned()));
    }

    #[test]
    fn each_problem_is_detected_at_once_and_names_the_path_and_the_way_out() {
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
            (format!("{root}/left.json"), "its manifest is missing, so --resume cannot continue it"),
        ];
        for (path, message) in table {
            let error = refusal(&path);
            assert!(error.to_string().contains(message) && error.to_string().contains(&path), "{path}: {error}");
        }
        assert_eq!(names(folder.path()), ["file", "left.json.part"], "no other file was created");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_is_not_writable_is_detected_at_once() {
        // Even root cannot create files there.
        let error = refusal("/proc/books.json");
        assert!(error.to_string().contains("create `/proc/books.json.part`"), "{error}");
        assert!(error.source().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_removed_part_is_detected_at_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut part = part(folder.path().join("a.json"));
        part.write(b"1").expect("written");
        fs::remove_file(part.path()).expect("removed");
        assert_eq!(part.write(b"2").expect_err("it has no name").to_string(), "it has been removed");
    }

    #[test]
    fn a_part_that_cannot_be_renamed_stays_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.json");
        fs::write(&path, "").expect("the folder is ours");
        fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("the file is ours");
        let part = part(&path);
        let beginning = part.path().to_owned();
        fs::remove_file(&path).expect("the folder is ours");
        fs::create_dir_all(path.join("taken")).expect("the folder is ours");
        part.commit().expect_err("a folder has the name");
        assert_eq!(fs::metadata(beginning).expect("it is there").permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn the_target_of_a_symbolic_link_is_replaced_and_not_the_link() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("real")).expect("a folder");
        fs::write(folder.path().join("real/old.json"), "old").expect("written");
        // A link to a file, a link to a file that does not exist yet, and a link to a link.
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
        assert!(refusal(folder.path().join("loop")).to_string().contains("its link target cannot be found"));
    }

    #[cfg(unix)]
    #[test]
    fn the_new_file_has_the_permissions_of_the_old_one() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        fs::write(&path, "old").expect("written");
        for (old, new) in [(0o640, 0o640), (0o4750, 0o750)] {
            fs::set_permissions(&path, Permissions::from_mode(old)).expect("set");
            part(&path).commit().expect("renamed");
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o7777, new, "{old:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_not_regular_is_written_directly() {
        for path in ["/dev/null", "/dev/stdout", "/dev/fd/1"] {
            assert!(matches!(open_file(path, LeftOver::Refuse), Ok(Target::Stream(..))), "{path}");
            let error = open_file(path, LeftOver::Resume).err().expect("a stream cannot be resumed");
            assert!(error.to_string().contains("only a regular file can be resumed"), "{error}");
        }
        assert!(!Path::new("/dev/null.part").exists());
    }
}
