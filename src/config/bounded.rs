//! Reads files of the user whole, up to a limit.

use std::fs::File;
use std::io::{self, Read as _};

/// The limit for settings files and certificates, in MiB. No real file is larger.
pub(super) const LARGEST: u64 = 16;

/// Reads the rest of `file`. The limit is there because a file without an end, such as `/dev/zero`, must not fill the
/// memory.
///
/// # Errors
/// Fails if it cannot be read, or has more than `most` MiB.
pub(super) fn read(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = most << 20;
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} MiB")));
    }
    Ok(bytes)
}
