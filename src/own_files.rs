//! Opens a run's private files safely: the files beside an output, and the cache.
//!
//! Another user with write access to the folder may put something else in place of such a file: a link to a file that
//! this user can write, or a file that the other user keeps open. So each file is either created by this process, or
//! opened without following links and then checked: it must be a regular file, belong to this user and have no hard
//! links.
//!
//! Files are created with mode 0600: only the owner can use them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use tempfile::NamedTempFile;

/// Maximum number of symbolic links to follow: the limit of Linux.
const MAX_LINKS: usize = 40;

/// Mode bits of a folder where everybody may create files, and remove only their own.
const STICKY_FOR_ALL: u32 = 0o1002;

/// What other users may do with an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Other users may read it.
    MayRead,
    /// Other users may neither read nor write it.
    MayNothing,
}

/// Creates a file that must not exist yet, with mode 0600.
///
/// # Errors
/// If something already has that name (a link counts), or the system refuses.
pub fn create(path: &Path) -> io::Result<File> {
    options().create_new(true).open(path)
}

/// Opens an existing file for reading and writing, and checks that it belongs to this user alone.
///
/// # Errors
/// If the file does not exist, or another user may have prepared it. The error says which check failed.
pub fn open(path: &Path, others: Others) -> io::Result<File> {
    // Without `NONBLOCK`, opening a FIFO would wait for its other end.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = options().custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::LOOP.raw_os_error() => {
            wrong("it is a symbolic link, and links are not followed here")
        }
        _ => error,
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(wrong("it is not a regular file"));
    }
    if metadata.uid() != user() {
        let (owner, user) = (metadata.uid(), user());
        return Err(wrong(format!("it belongs to another user (user id {owner}, and this is user id {user})")));
    }
    if metadata.nlink() > 1 {
        return Err(wrong("it has a second name (a hard link)"));
    }
    let (forbidden, what) = match others {
        Others::MayRead => (0o022, "write"),
        Others::MayNothing => (0o077, "read or write"),
    };
    if metadata.mode() & forbidden != 0 && has_modes(path) {
        return Err(wrong(format!("other users may {what} it (its mode is {:03o})", metadata.mode() & 0o777)));
    }
    Ok(file)
}

/// Whether the file system stores modes. Some mounts (FAT, network drives, drives of other systems) show the same mode
/// for every file.
fn has_modes(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let private = NamedTempFile::new_in(folder).and_then(|file| file.as_file().metadata());
    private.map_or(true, |metadata| metadata.mode() & 0o777 == 0o600)
}

/// Opens a file as [`open`] does, or creates it as [`create`] does.
///
/// # Errors
/// The errors of both.
pub fn open_or_create(path: &Path, others: Others) -> io::Result<File> {
    loop {
        match create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created,
        }
        match open(path, others) {
            // Its owner has just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
    }
}

/// Creates an empty file with mode 0600 in the folder of `target`, to replace `target` by a rename. The file is removed
/// when it is dropped.
///
/// A killed process leaves its file behind. So a process locks its file while it lives, and the next call for the same
/// target removes all files that nobody has locked.
///
/// # Errors
/// If the folder does not exist or is not writable. The error does not show the temporary name.
pub fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".gleaner-");
    remove_leftovers(folder, &prefix);
    let created = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder);
    let temporary = created.map_err(|error| io::Error::from(error.kind()))?;
    // Some file systems have no locks. A leftover file stays there.
    let _ = temporary.as_file().lock_shared();
    Ok(temporary)
}

/// Removes the temporary files of killed processes. A file that cannot be removed, or belongs to another user, stays.
fn remove_leftovers(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            continue;
        }
        let path = entry.path();
        if open(&path, Others::MayRead).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether `path` names this open file. A symbolic link to it counts as another file.
///
/// # Errors
/// If the system does not tell, for example because nothing has that name.
pub fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    Ok(id(file.metadata()?) == id(fs::symlink_metadata(path)?))
}

/// Follows all symbolic links of `path` and returns the final path, which need not exist. A file that is replaced by a
/// rename needs this, because a rename onto a link would replace the link. If `path` names something other than a
/// regular file (a device, a pipe, a folder), it is returned unchanged: such a target is opened, not replaced.
///
/// In a folder where every user may create files (sticky, such as `/tmp`), a link is followed only if it belongs to
/// this user or to the owner of the folder. The kernel applies the same rule (`fs.protected_symlinks`), but only where
/// it follows links itself.
///
/// # Errors
/// If a link must not be followed, is part of a circle, or cannot be read.
pub fn follow_links(path: &Path) -> io::Result<PathBuf> {
    // The text of a link in /proc/self/fd is not always a path.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(path.to_owned());
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let target = match fs::read_link(&path) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            // It is not a link, or it does not exist.
            Err(_) => return Ok(path),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let (link, folder_metadata) = (fs::symlink_metadata(&path)?, fs::metadata(folder)?);
        let is_for_all = folder_metadata.mode() & STICKY_FOR_ALL == STICKY_FOR_ALL;
        if is_for_all && ![user(), folder_metadata.uid()].contains(&link.uid()) {
            let (shown, owner) = (path.display(), link.uid());
            return Err(wrong(format!("`{shown}` is a symbolic link of another user (user id {owner})")));
        }
        // An absolute target replaces the folder.
        path = folder.join(target);
    }
    Err(wrong("too many symbolic links"))
}

/// The permissions of a new file that is not private.
pub fn permissions_of_new_files() -> Permissions {
    Permissions::from_mode(0o666 & !umask())
}

/// The permissions of a new file that takes the place of this one: the same, if the old file is ours. Whoever owns a file
/// decides who may read it, but not who may read ours. The bits that run a file as its owner are not taken over, because
/// the new content comes from somewhere else.
pub fn permissions_in_place_of(old: &Metadata) -> Permissions {
    in_place_of((old.uid(), old.mode()), user()).unwrap_or_else(permissions_of_new_files)
}

/// These permissions, except that no other user may write.
pub fn without_writers(permissions: &Permissions) -> Permissions {
    Permissions::from_mode(permissions.mode() & !0o022)
}

fn in_place_of((owner, mode): (u32, u32), user: u32) -> Option<Permissions> {
    (owner == user).then(|| Permissions::from_mode(mode & 0o777))
}

/// The bits that this process takes from the modes of new files.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let listed = status.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("Umask:")?.trim(), 8).ok());
    #[allow(clippy::useless_conversion, reason = "modes have 16 bits on some systems")]
    listed.unwrap_or_else(|| {
        // Without /proc, the umask can be read only by setting it. If another thread creates a file at this moment, the
        // file is private.
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        rustix::process::umask(mask);
        mask.as_raw_mode().into()
    })
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn wrong(why: impl Into<String>) -> io::Error {
    io::Error::other(why.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("the file exists").mode() & 0o777
    }

    #[test]
    fn a_created_file_has_mode_600_and_replaces_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink(folder.path().join("nowhere"), &link).expect("the folder is ours");
        create(&path).expect("the name is free");
        assert_eq!(mode(&path), 0o600);
        for taken in [&path, &link] {
            assert_eq!(create(taken).expect_err("the name is taken").kind(), io::ErrorKind::AlreadyExists);
        }
        assert!(!folder.path().join("nowhere").exists());
    }

    #[test]
    fn a_file_that_another_user_may_have_prepared_is_not_opened_and_stays_unchanged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, mode: u32| {
            fs::write(path(name), name).expect("the folder is ours");
            fs::set_permissions(path(name), Permissions::from_mode(mode)).expect("the file is ours");
        };
        write("good", 0o600);
        write("readable", 0o644);
        write("group", 0o660);
        write("all", 0o606);
        write("victim", 0o600);
        write("linked", 0o600);
        symlink(path("victim"), path("link")).expect("the folder is ours");
        symlink(path("nowhere"), path("broken")).expect("the folder is ours");
        fs::hard_link(path("linked"), path("hard")).expect("the folder is ours");
        fs::create_dir(path("folder")).expect("the folder is ours");
        mknodat(CWD, path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
        // The expected errors (`None`: it opens) with `MayRead` and with `MayNothing`.
        let table = [
            ("good", None, None),
            ("readable", None, Some("other users may read or write it (its mode is 644)")),
            ("group", Some("other users may write it (its mode is 660)"), Some("other users may read or write it")),
            ("all", Some("other users may write it (its mode is 606)"), Some("other users may read or write it")),
            ("link", Some("it is a symbolic link"), Some("it is a symbolic link")),
            ("broken", Some("it is a symbolic link"), Some("it is a symbolic link")),
            ("hard", Some("it has a second name"), Some("it has a second name")),
            ("folder", Some("directory"), Some("directory")),
            ("fifo", Some("it is not a regular file"), Some("it is not a regular file")),
        ];
        for (name, may_read, may_nothing) in table {
            for (others, expected) in [(Others::MayRead, may_read), (Others::MayNothing, may_nothing)] {
                let found = open_or_create(&path(name), others).map_err(|error| error.to_string());
                match (found, expected) {
                    (Ok(_), None) => {}
                    (Err(error), Some(why)) if error.contains(why) => {}
                    (found, expected) => panic!("{name} {others:?}: {found:?}, expected {expected:?}"),
                }
            }
        }
        assert_eq!(fs::read_to_string(path("victim")).expect("the file exists"), "victim");
        assert!(!path("nowhere").exists());
    }

    #[test]
    fn a_file_of_another_user_is_not_opened() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        create(&path).expect("the name is free");
        std::os::unix::fs::chown(&path, Some(65534), None).expect("root may");
        let error = open(&path, Others::MayRead).expect_err("another user owns it");
        assert!(error.to_string().contains("it belongs to another user (user id 65534"), "{error}");
    }

    #[test]
    fn links_are_followed_except_those_of_other_users_in_a_sticky_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for (target, link) in [("target", "one"), ("one", "two"), ("circle", "circle")] {
            symlink(target, path(link)).expect("the folder is ours");
        }
        symlink("/dev/null", path("device")).expect("the folder is ours");
        for (name, expected) in [("two", "target"), ("target", "target"), ("nowhere", "nowhere"), ("device", "device")]
        {
            assert_eq!(follow_links(&path(name)).expect(name), path(expected));
        }
        let error = follow_links(&path("circle")).expect_err("the link leads to itself");
        assert!(error.to_string().contains("too many symbolic links"), "{error}");

        fs::set_permissions(folder.path(), Permissions::from_mode(0o1777)).expect("the folder is ours");
        assert_eq!(follow_links(&path("one")).expect("our own link"), path("target"));
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::lchown(path("one"), Some(65534), None).expect("root may");
            let error = follow_links(&path("two")).expect_err("another user owns the link");
            assert!(error.to_string().contains("is a symbolic link of another user (user id 65534)"), "{error}");
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("the folder is ours");
            assert_eq!(follow_links(&path("two")).expect("the folder is not sticky"), path("target"));
        }
    }

    #[test]
    fn is_at_tells_the_opened_file_from_any_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        let file = create(&path).expect("the name is free");
        symlink(&path, &link).expect("the folder is ours");
        assert!(is_at(&file, &path).expect("the file exists"));
        assert!(!is_at(&file, &link).expect("the file exists"), "a link");
        fs::remove_file(&path).expect("the folder is ours");
        assert_eq!(is_at(&file, &path).expect_err("it is gone").kind(), io::ErrorKind::NotFound);
        create(&path).expect("the name is free");
        assert!(!is_at(&file, &path).expect("the file exists"), "another file");
    }

    #[test]
    fn temporary_files_of_killed_processes_are_removed_and_those_in_use_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in [".out.json.gleaner-dead", ".other.json.gleaner-dead", ".out.json", "out.json.gleaner-x"] {
            fs::write(path(name), "").expect("the folder is ours");
        }
        fs::write(path("victim"), "").expect("the folder is ours");
        symlink(path("victim"), path(".out.json.gleaner-link")).expect("the folder is ours");
        let in_use = temporary_beside(&path("out.json")).expect("a file");
        assert!(!path(".out.json.gleaner-dead").exists());
        let next = temporary_beside(&path("out.json")).expect("a file");
        assert!(in_use.path().exists());
        assert_eq!((mode(in_use.path()), mode(next.path())), (0o600, 0o600));
        for name in [".other.json.gleaner-dead", ".out.json", "out.json.gleaner-x", ".out.json.gleaner-link", "victim"]
        {
            assert!(path(name).exists(), "{name}");
        }
        next.persist(path("out.json")).expect("renamed");
        assert!(path("out.json").exists());
        let nowhere = temporary_beside(&path("nowhere/out.json"));
        assert!(!nowhere.expect_err("there is no folder").to_string().contains(".gleaner-"));
    }

    #[test]
    fn new_files_have_the_permissions_that_the_umask_leaves() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "").expect("the folder is ours");
        assert_eq!(mode(&path), permissions_of_new_files().mode() & 0o777);
    }

    #[test]
    fn a_file_in_the_place_of_ours_has_its_permissions_without_special_bits() {
        let table = [((7, 0o100_640), Some(0o640)), ((7, 0o106_777), Some(0o777)), ((8, 0o100_666), None)];
        for (old, expected) in table {
            assert_eq!(in_place_of(old, 7).map(|permissions| permissions.mode()), expected, "{old:?}");
        }
    }
}
