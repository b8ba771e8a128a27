//! Decides whether the settings file of the current folder is read without being named.
//!
//! Such a file can send environment variables to any proxy and switch off the check of certificates. So it is read only if
//! it belongs to the user who runs the program. Git does the same with the settings of a repository (`safe.directory`). A
//! file that `--config` names is always read.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The permission bit that lets every user write to a file.
const OTHERS_WRITE: u32 = 0o002;

/// Why the settings file of the current folder is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Distrust {
    #[error("the file belongs to another user (user id {0})")]
    File(u32),
    #[error("its folder belongs to another user (user id {0})")]
    Folder(u32),
    #[error("every user of this machine may write to it")]
    OthersWrite,
}

/// Checks the owners of `file`, which was opened as `path` in `folder`.
///
/// `user` is the user id that runs the program. Root also trusts the user who called `sudo`, whose id is the value of
/// `SUDO_UID`.
///
/// # Errors
/// If the metadata of the file or the folder cannot be read.
pub(super) fn check(
    file: &File,
    path: &Path,
    folder: &Path,
    user: u32,
    sudo_uid: Option<&OsStr>,
) -> io::Result<Result<(), Distrust>> {
    let caller = sudo_uid.filter(|_| user == 0).and_then(|id| id.to_str()?.parse::<u32>().ok());
    let is_ours = |metadata: &Metadata| metadata.uid() == user || Some(metadata.uid()) == caller;
    let opened = file.metadata()?;
    // A link of another user may lead to a file of this user that is not meant as settings.
    for metadata in [&opened, &path.symlink_metadata()?] {
        if !is_ours(metadata) {
            return Ok(Err(Distrust::File(metadata.uid())));
        }
    }
    let folder = folder.metadata()?;
    if !is_ours(&folder) {
        return Ok(Err(Distrust::Folder(folder.uid())));
    }
    if opened.mode() & OTHERS_WRITE != 0 {
        return Ok(Err(Distrust::OthersWrite));
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::{Distrust, check};

    #[test]
    fn only_files_that_belong_to_the_user_in_folders_of_the_user_are_trusted() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("gleaner.toml");
        std::fs::write(&path, "").expect("the folder is ours");
        let link = folder.path().join("link.toml");
        symlink(&path, &link).expect("the folder is ours");
        let owner = folder.path().metadata().expect("it is there").uid();
        let other = owner + 1;
        let judge = |path: &std::path::Path, mode: u32, user: u32, sudo_uid: Option<&str>| {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("the file is ours");
            let file = File::open(path).expect("it is there");
            check(&file, path, folder.path(), user, sudo_uid.map(OsStr::new)).expect("metadata")
        };
        let foreign = Err(Distrust::File(owner));
        let own_id = owner.to_string();
        let table = [
            ("own", 0o644, owner, None, Ok(())),
            ("the group may write", 0o664, owner, None, Ok(())),
            ("everybody may write", 0o666, owner, None, Err(Distrust::OthersWrite)),
            ("another user's", 0o644, other, None, foreign),
            ("SUDO_UID counts for root alone", 0o644, other, Some(own_id.as_str()), foreign),
            ("a SUDO_UID that is not a number", 0o644, other, Some("-1"), foreign),
        ];
        for (case, mode, user, sudo_uid, expected) in table {
            assert_eq!(judge(&path, mode, user, sudo_uid), expected, "{case}");
            assert_eq!(judge(&link, mode, user, sudo_uid), expected, "{case}, by a link");
        }
        if owner != 0 {
            assert_eq!(judge(&path, 0o644, 0, Some(&own_id)), Ok(()), "root, called by sudo");
        }
    }
}
