//! Writes a text that a person or another program asked for to standard output.

use std::io::{ErrorKind, Write};

use super::Stop;
use crate::exit_code::Exit;
use crate::streams;

/// Writes the whole text. A closed standard output is not an error: the reader has seen enough.
pub(super) fn whole(text: &str) -> Result<Exit, Stop> {
    let mut out = streams::display().map_err(Stop::unheard)?;
    match out.write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Stop::unheard(error)),
        _ => Ok(Exit::Success),
    }
}
