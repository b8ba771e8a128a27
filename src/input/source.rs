//! The sources of a list, and the check whether a source can be read.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use url::Url;

use super::{Error, ErrorKind, Format, Options, encoding};
use crate::model::{check_sendable, parse_url, shown_url};
use crate::streams::{self, Stream};

/// A source of tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A list in a file.
    File(PathBuf),
    /// A list on standard input.
    Stdin,
    /// One URL from the command line.
    Url(String),
    /// A folder of saved pages.
    Pages(PathBuf),
    /// A sitemap.
    Sitemap(Root),
}

/// A sitemap that the user names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// At this URL.
    Url(Url),
    /// Those that the robots.txt at this URL names.
    Robots(Url),
    /// In a file.
    File(PathBuf),
    /// On standard input.
    Stdin,
}

impl Source {
    /// The source that a command-line argument names: `-` is standard input, text that starts with `http://` or
    /// `https://` (in any case) is a URL, anything else is a file.
    pub fn from_argument(argument: impl Into<OsString>) -> Self {
        let argument = argument.into();
        match argument.to_str() {
            Some("-") => Self::Stdin,
            Some(text) if is_url(text) => Self::Url(text.to_owned()),
            _ => Self::File(argument.into()),
        }
    }

    /// The sitemap that a command-line argument names: `robots:HOST` means those that the robots.txt of a host names, and
    /// everything else is as in [`from_argument`](Self::from_argument).
    ///
    /// # Errors
    /// If a URL is not valid.
    pub fn from_sitemap(argument: impl Into<OsString>) -> Result<Self, Error> {
        let argument = argument.into();
        let Some(text) = argument.to_str() else { return Ok(Self::Sitemap(Root::File(argument.into()))) };
        let to_url = |text: &str| {
            let url = parse_url(text, None).map_err(|error| error.to_string())?;
            check_sendable(&url).map(|()| url).map_err(|why| why.to_string())
        };
        // The argument may have a password, so the error does not repeat it.
        let broken =
            |what: &str, why: String| Error::new(ErrorKind::Unusable, format!("read a sitemap: {what}: {why}"));
        if let Some(host) = text.strip_prefix("robots:") {
            let url = if is_url(host) { to_url(host) } else { to_url(&format!("https://{host}")) };
            let what = "`robots:` must be followed by a host, such as robots:books.example, or by its URL";
            let mut url = url.map_err(|why| broken(what, why))?;
            url.set_path("/robots.txt");
            url.set_query(None);
            url.set_fragment(None);
            return Ok(Self::Sitemap(Root::Robots(url)));
        }
        Ok(Self::Sitemap(match text {
            "-" => Root::Stdin,
            text if is_url(text) => Root::Url(to_url(text).map_err(|why| broken("its URL is not valid", why))?),
            _ => Root::File(argument.into()),
        }))
    }

    /// The same source, as a sitemap if its format is that of sitemaps.
    pub(super) fn in_format(self, options: &Options) -> Self {
        if options.format_of(&self) != Format::Sitemap {
            return self;
        }
        match self {
            Self::File(path) => Self::Sitemap(Root::File(path)),
            Self::Stdin => Self::Sitemap(Root::Stdin),
            other @ (Self::Url(_) | Self::Pages(_) | Self::Sitemap(_)) => other,
        }
    }

    pub(super) fn is_stdin(&self) -> bool {
        matches!(self, Self::Stdin | Self::Sitemap(Root::Stdin))
    }

    /// The error for a source that cannot be read.
    pub(super) fn unusable(&self, error: io::Error) -> Error {
        Error::new(ErrorKind::Unusable, format!("read {self}")).because(error)
    }

    /// Checks that the source can be read, and returns its length in bytes if it has one. Reads at most the first bytes
    /// of a file.
    ///
    /// The file is closed again, so that a thousand lists do not need a thousand descriptors. A FIFO is not opened,
    /// because that would wait for its writer.
    pub(super) fn check(&self) -> Result<Option<u64>, Error> {
        let unusable = |error| self.unusable(error);
        match self {
            Self::Sitemap(Root::Url(_) | Root::Robots(_)) => Ok(None),
            // How many tasks a sitemap gives does not follow from its length. Its encoding is not that of a list.
            Self::Sitemap(Root::File(path)) => {
                let metadata = fs::metadata(path).map_err(|error| self.unreadable(error))?;
                if metadata.is_dir() {
                    return Err(Error::new(
                        ErrorKind::Unusable,
                        format!("read {self}: it is a folder, name a file in it"),
                    ));
                }
                may_be_read(path).map(|()| None).map_err(unusable)
            }
            Self::Url(text) => Ok(Some(text.len() as u64)),
            Self::Pages(folder) => {
                fs::read_dir(folder).map_err(unusable)?;
                Ok(None)
            }
            Self::Stdin | Self::Sitemap(Root::Stdin) => match streams::input().map(Stream::into_file) {
                Ok(file) if file.metadata().is_ok_and(|metadata| metadata.is_dir()) => {
                    Err(Error::new(ErrorKind::Unusable, "read standard input: it is a folder, redirect a file to it"))
                }
                Ok(file) => Ok(rest_of(file)),
                Err(error) => Err(unusable(error)),
            },
            Self::File(path) => {
                let metadata = fs::metadata(path).map_err(|error| self.unreadable(error))?;
                if metadata.is_dir() {
                    return Err(Error::new(
                        ErrorKind::Unusable,
                        format!(
                            "read {self}: it is a folder, name a file in it (--site serves a folder, --pages reads saved pages)"
                        ),
                    ));
                }
                if !metadata.is_file() {
                    may_be_read(path).map_err(unusable)?;
                    return Ok(None);
                }
                let file = File::open(path).map_err(unusable)?;
                match encoding::refused(file).map_err(unusable)? {
                    Some(encoding) => Err(self.is_in(encoding, ErrorKind::Unusable)),
                    None => Ok(Some(metadata.len())),
                }
            }
        }
    }

    /// Opens the source at its beginning if it is a regular file. All other sources can be read only once.
    pub(super) fn open_regular(&self) -> io::Result<Option<File>> {
        match self {
            Self::File(path) if fs::metadata(path)?.is_file() => File::open(path).map(Some),
            Self::File(_) | Self::Stdin | Self::Url(_) | Self::Pages(_) | Self::Sitemap(_) => Ok(None),
        }
    }

    /// Whether the source is a regular file, whose reads do not wait for anybody.
    pub(super) fn is_regular(&self) -> bool {
        matches!(self, Self::File(path) if path.is_file())
    }

    /// The error for a list in an unsupported encoding, with or without a byte-order mark.
    pub(super) fn is_in(&self, encoding: &str, kind: ErrorKind) -> Error {
        let why = if encoding.starts_with("UTF-16") {
            format!("it seems to be {encoding} without a byte-order mark")
        } else {
            format!("it seems to be {encoding}")
        };
        let way_out = format!("save it as UTF-8 (iconv -f {encoding} -t UTF-8 converts it)");
        Error::new(kind, format!("read {self}: {why}, {way_out}"))
    }

    fn unreadable(&self, error: io::Error) -> Error {
        let hint = if error.kind() == io::ErrorKind::NotFound {
            " (a URL starts with http:// or https://, and - is standard input)"
        } else {
            ""
        };
        Error::new(ErrorKind::Unusable, format!("read {self}{hint}")).because(error)
    }

    /// Opens the source for reading. This may wait, for example for the writer of a FIFO. A folder of pages has no
    /// bytes of its own, and those of a sitemap go to a worker.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Stdin => Box::new(streams::input()?),
            Self::Url(text) => Box::new(io::Cursor::new(text.clone().into_bytes())),
            Self::Pages(_) | Self::Sitemap(_) => Box::new(io::empty()),
        })
    }
}

impl fmt::Display for Source {
    /// The name of the source in errors. A URL is not shown, because it may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the list `{}`", path.display()),
            Self::Stdin => f.write_str("the list from standard input"),
            Self::Url(_) => f.write_str("a URL of the command line"),
            Self::Sitemap(Root::Url(url)) => write!(f, "the sitemap {}", shown_url(url)),
            Self::Sitemap(Root::Robots(url)) => write!(f, "the sitemaps that {} names", shown_url(url)),
            Self::Sitemap(Root::File(path)) => write!(f, "the sitemap `{}`", path.display()),
            Self::Sitemap(Root::Stdin) => f.write_str("the sitemap from standard input"),
            Self::Pages(folder) => write!(f, "the folder of pages `{}`", folder.display()),
        }
    }
}

fn is_url(text: &str) -> bool {
    ["http://", "https://"]
        .into_iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// The number of bytes after the current position of a regular file; `None` for a pipe or a terminal.
fn rest_of(mut file: File) -> Option<u64> {
    let metadata = file.metadata().ok()?;
    let at = io::Seek::stream_position(&mut file).ok()?;
    metadata.is_file().then(|| metadata.len().saturating_sub(at))
}

#[cfg(unix)]
fn may_be_read(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::READ_OK)?)
}

#[cfg(windows)]
#[expect(
    clippy::unnecessary_wraps,
    reason = "same signature on every platform; Windows reports the error when the device is opened"
)]
fn may_be_read(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn an_argument_is_standard_input_a_url_or_a_file() {
        let file = |name: &str| Source::File(name.into());
        let url = |text: &str| Source::Url(text.to_owned());
        let table = [
            ("-", Source::Stdin),
            ("http://h/a", url("http://h/a")),
            ("HTTPS://h/a", url("HTTPS://h/a")),
            ("foo", file("foo")),
            ("http", file("http")),
            ("http:/h", file("http:/h")),
            ("./-", file("./-")),
            ("ftp://h/a", file("ftp://h/a")),
        ];
        for (argument, source) in table {
            assert_eq!(Source::from_argument(argument), source, "{argument}");
        }
    }

    #[test]
    fn a_missing_file_is_reported_before_the_start() {
        let error = Source::File("no/such/list.txt".into()).check().expect_err("the file does not exist");
        assert_eq!(error.kind(), ErrorKind::Unusable);
        assert_eq!(
            error.to_string(),
            "read the list `no/such/list.txt` (a URL starts with http:// or https://, and - is standard input)"
        );
        assert!(error.source().is_some(), "the system's own message follows");
    }

    #[test]
    fn a_folder_is_reported_before_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Source::File(folder.path().to_owned()).check().expect_err("a folder is not a list");
        assert_eq!(error.kind(), ErrorKind::Unusable);
        assert!(error.to_string().contains("is a folder"), "{error}");
    }

    #[test]
    fn a_regular_file_has_a_length() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.txt");
        fs::write(&path, "http://h/\n").expect("written");
        assert_eq!(Source::File(path).check().expect("readable"), Some(10));
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_without_a_writer_is_checked_without_waiting_and_has_no_length() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
        assert!(made.success());
        assert_eq!(Source::File(path).check().expect("readable"), None);
    }
}
