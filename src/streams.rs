//! The standard streams, as whoever started this process gave them.
//!
//! Rust's own handles hide what is wrong with a stream. A descriptor that was closed is `/dev/null` by the time `main`
//! begins, and a descriptor that is not open for writing swallows what is written to it: records would vanish, and nobody
//! would be told. So lists are read from, and records written to, the descriptors themselves, after a look at them.
//!
//! A stream that its other side has set to return at once (`O_NONBLOCK`, which all who share it have then) is waited for.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fstatvfs};

/// Standard input, to be read without a buffer.
///
/// # Errors
/// When it is closed, or open for writing alone.
pub fn input() -> io::Result<Stream> {
    let stream = Stream::of(io::stdin().as_fd())?;
    stream.is_not_closed()?;
    stream.access(OFlags::WRONLY, "it is not open for reading")?;
    Ok(stream)
}

/// Standard output for what must arrive, to be written to without a buffer.
///
/// # Errors
/// When it is closed, or open for reading alone; when nothing can be written because a disk or a device is full.
pub fn output() -> io::Result<Stream> {
    let stream = display()?;
    stream.is_not_closed()?;
    Ok(stream)
}

/// Standard output for what is shown to a person. Whoever has closed it does not want to see it, and there is no harm in
/// writing it all the same.
///
/// # Errors
/// As [`output`], but for closed ones.
pub fn display() -> io::Result<Stream> {
    let stream = Stream::of(io::stdout().as_fd())?;
    stream.access(OFlags::RDONLY, "it is not open for writing")?;
    has_room(&stream.0)?;
    Ok(stream)
}

/// Standard error, to be written to without a buffer; `None` where it takes nothing.
pub fn error() -> Option<Stream> {
    let stream = Stream::of(io::stderr().as_fd()).ok()?;
    stream.access(OFlags::RDONLY, "it is not open for writing").ok()?;
    Some(stream)
}

/// Finds out whether anything can be written to a file or a device, without writing anything.
///
/// # Errors
/// When it is full.
pub fn has_room(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    // Of all devices, `/dev/full` alone refuses nothing at all. A pipe or a socket could take that for an end.
    if metadata.file_type().is_char_device() {
        rustix::io::write(file, &[])?;
    }
    let is_full = |disk: rustix::fs::StatVfs| disk.f_blocks > 0 && disk.f_bfree == 0;
    if metadata.is_file() && fstatvfs(file).is_ok_and(is_full) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

/// A descriptor of our own for a standard stream.
#[derive(Debug)]
pub struct Stream(File);

impl Stream {
    fn of(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self(File::from(descriptor.try_clone_to_owned()?)))
    }

    fn is_not_closed(&self) -> io::Result<()> {
        if was_closed(&self.0)? { Err(io::Error::other("it is closed")) } else { Ok(()) }
    }

    /// The same stream as a file.
    pub fn into_file(self) -> File {
        self.0
    }

    fn access(&self, wrong: OFlags, why: &str) -> io::Result<()> {
        let mode = fcntl_getfl(&self.0)? & OFlags::RWMODE;
        if mode == wrong { Err(io::Error::other(why)) } else { Ok(()) }
    }

    /// Waits as long as the stream says that it is not ready.
    fn patiently<T>(&self, flags: PollFlags, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match act() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(&self.0, flags)], None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                result => return result,
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.patiently(PollFlags::IN, || (&self.0).read(into))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(PollFlags::OUT, || (&self.0).write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a descriptor was closed when this process began, so that the Rust runtime has opened it anew: as `/dev/null`, for
/// reading and writing. Shells open that for one of the two. A program that opens it for both and hands it over looks the
/// same as one that hands over nothing, and means much the same.
fn was_closed(file: &File) -> io::Result<bool> {
    let (metadata, null) = (file.metadata()?, fs::metadata("/dev/null"));
    let is_null = metadata.file_type().is_char_device() && null.is_ok_and(|null| null.rdev() == metadata.rdev());
    Ok(is_null && fcntl_getfl(file)? & OFlags::RWMODE == OFlags::RDWR)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::os::fd::AsFd as _;

    use rustix::fs::fcntl_setfl;

    use super::*;

    #[test]
    fn a_null_device_that_is_open_for_both_stands_for_a_closed_descriptor() {
        let null =
            |read: bool, write: bool| OpenOptions::new().read(read).write(write).open("/dev/null").expect("there");
        for (read, write, closed) in [(true, true, true), (true, false, false), (false, true, false)] {
            let file = null(read, write);
            assert_eq!(was_closed(&file).expect("asked"), closed, "{read} {write}");
        }
        let other = File::options().read(true).write(true).open("/dev/zero").expect("there");
        assert!(!was_closed(&other).expect("asked"), "another device");
    }

    #[test]
    fn what_is_full_is_known_before_anything_is_written() {
        let open = |path: &str| OpenOptions::new().write(true).open(path).expect("it opens");
        assert_eq!(has_room(&open("/dev/full")).expect_err("full").kind(), io::ErrorKind::StorageFull);
        has_room(&open("/dev/null")).expect("it takes everything");
        has_room(&tempfile::tempfile().expect("a file")).expect("there is room");
    }

    #[test]
    fn a_stream_that_returns_at_once_is_waited_for() {
        let (reader, writer) = io::pipe().expect("a pipe");
        for end in [reader.as_fd(), writer.as_fd()] {
            fcntl_setfl(end, fcntl_getfl(end).expect("asked") | OFlags::NONBLOCK).expect("set");
        }
        let stream = |end: BorrowedFd<'_>| Stream(File::from(end.try_clone_to_owned().expect("a copy")));
        let (mut input, mut output) = (stream(reader.as_fd()), stream(writer.as_fd()));
        // More than a pipe holds.
        let sent = vec![7; 1 << 20];
        let expected = sent.clone();
        let writing = std::thread::spawn(move || output.write_all(&sent));
        drop(writer);
        let mut got = Vec::new();
        input.read_to_end(&mut got).expect("all of it");
        writing.join().expect("no panic").expect("all of it");
        assert!(got == expected);
    }
}
