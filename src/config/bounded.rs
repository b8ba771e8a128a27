//! Reads files of the user whole, up to a limit.

use std::fs::File;
use std::io::{self, Read as _};

/// No settings file and no certificate bundle is larger. A file without an end, such as `/dev/zero`, must not fill the
/// memory.
const MOST: u64 = 16 << 20;

/// Reads the rest of `file`.
///
/// # Errors
/// Fails if it cannot be read, or has more than 16 MiB.
pub(super) fn read(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}
