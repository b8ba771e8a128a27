//! A file that is opened before a run and written at its end: the summary (`--summary`) and the report (`--report`).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::own_files;
use crate::streams::{self, Stream};

/// A destination that is opened before the first request.
#[derive(Debug)]
pub(super) struct ClosingFile {
    /// What is written, for messages: "summary".
    what: &'static str,
    target: Target,
    path: PathBuf,
}

#[derive(Debug)]
enum Target {
    /// A file is replaced by a rename, so it is never incomplete.
    File(NamedTempFile),
    /// A device or a FIFO is written to directly, because a rename would replace it with a file.
    Stream(File),
    /// Standard output, after the records if they go there too. If its file were opened again by name, it
    /// would overwrite the records.
    Stdout(Stream),
}

/// Whether this path names standard output. Even if standard output is a file, it does not count as a file of the run.
pub(super) fn is_stdout(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

impl ClosingFile {
    pub(super) fn open(what: &'static str, path: &Path) -> anyhow::Result<Self> {
        if is_stdout(path) {
            let stream = streams::output().with_context(|| format!("write a {what} to standard output"))?;
            return Ok(Self { what, target: Target::Stdout(stream), path: path.to_owned() });
        }
        let shown = path.display();
        // A rename onto a link would replace the link.
        let path = own_files::follow_links(path).with_context(|| format!("write a {what} to `{shown}`"))?;
        let existing = std::fs::metadata(&path).ok();
        anyhow::ensure!(
            !existing.as_ref().is_some_and(std::fs::Metadata::is_dir),
            "write a {what} to `{shown}`: it is a folder, name a file in it"
        );
        let target = if existing.is_some_and(|existing| !existing.is_file()) {
            let stream = OpenOptions::new().write(true).open(&path);
            Target::Stream(stream.with_context(|| format!("write a {what} to `{shown}`"))?)
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let (there, folder_shown) = (folder.is_dir(), folder.display());
            anyhow::ensure!(
                there,
                "write a {what} to `{shown}`: there is no folder `{folder_shown}`, create it (mkdir -p {folder_shown}) \
                 or choose another"
            );
            let temporary = own_files::temporary_beside(&path);
            Target::File(
                temporary.with_context(|| {
                    format!("write a {what} to `{shown}`: make its folder writable, or choose another")
                })?,
            )
        };
        Ok(Self { what, target, path })
    }

    /// Writes the whole content.
    pub(super) fn write(self, content: &[u8]) -> anyhow::Result<()> {
        let describe = || format!("write the {} to `{}`", self.what, self.path.display());
        match self.target {
            Target::Stream(mut stream) => stream.write_all(content).with_context(describe),
            Target::Stdout(mut stream) => stream.write_all(content).with_context(describe),
            Target::File(mut temporary) => {
                // The error of the temporary file's own `Write` would show the temporary name.
                temporary.as_file_mut().write_all(content).with_context(describe)?;
                // All who may read the output may read the summary. The error is ignored: some file systems have no
                // permissions.
                let _ = temporary.as_file().set_permissions(own_files::permissions_of_new_files());
                // The outer error would repeat its cause.
                temporary.persist(&self.path).map_err(|error| error.error).with_context(describe)?;
                Ok(())
            }
        }
    }
}
