//! A folder of saved pages. Each file is a task whose answer is known already, in the byte order of the paths.
//!
//! The URL of a page, in this order: the one that browsers write into pages that they save (`<!-- saved from
//! url=(0014)http://h.example/ -->`); the `Content-Location` in the file of its headers; the `file` URL of the page.
//!
//! The headers of `NAME` are in `NAME.headers`, as `curl -D` writes them. Files of headers are not pages.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use url::Url;

use super::format::Entry;
use super::options::{Keep, Options};
use super::task;
use super::walk::{Unreadable, Walk};
use crate::model::{
    Carried, Failure, FailureKind, Reach, Stage, Stored, StoredForm, Task, check_sendable, excerpt, parse_url,
};

/// The name under which records repeat the path of the file, below the folder.
pub(super) const CARRIED: [&str; 1] = ["file"];

/// The extension of files of headers.
const HEADERS: &str = "headers";

/// The longest file of headers in bytes. The HTTP client reads no longer ones.
const MOST_HEADERS: u64 = 408 * 1024;

/// How far the URL is looked for in a page. Browsers write it after the doctype.
const BEGINNING: usize = 4096;

/// The most bytes of a path that a message shows.
const SHOWN: usize = 200;

/// The media types of files, by their extension. The bytes of all others tell.
const MEDIA_TYPES: [(&str, &str); 8] = [
    ("html", "text/html"),
    ("htm", "text/html"),
    ("xhtml", "application/xhtml+xml"),
    ("xml", "application/xml"),
    ("rss", "application/rss+xml"),
    ("atom", "application/atom+xml"),
    ("json", "application/json"),
    ("txt", "text/plain"),
];

/// The pages of a folder.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    /// The absolute path of the folder.
    root: PathBuf,
    walk: Walk,
    keep: &'a Keep,
    most: u64,
}

impl<'a> Pages<'a> {
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn new(folder: &Path, options: &'a Options) -> io::Result<Self> {
        let root = std::path::absolute(folder)?;
        Ok(Self { walk: Walk::new(&root)?, root, keep: &options.keep, most: options.max_stored })
    }

    /// The next page, as the task with the number `seq`.
    ///
    /// # Errors
    /// If a folder in the folder cannot be read.
    pub(super) fn next(&mut self, seq: u64) -> Result<Option<Entry<'static>>, Unreadable> {
        let is_page = |path: &PathBuf| path.extension() != Some(OsStr::new(HEADERS));
        let Some(path) = self.walk.find(|path| path.as_ref().ok().is_none_or(is_page)).transpose()? else {
            return Ok(None);
        };
        let name = path.to_string_lossy();
        let carried = CARRIED.into_iter().map(|column| (column, &*name)).filter(|(column, _)| self.keep.has(column));
        let carried = Carried::of_cells(carried);
        let task = self.task(&path, &name, carried, seq);
        let bytes = [task.line.as_bytes(), b"\0", path.as_os_str().as_encoded_bytes()].concat();
        Ok(Some(Entry { bytes: Cow::Owned(bytes), task: Some(task), too_long: false }))
    }

    fn task(&self, path: &Path, name: &str, input: Carried, seq: u64) -> Task {
        let absolute = self.root.join(path);
        let failed = |kind, message: String| Failure::new(kind, Stage::Fetch, message);
        let unreadable = |file: &str, error: &io::Error| {
            failed(FailureKind::Truncated, format!("read the {file} `{}`: {error}", excerpt(name, SHOWN)))
        };
        let (bytes, at) = match read(&absolute, self.most) {
            Ok(read) => read,
            Err(error) => return of_file(&absolute, Err(unreadable("file", &error)), input, seq),
        };
        let headers = match read_headers(&absolute) {
            Ok(headers) => headers,
            Err(error) => return of_file(&absolute, Err(unreadable("headers of the file", &error)), input, seq),
        };
        let url = saved_from(&bytes).or_else(|| content_location(headers.as_deref()?));
        let answer = if bytes.len() as u64 > self.most {
            let most = self.most;
            let message = format!(
                "read the file `{}`: it is larger than {most} bytes (`fetch.max_body` and its headers)",
                excerpt(name, SHOWN)
            );
            Err(failed(FailureKind::TooLarge, message))
        } else {
            Ok(stored(path, bytes, headers.as_deref(), at))
        };
        match url {
            Some(url) => of_url(&url, answer, input, seq),
            None => of_file(&absolute, answer, input, seq),
        }
    }
}

/// A page that was saved from this http(s) URL.
fn of_url(url: &str, answer: Result<Stored, Failure>, input: Carried, seq: u64) -> Task {
    let mut task = task::from_value(url, input, seq, None);
    match answer {
        Ok(stored) => task.stored = Some(stored),
        Err(failure) => task.url = Err(failure),
    }
    task
}

/// A page that has no other URL than that of its file.
fn of_file(absolute: &Path, answer: Result<Stored, Failure>, input: Carried, seq: u64) -> Task {
    let url = Url::from_file_path(absolute);
    let line = url.as_ref().map_or_else(|()| absolute.to_string_lossy().into_owned(), Url::to_string);
    let no_url = |()| Failure::new(FailureKind::InvalidUrl, Stage::List, "the path of the file has no `file` URL");
    match answer {
        Ok(stored) => Task { seq, line, url: url.map_err(no_url), input, stored: Some(stored), reach: Reach::Listed },
        Err(failure) => Task { seq, line, url: Err(failure), input, stored: None, reach: Reach::Listed },
    }
}

/// Reads a file, but at most one byte more than `most`. Also returns when it was last changed.
fn read(path: &Path, most: u64) -> io::Result<(Vec<u8>, Option<SystemTime>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let most = most.saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(most)).unwrap_or_default());
    file.take(most).read_to_end(&mut bytes)?;
    Ok((bytes, metadata.modified().ok()))
}

/// Reads the headers of a page, if it has a file of them: the last head in it, because there is one for each redirect.
fn read_headers(page: &Path) -> io::Result<Option<String>> {
    let mut path = OsString::from(page);
    path.push(".");
    path.push(HEADERS);
    let (bytes, _) = match read(Path::new(&path), MOST_HEADERS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    if bytes.len() as u64 > MOST_HEADERS {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 408 KiB of headers"));
    }
    // Headers are Latin-1 (RFC 9110, 5.5). The worker gets the bytes as they are.
    let text = encoding_rs::mem::decode_latin1(&bytes).replace("\r\n", "\n");
    let last = text.trim_end().rsplit("\n\n").next().unwrap_or_default().trim_start();
    Ok(Some(last.to_owned()).filter(|last| !last.is_empty()))
}

/// The answer that a page is: its bytes alone, or with its headers.
fn stored(path: &Path, bytes: Vec<u8>, headers: Option<&str>, at: Option<SystemTime>) -> Stored {
    let Some(headers) = headers else {
        let media_type = media_type_of_name(path).to_owned();
        return Stored { form: StoredForm::File { media_type }, bytes: bytes.into(), at };
    };
    // A file of headers may have no status line.
    let status = if headers.starts_with("HTTP/") { "" } else { "HTTP/1.1 200 OK\n" };
    let head = encoding_rs::mem::encode_latin1_lossy(headers);
    let message = [status.as_bytes(), &head, b"\n\n", &bytes].concat();
    Stored { form: StoredForm::Message, bytes: Bytes::from(message), at }
}

/// The media type that the extension of a file tells. Empty if its bytes must tell.
pub fn media_type_of_name(path: &Path) -> &'static str {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    MEDIA_TYPES.iter().find(|(known, _)| extension == *known).map_or("", |(_, media_type)| media_type)
}

/// The http(s) URL in the comment that browsers write into a page that they save.
pub fn saved_from(page: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"<!-- saved from url=(";
    let beginning = &page[..page.len().min(BEGINNING)];
    let after = &beginning[memchr::memmem::find(beginning, MARK)? + MARK.len()..];
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let url = after[digits..].strip_prefix(b")").filter(|_| digits > 0)?;
    let url = &url[..url.iter().position(u8::is_ascii_whitespace)?];
    web_url(str::from_utf8(url).ok()?.trim_end_matches("-->"))
}

/// The URL that the headers name (RFC 9110, 8.7).
fn content_location(headers: &str) -> Option<String> {
    let is_wanted = |name: &str| name.trim().eq_ignore_ascii_case("content-location");
    let mut fields = headers.lines().filter_map(|line| line.split_once(':'));
    let (_, url) = fields.find(|(name, _)| is_wanted(name))?;
    web_url(url.trim())
}

/// The text, if it is an absolute http(s) URL.
fn web_url(text: &str) -> Option<String> {
    let url = parse_url(text, None).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    check_sendable(&url).ok().map(|()| text.to_owned())
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
