//! Where there is no sandbox: everything is missing, and says so.

use super::Confinement;

pub(super) fn confine(_: &Confinement) -> Vec<String> {
    vec![format!(
        "a sandbox (there is one for Linux, and this is {} on {})",
        std::env::consts::OS,
        std::env::consts::ARCH
    )]
}

/// Nothing to forsake, since nobody could.
pub(crate) fn forsake() {}
