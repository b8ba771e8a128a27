//! A terminal without a screen (`pty(7)`).

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The side of the person.
pub(crate) struct Terminal(File);

impl Terminal {
    /// A terminal of this size.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let person =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("there are terminals");
        grantpt(&person).and_then(|()| unlockpt(&person)).expect("a new terminal can be opened");
        let terminal = Self(person.into());
        terminal.resize(columns, rows);
        terminal
    }

    /// Makes it larger or smaller. The program gets SIGWINCH.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.0, size).expect("a terminal has a size");
    }

    /// Presses a key.
    pub(crate) fn press(&self, key: u8) {
        (&self.0).write_all(&[key]).expect("a terminal takes keys");
    }

    /// The side of the program, for one of its streams.
    pub(super) fn program_side(&self) -> OwnedFd {
        let name = ptsname(&self.0, Vec::new()).expect("a terminal has a name");
        let path = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, OFlags::NOCTTY.bits().cast_signed());
        options.read(true).write(true).open(path).expect("the other side can be opened").into()
    }

    /// What the program writes.
    pub(super) fn person_side(&self) -> File {
        self.0.try_clone().expect("a descriptor can be duplicated")
    }
}
