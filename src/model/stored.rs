use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// An answer that is known already, because the list itself has it. Nothing is requested for it.
///
/// The reader of the list makes it, and the worker reads it as if a server had just sent it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// What `bytes` are.
    pub form: StoredForm,
    /// When the answer was received, as far as the list knows.
    pub at: Option<SystemTime>,
    /// The answer. Nobody has checked it. It is the last field, so that a buffer for the message to a worker grows only
    /// once.
    pub bytes: Bytes,
}

/// What the bytes of a stored answer are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredForm {
    /// An HTTP answer as an archive keeps it: status line, headers, an empty line and the body (RFC 9112). The body may
    /// be decoded already, although the headers say that it is encoded.
    Message,
    /// The bytes of a file.
    File {
        /// The media type that the name of the file tells; empty if its bytes must tell.
        media_type: String,
    },
}

/// Leaves out the bytes, because there may be megabytes of them.
impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, at, bytes } = self;
        f.debug_struct("Stored").field("form", form).field("at", at).field("length", &bytes.len()).finish()
    }
}
