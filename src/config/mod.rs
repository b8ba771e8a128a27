//! Settings: what was written -> what is meant.
//!
//! [`Sources`] (defaults, file, environment, flags) are read into trees of keys and values with their places, lowest
//! layer first (`written`). `layer` goes through each tree, and the rows of the table in `schema` put its values into a
//! `draft` of the plan, mostly straight into the option types that a run uses. `resolve` decides the rest and gives the
//! [`Plan`]. All errors are found here, all of them at once; nothing is left to fail later.
//!
//! Tables merge and values replace: a header of a flag joins those of the file, a field of a flag replaces that of the
//! file.
//!
//! Absent on purpose: the options of the command line alone (output file, `--resume`), which are not settings.
//!
//! Further files:
//!
//! - `any_bytes_tests`: settings of any text
//! - `sources`: defaults, file, environment, flags
//! - `header_file`: request headers from a file (`-H @FILE`)
//! - `place`: where something was written, and how to show it
//! - `syntax`: the TOML parser's errors, explained
//! - `hosts`: `[hosts."NAME"]` -> draft
//! - `report`: the value of a known setting -> its place, and what a layer says
//! - `assigned`: `--set`: parts that make one table, and quotes that the shell took away
//! - `bounded`: reads files of the user up to a limit
//! - `secrets`: what neither errors nor lists of settings show
//! - `element`: a file for each type of value
//! - `rules`: `[extract]` -> rules
//! - `checks`: do selectors and expressions compile?
//! - `suggest`: the nearest known name
//! - `outside`: environment variables that settings name
//! - `trust`: whether the file of the current folder is read unasked
//! - `certificates`: the files of `[tls]`
//! - `plan`: what is meant
//! - `error`: what can be wrong
//! - `tests`: tables of good and bad settings

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod assigned;
mod bounded;
mod certificates;
mod checks;
mod draft;
mod element;
mod error;
mod header_file;
mod hosts;
mod layer;
mod outside;
mod place;
mod plan;
mod report;
mod resolve;
mod rules;
mod schema;
mod secrets;
mod sources;
mod suggest;
mod syntax;
mod trust;
mod written;

#[cfg(test)]
mod tests;

pub use draft::InForce;
pub use error::{Problem, ProblemKind, SettingsError};
pub use place::{Origin, Place};
pub use plan::{Affects, CookiesPlan, Plan, Shaping, UserChoice};
pub use schema::text::defaults;
pub use sources::{DEFAULT_FILE, Flag, Sources};

/// A plan, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What is meant.
    pub plan: Plan,
    /// Every setting that is in force and where it was written, in the order of the defaults. Headers and fields are where
    /// their tables are.
    pub in_force: Vec<InForce>,
}

/// Reads all sources and resolves what they say.
///
/// # Errors
/// With everything that is wrong: a file that cannot be read or is not valid TOML, unknown names, bad values (also those
/// that a later source overrides), and settings that contradict each other.
pub fn load(sources: &Sources) -> Result<Loaded, SettingsError> {
    of_layers(sources.layers(), sources)
}

/// What the sources say together, lowest first.
fn of_layers(layers: Vec<Result<written::Table, Vec<Problem>>>, sources: &Sources) -> Result<Loaded, SettingsError> {
    let mut draft = draft::Draft::default();
    let mut problems = Vec::new();
    for layer in layers {
        match layer {
            Ok(table) => problems.extend(layer::apply(&mut draft, &table)),
            Err(unreadable) => problems.extend(unreadable),
        }
    }
    SettingsError::unless_empty(problems.into_iter().map(assigned::explain_quotes).collect())?;
    // The defaults come first, so a stable sort leaves everything else in the order in which it was written.
    draft.in_force.sort_by_key(|noted| schema::position(&noted.shown.name));
    let plan = resolve::plan(&draft, sources).map_err(SettingsError::of)?;
    Ok(Loaded { plan, in_force: draft.in_force.into_iter().map(|noted| noted.shown).collect() })
}
