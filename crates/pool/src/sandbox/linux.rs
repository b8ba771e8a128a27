//! The sandbox of Linux: one step after the other, each tried whatever became of the one before.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::{Confinement, calls, files};

/// What any worker reads, whatever its job: its own entry in `/proc` (its memory use, and the map of its addresses for
/// a panic's backtrace), its own code for that backtrace, and randomness where there is no call for it.
const OWN: [&str; 3] = ["/proc/self", "/proc/self/exe", "/dev/urandom"];

/// Gives up all that `wanted` does not name. Says what this kernel lacks.
pub(super) fn confine(wanted: &Confinement) -> Vec<String> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let readable = own().chain(wanted.readable.iter().map(AsRef::as_ref));
    let steps = [
        (
            "a limit of 0 for core dumps",
            rustix::process::setrlimit(Resource::Core, none).map_err(|error| error.to_string()),
        ),
        ("no capabilities", drop_capabilities(&wanted.readable)),
        ("no new privileges", rustix::thread::set_no_new_privs(true).map_err(|error| error.to_string())),
        ("landlock", files::restrict(readable)),
        // The last one: it refuses what the others need.
        ("seccomp", calls::refuse(wanted.unix_sockets)),
    ];
    steps.into_iter().filter_map(|(name, step)| Some(format!("{name} ({})", step.err()?))).collect()
}

/// Takes all capabilities from the calling thread, and all files but those that every worker needs, as far as the
/// kernel can. This is for threads that exist before the job is set up, because both hold only for the thread that asks
/// for it and those that it starts.
pub(crate) fn forsake() {
    let _ = drop_capabilities(&[]);
    let _ = files::restrict(own());
}

/// Gives up what makes root more than another user. Without it, root can neither change the network nor ignore the
/// permissions of files. If a needed file can be read only with the right to ignore permissions (it is another user's,
/// or in a folder that is closed to others), that right stays; the sandbox limits it to the files that are needed.
fn drop_capabilities(needed: &[PathBuf]) -> Result<(), String> {
    let none = CapabilitySet::empty();
    let set = |effective, permitted| {
        let sets = CapabilitySets { effective, permitted, inheritable: none };
        rustix::thread::set_capabilities(None, sets).map_err(|error| error.to_string())
    };
    let has = rustix::thread::capabilities(None).map_err(|error| error.to_string())?;
    if has.effective.is_empty() {
        return set(none, none);
    }
    let is_readable = |path: &&PathBuf| (path.is_file() || path.is_dir()) && File::open(path).is_ok();
    let readable: Vec<&PathBuf> = needed.iter().filter(is_readable).collect();
    set(none, has.permitted)?;
    let kept = if readable.iter().all(is_readable) { none } else { CapabilitySet::DAC_READ_SEARCH & has.permitted };
    set(kept, kept)
}

fn own<'a>() -> impl Iterator<Item = &'a Path> {
    OWN.into_iter().map(Path::new)
}

#[cfg(test)]
mod tests {
    use landlock::{AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

    use super::forsake;

    #[test]
    #[expect(clippy::print_stdout, reason = "who reads the test's output shall know that it was skipped")]
    fn a_thread_that_forsakes_files_has_none_and_the_others_keep_theirs() {
        let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        if strict.handle_access(AccessFs::ReadFile).is_err() {
            println!("SKIPPED: this kernel has no landlock");
            return;
        }
        let read = || std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).map_err(|error| error.kind());
        let theirs = std::thread::spawn(move || {
            forsake();
            read()
        });
        assert_eq!(theirs.join().expect("does not panic"), Err(std::io::ErrorKind::PermissionDenied));
        assert!(read().is_ok());
    }
}
