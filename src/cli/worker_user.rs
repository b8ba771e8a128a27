//! Chooses the user of the workers if root runs Gleaner.

use anyhow::Context;
use gleaner_pool::{Sandbox, User};

use crate::config::UserChoice;
use crate::scrape;

/// Returns the user that workers run as, or `None` for the user of the coordinator.
///
/// # Errors
/// Fails if the settings name a user that workers cannot become.
pub(super) fn choose(choice: &UserChoice, sandbox: Sandbox) -> anyhow::Result<Option<User>> {
    let user = match choice {
        UserChoice::Same => return Ok(None),
        UserChoice::Auto if sandbox == Sandbox::Off || !rustix::process::geteuid().is_root() => return Ok(None),
        UserChoice::Auto => {
            let spare = User::spare();
            return Ok(match spare.check(&scrape::needed_files()) {
                Ok(()) => Some(spare),
                Err(reason) => {
                    tracing::info!(
                        "workers run as the same user as Gleaner, because they cannot become user {}: {reason}",
                        spare.uid
                    );
                    None
                }
            });
        }
        UserChoice::Given(user) => *user,
        UserChoice::Named(name) => User::named(name).filter(|user| user.uid != 0).with_context(|| {
            format!("run workers as `{name}` (pool.user): /etc/passwd has no such user, or it is root")
        })?,
    };
    let checked = user.check(&scrape::needed_files()).map_err(anyhow::Error::msg);
    checked
        .with_context(|| format!("run workers as user {} (pool.user; \"same\" keeps the user of Gleaner)", user.uid))?;
    Ok(Some(user))
}
