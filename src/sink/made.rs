//! `<name>.rules`: what a complete output was made with. It stands beside the output, so that later runs know whether
//! they may take over its records, and whether it is finished.
//!
//! The file is removed before an output with other rules gets its name, and written after that. A run that dies in
//! between leaves none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::destination::with_suffix;
use crate::model::ListPoint;
use crate::own_files;

/// No such file is longer.
const LONGEST: u64 = 4096;

/// The rules of a run, as hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// What shapes the data. Records with the same hash may stand in one output.
    pub data: String,
    /// What shapes the output as a whole.
    pub output: String,
}

/// What a complete output was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Made {
    /// The rules.
    pub rules: Rules,
    /// The end of the list.
    pub list: ListPoint,
    /// The number of records.
    pub records: u64,
    /// The number of failures among them.
    pub failed: u64,
    /// The length of the output in bytes.
    pub bytes: u64,
}

impl Made {
    /// The file beside the output `target`.
    pub fn path(target: &Path) -> PathBuf {
        with_suffix(target, ".rules")
    }

    /// Reads what the output `target` was made with. `None` if there is no such file, or if it is damaged.
    pub fn of(target: &Path) -> Option<Self> {
        let path = Self::path(target);
        let is_usable = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= LONGEST);
        is_usable.then(|| fs::read_to_string(path).ok())?.as_deref().and_then(Self::from_text)
    }

    /// Removes the file beside `target`, unless it names the same rules.
    pub(super) fn forget_other(&self, target: &Path) -> io::Result<()> {
        if Self::of(target).is_some_and(|made| made.rules.data == self.rules.data) {
            Ok(())
        } else {
            Self::forget(target)
        }
    }

    /// Removes the file beside `target`, if there is one.
    pub(super) fn forget(target: &Path) -> io::Result<()> {
        match fs::remove_file(Self::path(target)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the file beside `target`.
    pub(super) fn write(&self, target: &Path) -> io::Result<()> {
        let path = Self::path(target);
        let mut file = own_files::temporary_beside(&path)?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        file.write_all(self.to_text(&name).as_bytes())?;
        // Some file systems have no permissions. The file then stays private.
        let _ = file.as_file().set_permissions(own_files::permissions_of_new_files());
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    fn to_text(&self, name: &str) -> String {
        let Self { rules: Rules { data, output }, list: ListPoint { tasks, crc }, records, failed, bytes } = self;
        // A name may contain any character.
        let name: String = name.chars().filter(|character| !character.is_control()).collect();
        format!(
            "# gleaner wrote this beside {name}: --retry-failed, --since and --resume read it\n\
             rules {data}\noutput {output}\ntasks {tasks}\nlist {crc:08x}\nrecords {records}\nfailed {failed}\nbytes {bytes}\n"
        )
    }

    fn from_text(text: &str) -> Option<Self> {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
        let number = |key| value(key)?.parse().ok();
        let crc = u32::from_str_radix(value("list")?, 16).ok()?;
        Some(Self {
            rules: Rules { data: value("rules")?.to_owned(), output: value("output")?.to_owned() },
            list: ListPoint { tasks: number("tasks")?, crc },
            records: number("records")?,
            failed: number("failed")?,
            bytes: number("bytes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_damage_is_noticed() {
        let list = ListPoint { tasks: 12, crc: 0xab };
        let rules = Rules { data: "f00d".to_owned(), output: "beef".to_owned() };
        let made = Made { rules, list, records: 11, failed: 3, bytes: 4567 };
        let text = made.to_text("a\nrules b.json");
        assert_eq!(Made::from_text(&text), Some(made));
        for end in 0..text.len() - 1 {
            assert!(Made::from_text(&text[..end]).is_none_or(|cut| cut.bytes < 4567), "{end}");
        }
        assert_eq!(Made::from_text(&text.replace("failed 3", "failed x")), None);
    }

    #[test]
    fn the_file_of_other_rules_is_forgotten_and_that_of_the_same_rules_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("out.json");
        let rules = |data: &str| Rules { data: data.to_owned(), output: String::new() };
        let made = |data: &str| Made { rules: rules(data), ..Made::default() };
        made("a").forget_other(&target).expect("there is none");
        made("a").write(&target).expect("written");
        made("a").forget_other(&target).expect("it stays");
        assert_eq!(Made::of(&target), Some(made("a")));
        made("b").forget_other(&target).expect("removed");
        assert_eq!(Made::of(&target), None);
        fs::create_dir(Made::path(&target)).expect("a folder");
        assert_eq!(Made::of(&target), None);
    }
}
