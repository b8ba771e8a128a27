//! Gives workers another user if the parent is root. The system then denies them access to the files and processes of
//! other users.

use std::fs::File;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// User numbers that systemd gives to services while they run (`DynamicUser=`). Nothing else should use them.
const SPARE: std::ops::RangeInclusive<u32> = 61_184..=65_519;

/// A user and a group, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's number. It is not 0, because 0 is root.
    pub uid: u32,
    /// The number of the user's only group.
    pub gid: u32,
}

impl User {
    /// Returns a user that owns no files and that no other process runs as. Each parent process gets a different one.
    pub fn spare() -> Self {
        let number = SPARE.start() + std::process::id() % (SPARE.end() - SPARE.start() + 1);
        Self { uid: number, gid: number }
    }

    /// Looks up a user by name in `/etc/passwd`.
    pub fn named(name: &str) -> Option<Self> {
        of_passwd(&std::fs::read_to_string("/etc/passwd").ok()?, name)
    }

    /// Checks that workers of this process can become that user and can then read those of `files` that this process can
    /// read. The check runs on its own thread, because the kernel lets each thread have a different user.
    ///
    /// # Errors
    /// Returns the reason if they cannot.
    pub fn check(self, files: &[PathBuf]) -> Result<(), String> {
        let is_ordinary = |path: &PathBuf| path.is_file() || path.is_dir();
        let readable: Vec<&PathBuf> =
            files.iter().filter(|path| is_ordinary(path) && File::open(path).is_ok()).collect();
        std::thread::scope(|scope| {
            let tried = std::thread::Builder::new().name("user".to_owned()).spawn_scoped(scope, || {
                system::change(self)?;
                match readable.iter().find(|path| File::open(path).is_err()) {
                    Some(path) => Err(format!("it may not read {}", path.display())),
                    None => Ok(()),
                }
            });
            let tried = tried.map(std::thread::ScopedJoinHandle::join);
            system::stay_dumpable();
            match tried {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err("the check could not run".to_owned()),
            }
        })
    }

    /// Makes this process that user. Must be called while the process has only one thread.
    pub(super) fn become_it(self) -> Result<(), String> {
        system::change(self)
    }
}

fn of_passwd(passwd: &str, name: &str) -> Option<User> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [found, _, uid, gid, ..] = fields[..] else { return None };
        (found == name).then_some(User { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
    })
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::process::{DumpableBehavior, Gid, Uid};
    use rustix::thread::CapabilitySet;

    use super::User;

    /// Makes the calling thread that user. This cannot be undone.
    ///
    /// After that, only root can inspect the process, because the kernel assumes that a process that changes its user has
    /// secrets in its memory.
    pub(super) fn change(User { uid, gid }: User) -> Result<(), String> {
        let capabilities = rustix::thread::capabilities(None).map_err(|error| error.to_string())?.effective;
        // A parent must be able to kill its workers.
        if !capabilities.contains(CapabilitySet::KILL) {
            return Err("this process lacks the capability to kill processes of another user (CAP_KILL)".to_owned());
        }
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        rustix::thread::set_thread_groups(&[])
            .and_then(|()| rustix::thread::set_thread_res_gid(gid, gid, gid))
            .and_then(|()| rustix::thread::set_thread_res_uid(uid, uid, uid))
            .map_err(|error| format!("the system refuses it ({error})"))
    }

    /// Undoes a side effect of [`change`] on one thread: it makes the whole process "not dumpable".
    pub(super) fn stay_dumpable() {
        let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable);
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::User;

    pub(super) fn stay_dumpable() {}

    pub(super) fn change(_: User) -> Result<(), String> {
        Err(format!("workers cannot have a user of their own on {}", std::env::consts::OS))
    }
}

#[cfg(test)]
mod tests {
    use super::{User, of_passwd};

    #[test]
    fn a_user_is_found_by_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nscraper:x:1000:1001::/home/s:/bin/sh\nodd:x:a:b::/:/\n";
        for (name, expected) in [
            ("scraper", Some(User { uid: 1000, gid: 1001 })),
            ("root", Some(User { uid: 0, gid: 0 })),
            ("odd", None),
            ("scrap", None),
            ("", None),
        ] {
            assert_eq!(of_passwd(passwd, name), expected, "{name}");
        }
    }

    #[test]
    fn a_spare_user_has_a_reserved_number_and_is_not_root() {
        let User { uid, gid } = User::spare();
        assert!((61_184..=65_519).contains(&uid) && uid == gid);
    }
}
