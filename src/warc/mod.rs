//! WARC archives (ISO 28500, versions 1.0 and 1.1): what crawlers store of the web. It knows nothing of tasks and lists.
//!
//! - `head`: the named fields of a record
//! - `read`: splits a stream into records; `read_tests`: its tests

mod head;
mod read;

pub use head::Head;
pub use read::{Block, Error, Reader, Record};
