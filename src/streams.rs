//! The standard streams, as the parent process passed them on.
//!
//! Rust's own handles hide defects of a stream. If a descriptor was closed, the runtime has opened `/dev/null` in its
//! place before `main` begins. If a descriptor is not open for writing, writes to it are dropped without an error.
//! Records would vanish, and nobody would know. So this module checks the descriptors and uses them directly.
//!
//! If another process has set a stream to return at once (`O_NONBLOCK` holds for all who share the stream), reads and
//! writes wait until it is ready.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fstatvfs};

/// Standard input without a buffer.
///
/// # Errors
/// If it is closed, or open for writing only.
pub fn input() -> io::Result<Stream> {
    let stream = Stream::of(io::stdin().as_fd())?;
    stream.is_not_closed()?;
    stream.access(OFlags::WRONLY, "it is not open for reading")?;
    Ok(stream)
}

/// Standard output without a buffer, for data that must not get lost.
///
/// # Errors
/// If it is closed, open for reading only, or its disk or device is full.
pub fn output() -> io::Result<Stream> {
    let stream = display()?;
    stream.is_not_closed()?;
    Ok(stream)
}

/// Standard output without a buffer, for text that is shown to a person. A closed standard output is accepted: the text
/// is then lost on purpose.
///
/// # Errors
/// As [`output`], but a closed stream is not an error.
pub fn display() -> io::Result<Stream> {
    let stream = Stream::of(io::stdout().as_fd())?;
    stream.access(OFlags::RDONLY, "it is not open for writing")?;
    has_room(&stream.0)?;
    Ok(stream)
}

/// Standard error without a buffer; `None` if it is not open for writing.
pub fn error() -> Option<Stream> {
    let stream = Stream::of(io::stderr().as_fd()).ok()?;
    stream.access(OFlags::RDONLY, "it is not open for writing").ok()?;
    Some(stream)
}

/// Checks whether a file or a device accepts data, without writing any.
///
/// # Errors
/// If it is full.
pub fn has_room(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    // An empty write fails on `/dev/full` and on no other device. Pipes and sockets are left out: an empty write could
    // look like the end of the stream.
    if metadata.file_type().is_char_device() {
        rustix::io::write(file, &[])?;
    }
    let is_full = |disk: rustix::fs::StatVfs| disk.f_blocks > 0 && disk.f_bfree == 0;
    if metadata.is_file() && fstatvfs(file).is_ok_and(is_full) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

/// A duplicated descriptor of a standard stream.
#[derive(Debug)]
pub struct Stream(File);

impl Stream {
    fn of(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
        Ok(Self(File::from(descriptor.try_clone_to_owned()?)))
    }

    fn is_not_closed(&self) -> io::Result<()> {
        if was_closed(&self.0)? { Err(io::Error::other("it is closed")) } else { Ok(()) }
    }

    /// Turns the stream into a file.
    pub fn into_file(self) -> File {
        self.0
    }

    fn access(&self, wrong: OFlags, why: &str) -> io::Result<()> {
        let mode = fcntl_getfl(&self.0)? & OFlags::RWMODE;
        if mode == wrong { Err(io::Error::other(why)) } else { Ok(()) }
    }

    /// Repeats `act` until the stream is ready for it.
    fn when_ready<T>(&self, flags: PollFlags, mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
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
        self.when_ready(PollFlags::IN, || (&self.0).read(into))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.when_ready(PollFlags::OUT, || (&self.0).write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a descriptor was closed when this process began. The Rust runtime then opens `/dev/null` for reading and
/// writing in its place; shells open it for one of the two only. A parent that passes `/dev/null` open for both looks
/// the same, and means much the same.
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
    fn dev_null_open_for_reading_and_writing_counts_as_a_closed_descriptor() {
        let null = |read: bool, write: bool| {
            OpenOptions::new().read(read).write(write).open("/dev/null").expect("the device exists")
        };
        for (read, write, closed) in [(true, true, true), (true, false, false), (false, true, false)] {
            let file = null(read, write);
            assert_eq!(was_closed(&file).expect("the flags are readable"), closed, "{read} {write}");
        }
        let other = File::options().read(true).write(true).open("/dev/zero").expect("the device exists");
        assert!(!was_closed(&other).expect("the flags are readable"), "another device");
    }

    #[test]
    fn a_full_device_is_detected_before_anything_is_written() {
        let open = |path: &str| OpenOptions::new().write(true).open(path).expect("it opens");
        assert_eq!(has_room(&open("/dev/full")).expect_err("full").kind(), io::ErrorKind::StorageFull);
        has_room(&open("/dev/null")).expect("it takes everything");
        has_room(&tempfile::tempfile().expect("a file")).expect("there is room");
    }

    #[test]
    fn a_non_blocking_stream_is_waited_for() {
        let (reader, writer) = io::pipe().expect("a pipe");
        for end in [reader.as_fd(), writer.as_fd()] {
            fcntl_setfl(end, fcntl_getfl(end).expect("the flags are readable") | OFlags::NONBLOCK).expect("set");
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
