use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::excerpt;

/// Why a task has no data. A failed URL is a value: it becomes a record like any other result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of failure, as records name it.
    pub kind: FailureKind,
    /// The stage at which the task failed.
    pub stage: Stage,
    /// One line for a person that names the thing that failed. At most [`LONGEST`](Self::LONGEST) bytes.
    pub message: String,
    /// The chain of causes below `message`, outermost first.
    #[serde(deserialize_with = "super::few::read::<_, _, { Failure::MOST_CAUSES }>")]
    pub causes: Vec<String>,
    /// Whether and when to try again.
    pub retry: Retry,
    /// The URL that answered, if any did.
    pub final_url: Option<String>,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// Decompressed bytes of the body that were read.
    pub bytes: u64,
}

impl Failure {
    /// Maximum length of a message, and of each cause, in bytes. Gleaner may keep one failure for each task and each
    /// host.
    pub const LONGEST: usize = 1024;
    /// Maximum number of causes of a failure.
    pub const MOST_CAUSES: usize = 8;

    /// A failure without an answer that a retry would not fix. A long message is shortened.
    pub fn new(kind: FailureKind, stage: Stage, message: impl Into<String>) -> Self {
        Self {
            kind,
            stage,
            message: clipped(message.into()),
            causes: Vec::new(),
            retry: Retry::No,
            final_url: None,
            status: None,
            bytes: 0,
        }
    }

    /// A shortened copy of less than a kilobyte, to keep for each of many hosts after the task is gone.
    #[must_use]
    pub fn brief(&self) -> Self {
        const MESSAGE: usize = 300;
        const CAUSE: usize = 100;
        // The deepest causes say the most.
        let deepest = self.causes.iter().skip(self.causes.len().saturating_sub(2));
        let causes = deepest.map(|cause| excerpt(cause, CAUSE).into_owned()).collect();
        let brief = Self::new(self.kind, self.stage, excerpt(&self.message, MESSAGE));
        Self { causes, retry: self.retry, status: self.status, ..brief }
    }

    /// The reason on one line, for people: `404 http_status`, or the kind, the message and the causes. The message of a
    /// panic may have several lines.
    pub fn reason(&self) -> String {
        match (self.kind, self.status) {
            // The status says everything.
            (FailureKind::HttpStatus, Some(status)) => format!("{status} {}", self.kind),
            (kind, _) => {
                let parts = [&self.message].into_iter().chain(&self.causes);
                let parts: Vec<&str> = parts.filter_map(|part| part.lines().next()).collect();
                format!("{kind}: {}", parts.join(": "))
            }
        }
    }

    /// The same failure, marked as worth a retry.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retry = Retry::Yes;
        self
    }

    /// The same failure with another message.
    #[must_use]
    pub fn reworded(mut self, message: impl Into<String>) -> Self {
        self.message = clipped(message.into());
        self
    }

    /// The same failure with the causes of `error`: its chain of `source()`s without `error` itself, outermost first,
    /// at most [`MOST_CAUSES`](Self::MOST_CAUSES).
    #[must_use]
    pub fn caused_by(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = error.source();
        while let Some(cause) = next
            && self.causes.len() < Self::MOST_CAUSES
        {
            self.causes.push(clipped(cause.to_string()));
            next = cause.source();
        }
        self
    }
}

fn clipped(text: String) -> String {
    if text.len() > Failure::LONGEST { excerpt(&text, Failure::LONGEST).into_owned() } else { text }
}

/// Whether and when to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    /// Do not try again: the same request would fail in the same way.
    No,
    /// Try again after the usual back-off.
    Yes,
    /// Try again after the time that the server named (`Retry-After`), counted from the answer.
    After(Duration),
    /// Try again after the usual back-off. This machine lacked something that the request needs (descriptors, memory), so
    /// the failure says nothing about the host.
    Local,
    /// Send the request again at once, on a new connection, without counting it as an attempt. It was lost with its
    /// connection, or its answer could not be read on a usual connection. Nobody is to blame, and it is sent again only
    /// once.
    Again,
}

/// The kinds of failures. Records use these names in `snake_case`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documentation; README lists them")]
pub enum FailureKind {
    InvalidUrl,
    Dns,
    Connect,
    Tls,
    Timeout,
    HttpStatus,
    TooManyRedirects,
    BlockedAddress,
    RobotsDenied,
    TooLarge,
    ContentType,
    Protocol,
    Truncated,
    Decode,
    MissingField,
    BadValue,
    Panic,
    WorkerCrashed,
    WorkerTimeout,
    WorkerMemory,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 20] = [
        Self::InvalidUrl,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::HttpStatus,
        Self::TooManyRedirects,
        Self::BlockedAddress,
        Self::RobotsDenied,
        Self::TooLarge,
        Self::ContentType,
        Self::Protocol,
        Self::Truncated,
        Self::Decode,
        Self::MissingField,
        Self::BadValue,
        Self::Panic,
        Self::WorkerCrashed,
        Self::WorkerTimeout,
        Self::WorkerMemory,
    ];

    /// The kind of this name; `None` if no kind has it.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name that records and summaries use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidUrl => "invalid_url",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::HttpStatus => "http_status",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BlockedAddress => "blocked_address",
            Self::RobotsDenied => "robots_denied",
            Self::TooLarge => "too_large",
            Self::ContentType => "content_type",
            Self::Protocol => "protocol",
            Self::Truncated => "truncated",
            Self::Decode => "decode",
            Self::MissingField => "missing_field",
            Self::BadValue => "bad_value",
            Self::Panic => "panic",
            Self::WorkerCrashed => "worker_crashed",
            Self::WorkerTimeout => "worker_timeout",
            Self::WorkerMemory => "worker_memory",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The stage at which a task failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documentation; README lists them")]
pub enum Stage {
    List,
    Robots,
    Fetch,
    Decode,
    Parse,
    Extract,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 6] = [Self::List, Self::Robots, Self::Fetch, Self::Decode, Self::Parse, Self::Extract];

    /// The stage of this name; `None` if no stage has it.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }

    /// The name that records use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Robots => "robots",
            Self::Fetch => "fetch",
            Self::Decode => "decode",
            Self::Parse => "parse",
            Self::Extract => "extract",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, FailureKind, Stage};

    #[test]
    fn the_reason_of_a_failure_is_one_line() {
        let new = |kind, message: &str| Failure::new(kind, Stage::Fetch, message);
        let with = |status, failure| Failure { status: Some(status), ..failure };
        let caused = Failure { causes: vec!["b\nc".to_owned(), "d".to_owned()], ..new(FailureKind::Panic, "a\nx") };
        let table = [
            (with(404, new(FailureKind::HttpStatus, "get http://h/: 404")), "404 http_status"),
            (with(200, new(FailureKind::TooLarge, "more than 5 MiB")), "too_large: more than 5 MiB"),
            (new(FailureKind::InvalidUrl, "no scheme"), "invalid_url: no scheme"),
            (caused, "panic: a: b: d"),
        ];
        for (failure, expected) in table {
            assert_eq!(failure.reason(), expected);
        }
    }

    #[test]
    fn all_kinds_are_listed_in_their_order_and_found_by_their_names() {
        let kinds = (0_u8..).map_while(|number| postcard::from_bytes::<FailureKind>(&[number]).ok());
        assert!(kinds.eq(FailureKind::ALL));
        for kind in FailureKind::ALL {
            assert_eq!(FailureKind::of_name(kind.as_str()), Some(kind));
        }
        assert_eq!(FailureKind::of_name("Dns"), None);
        let stages = (0_u8..).map_while(|number| postcard::from_bytes::<Stage>(&[number]).ok());
        assert!(stages.eq(Stage::ALL) && Stage::ALL.iter().all(|stage| Stage::of_name(stage.as_str()) == Some(*stage)));
    }
}
