use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::excerpt;

/// Why a task has no data. A failed URL is a value: it takes its place among the records like any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong, as records name it.
    pub kind: FailureKind,
    /// How far the task had come.
    pub stage: Stage,
    /// One line for a person: names the thing that failed. At most [`LONGEST`](Self::LONGEST) bytes.
    pub message: String,
    /// The chain of causes below `message`, outermost first.
    #[serde(deserialize_with = "super::few::read::<_, _, { Failure::MOST_CAUSES }>")]
    pub causes: Vec<String>,
    /// Whether another try may help.
    pub retry: Retry,
    /// The URL that answered, where one did.
    pub final_url: Option<String>,
    /// The HTTP status of the answer, where there was one.
    pub status: Option<u16>,
    /// Decompressed bytes of the body that were read.
    pub bytes: u64,
}

impl Failure {
    /// How long a message may be, and a cause below it, in bytes. A failure may be kept for each task and each host.
    pub const LONGEST: usize = 1024;
    /// How many causes a failure may have.
    pub const MOST_CAUSES: usize = 8;

    /// A failure which another try would not mend, before any answer. Of a long message, the beginning is kept.
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

    /// What is remembered of a failure when its task is gone, for each of many hosts: less than a kilobyte.
    #[must_use]
    pub fn brief(&self) -> Self {
        const MESSAGE: usize = 300;
        const CAUSE: usize = 100;
        let causes = self.causes.iter().take(2).map(|cause| excerpt(cause, CAUSE).into_owned()).collect();
        let brief = Self::new(self.kind, self.stage, excerpt(&self.message, MESSAGE));
        Self { causes, retry: self.retry, status: self.status, ..brief }
    }

    /// The same failure, worth another try.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retry = Retry::Yes;
        self
    }

    /// The same failure in other words.
    #[must_use]
    pub fn reworded(mut self, message: impl Into<String>) -> Self {
        self.message = clipped(message.into());
        self
    }

    /// The same failure with the chain of causes of `error` (its `source()`s, without `error` itself): the outermost ones.
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

/// Whether another try may give what this one did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Retry {
    /// The same request would fail the same way.
    No,
    /// After the usual back-off.
    Yes,
    /// The server said when (`Retry-After`), counted from the answer.
    After(Duration),
    /// After the usual back-off. This machine lacked something that the request needs (descriptors, memory), so the
    /// failure says nothing about the host.
    Local,
    /// At once, over a connection of its own, and without being charged: the request was lost with a connection, or its
    /// answer could not be read on one of the usual kind. Nobody is to blame, and it is sent again once.
    Again,
}

/// What went wrong. The names in records are these in `snake_case`.
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

/// The station of its way at which a task failed.
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
