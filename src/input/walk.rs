//! Finds the files of a folder, and of the folders in it, in the byte order of their paths.

use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::vec;

/// A walk through a folder. The names of one folder, and of the folders around it, are in memory at a time.
///
/// Symbolic links to files are followed, and those to folders are not, so a walk has an end. Devices, FIFOs and sockets
/// are left out.
#[derive(Debug)]
pub(super) struct Walk {
    root: PathBuf,
    /// The folders around the next file: their paths below the root, and their names that are left.
    folders: Vec<(PathBuf, vec::IntoIter<Name>)>,
}

#[derive(Debug)]
struct Name {
    name: OsString,
    is_folder: bool,
}

/// A folder that cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable {
    /// Its path below the root; empty for the root.
    pub(super) folder: PathBuf,
    pub(super) error: io::Error,
}

impl Walk {
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        let folders = vec![(PathBuf::new(), names(root)?)];
        Ok(Self { root: root.to_owned(), folders })
    }
}

/// Gives paths below the root.
impl Iterator for Walk {
    type Item = Result<PathBuf, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (folder, left) = self.folders.last_mut()?;
            let Some(Name { name, is_folder }) = left.next() else {
                self.folders.pop();
                continue;
            };
            let path = folder.join(name);
            if !is_folder {
                return Some(Ok(path));
            }
            match names(&self.root.join(&path)) {
                Ok(names) => self.folders.push((path, names)),
                Err(error) => return Some(Err(Unreadable { folder: path, error })),
            }
        }
    }
}

/// The names of a folder, in the order of the paths that begin with them: a slash follows the name of a folder.
fn names(folder: &Path) -> io::Result<vec::IntoIter<Name>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(name(&entry?)?);
    }
    let slash = |name: &Name| if name.is_folder { b"/".as_slice() } else { b"" };
    let key = |name: &Name| [name.name.as_encoded_bytes(), slash(name)].concat();
    names.sort_by_cached_key(key);
    Ok(names.into_iter())
}

/// `None` for what is neither a file nor a folder.
fn name(entry: &DirEntry) -> io::Result<Option<Name>> {
    let kind = entry.file_type()?;
    let is_file = if kind.is_symlink() {
        // A link may lead nowhere.
        fs::metadata(entry.path()).is_ok_and(|linked| linked.is_file())
    } else {
        kind.is_file()
    };
    let is_folder = kind.is_dir();
    Ok((is_file || is_folder).then(|| Name { name: entry.file_name(), is_folder }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn files_come_in_the_byte_order_of_their_paths_and_links_to_folders_are_not_followed() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let files = ["a-b/x", "a.html", "a/b.html", "a/b/c", "a0", "é", "B", "z/y/x/w", "z/y/x.html", ".hidden"];
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "x").expect("written");
        }
        fs::create_dir(root.join("empty")).expect("made");
        symlink(root, root.join("a/loop")).expect("linked");
        symlink("../a.html", root.join("z/link")).expect("linked");
        symlink("nowhere", root.join("z/broken")).expect("linked");
        let made = std::process::Command::new("mkfifo").arg(root.join("fifo")).status().expect("mkfifo runs");
        assert!(made.success());
        let found: Vec<String> = Walk::new(root)
            .expect("a folder")
            .map(|path| path.expect("readable").to_str().expect("UTF-8").to_owned())
            .collect();
        let mut expected: Vec<String> = files.into_iter().chain(["z/link"]).map(str::to_owned).collect();
        expected.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        assert_eq!(found, expected);
        assert!(Walk::new(&root.join("a0")).is_err() && Walk::new(&root.join("none")).is_err());
    }
}
