//! Landlock: nothing in the file system can be opened but what is named, and that for reading only.

use std::path::Path;
use std::sync::OnceLock;

use landlock::{
    ABI, Access, AccessFs, LandlockStatus, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

/// All that landlock can refuse in the file system, as of the version with the last such right that needs no leave
/// given back (`Truncate` and `IoctlDev` among them). An older kernel refuses what it knows; the first version knows
/// reading, writing and executing, and `calls` refuses the rest.
const KNOWN: ABI = ABI::V5;

/// Holds a rule's file system object in the kernel's memory.
static OWN_ENTRY: OnceLock<Option<PathFd>> = OnceLock::new();

/// Confines the calling thread, and those that it starts, to reading `readable` and what is below.
pub(super) fn restrict<'a>(readable: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    // Rules stand on inodes. Those of /proc are made anew when the kernel has thrown them out for want of memory, and
    // then the rule would be lost; what is open is not thrown out.
    OWN_ENTRY.get_or_init(|| PathFd::new("/proc/self").ok());
    let status = build(readable).map_err(|error| error.to_string())?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced, _) => Ok(()),
        (_, LandlockStatus::NotEnabled) => Err("it is not among those that the kernel's `lsm=` turns on".to_owned()),
        (_, LandlockStatus::NotImplemented) => Err("the kernel was built without it".to_owned()),
        (_, LandlockStatus::Available { .. }) => Err("the kernel has it and did not apply it".to_owned()),
    }
}

fn build<'a>(readable: impl Iterator<Item = &'a Path>) -> Result<landlock::RestrictionStatus, RulesetError> {
    let reading = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        // Sockets with names outside the file system, such as that of an X server.
        .scope(Scope::AbstractUnixSocket)?
        .create()?
        // Leaves out what does not exist, or cannot be reached.
        .add_rules(path_beneath_rules(readable, reading))?
        .restrict_self()
}
