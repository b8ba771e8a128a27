//! Which user workers are, where Gleaner is run by root.

use anyhow::Context;

use crate::config::UserChoice;
use crate::pool::{Sandbox, User};
use crate::scrape;

/// The user that workers become; `None` leaves them ours.
///
/// # Errors
/// Where the settings name one that they cannot be.
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
                        "workers are the same user as Gleaner, since they cannot be user {}: {reason}",
                        spare.uid
                    );
                    None
                }
            });
        }
        UserChoice::Given(user) => *user,
        UserChoice::Named(name) => User::named(name)
            .filter(|user| user.uid != 0)
            .with_context(|| format!("run workers as `{name}` (pool.user): /etc/passwd has no such user but root"))?,
    };
    let checked = user.check(&scrape::needed_files()).map_err(anyhow::Error::msg);
    checked.with_context(|| {
        format!("run workers as user {} (pool.user; \"same\" leaves them the user of Gleaner)", user.uid)
    })?;
    Ok(Some(user))
}
