use url::Url;

use super::Failure;

/// One line of the URL list.
#[derive(Debug, Clone)]
pub struct Task {
    /// The task's number, counted from 0 over the tasks of the list (comments and blank lines are none).
    pub seq: u64,
    /// The line as written, without the user name and password of its URL: what the record shows.
    pub line: String,
    /// Where to go, or why the line names no place to go to (`invalid_url`).
    ///
    /// The URL keeps its credentials; whoever shows it must show `line` instead.
    pub url: Result<Url, Failure>,
}
