use std::io;

/// Why records cannot be converted. The text fits after "failed to".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The records cannot be read.
    #[error("read the records: {0}")]
    Read(#[source] io::Error),
    /// A line is not a record.
    #[error("read record {nth}: it is not an object of JSON on one line: {reason}")]
    Record {
        /// The number of the record, from 0.
        nth: u64,
        /// What is wrong with it.
        reason: serde_json::Error,
    },
    /// The file cannot be written.
    #[error("write {format}: {reason}")]
    Write {
        /// The name of the format.
        format: &'static str,
        /// What its library says.
        reason: String,
    },
    /// The format needs a feature of the package.
    #[error("write {0}: this program was built without the feature `{1}`")]
    NotBuiltIn(&'static str, &'static str),
}
