//! Tests the settings as a whole, from their sources to the plan or to the text of the error.
//!
//! - `defaults`: the documented defaults are the real ones, and every setting has an effect
//! - `errors`: the text of every error
//! - `extract`: the extraction language
//! - `hosts`: settings of single hosts
//! - `secrets`: environment variables, and values that are not shown
//! - `precedence`: the order of the layers: flags, environment, file, defaults

mod defaults;
mod errors;
mod extract;
mod hosts;
mod precedence;
mod secrets;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{Flag, Loaded, Plan, SettingsError, Sources, load};

/// Sources of a test: a folder of its own, with or without a file in it.
struct Case {
    folder: tempfile::TempDir,
    sources: Sources,
}

/// Nothing but the defaults.
fn nothing() -> Case {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let sources = Sources {
        config: None,
        folder: folder.path().to_owned(),
        user: rustix::process::geteuid().as_raw(),
        environment: Vec::new(),
        flags: Vec::new(),
        cpus: number(6),
    };
    Case { folder, sources }
}

/// A `gleaner.toml` with this text.
fn file(text: impl AsRef<[u8]>) -> Case {
    nothing().with_file("gleaner.toml", text)
}

fn number(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).expect("the tests count from one")
}

impl Case {
    fn with_file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), text).expect("the folder is ours");
        self
    }

    fn config(mut self, name: &str) -> Self {
        self.sources.config = Some(PathBuf::from(name));
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, flag: Flag) -> Self {
        self.sources.flags.push(flag);
        self
    }

    fn set(self, assignment: &str) -> Self {
        self.flag(Flag::set(assignment))
    }

    fn load(&self) -> Result<Loaded, SettingsError> {
        load(&self.sources)
    }

    #[track_caller]
    fn plan(&self) -> Plan {
        match self.load() {
            Ok(loaded) => loaded.plan,
            Err(error) => panic!("{error}"),
        }
    }

    #[track_caller]
    fn error(&self) -> SettingsError {
        self.load().expect_err("these settings are wrong")
    }
}
