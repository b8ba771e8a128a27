//! Turns the written settings into the [`Plan`] of a run.
//!
//! [`Sources`] (defaults, file, environment, flags) are read into trees of keys and values with their places, lowest
//! layer first (`written`). `layer` walks each tree. The rows of the table in `schema` put the values into a `draft` of
//! the plan, mostly into the option types that a run uses. `resolve` decides the rest and returns the [`Plan`]. This
//! module finds all errors and reports them together.
//!
//! A layer adds to the tables of lower layers and replaces their values. For example, a header of a flag is added to
//! those of the file, and a field of a flag replaces that of the file.
//!
//! Absent on purpose: options that exist only on the command line (output file, `--resume`). They are not settings.
//!
//! The other files:
//!
//! - `sources`: defaults, file, environment and flags
//! - `place`: where a value was written, and how to show this
//! - `syntax`: explains the errors of the TOML parser
//! - `hosts`: reads `[hosts."NAME"]` into the draft
//! - `report`: puts the values of known settings into the draft, and collects the problems of a layer
//! - `assigned`: joins several `--set` of one table, and explains quotes that the shell removed
//! - `bounded`: reads files of the user up to a limit
//! - `header_file`: reads request headers from a file (`-H @FILE`)
//! - `secrets`: values that neither errors nor lists of settings show
//! - `element`: has a file for each type of value
//! - `rules`: reads `[extract]` into rules
//! - `checks`: checks that selectors and expressions compile
//! - `suggest`: finds the nearest known name
//! - `json_schema`: the JSON Schema of a settings file
//! - `outside`: environment variables that settings name
//! - `trust`: decides whether the file of the current folder is read if nobody names it
//! - `certificates`: reads the files of `[tls]`
//! - `plan`: the result
//! - `error`: the errors
//! - `tests`: tables of valid and invalid settings
//! - `any_bytes_tests`: settings with arbitrary text

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
mod json_schema;
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
pub use json_schema::settings_schema;
pub use place::{Origin, Place};
pub use plan::{Affects, CookiesPlan, Plan, Shaping, UserChoice};
pub use schema::text::defaults;
pub use sources::{DEFAULT_FILE, Flag, Sources};

/// A plan, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// Every setting in force, and where it was written, in the order of the defaults. Headers and fields have the
    /// position of their tables.
    pub in_force: Vec<InForce>,
}

/// Reads all sources and resolves them into a plan.
///
/// # Errors
/// Fails with all problems together: a file that cannot be read or is not valid TOML, unknown names, invalid values (even
/// if a later source overrides them), and settings that contradict each other.
pub fn load(sources: &Sources) -> Result<Loaded, SettingsError> {
    of_layers(sources.layers(), sources)
}

/// Combines the layers, which are sorted from lowest to highest.
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
