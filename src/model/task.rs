use url::Url;

use super::{Carried, Failure, Stored};

/// One entry of the list: a line, a row or a value.
#[derive(Debug, Clone)]
pub struct Task {
    /// The task's number, counted from 0. Comments and blank lines of the list are not counted.
    pub seq: u64,
    /// The line as written, without the user name and password of its URL. Records show this text.
    pub line: String,
    /// The URL to fetch, or the failure (`invalid_url`) of a line that is not a URL.
    ///
    /// The URL keeps its credentials, so messages and records must show `line` instead.
    pub url: Result<Url, Failure>,
    /// What else the list says about it. Its record repeats this.
    pub input: Carried,
    /// The answer for `url`, if the list itself has it. Only then may the URL be a `file` URL.
    pub stored: Option<Stored>,
}
