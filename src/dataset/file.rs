//! Opens an output of an earlier run.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::Error;
use super::columns::Columns;
use super::scan::Scan;
use crate::input::Unpacked;
use crate::sink::Format;

/// An output of an earlier run.
#[derive(Debug)]
pub struct Dataset {
    file: File,
    path: PathBuf,
    format: Format,
}

impl Dataset {
    /// Opens an output. If it is compressed, which its first bytes tell, it is unpacked into a temporary file without a
    /// name.
    ///
    /// # Errors
    /// If it is not a regular file, or cannot be read or unpacked.
    pub fn open(path: &Path, format: Format) -> Result<Self, Error> {
        let shown = path.display();
        let unreadable = |error| Error::new(format!("read the output `{shown}`")).because(error);
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(Error::new(format!("read the output `{shown}`: it is not a regular file")));
        }
        let file = File::open(path).map_err(unreadable)?;
        let file = if is_packed(&file).map_err(unreadable)? { unpack(file).map_err(unreadable)? } else { file };
        Ok(Self { file, path: path.to_owned(), format })
    }

    /// The name of the file, for messages.
    pub fn shown(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// The format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The records, from the first one.
    ///
    /// # Errors
    /// If the file cannot be read, or does not begin as its format does.
    pub fn scan(&self) -> Result<Scan, Error> {
        Scan::new(self.clone_file()?, self.shown().to_string(), self.format)
    }

    /// The first line of a table, with its end, and its columns.
    ///
    /// # Errors
    /// If the file has no header.
    pub fn header(&self) -> Result<Option<(Vec<u8>, Columns)>, Error> {
        let Some(delimiter) = self.format.delimiter() else { return Ok(None) };
        let scan = self.scan()?;
        let header = scan.header().to_vec();
        let columns = Columns::of_header(&header, delimiter);
        Ok(Some((header, columns)))
    }

    /// The unpacked file. All clones share one position, so they must be read with `read_at`.
    pub(super) fn clone_file(&self) -> Result<File, Error> {
        self.file.try_clone().map_err(|error| Error::new(format!("read the output `{}`", self.shown())).because(error))
    }
}

fn is_packed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    let mut head = [0; 4];
    let length = file.read_at(&mut head, 0)?;
    Ok(matches!(&head[..length], [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd]))
}

fn unpack(file: File) -> io::Result<File> {
    let folder = std::env::temp_dir();
    let named = |error: io::Error| {
        let folder = folder.display();
        io::Error::new(
            error.kind(),
            format!("it cannot be unpacked in `{folder}` (TMPDIR names another folder): {error}"),
        )
    };
    let mut whole = BufWriter::new(tempfile::tempfile_in(&folder).map_err(named)?);
    io::copy(&mut Unpacked::new(file), &mut whole)?;
    whole.flush().map_err(named)?;
    whole.into_inner().map_err(io::IntoInnerError::into_error)
}
