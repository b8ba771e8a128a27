//! Loads the cookies of a run from a file, and saves them.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::config::CookiesPlan;
use crate::cookies::Jar;
use crate::own_files;

/// Loads the cookies of the plan, and checks whether they can be saved. Called before the first request.
pub(super) fn open(plan: &CookiesPlan) -> anyhow::Result<Jar> {
    if let Some(path) = &plan.save {
        // A problem that is found now does not cost a run. The file itself is written at the end.
        temporary_beside(&target(path)?, path)?;
    }
    match &plan.load {
        Some(path) => load(path, plan.save.as_ref() == Some(path)),
        None => Ok(Jar::new()),
    }
}

/// Saves the cookies if the plan names a file. The file is replaced by a rename, so it is never incomplete. Its mode is
/// 0600.
pub(super) fn save(plan: &CookiesPlan, jar: &Jar) -> anyhow::Result<()> {
    let Some(path) = &plan.save else { return Ok(()) };
    let context = || format!("save cookies to {}", path.display());
    let target = target(path)?;
    let temporary = temporary_beside(&target, path)?;
    let mut writer = BufWriter::new(temporary.as_file());
    jar.save(&mut writer, SystemTime::now()).with_context(context)?;
    writer.flush().with_context(context)?;
    drop(writer);
    temporary.as_file().sync_all().with_context(context)?;
    // The outer error would repeat its cause.
    temporary.persist(&target).map_err(|error| error.error).with_context(context)?;
    Ok(())
}

fn load(path: &Path, may_be_missing: bool) -> anyhow::Result<Jar> {
    let shown = path.display();
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && may_be_missing => return Ok(Jar::new()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(error).with_context(|| {
                format!("load cookies from {shown}: name a file that is there, or leave out cookies.load")
            });
        }
        file => file.with_context(|| format!("load cookies from {shown}"))?,
    };
    Jar::load(BufReader::new(file), SystemTime::now()).with_context(|| format!("load cookies from {shown}"))
}

/// The file to replace: the target of a link, not the link itself.
fn target(path: &Path) -> anyhow::Result<PathBuf> {
    let target = own_files::follow_links(path).with_context(|| format!("save cookies to {}", path.display()))?;
    // A rename would replace a device with a file.
    let usable = fs::metadata(&target).map_or(true, |metadata| metadata.is_file());
    anyhow::ensure!(usable, "save cookies to {}: it is not a regular file, name one", path.display());
    Ok(target)
}

/// Creates an empty temporary file with mode 0600 in the folder of `target`.
fn temporary_beside(target: &Path, path: &Path) -> anyhow::Result<NamedTempFile> {
    own_files::temporary_beside(target)
        .with_context(|| format!("save cookies to {}: create its folder, or make it writable", path.display()))
}
