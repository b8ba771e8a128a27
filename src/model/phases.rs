use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long the phases of a request took, as far as it had them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Making a connection: looking up the name, TCP, the tunnel of a proxy, TLS. `None` on a connection that was there.
    pub connect: Option<Duration>,
    /// From the beginning until the head of the answer came. Connecting is a part of it.
    pub first_byte: Option<Duration>,
    /// Reading the body.
    pub body: Option<Duration>,
    /// Decoding and parsing the page.
    pub parse: Option<Duration>,
    /// Extracting and writing the data.
    pub extract: Option<Duration>,
}
