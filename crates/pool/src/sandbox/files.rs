//! Landlock: only the named files and folders can be opened, and only for reading.

use std::path::Path;
use std::sync::OnceLock;

use landlock::{
    ABI, Access, AccessFs, LandlockStatus, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

/// Refuses all file system rights that version 5 of landlock knows, including `Truncate` and `IoctlDev`. A worker needs none
/// of them except reading. An older kernel refuses the rights that it knows. The first version knows reading, writing and
/// executing, and `calls` refuses the rest.
const KNOWN: ABI = ABI::V5;

/// Keeps the file system object of a rule in the kernel's memory.
static OWN_ENTRY: OnceLock<Option<PathFd>> = OnceLock::new();

/// Confines the calling thread, and threads that it starts later, to reading `readable` and everything below.
pub(super) fn restrict<'a>(readable: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    // A rule belongs to an inode. The kernel may drop inodes of /proc if memory is low and create new ones later, and the
    // rule would be lost. It does not drop the inode of an open file.
    OWN_ENTRY.get_or_init(|| PathFd::new("/proc/self").ok());
    let status = build(readable).map_err(|error| error.to_string())?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced, _) => Ok(()),
        (_, LandlockStatus::NotEnabled) => Err("the kernel's `lsm=` setting does not turn it on".to_owned()),
        (_, LandlockStatus::NotImplemented) => Err("the kernel was built without it".to_owned()),
        (_, LandlockStatus::Available { .. }) => Err("the kernel has it and did not apply it".to_owned()),
    }
}

fn build<'a>(readable: impl Iterator<Item = &'a Path>) -> Result<landlock::RestrictionStatus, RulesetError> {
    let reading = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        // Refuses sockets with names outside the file system, such as that of an X server.
        .scope(Scope::AbstractUnixSocket)?
        .create()?
        // Skips files that do not exist or cannot be reached.
        .add_rules(path_beneath_rules(readable, reading))?
        .restrict_self()
}
