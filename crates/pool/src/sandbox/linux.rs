//! The sandbox on Linux. Each step is tried, even if an earlier step failed.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::{Confinement, calls, files};

/// Files that every worker reads, whatever its job: its own entry in `/proc` (memory use, and the map of its addresses for
/// the backtrace of a panic), its own executable for that backtrace, and random numbers if there is no system call for
/// them.
const OWN: [&str; 3] = ["/proc/self", "/proc/self/exe", "/dev/urandom"];

/// Gives up everything that `wanted` does not name. Returns what this kernel lacks for that.
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
        // Must be the last step, because it refuses calls that the other steps need.
        ("seccomp", calls::refuse(wanted.unix_sockets)),
    ];
    steps.into_iter().filter_map(|(name, step)| Some(format!("{name} ({})", step.err()?))).collect()
}

/// Gives up all capabilities of the calling thread, and its access to all files except those that every worker needs, as
/// far as the kernel supports it. Both apply only to the calling thread and to threads that it starts later. So threads
/// that exist before the job is set up must call this themselves.
pub(crate) fn give_up_early() {
    let _ = drop_capabilities(&[]);
    let _ = files::restrict(own());
}

/// Gives up the special rights of root. Without them, root can neither change the network nor ignore the permissions of
/// files. One right may stay: if a needed file can only be read by ignoring permissions, because the file or its folder
/// is closed to this user, the right to do that stays. The sandbox limits it to the needed files.
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

    use super::give_up_early;

    #[test]
    #[expect(clippy::print_stdout, reason = "readers of the test's output must see that it was skipped")]
    fn a_thread_that_gives_up_files_cannot_read_them_and_other_threads_still_can() {
        let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        if strict.handle_access(AccessFs::ReadFile).is_err() {
            println!("SKIPPED: this kernel has no landlock");
            return;
        }
        let read = || std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).map_err(|error| error.kind());
        let confined = std::thread::spawn(move || {
            give_up_early();
            read()
        });
        assert_eq!(confined.join().expect("does not panic"), Err(std::io::ErrorKind::PermissionDenied));
        assert!(read().is_ok());
    }
}
