//! Settings: what was written -> what is meant.
//!
//! [`Sources`] (defaults, file, environment, flags) are read into trees of keys and values with their places, lowest
//! layer first (`written`). `layer` puts each tree into the settings by the one table in `schema`, and `resolve` turns
//! those into a [`Plan`]. Everything that can be wrong is found here, all of it at once, and nothing is left to fail later.
//!
//! Tables merge, values replace: a flag's header joins those of the file, a flag's field takes the place of the file's.
//!
//! Absent on purpose: the command line's own options (output file, `--resume`), which are no settings.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
mod assigned;
mod certificates;
mod checks;
mod element;
mod error;
mod hosts;
mod known;
mod layer;
mod outside;
mod place;
mod plan;
mod resolve;
mod rules;
mod schema;
mod secrets;
mod settings;
mod sources;
mod suggest;
mod syntax;
mod trust;
mod written;

#[cfg(test)]
mod tests;

pub use error::{Error, Problem, ProblemKind};
pub use place::{Origin, Place};
pub use plan::{CookiesPlan, FormatChoice, LimitsPlan, OutputPlan, Plan, PoolPlan, UserChoice};
pub use settings::InForce;
pub use sources::{DEFAULT_FILE, DEFAULTS, Flag, Sources};

/// A plan, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What is meant.
    pub plan: Plan,
    /// Every setting that is in force and who set it, in the order of the defaults; headers and fields where they belong.
    pub in_force: Vec<InForce>,
}

/// Reads all sources and resolves what they say.
///
/// Errs with everything that is wrong: a file that cannot be read or is no TOML, unknown names, bad values (also those
/// that a later source would override), and settings that contradict each other.
pub fn load(sources: &Sources) -> Result<Loaded, Error> {
    of_layers(sources.layers(), sources)
}

/// What the sources say together, lowest first.
fn of_layers(layers: Vec<Result<written::Table, Vec<Problem>>>, sources: &Sources) -> Result<Loaded, Error> {
    let mut settings = settings::Settings::default();
    let mut problems = Vec::new();
    for layer in layers {
        match layer {
            Ok(table) => problems.extend(layer::apply(&mut settings, &table)),
            Err(unreadable) => problems.extend(unreadable),
        }
    }
    Error::unless_empty(problems.into_iter().map(assigned::explain_quotes).collect())?;
    // The defaults come first, so a stable sort leaves everything else in the order in which it was written.
    settings.in_force.sort_by_key(|setting| schema::position(&setting.name));
    match resolve::plan(&settings, sources) {
        Ok(plan) => Ok(Loaded { plan, in_force: settings.in_force }),
        Err(problems) => Err(Error::of(problems)),
    }
}
