//! The sitemaps of a run, in a file beside its output. So a resumed run requests none of them again, and reads the same
//! list, even if the site has changed in the meantime.
//!
//! The file has a frame for each sitemap, in the order in which the reader needs them. That order follows from the
//! sitemaps themselves, so a resumed run needs them in the same order. A frame is synced before any task of it is
//! delivered. If a frame is damaged, the file is cut there, and the sitemaps from there on are requested.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;

use super::ask::{Answered, Found};
use super::{Error, ErrorKind};
use crate::frame;
use crate::model::Failure;

#[derive(Debug)]
pub(super) struct Kept {
    file: BufReader<File>,
    /// The end of the frames that were read or written.
    end: u64,
    /// Whether all frames of the earlier run were read.
    is_read: bool,
}

/// The content of a frame.
#[derive(Debug, Serialize, Deserialize)]
struct Entry<'a> {
    /// The CRC-32 of the URL that was asked for. It detects a changed list. The URL itself may have a password.
    asked: u32,
    #[serde(borrow)]
    answer: Answer<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Answer<'a> {
    Found { url: Cow<'a, str>, data: &'a [u8] },
    Failed(Failure),
}

impl Kept {
    pub(super) fn new(file: File) -> Self {
        Self { file: BufReader::new(file), end: 0, is_read: false }
    }

    /// The answer that an earlier run has kept for `url`, which must be the next one. `None` if it has kept no more.
    ///
    /// # Errors
    /// If the file cannot be read, or if the earlier run asked for something else at this place.
    pub(super) fn next(&mut self, url: &Url) -> Result<Option<Answered>, Error> {
        if self.is_read {
            return Ok(None);
        }
        let mut content = Vec::new();
        let is_whole = frame::read(&mut self.file, &mut content).map_err(|error| unkept("read", error))?;
        let Ok(Entry { asked, answer }) = postcard::from_bytes(if is_whole { &content } else { &[] }) else {
            self.is_read = true;
            let file = self.file.get_mut();
            let cut = file.set_len(self.end).and_then(|()| file.seek(SeekFrom::Start(self.end)));
            return cut.map(|_| None).map_err(|error| unkept("cut", error));
        };
        if asked != checksum(url) {
            let refusal = "resume: the list has changed since the unfinished output was started: it had another sitemap; give \
                           the original list, or discard the unfinished output with --restart";
            return Err(Error::new(ErrorKind::Changed, refusal));
        }
        self.end += (frame::HEADER + content.len()) as u64;
        Ok(Some(match answer {
            Answer::Found { url, data } => Ok(Found { url: url.into_owned(), data: Bytes::copy_from_slice(data) }),
            Answer::Failed(failure) => Err(failure),
        }))
    }

    /// Keeps an answer. It outlasts a power cut afterwards. Must not be called before `next` has returned `None`.
    pub(super) fn add(&mut self, url: &Url, answered: &Answered) -> Result<(), Error> {
        self.write(url, answered).map_err(|error| unkept("write", error))
    }

    fn write(&mut self, url: &Url, answered: &Answered) -> io::Result<()> {
        let answer = match answered {
            Ok(Found { url, data }) => Answer::Found { url: url.into(), data },
            Err(failure) => Answer::Failed(failure.clone()),
        };
        let content = postcard::to_stdvec(&Entry { asked: checksum(url), answer }).map_err(io::Error::other)?;
        let file = self.file.get_mut();
        file.write_all(&frame::header(&[&content])?)?;
        file.write_all(&content)?;
        self.end += (frame::HEADER + content.len()) as u64;
        file.sync_data()
    }
}

fn checksum(url: &Url) -> u32 {
    crc32fast::hash(url.as_str().as_bytes())
}

fn unkept(what: &str, error: io::Error) -> Error {
    let context = format!("{what} the file beside the output that keeps the sitemaps (.part.sitemaps)");
    Error::new(ErrorKind::BrokenOff, context).because(error)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::model::{FailureKind, Stage, parse_url};

    fn url(n: u32) -> Url {
        parse_url(&format!("http://u:p@h/{n}"), None).expect("a URL")
    }

    fn found(n: u8) -> Found {
        Found { url: format!("http://h/{n}"), data: vec![n; 9].into() }
    }

    fn answers() -> [Answered; 3] {
        [Ok(found(0)), Err(Failure::new(FailureKind::Dns, Stage::Fetch, "why")), Ok(found(2))]
    }

    fn bytes_of(mut file: &File) -> Vec<u8> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).expect("it can be read");
        bytes
    }

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).and_then(|()| file.seek(SeekFrom::Start(0))).expect("written");
        file
    }

    /// Three answers as bytes.
    fn written() -> Vec<u8> {
        let file = tempfile::tempfile().expect("a file");
        let mut kept = Kept::new(file.try_clone().expect("a second handle"));
        assert_eq!(kept.next(&url(0)).expect("an empty file"), None);
        for (n, answer) in (0..).zip(answers()) {
            kept.add(&url(n), &answer).expect("written");
        }
        bytes_of(&file)
    }

    #[test]
    fn answers_are_read_back_up_to_the_first_damaged_one_and_others_are_written_after_them() {
        let bytes = written();
        assert!(!String::from_utf8_lossy(&bytes).contains("u:p@"), "a password is not kept");
        for cut in 0..=bytes.len() {
            let file = file_of(&bytes[..cut]);
            let mut kept = Kept::new(file.try_clone().expect("a second handle"));
            let mut whole = 0;
            while let Some(answer) = kept.next(&url(whole)).expect("it can be read") {
                assert_eq!(answer, answers()[whole as usize], "cut at {cut}");
                whole += 1;
                if whole == 3 {
                    assert_eq!(kept.next(&url(3)).expect("the end"), None);
                    break;
                }
            }
            for (n, answer) in (0..).zip(answers()).skip(whole as usize) {
                kept.add(&url(n), &answer).expect("written");
            }
            assert_eq!(bytes_of(&file), bytes, "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut garbled = bytes.clone();
            garbled[bit / 8] ^= 1 << (bit % 8);
            let mut kept = Kept::new(file_of(&garbled));
            for n in 0..3 {
                match kept.next(&url(n)).expect("it can be read") {
                    Some(answer) => assert_eq!(answer, answers()[n as usize], "bit {bit}"),
                    None => break,
                }
            }
        }
    }

    #[test]
    fn another_list_of_sitemaps_is_refused() {
        let error = Kept::new(file_of(&written())).next(&url(1)).expect_err("it was not asked for first");
        assert_eq!(error.kind(), ErrorKind::Changed);
        assert!(error.to_string().contains("it had another sitemap; give the original list"), "{error}");
    }
}
