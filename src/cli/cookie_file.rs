//! Where the cookies of a run come from, and where they go.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::config::CookiesPlan;
use crate::cookies::Jar;
use crate::own_files;

/// Loads what the plan names, and finds out whether its cookies can be saved. All of this is before the first request.
pub(super) fn open(plan: &CookiesPlan) -> anyhow::Result<Jar> {
    if let Some(path) = &plan.save {
        // What is found now costs nobody a run. The file itself is written at the end.
        temporary_beside(&target(path)?, path)?;
    }
    match &plan.load {
        Some(path) => load(path, plan.save.as_ref() == Some(path)),
        None => Ok(Jar::new()),
    }
}

/// Writes the cookies to where the plan says, if it says so. The file appears whole, by rename, and for its owner alone.
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
    // Its error would name the cause a second time.
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

/// What is to be replaced: where a link leads, not the link.
fn target(path: &Path) -> anyhow::Result<PathBuf> {
    let target = own_files::follow_links(path).with_context(|| format!("save cookies to {}", path.display()))?;
    // Renaming would put a file in the place of a device.
    let usable = fs::metadata(&target).map_or(true, |metadata| metadata.is_file());
    anyhow::ensure!(usable, "save cookies to {}: it is no file, name one", path.display());
    Ok(target)
}

/// An empty file that only its owner can read, in the same folder.
fn temporary_beside(target: &Path, path: &Path) -> anyhow::Result<NamedTempFile> {
    own_files::temporary_beside(target)
        .with_context(|| format!("save cookies to {}: make its folder, and writable", path.display()))
}
